/**
 * Storage behind one interface: what the ledger needs of a database. `sqlite/` is the embedded default. Everything is
 * synchronous; every change happens inside `transaction` together with its entry of the chain, so that nothing is stored
 * without its history. Times are microseconds since the epoch.
 */
import type { Attribution, RegistryKind, RegistryRow, SourceShape, StoredRow } from '../attribution/types.ts';
import type { CoverageRow, DetectionRow } from '../detect/detection.ts';
import type { Lead, LeadKey } from './types.ts';

/** An entry to append; `personal` lies beside the chain and may be purged, its salted digest stays. */
export interface NewEntry {
  readonly time: number;
  readonly actor: string;
  /** lead.opened, lead.set, lead.merged, detection.recorded, registry.imported, export, sealed.read, purge, anchor … */
  readonly action: string;
  /** Node or lead concerned, or null. */
  readonly lead: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly personal: Readonly<Record<string, unknown>> | null;
}

export interface StoredEntry extends NewEntry {
  readonly seq: number;
  /** Hex digests of the chain after this entry. */
  readonly sha256: string;
  readonly sm3: string;
  /** `personal` was purged: it is null although there was something. */
  readonly purged: boolean;
}

/** One distinct content under a detection's id: a day read in two halves, or read again with other signatures. */
export interface PartRecord {
  readonly detection: string;
  /** SHA-256 (hex) of the row's canonical JSON. */
  readonly digest: string;
  readonly recordedAt: number;
  readonly row: DetectionRow;
}

/** Where a detection (or some of its conversations) belongs. */
export interface Placement {
  readonly detection: string;
  /** Id of the node: derived from its key alone. */
  readonly node: string;
  /** Miner ports of the conversations that belong here; null for all. */
  readonly ports: readonly number[] | null;
  /** Port and beginning of each of those conversations, sorted; a port may change hands within a detection. */
  readonly conversations?: readonly (readonly [port: number, firstSeen: string])[];
  readonly shared: boolean;
  readonly attribution: Attribution | null;
}

/** What a lead is made of: one key, known before any person or rule joins it with others. */
export interface NodeRecord {
  readonly id: string;
  readonly key: LeadKey;
  /** Id of the lead it belongs to. */
  readonly lead: string;
}

export interface EvidenceRecord {
  readonly detection: string;
  readonly digest: string;
  readonly recordedAt: number;
  /** pcapng; null once purged. */
  readonly capture: Uint8Array | null;
  readonly sha256: string;
  readonly sm3: string;
  readonly bytes: number;
  readonly packets: number;
}

export interface LeadFilter {
  readonly region?: string;
  readonly status?: readonly string[];
  readonly category?: readonly string[];
  readonly confidence?: readonly string[];
  readonly flags?: readonly string[];
  /** Seen in [from, to). */
  readonly from?: number;
  readonly to?: number;
  readonly ids?: readonly string[];
}

/** What the lead logic stores. */
export interface LeadStorage {
  /** Runs `work` in one transaction; calls inside join it; rolled back where it throws. */
  transaction<T>(work: () => T): T;
  append(entry: NewEntry): number;
  /** Entries in order, of a lead or node (or several), with an action, after a sequence number. */
  entries(filter: {
    readonly leads?: readonly string[];
    readonly actions?: readonly string[];
    readonly after?: number;
  }): Iterable<StoredEntry>;
  /** False where the same content is there already. */
  putPart(part: PartRecord): boolean;
  parts(detection: string): PartRecord[];
  detectionIds(): Iterable<string>;
  /** Replaces all placements of a detection. */
  putPlacements(detection: string, placements: readonly Placement[]): void;
  placementsOf(detection: string): Placement[];
  placementsAt(node: string): Placement[];
  putNode(node: NodeRecord): void;
  node(id: string): NodeRecord | null;
  nodesOf(lead: string): NodeRecord[];
  nodes(): Iterable<NodeRecord>;
  /** The lead as last computed, for lists; `deleteLead` where it was joined with another. */
  putLead(lead: Lead): void;
  deleteLead(id: string): void;
  /** By id, alias or display number. */
  lead(reference: string): Lead | null;
  leads(filter: LeadFilter): Iterable<Lead>;
  /** How many leads there are of each status in each region; without reading the leads. */
  leadCounts(): { readonly status: string; readonly region: string | null; readonly count: number }[];
  /** Tokens (wallet, account, worker, pool endpoint, address prefix) by which leads are linked; replaces a lead's. */
  putTokens(lead: string, tokens: readonly { readonly kind: string; readonly value: string }[]): void;
  leadsWithToken(kind: string, value: string, limit: number): string[];
  /** False where the same row is there already. */
  putCoverage(row: CoverageRow): boolean;
  coverage(): Iterable<CoverageRow>;
  putEvidence(record: EvidenceRecord): boolean;
  evidence(detection: string): EvidenceRecord[];
  /** Small named values: reference date, ledger id, settings, counters for display numbers. */
  setting(name: string): string | null;
  putSetting(name: string, value: string): void;
}

/** An import of the registry as it is listed. */
export interface RegistrySource {
  readonly name: string;
  readonly shape: SourceShape;
  readonly sha256: string;
  readonly importedAt: number;
  readonly actor: string;
  readonly rows: number;
  readonly added: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly faults: number;
}

/** What the registry stores. Adding is by batches, each one acknowledged transaction. */
export interface RegistryStorage {
  /**
   * Adds rows of one source; a row whose digest is there already counts as unchanged, one with the same natural key and
   * other content supersedes it. Returns the counts of this batch.
   */
  addRows(
    source: string,
    rows: readonly { readonly row: number; readonly value: RegistryRow }[],
    recordedAt: number,
  ): { readonly added: number; readonly unchanged: number; readonly superseded: number };
  putSource(source: RegistrySource): void;
  sources(): RegistrySource[];
  /** Rows known at `knownAt` (null: now), without sealed fields, in the order of their ids. */
  rows(knownAt: number | null, kinds?: readonly RegistryKind[]): Iterable<StoredRow>;
  row(id: number): StoredRow | null;
  /** Sealed fields of rows, read for a purpose: writes the entry `sealed.read` first. */
  readSealed(
    ids: readonly number[],
    why: { readonly time: number; readonly actor: string; readonly purpose: string; readonly document: string },
  ): ReadonlyMap<number, Readonly<Record<string, string>>>;
  counts(): Readonly<Record<string, number>>;
}
