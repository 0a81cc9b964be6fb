/** Reports out of rows of cells: IP lists, hotline tables and forms, CSV of Shadowserver and in its manner. */
import { checkUscc } from '../identifier/uscc.ts';
import {
  type Column,
  type Headings,
  headingCount,
  kindOf,
  MAX_COLUMNS,
  readHeadings,
  type TableKind,
} from './inbound-columns.ts';
import { CHINA_MINUTES, parseTime } from './inbound-time.ts';
import {
  Faults,
  type InboundKind,
  type InboundOptions,
  type InboundReport,
  type InboundResult,
  MAX_REPORTS,
  MAX_TEXT,
  shown,
} from './inbound-types.ts';
import {
  blanked,
  countOf,
  looksLikePerson,
  portOf,
  protocolOf,
  referenceOf,
  seal,
  sealedOf,
  socketsOf,
  textOf,
} from './inbound-value.ts';
import { addressOf } from './stix-value.ts';

/** Rows above the headings: titles, the office that fills in, units. */
const HEAD_ROWS = 20;
/** A form with its headings in the first column is no longer than this. */
const FORM_ROWS = 60;

/**
 * Reports out of the rows of a sheet, headings among the first 20 of them, or of one form with its headings in the first
 * column. Rows count from 1. Total: a row that cannot be taken is a fault, the rest is taken.
 */
export function readReportRows(rows: readonly (readonly string[])[], options: InboundOptions = {}): InboundResult {
  const faults = new Faults();
  const form = asForm(rows);
  const table = form ?? rows;
  const head = headRow(table);
  const headings = readHeadings(table[head] ?? []);
  const seen = kindOf(headings);
  if (seen === 'feedback') {
    faults.add(head + 1, 'feedback', 'these are answers to leads handed over, not reports: import them as feedback');
    return { kind: null, reports: [], faults: faults.all(), skipped: 0 };
  }
  const kind = tableKind(options.kind) ?? seen;
  if (kind === null || (kind !== 'hotline' && !headings.at.has('ip'))) {
    const message = `no row of headings with an IP address (IP地址, ip) or of a hotline table (举报时间, 内容) was found in the first ${HEAD_ROWS} rows: add one`;
    faults.add(0, 'no_headings', message);
    return { kind: null, reports: [], faults: faults.all(), skipped: 0 };
  }
  const reports: InboundReport[] = [];
  for (let index = head + 1; index < table.length; index++) {
    const cells = table[index] as readonly string[];
    const row = form === null ? index + 1 : 1;
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (reports.length >= MAX_REPORTS) {
      faults.add(
        row,
        'too_many',
        `more than ${MAX_REPORTS} reports in one file: split it; this row and the rest were left out`,
      );
      break;
    }
    const taken = new Row(headings, cells, kind, options).reports();
    if ('fault' in taken) faults.add(row, taken.reason, taken.fault);
    else reports.push(...taken.reports);
  }
  return { kind, reports, faults: faults.all(), skipped: 0 };
}

function tableKind(kind: InboundKind | undefined): TableKind | null {
  return kind === 'ip_list' || kind === 'hotline' || kind === 'shadowserver' ? kind : null;
}

function headRow(rows: readonly (readonly string[])[]): number {
  let best = 0;
  let most = 0;
  rows.slice(0, HEAD_ROWS).forEach((row, index) => {
    const count = headingCount(row);
    if (count > most) [best, most] = [index, count];
  });
  return best;
}

/** A form, headings beside their values, turned into a table of one row; null where the rows are none. */
function asForm(rows: readonly (readonly string[])[]): readonly (readonly string[])[] | null {
  if (rows.length > FORM_ROWS || rows.length < 3) return null;
  const column = rows.map((row) => row[0] ?? '');
  if (headingCount(column) < 3 || rows.slice(0, HEAD_ROWS).some((row) => headingCount(row) > 2)) return null;
  const pairs = rows.flatMap((row) => [
    [row[0] ?? '', row[1] ?? ''],
    [row[2] ?? '', row[3] ?? ''],
  ]);
  const filled = pairs.filter(([name]) => name !== '');
  return [filled.map(([name]) => name as string), filled.map(([, value]) => value as string)];
}

type Taken = { readonly reports: readonly InboundReport[] } | { readonly reason: string; readonly fault: string };
/** Times of a row, or why they are none. */
type Times = Pick<InboundReport, 'received' | 'first' | 'last'> | { readonly fault: string };

/** One row on its way to reports. */
class Row {
  readonly #headings: Headings;
  readonly #cells: readonly string[];
  readonly #kind: TableKind;
  readonly #options: InboundOptions;
  readonly #sealed: Record<string, string> = {};
  readonly #said: string[] = [];

  constructor(headings: Headings, cells: readonly string[], kind: TableKind, options: InboundOptions) {
    this.#headings = headings;
    this.#cells = cells;
    this.#kind = kind;
    this.#options = options;
  }

  reports(): Taken {
    if (this.#cells.length > MAX_COLUMNS) {
      return { reason: 'too_many_columns', fault: `more than ${MAX_COLUMNS} columns: is the separator right?` };
    }
    const sockets = socketsOf(this.#cell('ip'));
    if ('fault' in sockets) {
      const fault = `${this.#name('ip')} "${shown(this.#cell('ip'))}": ${sockets.fault}; give single addresses, one a row`;
      return { reason: 'bad_address', fault };
    }
    if (sockets.length === 0 && this.#kind !== 'hotline') {
      return { reason: 'no_address', fault: `${this.#name('ip')} is empty: give the address that was seen` };
    }
    const port = portOf(this.#cell('port'));
    if (port === undefined) {
      const fault = `${this.#name('port')} "${shown(this.#cell('port'))}" is no port: give a number from 0 to 65535`;
      return { reason: 'bad_port', fault };
    }
    const times = this.#times();
    if ('fault' in times) return { reason: 'bad_time', fault: times.fault };
    const common = this.#common(times);
    if (sockets.length === 0 && common.place === null && common.subject === null && common.text === null) {
      return { reason: 'says_nothing', fault: 'no address, place, unit or text: fill in what is reported' };
    }
    const own = textOf(this.#cell('id'), 128);
    const targets = sockets.length > 0 ? sockets : [{ ip: null, port: null }];
    return {
      reports: targets.map((socket) => {
        const report = { ...common, ip: socket.ip, port: socket.port ?? (socket.ip === null ? null : port) };
        const several = targets.length > 1 ? `${own} ${socket.ip}` : own;
        return { ...report, reference: own === null ? referenceOf(report) : (several as string) };
      }),
    };
  }

  #cell(column: Column): string {
    const index = this.#headings.at.get(column);
    return index === undefined ? '' : cleaned(this.#cells[index] ?? '');
  }

  #name(column: Column): string {
    return this.#headings.names[this.#headings.at.get(column) ?? -1] ?? column;
  }

  #times(): Times {
    const offset = this.#kind === 'shadowserver' ? 0 : CHINA_MINUTES;
    const read = { received: null, first: null, last: null } as Record<'received' | 'first' | 'last', number | null>;
    for (const column of ['received', 'first', 'last'] as const) {
      const cell = this.#cell(column);
      if (cell === '') continue;
      const time = parseTime(cell, offset, column === 'last' ? 'last' : 'first');
      if (time === null) {
        return { fault: `${this.#name(column)} "${shown(cell)}" is no time: write it as 2026-11-20 08:15:00` };
      }
      read[column] = time;
    }
    const { first, last } = read;
    if (first !== null && last !== null && last < first) {
      const fault = `${this.#name('last')} "${shown(this.#cell('last'))}" lies before ${this.#name('first')}: check both`;
      return { fault };
    }
    return read;
  }

  /** Everything but the address and the reference. */
  #common(times: Pick<InboundReport, 'received' | 'first' | 'last'>): Omit<
    InboundReport,
    'reference' | 'ip' | 'port'
  > & {
    ip: null;
    port: null;
  } {
    const subject = this.#subject();
    const place = this.#place();
    const main = this.#open('text');
    if (main !== null) this.#said.unshift(main);
    for (const column of ['tag', 'status'] as const) this.#other(this.#name(column), this.#cell(column), false);
    const region = this.#region();
    for (const { index, name, personal } of this.#headings.others) {
      this.#other(name, cleaned(this.#cells[index] ?? ''), personal);
    }
    return {
      kind: this.#kind,
      source: textOf(this.#options.source ?? this.#cell('source'), 128) ?? this.#kind,
      ...times,
      ip: null,
      port: null,
      protocol: protocolOf(this.#cell('protocol')),
      pool: this.#pool(),
      coin: textOf(this.#cell('coin'), 64),
      subject,
      place,
      region,
      count: countOf(this.#cell('count')),
      text: textOf(this.#said.join('; ')),
      sealed: sealedOf(this.#sealed),
    };
  }

  /** A cell without the numbers of people in it; the cell as written is sealed where there were any. */
  #open(column: Column, limit: number = MAX_TEXT): string | null {
    const text = textOf(this.#cell(column), limit);
    if (text === null) return null;
    const open = blanked(text);
    if (open !== text) seal(this.#sealed, this.#name(column), text);
    return open;
  }

  #other(name: string, cell: string, personal: boolean): void {
    const text = textOf(cell, 512);
    if (text === null) return;
    if (personal || blanked(text) !== text) seal(this.#sealed, name, text);
    else this.#said.push(`${name}: ${text}`);
  }

  #subject(): InboundReport['subject'] {
    const code = textOf(this.#cell('uscc'), 64);
    const check = code === null ? null : checkUscc(code);
    const uscc = check?.valid === true ? check.code : null;
    if (code !== null && uscc === null) this.#other(this.#name('uscc'), code, false);
    const name = textOf(this.#cell('name'), 256);
    if (name === null) return uscc === null ? null : { name: null, uscc };
    if (blanked(name) !== name || (uscc === null && looksLikePerson(name))) {
      seal(this.#sealed, this.#name('name'), name);
      return uscc === null ? null : { name: null, uscc };
    }
    return { name, uscc };
  }

  #place(): string | null {
    const address = this.#open('place', 512) ?? '';
    const above = (['province', 'city', 'county'] as const).map((column) => textOf(this.#cell(column), 64) ?? '');
    // A detailed address mostly begins with its province and city already.
    const missing = above.filter((name, index) => !address.includes(name) && above.indexOf(name) === index);
    return textOf(missing.join('') + address, 512);
  }

  #region(): string | null {
    const cell = this.#cell('region');
    if (/^\d{2,12}$/.test(cell)) return cell.slice(0, 6);
    this.#other(this.#name('region'), cell, false);
    return null;
  }

  #pool(): string | null {
    const named = textOf(this.#cell('pool'), 253);
    const address = textOf(this.#cell('dstIp'), 64);
    const host = named ?? address;
    if (named !== null && address !== null) this.#said.push(`${this.#name('dstIp')}: ${address}`);
    const port = portOf(this.#cell('dstPort'));
    if (host === null || port === null || port === undefined || /:\d+$/.test(host.replace(/^[0-9a-f:]+$/i, ''))) {
      return host;
    }
    return addressOf(host)?.family === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  }
}

/** A cell without the `="…"` by which spreadsheets keep digits as text, and empty for dashes that stand for nothing. */
function cleaned(cell: string): string {
  const text = cell.trim();
  const bare = /^="[^"]*"$/.test(text) ? text.slice(2, -1).trim() : text;
  return bare.length <= 4 && /^(?:-+|—+|\/|\\|无|空|不详|null|N\/A)$/i.test(bare) ? '' : bare;
}
