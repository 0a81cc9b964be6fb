/** Persons put leads together, take them apart, and note that they belong to each other. */
import { sortedUnique } from './combine.ts';
import { freeze, frozenAccounts } from './decisions.ts';
import type { Desk } from './desk.ts';
import { LeadError } from './lead-error.ts';
import type { Change } from './services.ts';
import type { Lead } from './types.ts';

/** The lead of a reference (id, alias, display number); throws a LeadError where there is none. */
export function mustFind(desk: Desk, reference: string): Lead {
  const lead = desk.storage.lead(reference);
  if (lead === null)
    throw new LeadError(`no lead ${JSON.stringify(reference.slice(0, 60))}: see the list of leads for ids`);
  return lead;
}

/** One lead out of two; it keeps id, status and decisions of `target`. Taken back by `split`. */
export function merge(desk: Desk, target: string, source: string, reason: string, change: Change): string {
  const { storage } = desk;
  return storage.transaction(() => {
    const [to, from] = [mustFind(desk, target), mustFind(desk, source)];
    if (to.id === from.id) throw new LeadError(`${target} and ${source} are one lead already: ${to.id}`);
    const [ours, theirs] = [to.id, from.id].map((id) => storage.nodesOf(id).map((node) => node.id)) as [
      string[],
      string[],
    ];
    const [own, other] = [desk.decisionsOf(ours), desk.decisionsOf(theirs)];
    const state = freeze(own, false);
    state['number'] = own.number ?? other.number;
    const [status, seen] = [own.status, other.status?.seen ?? null];
    if (status?.seen && seen) {
      const both = {
        kind: Math.max(status.seen.kind, seen.kind),
        confidence: Math.max(status.seen.confidence, seen.confidence),
        work: Math.max(status.seen.work ?? 1, seen.work ?? 1),
      };
      state['status'] = { ...status, seen: both };
    }
    const detail = { target: to.id, source: from.id, state, reason };
    storage.append({ ...change, action: 'lead.merged', lead: to.id, detail, personal: null });
    const gone = { target: to.id, reason };
    storage.append({ ...change, action: 'lead.merged_into', lead: from.id, detail: gone, personal: null });
    desk.regroup({ nodes: new Set([...ours, ...theirs]), byPerson: true }, change);
    return to.id;
  });
}

/**
 * Takes nodes out of a lead (ids of nodes, as in `aliases`); they never join again by themselves. The part that holds the
 * lead's id keeps it. A part that was a lead of its own gets back what was decided about it then, else it keeps the
 * decisions of the whole. Gives the ids of both leads, the old one first.
 */
export function split(
  desk: Desk,
  reference: string,
  nodes: readonly string[],
  reason: string,
  change: Change,
): [string, string] {
  const { storage } = desk;
  return storage.transaction(() => {
    const lead = mustFind(desk, reference);
    const all = storage.nodesOf(lead.id).map(({ id }) => id);
    const full = all.filter((id) => storage.placementsAt(id).length > 0 || storage.node(id)?.key.kind === 'report');
    const named = sortedUnique(nodes);
    const unknown = named.find((id) => !full.includes(id));
    if (unknown !== undefined || named.length === 0 || named.length === full.length) {
      const what = unknown === undefined ? 'some but not all of its nodes must be named' : `it has no node ${unknown}`;
      throw new LeadError(`${lead.id} cannot be split: ${what}; its nodes: ${full.slice(0, 20).join(', ')}`);
    }
    const taken = new Set(named);
    let rest = full.filter((id) => !taken.has(id));
    let off = named;
    if (taken.has(lead.id)) [rest, off] = [off, rest];
    const merged = lead.links.filter(({ kind }) => kind === 'merged_from').map((link) => link.lead);
    const newLead = merged.find((id) => off.includes(id)) ?? (off[0] as string);
    const oldLead = rest.includes(lead.id) ? lead.id : (rest[0] as string);
    const own = desk.decisionsOf(off);
    const whole = own.status === null ? desk.decisionsOf(all) : null;
    const state = whole && freeze(whole, true);
    // A display number stays with the lead that was handed over under it.
    if (state !== null) state['number'] = own.number;
    const detail = { lead: oldLead, new_lead: newLead, off, rest, reason };
    storage.append({ ...change, action: 'lead.split', lead: oldLead, detail, personal: null });
    const born = { from: oldLead, nodes: off, state, reason };
    const personal = whole && frozenAccounts(whole);
    storage.append({ ...change, action: 'lead.split_off', lead: newLead, detail: born, personal });
    desk.regroup({ nodes: new Set(all), byPerson: true }, change);
    return [oldLead, newLead];
  });
}

/** Notes (or, with `on` false, takes back) that two leads belong together, in both. */
export function link(
  desk: Desk,
  a: string,
  b: string,
  kind: string,
  reason: string,
  on: boolean,
  change: Change,
): void {
  const { storage } = desk;
  if (!/^[a-z][a-z_]{0,31}$/.test(kind)) {
    throw new LeadError(`${JSON.stringify(kind.slice(0, 40))} is no kind of link: small letters and _, such as person`);
  }
  storage.transaction(() => {
    const [one, other] = [mustFind(desk, a), mustFind(desk, b)];
    if (one.id === other.id) throw new LeadError(`${a} and ${b} are one lead: nothing to link`);
    for (const [lead, to] of [
      [one.id, other.id],
      [other.id, one.id],
    ] as const) {
      const detail = { lead: to, kind, value: reason, on };
      storage.append({ ...change, action: 'lead.linked', lead, detail, personal: null });
    }
    const nodes = [one.id, other.id].flatMap((id) => storage.nodesOf(id).map((node) => node.id));
    desk.regroup({ nodes: new Set(nodes), byPerson: true }, change);
  });
}
