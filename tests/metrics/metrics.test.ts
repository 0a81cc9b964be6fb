/** What /metrics says: every name, every number, closed label sets, counters that only rise, and promtool's opinion. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DaemonStatus, INPUT_STATES, type InputKind, LATENCY_BOUNDS } from '../../src/daemon/status.ts';
import { RECORD_FAULTS } from '../../src/flowrecord/record.ts';
import { STATUSES } from '../../src/ledger/types.ts';
import { FAULT_NAMES, Labels, MAX_INPUTS, MAX_SIGNATURES, STATE_NAMES } from '../../src/metrics/labels.ts';
import { BOUNDS } from '../../src/metrics/latency.ts';
import { createMetrics, METRICS } from '../../src/metrics/metrics.ts';
import { Rising } from '../../src/metrics/rising.ts';
import { latency, NAMES, sampleInput, samplePoint, sampleStatus } from './status-sample.ts';

/** Samples of our own by name and labels as they stand in the text. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, series, value] = /^(poolprint_[^ {]+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (series === undefined) continue;
    expect(found.has(series), `${series} stands twice`).toBe(false);
    found.set(series, Number(value));
  }
  return found;
}
const rendered = async (status: DaemonStatus): Promise<Map<string, number>> =>
  samples(await createMetrics(() => status, NAMES).text());

describe('the text', () => {
  test('holds each number of the status under its name', async () => {
    const got = await rendered(sampleStatus());
    const tap = '{input="tap",kind="live"}';
    const routers = '{input="routers",kind="collector"}';
    const want: readonly (readonly [series: string, value: number])[] = [
      ['build_info{version="0.2.0",node="v24.21.0"}', 1],
      ['ready', 1],
      ['threads', 2],
      ['start_time_seconds', Date.parse('2026-11-22T07:00:00Z') / 1000],
      ['event_loop_delay_seconds{stat="p99"}', 0.01],
      ['event_loop_delay_seconds{stat="max"}', 0.04],
      [`input_packets_total${tap}`, 1000],
      [`input_bytes_total${tap}`, 600_000],
      [`input_records_total${routers}`, 900],
      [`input_datagrams_total${routers}`, 30],
      ['input_files_total{input="ring",kind="spool"}', 4],
      ['input_waiting_files{input="ring",kind="spool"}', 2],
      ['input_waiting_bytes{input="ring",kind="spool"}', 2048],
      ['input_lag_seconds{input="ring",kind="spool"}', 12],
      [`input_last_packet_timestamp_seconds${tap}`, Date.parse('2026-11-22T07:59:59.75Z') / 1000],
      [`input_kernel_dropped_packets_total${tap}`, 3],
      [`input_child_dropped_packets_total${tap}`, 1],
      [`input_restarts_total${tap}`, 2],
      [`input_up${tap}`, 1],
      ['input_state{input="ring",kind="spool",state="waiting"}', 1],
      ['input_state{input="ring",kind="spool",state="running"}', 0],
      ['input_info{input="tap",kind="live",point="core"}', 1],
      ['record_faults_total{input="routers",kind="collector",reason="no_template"}', 4],
      ['record_faults_total{input="routers",kind="collector",reason="bad_field"}', 0],
      [`records_lost_total${routers}`, 5],
      [`exporter_sequence_gaps_total${routers}`, 2],
      [`exporter_restarts_total${routers}`, 1],
      [`exporters${routers}`, 1],
      [`templates${routers}`, 3],
      ['packets_total{point="core"}', 5000],
      ['bytes_total{point="core"}', 3_000_000],
      ['flows_total{point="core"}', 400],
      ['records_total{point="core"}', 77],
      ['flows_inspected_total{point="core"}', 200],
      ['conversations_followed_total{point="core"}', 40],
      ['conversations_matched_total{point="core"}', 10],
      ['match_ratio{point="core"}', 0.05],
      ['flow_table_occupancy_ratio{point="core"}', 0.25],
      ['evictions_total{point="core",kind="flow"}', 5],
      ['evictions_total{point="core",kind="conversation"}', 4],
      ['evictions_total{point="core",kind="key"}', 3],
      ['evictions_total{point="core",kind="lookup"}', 2],
      ['evictions_total{point="core",kind="record_conversation"}', 1],
      ['reassembly_bytes{point="core"}', 4096],
      ['reassembly_limit_bytes{point="core"}', 1 << 20],
      ['shed_packets_total{point="core"}', 7],
      ['shed_flows_total{point="core"}', 6],
      ['kept_share_ratio{point="core"}', 0.5],
      ['keys{point="core"}', 12],
      ['record_conversations_unwatched_total{point="core"}', 2],
      ['records_implausible_total{point="core"}', 3],
      ['probes_left_out_total{point="core"}', 4],
      ['decode_errors_total{point="core",reason="stream.gap"}', 8],
      ['detections_total{dialect="stratum-v1",confidence="confirmed",activity="mining"}', 3],
      ['detections_total{dialect="unknown",confidence="suspected",activity="probe"}', 0],
      ['detections_open{confidence="suspected"}', 2],
      ['signature_hits_total{signature="stratum-v1.notify"}', 3],
      ['signature_hits_total{signature="cryptonote.login"}', 0],
      ['signatures_loaded', 2],
      ['signature_reloads_total', 1],
      ['signature_reload_failures_total', 1],
      ['leads{status="open",region="浙江省"}', 2],
      ['leads{status="waiting",region="33"}', 1],
      ['ledger_writes_total', 6],
      ['ledger_write_failures_total', 1],
      ['ledger_pending_detections', 2],
      ['ledger_refused_detections_total', 1],
      ['ledger_heap_used_bytes', 31_457_280],
      ['ledger_last_write_timestamp_seconds', Date.parse('2026-11-22T07:59:55Z') / 1000],
      ['ledger_write_seconds_bucket{le="0.01"}', 2],
      ['ledger_write_seconds_bucket{le="+Inf"}', 6],
      ['ledger_write_seconds_sum', 0.21],
      ['ledger_write_seconds_count', 6],
      ['checkpoint_writes_total', 60],
      ['checkpoint_failures_total', 0],
      ['checkpoint_last_timestamp_seconds', Date.parse('2026-11-22T07:59:58Z') / 1000],
      ['checkpoint_write_seconds_count', 60],
      ['resolver_queries_total', 20],
      ['resolver_addresses', 15],
      ['learnt_addresses', 6],
    ];
    for (const [series, value] of want) expect.soft(got.get(`poolprint_${series}`), series).toBe(value);
  });

  test('has a series of every metric in the table, and of no other', async () => {
    const names = new Set([...(await rendered(sampleStatus())).keys()].map((series) => series.split('{')[0]));
    const table = METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? ['bucket', 'sum', 'count'].map((end) => `${name}_${end}`) : [name],
    );
    expect([...names].sort()).toEqual(table.sort());
  });

  test('says nothing of a ledger that is not there', async () => {
    const got = await rendered(sampleStatus({ ledger: null, leads: null }));
    expect([...got.keys()].filter((series) => /ledger|leads/.test(series))).toEqual([]);
  });

  test('has the usual metrics of the process, and its content type', async () => {
    const metrics = createMetrics(() => sampleStatus(), NAMES);
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await metrics.text();
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^nodejs_heap_size_used_bytes \d+$/m);
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toMatch(/^poolprint_.* (?:Nan|[+-]Inf)$/m);
  });

  test('is rendered once for those who ask at the same time', async () => {
    let taken = 0;
    const metrics = createMetrics(() => {
      taken++;
      return sampleStatus();
    }, NAMES);
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect(taken).toBe(1);
    expect(new Set(texts).size).toBe(1);
    await metrics.text();
    expect(taken).toBe(2);
  });

  test('survives a status that cannot be taken', async () => {
    let broken = true;
    const metrics = createMetrics(() => {
      if (broken) throw new Error('no status');
      return sampleStatus();
    }, NAMES);
    await expect(metrics.text()).rejects.toThrow('no status');
    broken = false;
    expect(samples(await metrics.text()).get('poolprint_ready')).toBe(1);
  });

  test('leaves out what is no number', async () => {
    const status = sampleStatus({
      points: [samplePoint('core', { packets: Number.NaN, keys: Number.POSITIVE_INFINITY })],
    });
    const got = await rendered(status);
    expect(got.has('poolprint_packets_total{point="core"}')).toBe(false);
    expect(got.has('poolprint_keys{point="core"}')).toBe(false);
    expect(got.get('poolprint_bytes_total{point="core"}')).toBe(3_000_000);
  });
});

describe('labels', () => {
  test('are the lists of the contracts', () => {
    expect(STATE_NAMES).toEqual(INPUT_STATES);
    expect(FAULT_NAMES).toEqual(RECORD_FAULTS);
    expect(BOUNDS).toEqual(LATENCY_BOUNDS);
    const labels = new Labels(NAMES);
    for (const status of STATUSES) expect(labels.leadStatus(status)).toBe(status);
  });

  const HOSTILE = [
    '192.0.2.77',
    '2001:db8::bad',
    'miner.example.net',
    'bc1qinventedwalletxxxxxxxxxxxxxxxxxxxxxx',
    '4InventedMoneroWallet.worker1',
    'connect ECONNREFUSED 198.51.100.4:3333',
    'a"} 1\npoolprint_evil 1',
    'x'.repeat(5000),
    '__proto__',
    '\u202egnp',
  ];

  test.each(HOSTILE)('never hold %j', async (evil) => {
    const counts = { [evil]: 5 } as Record<string, number>;
    const status = sampleStatus({
      sensor: evil,
      program: { name: evil, version: evil, node: evil, pid: 1 },
      notReady: [evil],
      inputs: [
        sampleInput('tap', evil as InputKind, {
          state: evil as 'running',
          point: evil,
          problem: evil,
          recordFaults: counts,
          exporters: [
            {
              address: evil,
              protocol: evil as 'ipfix',
              records: 1,
              lost: 0,
              templates: 0,
              samplingRate: 1,
              clockOff: 0,
              lastSeen: 0,
            },
          ],
        }),
        sampleInput('a"} 1\npoolprint_evil 1', 'live'),
      ],
      points: [samplePoint('core', { decodeErrors: counts }), samplePoint('\u202egnp')],
      detections: [{ dialect: evil, confidence: evil as 'confirmed', activity: evil as 'mining', count: 5 }],
      signatureHits: counts,
      leads: [{ status: evil, region: evil, count: 5 }],
      newest: [
        {
          time: evil,
          point: evil,
          miner: evil,
          pool: evil,
          dialect: evil,
          confidence: 'confirmed',
          activity: 'mining',
          coins: [evil],
        },
      ],
    });
    const text = await createMetrics(() => status, NAMES).text();
    const own = text.split('\n').filter((line) => line.startsWith('poolprint_'));
    expect(own.filter((line) => line.includes(evil) || /evil|gnp|192\.0\.2|x{50}/.test(line))).toEqual([]);
    const got = samples(text);
    // `__proto__` as a key sets the prototype, so there is nothing to count.
    if (Object.keys(counts).length > 0) {
      expect(got.get('poolprint_signature_hits_total{signature="other"}')).toBe(5);
      expect(got.get('poolprint_decode_errors_total{point="core",reason="other"}')).toBe(5);
      expect(got.get('poolprint_record_faults_total{input="tap",kind="other",reason="other"}')).toBe(5);
    }
    expect(got.get('poolprint_leads{status="other",region="other"}')).toBe(5);
    expect(got.get('poolprint_detections_total{dialect="other",confidence="other",activity="other"}')).toBe(5);
    expect(got.get('poolprint_build_info{version="other",node="other"}')).toBe(1);
  });

  test('are few: inputs and signatures beyond the bound are counted together', async () => {
    const ids = Array.from({ length: 3000 }, (_, n) => `made-up.s${n}`);
    const inputs = Array.from({ length: 300 }, (_, n) =>
      sampleInput(`in-${n}`, 'live', { packets: 2, lag: n, state: n === 250 ? 'failed' : 'running' }),
    );
    const status = sampleStatus({ inputs, signatureHits: Object.fromEntries(ids.map((id) => [id, 1])) });
    const got = samples(await createMetrics(() => status, { ...NAMES, signatures: () => ids }).text());
    const of = (name: string): string[] => [...got.keys()].filter((key) => key.startsWith(`poolprint_${name}{`));
    expect(of('input_packets_total')).toHaveLength(MAX_INPUTS + 1);
    expect(got.get('poolprint_input_packets_total{input="other",kind="live"}')).toBe(2 * (300 - MAX_INPUTS));
    expect(got.get('poolprint_input_lag_seconds{input="other",kind="live"}')).toBe(299);
    expect(got.get('poolprint_input_up{input="other",kind="live"}')).toBe(0);
    expect(of('signature_hits_total')).toHaveLength(MAX_SIGNATURES + 1);
    expect(got.get('poolprint_signature_hits_total{signature="other"}')).toBe(3000 - MAX_SIGNATURES);
  });

  test('of signatures that were unloaded stay', async () => {
    let ids = ['old.one'];
    let hits: Record<string, number> = { 'old.one': 4 };
    const metrics = createMetrics(() => sampleStatus({ signatureHits: hits }), { ...NAMES, signatures: () => ids });
    await metrics.text();
    ids = ['new.one'];
    hits = { 'new.one': 1 };
    const got = samples(await metrics.text());
    expect(got.get('poolprint_signature_hits_total{signature="old.one"}')).toBe(4);
    expect(got.get('poolprint_signature_hits_total{signature="new.one"}')).toBe(1);
  });

  test('of an input that is gone are gone', async () => {
    let inputs = [sampleInput('tap', 'live'), sampleInput('gone', 'live')];
    const metrics = createMetrics(() => sampleStatus({ inputs }), NAMES);
    expect(await metrics.text()).toContain('"gone"');
    inputs = [sampleInput('tap', 'live')];
    expect(await metrics.text()).not.toContain('"gone"');
  });
});

describe('counters', () => {
  test('hold a late reading, and go on above a source that began anew', () => {
    const rising = new Rising();
    const shown = [10, 20, 15, 25, 3, 4, 9].map((value) => rising.next(['a'], value));
    // 15 is late; 3 is confirmed by 4, which is added to the 25 before.
    expect(shown).toEqual([10, 20, 20, 25, 25, 29, 34]);
    expect(rising.next(['a'], Number.NaN)).toBe(34);
    expect(rising.next(['a'], -5)).toBe(34);
    expect(rising.next(['b'], 1)).toBe(1);
  });

  test('never go down, whatever the status says', async () => {
    const numbers = fc.array(fc.record({ count: fc.integer({ min: -5, max: 50 }), there: fc.boolean() }), {
      minLength: 2,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(numbers, async (steps) => {
        let step = steps[0]!;
        const metrics = createMetrics(() => {
          const { count, there } = step;
          const counts = Array.from({ length: 9 }, (_, n) => count - n);
          return sampleStatus({
            inputs: there ? [sampleInput('tap', 'spool', { packets: count, recordFaults: { bad_line: count } })] : [],
            points: [
              samplePoint('core', { packets: count, evictedKeys: count, decodeErrors: { 'stream.gap': count } }),
            ],
            detections: there ? [{ dialect: 'cryptonote', confidence: 'probable', activity: 'proxy', count }] : [],
            signatureHits: there ? { 'cryptonote.login': count } : {},
            checkpoint: { writes: count, failures: count, last: count, latency: latency(counts, count) },
          });
        }, NAMES);
        const before = new Map<string, number>();
        for (step of steps) {
          for (const [series, value] of samples(await metrics.text())) {
            if (!/_total(?:\{|$)|_bucket\{|_count$|_sum$/.test(series)) continue;
            expect(value, series).toBeGreaterThanOrEqual(before.get(series) ?? 0);
            before.set(series, value);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('of a histogram rise from bound to bound', async () => {
    const bad = { counts: [5, 3, 9, 1, 1, 1, 1, 1], count: 2, sum: 1 };
    const got = await rendered(sampleStatus({ checkpoint: { writes: 1, failures: 0, last: 0, latency: bad } }));
    const buckets = [...got].filter(([series]) => series.startsWith('poolprint_checkpoint_write_seconds_bucket'));
    expect(buckets.map(([, value]) => value)).toEqual([5, 5, 9, 9, 9, 9, 9, 9, 9, 9]);
    expect(got.get('poolprint_checkpoint_write_seconds_count')).toBe(9);
  });
});

test('docs/metrics.md has a row for each metric with its type and labels, and no others', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(poolprint_\w+)` +\| (\w+) +\| ([^|]*?) *\| ([^|]+?) +\|$/gm)];
  const want = METRICS.map(({ name, type, labels, help }) => [
    name,
    type,
    labels.map((l) => `\`${l}\``).join(', '),
    help,
  ]);
  expect(rows.map(([, ...cells]) => cells)).toEqual(want);
});

const PROMTOOL = spawnSync('promtool', ['--version']).status === 0;
if (!PROMTOOL) console.log('skipped: promtool is not installed, so the text was not checked by it');
test.skipIf(!PROMTOOL)('promtool finds nothing wrong', async () => {
  for (const status of [sampleStatus(), sampleStatus({ ledger: null, leads: null, inputs: [], points: [] })]) {
    const input = await createMetrics(() => status, NAMES).text();
    const { status: code, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
    expect(code).toBe(0);
  }
});
