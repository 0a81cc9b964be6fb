/**
 * What was watched: only time in which a sensor saw the customer's prefix counts, so that "no traffic seen" is never read as
 * "stopped". A row that names no prefixes covers no particular customer and counts for nobody; nor does a prefix in which
 * not a single flow was met, since its traffic may take another way.
 */
import type { CoverageRow, DetectionRow } from '../detect/detection.ts';
import { canonicalPrefix, prefixOf } from './prefix.ts';
import { isoTime, micros } from './times.ts';
import type { Lead, LeadAddress } from './types.ts';

type Vantage = Pick<DetectionRow['vantage'], 'nat' | 'realm'>;

/** A coverage row with the place of its sensor, where it was known when the row was recorded. */
export interface PlacedCoverage extends CoverageRow {
  readonly vantage?: Vantage;
}

type Interval = [from: number, to: number];

/** Intervals in which prefixes were observed, from each kind of place; of two sensors at once they count once. */
export class CoverageIndex {
  /** By vantage, then by prefix length, then by prefix. */
  readonly #byVantage = new Map<string, Map<number, Map<string, Interval[]>>>();

  /** `until`: nothing later counts, microseconds; null for all. */
  constructor(rows: Iterable<PlacedCoverage>, vantageOf: (sensor: string) => Vantage | null, until: number | null) {
    for (const row of rows) {
      const vantage = row.vantage ?? vantageOf(row.sensor);
      const from = row.from === null ? null : micros(row.from);
      const to = row.to === null ? null : micros(row.to);
      if (vantage === null || from === null || to === null) continue;
      const end = until === null ? to : Math.min(to, until);
      if (end <= from) continue;
      for (const { prefix, flows } of row.customer_prefixes) {
        const canonical = flows > 0 ? canonicalPrefix(prefix) : null;
        if (canonical !== null) this.#add(vantage, canonical, [from, end]);
      }
    }
    this.#merge();
  }

  #add(vantage: Vantage, prefix: string, interval: Interval): void {
    const place = placeOf(vantage);
    const lengths = this.#byVantage.get(place) ?? new Map<number, Map<string, Interval[]>>();
    this.#byVantage.set(place, lengths);
    const length = lengthOf(prefix);
    const prefixes = lengths.get(length) ?? new Map<string, Interval[]>();
    lengths.set(length, prefixes);
    const list = prefixes.get(prefix);
    if (list === undefined) prefixes.set(prefix, [interval]);
    else list.push(interval);
  }

  #merge(): void {
    for (const lengths of this.#byVantage.values()) {
      for (const prefixes of lengths.values()) {
        for (const [prefix, list] of prefixes) prefixes.set(prefix, union(list));
      }
    }
  }

  /** When an address was observed, in order, disjoint. */
  of(address: Pick<LeadAddress, 'ip' | 'realm' | 'nat'>): Interval[] {
    const lengths = this.#byVantage.get(placeOf(address));
    if (lengths === undefined) return [];
    const found: Interval[] = [];
    for (const [length, prefixes] of lengths) {
      const prefix = prefixOf(address.ip, length);
      for (const interval of (prefix !== null && prefixes.get(prefix)) || []) found.push(interval);
    }
    return union(found);
  }

  /**
   * Time in which all addresses of a lead were observed, the end of it, and how much of it lies after the last traffic.
   * A lead with an address that nobody watches is never quiet.
   */
  observed(lead: Pick<Lead, 'addresses' | 'last_seen'>): Lead['observed'] {
    const [first, ...others] = lead.addresses;
    let common = first === undefined ? [] : this.of(first);
    for (const address of others) {
      if (common.length === 0) break;
      common = intersection(common, this.of(address));
    }
    const last = lead.last_seen === null ? null : micros(lead.last_seen);
    let seconds = 0;
    let quiet = 0;
    for (const [from, to] of common) {
      seconds += to - from;
      if (last !== null && to > last) quiet += to - Math.max(from, last);
    }
    const until = common.at(-1)?.[1];
    return {
      seconds: Math.floor(seconds / 1e6),
      until: until === undefined ? null : isoTime(until),
      quiet_seconds: Math.floor(quiet / 1e6),
    };
  }
}

/** Private addresses mean something within their realm alone; the side of a translation matters for all. */
function placeOf({ nat, realm }: { readonly nat: string; readonly realm: string | null }): string {
  return JSON.stringify([nat, realm]);
}

function lengthOf(prefix: string): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

function union(list: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const [from, to] of [...list].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function intersection(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i] as Interval, b[j] as Interval];
    const from = Math.max(x[0], y[0]);
    const to = Math.min(x[1], y[1]);
    if (from < to) common.push([from, to]);
    if (x[1] < y[1]) i += 1;
    else j += 1;
  }
  return common;
}
