// hot: one call per data set; per record a loop over the steps of its plan, nothing is allocated.
import { CountedFlows } from './counted-flows.ts';
import type { Domain, Peer } from './domain.ts';
import { ntpTime, sinceUptime } from './exporter-time.ts';
import { Fault } from './faults.ts';
import { Kind, SLOTS, Slot, VARIABLE } from './fields.ts';
import { type Plan, STEP, TRIPLE } from './plan.ts';
import { FlowRecord, type RecordCounts, type RecordSink } from './record.ts';
import { foldMapped, turnRound } from './record-ends.ts';
import { OptionsData, readUnsigned, soundRate, spacedRate } from './sampling.ts';
import { MAX_FIELDS } from './templates.ts';

const ERA = 2 ** 32;
/** Times beyond are none: the year 2112, µs. */
const LAST_TIME = 2 ** 52;
/**
 * No exporter keeps a flow for longer without telling of it, µs: a week is the most that is offered (softflowd's `maxlife`, the
 * active timeout of Flexible NetFlow). What lasts longer is damage, and would be mining on as many days.
 */
const LONGEST = 8 * 86_400e6;
const WRAP_MICROSECONDS = 2 ** 32 * 1000;
const TCP = 6;
const ICMP = 1;
const ICMP6 = 58;
const ACTIVE_TIMEOUT = 2;
const INITIATOR = 1;
const REVERSE_INITIATOR = 2;
/** firewallEvent (IANA), as Cisco ASA uses it: counts of an update are those since the last one, of a deletion those of all. */
const FLOW_DELETED = 2;
const FLOW_UPDATE = 5;

/** What holds for all messages that one reader reads. */
export interface SetReaderOptions {
  /** For exporters that do not tell their sampling. */
  readonly defaultRate: number;
  /** Copied into every record. */
  readonly input: number;
  /** A flow that ended further from its arrival was told by a clock that is wrong, µs; 0 or none = any clock is believed. */
  readonly tolerance?: number;
  /** Where an exporter translates addresses and tells both: on which side of it they are wanted; default `none`, as they came. */
  readonly nat?: NatSide;
}
export type NatSide = 'inside' | 'outside' | 'none';

/** Reads the records of data sets into one reused flow record and gives them on. */
export class SetReader {
  readonly counts: RecordCounts;
  readonly record: FlowRecord = new FlowRecord();
  readonly defaultRate: number;
  /** Header of the message at hand: export time µs, uptime ms (-1 = the format has none). */
  exportTime = 0;
  uptime = -1;
  /** Arrival of the message at hand, µs, and the port from which it came. */
  arrival = 0;
  port = 0;
  /** Copied into every record. */
  exporter = 0;
  input: number;
  private readonly tolerance: number;
  private readonly nat: NatSide;
  private readonly values: Float64Array = new Float64Array(SLOTS).fill(-1);
  /** Offset and length of each field of the record at hand, where lengths vary. */
  private readonly starts: Int32Array = new Int32Array(MAX_FIELDS);
  private readonly lengths: Int32Array = new Int32Array(MAX_FIELDS);
  private readonly options: OptionsData = new OptionsData();
  private readonly counted: CountedFlows = new CountedFlows();

  constructor(counts: RecordCounts, { defaultRate, input, tolerance = 0, nat = 'none' }: SetReaderOptions) {
    this.counts = counts;
    this.tolerance = tolerance;
    this.nat = nat;
    this.defaultRate = defaultRate;
    this.input = input;
  }

  /** One more fault of this kind (index in RECORD_FAULTS). */
  fault(index: number): void {
    this.counts.faults[index] = (this.counts.faults[index] as number) + 1;
  }

  /** Reads the records [off, end) of one data set. Returns how many there were. */
  readSet(view: DataView, off: number, end: number, plan: Plan, domain: Domain, peer: Peer, sink: RecordSink): number {
    if (plan.scopes < 0 && !plan.flows) this.fault(Fault.unsupported);
    this.values.fill(-1);
    const { record } = this;
    record.clear();
    record.exporter = this.exporter;
    record.input = this.input;
    let at = off;
    let records = 0;
    // What is left and shorter than a record is padding (RFC 7011 §3.3.1).
    while (end - at >= plan.length) {
      const length = plan.variable ? this.walk(view, at, end, plan) : plan.length;
      if (length < 0) {
        this.fault(Fault.bad_length);
        return records;
      }
      if (plan.scopes >= 0) this.readOptions(view, at, plan, domain);
      else if (plan.flows) {
        this.readFields(view, at, plan);
        this.deliver(plan, domain, peer, sink);
      }
      at += length;
      records++;
    }
    if (records === 0) this.fault(Fault.bad_length);
    return records;
  }

  /** Where each field of a record with varying lengths lies. Returns the length of the record, -1 where it passes the end. */
  private walk(view: DataView, off: number, end: number, plan: Plan): number {
    const { starts, lengths } = this;
    const { fields } = plan;
    let at = off;
    for (let i = 0, field = 0; i < fields.length; i += TRIPLE, field++) {
      let length = fields[i + 2] as number;
      if (length === VARIABLE) {
        if (at >= end) return -1;
        length = view.getUint8(at++);
        // 255: two more bytes tell the length (RFC 7011 §7).
        if (length === 255) {
          if (end - at < 2) return -1;
          length = view.getUint16(at);
          at += 2;
        }
      }
      if (length > end - at) return -1;
      starts[field] = at;
      lengths[field] = length;
      at += length;
    }
    return at - off;
  }

  private readFields(view: DataView, off: number, plan: Plan): void {
    const { values, record } = this;
    const { steps, variable } = plan;
    for (let i = 0; i < steps.length; i += STEP) {
      const slot = steps[i + 1] as number;
      const place = steps[i + 2] as number;
      const at = variable ? (this.starts[place] as number) : off + place;
      switch (steps[i]) {
        case Kind.U8:
          values[slot] = view.getUint8(at);
          break;
        case Kind.U16:
          values[slot] = view.getUint16(at);
          break;
        case Kind.U32:
          values[slot] = view.getUint32(at);
          break;
        case Kind.U64:
          values[slot] = view.getUint32(at) * ERA + view.getUint32(at + 4);
          break;
        case Kind.Seconds:
          values[slot] = view.getUint32(at) * 1e6;
          break;
        case Kind.Milliseconds:
          values[slot] = (view.getUint32(at) * ERA + view.getUint32(at + 4)) * 1000;
          break;
        case Kind.Ntp:
          values[slot] = ntpTime(view.getUint32(at), view.getUint32(at + 4));
          break;
        case Kind.DeltaMicroseconds:
          values[slot] = this.exportTime - view.getUint32(at);
          break;
        case Kind.DurationMilliseconds:
          values[slot] = view.getUint32(at) * 1000;
          break;
        case Kind.Int32:
          values[slot] = view.getInt32(at);
          break;
        case Kind.Source4:
          record.source0 = view.getInt32(at);
          break;
        case Kind.Destination4:
          record.destination0 = view.getInt32(at);
          break;
        case Kind.Source6:
          record.source0 = view.getInt32(at);
          record.source1 = view.getInt32(at + 4);
          record.source2 = view.getInt32(at + 8);
          record.source3 = view.getInt32(at + 12);
          break;
        case Kind.Destination6:
          record.destination0 = view.getInt32(at);
          record.destination1 = view.getInt32(at + 4);
          record.destination2 = view.getInt32(at + 8);
          record.destination3 = view.getInt32(at + 12);
          break;
        default: {
          const length = variable ? (this.lengths[place] as number) : (steps[i + 3] as number);
          values[slot] = length > 0 && length <= 8 ? readUnsigned(view, at, length) : -1;
        }
      }
    }
  }

  /** Makes a record of the fields read and gives it on. */
  private deliver(plan: Plan, domain: Domain, peer: Peer, sink: RecordSink): void {
    const v = this.values;
    const r = this.record;
    if (plan.family === 0) this.chooseFamily();
    else r.ipVersion = plan.family;
    if (r.ipVersion === 6) foldMapped(r);
    const protocol = Math.max(0, v[Slot.Protocol] as number) & 0xff;
    const portless = protocol === ICMP || protocol === ICMP6;
    r.protocol = protocol;
    r.sourcePort = portless ? 0 : Math.max(0, v[Slot.SourcePort] as number) & 0xffff;
    r.destinationPort = portless ? 0 : Math.max(0, v[Slot.DestinationPort] as number) & 0xffff;
    if (this.nat !== 'none' && r.ipVersion === 4) this.takeSide(this.nat === 'inside', portless);
    r.tcpFlags = protocol === TCP ? this.flags() : -1;
    const packets = v[Slot.Packets] as number;
    const bytes = v[Slot.Bytes] as number;
    r.packets = Math.max(0, packets > 0 ? packets : (v[Slot.PostPackets] as number));
    r.bytes = Math.max(0, bytes > 0 ? bytes : (v[Slot.PostBytes] as number));
    const reversePackets = v[Slot.ReversePackets] as number;
    const reverseBytes = v[Slot.ReverseBytes] as number;
    const biflow = reversePackets >= 0 || reverseBytes >= 0;
    r.reversePackets = biflow ? Math.max(0, reversePackets) : -1;
    r.reverseBytes = biflow ? Math.max(0, reverseBytes) : -1;
    r.vlan = Math.max(0, v[Slot.Vlan] as number) & 0xfff;
    r.vrf = Math.max(0, v[Slot.Vrf] as number);
    r.goesOn = v[Slot.EndReason] === ACTIVE_TIMEOUT;
    // Without the other direction, "the destination opened it" cannot be told by turning the record round.
    const direction = v[Slot.Direction] as number;
    const told = direction === -1 ? plan.initiator : direction === INITIATOR;
    r.oriented = told || (direction === REVERSE_INITIATOR && biflow);
    if (direction === REVERSE_INITIATOR && biflow) turnRound(r);
    this.setTimes(domain);
    if ((plan.initiator || plan.totals) && protocol === TCP) this.leaveOut(plan, domain);
    r.samplingRate = this.rate(domain);
    this.give(r, peer, sink);
  }

  /**
   * The customer's end on the wanted side of the translation. As they come, one direction names the address inside and the answers the
   * one outside: two conversations of one direction each (RFC 8158 §4; RouterOS, 225 to 228).
   */
  private takeSide(inside: boolean, portless: boolean): void {
    const v = this.values;
    const r = this.record;
    const address = v[inside ? Slot.TranslatedDestination : Slot.TranslatedSource] as number;
    // 0: not translated.
    if (address === -1 || address === 0) return;
    const port = portless ? 0 : (v[inside ? Slot.TranslatedDestinationPort : Slot.TranslatedSourcePort] as number);
    if (inside) {
      r.destination0 = address;
      if (port > 0) r.destinationPort = port & 0xffff;
    } else {
      r.source0 = address;
      if (port > 0) r.sourcePort = port & 0xffff;
    }
  }

  /** Takes out of a finished record what earlier ones of its flow told. */
  private leaveOut(plan: Plan, domain: Domain): void {
    const { counted, record } = this;
    const event = this.values[Slot.Event];
    const since = this.values[Slot.Start] as number;
    if (plan.totals) counted.onTotal(record, domain.id);
    // Many firewalls tell events; counts in this form are those of one kind.
    else if (event === FLOW_UPDATE) counted.onPart(record, domain.id, since);
    else if (event === FLOW_DELETED) counted.onWhole(record, domain.id, since);
  }

  /** Counts a finished record and gives it on. */
  give(record: FlowRecord, peer: Peer, sink: RecordSink): void {
    record.number = ++this.counts.records;
    peer.records++;
    peer.samplingRate = record.samplingRate;
    if (this.tolerance > 0) this.checkClock(record, peer);
    sink.onRecord(record);
  }

  /**
   * Puts the times of a flow right whose exporter's clock is wrong, so that no other subscriber of its address is taken for it: by how
   * much the time of export is off, and where that does not explain it, to the time of arrival. How long it lasted stays.
   */
  private checkClock(record: FlowRecord, peer: Peer): void {
    const { arrival, tolerance } = this;
    const off = record.end - arrival;
    if (off >= -tolerance && off <= tolerance) {
      peer.clockOff = 0;
      return;
    }
    this.fault(Fault.bad_time);
    peer.clockOff = off;
    const shifted = off + arrival - this.exportTime;
    const end = shifted >= -tolerance && shifted <= tolerance ? arrival + shifted : arrival;
    record.start = end - (record.end - record.start);
    record.end = end;
  }

  /** Sets both times of the record, -1 = not told; times that cannot be are counted and replaced. */
  setStartEnd(start: number, end: number): void {
    const r = this.record;
    let bad = false;
    if (start !== -1 && !(start > 0 && start < LAST_TIME)) {
      start = -1;
      bad = true;
    }
    if (end !== -1 && !(end > 0 && end < LAST_TIME)) {
      end = -1;
      bad = true;
    }
    if (end === -1) end = start === -1 ? this.exportTime : start;
    if (start === -1) start = end;
    if (start > end || end - start > LONGEST) {
      start = end;
      bad = true;
    }
    if (bad) this.fault(Fault.bad_time);
    r.start = start;
    r.end = end;
  }

  private setTimes(domain: Domain): void {
    const v = this.values;
    let start = v[Slot.Start] as number;
    let end = v[Slot.End] as number;
    const startUptime = v[Slot.StartUptime] as number;
    const endUptime = v[Slot.EndUptime] as number;
    if (start === -1 && startUptime >= 0) start = this.fromUptime(startUptime, endUptime, domain);
    if (end === -1 && endUptime >= 0) end = this.fromUptime(endUptime, endUptime, domain);
    const duration = v[Slot.Duration] as number;
    if (duration >= 0) {
      if (end === -1 && start > 0) end = start + duration;
      else if (start === -1 && end > 0) start = end - duration;
    }
    if (end === -1 && (v[Slot.EventTime] as number) > 0) end = v[Slot.EventTime] as number;
    this.setStartEnd(start, end);
  }

  /**
   * Time at which the exporter had been up for `uptime` ms. Where nothing says when it was started, the flow's end (`newest`)
   * counts as the export time, so that at least durations hold.
   */
  private fromUptime(uptime: number, newest: number, domain: Domain): number {
    if (this.uptime >= 0) return this.exportTime - sinceUptime(this.uptime, uptime) * 1000;
    const told = this.values[Slot.InitTime] as number;
    const init = told > 0 ? told : domain.initTime;
    if (init <= 0) return this.exportTime - (((newest < 0 ? uptime : newest) - uptime) | 0) * 1000;
    const time = init + uptime * 1000;
    // The counter starts again after 49.7 days.
    return time + Math.max(0, Math.round((this.exportTime - time) / WRAP_MICROSECONDS)) * WRAP_MICROSECONDS;
  }

  private flags(): number {
    const v = this.values;
    let flags = -1;
    for (let slot: number = Slot.Flags; slot <= Slot.MoreReverseFlags; slot++) {
      const one = v[slot] as number;
      if (one >= 0) flags = Math.max(0, flags) | (one & 0x1ff);
    }
    return flags;
  }

  private rate(domain: Domain): number {
    const v = this.values;
    const interval = soundRate(v[Slot.Interval] as number);
    if (interval > 0) return interval;
    const spaced = spacedRate(v[Slot.TakenPackets] as number, v[Slot.SkippedPackets] as number);
    if (spaced > 0) return spaced;
    return domain.sampling.rateOf(v[Slot.Sampler] as number) || this.defaultRate;
  }

  /** A record with fields of both families: its version tells, else whether there is an IPv4 address. */
  private chooseFamily(): void {
    const v = this.values;
    const r = this.record;
    const version = v[Slot.Version];
    const four = version === 4 || (version !== 6 && (v[Slot.Source4] !== 0 || v[Slot.Destination4] !== 0));
    r.ipVersion = four ? 4 : 6;
    if (!four) return;
    r.source0 = v[Slot.Source4] as number;
    r.destination0 = v[Slot.Destination4] as number;
    r.source1 = r.source2 = r.source3 = 0;
    r.destination1 = r.destination2 = r.destination3 = 0;
  }

  private readOptions(view: DataView, off: number, plan: Plan, domain: Domain): void {
    const { options } = this;
    const { fields, variable } = plan;
    options.clear();
    let at = off;
    for (let i = 0, field = 0; i < fields.length; i += TRIPLE, field++) {
      const length = variable ? (this.lengths[field] as number) : (fields[i + 2] as number);
      const start = variable ? (this.starts[field] as number) : at;
      options.take(view, fields[i] as number, fields[i + 1] as number, start, length);
      at += length;
    }
    const rate = options.rate();
    if (rate > 0) domain.sampling.set(options.sampler, rate);
    if (options.initTime > 0 && options.initTime * 1000 < LAST_TIME) domain.initTime = options.initTime * 1000;
  }
}
