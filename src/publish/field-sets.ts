/**
 * Which fields of a lead a department is sent: a table that is data (signatures/reference/field-sets.csv), read strictly,
 * because a slip in it would send too much.
 */
import { parseReference } from '../identifier/reference-table.ts';

/** A hand-over that cannot be done: one line that says what, why, and what to do. */
export class HandOverError extends Error {
  override readonly name = 'HandOverError';
  /** Exit code of a command that fails with it: wrong usage. */
  readonly exitCode = 2;

  constructor(message: string) {
    super(message.replaceAll(/[\r\n\t]+/g, ' '));
  }
}

export const DEPARTMENTS = [
  'ndrc',
  'cac',
  'miit',
  'finance',
  'energy',
  'tax',
  'market',
  'police',
  'discipline',
  'carrier',
] as const;
export type Department = (typeof DEPARTMENTS)[number];

/** `wallet`: of the pool field wallets alone. `document`: natural persons, with a document number. */
export type FieldLevel = 'full' | 'reduced' | 'none' | 'wallet' | 'document';

export const FIELD_NAMES = [
  'project',
  'enterprise',
  'address',
  'ip',
  'pool',
  'hashrate',
  'energy',
  'power_account',
  'person',
  'evidence',
  'surcharge',
  'loans',
  'involvement',
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

/** Fields of the table and the levels each may have. What cannot be reduced is sent whole or not at all. */
const FIELD_LEVELS: Readonly<Record<FieldName, readonly FieldLevel[]>> = {
  project: ['full', 'none'],
  enterprise: ['full', 'none'],
  address: ['full', 'reduced', 'none'],
  ip: ['full', 'reduced', 'none'],
  pool: ['full', 'wallet', 'none'],
  hashrate: ['full', 'reduced', 'none'],
  energy: ['full', 'reduced', 'none'],
  power_account: ['full', 'none'],
  person: ['document', 'none'],
  evidence: ['full', 'reduced', 'none'],
  surcharge: ['full', 'reduced', 'none'],
  loans: ['full', 'reduced', 'none'],
  involvement: ['full', 'reduced', 'none'],
};

export type FieldSet = Readonly<Record<FieldName, FieldLevel>>;

export interface FieldSets {
  /** Of the table; every hand-over names it. */
  readonly version: string;
  readonly date: string;
  readonly departments: Readonly<Record<Department, FieldSet>>;
  /** Names of the fields for people. */
  readonly names: Readonly<Record<FieldName, { readonly zh: string; readonly en: string }>>;
}

/** The department of a name as given by a person. Throws a HandOverError that lists the known ones. */
export function departmentOf(name: string): Department {
  const found = DEPARTMENTS.find((department) => department === name);
  if (found !== undefined) return found;
  throw new HandOverError(
    `unknown department ${JSON.stringify(name.slice(0, 40))}; known are ${DEPARTMENTS.join(', ')}`,
  );
}

/**
 * Reads a table of field sets: CSV with the columns `field`, `zh`, `en` and one per department. Every field must stand
 * there once, every cell must be a level that the field may have; natural persons go to the police alone. Throws a
 * HandOverError for the first fault: a table that is not wholly understood sends nothing.
 */
export function parseFieldSets(text: string, name = 'field-sets.csv'): FieldSets {
  const table = parseReference(text, name, ['field', 'zh', 'en', ...DEPARTMENTS]);
  const [fault] = table.faults;
  if (fault !== undefined) throw new HandOverError(faultAt(name, fault.line, fault.message));
  if (table.version === '') {
    throw new HandOverError(
      `${name}: no line "# version: …" at its head; a hand-over names the version of its field set`,
    );
  }
  const sets = Object.fromEntries(DEPARTMENTS.map((department) => [department, {} as Record<string, FieldLevel>]));
  const names: Record<string, { zh: string; en: string }> = {};
  for (const row of table.rows) {
    const field = row.get('field');
    if (!Object.hasOwn(FIELD_LEVELS, field)) {
      throw new HandOverError(
        `${name}, line ${row.line}: unknown field ${JSON.stringify(field.slice(0, 40))}; known are ${FIELD_NAMES.join(', ')}`,
      );
    }
    if (Object.hasOwn(names, field)) {
      throw new HandOverError(
        `${name}, line ${row.line}: the field ${field} stands here a second time; keep one of them`,
      );
    }
    names[field] = { zh: row.get('zh'), en: row.get('en') };
    for (const department of DEPARTMENTS) {
      const level = levelOf(field as FieldName, row.get(department), department);
      if (typeof level !== 'string') throw new HandOverError(`${name}, line ${row.line}: ${level.fault}`);
      (sets[department] as Record<string, FieldLevel>)[field] = level;
    }
  }
  const missing = FIELD_NAMES.filter((field) => !Object.hasOwn(names, field));
  if (missing.length > 0) {
    throw new HandOverError(`${name}: no row for ${missing.join(', ')}; add it with a level for every department`);
  }
  return {
    version: table.version,
    date: table.date,
    departments: sets as unknown as Record<Department, FieldSet>,
    names: names as Record<FieldName, { zh: string; en: string }>,
  };
}

function faultAt(name: string, line: number, message: string): string {
  return message.startsWith(name) ? message : `${name}${line > 0 ? `, line ${line}` : ''}: ${message}`;
}

function levelOf(field: FieldName, cell: string, department: Department): FieldLevel | { readonly fault: string } {
  const allowed = FIELD_LEVELS[field];
  const level = allowed.find((each) => each === cell);
  if (level === undefined) {
    return {
      fault: `${field} for ${department} is ${JSON.stringify(cell.slice(0, 40))}; it may be ${allowed.join(', ')}`,
    };
  }
  if (level === 'document' && department !== 'police') {
    return { fault: `natural persons go to the police alone; set ${field} for ${department} to none` };
  }
  return level;
}
