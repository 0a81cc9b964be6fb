/**
 * Answers of carriers and departments, keyed by `lead_id`. Total: any text gives rows and faults. An answer with gaps is
 * kept with what it has; a cell that makes no sense is dropped and named. Nothing here changes a lead.
 */
import { parse } from 'csv-parse/sync';
import { checkUscc } from '../identifier/uscc.ts';
import {
  CARRIER_STATUSES,
  CARRIER_WORDS,
  type CarrierStatus,
  FEEDBACK_HEADINGS,
  FEEDBACK_RESULTS,
  type FeedbackResult,
  RESULT_WORDS,
} from './feedback-columns.ts';
import { isPersonalName } from './hand-over-reduce.ts';
import { portOf, type Socket, socketsOf } from './inbound-value.ts';

export interface FeedbackFault {
  /** Row of the file, the heading row is 1; 0 for the whole file. */
  readonly row: number;
  readonly reason: 'unreadable' | 'heading' | 'lead_id' | 'unknown_lead' | 'empty' | 'value' | 'too_many';
  /** One line: what, why, what to do. */
  readonly message: string;
}

interface FeedbackBase {
  readonly row: number;
  /** As answered: display number or id. */
  readonly lead_id: string;
  /** The id in this ledger. */
  readonly lead: string;
}

export interface CarrierFeedback extends FeedbackBase {
  readonly kind: 'carrier';
  readonly status: CarrierStatus;
  /** Address and port that the answer is about, as in the list sent; null where it names none. */
  readonly ip: string | null;
  readonly port: number | null;
  /** The times asked about, as the list sent has them (UTC), microseconds. */
  readonly asked_from: number | null;
  readonly asked_to: number | null;
  /** Microseconds, UTC; times without an offset count as Chinese time. */
  readonly valid_from: number | null;
  readonly valid_to: number | null;
  readonly customer_type: string | null;
  /** Only where its checks pass. */
  readonly uscc: string | null;
  /** Name of a unit; that of a natural person stands in `sealed`. */
  readonly unit_name: string | null;
  readonly person: boolean;
  readonly install_address: string | null;
  readonly region: string | null;
  readonly line_type: string | null;
  readonly operator_ref: string | null;
  /** 工单号. */
  readonly request: string | null;
  readonly answered_by: string | null;
  readonly answered_at: number | null;
  readonly sealed: Readonly<Record<string, string>> | null;
}

export interface DepartmentFeedback extends FeedbackBase {
  readonly kind: 'department';
  readonly result: FeedbackResult | null;
  /** Day of the visit, YYYY-MM-DD. */
  readonly visited_at: string | null;
  readonly document: string | null;
  readonly note: string | null;
  /** Metered energy found, kWh, and machines counted. */
  readonly kwh: number | null;
  readonly machines: number | null;
}

export type FeedbackRow = CarrierFeedback | DepartmentFeedback;

export interface Feedback {
  /** Null where the headings fit neither. */
  readonly kind: 'carrier' | 'department' | null;
  readonly rows: readonly FeedbackRow[];
  readonly faults: readonly FeedbackFault[];
}

export interface FeedbackOptions {
  /** Id of the lead behind an id or display number, null for an unknown one. */
  readonly leadOf: (reference: string) => string | null;
}

const MAX_CHARACTERS = 64 * 1024 * 1024;
const MAX_FAULTS = 10_000;
const MAX_CELL = 10_000;
/** Rows above the headings: title and unit line. */
const MAX_HEAD = 20;

const nameOf = (text: string): string =>
  text
    .slice(0, 60)
    .toWellFormed()
    .normalize('NFKC')
    .replaceAll(/[\s\ufeff*：:]/g, '')
    .toLowerCase();

const HEADINGS: ReadonlyMap<string, string> = new Map(
  Object.entries(FEEDBACK_HEADINGS).flatMap(([column, names]) => names.map((name) => [nameOf(name), column] as const)),
);

function wordsOf<T extends string>(ids: readonly T[], words: Readonly<Record<T, readonly string[]>>): Map<string, T> {
  return new Map(ids.flatMap((id) => [id, ...words[id]].map((word) => [nameOf(word), id] as const)));
}
const STATUSES = wordsOf(CARRIER_STATUSES, CARRIER_WORDS);
const RESULTS = wordsOf(FEEDBACK_RESULTS, RESULT_WORDS);

function failed(reason: FeedbackFault['reason'], message: string): Feedback {
  return { kind: null, rows: [], faults: [{ row: 0, reason, message }] };
}

/** Reads decoded text (comma, tab or semicolon) or rows of cells, with headings in one of the first rows. */
export function readFeedback(input: string | readonly (readonly string[])[], options: FeedbackOptions): Feedback {
  const table = typeof input === 'string' ? cellsOf(input) : input;
  if (typeof table === 'string') return failed('unreadable', table);
  const head = table
    .slice(0, MAX_HEAD)
    .findIndex((row) => row.some((cell) => HEADINGS.get(nameOf(cell)) === 'lead_id'));
  const columns = new Map<string, number>();
  for (const [at, cell] of (table[head] ?? []).entries()) {
    const column = HEADINGS.get(nameOf(cell));
    if (column !== undefined && !columns.has(column)) columns.set(column, at);
  }
  if (head < 0)
    return failed('heading', 'no column lead_id (线索编号) in the first rows; keep the headings of the list sent');
  const kind = columns.has('result') ? 'department' : columns.has('status') ? 'carrier' : null;
  if (kind === null) {
    return failed('heading', 'neither a column status (归属状态) nor result (核查结果); add the one that was answered');
  }
  const rows: FeedbackRow[] = [];
  const faults: FeedbackFault[] = [];
  for (const [at, cells] of table.entries()) {
    if (at <= head || cells.every((cell) => cell.trim() === '')) continue;
    if (faults.length >= MAX_FAULTS) {
      faults.push({
        row: at + 1,
        reason: 'too_many',
        message: `more than ${MAX_FAULTS} faults; the rest was not read`,
      });
      break;
    }
    const reader = new RowReader(at + 1, cells, columns, faults);
    const row = reader.lead(options, kind);
    if (row !== null) rows.push(row);
  }
  return { kind, rows, faults };
}

function cellsOf(text: string): readonly (readonly string[])[] | string {
  if (text.length > MAX_CHARACTERS) return `larger than ${MAX_CHARACTERS} characters; split the file`;
  const first = /^[^\r\n]*lead_id[^\r\n]*$|^[^\r\n]*编号[^\r\n]*$/m.exec(text.slice(0, 65_536))?.[0] ?? '';
  const counts = [',', '\t', ';'].map((delimiter) => ({ delimiter, count: first.split(delimiter).length }));
  const { delimiter } = counts.reduce((best, each) => (each.count > best.count ? each : best));
  try {
    return parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: 1 << 20,
      record_delimiter: ['\r\n', '\n', '\r'],
    }) as string[][];
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '';
    return `not readable as CSV: ${reason}; save it again as CSV`;
  }
}

const SHOWN = (text: string): string => JSON.stringify(text.slice(0, 40));
const PERSON = /个人|自然人|居民|person|residential/i;
const CHINA = 8 * 3_600_000;
const TIME =
  /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]{1,4}(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?\s{0,4}(Z|UTC|[+-]\d{2}:?\d{2})?$/;

/** Microseconds of a time as people write it; without an offset it is Chinese time unless said otherwise. Null for none. */
export function feedbackTime(text: string, home: number = CHINA): number | null {
  const match = TIME.exec(text.trim().slice(0, 60));
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const back = new Date(at);
  // A 31st of February would silently be a day of March.
  if (back.getUTCMonth() !== Number(month) - 1 || back.getUTCDate() !== Number(day)) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const offset = zone === undefined ? home : zone === 'Z' || zone === 'UTC' ? 0 : offsetOf(zone);
  return (at - offset) * 1000 + Number(fraction.padEnd(6, '0'));
}

function offsetOf(zone: string): number {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

class RowReader {
  private readonly row: number;
  private readonly cells: readonly string[];
  private readonly columns: ReadonlyMap<string, number>;
  private readonly faults: FeedbackFault[];

  constructor(row: number, cells: readonly string[], columns: ReadonlyMap<string, number>, faults: FeedbackFault[]) {
    this.row = row;
    this.cells = cells;
    this.columns = columns;
    this.faults = faults;
  }

  private fault(reason: FeedbackFault['reason'], message: string): null {
    this.faults.push({ row: this.row, reason, message: message.replaceAll(/[\r\n\t]+/g, ' ') });
    return null;
  }

  private text(column: string): string | null {
    const cell = (this.cells[this.columns.get(column) ?? -1] ?? '').slice(0, MAX_CELL).trim();
    // An apostrophe before what looks like a formula is the one that our own lists put there.
    const plain = /^'[=+\-@]/.test(cell) ? cell.slice(1) : cell;
    return plain === '' || plain === '-' || plain === '/' || plain === '无' ? null : plain;
  }

  private value<T>(column: string, read: (text: string) => T | null, wanted: string): T | null {
    const text = this.text(column);
    if (text === null) return null;
    return read(text) ?? this.fault('value', `${column} ${SHOWN(text)} is not ${wanted}; it was left out`);
  }

  lead(options: FeedbackOptions, kind: 'carrier' | 'department'): FeedbackRow | null {
    const reference = this.text('lead_id');
    if (reference === null) return this.fault('lead_id', 'no lead_id (线索编号); copy it from the list sent');
    const lead = options.leadOf(reference.slice(0, 100));
    if (lead === null) {
      return this.fault('unknown_lead', `lead ${SHOWN(reference)} is not in this ledger; check the number`);
    }
    const base = { row: this.row, lead_id: reference.slice(0, 100), lead };
    return kind === 'carrier' ? this.carrier(base) : this.department(base);
  }

  /** Which address and port is meant; null where a cell gives one that cannot be read: then nobody knows what was answered. */
  private socket(): { readonly ip: string | null; readonly port: number | null } | null {
    const ip = this.text('ip');
    const sockets: readonly Socket[] | { readonly fault: string } = ip === null ? [] : socketsOf(ip);
    if ('fault' in sockets || sockets.length > 1) {
      return this.fault(
        'value',
        `ip ${SHOWN(ip ?? '')} is not one IP address; answer each address in a row of its own`,
      );
    }
    const cell = this.text('port');
    const port = cell === null ? null : portOf(cell);
    if (port === undefined) {
      return this.fault('value', `port ${SHOWN(cell ?? '')} is not one port; answer each port in a row of its own`);
    }
    const [socket] = sockets;
    if (socket !== undefined && socket.port !== null && port !== null && socket.port !== port) {
      return this.fault('value', `ip ${SHOWN(ip ?? '')} and port ${port} differ; state one port`);
    }
    return { ip: socket?.ip ?? null, port: port ?? socket?.port ?? null };
  }

  private carrier(base: FeedbackBase): CarrierFeedback | null {
    const status = this.value('status', (text) => STATUSES.get(nameOf(text)) ?? null, CARRIER_STATUSES.join(', '));
    if (status === null) {
      return this.text('status') === null
        ? this.fault('empty', `${base.lead_id}: no status; nothing was answered`)
        : null;
    }
    const socket = this.socket();
    if (socket === null) return null;
    const type = this.text('customer_type');
    const name = this.text('unit_name');
    const uscc = this.value('uscc', creditCode, 'a valid credit code');
    const named = name !== null && uscc === null && isPersonalName(name);
    const person = named || (type !== null && PERSON.test(type));
    const answered = this.text('answered_by');
    const clerk = answered !== null && isPersonalName(answered);
    const sealed = {
      ...(person && name !== null ? { name } : {}),
      ...(clerk ? { answered_by: answered } : {}),
    };
    const time = (column: string): number | null =>
      this.value(column, feedbackTime, 'a time such as 2026-11-20 08:30:00');
    const from = time('valid_from');
    const to = time('valid_to');
    if (from !== null && to !== null && to < from) {
      this.fault('value', `${base.lead_id}: valid_to lies before valid_from; both were left out`);
    }
    const turned = from !== null && to !== null && to < from;
    return {
      ...base,
      kind: 'carrier',
      status,
      ...socket,
      asked_from: feedbackTime(this.text('asked_from') ?? '', 0),
      asked_to: feedbackTime(this.text('asked_to') ?? '', 0),
      valid_from: turned ? null : from,
      valid_to: turned ? null : to,
      customer_type: type,
      uscc,
      unit_name: person ? null : name,
      person,
      install_address: this.text('install_address'),
      region: this.value('region', (text) => (/^\d{6}$/.test(text) ? text : null), 'a division code of six digits'),
      line_type: this.text('line_type'),
      operator_ref: this.text('operator_ref'),
      request: this.text('request'),
      answered_by: clerk ? null : answered,
      answered_at: time('answered_at'),
      sealed: Object.keys(sealed).length > 0 ? sealed : null,
    };
  }

  private department(base: FeedbackBase): DepartmentFeedback | null {
    const number =
      (whole: boolean) =>
      (text: string): number | null => {
        const plain = text.replaceAll(/[,，\s]/g, '').replace(/(?:kWh|千瓦时|度|台)$/i, '');
        if (!/^\d{1,15}(?:\.\d{1,6})?$/.test(plain)) return null;
        return whole && !Number.isInteger(Number(plain)) ? null : Number(plain);
      };
    const row: DepartmentFeedback = {
      ...base,
      kind: 'department',
      result: this.value('result', (text) => RESULTS.get(nameOf(text)) ?? null, FEEDBACK_RESULTS.join(', ')),
      visited_at: this.value('visited_at', dayOfText, 'a day such as 2026-11-20'),
      document: this.text('document'),
      note: this.text('note'),
      kwh: this.value('kwh', number(false), 'a number of kWh'),
      machines: this.value('machines', number(true), 'a count'),
    };
    const { result, visited_at, document, note, kwh, machines } = row;
    const answered = [result, visited_at, document, note, kwh, machines].some((value) => value !== null);
    return answered ? row : this.fault('empty', `${base.lead_id}: nothing was answered`);
  }
}

function creditCode(text: string): string | null {
  const check = checkUscc(text);
  return check.valid ? check.code : null;
}

function dayOfText(text: string): string | null {
  const at = feedbackTime(text);
  return at === null ? null : new Date(at / 1000 + CHINA).toISOString().slice(0, 10);
}
