import { describe, expect, test } from 'vitest';
import { createPaint } from '../../src/cli/style.ts';
import { textWidth } from '../../src/cli/text.ts';
import { ratesOf } from '../../src/cli/top-rates.ts';
import { renderTop, renderUnreachable, type TopView } from '../../src/cli/top-render.ts';
import { readStatus } from '../../src/cli/top-status.ts';
import { frameText } from '../../src/cli/top-terminal.ts';
import { NOW, SECOND, sampleInput, sampleNewest, samplePoint, sampleStatus } from './top-sample.ts';

const plain: TopView = { language: 'en', paint: createPaint(false), columns: null, rows: null };

/** The sample two seconds before, with less of everything that counts. */
const BEFORE = sampleStatus({
  now: NOW - 2 * SECOND,
  inputs: [
    sampleInput({ packets: 36_000_000 - 3_000_000 }),
    sampleInput({ name: 'routers', kind: 'collector', packets: 0, records: 7_200_000 - 5000 }),
  ],
  points: [
    samplePoint({
      packets: 36_000_000 - 3_000_000,
      bytes: 28_800_000_000 - 2_500_000_000,
      flows: 720_000 - 8000,
      inspected: 500_000 - 4000,
      matched: 25 - 4,
    }),
    samplePoint({ name: 'core', packets: 0, bytes: 0, flows: 0, records: 7_200_000 - 5000 }),
  ],
});

describe('the screen', () => {
  test('of a first look, as text', () => {
    expect(renderTop(sampleStatus(), null, plain)).toEqual([
      'poolprint 1.0.0  sensor-a  up 2 h 0 min  ready  2026-03-01 08:00:00 UTC',
      'Node 24.21.0, process 4242, 2 threads, 214 signatures, event loop p99 12 ms',
      '',
      'traffic     5.00 k packets/s  32.0 Mbit/s  100 flows/s  1.00 k records/s  (mean since the start)',
      'matches     <0.01 % of flows looked at (50 of 1,000,000)',
      'open        confirmed 12  probable 3  suspected 0',
      'tables      flows 25 % (120,000)  conversations 2.1 % (820)  of records 4.5 % (9,000)  reassembly 2.40 MB of 134 MB',
      'overload    none',
      'ledger      written 8 s ago  4 ms each  15 detections  2 detections wait',
      'checkpoint  written 3 s ago  4 ms each  1 FAILED',
      'addresses   44 learnt from observed DNS  120 resolved (412 queries, 3 without answer)',
      '',
      'input    kind       point        state                   rate          lag  dropped       waiting',
      'span-1   live       border-east  running     5.00 k packets/s       0.02 s        0',
      'routers  collector  core         running     1.00 k records/s       0.02 s       31',
      'rotated  spool      border-west  restarting       0 packets/s  12 min 34 s        0  12 (3.40 GB)',
      'rotated: cannot read the folder (EACCES): give the service the right to read it',
      '',
      'time (UTC)           confidence  activity  miner         pool                   dialect     coins     point',
      '2026-03-01 07:59:58  probable    attempt   2001:db8::15  xmr.pool.example:443               XMR,ZEPH  border-east',
      '2026-03-01 07:59:41  confirmed   mining    10.20.1.5     eu1.pool.example:3333  stratum-v1  BTC       border-east',
    ]);
  });

  test('of a second look has the rates between the two', () => {
    const lines = renderTop(sampleStatus(), BEFORE, plain);
    expect(lines[3]).toBe('traffic     1.50 M packets/s  10.0 Gbit/s  4.00 k flows/s  2.50 k records/s');
    expect(lines[4]).toBe('matches     0.1 % of flows looked at (4 of 4,000)');
    expect(lines.find((line) => line.startsWith('span-1'))).toContain('1.50 M packets/s');
    expect(lines.find((line) => line.startsWith('routers'))).toContain('2.50 k records/s');
  });

  test('of a sensor with flow records alone has the share of their conversations', () => {
    const point = { inspected: 0, matched: 0, recordConversationsSeen: 4000, recordConversationsMatched: 4 };
    const of = (more: object): string | undefined =>
      renderTop(sampleStatus({ points: [samplePoint({ ...point, ...more })] }), null, plain)[4];
    expect(of({})).toBe('matches     0.1 % of new conversations of records (4 of 4,000)');
    expect(of({ inspected: 10, matched: 1 })).toContain('(1 of 10)  0.1 % of new');
  });

  test('in Chinese, with its columns in line', () => {
    const lines = renderTop(sampleStatus(), null, { ...plain, language: 'zh' });
    expect(lines.slice(3, 6)).toEqual([
      '流量      5.00 k 包/s  32.0 Mbit/s  100 流/s  1.00 k 记录/s  （启动以来平均）',
      '命中      已检查流的 <0.01 %（1,000,000 条中 50 条）',
      '当前检测  已确认 12  很可能 3  疑似 0',
    ]);
    const at = (line: string | undefined, text: string): number =>
      textWidth((line ?? '').slice(0, (line ?? '').indexOf(text)));
    const [head, first, second] = lines.filter((line) => /观测点|border-east|core/.test(line));
    expect(at(head, '观测点')).toBe(at(first, 'border-east'));
    expect(at(head, '观测点')).toBe(at(second, 'core'));
    expect(lines.join('\n')).not.toMatch(/packets|running|confirmed/);
  });

  test('says what is wrong', () => {
    const status = sampleStatus({
      ready: false,
      notReady: ['the ledger is not open', 'b', 'c', 'd', 'e'],
      signatures: { count: 214, sha256: '', loadedAt: NOW, reloads: 2, reloadFailures: 1 },
      points: [
        samplePoint({ keptShare: 0.25, shedPackets: 1234, shedFlows: 55, evictedFlows: 7, flowsActive: 239_000 }),
      ],
      resolver: { enabled: false, queries: 0, failures: 0, addresses: 0 },
      ledger: null,
      inputs: [],
      newest: [],
    });
    const text = renderTop(status, null, plain).join('\n');
    for (const part of [
      'NOT READY',
      '  the ledger is not open',
      '… and 2 more',
      'reloaded 2 times, 1 reloads refused',
      'looks at 25 % of flows  put aside so far: 1,234 packets, 55 flows',
      'flows 99.6 % (239,000)',
      '7 gave way',
      'none configured',
      'resolver off',
      'no inputs',
      'no detections yet',
    ])
      expect(text).toContain(part);
  });

  test.each([
    [120, 40],
    [80, 24],
    [60, 20],
    [41, 12],
    [20, 5],
    [1, 1],
  ])('never outgrows a terminal of %i columns and %i rows', (columns, rows) => {
    const many = Array.from({ length: 40 }, (_, n) =>
      sampleInput({
        name: `输入-${n}`,
        problem: n === 30 ? '网卡不存在，请检查配置'.repeat(9) : null,
        state: n === 30 ? 'failed' : 'running',
      }),
    );
    const newest = Array.from({ length: 50 }, (_, n) =>
      sampleNewest({ miner: `10.20.1.${n}`, pool: `矿池-${n}.pool.example:3333` }),
    );
    for (const language of ['en', 'zh'] as const) {
      const view = { ...plain, language, columns, rows };
      const status = sampleStatus({ inputs: many, newest, ready: false, notReady: ['x'.repeat(300)] });
      const lines = renderTop(status, null, view);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.filter((line) => textWidth(line) > columns)).toEqual([]);
      const away = renderUnreachable('why', NOW, NOW + SECOND, lines, view);
      expect(away.length).toBeLessThanOrEqual(rows);
      expect(away.filter((line) => textWidth(line) > columns)).toEqual([]);
      // The one in trouble is seen, wherever it stands in the configuration.
      if (rows >= 20) expect(lines.join('\n')).toContain('输入-30');
      if (rows >= 24) expect(lines.join('\n')).toContain('10.20.1.');
    }
  });

  test('colours only where asked, and colours change no text', () => {
    const painted = renderTop(sampleStatus(), null, { ...plain, paint: createPaint(true) });
    expect(painted.join('')).toContain('\x1b[');
    const bare = painted.map((line) => line.replace(/\x1b\[[\d;]*m/g, '').trimEnd());
    expect(bare).toEqual(renderTop(sampleStatus(), null, plain));
  });

  test('prints nothing that a terminal would act upon', () => {
    const evil = '\x1b]0;x\x07\x1b[2J\u202e\n\x9b31m';
    const status = sampleStatus({
      sensor: evil,
      program: { name: evil, version: evil, node: evil, pid: 1 },
      ready: false,
      notReady: [evil],
      inputs: [sampleInput({ name: evil, point: evil, problem: evil })],
      newest: [sampleNewest({ time: evil, miner: evil, pool: evil, dialect: evil, coins: [evil], point: evil })],
    });
    const lines = [...renderTop(status, null, plain), ...renderUnreachable(evil, NOW, NOW, [], plain)];
    expect(lines.filter((line) => /[\p{Cc}\p{Cf}]/u.test(line))).toEqual([]);
  });

  test('words it does not know stand as they are', () => {
    const read = readStatus({
      ...sampleStatus(),
      inputs: [{ ...sampleInput(), kind: 'constructor', state: 'toString' }],
      newest: [{ ...sampleNewest(), confidence: '__proto__', activity: 'valueOf' }],
    });
    const text = renderTop(read ?? sampleStatus(), null, plain).join('\n');
    for (const word of ['constructor', 'toString', '__proto__', 'valueOf']) expect(text).toContain(word);
  });
});

describe('rates', () => {
  test('of a process that was started anew are those since its start', () => {
    const other = { ...BEFORE, startedAt: BEFORE.startedAt - 1 };
    expect(ratesOf(sampleStatus(), other).sinceStart).toBe(true);
    expect(ratesOf(sampleStatus(), { ...BEFORE, program: { ...BEFORE.program, pid: 1 } }).sinceStart).toBe(true);
    expect(ratesOf(sampleStatus(), sampleStatus()).sinceStart).toBe(true);
    expect(ratesOf(sampleStatus(), BEFORE).sinceStart).toBe(false);
  });

  test('are never negative or infinite', () => {
    const less = ratesOf(sampleStatus({ points: [], inputs: [sampleInput({ packets: 1 })] }), BEFORE);
    expect([less.packets, less.bits, less.matched, less.inputs.get('span-1')?.value]).toEqual([0, 0, 0, 0]);
    const atOnce = ratesOf(sampleStatus({ startedAt: NOW }), null);
    expect(Number.isFinite(atOnce.packets)).toBe(true);
  });
});

test('a frame is one text that overwrites in place', () => {
  expect(frameText(['a', 'b'])).toBe('\x1b[?2026h\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J\x1b[?2026l');
});

describe('what a daemon answers', () => {
  test('is taken as it comes over the wire', () => {
    const read = readStatus(JSON.parse(JSON.stringify(sampleStatus())));
    expect(renderTop(read ?? sampleStatus({ sensor: 'wrong' }), null, plain)).toEqual(
      renderTop(sampleStatus(), null, plain),
    );
  });

  test('with numbers that JSON cannot say, or without what a later version left out', () => {
    const read = readStatus({
      ...sampleStatus(),
      inputs: [{ name: 'a', lag: null }],
      points: [{}],
      learntAddresses: 'many',
    });
    expect(read?.inputs[0]).toMatchObject({ name: 'a', lag: 0, problem: null });
    expect(read?.points[0]?.keptShare).toBe(1);
    expect(renderTop(read ?? sampleStatus(), null, plain).join('\n')).not.toMatch(/NaN|undefined|Infinity/);
  });

  test.each([
    null,
    5,
    'x',
    [],
    {},
    { sensor: 'a' },
    { ...sampleStatus(), now: 'x' },
    { ...sampleStatus(), inputs: null },
  ])('is no status: %#', (value) => {
    expect(readStatus(value)).toBeNull();
  });
});
