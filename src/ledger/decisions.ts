/**
 * What persons decided about a lead, read from the chain: entries are the only place where decisions are kept, so none is
 * without its history. Later entries win; joined leads keep the decisions of all their nodes in the order they were made.
 */
import type { Remark } from '../attribution/types.ts';
import { ENDED, isStatus } from './status.ts';
import type { StoredEntry } from './store.ts';
import {
  CATEGORIES,
  type Category,
  FLAGS,
  type Flag,
  INVOLVEMENTS,
  type Involvement,
  type LeadSiteType,
  SITE_TYPES,
  type Status,
} from './types.ts';

/** How strong evidence is: kinds behaviour 0, names 1, payload 2; confidence suspected 0, probable 1, confirmed 2. */
export interface Strength {
  readonly kind: number;
  readonly confidence: number;
  /** Work was done or passed on: 1; asked for at most: 0. Missing in judgements of before. */
  readonly work?: number;
}

export interface StatusDecision {
  readonly status: Status;
  /** Time of the entry, microseconds. */
  readonly since: number;
  /** Day on which mining stopped, YYYY-MM-DD. */
  readonly date: string | null;
  /** What the judgement had seen. */
  readonly seen: Strength | null;
}

export interface ReportRecord {
  readonly source: string;
  readonly reference: string;
  readonly received: number;
  readonly ip: string | null;
  readonly port: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly subject: string | null;
  readonly uscc: string | null;
  readonly region: string | null;
  readonly place: string | null;
  /** How often it was handed down; null where the report says nothing. */
  readonly count: number | null;
}

export interface Decisions {
  status: StatusDecision | null;
  category: Category | null;
  involvement: Involvement | null;
  siteType: LeadSiteType | null;
  region: string | null;
  department: string | null;
  /** Day, or null where nobody set one. */
  deadline: string | null;
  number: string | null;
  /** The last stop or closure that traffic ended, ISO day or time; null without recurrence. */
  restartOf: string | null;
  readonly flags: Map<Flag, { readonly on: boolean; readonly reason: string }>;
  readonly powerAccounts: Set<string>;
  /** Days for which somebody showed that machines ran, with what showed it. */
  readonly runningEvidence: Map<string, string>;
  readonly links: Map<string, { readonly lead: string; readonly kind: string; readonly value: string }>;
  readonly remarks: Map<string, Remark>;
  readonly reports: Map<string, ReportRecord>;
}

export function noDecisions(): Decisions {
  return {
    status: null,
    category: null,
    involvement: null,
    siteType: null,
    region: null,
    department: null,
    deadline: null,
    number: null,
    restartOf: null,
    flags: new Map(),
    powerAccounts: new Set(),
    runningEvidence: new Map(),
    links: new Map(),
    remarks: new Map(),
    reports: new Map(),
  };
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const among = <T extends string>(list: readonly T[], value: unknown): T | null =>
  list.find((each) => each === value) ?? null;

function strengthOf(value: unknown): Strength | null {
  if (value === null || typeof value !== 'object') return null;
  const { kind, confidence, work } = value as Record<string, unknown>;
  if (typeof kind !== 'number' || typeof confidence !== 'number') return null;
  return { kind, confidence, ...(typeof work === 'number' ? { work } : {}) };
}

type Detail = StoredEntry['detail'];
/** `personal` is null where there was nothing or it was purged. */
type Step = (into: Decisions, detail: Detail, time: number, personal?: StoredEntry['personal']) => void;

const setStatus: Step = (into, detail, time) => {
  const status = text(detail['status']);
  if (status === null || !isStatus(status)) return;
  into.status = {
    status,
    since: number(detail['since']) ?? time,
    // The day of the stop holds on while the lead is inspected and closed.
    date: text(detail['date']) ?? (ENDED.has(status) ? (into.status?.date ?? null) : null),
    seen: strengthOf(detail['seen']),
  };
  // A deadline that a person set belongs to the status it was set in.
  into.deadline = null;
};

const setFields: Step = (into, detail) => {
  into.category = among(CATEGORIES, detail['category']) ?? into.category;
  into.involvement = among(INVOLVEMENTS, detail['involvement']) ?? into.involvement;
  into.siteType = among(SITE_TYPES, detail['site_type']) ?? into.siteType;
  into.region = text(detail['region']) ?? into.region;
  into.department = text(detail['department']) ?? into.department;
  into.deadline = text(detail['deadline']) ?? into.deadline;
};

const addRemark: Step = (into, detail) => {
  const code = text(detail['remark']);
  if (code !== null) into.remarks.set(code, { code, text: text(detail['text']) ?? code });
};

/** Decisions of another lead: its single values replace, what it has many of is added. */
const takeOver: Step = (into, detail, _time, personal) => {
  for (const account of list<string>(personal?.['powerAccounts'])) into.powerAccounts.add(account);
  if (detail['state'] === null || typeof detail['state'] !== 'object') return;
  const { flags, powerAccounts, runningEvidence, links, remarks, ...plain } = detail['state'] as Detail;
  Object.assign(into, plain);
  for (const [key, value] of list<[Flag, { on: boolean; reason: string }]>(flags)) into.flags.set(key, value);
  for (const account of list<string>(powerAccounts)) into.powerAccounts.add(account);
  for (const [key, value] of list<[string, string]>(runningEvidence)) into.runningEvidence.set(key, value);
  for (const [key, value] of list<[string, { lead: string; kind: string; value: string }]>(links)) {
    into.links.set(key, value);
  }
  for (const [key, value] of list<[string, Remark]>(remarks)) into.remarks.set(key, value);
};

/** A list of an entry of ours; the chain's digests vouch for what is in it. */
function list<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}

/** Name under which the personal part of a report keeps what its detail leaves out. */
export const WITHHELD = 'withheld';

const STEPS: Readonly<Record<string, Step>> = {
  'lead.status': (into, detail, time) => {
    setStatus(into, detail, time);
    if (text(detail['department']) !== null) into.department = text(detail['department']);
  },
  'lead.set': setFields,
  'lead.flag': (into, detail) => {
    const flag = among(FLAGS, detail['flag']);
    if (flag !== null) into.flags.set(flag, { on: detail['on'] === true, reason: text(detail['reason']) ?? '' });
  },
  'lead.power_account': (into, detail, _time, personal) => {
    const account = text(detail['account']) ?? text(personal?.['account']);
    if (account === null) return;
    if (detail['on'] === true) into.powerAccounts.add(account);
    else into.powerAccounts.delete(account);
  },
  'lead.running_evidence': (into, detail) => {
    const date = text(detail['date']);
    if (date !== null) into.runningEvidence.set(date, text(detail['what']) ?? '');
  },
  'lead.numbered': (into, detail) => {
    into.number = text(detail['number']);
  },
  'lead.linked': (into, detail) => {
    const lead = text(detail['lead']);
    const kind = text(detail['kind']);
    if (lead === null || kind === null) return;
    const key = JSON.stringify([kind, lead]);
    if (detail['on'] === false) into.links.delete(key);
    else into.links.set(key, { lead, kind, value: text(detail['value']) ?? '' });
  },
  'lead.reopened': (into, detail, time) => {
    setStatus(into, detail, time);
    addRemark(into, detail, time);
  },
  'lead.restarted': (into, detail, time) => {
    setStatus(into, detail, time);
    into.restartOf = text(detail['restart_of']);
    addRemark(into, detail, time);
  },
  'report.recorded': (into, detail, time, personal) => {
    const source = text(detail['source']);
    const reference = text(detail['reference']);
    if (source === null || reference === null) return;
    const key = JSON.stringify([source, reference]);
    const withheld = { ...(personal?.[WITHHELD] as Detail | undefined) };
    into.reports.set(key, {
      source,
      reference,
      received: into.reports.get(key)?.received ?? time,
      ip: text(detail['ip']),
      port: number(detail['port']),
      from: number(detail['from']),
      to: number(detail['to']),
      subject: text(detail['subject']) ?? text(withheld['subject']),
      uscc: text(detail['uscc']),
      region: text(detail['region']),
      place: text(detail['place']) ?? text(withheld['place']),
      count: number(detail['count']),
    });
  },
  'lead.merged': (into, detail, time) => {
    takeOver(into, detail, time);
    const source = text(detail['source']);
    if (source === null) return;
    const value = new Date(Math.floor(time / 1000)).toISOString().slice(0, 10);
    into.links.set(JSON.stringify(['merged_from', source]), { lead: source, kind: 'merged_from', value });
  },
  'lead.split': (into, detail) => {
    for (const node of list<string>(detail['off'])) into.links.delete(JSON.stringify(['merged_from', node]));
  },
  'lead.split_off': takeOver,
  'lead.taken_over': takeOver,
};

/** Entries that decide something about a lead; a report stands for itself. */
export const DECIDING: readonly string[] = Object.keys(STEPS).filter((action) => action !== 'report.recorded');

/**
 * The decisions that entries of `members` (ids of nodes of one lead), in the order of the chain, make. What was decided
 * about a node before its traffic went to a lead outside of `members` stays with that lead.
 */
export function foldDecisions(entries: Iterable<StoredEntry>, members: ReadonlySet<string>): Decisions {
  const all = [...entries];
  const movedAt = new Map<string, number>();
  for (const { action, lead, detail, seq } of all) {
    if (action !== 'lead.moved' || lead === null) continue;
    const to = text(detail['to']);
    if (to !== null && !members.has(to)) movedAt.set(lead, seq);
  }
  const into = noDecisions();
  for (const { action, lead, detail, personal, time, seq } of all) {
    if (lead !== null && seq <= (movedAt.get(lead) ?? -1)) continue;
    STEPS[action]?.(into, detail, time, personal);
  }
  return into;
}

/**
 * Decisions as plain data for the detail of an entry: the single values and flags, and with `everything` the lists too. The
 * power accounts, which may be those of people, go into its personal part: `frozenAccounts`.
 */
export function freeze(decisions: Decisions, everything: boolean): Record<string, unknown> {
  const { flags, powerAccounts: _accounts, runningEvidence, links, remarks, reports: _, ...plain } = decisions;
  const lists = {
    runningEvidence: [...runningEvidence],
    links: [...links],
    remarks: [...remarks],
  };
  return { ...plain, flags: [...flags], ...(everything ? lists : {}) };
}

/** The power accounts as the personal part of an entry; null without any. */
export function frozenAccounts({ powerAccounts }: Decisions): StoredEntry['personal'] {
  return powerAccounts.size === 0 ? null : { powerAccounts: [...powerAccounts] };
}
