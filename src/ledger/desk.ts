/** Brings leads up to date after a change: which nodes belong together, what each lead says, which status follows. */
import { sortedUnique } from './combine.ts';
import { type Decisions, foldDecisions, type ReportRecord } from './decisions.ts';
import { ACT_ACTIONS, foldActs, groupNodes } from './group.ts';
import { type NodeFacts, NodeReader } from './node-facts.ts';
import { type Fresh, recurrence } from './recur.ts';
import type { Change, LeadServices, LeadSettings } from './services.ts';
import { reopening } from './silence.ts';
import type { LeadStorage } from './store.ts';
import { isoTime } from './times.ts';
import { bindingTokens, joinTimes, linkTokens } from './tokens.ts';
import type { Lead, LeadKey } from './types.ts';
import { buildLead } from './view.ts';

/** Leads asked for by one reported address; more stand behind it only at a big translation. */
const MAX_BY_ADDRESS = 1000;

export interface Touched {
  readonly nodes: ReadonlySet<string>;
  /** `join` tokens that nodes may have lost: others with them may join now. */
  readonly tokens?: ReadonlySet<string>;
  readonly fresh?: Fresh;
  /** A person did it: no entry for what follows from it. */
  readonly byPerson?: boolean;
}

export class Desk {
  readonly storage: LeadStorage;
  readonly services: LeadServices;
  readonly settings: LeadSettings;

  constructor(storage: LeadStorage, services: LeadServices, settings: LeadSettings) {
    this.storage = storage;
    this.services = services;
    this.settings = settings;
  }

  /** Makes sure that a node is there; a new one is a lead of its own. */
  ensureNode(id: string, key: LeadKey): void {
    if (this.storage.node(id) === null) this.storage.putNode({ id, key, lead: id });
  }

  /** What persons decided about a lead with these nodes. */
  decisionsOf(members: readonly string[]): Decisions {
    return foldDecisions(this.storage.entries({ leads: members }), new Set(members));
  }

  reportsOf(node: NodeFacts): readonly ReportRecord[] {
    if (node.key.kind !== 'report') return [];
    const entries = this.storage.entries({ leads: [node.id], actions: ['report.recorded'] });
    return [...foldDecisions(entries, new Set([node.id])).reports.values()];
  }

  /** All nodes that may come to lie in one lead with the touched ones, now or before. */
  #closure(
    touched: Touched,
    reader: NodeReader,
    reports: Map<string, readonly ReportRecord[]>,
  ): Map<string, NodeFacts> {
    const { storage, settings } = this;
    const found = new Map<string, NodeFacts>();
    const leads = new Set<string>();
    const tokens = new Set<string>();
    const queue: string[] = [...touched.nodes];
    const takeLeads = (list: readonly string[]): void => {
      for (const lead of list) {
        if (leads.has(lead)) continue;
        leads.add(lead);
        for (const { id } of storage.nodesOf(lead)) queue.push(id);
      }
    };
    const takeToken = (kind: string, value: string, limit: number, all: boolean): void => {
      const name = `${kind} ${value}`;
      if (tokens.has(name)) return;
      tokens.add(name);
      const list = storage.leadsWithToken(kind, value, limit + 1);
      // A name at more addresses than the limit joins nothing, and did not before.
      if (all || list.length <= limit) takeLeads(list);
    };
    for (const token of touched.tokens ?? []) takeToken('join', token, settings.maxJoin, false);
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      if (found.has(id)) continue;
      const record = storage.node(id);
      const node = reader.node(id);
      if (record === null || node === null) continue;
      found.set(id, node);
      takeLeads([record.lead]);
      for (const { token } of joinTimes(node, settings)) takeToken('join', token, settings.maxJoin, false);
      for (const { row } of node.items) takeToken('report_ip', row.miner.ip, MAX_BY_ADDRESS, true);
      reports.set(id, this.reportsOf(node));
      for (const { ip } of reports.get(id) ?? []) if (ip !== null) takeToken('ip', ip, MAX_BY_ADDRESS, true);
    }
    return found;
  }

  /** Groups anew around what was touched, and writes the leads that changed. `earlier`: what read detections for the same change. */
  regroup(touched: Touched, change: Change, earlier?: NodeReader): void {
    const { storage, settings } = this;
    const reader = new NodeReader(storage, earlier);
    const reports = new Map<string, readonly ReportRecord[]>();
    const nodes = this.#closure(touched, reader, reports);
    const acts = foldActs(storage.entries({ actions: ACT_ACTIONS }));
    const leadOf = groupNodes([...nodes.values()], (id) => reports.get(id) ?? [], acts, settings);
    const before = new Map([...nodes.keys()].map((id) => [id, storage.node(id)?.lead ?? id]));
    const members = new Map<string, string[]>();
    for (const [node, lead] of leadOf) {
      const list = members.get(lead);
      if (list === undefined) members.set(lead, [node]);
      else list.push(node);
    }
    const changed = new Set<string>();
    for (const [node, lead] of leadOf) {
      if (touched.nodes.has(node)) changed.add(lead);
      const old = before.get(node) as string;
      if (old === lead) continue;
      // The lead it left, if it lives on, and the one it came to.
      for (const each of [lead, old]) if (members.has(each)) changed.add(each);
    }
    const previous = new Map<string, Lead>();
    for (const old of new Set(before.values())) {
      const lead = storage.lead(old);
      if (lead !== null && lead.id === old) previous.set(old, lead);
    }
    for (const [node, lead] of leadOf) {
      const facts = nodes.get(node) as NodeFacts;
      if (before.get(node) !== lead) storage.putNode({ id: node, key: facts.key, lead });
    }
    for (const old of previous.keys()) {
      if (members.has(old)) continue;
      storage.putTokens(old, []);
      storage.deleteLead(old);
    }
    for (const lead of sortedUnique(changed)) {
      const list = members.get(lead) as string[];
      const olds = sortedUnique(list.map((id) => before.get(id) as string)).filter((id) => previous.has(id));
      if (touched.byPerson !== true && olds.length > 1) {
        const statuses = Object.fromEntries(olds.map((id) => [id, previous.get(id)?.status]));
        storage.append({ ...change, action: 'lead.joined', lead, detail: { leads: statuses }, personal: null });
      }
      const facts = list.map((id) => nodes.get(id) as NodeFacts);
      if (facts.every(({ items, key }) => items.length === 0 && key.kind !== 'report')) {
        const last = previous.get(lead);
        if (last !== undefined && this.#purged(last)) {
          storage.putLead(decided(last, this.decisionsOf(list)));
          continue;
        }
        storage.putTokens(lead, []);
        storage.deleteLead(lead);
        continue;
      }
      const wasOpen = olds.some((id) => previous.get(id)?.status !== 'waiting');
      this.#write(lead, facts, touched.fresh ?? new Map(), wasOpen, change);
    }
  }

  /** Detections of the lead as it was written last were erased by retention: it cannot be made anew from them. */
  #purged({ detections }: Lead): boolean {
    return detections.some(({ id }) => this.storage.placementsOf(id).length === 0);
  }

  #write(id: string, nodes: readonly NodeFacts[], fresh: Fresh, wasOpen: boolean, change: Change): void {
    const { storage, services, settings } = this;
    const ids = nodes.map((node) => node.id);
    const items = nodes.flatMap((node) => node.items);
    let decisions = this.decisionsOf(ids);
    if (items.some(({ row }) => fresh.has(row.id))) {
      const restarted = recurrence(decisions, items, fresh);
      const detail = restarted ?? reopening(decisions, items);
      if (detail !== null) {
        const action = restarted === null ? 'lead.reopened' : 'lead.restarted';
        storage.append({ ...change, action, lead: id, detail, personal: null });
        decisions = this.decisionsOf(ids);
      }
    }
    const built = buildLead(id, nodes, decisions, services, settings);
    const last = storage.lead(id);
    const begun = last !== null && last.id === id && this.#purged(last) ? last.first_seen : null;
    const lead = begun !== null && begun < (built.first_seen ?? begun) ? { ...built, first_seen: begun } : built;
    if (!wasOpen && decisions.status === null && lead.status === 'open') {
      // No key: it names accounts and streets of people, and the chain keeps what it says.
      const detail = { confidence: lead.confidence, activity: lead.activity };
      storage.append({ ...change, action: 'lead.opened', lead: id, detail, personal: null });
    }
    storage.putLead(lead);
    storage.putTokens(id, [
      ...bindingTokens(nodes, decisions.reports.values(), settings),
      ...linkTokens(lead, settings),
    ]);
  }
}

/** A lead whose detections are gone keeps what it said; what persons decide since goes on. */
function decided(last: Lead, decisions: Decisions): Lead {
  const { status } = decisions;
  return {
    ...last,
    ...(status === null ? {} : { status: status.status, status_since: isoTime(status.since) }),
    number: decisions.number ?? last.number,
    category: decisions.category ?? last.category,
    involvement: decisions.involvement ?? last.involvement,
    site_type: decisions.siteType ?? last.site_type,
    region: decisions.region ?? last.region,
    department: decisions.department ?? last.department,
    deadline: decisions.deadline ?? last.deadline,
  };
}
