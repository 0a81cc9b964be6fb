/** Compares the ledger of a daemon that was killed often with that of one run over the same files. */
import { randomBytes } from 'node:crypto';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { combineParts } from '../../src/ledger/combine.ts';
import { openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { type FlowSender, recordsIn } from './kill-flows.ts';
import type { Span } from './kill-spool.ts';

/** Detections of a ledger by id, each out of its parts. */
export function detectionsOf(path: string, sensor: string): Map<string, DetectionRow> {
  const options = { mode: 'read', now: () => Date.now() * 1000, random: (n: number) => randomBytes(n) } as const;
  const ledger = openLedger(path, options);
  try {
    const found = new Map<string, DetectionRow>();
    for (const id of ledger.leads.detectionIds()) {
      const row = combineParts(ledger.leads.parts(id).map((part) => part.row));
      if (row.sensor === sensor) found.set(id, row);
    }
    return found;
  } finally {
    ledger.close();
  }
}

export interface SpoolVerdict {
  readonly expected: number;
  readonly found: number;
  /** Detections within captures that no kill cut in two, and of those that some did. */
  readonly whole: number;
  readonly cut: number;
  /** Cut ones in which everything that is counted is as in one run, and in which something falls short. */
  readonly cutEqual: number;
  readonly cutShort: number;
  /** Of cut ones: under another dialect or pool as well, or instead; not found at all. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** Shares of one run, and those in the ledger. */
  readonly shares: readonly [number, number];
  readonly packets: readonly [number, number];
  readonly violations: readonly string[];
}

/** `cuts`: capture times at which a process ended and the next one began, µs. */
export function compareSpool(
  expected: ReadonlyMap<string, DetectionRow>,
  found: ReadonlyMap<string, DetectionRow>,
  spans: readonly Span[],
  cuts: readonly number[],
): SpoolVerdict {
  const cutSpans = spans.filter(({ from, to }) => cuts.some((cut) => cut > from && cut <= to));
  const micros = (text: string): number => Date.parse(text) * 1000;
  const isCut = (row: DetectionRow): boolean =>
    cutSpans.some(({ from, to }) => micros(row.first_seen) <= to && micros(row.last_seen) >= from - 1000);
  const violations: string[] = [];
  const changed: string[] = [];
  const missing: string[] = [];
  const tally = { whole: 0, cut: 0, cutEqual: 0, cutShort: 0 };
  const others = groups(found.values());
  const ours = groups(expected.values());
  for (const [id, row] of expected) {
    const cut = isCut(row);
    tally[cut ? 'cut' : 'whole']++;
    const got = found.get(id);
    if (got === undefined) {
      const twin = (others.get(groupOf(row)) ?? []).some((other) => !expected.has(other.id));
      if (!cut) violations.push(`not found: ${told(row)}`);
      else (twin ? changed : missing).push(`instead of ${told(row)}`);
      continue;
    }
    const [theirs, own] = [countsOf(got), countsOf(row)];
    const more = own.findIndex((n, i) => (theirs[i] as number) > n);
    if (more >= 0) violations.push(`counted twice: ${told(row)}: ${theirs} instead of ${own}`);
    const equal = own.every((n, i) => n === theirs[i]);
    if (cut) tally[equal ? 'cutEqual' : 'cutShort']++;
    else if (!equal) violations.push(`falls short: ${told(row)}: ${theirs} instead of ${own}`);
    else if (surety(got) !== surety(row)) violations.push(`${surety(got)} instead of ${surety(row)}: ${told(row)}`);
  }
  for (const [id, row] of found) {
    if (expected.has(id)) continue;
    if (isCut(row) && ours.has(groupOf(row))) changed.push(`besides: ${told(row)}`);
    else violations.push(`invented: ${told(row)}`);
  }
  for (const [group, rows] of others) {
    const [theirs, own] = [sharesOf(rows), sharesOf(ours.get(group) ?? [])];
    if (theirs > own) violations.push(`shares twice under several names: ${group}: ${theirs} instead of ${own}`);
  }
  const sums = (rows: ReadonlyMap<string, DetectionRow>): [number, number] => {
    const all = [...rows.values()];
    return [sharesOf(all), all.reduce((n, r) => n + r.packets[0] + r.packets[1], 0)];
  };
  const [a, b] = [sums(expected), sums(found)];
  return {
    expected: expected.size,
    found: found.size,
    ...tally,
    changed,
    missing,
    shares: [a[0], b[0]],
    packets: [a[1], b[1]],
    violations,
  };
}

const sharesOf = (rows: readonly DetectionRow[]): number => rows.reduce((n, r) => n + r.shares.submitted, 0);
const surety = (r: DetectionRow): string => `${r.confidence} ${r.activity}`;

function countsOf({ shares, packets, bytes, flows }: DetectionRow): number[] {
  return [shares.submitted, shares.accepted, shares.rejected, ...packets, ...bytes, flows];
}

/** One miner on one day, whatever dialect and pool: where the opening is missed, a proxy may be taken for the pool. */
function groupOf({ miner, window }: DetectionRow): string {
  return `${miner.ip} ${window.from.slice(0, 10)}`;
}

function groups(rows: Iterable<DetectionRow>): Map<string, DetectionRow[]> {
  const found = new Map<string, DetectionRow[]>();
  for (const row of rows) found.set(groupOf(row), [...(found.get(groupOf(row)) ?? []), row]);
  return found;
}

function told(r: DetectionRow): string {
  const pool = r.pool.ip ?? r.pool.host;
  return `${surety(r)} ${r.dialect} ${r.miner.ip} to ${pool}:${r.pool.port} from ${r.first_seen} to ${r.last_seen}`;
}

/** Time in which a line of the log arrives here, ms. */
const ARRIVAL = 100;

/** A time in which flow records may be lost: from the last checkpoint to the socket of the next process; wall clock, ms. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface FlowVerdict {
  readonly miners: number;
  readonly sent: number;
  readonly counted: number;
  /** Lost within a gap; longest time before a checkpoint at which one that is lost was sent, ms. */
  readonly lost: number;
  readonly earliest: number;
  readonly violations: readonly string[];
}

/** `slack`: time that a datagram may wait in the socket while a file is read, ms. */
export function compareFlows(
  sent: FlowSender['sent'],
  found: ReadonlyMap<string, DetectionRow>,
  gaps: readonly Gap[],
  slack: number,
): FlowVerdict {
  const violations: string[] = [];
  const rows = new Map<string, DetectionRow>();
  for (const row of found.values()) {
    const known = rows.get(row.miner.ip);
    // A conversation that goes on over midnight is one of each day.
    if (known === undefined) rows.set(row.miner.ip, row);
    else {
      const packets: [number, number] = [known.packets[0] + row.packets[0], known.packets[1] + row.packets[1]];
      rows.set(row.miner.ip, { ...row, packets });
    }
  }
  for (const miner of rows.keys()) if (!sent.has(miner)) violations.push(`invented: ${miner}`);
  let [records, counted, lost, earliest] = [0, 0, 0, 0];
  for (const [miner, own] of sent) {
    const packets = rows.get(miner)?.packets ?? [0, 0];
    const [out, back] = [recordsIn(packets[0]), recordsIn(packets[1])];
    if (out === null || back === null) violations.push(`counted twice: ${miner}: ${packets}`);
    for (const { bit, at } of own) {
      for (const bits of [out, back]) {
        records++;
        if (bits === null || bits.includes(bit)) {
          counted++;
          continue;
        }
        lost++;
        const gap = gaps.find(({ from, to }) => at >= from - slack && at <= to + ARRIVAL);
        if (gap === undefined) {
          const next = gaps.find(({ from }) => from > at)?.from ?? Number.NaN;
          const early = `${Math.round(next - at)} ms before a checkpoint`;
          violations.push(
            `lost outside of a gap: ${miner}, record ${bit}, sent ${new Date(at).toISOString()}, ${early}`,
          );
        } else earliest = Math.max(earliest, gap.from - at);
      }
    }
  }
  return { miners: rows.size, sent: records, counted, lost, earliest, violations };
}
