/** Windows by UTC day: a conversation over midnight, in whatever files and order its packets come. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { ReplayOptions, ReplayResult } from '../../src/engine/options.ts';
import { replay } from '../../src/engine/replay.ts';
import { bitcoinExample, cryptonoteExample } from '../generate/catalogue/mining.ts';
import { conversation, merge, type RawFrame, writePcap } from '../generate/index.ts';
import { bare, DAY, detectAt, FIRST_DAY, MIDNIGHT, onDay, SECOND_DAY, sharesOf, timesOf } from './days.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const folder = mkdtempSync(join(tmpdir(), 'poolprint-days-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const POOL = { ip: '203.0.113.60', port: 3333 };
type Options = Partial<Parameters<typeof conversation>[0]>;

/** Mines from 100 seconds before midnight on. */
function bitcoin(options: Options = {}): RawFrame[] {
  const { messages } = bitcoinExample();
  return conversation({
    client: { ip: '10.20.0.60', port: 47_160 },
    server: POOL,
    start: MIDNIGHT - 100_000_000,
    messages,
    ...options,
  });
}

function monero(options: Options = {}): RawFrame[] {
  const { messages } = cryptonoteExample();
  return bitcoin({ client: { ip: '10.20.0.61', port: 47_161 }, messages, seed: 9, ...options });
}

const earlier = (frames: readonly RawFrame[], time: number): RawFrame[] => frames.filter((f) => f.time < time);
const later = (frames: readonly RawFrame[], time: number): RawFrame[] => frames.filter((f) => f.time >= time);
const daily = (...files: (readonly RawFrame[])[]): ReplayResult =>
  detectAt(
    files.map((frames) => writePcap(frames)),
    0,
  );
const whole = (frames: readonly RawFrame[]): ReplayResult => detectAt([writePcap(frames)], 0, {});

function write(name: string, frames: readonly RawFrame[]): string {
  const path = join(folder, name);
  writeFileSync(path, writePcap(frames));
  return path;
}

function run(inputs: readonly string[], options: Partial<ReplayOptions> = {}): Promise<ReplayResult> {
  return replay({
    inputs,
    filter: null,
    threads: 1,
    home: ['10.0.0.0/8'],
    evidence: false,
    window: 'day',
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
    endpointOptions: {},
    ...options,
  });
}

function only(detections: readonly DetectionRow[]): DetectionRow {
  expect(detections.length).toBe(1);
  return detections[0] as DetectionRow;
}

const seconds = (time: string): number => Date.parse(time) / 1000;

describe('a conversation over midnight', () => {
  const frames = bitcoin();
  const { detections } = daily(frames);
  const first = only(onDay(detections, FIRST_DAY));
  const second = only(onDay(detections, SECOND_DAY));
  const all = only(whole(frames).detections);

  test('belongs to both days, each within its bounds', () => {
    expect(detections.length).toBe(2);
    expect(first.window).toEqual({
      kind: 'day',
      from: '2024-10-03T00:00:00.000000Z',
      to: '2024-10-04T00:00:00.000000Z',
    });
    expect(second.window).toEqual({
      kind: 'day',
      from: '2024-10-04T00:00:00.000000Z',
      to: '2024-10-05T00:00:00.000000Z',
    });
    expect(first.first_seen).toBe(all.first_seen);
    expect(second.last_seen).toBe(all.last_seen);
    for (const d of detections) {
      for (const time of [d.first_seen, d.last_seen, ...d.indications.map((i) => i.time)]) {
        expect(time >= d.window.from && time < d.window.to, time).toBe(true);
      }
      expect(d.conversations).toEqual([
        {
          miner_port: 47_160,
          first_seen: d.first_seen,
          last_seen: d.last_seen,
          opened_in_view: d === first,
        },
      ]);
    }
  });

  test('has on each day what was sent on it, and on both what the run has', () => {
    for (const d of detections) {
      const own = d === first ? earlier(frames, MIDNIGHT) : later(frames, MIDNIGHT);
      const sent = own.filter((f) => f.from === 'client');
      const bytes = (list: readonly RawFrame[]): number => list.reduce((n, f) => n + f.data.length, 0);
      expect(d.packets).toEqual([sent.length, own.length - sent.length]);
      expect(d.bytes).toEqual([bytes(sent), bytes(own) - bytes(sent)]);
      expect(d.shares.submitted).toBeGreaterThan(0);
    }
    for (const name of ['submitted', 'accepted', 'rejected'] as const) {
      expect(first.shares[name] + second.shares[name], name).toBe(all.shares[name]);
    }
    const observed = [first, second, all].map((d) => d.hashrate?.observed_seconds ?? 0);
    expect(observed[0]! + observed[1]!).toBeCloseTo(observed[2]!, 3);
    // Mining time ends, and begins, at midnight itself.
    const times = bitcoinExample().messages.map((m) => m.at);
    expect(observed[1]).toBeCloseTo(Math.max(...times) - 100, 0);
  });

  test('keeps on the second day what was learnt on the first', () => {
    const { confidence, dialect, accounts, agents, difficulty, algorithm, hardware_class } = second;
    expect({ confidence, dialect, accounts, agents, difficulty, algorithm, hardware_class }).toEqual({
      confidence: 'confirmed',
      dialect: all.dialect,
      accounts: all.accounts,
      agents: all.agents,
      difficulty: all.difficulty,
      algorithm: all.algorithm,
      hardware_class: all.hardware_class,
    });
    expect([first.activity, second.activity]).toEqual(['mining', 'mining']);
    expect([first.picked_up, second.picked_up]).toEqual(['start', 'midstream']);
  });

  test('proves itself on each day by what was sent on it', () => {
    expect(second.indications.some((i) => i.kind === 'payload' && i.weight >= 0.9)).toBe(true);
    const login = (d: DetectionRow): boolean => d.indications.some((i) => i.excerpt.includes('mining.authorize'));
    expect([login(first), login(second)]).toEqual([true, false]);
  });

  test('has ids of the key and the day', () => {
    for (const d of detections) {
      const key = ['replay', null, '10.20.0.60', '203.0.113.60', 3333, 'stratum-v1', d.window.from];
      expect(d.id).toBe(createHash('sha256').update(JSON.stringify(key)).digest('hex'));
    }
  });

  test('what is sent on the second day changes nothing of the first but the mining time up to midnight', () => {
    const alone = only(daily(earlier(frames, MIDNIGHT)).detections);
    expect({ ...alone, hashrate: null }).toEqual({ ...first, hashrate: null });
  });

  test('a run as a whole stays one detection', () => {
    expect(all.window.kind).toBe('run');
    expect(whole(frames).coverageDays).toEqual([]);
  });
});

describe('the same packets in other files', () => {
  const frames = merge(bitcoin(), monero(), bitcoin({ client: { ip: '10.20.0.62', port: 4000 }, seed: 3 }));
  const one = write('one.pcap', frames);
  const [early, late] = [
    write('b-early.pcap', earlier(frames, MIDNIGHT)),
    write('a-late.pcap', later(frames, MIDNIGHT)),
  ];
  // Cut elsewhere, and two lines whose files overlap in time.
  const cut = MIDNIGHT + 37_000_000;
  const parts = [write('part-2.pcap', later(frames, cut)), write('part-1.pcap', earlier(frames, cut))];
  const lines = [
    write('line-2.pcap', monero()),
    write('line-1.pcap', merge(bitcoin(), bitcoin({ client: { ip: '10.20.0.62', port: 4000 }, seed: 3 }))),
  ];

  test.each([
    ['two files', [early, late]],
    ['the later file first', [late, early]],
    ['another place to cut', parts],
    ['files that overlap in time', lines],
    ['these the other way round', lines.toReversed()],
  ])('%s', async (_name, inputs) => {
    const want = await run([one]);
    expect(want.detections.length).toBe(6);
    const got = await run(inputs);
    expect(bare(got.detections)).toEqual(bare(want.detections));
    expect(got.coverageDays).toEqual(want.coverageDays);
    expect(got.summary.inputs.map((i) => i.file)).toEqual(inputs);
  });

  test('three threads say what one says, byte for byte', { timeout: 60_000 }, async () => {
    for (const inputs of [[one], [late, early]]) {
      const [want, got] = [await run(inputs, { evidence: true }), await run(inputs, { evidence: true, threads: 3 })];
      expect(JSON.stringify(got.detections)).toBe(JSON.stringify(want.detections));
      expect(got.coverageDays).toEqual(want.coverageDays);
      expect([...got.evidence]).toEqual([...want.evidence]);
    }
  });

  test('packets that change places around midnight', () => {
    const swapped = bitcoin();
    const at = swapped.findIndex((f) => f.time >= MIDNIGHT);
    for (const [a, b] of [
      [at - 1, at],
      [at - 2, at + 1],
    ] as const) {
      const mixed = [...swapped];
      [mixed[a], mixed[b]] = [mixed[b]!, mixed[a]!];
      expect(bare(daily(mixed).detections)).toEqual(bare(daily(swapped).detections));
    }
  });

  test('evidence of a day: its packets, and of an earlier one only those that an indication names', async () => {
    const { detections, evidence } = await run([one], { evidence: true });
    for (const d of detections) {
      const frames = evidence.get(d.id) ?? [];
      expect(frames.length).toBeGreaterThan(0);
      const named = new Set(d.indications.map((i) => i.packet));
      for (const f of frames) {
        const inside = f.time / 1e6 >= seconds(d.window.from) && f.time / 1e6 < seconds(d.window.to);
        expect(inside || named.has(f.packet)).toBe(true);
      }
      for (const i of d.indications) expect(frames.some((f) => f.packet === i.packet)).toBe(true);
    }
  });
});

describe('what carries over', () => {
  test('several logins of the day before make a proxy of the day after', () => {
    const messages = [
      ...bitcoinExample().messages,
      { from: 'client' as const, at: 20, text: '{"id":901,"method":"mining.authorize","params":["other.rig7","x"]}\n' },
      { from: 'server' as const, at: 20.1, text: '{"id":901,"result":true,"error":null}\n' },
    ].sort((a, b) => a.at - b.at);
    const { detections } = daily(bitcoin({ messages }));
    expect(detections.map((d) => d.activity)).toEqual(['proxy', 'proxy']);
    expect(detections[1]?.accounts).toEqual(detections[0]?.accounts);
  });

  test('a login on the second day is none of the first', () => {
    const late = {
      from: 'client' as const,
      at: 130,
      text: '{"id":902,"method":"mining.authorize","params":["late.rig1","x"]}\n',
    };
    const messages = [...bitcoinExample().messages, late].sort((a, b) => a.at - b.at);
    const { detections } = daily(bitcoin({ messages }));
    const logins = detections.map((d) => d.accounts.map((a) => a.login).includes('late.rig1'));
    expect(logins).toEqual([false, true]);
    expect(onDay(detections, FIRST_DAY)[0]?.activity).toBe('mining');
  });

  test('a day without a mining message is no day of mining', () => {
    const last = Math.max(...bitcoinExample().messages.map((m) => m.at));
    const frames = bitcoin({ start: MIDNIGHT - Math.round(last * 1e6) - 10_000_000 });
    // The end of the connection: FIN, FIN, ACK.
    const moved = frames.map((f, n) => (n < frames.length - 3 ? f : { ...f, time: f.time + 60_000_000 }));
    expect(moved.filter((f) => f.time >= MIDNIGHT).length).toBe(3);
    const { detections } = daily(moved);
    const second = only(onDay(detections, SECOND_DAY));
    expect(second.activity).toBe('attempt');
    expect(second.confidence).toBe('confirmed');
    expect(second.shares).toEqual({ submitted: 0, accepted: 0, rejected: 0 });
    expect(second.hashrate).toBeNull();
  });

  test('a sleep over midnight is mining time of neither day', () => {
    const messages = bitcoinExample().messages.map((m) => (m.at < 100 ? m : { ...m, at: m.at + 400 }));
    const start = MIDNIGHT - 300_000_000;
    const [frames, all] = [bitcoin({ messages, start }), bitcoin({ messages, start })];
    const sum = daily(frames).detections.reduce((n, d) => n + (d.hashrate?.observed_seconds ?? 0), 0);
    expect(sum).toBeCloseTo(only(whole(all).detections).hashrate?.observed_seconds ?? -1, 3);
  });

  test('a name under TLS and a long conversation', () => {
    const bytes = readFileSync(join(CAPTURES, 'tls-server-name.pcap'));
    const times = timesOf(bytes);
    const all = detectAt([bytes], 0, {}).detections;
    // Nearly at the end: five minutes of it lie before midnight.
    const at = times[Math.floor(times.length * 0.95)] as number;
    const { detections } = detectAt([bytes], MIDNIGHT - at);
    const [run] = all.filter((d) => d.confidence === 'probable');
    const days = detections.filter((d) => d.miner.ip === run?.miner.ip);
    expect(days.map((d) => [d.window.from.slice(0, 10), d.confidence, d.activity])).toEqual([
      [FIRST_DAY, 'probable', 'mining'],
      [SECOND_DAY, 'probable', 'mining'],
    ]);
    expect(days[1]?.pool.host).toBe(run?.pool.host);
    // The name was given on the first day: it stands there with its own time.
    expect(
      days[1]?.indications.some((i) => i.signature === 'endpoint.server-name' && i.time < days[1]!.window.from),
    ).toBe(true);
  });

  test('what speaks against mining', () => {
    for (const name of ['tls-decoy.pcap', 'tls-server-name.pcap']) {
      const bytes = readFileSync(join(CAPTURES, name));
      const at = timesOf(bytes)[20] as number;
      const surest = (d: readonly DetectionRow[], ip: string): string =>
        ['confirmed', 'probable', 'suspected'].find((c) => d.some((x) => x.confidence === c && x.miner.ip === ip)) ??
        '';
      const order = ['confirmed', 'probable', 'suspected', ''];
      const all = detectAt([bytes], 0, {}).detections;
      for (const d of detectAt([bytes], MIDNIGHT - at).detections) {
        expect(order.indexOf(d.confidence)).toBeGreaterThanOrEqual(order.indexOf(surest(all, d.miner.ip)));
      }
    }
  });

  test('a look-up counts on its day', () => {
    const bytes = readFileSync(join(CAPTURES, 'dns-lookup.pcap'));
    const all = detectAt([bytes], 0, {}).detections;
    const twice = [bytes, bytes].map((b, n) => [b, n] as const);
    const days = twice.flatMap(([b, n]) => detectAt([b], n * DAY).detections);
    expect(days.length).toBe(2 * all.length);
    expect(new Set(days.map((d) => d.id)).size).toBe(days.length);
  });
});

describe('many days', () => {
  /** A job and a share every 10 minutes, for five days. */
  const messages = [
    ...bitcoinExample().messages.filter((m) => m.at < 20),
    ...Array.from({ length: 720 }, (_, n) => [
      {
        from: 'client' as const,
        at: 600 * (n + 1),
        text: `{"id":${1000 + n},"method":"mining.submit","params":["acct.rig1","6a1b","00000000","66220000","${(0x10000000 + n).toString(16)}"]}\n`,
      },
      { from: 'server' as const, at: 600 * (n + 1) + 0.1, text: `{"id":${1000 + n},"result":true,"error":null}\n` },
    ]).flat(),
  ];
  const frames = conversation({
    client: { ip: '10.20.0.63', port: 4711 },
    server: POOL,
    start: MIDNIGHT + 3_600_000_000,
    messages,
  });

  test('one connection has a confirmed detection on each', () => {
    const { detections } = daily(frames);
    expect(detections.map((d) => d.window.from.slice(0, 10)).sort()).toEqual([
      '2024-10-04',
      '2024-10-05',
      '2024-10-06',
      '2024-10-07',
      '2024-10-08',
      '2024-10-09',
    ]);
    expect(new Set(detections.map((d) => `${d.confidence} ${d.activity} ${d.flows}`))).toEqual(
      new Set(['confirmed mining 1']),
    );
    const perDay = detections
      .toSorted((a, b) => (a.window.from < b.window.from ? -1 : 1))
      .map((d) => d.shares.submitted);
    expect(perDay.slice(1, 5)).toEqual([144, 144, 144, 144]);
    expect(sharesOf(detections)).toEqual(sharesOf(whole(frames).detections));
  });

  test('back and forth over midnight with every packet', () => {
    const mixed = frames.map((f, n) => ({ ...f, time: MIDNIGHT + n * 1000 - (n % 2) * DAY }));
    const { detections } = daily(mixed);
    expect(detections.length).toBe(2);
    expect(sharesOf(detections)).toEqual(sharesOf(whole(mixed).detections));
  });

  test('times that jump about are neither fatal nor slow, and lose no share', () => {
    const wild = frames.map((f, n) => (n < 12 ? f : { ...f, time: f.time - (n % 40) * DAY * 3 }));
    const { detections } = daily(wild);
    expect(detections.length).toBeGreaterThan(10);
    for (const d of detections) expect(d.shares.submitted).toBeGreaterThanOrEqual(0);
    expect(sharesOf(detections)).toEqual(sharesOf(whole(wild).detections));
  });
});
