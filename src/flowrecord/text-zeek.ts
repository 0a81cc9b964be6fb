import { BAD_FIELD, BAD_LINE, BAD_TIME, type Output, PASSED, TAKEN, UNSUPPORTED } from './text-output.ts';
import { protocolOf, TCP } from './text-protocol.ts';
import { ADDRESS_QUERIES } from './text-queries.ts';
import { type EntryParser, parseObject } from './text-reader.ts';
import {
  commonNameOf,
  countOf,
  epochTime,
  field,
  isObject,
  type JsonObject,
  nameOf,
  numberOf,
  textOf,
  timeOf,
} from './text-value.ts';

/** Columns of one row; Zeek has a few dozen. */
const MAX_COLUMNS = 256;
const SECOND = 1e6;
const DAY = 86_400;

/** One entry of a Zeek log, written either way. Absent and unset fields are '' or an empty list. */
interface Row {
  text(name: string): string;
  list(name: string): readonly string[];
}

/**
 * Zeek logs (https://docs.zeek.org/en/master/log-formats.html): conn.log gives records; dns.log, ssl.log and http.log give
 * names; all others are passed over. Tab-separated with headings (which come again after a rotation), or one JSON object a
 * line; the two may stand in one stream.
 */
export class ZeekParser implements EntryParser {
  readonly title = 'a Zeek log';
  private readonly table = new TableRow();

  read(text: string, output: Output): number {
    if (text.startsWith('#')) return this.table.heading(text);
    if (text.startsWith('{')) {
      const object = parseObject(text);
      if (object === null) return BAD_LINE;
      return readRow(
        kindOf(textOf(field(object, '_path')), (name) => has(object, name)),
        new ObjectRow(object),
        output,
      );
    }
    if (!this.table.fill(text)) return BAD_LINE;
    return readRow(this.table.kind, this.table, output);
  }
}

type Kind = 'conn' | 'dns' | 'ssl' | 'http' | 'other' | 'none';

/** Which log it is: as it says itself, else by fields that no other log has. */
function kindOf(path: string, hasField: (name: string) => boolean): Kind {
  if (path !== '') {
    const name = path.toLowerCase();
    return name === 'conn' || name === 'dns' || name === 'ssl' || name === 'http' ? name : 'other';
  }
  if (!hasField('ts')) return 'none';
  if (!hasField('id.orig_h')) return 'other';
  if (hasField('conn_state')) return 'conn';
  if (hasField('trans_id') || hasField('qtype')) return 'dns';
  if (hasField('trans_depth')) return 'http';
  if (hasField('server_name') || hasField('cipher')) return 'ssl';
  return 'other';
}

/** Rows of a tab-separated log, cut as its headings say. */
class TableRow implements Row {
  kind: Kind = 'none';
  private separator = '\t';
  private setSeparator = ',';
  private empty = '(empty)';
  private unset = '-';
  private columns: ReadonlyMap<string, number> = new Map();
  private cells: readonly string[] = [];

  /** `#separator \x09`, `#fields<separator>ts<separator>…`, and comments. */
  heading(text: string): number {
    if (text.startsWith('#separator ')) {
      this.separator = unescaped(text.slice(11).trim()) || '\t';
      return PASSED;
    }
    const [name, ...values] = text.split(this.separator, MAX_COLUMNS);
    const first = values[0] ?? '';
    if (name === '#set_separator') this.setSeparator = unescaped(first) || ',';
    else if (name === '#empty_field') this.empty = first;
    else if (name === '#unset_field') this.unset = first;
    else if (name === '#path') this.kind = kindOf(first, () => false);
    else if (name === '#fields') {
      this.columns = new Map(values.map((value, index) => [value, index]));
      if (this.kind === 'none') this.kind = kindOf('', (column) => this.columns.has(column));
    } else if (name === '#close') this.kind = 'none';
    else if (!/^#(?:types|open)$/.test(name as string)) return BAD_LINE;
    return PASSED;
  }

  /** False where the row does not fit its heading. */
  fill(text: string): boolean {
    if (this.columns.size === 0) return false;
    this.cells = text.split(this.separator, MAX_COLUMNS);
    return this.cells.length === this.columns.size;
  }

  text(name: string): string {
    const cell = this.cell(name);
    return cell === this.empty ? '' : unescaped(cell);
  }

  list(name: string): readonly string[] {
    const cell = this.cell(name);
    return cell === '' || cell === this.empty ? [] : cell.split(this.setSeparator, MAX_COLUMNS).map(unescaped);
  }

  private cell(name: string): string {
    const index = this.columns.get(name);
    const cell = index === undefined ? '' : (this.cells[index] ?? '');
    return cell === this.unset ? '' : cell;
  }
}

/** Bytes that would break the format are written `\xHH`. */
function unescaped(text: string): string {
  if (!text.includes('\\x')) return text;
  return text.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

class ObjectRow implements Row {
  private readonly object: JsonObject;

  constructor(object: JsonObject) {
    this.object = object;
  }

  text(name: string): string {
    const value = valueIn(this.object, name);
    return typeof value === 'number' ? String(value) : textOf(value);
  }

  list(name: string): readonly string[] {
    const value = valueIn(this.object, name);
    if (!Array.isArray(value)) return [];
    return value.slice(0, MAX_COLUMNS).map((item: unknown) => (typeof item === 'number' ? String(item) : textOf(item)));
  }
}

function has(object: JsonObject, name: string): boolean {
  return valueIn(object, name) !== undefined;
}

/** Dots are part of the names as Zeek writes them; some shippers make objects out of them. */
function valueIn(object: JsonObject, name: string): unknown {
  const flat = field(object, name);
  if (flat !== undefined || !name.startsWith('id.')) return flat;
  const id = field(object, 'id');
  return isObject(id) ? field(id, name.slice(3)) : undefined;
}

function readRow(kind: Kind, row: Row, output: Output): number {
  switch (kind) {
    case 'conn':
      return readConn(row, output);
    case 'dns':
      return readDns(row, output);
    case 'ssl':
      return readSsl(row, output);
    case 'http':
      return readHttp(row, output);
    case 'other':
      return PASSED;
  }
  return BAD_LINE;
}

/** Seconds with fraction, whole milliseconds or ISO 8601 (LogAscii::json_timestamps). Intervals are seconds in all of them. */
function timeIn(row: Row): number {
  const text = row.text('ts');
  return text.includes('T') ? timeOf(text) : epochTime(numberOf(text));
}

function readConn(row: Row, output: Output): number {
  const start = timeIn(row);
  if (!Number.isFinite(start)) return BAD_TIME;
  if (!output.addresses(row.text('id.orig_h'), row.text('id.resp_h'))) return BAD_FIELD;
  const number = countOf(row.text('ip_proto'));
  const protocol = number >= 0 ? protocolOf(number) : protocolOf(row.text('proto'));
  if (protocol < 0 && row.text('proto') === 'unknown_transport') return UNSUPPORTED;
  if (!output.transport(protocol, row.text('id.orig_p'), row.text('id.resp_p'))) return BAD_FIELD;
  // Without packet counts (an option) there is nothing to weigh; payload bytes stand in for bytes of packets.
  const packets = countOf(row.text('orig_pkts'));
  if (!output.forward(packets, bytesOf(row, 'orig_ip_bytes', 'orig_bytes'))) return BAD_FIELD;
  const r = output.record;
  r.reversePackets = countOf(row.text('resp_pkts'));
  if (r.reversePackets >= 0) r.reverseBytes = bytesOf(row, 'resp_ip_bytes', 'resp_bytes');
  const duration = numberOf(row.text('duration'));
  output.times(start, duration > 0 && duration < 3650 * DAY ? start + Math.round(duration * SECOND) : start);
  const history = row.text('history');
  output.tcpFlags(flagsIn(history));
  // In the middle of a connection Zeek takes the first packet it sees for the client's.
  r.oriented = protocol !== TCP || (row.text('conn_state') !== 'OTH' && (history === '' || /[SsHh]/.test(history)));
  output.vlan(row.text('inner_vlan') || row.text('vlan'));
  return output.give();
}

function bytesOf(row: Row, packets: string, payload: string): number {
  const bytes = countOf(row.text(packets));
  return bytes >= 0 ? bytes : Math.max(0, countOf(row.text(payload)));
}

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;

/** TCP flags out of the history of a connection, upper case from its client; -1 where it tells of none. */
function flagsIn(history: string): number {
  let flags = 0;
  for (const letter of history.toLowerCase()) {
    if (letter === 's') flags |= SYN;
    else if (letter === 'h') flags |= SYN | ACK;
    else if (letter === 'a' || letter === 'd') flags |= ACK;
    else if (letter === 'f') flags |= FIN;
    else if (letter === 'r') flags |= RST;
  }
  return flags === 0 ? -1 : flags;
}

function readDns(row: Row, output: Output): number {
  const time = timeIn(row);
  if (!Number.isFinite(time)) return BAD_TIME;
  const name = nameOf(row.text('query'));
  if (name === null || !ADDRESS_QUERIES.has(row.text('qtype_name'))) return PASSED;
  const client = row.text('id.orig_h');
  const ttls = row.list('TTLs');
  let answered = false;
  for (const [index, answer] of row.list('answers').entries()) {
    const ttl = numberOf(ttls[index]);
    if (output.name('dns', name, client, answer, -1, -1, time, ttl)) answered = true;
  }
  if (answered || output.name('dns', name, client, '', -1, -1, time, 0)) return TAKEN;
  return BAD_FIELD;
}

function readSsl(row: Row, output: Output): number {
  const time = timeIn(row);
  if (!Number.isFinite(time)) return BAD_TIME;
  const client = row.text('id.orig_h');
  const server = row.text('id.resp_h');
  const from = countOf(row.text('id.orig_p'));
  const to = countOf(row.text('id.resp_p'));
  const sni = output.name('sni', nameOf(row.text('server_name')), client, server, from, to, time, 0);
  const certificate = output.name('certificate', commonNameOf(row.text('subject')), client, server, from, to, time, 0);
  return sni || certificate ? TAKEN : PASSED;
}

function readHttp(row: Row, output: Output): number {
  const time = timeIn(row);
  if (!Number.isFinite(time)) return BAD_TIME;
  // CONNECT names where the proxy is to go, not who the server is.
  if (row.text('method').toUpperCase() === 'CONNECT') return PASSED;
  const host = nameOf(row.text('host'));
  const from = countOf(row.text('id.orig_p'));
  const to = countOf(row.text('id.resp_p'));
  const known = output.name('http-host', host, row.text('id.orig_h'), row.text('id.resp_h'), from, to, time, 0);
  return known ? TAKEN : PASSED;
}
