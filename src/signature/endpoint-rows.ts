/** Lines of endpoint files and of pools.csv as checked rows. Anything wrong is reported with its place; nothing throws. */
import ipaddr from 'ipaddr.js';
import { type CsvRow, type CsvTable, columnOf, faultReporter, type Report, readCsv, short } from './endpoint-csv.ts';
import { isGeneralDomain, nameFault } from './endpoint-names.ts';
import {
  ENDPOINT_CONFIDENCES,
  ENDPOINT_KINDS,
  ENDPOINT_ROLES,
  ENDPOINT_TRANSPORTS,
  type EndpointConfidence,
  type EndpointKind,
  type EndpointRole,
  type EndpointRow,
  type EndpointSource,
  type EndpointTransport,
  type PoolInfo,
} from './endpoint-types.ts';
import type { SignatureFault } from './types.ts';

export const ENDPOINT_COLUMNS: readonly string[] = [
  ...['kind', 'value', 'ports', 'pool', 'coins', 'transport', 'role', 'region', 'confidence', 'source'],
];
export const POOL_COLUMNS: readonly string[] = [
  ...['pool', 'name_zh', 'status', 'suffix_domains', 'other_domains', 'coins', 'account_format'],
];
export const SOURCE_COLUMNS: readonly string[] = ['id', 'title', 'url', 'licence'];

/** Free text that a person reads: no control characters, bounded. */
const MAX_TEXT = 200;
const NONE: readonly string[] = [];
const CONTROL = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const COIN = /^[A-Z0-9][A-Z0-9.+_-]{0,15}$/;
const PORT = /^[1-9]\d{0,4}$/;
const REGION = /^[a-z0-9-]{1,20}$/;

/** Keys of the files that may not repeat each other, with the place of each. */
export class SeenKeys {
  private readonly lines = new Map<string, number>();
  private readonly files: string[] = [];

  /** Begins a file: its keys are added with its lines. */
  file(path: string): void {
    this.files.push(path);
  }

  /** Takes a key; the place of the same key met before, or null. */
  add(key: string, line: number): string | null {
    const before = this.lines.get(key);
    // Lines of all files in one number: no file has 2^32 of them.
    if (before === undefined) this.lines.set(key, (this.files.length - 1) * 2 ** 32 + line);
    return before === undefined ? null : `${this.files[Math.floor(before / 2 ** 32)]}:${before % 2 ** 32}`;
  }
}

/** One file being read: its table, and where to report. */
class Lines {
  private readonly table: CsvTable;
  private readonly columns: readonly string[];
  private readonly report: Report;
  private row: CsvRow = { line: 0, cells: [], starts: null };
  /** Cells that were found good before: most repeat, and their lists are shared. */
  private readonly goodTexts = new Set<string>(['']);
  private readonly goodLists: Map<string, readonly string[]>[];
  /** Whether the row at hand had a fault. */
  bad = false;

  constructor(table: CsvTable, columns: readonly string[], report: Report) {
    this.table = table;
    this.columns = columns;
    this.goodLists = columns.map(() => new Map());
    this.report = report;
  }

  /** One item per row that `read` finds good. */
  map<T>(read: (lines: Lines) => T): T[] {
    const items: T[] = [];
    for (const row of this.table.rows) {
      this.row = row;
      this.bad = false;
      const item = read(this);
      if (!this.bad) items.push(item);
    }
    return items;
  }

  /** The cell of a column (an index into the columns), or `absent` where the file has no such column. */
  cell(column: number, absent = ''): string {
    const place = this.table.places[column] ?? -1;
    return place < 0 ? absent : (this.row.cells[place] ?? absent);
  }

  fault(column: number, message: string): void {
    this.bad = true;
    const place = this.table.places[column] ?? -1;
    const start = place < 0 ? 1 : columnOf(this.row, place);
    this.report(this.row.line, start, `${this.columns[column]} ${message}`);
  }

  /** Reports a key met before, in this file or in one read before it. */
  once(keys: SeenKeys, key: string, column: number): void {
    const before = keys.add(key, this.row.line);
    if (before === null) return;
    this.fault(column, `repeats the row at ${before}: one row a kind, value and transport; join their ports`);
  }

  oneOf<T extends string>(column: number, known: readonly T[], absent: T): T {
    const text = this.cell(column, absent);
    if ((known as readonly string[]).includes(text)) return text as T;
    this.fault(column, `"${short(text)}" is unknown: it is one of ${known.join(', ')}`);
    return absent;
  }

  text(column: number, required = false): string {
    const text = this.cell(column);
    if (required && text === '') this.fault(column, 'is empty, and the row says nothing without it');
    if (this.goodTexts.has(text)) return text;
    if (text.length > MAX_TEXT) this.fault(column, `has ${text.length} characters and at most ${MAX_TEXT} are kept`);
    else if (CONTROL.test(text)) this.fault(column, 'holds control characters: take them out');
    else this.goodTexts.add(text);
    return text;
  }

  /** Parts of a list separated by semicolons, each checked; no part twice. */
  list(column: number, faultOf: (part: string) => string | null): readonly string[] {
    const text = this.cell(column);
    if (text === '') return NONE;
    const good = this.goodLists[column] as Map<string, readonly string[]>;
    const known = good.get(text);
    if (known !== undefined) return known;
    const parts = text.split(';');
    for (const part of parts) {
      const fault = faultOf(part);
      if (fault === null) continue;
      this.fault(column, `holds "${short(part)}", which ${fault}`);
      return [];
    }
    if (new Set(parts).size === parts.length) {
      good.set(text, parts);
      return parts;
    }
    this.fault(column, 'names a value twice: name each once');
    return [];
  }
}

function portFault(text: string): string | null {
  if (PORT.test(text) && Number(text) <= 65_535) return null;
  return 'is no port: ports are whole numbers from 1 to 65535, separated by semicolons';
}

function coinFault(text: string): string | null {
  return COIN.test(text) ? null : 'is no ticker: tickers are short, in capitals, separated by semicolons';
}

/** The wrongs of a domain below which every name is to match. */
function suffixFault(name: string): string | null {
  const fault = nameFault(name);
  if (fault !== null || !isGeneralDomain(name)) return fault;
  return 'is a public suffix or a general service, and names below it belong to anybody: list the hosts instead';
}

/** Address in its canonical text, or null where it is none. */
function canonicalAddress(text: string): string | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}

/** Signed 32-bit words of a canonical address in network order: one for IPv4, four for IPv6. */
export function addressWords(address: string): number[] {
  const bytes = ipaddr.parse(address).toByteArray();
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(i, i + 4);
    words.push((a << 24) | (b << 16) | (c << 8) | d);
  }
  return words;
}

/**
 * Rows of one endpoint file. `path` names the file in faults, which go to `faults`; `keys` holds those of the files
 * that may not repeat each other, and gains this one's. Only kind, value and role must be there; without the others a row
 * is of unknown transport and medium confidence.
 */
export function parseEndpoints(text: string, path: string, faults: SignatureFault[], keys: SeenKeys): EndpointRow[] {
  const report = faultReporter(path, faults);
  const table = readCsv(text, ENDPOINT_COLUMNS, ['kind', 'value', 'role'], report);
  const portLists = new Map<readonly string[], readonly number[]>();
  keys.file(path);
  return new Lines(table, ENDPOINT_COLUMNS, report).map((lines) => {
    const kind = lines.oneOf<EndpointKind>(0, ENDPOINT_KINDS, 'host');
    let value = lines.cell(1);
    const transport = lines.oneOf<EndpointTransport>(5, ENDPOINT_TRANSPORTS, 'unknown');
    if (kind === 'ip') {
      const address = canonicalAddress(value);
      if (address === null) lines.fault(1, `"${short(value)}" is no IPv4 or IPv6 address (networks are not listed)`);
      else value = address;
    } else {
      const fault = kind === 'domain' ? suffixFault(value) : nameFault(value);
      if (fault !== null) lines.fault(1, `"${short(value)}" ${fault}`);
    }
    const portTexts = lines.list(2, portFault);
    let ports = portLists.get(portTexts);
    if (ports === undefined) {
      ports = portTexts.map(Number);
      portLists.set(portTexts, ports);
    }
    const region = lines.cell(7);
    if (region !== '' && !REGION.test(region))
      lines.fault(7, 'is no region: up to 20 small letters, digits and hyphens');
    if (kind === 'ip' && lines.cell(2) === '')
      lines.fault(2, 'is empty, and an address without its ports tells nothing');
    if (!lines.bad) lines.once(keys, `${kind} ${value} ${transport}`, 1);
    return {
      kind,
      value,
      ports,
      pool: lines.text(3),
      coins: lines.list(4, coinFault),
      transport,
      role: lines.oneOf<EndpointRole>(6, ENDPOINT_ROLES, 'unknown'),
      region,
      confidence: lines.oneOf<EndpointConfidence>(8, ENDPOINT_CONFIDENCES, 'medium'),
      source: lines.text(9),
    };
  });
}

/** Rows of pools.csv. */
export function parsePools(text: string, path: string, faults: SignatureFault[]): PoolInfo[] {
  const report = faultReporter(path, faults);
  const table = readCsv(text, POOL_COLUMNS, ['pool', 'suffix_domains'], report);
  const keys = new SeenKeys();
  keys.file(path);
  return new Lines(table, POOL_COLUMNS, report).map((lines) => {
    const name = lines.text(0, true);
    lines.once(keys, name, 0);
    const nameZh = lines.text(1);
    const suffixDomains = lines.list(3, suffixFault);
    for (const domain of suffixDomains) lines.once(keys, `domain ${domain}`, 3);
    return {
      name,
      nameZh: nameZh === '' ? null : nameZh,
      status: lines.text(2),
      suffixDomains,
      otherDomains: lines.list(4, nameFault),
      coins: lines.list(5, coinFault),
      accountFormat: lines.text(6),
    };
  });
}

/** Rows of sources.csv. */
export function parseSources(text: string, path: string, faults: SignatureFault[]): EndpointSource[] {
  const report = faultReporter(path, faults);
  const table = readCsv(text, SOURCE_COLUMNS, SOURCE_COLUMNS, report);
  const keys = new SeenKeys();
  keys.file(path);
  return new Lines(table, SOURCE_COLUMNS, report).map((lines) => {
    const id = lines.text(0, true);
    lines.once(keys, id, 0);
    return { id, title: lines.text(1), url: lines.text(2), licence: lines.text(3, true) };
  });
}
