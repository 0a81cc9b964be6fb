/** What persons say about a lead. Every change is one entry with its actor; what names people lies beside the chain. */
import type { Desk } from './desk.ts';
import { LeadError } from './lead-error.ts';
import { mustFind } from './merge.ts';
import type { Change } from './services.ts';
import { checkTransition, ENDED } from './status.ts';
import { strengthOf } from './strength.ts';
import { chinaDay, isDay } from './times.ts';
import { CATEGORIES, FLAGS, INVOLVEMENTS, type Lead, SITE_TYPES } from './types.ts';

export interface StatusChange {
  readonly status: string;
  readonly department?: string;
  /** Number of the document the step rests on. */
  readonly document?: string;
  /** Day on which mining stopped, YYYY-MM-DD, and how; both needed for `stopped`. */
  readonly date?: string;
  readonly method?: string;
  readonly reason?: string;
  /** Name of the person responsible; kept beside the chain. */
  readonly person?: string;
}

export interface FieldChange {
  readonly category?: string;
  readonly involvement?: string;
  readonly site_type?: string;
  readonly region?: string;
  readonly department?: string;
  /** Day in China, YYYY-MM-DD. */
  readonly deadline?: string;
}

export interface DocumentEntry {
  readonly number: string;
  readonly title: string;
  readonly date: string;
  readonly sha256: string | null;
}

const MAX_TEXT = 10_000;

/** Appends an entry about a lead and brings the lead up to date. */
function enter(
  desk: Desk,
  lead: Lead,
  action: string,
  detail: Readonly<Record<string, unknown>>,
  personal: Readonly<Record<string, unknown>> | null,
  change: Change,
): void {
  desk.storage.append({ ...change, action, lead: lead.id, detail, personal });
  const nodes = desk.storage.nodesOf(lead.id).map(({ id }) => id);
  desk.regroup({ nodes: new Set(nodes), byPerson: true }, change);
}

function checkDay(lead: Lead, what: string, day: string): void {
  if (!isDay(day))
    throw new LeadError(`${lead.id}: ${what} ${JSON.stringify(day.slice(0, 40))} is no day such as 2026-11-20`);
}

function checkAmong(lead: Lead, what: string, value: string, list: readonly string[]): void {
  if (list.includes(value)) return;
  throw new LeadError(
    `${lead.id}: ${what} cannot be ${JSON.stringify(value.slice(0, 40))}; allowed: ${list.join(', ')}`,
  );
}

function checkText(lead: Lead, what: string, value: string): void {
  if (value.trim() !== '' && value.length <= MAX_TEXT) return;
  throw new LeadError(`${lead.id}: ${what} must have 1 to ${MAX_TEXT} characters`);
}

/** Moves a lead along the status flow; throws a LeadError that names what is allowed. */
export function setStatus(desk: Desk, reference: string, to: StatusChange, change: Change): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    checkTransition(lead.id, lead.status, to.status);
    const { status, person, ...given } = to;
    for (const [name, value] of Object.entries(to)) checkText(lead, name, value);
    if (status === 'stopped' && (to.date === undefined || to.method === undefined)) {
      throw new LeadError(`${lead.id}: status stopped (已停) needs the day on which mining stopped and the method`);
    }
    if (to.date !== undefined) {
      checkDay(lead, 'the date', to.date);
      if (to.date > chinaDay(change.time)) throw new LeadError(`${lead.id}: the date ${to.date} has not come yet`);
    }
    const rows = desk.storage
      .nodesOf(lead.id)
      .flatMap(({ id }) => desk.storage.placementsAt(id))
      .flatMap(({ detection }) => desk.storage.parts(detection).map(({ row }) => row));
    const seen = status === 'not_true' ? { seen: strengthOf(rows) } : {};
    const restart = ENDED.has(lead.status) && status === 'restarted' ? { restart_of: lead.status_since } : {};
    const detail = { status, previous: lead.status, ...given, ...seen, ...restart };
    const action = status === 'restarted' ? 'lead.restarted' : 'lead.status';
    enter(desk, lead, action, detail, person === undefined ? null : { person }, change);
  });
}

/** Sets what a reviewer decides: these go before what the ledger proposes. */
export function setFields(desk: Desk, reference: string, fields: FieldChange, change: Change): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    if (fields.category !== undefined) checkAmong(lead, 'category', fields.category, CATEGORIES);
    if (fields.involvement !== undefined) checkAmong(lead, 'involvement', fields.involvement, INVOLVEMENTS);
    if (fields.site_type !== undefined) checkAmong(lead, 'site_type', fields.site_type, SITE_TYPES);
    if (fields.deadline !== undefined) checkDay(lead, 'deadline', fields.deadline);
    if (fields.department !== undefined) checkText(lead, 'department', fields.department);
    if (fields.region !== undefined && !/^\d{6}$/.test(fields.region)) {
      throw new LeadError(`${lead.id}: region must be a GB/T 2260 code of six digits`);
    }
    enter(desk, lead, 'lead.set', { ...fields }, null, change);
  });
}

/** Sets or lifts a flag against the rules; `key` puts the lead on the key list. */
export function setFlag(
  desk: Desk,
  reference: string,
  flag: string,
  on: boolean,
  reason: string,
  change: Change,
): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    checkAmong(lead, 'flag', flag, FLAGS);
    checkText(lead, 'reason', reason);
    enter(desk, lead, 'lead.flag', { flag, on, reason }, null, change);
  });
}

/** Adds or removes a power account (户号). */
export function setPowerAccount(desk: Desk, reference: string, account: string, on: boolean, change: Change): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    if (!/^[0-9A-Za-z-]{4,32}$/.test(account)) {
      throw new LeadError(`${lead.id}: a power account has 4 to 32 digits or letters`);
    }
    // Only that of a known unit may stand in the chain.
    const unit = lead.subject?.person === false;
    enter(desk, lead, 'lead.power_account', unit ? { account, on } : { on }, unit ? null : { account }, change);
  });
}

/** Evidence that machines ran on a day (bill, lease, flow seen elsewhere): an older start may make a lead existing. */
export function addRunningEvidence(desk: Desk, reference: string, date: string, what: string, change: Change): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    checkDay(lead, 'the date', date);
    checkText(lead, 'what shows it', what);
    enter(desk, lead, 'lead.running_evidence', { date, what }, null, change);
  });
}

/** A note. Its text may name people: it lies beside the chain and may be purged. */
export function addNote(desk: Desk, reference: string, note: string, change: Change): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    checkText(lead, 'a note', note);
    enter(desk, lead, 'lead.note', {}, { note }, change);
  });
}

export function addDocument(desk: Desk, reference: string, document: DocumentEntry, change: Change): void {
  desk.storage.transaction(() => {
    const lead = mustFind(desk, reference);
    checkText(lead, 'the number of a document', document.number);
    checkText(lead, 'the title of a document', document.title);
    checkDay(lead, 'the date of a document', document.date);
    if (document.sha256 !== null && !/^[0-9a-f]{64}$/.test(document.sha256)) {
      throw new LeadError(`${lead.id}: the SHA-256 of a document has 64 hex digits, small letters`);
    }
    enter(desk, lead, 'lead.document', { ...document }, null, change);
  });
}

/**
 * The display number `L-<region>-<year>-<serial>`, given at the first hand-over and never again; a lead that has one keeps
 * it. Serials count for each region and year.
 */
export function giveNumber(desk: Desk, reference: string, region: string, year: number, change: Change): string {
  const { storage } = desk;
  return storage.transaction(() => {
    const lead = mustFind(desk, reference);
    if (lead.number !== null) return lead.number;
    if (!/^\d{6}$/.test(region)) throw new LeadError(`${lead.id}: a display number needs a region of six digits`);
    if (!Number.isInteger(year) || year < 2000 || year > 9999) throw new LeadError(`${lead.id}: ${year} is no year`);
    const counter = `lead-number:${region}:${year}`;
    const serial = Number(storage.setting(counter) ?? '0') + 1;
    storage.putSetting(counter, String(serial));
    const number = `L-${region}-${year}-${String(serial).padStart(6, '0')}`;
    enter(desk, lead, 'lead.numbered', { number }, null, change);
    return number;
  });
}
