/** Detections that come to lie elsewhere: which nodes that touches, and what becomes of decisions about the old ones. */
import { canonicalJson } from '../common/canonical-json.ts';
import type { DetectionRow } from '../detect/detection.ts';
import { byText, sortedUnique } from './combine.ts';
import { DECIDING, type Decisions, freeze, frozenAccounts } from './decisions.ts';
import type { Desk } from './desk.ts';
import type { NodeReader } from './node-facts.ts';
import { placeDetection } from './node-key.ts';
import type { Change } from './services.ts';
import type { Placement } from './store.ts';
import { joinTimes } from './tokens.ts';

/** Nodes and tokens touched while placements change. */
export interface Moves {
  readonly nodes: Set<string>;
  readonly tokens: Set<string>;
  /** Node → node → detections that went there. */
  readonly went: Map<string, Map<string, number>>;
}

export function noMoves(): Moves {
  return { nodes: new Set(), tokens: new Set(), went: new Map() };
}

/** Places a detection anew; gives its nodes, and whether it left one. */
export function replaceDetection(
  desk: Desk,
  row: DetectionRow,
  reader: NodeReader,
  moves: Moves,
): { readonly nodes: readonly string[]; readonly left: boolean } {
  const { storage, services, settings } = desk;
  const placed = placeDetection(row, services, settings);
  const after = placed.map(({ key: _, ...placement }): Placement => placement);
  const before = storage.placementsOf(row.id).sort((a, b) => byText(a.node, b.node));
  if (canonicalJson(before) !== canonicalJson(after)) {
    for (const { node } of before) {
      const facts = reader.node(node);
      if (facts !== null) for (const { token } of joinTimes(facts, settings)) moves.tokens.add(token);
    }
    for (const { node, key } of placed) desk.ensureNode(node, key);
    storage.putPlacements(row.id, after);
  }
  const nodes = after.map(({ node }) => node);
  const left = before.map(({ node }) => node).filter((node) => !nodes.includes(node));
  for (const node of left) {
    const targets = moves.went.get(node) ?? new Map<string, number>();
    moves.went.set(node, targets);
    for (const to of nodes) targets.set(to, (targets.get(to) ?? 0) + 1);
  }
  for (const node of [...left, ...nodes]) moves.nodes.add(node);
  return { nodes, left: left.length > 0 };
}

/**
 * Writes where the traffic of each node went; where a lead has none left, its decisions follow most of it. With `onlyDecided`
 * a node about which nobody decided anything vanishes without a trace: more of a day was read, and it never was a lead.
 */
export function handOn(desk: Desk, { went }: Moves, onlyDecided: boolean, change: Change): void {
  const { storage } = desk;
  const decided = new Map<string, Decisions>();
  for (const node of went.keys()) {
    const lead = storage.node(node)?.lead ?? node;
    if (!decided.has(lead)) decided.set(lead, desk.decisionsOf(storage.nodesOf(lead).map(({ id }) => id)));
  }
  const given = new Set<string>();
  for (const node of sortedUnique(went.keys())) {
    const targets = [...(went.get(node) ?? [])].sort((a, b) => b[1] - a[1] || byText(a[0], b[0]));
    const [to, detections] = targets[0] as [string, number];
    const lead = storage.node(node)?.lead ?? node;
    const nodes = storage.nodesOf(lead).map(({ id }) => id);
    if (onlyDecided && [...storage.entries({ leads: nodes, actions: DECIDING })].length === 0) continue;
    const emptied = storage.placementsAt(node).length === 0;
    const detail = { to, detections, others: targets.slice(1).map(([id]) => id) };
    const action = emptied ? 'lead.moved' : 'lead.moved_partly';
    storage.append({ ...change, action, lead: node, detail, personal: null });
    const gone = nodes.every((id) => storage.placementsAt(id).length === 0);
    const target = storage.node(to)?.lead ?? to;
    const own = decided.get(lead);
    if (!gone || own === undefined || given.has(lead) || target === lead) {
      storage.append({
        ...change,
        action: 'lead.received',
        lead: to,
        detail: { from: node, detections },
        personal: null,
      });
      continue;
    }
    given.add(lead);
    const state = freeze(own, true);
    const there = desk.decisionsOf(storage.nodesOf(target).map(({ id }) => id));
    // What was decided about the target itself stands.
    for (const [name, value] of Object.entries(freeze(there, false))) {
      if (name !== 'flags' && value !== null) state[name] = value;
    }
    const personal = frozenAccounts(own);
    storage.append({ ...change, action: 'lead.taken_over', lead: to, detail: { from: lead, state }, personal });
  }
}
