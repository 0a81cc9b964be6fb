// hot: `read` runs for every datagram of UDP that was not ruled out.
import type { Frame } from '../capture/frame.ts';
import type { Packet } from '../decode/packet.ts';
import { type FlowTable, OPENED, OPENER_B, Phase } from '../flow/table.ts';
import type { Place } from '../protocol/message.ts';
import type { Conversations } from './conversation/conversations.ts';
import { tlsText } from './conversation/message-text.ts';
import { QuicFlows } from './conversation/quic-flows.ts';
import type { EvidenceKeeper } from './evidence/keeper.ts';
import type { Inspection } from './inspection.ts';
import type { Lookups } from './names/lookups.ts';
import type { Naming } from './names/naming.ts';
import { isDns } from './shards/shard-of.ts';

/** What reading datagrams takes. */
export interface DatagramParts {
  readonly table: FlowTable;
  readonly naming: Naming;
  readonly lookups: Lookups;
  readonly conversations: Conversations;
  readonly inspection: Inspection;
  readonly keeper: EvidenceKeeper | null;
  /** By anomaly index. */
  readonly counters: Float64Array;
}

/** UDP: DNS, and the first datagrams of QUIC connections. */
export class Datagrams {
  private readonly table: FlowTable;
  private readonly naming: Naming;
  private readonly lookups: Lookups;
  private readonly conversations: Conversations;
  private readonly inspection: Inspection;
  private readonly keeper: EvidenceKeeper | null;
  private readonly quic: QuicFlows;

  constructor(parts: DatagramParts) {
    this.table = parts.table;
    this.naming = parts.naming;
    this.lookups = parts.lookups;
    this.conversations = parts.conversations;
    this.inspection = parts.inspection;
    this.keeper = parts.keeper;
    this.quic = new QuicFlows(parts.counters);
  }

  /**
   * One datagram of a flow. `shift`: from packet bytes to the frame; NaN where there is no one frame. `foreign`: another shard
   * reports the flow.
   */
  read(flow: number, side: 0 | 1, p: Packet, frame: Frame, shift: number, foreign: boolean): void {
    if (p.payload === p.payloadEnd) return;
    if (isDns(p)) {
      const place = placeOf(frame, shift, p.payload, p.payloadEnd);
      this.lookups.read(p, p.bytes, p.payload, p.payloadEnd, place, frame.originalLength, !foreign, frame);
      return;
    }
    if (this.table.phase(flow) === Phase.Followed) {
      this.conversations.onDatagram(flow, side, p, frame, shift);
      return;
    }
    const number = this.table.number(flow);
    // A connection of QUIC begins with long headers (RFC 9000 §17.2); what has others began before, or is none.
    if (((p.bytes[p.payload] as number) & 0x80) === 0 && !this.quic.has(number)) {
      if (this.table.spend(flow, side) <= 0) this.table.setPhase(flow, Phase.Ignored);
      return;
    }
    const hello = this.quic.read(number, side, p);
    if (hello === 'more') {
      if (!Number.isNaN(shift)) this.keeper?.addEarly(number, frame, side, p.payload + shift);
      return;
    }
    if (hello === 'no' || hello === 'failed') {
      if (hello === 'failed' || this.table.spend(flow, side) <= 0) this.table.setPhase(flow, Phase.Ignored);
      return;
    }
    this.table.setState(flow, side === 1 ? OPENED | OPENER_B : OPENED);
    const looked = this.naming.empty ? null : this.inspection.lookedUp(flow, frame.time, p);
    if (!looked?.listed && (hello.sni === null || this.naming.ofName(hello.sni, 0).evidence !== 'stratum')) {
      this.table.setPhase(flow, Phase.Ignored);
      return;
    }
    const conversation = this.conversations.begin(flow, p, frame, looked, foreign);
    const place = placeOf(frame, shift, p.payload, p.payloadEnd);
    conversation.seal('quic');
    this.conversations.keep(conversation, side, p, frame, shift);
    conversation.onMessage({ kind: 'tls', side, place, transport: 'quic', tls: hello, text: tlsText(hello) });
    conversation.count(side);
    this.conversations.countMatch(conversation);
    if (!conversation.matched) this.conversations.drop(flow);
  }
}

function placeOf(frame: Frame, shift: number, from: number, to: number): Place {
  const whole = !Number.isNaN(shift);
  const { input, number: packet, time } = frame;
  return { input, packet, time, from: whole ? from + shift : 0, to: whole ? to + shift : 0 };
}
