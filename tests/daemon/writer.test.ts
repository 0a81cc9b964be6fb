/** What is written down: in order, again where it failed, with the packets that belong to it. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LedgerRequest } from '../../src/daemon/ledger/messages.ts';
import { appendWhole } from '../../src/daemon/report/append.ts';
import type { Report } from '../../src/daemon/report/reporter.ts';
import { Writer, type WriterOptions } from '../../src/daemon/report/writer.ts';
import { DAY } from '../../src/detect/day.ts';
import type { CoverageRow } from '../../src/detect/detection.ts';
import type { EvidenceFrame } from '../../src/engine/options.ts';
import { DAY_NUMBER, MIDNIGHT, madeReport as report, madeReports as reports } from './made-facts.ts';
import { FakeWorld } from './world.ts';

const minersOf = (list: readonly Report[]): string[] => list.map(({ row }) => row.miner.ip);

let world: FakeWorld;
let requests: Extract<LedgerRequest, { kind: 'record' }>[];
let lines: string[];
let acknowledged: string[];
let refuse: string | null;
let frames: Map<string, EvidenceFrame[]>;
let asked: (readonly string[])[];

beforeEach(() => {
  world = new FakeWorld();
  [requests, lines, acknowledged, refuse] = [[], [], [], null];
  frames = new Map();
  asked = [];
});

function writer(options: Partial<WriterOptions> = {}): Writer {
  return new Writer({
    ledger: async (request) => {
      if (refuse !== null) throw new Error(refuse);
      if (request.kind === 'record') requests.push(request);
    },
    append: (text) => void lines.push(...text.trimEnd().split('\n')),
    evidence: null,
    vantage: (name) => ({ nat: name === 'q' ? 'outside' : 'none', realm: null }),
    onWritten: (_point, list) => void acknowledged.push(...minersOf(list)),
    signatureSet: () => ({ signatures: 1, sha256: '00' }),
    program: { program: 'poolprint', version: '0' },
    clock: world.clock,
    after: world.after,
    log: world.log,
    ...options,
  });
}

const written = (): string[] => requests.flatMap(({ detections }) => detections.map(({ miner }) => miner.ip));

describe('order', () => {
  test('batches of 200, in the order given, acknowledged as they are written', async () => {
    const own = writer();
    const list = reports(450);
    own.add('p', list.slice(0, 430), []);
    own.add('q', list.slice(430), []);
    await own.drained();
    expect(requests.map(({ detections }) => detections.length)).toEqual([200, 200, 30, 20]);
    expect(requests.map(({ vantage }) => vantage.nat)).toEqual(['none', 'none', 'none', 'outside']);
    expect(written()).toEqual(minersOf(list));
    expect(acknowledged).toEqual(minersOf(list));
    expect(lines.map((line) => (JSON.parse(line) as { miner: { ip: string } }).miner.ip)).toEqual(minersOf(list));
    expect(own).toMatchObject({ writes: 4, failures: 0, detectionsWritten: 450, pending: 0, lastWrite: world.now });
    expect(own.latency.read().count).toBe(4);
  });

  test('coverage goes with the first batch, or alone', async () => {
    const own = writer();
    const row = { type: 'coverage' } as unknown as CoverageRow;
    own.add('p', reports(201), [row]);
    own.add('p', [], [row]);
    await own.drained();
    expect(requests.map(({ coverage }) => coverage.length)).toEqual([1, 0, 1]);
    expect(lines).toHaveLength(201);
  });

  test('nowhere to write to: everything counts as written', async () => {
    const own = writer({ ledger: null, append: null });
    own.add('p', reports(1), []);
    await own.drained();
    expect(acknowledged).toHaveLength(1);
  });
});

describe('a ledger that refuses', () => {
  test('nothing is lost or out of order, and said once', async () => {
    const own = writer();
    refuse = 'database is locked';
    own.add('p', reports(2), []);
    await own.drained();
    own.add('p', reports(1, 2), []);
    await own.drained();
    for (let i = 0; i < 6; i++) {
      await world.advance(5);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(own).toMatchObject({ problem: 'database is locked', pending: 3, writes: 0 });
    expect(own.failures).toBeGreaterThan(3);
    expect(acknowledged).toEqual([]);
    expect(world.lines.filter((line) => line.includes('they wait'))).toHaveLength(1);
    refuse = null;
    await world.advance(5);
    await own.drained();
    expect(written()).toEqual(minersOf(reports(3)));
    expect(acknowledged).toEqual(minersOf(reports(3)));
    expect(own).toMatchObject({ problem: null, pending: 0 });
    expect(world.lines.at(-1)).toContain('can be written again');
    expect(world.waiting).toBe(0);
  });

  test('from 20,000 on nothing more is asked for', async () => {
    const own = writer();
    refuse = 'full';
    const many = reports(200);
    for (let i = 0; i < 99; i++) own.add('p', many, []);
    expect(own.full).toBe(false);
    own.add('p', many, []);
    expect(own.full).toBe(true);
    await own.drained();
    refuse = null;
    await own.drained();
    expect([own.full, own.pending]).toEqual([false, 0]);
  });

  test('once it is closed nothing is tried any more', async () => {
    const own = writer();
    refuse = 'full';
    own.add('p', reports(1), []);
    await own.drained();
    own.close();
    expect(world.waiting).toBe(0);
    refuse = null;
    await world.advance(60);
    await own.drained();
    own.add('p', reports(1), []);
    expect(requests).toEqual([]);
    expect(own.pending).toBe(2);
  });

  test('a file that takes nothing holds up the acknowledgement, and the ledger gets the same again', async () => {
    let full = true;
    const own = writer({
      append: (text) => {
        if (full) throw new Error('ENOSPC');
        lines.push(text);
      },
    });
    own.add('p', reports(1), []);
    await own.drained();
    expect([acknowledged, own.problem]).toEqual([[], 'ENOSPC']);
    full = false;
    await own.drained();
    expect([acknowledged.length, lines.length, requests.length]).toEqual([1, 1, 2]);
  });
});

describe('packets behind a detection', () => {
  const frame = (made: Partial<EvidenceFrame>): EvidenceFrame => ({
    file: 'f',
    packet: 1,
    time: MIDNIGHT + 100e6,
    nanos: 0,
    linkType: 1,
    originalLength: 60,
    bytes: new Uint8Array(60),
    redacted: false,
    kind: 'payload',
    begun: [MIDNIGHT, 1, 1],
    ...made,
  });
  const evidence = async (_point: string, keys: readonly string[]): Promise<Map<string, EvidenceFrame[]>> => {
    asked.push(keys);
    return frames;
  };

  test('are asked for where they are wanted, and belong to the day or prove something', async () => {
    const [wanted, other] = [report({ miner: '192.0.2.1' }), report({ miner: '192.0.2.2' }, false)];
    frames.set(wanted.key, [
      frame({ packet: 2 }),
      frame({ packet: 3, time: MIDNIGHT - 1 }),
      frame({ packet: 4, time: MIDNIGHT + DAY }),
      // The indication of the invented conversation rests on this one.
      frame({ packet: 1, time: MIDNIGHT - 5, kind: 'proof' }),
    ]);
    const own = writer({ evidence });
    own.add('p', [wanted, other], []);
    await own.drained();
    expect(asked).toEqual([[wanted.key]]);
    const [record] = requests[0]?.evidence ?? [];
    expect(requests[0]?.evidence).toHaveLength(1);
    expect(record).toMatchObject({ detection: wanted.row.id, packets: 2, recordedAt: world.now });
    expect(record?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record?.bytes).toBe(record?.capture?.length);
  });

  test('none kept, none wanted, none of that day: the detection goes without', async () => {
    const own = writer({ evidence });
    const one = report({});
    own.add('p', [report({}, false)], []);
    own.add('p', [one], []);
    await own.drained();
    frames.set(one.key, [frame({ packet: 9, time: (DAY_NUMBER - 1) * DAY })]);
    own.add('p', [one], []);
    await own.drained();
    expect(requests.map((request) => request.evidence)).toEqual([[], [], []]);
    expect(asked).toHaveLength(2);
  });
});

describe('the file of detections', () => {
  test('is made for its owner and group, and grows', () => {
    const folder = mkdtempSync(join(tmpdir(), 'poolprint-append-'));
    const path = join(folder, 'detections.ndjson');
    appendWhole(path, '{"矿":1}\n');
    appendFileSync(path, '');
    appendWhole(path, '{"b":2}\n');
    expect(readFileSync(path, 'utf8')).toBe('{"矿":1}\n{"b":2}\n');
    expect(statSync(path).mode & 0o007).toBe(0);
    expect(() => appendWhole(join(folder, 'none', 'x'), 'a\n')).toThrow(/ENOENT/);
    writeFileSync(path, '');
    expect(() => appendWhole('/dev/full', 'a\n')).toThrow(/ENOSPC/);
    rmSync(folder, { recursive: true, force: true });
  });
});
