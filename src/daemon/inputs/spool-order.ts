/** Which files of a spool are complete, and in which order they are read. */
import { compareNames } from '../../common/name-order.ts';
import type { FileFacts } from './spool-file.ts';

/** A file as the last look at the directory found it. */
export interface SpoolEntry {
  facts: FileFacts;
  compressed: boolean;
  /** Time of the first packet, µs; null = not known. */
  begin: number | null;
  /** Wall clock (µs) of the look at which its size or time had changed. */
  changed: number;
  /** Nothing of it is left to read. */
  done: boolean;
}

const SUFFIX = /\.(?:gz|zst|xz|lz4)$/i;

/** Name without the suffix of a compression; null where it has none. */
export function uncompressedName(text: string): string | null {
  return SUFFIX.test(text) ? text.replace(SUFFIX, '') : null;
}

/**
 * An interface by one of the usual names, with its VLAN, in front of what rotates: `eth2-20261122-120000.pcap`, `ens1f0.100_00003`.
 * Other numbers in front may be those that rotate (`cap001-20261122.pcap`).
 */
const INTERFACE =
  /^(?:eth|en[opsx]|wl[opsx]|wlan|ww|ib|bond|br|team|tap|tun|veth|vlan|wan|lan|ppp|span|mon)[a-z\d]{0,12}(?:\.\d{1,4})?(?=[-_.@].*\d)/i;

/** Files that one writer rotates: the name, with every number in it replaced but that of an interface in front. */
function seriesOf(text: string): string {
  const name = text.replace(SUFFIX, '');
  const front = INTERFACE.exec(name)?.[0] ?? '';
  return front + name.slice(front.length).replace(/\d+/g, '#');
}

/**
 * The last files of each series, by the first packet and by the time of change: the writer may still have them open. Empty ones say
 * nothing. Linear.
 */
export function lastOfSeries(entries: Iterable<SpoolEntry>): Set<SpoolEntry> {
  const begun = new Map<string, SpoolEntry>();
  const changed = new Map<string, SpoolEntry>();
  for (const entry of entries) {
    const { facts, begin } = entry;
    if (facts.size === 0) continue;
    const name = seriesOf(facts.text);
    const first = begun.get(name);
    if (begin !== null && (first === undefined || compareEntries(first, entry) < 0)) begun.set(name, entry);
    const other = changed.get(name);
    if (other === undefined || other.facts.mtime < facts.mtime) changed.set(name, entry);
    else if (other.facts.mtime === facts.mtime && compareEntries(other, entry) < 0) changed.set(name, entry);
  }
  return new Set([...begun.values(), ...changed.values()]);
}

/**
 * Time of the first packet, then the name (numbers by value, the rest byte by byte), then the time of change. Files without
 * a first packet (flow logs, empty captures) come after those with one, in the order of names.
 */
export function compareEntries(a: SpoolEntry, b: SpoolEntry): number {
  if (a.begin !== null && b.begin !== null && a.begin !== b.begin) return a.begin - b.begin;
  if ((a.begin === null) !== (b.begin === null)) return a.begin === null ? 1 : -1;
  const byName = compareNames(a.facts.text, b.facts.text);
  if (byName !== 0) return byName;
  if (a.facts.mtime !== b.facts.mtime) return a.facts.mtime < b.facts.mtime ? -1 : 1;
  return a.facts.key < b.facts.key ? -1 : a.facts.key > b.facts.key ? 1 : 0;
}

interface Series {
  /** Latest beginning; latest change of all, and of those without a beginning, ns. */
  begin: number;
  changed: bigint;
  changedUnknown: bigint;
}

/** Has it not changed for `settle` seconds, at `now` (µs)? A time of change in the future says nothing. */
function isQuiet(entry: SpoolEntry, now: number, settle: number): boolean {
  const mtime = Number(entry.facts.mtime / 1000n);
  return now - (mtime <= now ? mtime : entry.changed) >= settle * 1e6;
}

/**
 * Times `settle` for which the last file of a series has to be quiet before it goes: tcpdump begins a new file only with a packet, so on
 * a silent link the old one stays open (https://github.com/the-tcpdump-group/tcpdump/issues/857).
 */
const LAST_SETTLE = 60;

/**
 * May a file that was read to `size` go, as it is `now`? Not if it has changed in any way since the last look, which may not
 * have been its own content any more, and not before it is quiet. `clock`: µs. `last`: nothing follows it in its series.
 */
export function mayGo(
  entry: SpoolEntry,
  now: FileFacts,
  size: number,
  clock: number,
  settle: number,
  last: boolean,
): boolean {
  const { key, ctime } = entry.facts;
  if (now.key !== key || now.ctime !== ctime || now.size > size) return false;
  // What is compressed was closed before.
  const seconds = last && !entry.compressed ? settle * LAST_SETTLE : settle;
  return isQuiet({ ...entry, facts: now }, clock, seconds);
}

/**
 * The files to be read now, in order. Complete is what has not changed for `settle` seconds, or (unless compressed: several
 * may be compressed at once) what a newer file of its series follows. A file waits for earlier ones of its series. Sorts n
 * files; otherwise linear.
 */
export function readyEntries(entries: Iterable<SpoolEntry>, now: number, settle: number): SpoolEntry[] {
  const all = [...entries].sort(compareEntries);
  const series = new Map<string, Series>();
  for (const { facts, begin } of all) {
    const name = seriesOf(facts.text);
    const known = series.get(name) ?? { begin: -1, changed: -1n, changedUnknown: -1n };
    if (facts.mtime > known.changed) known.changed = facts.mtime;
    if (begin === null && facts.mtime > known.changedUnknown) known.changedUnknown = facts.mtime;
    if (begin !== null && begin > known.begin) known.begin = begin;
    series.set(name, known);
  }
  const ready: SpoolEntry[] = [];
  const held = new Set<string>();
  for (const entry of all) {
    const { facts, begin } = entry;
    if (entry.done || facts.size === 0) continue;
    const name = seriesOf(facts.text);
    if (held.has(name)) continue;
    const others = series.get(name) as Series;
    const followed =
      begin === null ? others.changed > facts.mtime : others.begin > begin || others.changedUnknown > facts.mtime;
    if (isQuiet(entry, now, settle) || (followed && !entry.compressed)) ready.push(entry);
    else held.add(name);
  }
  return ready;
}
