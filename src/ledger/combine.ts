/**
 * One detection out of its parts. The same id may come with different contents: a day read in two halves, a day read again
 * when more of it had passed, or with other signatures. What counts is a pure function of the set of parts.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../common/canonical-json.ts';
import type {
  AccountRow,
  Activity,
  Confidence,
  ConversationRow,
  DetectionRow,
  HashrateRow,
  IndicationRow,
} from '../detect/detection.ts';

/** As many as one detection shows. */
const MAX_INDICATIONS = 32;
const MAX_CONVERSATIONS = 64;
const CONFIDENCE: Readonly<Record<Confidence, number>> = { suspected: 0, probable: 1, confirmed: 2 };
const ACTIVITY: Readonly<Record<Activity, number>> = { attempt: 0, probe: 1, mining: 2, proxy: 3 };

/** SHA-256 (hex) of the row's canonical JSON: two parts with one digest are one. */
export function partDigest(row: DetectionRow): string {
  return createHash('sha256').update(canonicalJson(row)).digest('hex');
}

/** Orders texts by code units, the same on every machine. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorted, each once. */
export function sortedUnique(list: Iterable<string>): string[] {
  return [...new Set(list)].sort(byText);
}

/** A row with its canonical text, made when first asked for: most rows are told apart by less. */
class Part {
  readonly row: DetectionRow;
  #text: string | null = null;

  constructor(row: DetectionRow) {
    this.row = row;
  }

  get text(): string {
    this.#text ??= canonicalJson(this.row);
    return this.#text;
  }
}

function byEnd(a: Part, b: Part): number {
  const { row: x } = a;
  const { row: y } = b;
  if (x === y) return 0;
  return byText(x.last_seen, y.last_seen) || byText(x.first_seen, y.first_seen) || byText(a.text, b.text);
}

/**
 * For each part, in order of its end, how many of those before it do not overlap it. Two that meet in one instant are
 * apart, unless the first is that instant alone.
 */
function compatible(parts: readonly Part[]): number[] {
  return parts.map(({ row }) => {
    let low = 0;
    let high = parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = (parts[middle] as Part).row;
      const before =
        other.last_seen < row.first_seen || (other.last_seen === row.first_seen && other.first_seen < other.last_seen);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/**
 * The greatest sum over parts that do not overlap, and those parts (weighted interval scheduling). So a part within another
 * that counted as much adds nothing, parts one after another add up, and of overlapping ones the greater counts.
 */
function greatest(parts: readonly Part[], before: readonly number[], weight: (row: DetectionRow) => number): Part[] {
  const best: number[] = [0];
  parts.forEach(({ row }, i) => {
    best.push(Math.max(best[i] as number, (best[before[i] as number] as number) + weight(row)));
  });
  const chosen: Part[] = [];
  let i = parts.length;
  while (i > 0) {
    if (best[i] === best[i - 1]) i -= 1;
    else {
      chosen.push(parts[i - 1] as Part);
      i = before[i - 1] as number;
    }
  }
  return chosen.reverse();
}

/**
 * The detection that a set of parts of one id makes. Counts: the greatest sum over parts that do not overlap. What was
 * read (indications, accounts, agents, conversations) is united; the surest part says the rest. The order of `parts` and
 * repetitions do not matter. Throws a TypeError for an empty list.
 */
export function combineParts(parts: readonly DetectionRow[]): DetectionRow {
  if (parts.length === 0) throw new TypeError('a detection has at least one part');
  if (parts.length === 1) return parts[0] as DetectionRow;
  const sorted = parts
    .map((row) => new Part(row))
    .sort(byEnd)
    .filter((part, i, all) => i === 0 || byEnd(all[i - 1] as Part, part) !== 0);
  if (sorted.length === 1) return (sorted[0] as Part).row;
  const before = compatible(sorted);
  const total = (weight: (row: DetectionRow) => number): number =>
    greatest(sorted, before, weight).reduce((sum, { row }) => sum + weight(row), 0);
  const rows = sorted.map(({ row }) => row);
  const surest = [...sorted].sort(bySurety)[0] as Part;
  const latest = rows.at(-1) as DetectionRow;
  const earliest = [...sorted].sort((a, b) => byText(a.row.first_seen, b.row.first_seen) || byText(a.text, b.text))[0];
  const ascending = <T>(pick: (row: DetectionRow) => T): T[] => rows.map(pick);
  const seen = new Set(rows.map((row) => row.seen));
  return {
    ...surest.row,
    window: {
      kind: rows.some((row) => row.window.kind === 'day') ? 'day' : 'run',
      from: sortedUnique(ascending((row) => row.window.from))[0] as string,
      to: sortedUnique(ascending((row) => row.window.to)).at(-1) as string,
    },
    vantage: {
      ...surest.row.vantage,
      clock_error_s: Math.max(...ascending((row) => row.vantage.clock_error_s)),
    },
    first_seen: (earliest as Part).row.first_seen,
    last_seen: latest.last_seen,
    activity: ascending((row) => row.activity).sort((a, b) => ACTIVITY[b] - ACTIVITY[a])[0] as Activity,
    coins: sortedUnique(rows.flatMap((row) => row.coins)),
    score: Math.max(...ascending((row) => row.score)),
    indications: uniteIndications(rows),
    accounts: uniteAccounts(rows),
    agents: sortedUnique(rows.flatMap((row) => row.agents)),
    shares: {
      submitted: total((row) => row.shares.submitted),
      accepted: total((row) => row.shares.accepted),
      rejected: total((row) => row.shares.rejected),
    },
    difficulty: rows.findLast((row) => row.difficulty !== null)?.difficulty ?? null,
    hashrate: uniteRates(greatest(sorted, before, (row) => row.hashrate?.shares_used ?? 0)),
    reported_hashrate: rows.findLast((row) => row.reported_hashrate !== null)?.reported_hashrate ?? null,
    conversations: uniteConversations(rows),
    flows: total((row) => row.flows),
    packets: [total((row) => row.packets[0]), total((row) => row.packets[1])],
    bytes: [total((row) => row.bytes[0]), total((row) => row.bytes[1])],
    picked_up: (earliest as Part).row.picked_up,
    seen: seen.size > 1 ? 'both' : surest.row.seen,
  };
}

function bySurety(a: Part, b: Part): number {
  return (
    CONFIDENCE[b.row.confidence] - CONFIDENCE[a.row.confidence] ||
    ACTIVITY[b.row.activity] - ACTIVITY[a.row.activity] ||
    b.row.score - a.row.score ||
    byText(b.row.last_seen, a.row.last_seen) ||
    byText(a.text, b.text)
  );
}

/** The earliest of each signature and version. */
function uniteIndications(rows: readonly DetectionRow[]): IndicationRow[] {
  const order = (a: IndicationRow, b: IndicationRow): number =>
    a === b ? 0 : byText(a.time, b.time) || byText(canonicalJson(a), canonicalJson(b));
  const first = new Map<string, IndicationRow>();
  for (const value of rows.flatMap((row) => row.indications)) {
    const key = `${value.signature}@${value.version}`;
    const other = first.get(key);
    if (other === undefined || order(value, other) < 0) first.set(key, value);
  }
  return [...first.values()].sort(order).slice(0, MAX_INDICATIONS);
}

/** Each login once; a wallet that one part told holds for all. */
function uniteAccounts(rows: readonly DetectionRow[]): AccountRow[] {
  const byKey = new Map<string, { value: AccountRow; text: string }>();
  for (const value of rows.flatMap((row) => row.accounts)) {
    const key = canonicalJson([value.login, value.account, value.worker]);
    const text = canonicalJson(value);
    const other = byKey.get(key);
    const better =
      other === undefined ||
      (value.wallet === null ? 1 : 0) < (other.value.wallet === null ? 1 : 0) ||
      ((value.wallet === null) === (other.value.wallet === null) && text < other.text);
    if (better) byKey.set(key, { value, text });
  }
  return [...byKey].sort(([a], [b]) => byText(a, b)).map(([, { value }]) => value);
}

/** The newest conversations; one that lies within another of the same port is the same, seen for a shorter time. */
function uniteConversations(rows: readonly DetectionRow[]): ConversationRow[] {
  const all = rows.flatMap((row) => row.conversations);
  all.sort(
    (a, b) =>
      a.miner_port - b.miner_port ||
      byText(a.first_seen, b.first_seen) ||
      byText(b.last_seen, a.last_seen) ||
      Number(b.opened_in_view) - Number(a.opened_in_view),
  );
  const kept: ConversationRow[] = [];
  for (const each of all) {
    const last = kept.at(-1);
    if (last?.miner_port !== each.miner_port || each.last_seen > last.last_seen) kept.push(each);
  }
  kept.sort(
    (a, b) => byText(a.last_seen, b.last_seen) || byText(a.first_seen, b.first_seen) || a.miner_port - b.miner_port,
  );
  return kept
    .slice(-MAX_CONVERSATIONS)
    .sort(
      (a, b) => byText(a.first_seen, b.first_seen) || a.miner_port - b.miner_port || byText(a.last_seen, b.last_seen),
    );
}

/** Rates of times that do not overlap, weighed with the time each was observed; limits add in quadrature. */
function uniteRates(parts: readonly Part[]): HashrateRow | null {
  const rates = parts.flatMap(({ row }) => row.hashrate ?? []);
  const unit = [...rates].sort((a, b) => b.shares_used - a.shares_used || byText(a.unit, b.unit))[0]?.unit;
  if (unit === undefined) return null;
  const used = rates.filter((rate) => rate.unit === unit && rate.observed_seconds > 0);
  const seconds = used.reduce((sum, rate) => sum + rate.observed_seconds, 0);
  if (seconds === 0) return rates.find((rate) => rate.unit === unit) ?? null;
  if (used.length === 1) return used[0] as HashrateRow;
  const band = addBands(used.map((rate) => ({ ...rate, weight: rate.observed_seconds / seconds })));
  return {
    ...band,
    unit,
    basis: 'shares',
    shares_used: used.reduce((sum, rate) => sum + rate.shares_used, 0),
    observed_seconds: Math.round(seconds * 1000) / 1000,
  };
}

/** Weighted sum of independent bands: middles add, distances to the limits add in quadrature. Six significant digits. */
export function addBands(
  bands: readonly { readonly low: number; readonly mid: number; readonly high: number; readonly weight: number }[],
): { readonly low: number; readonly mid: number; readonly high: number } {
  let mid = 0;
  let below = 0;
  let above = 0;
  for (const band of bands) {
    mid += band.mid * band.weight;
    below += ((band.mid - band.low) * band.weight) ** 2;
    above += ((band.high - band.mid) * band.weight) ** 2;
  }
  const round = (n: number): number => Number(Math.max(0, n).toPrecision(6));
  return { low: round(mid - Math.sqrt(below)), mid: round(mid), high: round(mid + Math.sqrt(above)) };
}
