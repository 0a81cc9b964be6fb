import type { FieldChange, StatusChange } from '../ledger/persons.ts';
import type { Casework } from './casework.ts';
import { type Answer, type Context, listOf, textOf } from './context.ts';
import { UsageError } from './exit.ts';
import { changed, changeOf, mustLead } from './leads-common.ts';
import { visible } from './text.ts';

const FIELDS: readonly (keyof FieldChange)[] = [
  'category',
  'involvement',
  'site_type',
  'region',
  'department',
  'deadline',
];
const OTHERS = ['status', 'key', 'flag', 'power_account', 'running_since'];
/** Fields that may be given more than once, and options that tell about a status alone. */
const REPEATABLE: ReadonlySet<string> = new Set(['flag', 'power_account', 'running_since']);
const OF_STATUS = ['department', 'date', 'method', 'person'];
const YES = new Set(['yes', 'true', '1', '是']);
const NO = new Set(['no', 'false', '0', '否']);

/**
 * `leads set ID NAME=VALUE …`, all of it or nothing. `flag=NAME` and `power_account=NUMBER` add, with a minus sign before
 * the value they remove; `running_since=DAY` is evidence of an older start; `key=yes` puts the lead on the key list.
 */
export function setLead(context: Context, casework: Casework): Answer {
  const { given } = context;
  const lead = mustLead(casework, textOf(given, 'id') ?? '', false);
  const pairs = listOf(given, 'fields').map(pairOf);
  const change = changeOf(context);
  const names = pairs.map(([name]) => name);
  for (const [at, name] of names.entries()) {
    if (!REPEATABLE.has(name) && names.indexOf(name) !== at) throw new UsageError(`${visible(name)} is given twice`);
  }
  for (const name of OF_STATUS) {
    if (given[name] !== undefined && !names.includes('status')) throw new UsageError(`--${name} goes with status=…`);
  }
  const note = textOf(given, 'note');
  const document = textOf(given, 'document');
  const { casebook, ledger } = casework;
  const fields: Record<string, string> = {};
  ledger.leads.transaction(() => {
    for (const [name, value] of pairs) {
      if (FIELDS.some((field) => field === name)) fields[name] = value;
      else if (name === 'status') casebook.setStatus(lead.id, statusOf(context, value), change);
      else if (name === 'key') casebook.setFlag(lead.id, 'key', yesOf(name, value), document ?? 'key list', change);
      else if (name === 'flag') {
        const on = !value.startsWith('-');
        casebook.setFlag(lead.id, on ? value : value.slice(1), on, document ?? 'by hand', change);
      } else if (name === 'power_account') {
        const on = !value.startsWith('-');
        casebook.setPowerAccount(lead.id, on ? value : value.slice(1), on, change);
      } else if (name === 'running_since') {
        casebook.addRunningEvidence(lead.id, value, document ?? 'by hand', change);
      } else {
        throw new UsageError(`'${visible(name)}' is no field; there are ${[...OTHERS, ...FIELDS].join(', ')}`);
      }
    }
    if (Object.keys(fields).length > 0) casebook.setFields(lead.id, fields as FieldChange, change);
    if (note !== null) casebook.addNote(lead.id, note, change);
  });
  return changed(context, casework, [lead.id]);
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new UsageError(`'${visible(text)}' is not NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function yesOf(name: string, value: string): boolean {
  if (YES.has(value)) return true;
  if (NO.has(value)) return false;
  throw new UsageError(`${name}: '${visible(value)}' is neither yes nor no`);
}

function statusOf({ given }: Context, status: string): StatusChange {
  const change: Record<string, string> = { status };
  for (const name of ['department', 'document', 'date', 'method', 'person']) {
    const value = textOf(given, name);
    if (value !== null) change[name] = value;
  }
  return change as unknown as StatusChange;
}
