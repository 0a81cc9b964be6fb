/** What the ledger can never take is put aside, and nothing else waits for it or is lost with it. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { LedgerRequest } from '../../src/daemon/ledger/messages.ts';
import { RowRefused } from '../../src/daemon/ledger/refusal.ts';
import type { Report } from '../../src/daemon/report/reporter.ts';
import { Writer, type WriterOptions } from '../../src/daemon/report/writer.ts';
import type { CoverageRow } from '../../src/detect/detection.ts';
import type { EvidenceFrame } from '../../src/engine/options.ts';
import { MIDNIGHT, madeReport, madeReports } from './made-facts.ts';
import { FakeWorld } from './world.ts';

type Recording = Extract<LedgerRequest, { kind: 'record' }>;

/** A ledger that takes a request whole or not at all. */
class FakeLedger {
  readonly taken: Recording[] = [];
  asked = 0;
  /** Addresses of miners, sensors of coverage and detections of packets that make it throw. */
  readonly bad: Set<string> = new Set();
  readonly badPackets: Set<string> = new Set();
  /** Refuses everything from this request on, as a full disk does. */
  fullFrom = Number.POSITIVE_INFINITY;

  async record(request: LedgerRequest): Promise<void> {
    if (request.kind !== 'record') return;
    if (++this.asked >= this.fullFrom) throw new Error('the disk is full');
    const names = [...request.detections.map(({ miner }) => miner.ip), ...request.coverage.map(({ sensor }) => sensor)];
    const name = names.find((each) => this.bad.has(each));
    if (name !== undefined) throw new RowRefused(`cannot read ${name} (combine.ts:1)`);
    if (request.evidence.some(({ detection }) => this.badPackets.has(detection))) throw new RowRefused('odd packets');
    this.taken.push(request);
  }

  get miners(): string[] {
    return [...new Set(this.taken.flatMap(({ detections }) => detections.map(({ miner }) => miner.ip)))].sort();
  }

  get sensors(): string[] {
    return this.taken.flatMap(({ coverage }) => coverage.map(({ sensor }) => sensor));
  }

  get packets(): string[] {
    return this.taken.flatMap(({ evidence }) => evidence.map(({ detection }) => detection)).sort();
  }
}

let world: FakeWorld;
let ledger: FakeLedger;
let lines: string[];
let acknowledged: string[];
beforeEach(() => {
  world = new FakeWorld();
  ledger = new FakeLedger();
  [lines, acknowledged] = [[], []];
});

const minersOf = (list: readonly Report[]): string[] => list.map(({ row }) => row.miner.ip).sort();
const coverageOf = (...sensors: readonly string[]): CoverageRow[] =>
  sensors.map((sensor) => ({ type: 'coverage', sensor }) as unknown as CoverageRow);
const errors = (): string[] => world.lines.filter((line) => line.startsWith('error'));

function frame(made: Partial<EvidenceFrame> = {}): EvidenceFrame {
  return {
    ...{ file: 'f', packet: 1, time: MIDNIGHT + 100e6, nanos: 0, linkType: 1, originalLength: 60 },
    ...{ bytes: new Uint8Array(60), redacted: false, kind: 'payload', begun: [MIDNIGHT, 1, 1] },
    ...made,
  };
}
/** A packet for every key. */
const packets = async (_point: string, keys: readonly string[]): Promise<Map<string, EvidenceFrame[]>> =>
  new Map(keys.map((key) => [key, [frame()]]));

function writer(options: Partial<WriterOptions> = {}): Writer {
  return new Writer({
    ledger: async (request) => await ledger.record(request),
    append: (text) => void lines.push(...text.trimEnd().split('\n')),
    evidence: null,
    vantage: () => ({ nat: 'none', realm: null }),
    onWritten: (_point, list) => void acknowledged.push(...minersOf(list)),
    signatureSet: () => ({ signatures: 1, sha256: '00' }),
    program: { program: 'poolprint', version: '0' },
    clock: world.clock,
    after: world.after,
    log: world.log,
    ...options,
  });
}

describe('a detection that the ledger can never take', () => {
  test('is put aside, counted, told of and acknowledged; its neighbours and those behind are written', async () => {
    const list = madeReports(250);
    const bad = [list[0], list[77], list[240]].flatMap((each) => each ?? []);
    for (const { row } of bad) ledger.bad.add(row.miner.ip);
    const own = writer();
    own.add('p', list, coverageOf('s/p'));
    own.add('q', madeReports(1, 900), []);
    await own.drained();
    const good = minersOf([...list.filter((each) => !bad.includes(each)), ...madeReports(1, 900)]);
    expect(ledger.miners).toEqual(good);
    expect(ledger.sensors).toEqual(['s/p']);
    expect(own).toMatchObject({ refused: 3, pending: 0, problem: null, failures: 0, detectionsWritten: 248 });
    expect(acknowledged.length).toBe(251);
    expect(lines).toHaveLength(251);
    expect(errors()).toHaveLength(3);
    expect(world.facts.filter(({ detection }) => detection !== undefined)).toEqual(
      bad.map(({ row }) => ({
        detection: row.id,
        point: 'p',
        problem: `cannot read ${row.miner.ip} (combine.ts:1)`,
      })),
    );
    expect(world.waiting).toBe(0);
  });

  test('is not tried again as it was, alone where it has changed, and costs its neighbours nothing then', async () => {
    const [bad, ...rest] = madeReports(20) as [Report, ...Report[]];
    ledger.bad.add(bad.row.miner.ip);
    const own = writer();
    own.add('p', [bad, ...rest], []);
    await own.drained();
    const before = ledger.asked;
    own.add('p', [bad, ...rest], []);
    await own.drained();
    expect([ledger.asked - before, own.refused]).toEqual([1, 1]);
    const changed = { ...bad, row: { ...bad.row, flows: 2 } };
    own.add('p', [changed, ...rest], []);
    await own.drained();
    expect([ledger.asked - before, own.refused]).toEqual([3, 2]);
    ledger.bad.clear();
    own.add('p', [{ ...bad, row: { ...bad.row, flows: 3 } }], []);
    await own.drained();
    expect(ledger.miners).toContain(bad.row.miner.ip);
    own.add('p', [{ ...bad, row: { ...bad.row, flows: 4 } }, ...rest], []);
    await own.drained();
    // Once taken it is one of many again.
    expect([ledger.asked - before, own.refused]).toEqual([5, 2]);
  });

  test('where the disk fills up meanwhile everything waits, and none is counted twice', async () => {
    const list = madeReports(4);
    ledger.bad.add(list[1]?.row.miner.ip ?? '');
    ledger.fullFrom = 4;
    const own = writer();
    own.add('p', list, []);
    await own.drained();
    expect(own).toMatchObject({ problem: 'the disk is full', pending: 4, failures: 1, refused: 1 });
    expect([acknowledged, lines]).toEqual([[], []]);
    ledger.fullFrom = Number.POSITIVE_INFINITY;
    await world.advance(5);
    await own.drained();
    expect(ledger.miners).toEqual(minersOf(list.filter((_, i) => i !== 1)));
    expect(own).toMatchObject({ problem: null, pending: 0, refused: 1, detectionsWritten: 3 });
    expect(acknowledged).toHaveLength(4);
    expect(errors().filter((line) => line.includes('put aside'))).toHaveLength(1);
  });

  test('a refusal of the storage is none of the row: nothing is tried one by one', async () => {
    ledger.fullFrom = 1;
    const own = writer();
    own.add('p', madeReports(50), []);
    await own.drained();
    expect([ledger.asked, own.refused, own.pending]).toEqual([1, 0, 50]);
  });
});

describe('coverage and packets', () => {
  test('a row of coverage that cannot be taken is left out alone, and said once', async () => {
    ledger.bad.add('odd');
    const own = writer();
    own.add('p', madeReports(3), coverageOf('s/p', 'odd', 's/q'));
    own.add('p', [], coverageOf('odd'));
    await own.drained();
    expect(ledger.sensors).toEqual(['s/p', 's/q']);
    expect(ledger.miners).toHaveLength(3);
    expect(own).toMatchObject({ refused: 0, pending: 0, problem: null, detectionsWritten: 3 });
    expect(errors()).toHaveLength(1);
  });

  test('packets of the others go with them; those that cannot be taken are left out', async () => {
    const list = madeReports(4) as [Report, Report, Report, Report];
    ledger.bad.add(list[0].row.miner.ip);
    ledger.badPackets.add(list[1].row.id);
    const own = writer({ evidence: packets });
    own.add('p', list, []);
    await own.drained();
    expect(ledger.miners).toEqual(minersOf(list.slice(1)));
    expect(ledger.packets).toEqual([list[2].row.id, list[3].row.id].sort());
    expect(own).toMatchObject({ refused: 1, detectionsWritten: 3 });
    expect(errors().filter((line) => line.includes('packets behind'))).toHaveLength(1);
  });

  test('what was refused and is taken later brings its packets then', async () => {
    const one = madeReport();
    ledger.bad.add(one.row.miner.ip);
    const own = writer({ evidence: packets });
    own.add('p', [one], []);
    await own.drained();
    ledger.bad.clear();
    own.add('p', [{ ...one, evidence: false, row: { ...one.row, flows: 2 } }], []);
    await own.drained();
    expect(ledger.packets).toEqual([one.row.id]);
  });

  test('packets that cannot be made into a capture: the detection goes without, said once', async () => {
    const list = madeReports(5);
    const odd = new Set(list.slice(0, 3).map(({ key }) => key));
    const own = writer({
      evidence: async (_point, keys) =>
        new Map(
          keys.map((key) => [key, [odd.has(key) ? frame({ bytes: null as unknown as Uint8Array }) : frame()]] as const),
        ),
    });
    own.add('p', list, coverageOf('s/p'));
    await own.drained();
    expect(ledger.asked).toBe(1);
    expect(ledger.miners).toEqual(minersOf(list));
    expect(ledger.packets).toEqual(
      list
        .slice(3)
        .map(({ row }) => row.id)
        .sort(),
    );
    expect(own).toMatchObject({ problem: null, refused: 0, failures: 0 });
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toContain(list[0]?.row.id ?? 'none');
  });

  test('packets of one key that cannot be told keep no others back', async () => {
    const list = madeReports(3) as [Report, Report, Report];
    const own = writer({
      evidence: async (point, keys) => {
        if (keys.includes(list[1].key)) throw new Error('no such flow');
        return await packets(point, keys);
      },
    });
    own.add('p', list, []);
    await own.drained();
    expect(ledger.miners).toEqual(minersOf(list));
    expect(ledger.packets).toEqual([list[0].row.id, list[2].row.id].sort());
    expect(errors()).toHaveLength(1);
  });
});
