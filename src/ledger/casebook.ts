/** The leads of a ledger: what detections make of them, what persons decide, and how they are read. */
import type { CoverageRow, DetectionRow } from '../detect/detection.ts';
import { CoverageIndex, type PlacedCoverage } from './coverage.ts';
import { Desk } from './desk.ts';
import { type Recorded, record, vantageOf } from './intake.ts';
import { findLinks } from './links.ts';
import { link, merge, split } from './merge.ts';
import {
  addDocument,
  addNote,
  addRunningEvidence,
  type DocumentEntry,
  type FieldChange,
  giveNumber,
  type StatusChange,
  setFields,
  setFlag,
  setPowerAccount,
  setStatus,
} from './persons.ts';
import { type Reattributed, reattribute } from './reattribute.ts';
import { type Report, recordReport } from './reports-in.ts';
import { type Change, DEFAULT_SETTINGS, type LeadServices, type LeadSettings, type RecordContext } from './services.ts';
import { type SignatureCounts, signatureStats } from './stats.ts';
import type { LeadFilter, LeadStorage } from './store.ts';
import { isoTime } from './times.ts';
import { linkTokens } from './tokens.ts';
import type { HistoryEntry, Lead } from './types.ts';
import { sortLinks } from './view.ts';

export interface ReadOptions {
  /** With the entries of the chain that concern the lead. */
  readonly history?: boolean;
  /** Coverage after this time does not count, microseconds; null for all there is. */
  readonly observedAt?: number | null;
}

/** Notes and documents of a lead. A note whose text was purged is null. */
export interface LeadFile {
  readonly notes: readonly { readonly time: string; readonly actor: string; readonly note: string | null }[];
  readonly documents: readonly DocumentEntry[];
}

/** Requests that cannot be done throw a LeadError: one line that says what is allowed. `reference`: id, alias or number. */
export interface Casebook {
  record(detections: readonly DetectionRow[], coverage: readonly CoverageRow[], context: RecordContext): Recorded;
  recordReport(report: Report, change: Change): { readonly lead: string; readonly added: boolean };
  reattribute(change: Change & { readonly leads?: readonly string[] }): Reattributed;
  setStatus(reference: string, to: StatusChange, change: Change): void;
  setFields(reference: string, fields: FieldChange, change: Change): void;
  setFlag(reference: string, flag: string, on: boolean, reason: string, change: Change): void;
  setPowerAccount(reference: string, account: string, on: boolean, change: Change): void;
  addRunningEvidence(reference: string, date: string, what: string, change: Change): void;
  addNote(reference: string, note: string, change: Change): void;
  addDocument(reference: string, document: DocumentEntry, change: Change): void;
  giveNumber(reference: string, region: string, year: number, change: Change): string;
  merge(target: string, source: string, reason: string, change: Change): string;
  split(reference: string, nodes: readonly string[], reason: string, change: Change): [string, string];
  link(a: string, b: string, kind: string, reason: string, on: boolean, change: Change): void;
  lead(reference: string, options?: ReadOptions): Lead | null;
  exportLeads(filter: LeadFilter, options?: ReadOptions): Iterable<Lead>;
  file(reference: string): LeadFile | null;
  signatureStats(): Map<string, SignatureCounts>;
}

/** The lead logic over a storage. Services must be pure; settings default to `DEFAULT_SETTINGS`. */
export function createCasebook(
  storage: LeadStorage,
  services: LeadServices,
  settings: Partial<LeadSettings> = {},
): Casebook {
  const desk = new Desk(storage, services, { ...DEFAULT_SETTINGS, ...settings });
  return {
    record: (detections, coverage, context) => record(desk, detections, coverage, context),
    recordReport: (report, change) => recordReport(desk, report, change),
    reattribute: ({ time, actor, leads }) => reattribute(desk, leads ?? null, { time, actor }),
    setStatus: (reference, to, change) => setStatus(desk, reference, to, change),
    setFields: (reference, fields, change) => setFields(desk, reference, fields, change),
    setFlag: (reference, flag, on, reason, change) => setFlag(desk, reference, flag, on, reason, change),
    setPowerAccount: (reference, account, on, change) => setPowerAccount(desk, reference, account, on, change),
    addRunningEvidence: (reference, date, what, change) => addRunningEvidence(desk, reference, date, what, change),
    addNote: (reference, note, change) => addNote(desk, reference, note, change),
    addDocument: (reference, document, change) => addDocument(desk, reference, document, change),
    giveNumber: (reference, region, year, change) => giveNumber(desk, reference, region, year, change),
    merge: (target, source, reason, change) => merge(desk, target, source, reason, change),
    split: (reference, nodes, reason, change) => split(desk, reference, nodes, reason, change),
    link: (a, b, kind, reason, on, change) => link(desk, a, b, kind, reason, on, change),
    lead: (reference, options = {}) => {
      const found = storage.lead(reference);
      return found === null ? null : complete(desk, found, coverageIndex(desk, options), options);
    },
    exportLeads: (filter, options = {}) => exportLeads(desk, filter, options),
    file: (reference) => {
      const found = storage.lead(reference);
      return found === null ? null : fileOf(desk, found);
    },
    signatureStats: () => signatureStats(storage.leads({})),
  };
}

function* exportLeads(desk: Desk, filter: LeadFilter, options: ReadOptions): Iterable<Lead> {
  const index = coverageIndex(desk, options);
  for (const lead of desk.storage.leads(filter)) yield complete(desk, lead, index, options);
}

function coverageIndex(desk: Desk, { observedAt = null }: ReadOptions): CoverageIndex {
  const vantages = new Map<string, PlacedCoverage['vantage'] | null>();
  const ofSensor = (sensor: string): NonNullable<PlacedCoverage['vantage']> | null => {
    const known = vantages.get(sensor);
    const vantage = known === undefined ? vantageOf(desk, sensor) : known;
    vantages.set(sensor, vantage ?? null);
    return vantage ?? null;
  };
  return new CoverageIndex(desk.storage.coverage(), ofSensor, observedAt);
}

/** What a lead says when it is read: links to others and what was observed change without it. */
function complete({ storage, settings }: Desk, lead: Lead, index: CoverageIndex, options: ReadOptions): Lead {
  const links = [...lead.links, ...findLinks(lead.id, linkTokens(lead, settings), storage, settings)];
  const observed = index.observed(lead);
  const missing =
    observed.quiet_seconds > 0 || lead.last_seen === null
      ? lead.missing
      : [...lead.missing, NOT_OBSERVED].sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
  const read: Lead = { ...lead, links: sortLinks(links), observed, missing };
  return options.history === true ? { ...read, history: historyOf(storage, lead) } : read;
}

const NOT_OBSERVED = {
  code: 'not_observed',
  text: 'Not observed since the last traffic: silence says nothing.',
};

function historyOf(storage: LeadStorage, lead: Lead): HistoryEntry[] {
  const entries = storage.entries({ leads: [lead.id, ...lead.aliases] });
  return [...entries].map(({ seq, time, actor, action, detail }) => ({
    seq,
    time: isoTime(time),
    actor,
    action,
    detail,
  }));
}

function fileOf({ storage }: Desk, lead: Lead): LeadFile {
  const actions = ['lead.note', 'lead.document'];
  const entries = [...storage.entries({ leads: [lead.id, ...lead.aliases], actions })];
  const note = (personal: unknown): string | null => {
    const text = personal !== null && typeof personal === 'object' && 'note' in personal ? personal.note : null;
    return typeof text === 'string' ? text : null;
  };
  return {
    notes: entries
      .filter(({ action }) => action === 'lead.note')
      .map(({ time, actor, personal }) => ({ time: isoTime(time), actor, note: note(personal) })),
    documents: entries
      .filter(({ action }) => action === 'lead.document')
      .map(({ detail }) => ({
        number: String(detail['number'] ?? ''),
        title: String(detail['title'] ?? ''),
        date: String(detail['date'] ?? ''),
        sha256: typeof detail['sha256'] === 'string' ? detail['sha256'] : null,
      })),
  };
}
