/** What flow records alone say: which conversations are told of, how surely, and with which figures. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildDetections } from '../../src/detect/build.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { addFacts, type KeyFacts } from '../../src/detect/key-facts.ts';
import { RecordPipeline, type RecordPipelineOptions } from '../../src/engine/records/record-pipeline.ts';
import type { FactsTold } from '../../src/engine/told.ts';
import { FlowRecord, type RecordName } from '../../src/flowrecord/record.ts';
import type { EndpointRow } from '../../src/signature/endpoint-types.ts';
import { EndpointIndex } from '../../src/signature/endpoints.ts';
import { DAY_START, ip, MINUTE, name, talk } from './record-pipeline-records.ts';
import { SIGNATURES } from './run.ts';

const row = (kind: EndpointRow['kind'], value: string, ports: number[]): EndpointRow => ({
  ...{ kind, value, ports, pool: 'Invented Pool', coins: ['XMR'], transport: 'tcp', role: 'stratum' },
  ...{ region: '', confidence: 'high', source: 'invented' },
});
const LISTED = new EndpointIndex(
  [row('ip', '198.51.100.9', [3333, 443]), row('host', 'eu1.pool.example', [3333]), row('ip', '2001:db8::9', [3333])],
  [],
);
const EMPTY = new EndpointIndex([], []);
const START = DAY_START + 10 * 60 * MINUTE;

function pipeline(options: Partial<RecordPipelineOptions> = {}): RecordPipeline {
  const base = { signatures: SIGNATURES, endpoints: LISTED, capacity: 1024, idleTimeout: 3600e6 };
  return new RecordPipeline({ ...base, ...options });
}

type Told = FlowRecord | RecordName;
function feed(p: RecordPipeline, told: Iterable<Told>): void {
  for (const t of told) t instanceof FlowRecord ? p.onRecord(t) : p.onName(t);
}

/** Keeps what is told as a daemon does. */
class Keeper {
  readonly ended = new Map<string, KeyFacts>();
  readonly open = new Map<number, readonly KeyFacts[]>();

  take({ ended, open, closed }: FactsTold): void {
    for (const facts of ended) addFacts(this.ended, facts);
    for (const [number, facts] of open) this.open.set(number, facts);
    for (const number of closed) this.open.delete(number);
  }

  get rows(): DetectionRow[] {
    const all = new Map([...this.ended].map(([key, facts]) => [key, structuredClone(facts)]));
    for (const facts of this.open.values()) for (const f of facts) addFacts(all, structuredClone(f));
    const context = { sensor: 's', realm: null, nat: 'none', clockError: 0, from: 0, to: 0, fileOf: String } as const;
    return buildDetections([...all.values()], context);
  }
}

function detect(told: Iterable<Told>, options: Partial<RecordPipelineOptions> = {}, finish = true): DetectionRow[] {
  const p = pipeline(options);
  feed(p, told);
  const keeper = new Keeper();
  if (finish) p.finish();
  keeper.take(p.tell());
  return keeper.rows;
}

const ids = (d: DetectionRow | undefined): string[] => (d?.indications ?? []).map((i) => i.signature).sort();

describe('confidence', () => {
  test('listed address, own port, a long two-way conversation: probable and mining', () => {
    const [d, ...more] = detect(talk({ from: START, minutes: 90, opens: true }));
    expect(more).toEqual([]);
    expect(d).toMatchObject({
      confidence: 'probable',
      activity: 'mining',
      miner: { ip: '100.64.0.7' },
      pool: { ip: '198.51.100.9', port: 3333, host: null, name: 'Invented Pool' },
      transport: 'tcp',
      dialect: null,
      coins: ['XMR'],
      flows: 1,
      seen: 'both',
      picked_up: 'start',
    });
    expect(ids(d)).toEqual([
      'behaviour.named-conversation',
      'endpoint.address',
      'flow-record.address',
      'flow-record.points',
      'flow-record.ratios',
    ]);
    expect(d?.conversations).toEqual([
      {
        miner_port: 46_838,
        first_seen: '2026-11-02T10:00:00.000000Z',
        last_seen: '2026-11-02T11:29:59.999000Z',
        opened_in_view: true,
      },
    ]);
    expect(d?.indications.find((i) => i.signature === 'flow-record.address')?.excerpt).toBe(
      'address of Invented Pool, port 3333, by the endpoint list; 1 h 29 min, 4,500 packets out, 4,050 in, ' +
        '57 and 233 bytes a packet, 90 and 90 records',
    );
  });

  test.each([
    ['short', { minutes: 3 }],
    ['one direction only', { minutes: 90, directions: 'out' }],
    ['data in bulk', { minutes: 90, packets: [4000, 6000], size: [52, 1400] }],
  ] as const)('the same, but %s: suspected', (_, how) => {
    const found = detect(talk({ from: START, ...how }));
    expect(found.map((d) => d.confidence)).toEqual(['suspected']);
  });

  test.each([
    ['a SYN without answer', { minutes: 1, packets: [3, 0], size: [60, 0], directions: 'out' }],
    ['a refusal', { minutes: 1, packets: [1, 1], size: [60, 40] }],
    ['another port of the address', { minutes: 90, serverPort: 8088 }],
    ['its port of web sites', { minutes: 90, serverPort: 443 }],
    [
      'an address that is not listed, on a port that nobody lists',
      { minutes: 90, server: '203.0.113.8', serverPort: 2404 },
    ],
    ['a well-known port alone', { minutes: 20, server: '203.0.113.8' }],
  ] as const)('%s is not reported', (_, how) => {
    expect(detect(talk({ from: START, ...how }))).toEqual([]);
  });

  test('shape alone: hours in one connection on a port of mining are suspected', () => {
    const [d, ...more] = detect(talk({ from: START, minutes: 150, server: '203.0.113.8', packets: [25, 22] }));
    expect(more).toEqual([]);
    expect(d).toMatchObject({ confidence: 'suspected', activity: 'attempt', pool: { ip: '203.0.113.8', name: null } });
    expect(ids(d)).toEqual(['flow-record.points', 'flow-record.ratios', 'flow-record.unlisted']);
  });

  test.each([
    ['an hour is not reached', { minutes: 50 }],
    ['chat: as much out as in', { minutes: 150, size: [150, 150] }],
    ['telemetry: little in', { minutes: 150, size: [200, 60] }],
    ['busier than one session', { minutes: 150, packets: [2000, 1900] }],
    ['a port of push services', { minutes: 150, serverPort: 5228 }],
  ] as const)('shape alone is nothing where %s', (_, how) => {
    const usual = { from: START, server: '203.0.113.8', packets: [25, 22] } as const;
    expect(detect(talk({ ...usual, ...how }))).toEqual([]);
  });

  test('many short connections on a port of mining are no session', () => {
    const many = Array.from({ length: 60 }, (_, n) => [
      ...talk({
        from: START + n * 3 * MINUTE,
        minutes: 2,
        clientPort: 40_000 + n,
        server: '203.0.113.8',
        packets: [25, 22],
      }),
    ]).flat();
    expect(detect(many)).toEqual([]);
  });

  test('nothing is ever confirmed, whatever comes', () => {
    const told = [name({ name: 'eu1.pool.example', time: START }), ...talk({ from: START + 1e6, minutes: 300 })];
    const found = detect(told);
    expect(found.map((d) => d.confidence)).toEqual(['probable']);
    expect(found.every((d) => d.score < 1)).toBe(true);
  });
});

describe('names', () => {
  const other = { server: '203.0.113.8', serverPort: 3333, minutes: 90 } as const;

  test('a look-up alone is suspected, and counts once however many addresses answered', () => {
    const time = START;
    const found = detect([
      name({ name: 'eu1.pool.example', time, number: 5 }),
      name({ name: 'eu1.pool.example', time, number: 5, server: '198.51.100.10' }),
    ]);
    expect(found).toMatchObject([
      { confidence: 'suspected', transport: 'dns', pool: { ip: null, host: 'eu1.pool.example' }, flows: 0 },
    ]);
  });

  test('the connection that follows is probable under the name, and takes the look-up in', () => {
    const told = [
      name({ name: 'eu1.pool.example', time: START, server: '203.0.113.8' }),
      ...talk({ ...other, from: START + 1e6 }),
    ];
    const found = detect(told);
    expect(found).toMatchObject([{ confidence: 'probable', pool: { ip: '203.0.113.8', host: 'eu1.pool.example' } }]);
    expect(ids(found[0])).toContain('endpoint.looked-up');
  });

  test('who did not ask is not told by what another asked', () => {
    const told = [
      name({ name: 'eu1.pool.example', time: START, server: '203.0.113.8', client: '100.64.0.8' }),
      ...talk({ ...other, from: START + 1e6, minutes: 20 }),
    ];
    expect(detect(told).map((d) => [d.miner.ip, d.transport])).toEqual([['100.64.0.8', 'dns']]);
  });

  test('TLS server name of a log, before its only record', () => {
    const ports = { clientPort: 46_838, serverPort: 3333, server: '203.0.113.8' };
    const sni = name({ source: 'sni', name: 'eu1.pool.example', time: START, ...ports });
    const whole = { from: START, minutes: 600, cut: 600 * MINUTE, directions: 'biflow', oriented: true } as const;
    const meanwhile = talk({ from: START, minutes: 590, server: '203.0.113.77', serverPort: 443 });
    const told = [sni, ...meanwhile, ...talk({ ...other, ...whole })];
    const [d, ...more] = detect(told);
    expect(more).toEqual([]);
    expect(d).toMatchObject({ confidence: 'probable', transport: 'tls', activity: 'mining', flows: 1 });
    expect(ids(d)).toEqual(expect.arrayContaining(['endpoint.server-name', 'endpoint.own-port']));
  });

  test('an ordinary server name at a listed address speaks against', () => {
    const ports = { clientPort: 46_838, serverPort: 3333 };
    const sni = name({ source: 'sni', name: 'www.example.com', time: START, ...ports });
    expect(detect([sni, ...talk({ from: START, minutes: 90 })])).toMatchObject([
      { confidence: 'suspected', pool: { host: 'www.example.com' } },
    ]);
  });

  test('an ordinary name of an unlisted server leaves nothing behind', () => {
    const p = pipeline();
    p.onName(name({ source: 'sni', name: 'www.example.com', time: START, server: '203.0.113.8', serverPort: 443 }));
    expect(p.counts()).toMatchObject({ names: 1, conversations: 0 });
  });
});

describe('exporters', () => {
  const essence = (d: DetectionRow): unknown => [d.miner, d.pool.ip, d.confidence, d.activity, d.flows, d.packets];
  const usual = detect(talk({ from: START, minutes: 90 })).map(essence);

  test.each([
    ['cuts at 5 minutes', { cut: 5 * MINUTE }],
    ['cuts at 30 minutes', { cut: 30 * MINUTE }],
    ['does not cut', { cut: 90 * MINUTE }],
    ['tells both directions in one record', { directions: 'biflow', oriented: true }],
    ['samples 1 of 10 and cuts at 5 minutes', { cut: 5 * MINUTE, sampling: 10 }],
  ] as const)('the same where it %s', (_, how) => {
    const found = detect(talk({ from: START, minutes: 90, ...how }));
    const near = found.map((d) => ({
      ...d,
      packets: d.packets.map((n) => Math.round(n / 1000) * 1000) as [number, number],
    }));
    const rounded = usual.map((u) => [...(u as unknown[]).slice(0, 5), [5000, 4000]]);
    expect(near.map((d) => essence({ ...d, packets: [Math.ceil(d.packets[0] / 5000) * 5000, d.packets[1]] }))).toEqual(
      rounded,
    );
  });

  test('1 of 1000: what few packets tell is not judged, and the rate stands in the excerpt', () => {
    const [d] = detect(talk({ from: START, minutes: 90, cut: 30 * MINUTE, sampling: 1000 }));
    expect(d?.confidence).toBe('suspected');
    expect(d?.indications[0]?.excerpt).toContain('1 of 1000 sampled');
  });

  test('several connections of one client are one detection with its ports', () => {
    const told = [
      ...talk({ from: START, minutes: 60, clientPort: 40_001 }),
      ...talk({ from: START, minutes: 60, clientPort: 40_002 }),
    ].sort((a, b) => a.end - b.end);
    const [d] = detect(told);
    expect(d?.flows).toBe(2);
    expect(d?.conversations.map((c) => c.miner_port).sort()).toEqual([40_001, 40_002]);
  });
});

describe('days', () => {
  const late = DAY_START + 22 * 60 * MINUTE;

  test('a session over midnight is one detection a day, packets of both together exact', () => {
    const found = detect(talk({ from: late, minutes: 240 }));
    expect(found.map((d) => [d.window.from, d.confidence, d.flows])).toEqual([
      ['2026-11-02T00:00:00.000000Z', 'probable', 1],
      ['2026-11-03T00:00:00.000000Z', 'probable', 1],
    ]);
    expect(found.reduce((n, d) => n + d.packets[0], 0)).toBe(240 * 50);
  });

  test('one record over days is spread over them', () => {
    const told = talk({ from: late, minutes: 3 * 1440, cut: 3 * 1440 * MINUTE, directions: 'biflow', oriented: true });
    const found = detect(told);
    expect(found.map((d) => d.window.from.slice(0, 10))).toEqual([
      '2026-11-02',
      '2026-11-03',
      '2026-11-04',
      '2026-11-05',
    ]);
    expect(found[1]?.packets[0]).toBe(1440 * 50);
    expect(found.reduce((n, d) => n + d.packets[0], 0)).toBeCloseTo(3 * 1440 * 50, -1);
  });

  test('a session of weeks is told day by day, and what is remembered of it does not grow', () => {
    const p = pipeline();
    feed(p, talk({ from: late, minutes: 20 * 1440, cut: 30 * MINUTE }));
    const { known } = p as unknown as { known: Map<number, { before: Map<number, unknown> }> };
    expect([...known.values()].map(({ before }) => before.size)).toEqual([4]);
    p.finish();
    expect(new Set(p.tell().ended.map(({ day }) => day)).size).toBe(21);
  });

  test('however often it is asked, what is known at the end is the same', () => {
    const told = [...talk({ from: late, minutes: 240, clientPort: 40_001 }), ...talk({ from: late, minutes: 200 })];
    told.sort((a, b) => a.end - b.end);
    const once = detect(told);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(told.length), { maxLength: 12 }), fc.boolean(), (stops, finish) => {
        const p = pipeline();
        const keeper = new Keeper();
        told.forEach((r, n) => {
          p.onRecord(r);
          if (stops.includes(n)) keeper.take(p.tell());
        });
        if (finish) p.finish();
        keeper.take(p.tell());
        expect(keeper.rows).toEqual(once);
        expect(keeper.open.size).toBe(finish ? 0 : 1);
      }),
      { numRuns: 30 },
    );
  });

  test('what is silent for longer than the timeout has ended', () => {
    const p = pipeline();
    feed(p, talk({ from: START, minutes: 60 }));
    const first = p.tell();
    expect(first.open).toHaveLength(1);
    feed(p, talk({ from: START + 180 * MINUTE, minutes: 10, client: '100.64.0.9', server: '203.0.113.1' }));
    const second = p.tell();
    expect(second.closed).toEqual(first.open.map(([number]) => number));
    expect(second.ended).toHaveLength(1);
  });
});

describe('a list that changes', () => {
  test('an address that is listed from now on is told of, and one that no longer is becomes silent', () => {
    const p = pipeline({ endpoints: EMPTY });
    feed(p, talk({ from: START, minutes: 30 }));
    expect(p.tell().open).toEqual([]);
    p.setSignatures(SIGNATURES, LISTED);
    feed(p, talk({ from: START + 30 * MINUTE, minutes: 30 }));
    const keeper = new Keeper();
    keeper.take(p.tell());
    expect(keeper.rows.map((d) => d.confidence)).toEqual(['probable']);
    p.setSignatures(SIGNATURES, EMPTY);
    keeper.take(p.tell());
    expect(keeper.rows).toEqual([]);
  });
});

describe('hostile input', () => {
  test('any record and any name: no throw, bounded tables, counted', () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(Number.NaN, -1, 0, 2 ** 31, 1e300));
    const record = fc.record({
      ...{ source0: fc.nat(40), destination0: fc.constantFrom(ip('198.51.100.9'), 7, 8) },
      ...{
        sourcePort: fc.nat(65_535),
        destinationPort: fc.constantFrom(3333, 443, 50_000),
        protocol: fc.constantFrom(6, 17, 1),
      },
      ...{ tcpFlags: fc.integer({ min: -1, max: 255 }), start: number, end: number, packets: number, bytes: number },
      ...{ reversePackets: number, reverseBytes: number, samplingRate: number, oriented: fc.boolean() },
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 200 }), fc.array(fc.string(), { maxLength: 9 }), (records, words) => {
        const p = pipeline({ capacity: 16, watchCapacity: 2 });
        for (const r of records) p.onRecord(Object.assign(new FlowRecord(), r));
        for (const w of words) p.onName(name({ name: w, client: w, server: w, time: Number(w) }));
        p.tell();
        const counts = p.counts();
        expect(counts.records).toBe(records.length);
        expect(counts.conversations).toBeLessThanOrEqual(16);
        expect(counts.watched).toBeLessThanOrEqual(2);
        p.finish();
        expect(p.tell().open).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('one exporter whose clock is years ahead ends nothing', () => {
    const p = pipeline();
    const told = [...talk({ from: START, minutes: 60 })];
    const [future] = [...talk({ from: START * 1.02, minutes: 1, server: '203.0.113.1', directions: 'out' })];
    told.forEach((r, n) => {
      p.onRecord(r);
      if (n % 10 === 5) p.onRecord(future as FlowRecord);
      p.tell();
    });
    const { expired, conversations } = p.counts();
    expect([expired, conversations]).toEqual([0, 2]);
  });
});
