/** The storage of the lead logic in memory, for tests of that logic and for looking at leads without keeping any. */
import { canonicalJson } from '../common/canonical-json.ts';
import type { CoverageRow } from '../detect/detection.ts';
import { GENESIS, type Head, sealEntry } from './chain.ts';
import type {
  EvidenceRecord,
  LeadFilter,
  LeadStorage,
  NewEntry,
  NodeRecord,
  PartRecord,
  Placement,
  StoredEntry,
} from './store.ts';
import { filterTime, regionPrefix } from './store-filter.ts';
import type { Lead } from './types.ts';

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A map that can undo what was done since a transaction began; values are copied in and out, as a database does. */
class Table<V> {
  readonly #rows = new Map<string, V>();
  readonly #undo: (() => void)[];

  constructor(undo: (() => void)[]) {
    this.#undo = undo;
  }

  get(key: string): V | undefined {
    return this.#rows.get(key);
  }

  set(key: string, value: V | undefined): void {
    const before = this.#rows.get(key);
    this.#undo.push(() => this.#put(key, before));
    this.#put(key, value);
  }

  #put(key: string, value: V | undefined): void {
    if (value === undefined) this.#rows.delete(key);
    else this.#rows.set(key, value);
  }

  keys(): string[] {
    return [...this.#rows.keys()].sort(byText);
  }

  values(): V[] {
    return this.keys().map((key) => this.#rows.get(key) as V);
  }
}

/** Whether a lead passes; an empty list lets nothing pass. The embedded database says the same in SQL. */
function passes(lead: Lead, filter: LeadFilter): boolean {
  const within = (list: readonly string[] | undefined, value: string | null): boolean =>
    list === undefined || (value !== null && list.includes(value));
  if (filter.region !== undefined && lead.region?.startsWith(regionPrefix(filter.region)) !== true) return false;
  if (!within(filter.status, lead.status) || !within(filter.category, lead.category)) return false;
  if (!within(filter.confidence, lead.confidence) || !within(filter.ids, lead.id)) return false;
  if (filter.flags !== undefined && !lead.flags.some(({ flag }) => filter.flags?.includes(flag))) return false;
  if (filter.from !== undefined && (lead.last_seen === null || lead.last_seen < filterTime(filter.from))) return false;
  return filter.to === undefined || (lead.first_seen !== null && lead.first_seen < filterTime(filter.to));
}

/** Everything in maps; the same contract as the database, tested by the same suite. */
class MemoryStore implements LeadStorage {
  readonly #undo: (() => void)[] = [];
  readonly #random: (bytes: number) => Uint8Array;
  #depth = 0;
  #head: Head = GENESIS;
  readonly #entries: StoredEntry[] = [];
  readonly #parts = new Table<PartRecord>(this.#undo);
  readonly #placements = new Table<readonly Placement[]>(this.#undo);
  readonly #atNode = new Map<string, Set<string>>();
  readonly #nodes = new Table<NodeRecord>(this.#undo);
  readonly #nodesOf = new Map<string, Set<string>>();
  readonly #partsOf = new Map<string, Set<string>>();
  readonly #leads = new Table<Lead>(this.#undo);
  readonly #numbers = new Map<string, Set<string>>();
  readonly #aliases = new Map<string, Set<string>>();
  readonly #tokens = new Table<ReadonlySet<string>>(this.#undo);
  readonly #withToken = new Map<string, Set<string>>();
  readonly #coverage = new Table<CoverageRow>(this.#undo);
  readonly #evidence = new Table<EvidenceRecord>(this.#undo);
  readonly #evidenceOf = new Map<string, Set<string>>();
  readonly #settings = new Table<string>(this.#undo);

  constructor(random: (bytes: number) => Uint8Array) {
    this.#random = random;
  }

  transaction<T>(work: () => T): T {
    const mark = this.#undo.length;
    this.#depth += 1;
    try {
      return work();
    } catch (error) {
      // An inner transaction is undone alone; the outer one goes on where it catches the error.
      while (this.#undo.length > mark) this.#undo.pop()?.();
      throw error;
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#undo.length = 0;
    }
  }

  /** Adds or removes a member of an index, undone with the rest. */
  #index(index: Map<string, Set<string>>, key: string, member: string, there: boolean): void {
    const apply = (add: boolean): void => {
      const set = index.get(key) ?? new Set();
      if (add) set.add(member);
      else set.delete(member);
      if (set.size > 0) index.set(key, set);
      else index.delete(key);
    };
    if ((index.get(key)?.has(member) ?? false) === there) return;
    this.#undo.push(() => apply(!there));
    apply(there);
  }

  #settle<T>(result: T): T {
    if (this.#depth === 0) this.#undo.length = 0;
    return result;
  }

  append(entry: NewEntry): number {
    const before = this.#head;
    const { header, personal, head } = sealEntry(before, entry, null, this.#random);
    this.#undo.push(() => {
      this.#head = before;
      this.#entries.pop();
    });
    this.#head = head;
    this.#entries.push({
      ...copy({ ...entry, actor: header.actor, action: header.action, lead: header.lead }),
      ...head,
      personal: personal === null ? null : copy(entry.personal),
      purged: false,
    });
    return this.#settle(head.seq);
  }

  *entries(filter: Parameters<LeadStorage['entries']>[0]): Iterable<StoredEntry> {
    for (const entry of this.#entries.slice(filter.after ?? 0)) {
      if (filter.leads !== undefined && (entry.lead === null || !filter.leads.includes(entry.lead))) continue;
      if (filter.actions !== undefined && !filter.actions.includes(entry.action)) continue;
      yield copy(entry);
    }
  }

  putPart(part: PartRecord): boolean {
    const key = `${part.detection} ${part.digest}`;
    if (this.#parts.get(key) !== undefined) return false;
    this.#parts.set(key, copy(part));
    this.#index(this.#partsOf, part.detection, key, true);
    return this.#settle(true);
  }

  parts(detection: string): PartRecord[] {
    const keys = [...(this.#partsOf.get(detection) ?? [])].sort(byText);
    return keys.map((key) => copy(this.#parts.get(key) as PartRecord));
  }

  *detectionIds(): Iterable<string> {
    yield* [...this.#partsOf.keys()].sort(byText);
  }

  putPlacements(detection: string, placements: readonly Placement[]): void {
    for (const { node } of this.#placements.get(detection) ?? []) this.#index(this.#atNode, node, detection, false);
    this.#placements.set(detection, placements.length === 0 ? undefined : copy(placements));
    for (const { node } of placements) this.#index(this.#atNode, node, detection, true);
    this.#settle(undefined);
  }

  placementsOf(detection: string): Placement[] {
    return copy([...(this.#placements.get(detection) ?? [])]);
  }

  placementsAt(node: string): Placement[] {
    const detections = [...(this.#atNode.get(node) ?? [])].sort(byText);
    return detections.flatMap((detection) => this.placementsOf(detection).filter((each) => each.node === node));
  }

  putNode(node: NodeRecord): void {
    const before = this.#nodes.get(node.id);
    if (before !== undefined) this.#index(this.#nodesOf, before.lead, node.id, false);
    this.#nodes.set(node.id, copy(node));
    this.#index(this.#nodesOf, node.lead, node.id, true);
    this.#settle(undefined);
  }

  node(id: string): NodeRecord | null {
    const found = this.#nodes.get(id);
    return found === undefined ? null : copy(found);
  }

  nodesOf(lead: string): NodeRecord[] {
    return [...(this.#nodesOf.get(lead) ?? [])].sort(byText).map((id) => copy(this.#nodes.get(id) as NodeRecord));
  }

  *nodes(): Iterable<NodeRecord> {
    for (const node of this.#nodes.values()) yield copy(node);
  }

  putLead(lead: Lead): void {
    this.#name(lead.id, false);
    this.#leads.set(lead.id, copy(lead));
    this.#name(lead.id, true);
    this.#settle(undefined);
  }

  /** The names a lead goes by besides its id. */
  #name(id: string, there: boolean): void {
    const lead = this.#leads.get(id);
    if (lead?.number) this.#index(this.#numbers, lead.number, id, there);
    for (const alias of lead?.aliases ?? []) this.#index(this.#aliases, alias, id, there);
  }

  deleteLead(id: string): void {
    this.transaction(() => {
      this.putTokens(id, []);
      this.#name(id, false);
      this.#leads.set(id, undefined);
    });
  }

  lead(reference: string): Lead | null {
    const least = (index: Map<string, Set<string>>): string | undefined =>
      [...(index.get(reference) ?? [])].sort(byText)[0];
    const named = (id: string | undefined): Lead | undefined => (id === undefined ? undefined : this.#leads.get(id));
    const found = this.#leads.get(reference) ?? named(least(this.#numbers)) ?? named(least(this.#aliases));
    return found === undefined ? null : copy(found);
  }

  *leads(filter: LeadFilter): Iterable<Lead> {
    for (const lead of this.#leads.values()) if (passes(lead, filter)) yield copy(lead);
  }

  leadCounts(): { status: string; region: string | null; count: number }[] {
    const counts = new Map<string, { status: string; region: string | null; count: number }>();
    for (const { status, region } of this.#leads.values()) {
      const key = canonicalJson([status, region]);
      const known = counts.get(key) ?? { status, region, count: 0 };
      known.count++;
      counts.set(key, known);
    }
    const order = ({ status, region }: { status: string; region: string | null }): string =>
      `${status} ${region ?? ''}`;
    return [...counts.values()].sort((a, b) => byText(order(a), order(b)));
  }

  putTokens(lead: string, tokens: readonly { readonly kind: string; readonly value: string }[]): void {
    for (const token of this.#tokens.get(lead) ?? []) this.#index(this.#withToken, token, lead, false);
    const set = new Set(tokens.map(({ kind, value }) => canonicalJson([kind, value])));
    this.#tokens.set(lead, set.size === 0 ? undefined : set);
    for (const token of set) this.#index(this.#withToken, token, lead, true);
    this.#settle(undefined);
  }

  leadsWithToken(kind: string, value: string, limit: number): string[] {
    return [...(this.#withToken.get(canonicalJson([kind, value])) ?? [])].sort(byText).slice(0, limit);
  }

  putCoverage(row: CoverageRow): boolean {
    const key = canonicalJson(row);
    if (this.#coverage.get(key) !== undefined) return false;
    this.#coverage.set(key, copy(row));
    return this.#settle(true);
  }

  *coverage(): Iterable<CoverageRow> {
    for (const row of this.#coverage.values()) yield copy(row);
  }

  putEvidence(record: EvidenceRecord): boolean {
    const key = `${record.detection} ${record.digest}`;
    if (this.#evidence.get(key) !== undefined) return false;
    this.#evidence.set(key, { ...record, capture: record.capture?.slice() ?? null });
    this.#index(this.#evidenceOf, record.detection, key, true);
    return this.#settle(true);
  }

  evidence(detection: string): EvidenceRecord[] {
    const keys = [...(this.#evidenceOf.get(detection) ?? [])].sort(byText);
    return keys.map((key) => {
      const record = this.#evidence.get(key) as EvidenceRecord;
      return { ...record, capture: record.capture?.slice() ?? null };
    });
  }

  setting(name: string): string | null {
    return this.#settings.get(name) ?? null;
  }

  putSetting(name: string, value: string): void {
    this.#settings.set(name, value);
    this.#settle(undefined);
  }
}

/** An empty storage in memory; `random` gives the salts of the chain. */
export function memoryStore(random: (bytes: number) => Uint8Array): LeadStorage {
  return new MemoryStore(random);
}
