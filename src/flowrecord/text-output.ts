import { Fault } from './faults.ts';
import { createRecordCounts, FlowRecord, type RecordCounts, type RecordNameSource, type RecordSink } from './record.ts';
import { ADDRESS, canonicalText, parseAddress } from './text-address.ts';
import { hasPorts, TCP } from './text-protocol.ts';
import { countOf } from './text-value.ts';

/** What a reader of a flow log is told about it. */
export interface LogOptions {
  /** Number of the input. */
  readonly input: number;
  /** Where the log does not tell one itself; null = 1. */
  readonly samplingRate: number | null;
  /** Stands for the time of records without one, µs since the epoch. */
  readonly time: number;
}

/** What came of an entry: the index of a fault, or one of these. */
export const TAKEN = -1;
/** Of this format, but nothing to tell: another kind of event, a heading. */
export const PASSED = -2;
/** Nothing: a blank line. */
export const BLANK = -3;

export const BAD_LINE: number = Fault.bad_line;
export const BAD_FIELD: number = Fault.bad_field;
export const BAD_TIME: number = Fault.bad_time;
export const LINE_TOO_LONG: number = Fault.line_too_long;
export const UNSUPPORTED: number = Fault.unsupported;

/** Names out of one entry: a DNS answer may list hundreds of addresses. */
export const MAX_NAMES_PER_ENTRY = 64;
/** Exporters told apart within one log, some 100 KiB; all further ones are number 0. */
const MAX_EXPORTERS = 1024;
const MAX_EXPORTER_TEXT = 64;

const NOBODY: RecordSink = { onRecord(): void {} };

/** Fills the one flow record of a text log and gives it on; every setter answers whether the value was good. */
export class Output {
  readonly counts: RecordCounts = createRecordCounts();
  readonly record: FlowRecord = new FlowRecord();
  readonly options: LogOptions;
  sink: RecordSink = NOBODY;
  private number = 0;
  private namesLeft = 0;
  private readonly exporters = new Map<string, number>();

  constructor(options: LogOptions) {
    this.options = options;
  }

  /** A new entry begins. */
  begin(): void {
    const r = this.record;
    r.clear();
    r.input = this.options.input;
    r.samplingRate = this.options.samplingRate ?? 1;
    this.namesLeft = MAX_NAMES_PER_ENTRY;
  }

  addresses(source: string, destination: string): boolean {
    const r = this.record;
    const version = parseAddress(source);
    if (version === 0) return false;
    r.ipVersion = version;
    r.source0 = ADDRESS.word0;
    r.source1 = ADDRESS.word1;
    r.source2 = ADDRESS.word2;
    r.source3 = ADDRESS.word3;
    if (parseAddress(destination) !== version) return false;
    r.destination0 = ADDRESS.word0;
    r.destination1 = ADDRESS.word1;
    r.destination2 = ADDRESS.word2;
    r.destination3 = ADDRESS.word3;
    return true;
  }

  /** Protocol number, and ports where the protocol has them; missing ports are 0. */
  transport(protocol: number, sourcePort: unknown, destinationPort: unknown): boolean {
    const r = this.record;
    if (protocol < 0) return false;
    r.protocol = protocol;
    if (!hasPorts(protocol)) return true;
    const source = portOf(sourcePort);
    const destination = portOf(destinationPort);
    if (source < 0 || destination < 0) return false;
    r.sourcePort = source;
    r.destinationPort = destination;
    return true;
  }

  /** -1 = not told. Other protocols have no TCP flags, whatever the column says. */
  tcpFlags(flags: number): void {
    const r = this.record;
    r.tcpFlags = r.protocol === TCP ? flags : -1;
  }

  /** µs since the epoch. An end before the start is the start. */
  times(start: number, end: number): boolean {
    if (!Number.isFinite(start)) return false;
    const r = this.record;
    r.start = start;
    r.end = start;
    if (end > start) r.end = end;
    return true;
  }

  forward(packets: number, bytes: number): boolean {
    this.record.packets = packets;
    this.record.bytes = bytes;
    return packets >= 0 && bytes >= 0;
  }

  /** VLAN id where it is one; anything else is none. */
  vlan(value: unknown): void {
    const id = countOf(value);
    this.record.vlan = id > 0 && id < 4095 ? id : 0;
  }

  exporter(address: string): void {
    if (address === '' || address.length > MAX_EXPORTER_TEXT) return;
    let number = this.exporters.get(address);
    if (number === undefined) {
      if (this.exporters.size === MAX_EXPORTERS) return;
      number = this.exporters.size + 1;
      this.exporters.set(address, number);
    }
    this.record.exporter = number;
  }

  /** Counts what is wrong with an entry that is taken all the same. */
  flaw(fault: number): void {
    const { faults } = this.counts;
    faults[fault] = (faults[fault] as number) + 1;
  }

  give(): number {
    this.record.number = ++this.number;
    this.counts.records++;
    this.sink.onRecord(this.record);
    return TAKEN;
  }

  /**
   * A name beside the flows; addresses as text, `server` '' where a look-up had no answer. Ports -1 for none. Answers whether
   * it was one.
   */
  name(
    source: RecordNameSource,
    name: string | null,
    client: string,
    server: string,
    clientPort: number,
    serverPort: number,
    time: number,
    ttl: number,
  ): boolean {
    if (name === null || this.namesLeft === 0 || !Number.isFinite(time)) return false;
    const from = canonicalText(client);
    const to = server === '' ? null : canonicalText(server);
    if (from === null || (to === null && server !== '')) return false;
    this.namesLeft--;
    this.counts.names++;
    this.number++;
    this.sink.onName?.({
      source,
      name,
      client: from,
      server: to,
      clientPort: clientPort >= 0 && clientPort <= 65535 ? clientPort : null,
      serverPort: serverPort >= 0 && serverPort <= 65535 ? serverPort : null,
      time,
      ttl: ttl > 0 && ttl <= 0x7fff_ffff ? Math.floor(ttl) : 0,
      input: this.options.input,
      number: this.number,
    });
    return true;
  }
}

/** 0 where there is none, -1 where it is no port. */
function portOf(value: unknown): number {
  if (value === undefined || value === null || value === '') return 0;
  const port = countOf(value);
  return port <= 65535 ? port : -1;
}
