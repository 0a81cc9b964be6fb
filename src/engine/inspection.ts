// hot: `inspect` runs for every packet with payload of a flow that is neither followed nor ruled out.
import type { Frame } from '../capture/frame.ts';
import { type Packet, TCP_SYN } from '../decode/packet.ts';
import {
  type FlowTable,
  INSPECTED,
  NAME_ASKED,
  NAMED_OTHER,
  OPENED,
  OPENER_B,
  Phase,
  RULED_OUT_A,
  START_KNOWN_A,
} from '../flow/table.ts';
import { Look, lookAtDns, lookAtStart, lookInside } from '../protocol/first-look.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { Conversations, LookedUp } from './conversation/conversations.ts';
import type { Naming } from './names/naming.ts';
import { isClientHello, tellsMore } from './names/tls-look.ts';
import { isDns } from './shards/shard-of.ts';
import type { Shedding } from './shedding.ts';

/** A segment this far beyond the known start of its stream is not waited for. */
const REORDER_REACH = 64 * 1024;

/** The first look at the payload of a flow: whether it is followed, looked at again, or ruled out. */
export class Inspection {
  /** Flows whose payload was looked at. */
  inspected = 0;
  private signatures: SignatureSet;
  private readonly table: FlowTable;
  private readonly naming: Naming;
  private readonly conversations: Conversations;
  private readonly shedding: Shedding;

  constructor(
    signatures: SignatureSet,
    table: FlowTable,
    naming: Naming,
    conversations: Conversations,
    shedding: Shedding,
  ) {
    this.signatures = signatures;
    this.table = table;
    this.naming = naming;
    this.conversations = conversations;
    this.shedding = shedding;
  }

  /** Puts other signatures in place of the present ones. */
  setSignatures(signatures: SignatureSet): void {
    this.signatures = signatures;
  }

  /** True: the flow is to be followed from this packet on. `foreign`: another shard reports it. */
  inspect(flow: number, side: 0 | 1, p: Packet, frame: Frame, foreign: boolean): boolean {
    const table = this.table;
    const state = table.state(flow);
    if (state & (RULED_OUT_A << side)) return false;
    if ((state & INSPECTED) === 0) {
      table.setState(flow, INSPECTED);
      if (!foreign) this.inspected++;
    } else if (this.shedding.active && !isDns(p) && this.shedding.givesUp(frame.time - table.firstSeen(flow))) {
      // Not before it was looked at once.
      table.setPhase(flow, Phase.Ignored);
      return false;
    }
    const looked = this.naming.empty ? null : this.lookedUp(flow, frame.time, p);
    // A server that its client knows as a mining endpoint is followed whatever it speaks.
    if (looked?.listed) {
      this.conversations.begin(flow, p, frame, looked, foreign);
      return true;
    }
    let final = false;
    let look: Look;
    if (state & (START_KNOWN_A << side)) {
      const ahead = (p.sequence + (p.tcpFlags & TCP_SYN ? 1 : 0) - table.start(flow, side)) | 0;
      if (ahead < 0) return false;
      if (ahead === 0) {
        look = lookAtStart(p.bytes, p.payload, p.payloadEnd);
        if ((look === Look.No || look === Look.More) && isDns(p)) look = lookAtDns(p.bytes, p.payload, p.payloadEnd);
        if (look === Look.No && this.signatures.mayStart(p.bytes, p.payload, p.payloadEnd)) look = Look.Start;
        final = true;
      } else if (ahead < REORDER_REACH) look = Look.Text;
      else look = p.payload < p.payloadEnd ? lookInside(p.bytes, p.payload, p.payloadEnd) : Look.No;
    } else look = p.payload < p.payloadEnd ? lookInside(p.bytes, p.payload, p.payloadEnd) : Look.No;
    if (look === Look.Tls && !tellsMore(p.bytes, p.payload, p.payloadEnd, this.naming)) {
      look = Look.No;
      if (isClientHello(p.bytes, p.payload)) table.setState(flow, NAMED_OTHER);
    }
    if (look !== Look.No) {
      this.conversations.begin(flow, p, frame, looked, foreign);
      return true;
    }
    if (final || table.spend(flow, side) <= 0) {
      table.setState(flow, RULED_OUT_A << side);
      if (table.state(flow) & (RULED_OUT_A << (1 - side))) table.setPhase(flow, Phase.Ignored);
    }
    return false;
  }

  /** Under which name the client of a flow looked up its server; asked once in a flow. `time`: of the packet, µs. */
  lookedUp(flow: number, time: number, p: Packet): LookedUp | null {
    const { table, naming } = this;
    const state = table.state(flow);
    if ((state & NAME_ASKED) !== 0) return null;
    table.setState(flow, NAME_ASKED);
    const sender = naming.lookedUp(p, time, false);
    const receiver = naming.lookedUp(p, time, true);
    // Who opened the connection is its client; where that was not seen, either may be.
    const opener = (state & OPENED) === 0 ? -1 : (state & OPENER_B) === 0 ? 0 : 1;
    if (sender !== null && opener !== 1 - table.side) return { ...sender, client: table.side };
    if (receiver !== null && opener !== table.side) return { ...receiver, client: (1 - table.side) as 0 | 1 };
    return null;
  }
}
