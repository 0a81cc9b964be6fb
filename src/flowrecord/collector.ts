// hot: one call per datagram; of one that may not send, a look-up and a counter.
import { AllowList } from './allow-list.ts';
import { type CollectorState, exportPeers, importPeers } from './collector-state.ts';
import { type BinaryProtocol, Peer } from './domain.ts';
import { Fault } from './faults.ts';
import { IPFIX_VERSION, readIpfix } from './ipfix.ts';
import { readNetflow5 } from './netflow5.ts';
import { readNetflow9 } from './netflow9.ts';
import { createRecordCounts, type FlowRecord, type RecordCounts, type RecordName, type RecordSink } from './record.ts';
import { Sequence } from './sequence.ts';
import { type NatSide, SetReader } from './set-reader.ts';
import { readSflow, type SflowContext } from './sflow.ts';
import { MAX_TEMPLATES, type TemplateBudget } from './templates.ts';

/** A sampled packet header of sFlow, bytes [off, end); `time` of arrival, µs. One of `samplingRate` packets. */
export type OnHeader = (
  bytes: Uint8Array,
  off: number,
  end: number,
  linkType: number,
  originalLength: number,
  samplingRate: number,
  time: number,
) => void;

export interface CollectorOptions {
  /** Addresses or prefixes that may send. */
  readonly exporters: readonly string[];
  readonly protocols: readonly ('netflow' | 'ipfix' | 'sflow')[];
  /** Sampling rate of exporters that do not tell it; null = 1. */
  readonly samplingRate: number | null;
  /** Templates are forgotten after so long without refresh, µs. */
  readonly templateTimeout: number;
  /** A flow that ended further from its arrival was told by a wrong clock, and its times are put right, µs; default 0 = never. */
  readonly clockTolerance?: number;
  /** Side of an exporter's address translation on which customers are wanted, where it tells both; default `none`. */
  readonly nat?: NatSide;
  /** Exporters kept at once (default 1024); further ones are refused until one was silent for `templateTimeout`. */
  readonly maxExporters?: number;
  /** Templates kept at once over all exporters (default 8192). */
  readonly maxTemplates?: number;
  /** Copied into every record. */
  readonly input?: number;
  readonly onHeader?: OnHeader;
}

/** One exporter and protocol, as status pages show it. */
export interface ExporterRow {
  readonly address: string;
  readonly protocol: BinaryProtocol | 'unknown';
  readonly records: number;
  readonly lost: number;
  readonly templates: number;
  readonly samplingRate: number;
  /** By how much its last flow ended before (-) or after its arrival where that was too much to be believed, µs; else 0. */
  readonly clockOff: number;
  /** Arrival of its last datagram, µs. */
  readonly lastSeen: number;
}

const DEFAULT_EXPORTERS = 1024;
/** Refused addresses whose answer is remembered; forged ones must not fill the memory. */
const MAX_REFUSED = 4096;
/** How often old templates and silent exporters are looked for, µs. */
const SWEEP = 60e6;
/** sFlow agents and sub-agents whose sequence is followed for one exporter. */
const MAX_AGENTS = 64;

class Exporter {
  readonly address: string;
  readonly number: number;
  readonly peers: Map<BinaryProtocol, Peer> = new Map<BinaryProtocol, Peer>();
  readonly agents: Map<string, Sequence> = new Map<string, Sequence>();
  lastSeen = 0;

  constructor(address: string, number: number) {
    this.address = address;
    this.number = number;
  }
}

/**
 * Takes export datagrams of NetFlow v5 and v9, IPFIX and sFlow v5 from many exporters and reads them into flow records.
 * Knows no sockets and no clock. Never throws, whatever the bytes; its memory is bounded whatever is sent.
 */
export class Collector {
  readonly counts: RecordCounts = createRecordCounts();
  private readonly allowed: AllowList;
  private readonly netflow: boolean;
  private readonly ipfix: boolean;
  private readonly sflow: boolean;
  private readonly maxExporters: number;
  private readonly timeout: number;
  private readonly budget: TemplateBudget;
  private readonly reader: SetReader;
  private readonly context: CollectorSflow;
  /** By address as the socket writes it, and as text in canonical form. */
  private readonly byText: Map<string, Exporter> = new Map<string, Exporter>();
  private readonly byAddress: Map<string, Exporter> = new Map<string, Exporter>();
  private readonly refused: Set<string> = new Set<string>();
  private numbers = 0;
  private nextSweep = 0;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** Throws a RangeError of one line where `exporters` holds something that is no address or prefix. */
  constructor(options: CollectorOptions) {
    this.allowed = new AllowList(options.exporters);
    this.netflow = options.protocols.includes('netflow');
    this.ipfix = options.protocols.includes('ipfix');
    this.sflow = options.protocols.includes('sflow');
    this.maxExporters = options.maxExporters ?? DEFAULT_EXPORTERS;
    this.timeout = options.templateTimeout;
    const { maxTemplates: limit = MAX_TEMPLATES, templateTimeout: timeout } = options;
    this.budget = { used: 0, changes: 0, limit, timeout };
    this.reader = new SetReader(this.counts, {
      defaultRate: options.samplingRate ?? 1,
      input: options.input ?? 0,
      tolerance: options.clockTolerance ?? 0,
      nat: options.nat ?? 'none',
    });
    this.context = new CollectorSflow(this.counts, this.reader.record, options.onHeader ?? null);
  }

  /** Templates kept now. */
  get templates(): number {
    return this.budget.used;
  }

  /** Differs from what it was before where `exportState` tells something else than the times of templates. */
  get changes(): number {
    let changes = this.budget.changes;
    for (const { peers } of this.byAddress.values())
      for (const { domains } of peers.values())
        for (const { sampling } of domains.values()) changes += sampling.changes;
    return changes;
  }

  /** One datagram, bytes [off, end), from `address` and `port`, arrived at `time` (µs since the epoch). */
  onDatagram(
    bytes: Uint8Array,
    off: number,
    end: number,
    address: string,
    port: number,
    time: number,
    sink: RecordSink,
  ): void {
    const exporter = this.byText.get(address) ?? this.admit(address, time);
    if (exporter === null) return;
    this.counts.datagrams++;
    exporter.lastSeen = time;
    if (time >= this.nextSweep) this.sweep(time);
    const { reader } = this;
    if (end - off < 4) {
      reader.fault(Fault.truncated);
      return;
    }
    const view = this.viewOf(bytes);
    reader.exporter = exporter.number;
    reader.port = port;
    const version = view.getUint16(off);
    if (version === IPFIX_VERSION && this.ipfix)
      readIpfix(reader, view, off, end, this.peer(exporter, 'ipfix', time), port, time, false, sink);
    else if (version === 9 && this.netflow)
      readNetflow9(reader, view, off, end, this.peer(exporter, 'netflow9', time), port, time, sink);
    else if (version === 5 && this.netflow)
      readNetflow5(reader, view, off, end, this.peer(exporter, 'netflow5', time), port, time, sink);
    else if (view.getUint32(off) === 5 && this.sflow) {
      const { context } = this;
      const { record } = reader;
      record.clear();
      record.exporter = exporter.number;
      record.input = reader.input;
      record.number = this.counts.records;
      context.take(this.peer(exporter, 'sflow5', time), exporter.agents, time, sink);
      readSflow(bytes, off, end, context);
    } else reader.fault(Fault.unknown_version);
  }

  /** What is known of each exporter, by protocol. */
  exporters(): ExporterRow[] {
    return [...this.byAddress.values()].flatMap(({ address, peers }) =>
      [...peers.values()].map((peer) => ({
        address,
        protocol: peer.protocol,
        records: peer.records,
        lost: peer.lost,
        templates: peer.templates,
        samplingRate: peer.samplingRate,
        clockOff: peer.clockOff,
        lastSeen: peer.lastSeen,
      })),
    );
  }

  /** Templates and sampling of all exporters as plain data for JSON; sequences begin anew. */
  exportState(): CollectorState {
    return {
      version: 1,
      exporters: [...this.byAddress.values()].map(({ address, peers }) => ({ address, peers: exportPeers(peers) })),
    };
  }

  /** Takes up what `exportState` gave. What is no such thing, is too much, or of exporters no longer allowed is left out. */
  importState(state: unknown): void {
    importPeers(state, (address, protocol) => {
      const exporter = this.byAddress.get(address) ?? this.enlist(address);
      return exporter === null ? null : this.peer(exporter, protocol, 0);
    });
  }

  /** Counts gaps that might still have been filled: nothing more will come. */
  finish(): void {
    for (const { peers, agents } of this.byAddress.values()) {
      for (const peer of peers.values()) {
        let lost = 0;
        for (const domain of peer.domains.values()) lost += domain.finish(this.counts);
        if (peer.protocol === 'sflow5') for (const agent of agents.values()) lost += agent.finish(this.counts);
        peer.lost += lost;
      }
    }
  }

  private peer(exporter: Exporter, protocol: BinaryProtocol, time: number): Peer {
    let peer = exporter.peers.get(protocol);
    if (peer === undefined) {
      peer = new Peer(protocol, this.budget);
      exporter.peers.set(protocol, peer);
    }
    peer.lastSeen = time;
    return peer;
  }

  /** An address not met before: listed, refused for want of room, or not allowed. */
  private admit(text: string, time: number): Exporter | null {
    if (this.refused.has(text)) {
      this.reader.fault(Fault.not_allowed);
      return null;
    }
    const address = this.allowed.admit(text);
    if (address === null) {
      if (this.refused.size >= MAX_REFUSED) this.refused.clear();
      this.refused.add(text);
      this.reader.fault(Fault.not_allowed);
      return null;
    }
    if (time >= this.nextSweep) this.sweep(time);
    const exporter = this.byAddress.get(address) ?? this.enlist(address);
    if (exporter === null) this.reader.fault(Fault.exporter_limit);
    else {
      // One exporter has one or two spellings; more come from somebody who plays.
      if (this.byText.size >= this.maxExporters * 2) this.byText.clear();
      this.byText.set(text, exporter);
    }
    return exporter;
  }

  private enlist(text: string): Exporter | null {
    if (this.byAddress.size >= this.maxExporters) return null;
    const address = this.allowed.admit(text);
    if (address === null) return null;
    const exporter = new Exporter(address, ++this.numbers);
    this.byAddress.set(address, exporter);
    return exporter;
  }

  /** Forgets old templates, and exporters that were silent for as long where room is short. */
  private sweep(time: number): void {
    this.nextSweep = time + SWEEP;
    const crowded = this.byAddress.size >= this.maxExporters;
    for (const [address, exporter] of this.byAddress) {
      if (crowded && time - exporter.lastSeen > this.timeout) {
        for (const peer of exporter.peers.values()) peer.clear();
        this.byAddress.delete(address);
        for (const [text, one] of this.byText) if (one === exporter) this.byText.delete(text);
        continue;
      }
      for (const { domains } of exporter.peers.values())
        for (const { templates } of domains.values()) templates.expire(time);
    }
  }

  /** Sockets hand out a few buffers over and over, or a new one each time: a view serves as long as it fits. */
  private viewOf(bytes: Uint8Array): DataView {
    const { view } = this;
    if (view.buffer === bytes.buffer && view.byteOffset === bytes.byteOffset && view.byteLength === bytes.byteLength)
      return view;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.view;
  }
}

/** Stands between the sFlow reader and the sink: counts per exporter, knows the configured rate. */
class CollectorSflow implements SflowContext, RecordSink {
  readonly counts: RecordCounts;
  readonly record: FlowRecord;
  readonly sink: RecordSink = this;
  time = 0;
  private readonly header: OnHeader | null;
  private target: RecordSink | null = null;
  private peer: Peer | null = null;
  private agents: Map<string, Sequence> | null = null;

  constructor(counts: RecordCounts, record: FlowRecord, header: OnHeader | null) {
    this.counts = counts;
    this.record = record;
    this.header = header;
  }

  /** Before each datagram. */
  take(peer: Peer, agents: Map<string, Sequence>, time: number, target: RecordSink): void {
    this.peer = peer;
    this.agents = agents;
    this.time = time;
    this.target = target;
  }

  onRecord(record: FlowRecord): void {
    if (this.peer !== null) {
      this.peer.records++;
      this.peer.samplingRate = record.samplingRate;
    }
    this.target?.onRecord(record);
  }

  onName(name: RecordName): void {
    this.target?.onName?.(name);
  }

  onHeader(bytes: Uint8Array, off: number, end: number, linkType: number, originalLength: number, rate: number): void {
    this.header?.(bytes, off, end, linkType, originalLength, rate, this.time);
  }

  onSequence(source: string, number: number): void {
    const { agents, peer } = this;
    if (agents === null || peer === null) return;
    let sequence = agents.get(source);
    if (sequence === undefined) {
      if (agents.size >= MAX_AGENTS) agents.clear();
      sequence = new Sequence(true);
      agents.set(source, sequence);
    }
    peer.lost += sequence.observe(number, 1, -1, this.time, this.counts);
  }
}
