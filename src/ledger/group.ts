/**
 * Which nodes make one lead: a pure function of the nodes, what was seen of them, the reports, and what persons merged and
 * split. The order in which all that arrived does not matter, except for the order of persons' acts.
 */
import { byText, sortedUnique } from './combine.ts';
import type { ReportRecord } from './decisions.ts';
import type { NodeFacts } from './node-facts.ts';
import type { LeadSettings } from './services.ts';
import type { StoredEntry } from './store.ts';
import { MICROS_PER_HOUR, micros } from './times.ts';
import { joinTimes } from './tokens.ts';

/** What persons put together and took apart, and where traffic went when the registry changed. */
export interface Acts {
  /** In order: [target, source]. */
  readonly edges: readonly (readonly [string, string])[];
  /** Nodes that never join by themselves with those on the other side. */
  readonly splits: readonly { readonly off: ReadonlySet<string>; readonly rest: ReadonlySet<string> }[];
  /** Node → where its traffic went; counts while it has none itself. */
  readonly moved: ReadonlyMap<string, string>;
}

export const ACT_ACTIONS: readonly string[] = ['lead.merged', 'lead.split', 'lead.moved'];

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** Acts out of the entries of the chain, in its order. */
export function foldActs(entries: Iterable<StoredEntry>): Acts {
  let edges: (readonly [string, string])[] = [];
  const splits: { off: ReadonlySet<string>; rest: ReadonlySet<string> }[] = [];
  const moved = new Map<string, string>();
  for (const { action, detail, lead } of entries) {
    if (action === 'lead.merged') {
      const [target = '', source = ''] = strings([detail['target'], detail['source']]);
      edges.push([target, source]);
    } else if (action === 'lead.split') {
      const off = new Set(strings(detail['off']));
      const rest = new Set(strings(detail['rest']));
      edges = edges.filter(([a, b]) => !(off.has(a) && rest.has(b)) && !(off.has(b) && rest.has(a)));
      // Each side stays together, also where the edge between its nodes ran over the other side.
      for (const [id, side] of [
        [detail['lead'], rest],
        [detail['new_lead'], off],
      ] as const) {
        for (const node of side) if (typeof id === 'string' && node !== id) edges.push([id, node]);
      }
      splits.push({ off, rest });
    } else if (action === 'lead.moved' && lead !== null && typeof detail['to'] === 'string') {
      moved.set(lead, detail['to']);
    }
  }
  return { edges, splits, moved };
}

/** Disjoint sets of nodes that know on which sides of splits they stand. */
class Sets {
  readonly #parent = new Map<string, string>();
  /** By root: number of the split → 1 off, 2 rest, 3 both (a person merged them again: the split is void). */
  readonly #sides = new Map<string, Map<number, number>>();

  constructor(nodes: Iterable<string>, splits: Acts['splits']) {
    for (const id of nodes) this.#parent.set(id, id);
    splits.forEach(({ off, rest }, i) => {
      for (const [side, ids] of [
        [1, off],
        [2, rest],
      ] as const) {
        for (const id of ids) {
          const sides = this.#sides.get(id) ?? new Map<number, number>();
          this.#sides.set(id, sides.set(i, (sides.get(i) ?? 0) | side));
        }
      }
    });
  }

  root(id: string): string {
    let at = id;
    for (;;) {
      const up = this.#parent.get(at) ?? at;
      if (up === at) return at;
      const next = this.#parent.get(up) ?? up;
      this.#parent.set(at, next);
      at = next;
    }
  }

  /** Unites two sets; not against a split unless `force`. */
  unite(a: string, b: string, force: boolean): void {
    const [x, y] = [this.root(a), this.root(b)].sort(byText) as [string, string];
    if (x === y || !this.#parent.has(x) || !this.#parent.has(y)) return;
    const [left, right] = [this.#sides.get(x), this.#sides.get(y)];
    if (!force && left !== undefined && right !== undefined) {
      for (const [i, side] of left) if (side + (right.get(i) ?? 0) === 3 && right.has(i) && side !== 3) return;
    }
    this.#parent.set(y, x);
    if (right === undefined) return;
    const sides = left ?? new Map<number, number>();
    for (const [i, side] of right) sides.set(i, (sides.get(i) ?? 0) | side);
    this.#sides.set(x, sides);
  }
}

/**
 * Pairs of addresses between which a worker moved: one stopped, the next began within the gap. Addresses that worked under
 * the same name at the same time are different machines; such an address joins nothing by that name.
 */
function movedWorkers(nodes: readonly NodeFacts[], settings: LeadSettings): [string, string][] {
  const byToken = new Map<string, { node: string; from: string; to: string }[]>();
  for (const node of nodes) {
    for (const { token, from, to } of joinTimes(node, settings)) {
      const list = byToken.get(token);
      if (list === undefined) byToken.set(token, [{ node: node.id, from, to }]);
      else list.push({ node: node.id, from, to });
    }
  }
  const pairs: [string, string][] = [];
  for (const [, times] of [...byToken].sort(([a], [b]) => byText(a, b))) {
    const count = new Set(times.map(({ node }) => node)).size;
    if (count < 2 || count > settings.maxJoin) continue;
    pairs.push(...successions(times, settings.joinGapHours * MICROS_PER_HOUR));
  }
  return pairs;
}

function successions(times: { node: string; from: string; to: string }[], gap: number): [string, string][] {
  times.sort((a, b) => byText(a.from, b.from) || byText(a.to, b.to) || byText(a.node, b.node));
  const clashing = new Set<string>();
  // The latest end so far, and the latest end of any other node than that one's.
  const ends: { node: string; to: string }[] = [];
  for (const { node, from, to } of times) {
    for (const before of ends) {
      if (before.node === node || before.to <= from) continue;
      clashing.add(node);
      clashing.add(before.node);
    }
    const mine = ends.find((end) => end.node === node);
    if (mine === undefined) ends.push({ node, to });
    else if (to > mine.to) mine.to = to;
    ends.sort((a, b) => byText(b.to, a.to));
    ends.length = Math.min(ends.length, 2);
  }
  const pairs: [string, string][] = [];
  let before: { node: string; to: string } | null = null;
  for (const { node, from, to } of times) {
    if (before !== null && before.node !== node && !clashing.has(node) && !clashing.has(before.node)) {
      if ((micros(from) ?? 0) - (micros(before.to) ?? 0) <= gap) pairs.push([before.node, node]);
    }
    if (before === null || to > before.to || before.node !== node) before = { node, to };
  }
  return pairs;
}

/** Whether traffic of a node is what a report speaks of: its address, its port where both know one, its time. */
function speaksOf(report: ReportRecord, node: NodeFacts, window: number): boolean {
  return node.items.some(({ row, placement }) => {
    if (row.miner.ip !== report.ip) return false;
    if (report.port !== null && placement.ports !== null && !placement.ports.includes(report.port)) return false;
    const from = micros(row.first_seen) ?? 0;
    const to = micros(row.last_seen) ?? 0;
    return (report.from === null || to >= report.from - window) && (report.to === null || from <= report.to + window);
  });
}

/** Where the traffic of an empty node is now: the first node on its way that has some. */
function destination(
  id: string,
  known: ReadonlyMap<string, NodeFacts>,
  moved: ReadonlyMap<string, string>,
): string | null {
  const visited = new Set<string>();
  let at: string | undefined = id;
  while (at !== undefined && !visited.has(at)) {
    if ((known.get(at)?.items.length ?? 0) > 0) return at;
    visited.add(at);
    at = moved.get(at);
  }
  return null;
}

/**
 * Node → lead. `nodes` must be closed: every node that shares a `join` token, an address with a report, or a lead with one of
 * them. The id of a lead is its least node id; where a person merged, that of the target.
 */
export function groupNodes(
  nodes: readonly NodeFacts[],
  reportsOf: (node: string) => readonly ReportRecord[],
  acts: Acts,
  settings: LeadSettings,
): Map<string, string> {
  const sorted = [...nodes].sort((a, b) => byText(a.id, b.id));
  const known = new Map(sorted.map((node) => [node.id, node]));
  const sets = new Sets(known.keys(), acts.splits);
  const named: [string, string][] = [];
  for (const { id, items } of sorted) {
    if (items.length > 0) continue;
    const to = destination(id, known, acts.moved);
    if (to !== null) named.push([to, id]);
  }
  named.push(...acts.edges.map(([target, source]): [string, string] => [target, source]));
  const pairs = movedWorkers(sorted, settings);
  for (const [a, b] of named) if (known.has(a) && known.has(b)) sets.unite(a, b, true);
  for (const [a, b] of pairs) sets.unite(a, b, false);
  for (const { id } of sorted) {
    for (const report of reportsOf(id)) {
      if (report.ip === null) continue;
      const meant = sorted.filter((node) => speaksOf(report, node, settings.reportWindowHours * MICROS_PER_HOUR));
      const roots = sortedUnique(meant.map((node) => sets.root(node.id)));
      // Several leads fit: a person decides.
      if (roots.length === 1) sets.unite(id, roots[0] as string, false);
    }
  }
  const leadOf = new Map<string, string>();
  // Nodes whose traffic went elsewhere are aliases only.
  const empty = (node: NodeFacts): boolean => node.items.length === 0 && node.key.kind !== 'report';
  for (const { id } of [...sorted.filter((node) => !empty(node)), ...sorted.filter(empty)]) {
    const root = sets.root(id);
    if (!leadOf.has(root)) leadOf.set(root, id);
  }
  for (const [target] of acts.edges) if (known.has(target)) leadOf.set(sets.root(target), target);
  return new Map(sorted.map(({ id }) => [id, leadOf.get(sets.root(id)) as string]));
}
