/** Hashrate and connections of a lead out of its detections. */
import type { ConversationRow, DetectionRow } from '../detect/detection.ts';
import type { AlgorithmRate } from '../estimate/types.ts';
import { addBands, byText } from './combine.ts';
import { micros } from './times.ts';

/**
 * One rate per algorithm and unit, of the last UTC day with shares (the day of a detection is that of its last packet). Of one
 * day, rates at the same time add up and those one after another share the time: the hashes of all (rate × observed time)
 * divided by the observed time of the day, which is the sum of the observed times scaled by how much the detections overlap
 * (length of their union / sum of their lengths). Limits add in quadrature. Never a sum over algorithms.
 */
export function leadRates(rows: readonly DetectionRow[]): AlgorithmRate[] {
  const rated = onceSeen(rows).flatMap((row) =>
    row.hashrate === null || !(row.hashrate.observed_seconds > 0) ? [] : [{ row, rate: row.hashrate }],
  );
  const ends = rated.map(({ row }) => row.last_seen).sort(byText);
  const day = ends.at(-1)?.slice(0, 10) ?? '';
  const groups = new Map<string, typeof rated>();
  for (const each of rated) {
    if (!each.row.last_seen.startsWith(day)) continue;
    const key = JSON.stringify([each.row.algorithm ?? 'unknown', each.rate.unit]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups]
    .sort(([a], [b]) => byText(a, b))
    .map(([key, list]) => {
      const [algorithm = 'unknown', unit = 'H/s'] = JSON.parse(key) as string[];
      list.sort((a, b) => byText(a.row.first_seen, b.row.first_seen) || byText(a.row.id, b.row.id));
      const seconds = dayTime(list.map(({ row, rate }) => ({ ...spanOf(row), observed: rate.observed_seconds })));
      const band = addBands(list.map(({ rate }) => ({ ...rate, weight: rate.observed_seconds / seconds })));
      return { algorithm, unit, ...band };
    });
}

/** Traffic that several sensors saw is one: of equal keys and times that overlap the one with most shares stands. */
function onceSeen(rows: readonly DetectionRow[]): DetectionRow[] {
  const best = new Map<string, DetectionRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.window.from, row.miner.ip, row.pool, row.dialect, row.vantage.realm]);
    const other = best.get(key);
    const more =
      other === undefined ||
      row.shares.submitted > other.shares.submitted ||
      (row.shares.submitted === other.shares.submitted && row.id < other.id);
    if (more) best.set(key, row);
  }
  return [...best.values()];
}

function spanOf(row: DetectionRow): { from: number; to: number } {
  const from = micros(row.first_seen) ?? 0;
  return { from, to: Math.max(from, micros(row.last_seen) ?? 0) };
}

/** Observed time of detections together, seconds: of those at the same time it counts once. */
function dayTime(list: readonly { readonly from: number; readonly to: number; readonly observed: number }[]): number {
  // A detection is at least as long as it was observed, whatever its times say.
  const spans = list.map(({ from, to, observed }) => ({ from, to: Math.max(to, from + observed * 1e6) }));
  spans.sort((a, b) => a.from - b.from || a.to - b.to);
  let union = 0;
  let end = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const { from, to } of spans) {
    union += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
    sum += to - from;
  }
  const observed = list.reduce((total, each) => total + each.observed, 0);
  return observed * (union / sum);
}

/**
 * The most conversations at one time; null without any. One that several sensors, or packets and flow records, tell of is one:
 * between the same ends and from the same port there is no second at the same time.
 */
export function mostConnections(rows: readonly DetectionRow[]): number | null {
  const byEnds = new Map<string, ConversationRow[]>();
  for (const { miner, pool, vantage, conversations } of rows) {
    for (const c of conversations) {
      const ends = JSON.stringify([vantage.realm, miner.ip, c.miner_port, pool.ip ?? pool.host, pool.port]);
      const known = byEnds.get(ends);
      if (known === undefined) byEnds.set(ends, [c]);
      else known.push(c);
    }
  }
  const events = [...byEnds.values()].flatMap(spansOf).flatMap(({ from, to }): [string, number][] => [
    [from, 1],
    [to, -1],
  ]);
  if (events.length === 0) return null;
  // Beginnings before ends: a conversation of one packet counts.
  events.sort((a, b) => byText(a[0], b[0]) || b[1] - a[1]);
  let now = 0;
  let most = 0;
  for (const [, step] of events) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

/** The times of conversations of which no two can be open at once: those that overlap are one. */
function spansOf(list: readonly ConversationRow[]): { from: string; to: string }[] {
  const spans: { from: string; to: string }[] = [];
  for (const c of [...list].sort((a, b) => byText(a.first_seen, b.first_seen))) {
    const last = spans.at(-1);
    if (last === undefined || c.first_seen > last.to) spans.push({ from: c.first_seen, to: c.last_seen });
    else if (c.last_seen > last.to) last.to = c.last_seen;
  }
  return spans;
}
