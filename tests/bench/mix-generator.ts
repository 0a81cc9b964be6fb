import {
  ACK,
  FIN,
  KIND_IPV6,
  KIND_UDP,
  KIND_VLAN,
  overhead,
  PCAP_HEADER_LENGTH,
  PSH,
  pcapHeader,
  RECORD_HEADER_LENGTH,
  SYN,
  TALK_SHIFT,
  Talk,
  TUNNEL_SHIFT,
  writeHeaders,
} from './mix-frame.ts';
import { cryptonoteTurn, MIDSTREAM_STEP, stratumTurn } from './mix-mining.ts';
import { Payloads } from './mix-payload.ts';
import { hash32, Random } from './mix-random.ts';

/** Bump when the same parameters give other bytes, so that captures made before are not reused. */
export const MIX_VERSION = 2;

export interface MixParameters {
  /** Size of the capture in bytes; the last packet ends at or just after it. */
  readonly size: number;
  readonly seed: number;
  /** Flows alive at any moment; about 80 bytes of memory each. */
  readonly flows: number;
  /** Packets that a flow sends in one go, on average, among those of 63 others; 1 = every packet is of a random flow. */
  readonly train: number;
}

/** What a generated capture holds; `flows` have at least one packet in it, `miningFlows` sent at least one mining message, `shares` counts submits. */
export interface MixStatistics {
  packets: number;
  bytes: number;
  flows: number;
  ipv6: number;
  vlan: number;
  tunnelled: number;
  udp: number;
  small: number;
  medium: number;
  large: number;
  miningFlows: number;
  miningPackets: number;
  shares: number;
}

const CHUNK = 4 << 20;
/** Room for the longest step: two closing segments, a handshake and a conversation turn. */
const HEADROOM = 16 << 10;
const MEDIUM = 576;
const LARGE = 1500;
const SMALL = 64;
/** Packet sizes are dealt from a deck of 7:4:1, so the ratio holds however many packets the handshakes take. */
const DECK = [700, 400, 100] as const;
const PACKETS_PER_NEW_FLOW = 20;
/** Flows that send at the same time: their trains of packets are interleaved at random. */
const TRAINS = 64;
const OPENED_CLIENT = 1;
const OPENED_SERVER = 2;
const MINED = 4;
const SEEN = 8;
/** 2026-01-01T00:00:00Z; one packet a microsecond. */
const START_SECONDS = 1767225600;

/**
 * Mixed traffic as a classic pcap, in chunks: `flows` flows alive at once, chosen at random for each train of packets
 * (traffic comes in trains: Jain and Routhier 1986, https://doi.org/10.1109/JSAC.1986.1146410), one replaced every 20 packets. Sizes 64/576/1500 at 7:4:1, 30 % IPv6, 20 % VLAN, 10 % tunnelled, 15 % UDP; one flow in 20
 * opens with JSON lines, HTTP or TLS, one in 2000 mines. Flows alive at the start are seen from the middle.
 */
export class MixGenerator {
  readonly statistics: MixStatistics = {
    packets: 0,
    bytes: PCAP_HEADER_LENGTH,
    flows: 0,
    ipv6: 0,
    vlan: 0,
    tunnelled: 0,
    udp: 0,
    small: 0,
    medium: 0,
    large: 0,
    miningFlows: 0,
    miningPackets: 0,
    shares: 0,
  };
  private readonly out = Buffer.alloc(CHUNK);
  private readonly view = new DataView(this.out.buffer, this.out.byteOffset, this.out.length);
  private at = 0;
  private readonly random: Random;
  private readonly payloads: Payloads;
  private readonly id: Uint32Array;
  private readonly kind: Uint16Array;
  private readonly state: Uint8Array;
  private readonly step: Uint16Array;
  private readonly sequence: Uint32Array; // [client, server] per flow: the next byte each side sends
  private readonly deck: [number, number, number] = [...DECK];
  private readonly trainSlot: Uint32Array = new Uint32Array(TRAINS);
  private readonly trainLeft: Uint32Array = new Uint32Array(TRAINS);
  private nextId = 0;
  private nextFlowAt = PACKETS_PER_NEW_FLOW;
  private readonly parameters: MixParameters;

  constructor(parameters: MixParameters) {
    this.parameters = parameters;
    this.random = new Random(parameters.seed);
    this.payloads = new Payloads(parameters.seed);
    this.id = new Uint32Array(parameters.flows);
    this.kind = new Uint16Array(parameters.flows);
    this.state = new Uint8Array(parameters.flows);
    this.step = new Uint16Array(parameters.flows);
    this.sequence = new Uint32Array(parameters.flows * 2);
    for (let slot = 0; slot < parameters.flows; slot++) {
      this.open(slot);
      this.step[slot] = MIDSTREAM_STEP;
    }
    this.out.set(pcapHeader());
    this.at = PCAP_HEADER_LENGTH;
  }

  /** The next bytes of the capture, valid until the next call; null at its end. */
  nextChunk(): Uint8Array | null {
    const { size } = this.parameters;
    while (this.at < CHUNK - HEADROOM && this.statistics.bytes < size) this.advance();
    if (this.at === 0) return null;
    const chunk = this.out.subarray(0, this.at);
    this.at = 0;
    return chunk;
  }

  private advance(): void {
    const slot = this.nextSlot();
    if (this.statistics.packets >= this.nextFlowAt) {
      this.nextFlowAt += PACKETS_PER_NEW_FLOW;
      this.replace(slot);
      return;
    }
    if ((this.kind[slot] as number) >> TALK_SHIFT >= Talk.Stratum) this.mine(slot);
    else this.transfer(slot);
  }

  /** The flow whose turn it is to send. */
  private nextSlot(): number {
    const { flows, train } = this.parameters;
    if (train <= 1) return this.random.below(flows);
    const at = this.random.below(TRAINS);
    if (this.trainLeft[at] === 0) {
      this.trainSlot[at] = this.random.below(flows);
      this.trainLeft[at] = 1 + this.random.below(2 * train - 1);
    }
    (this.trainLeft[at] as number)--;
    return this.trainSlot[at] as number;
  }

  /** Puts a new flow into a slot; its handshake is not written here. */
  private open(slot: number): void {
    const { random } = this;
    const id = this.nextId++;
    let kind = random.below(100) < 30 ? KIND_IPV6 : 0;
    if (random.below(100) < 20) kind |= KIND_VLAN;
    if (random.below(100) < 10) kind |= (1 + random.below(4)) << TUNNEL_SHIFT;
    if (random.below(100) < 15) kind |= KIND_UDP;
    else kind |= this.talkOf() << TALK_SHIFT;
    this.id[slot] = id;
    this.kind[slot] = kind;
    this.state[slot] = 0;
    this.step[slot] = 0;
    this.sequence[slot * 2] = initial(id, 0) + 1;
    this.sequence[slot * 2 + 1] = initial(id, 1) + 1;
  }

  /** What a TCP flow says; shares are of all flows, so they are raised by the 15 % that are UDP. */
  private talkOf(): number {
    const draw = this.random.below(34000);
    if (draw < 20) return draw < 10 ? Talk.Stratum : Talk.Cryptonote;
    return draw < 2020 ? Talk.Json + (draw % 3) : Talk.Opaque;
  }

  private replace(slot: number): void {
    if (((this.kind[slot] as number) & KIND_UDP) === 0) {
      this.control(slot, 0, FIN | ACK, 1);
      this.control(slot, 1, FIN | ACK, 1);
    }
    this.open(slot);
    if (((this.kind[slot] as number) & KIND_UDP) !== 0) return;
    for (const side of [0, 1]) {
      this.sequence[slot * 2 + side] = initial(this.id[slot] as number, side);
      this.control(slot, side, side === 0 ? SYN : SYN | ACK, 1);
    }
    this.control(slot, 0, ACK, 0);
  }

  /** A segment without payload; `consumes` 1 for SYN and FIN, which take a sequence number. */
  private control(slot: number, side: number, flags: number, consumes: number): void {
    if (this.deck[0] > 0) this.deck[0]--;
    this.emit(slot, side, 0, flags, consumes);
  }

  /** One packet of ordinary traffic, its size dealt from the deck. */
  private transfer(slot: number): void {
    const { random, deck } = this;
    const kind = this.kind[slot] as number;
    const id = this.id[slot] as number;
    if (deck[0] + deck[1] + deck[2] === 0) for (let i = 0; i < 3; i++) deck[i] = DECK[i] as number;
    let draw = random.below(deck[0] + deck[1] + deck[2]);
    let size: number = SMALL;
    if (draw < deck[0]) deck[0]--;
    else if ((draw -= deck[0]) < deck[1]) {
      deck[1]--;
      size = MEDIUM;
    } else {
      deck[2]--;
      size = LARGE;
    }
    // Requests are small and answers large: most full frames come from the server.
    let side = random.below(10) < (size === LARGE ? 2 : size === SMALL ? 6 : 5) ? 0 : 1;
    if (size === SMALL && (kind & KIND_UDP) === 0) {
      this.emit(slot, side, 0, ACK, 0);
      return;
    }
    const talk = kind >> TALK_SHIFT;
    if (talk !== Talk.Opaque && ((this.state[slot] as number) & OPENED_CLIENT) === 0) side = 0;
    const header = overhead(kind, id);
    const length = Math.max(12, size - header);
    const at = this.at + RECORD_HEADER_LENGTH + header;
    this.fill(slot, side, talk, at, length);
    this.emit(slot, side, length, ACK | PSH, 0);
  }

  private fill(slot: number, side: number, talk: number, at: number, length: number): void {
    const { out, random, payloads } = this;
    const id = this.id[slot] as number;
    const opened = this.state[slot] as number;
    const bit = side === 0 ? OPENED_CLIENT : OPENED_SERVER;
    this.state[slot] = opened | bit;
    if (talk === Talk.Json) {
      const position = ((this.sequence[slot * 2 + side] as number) - initial(id, side) - 1) >>> 0;
      payloads.jsonLines(out, at, length, id, side, position);
    } else if (talk === Talk.Opaque || (opened & bit) !== 0) payloads.opaque(out, at, length, random);
    else if (talk === Talk.Http && side === 0) payloads.httpRequest(out, at, length, id);
    else if (talk === Talk.Http) payloads.httpResponse(out, at, length, id, random);
    else if (side === 0) payloads.clientHello(out, at, length, id, random);
    else payloads.serverHello(out, at, length, random);
  }

  /** One turn of a mining conversation: the miner's message and the pool's answer, one segment each. */
  private mine(slot: number): void {
    const id = this.id[slot] as number;
    const step = this.step[slot] as number;
    this.step[slot] = step + 1;
    const talk = (this.kind[slot] as number) >> TALK_SHIFT;
    const turn = talk === Talk.Stratum ? stratumTurn(step, id, this.random) : cryptonoteTurn(step, id, this.random);
    if (turn.submit) this.statistics.shares++;
    if (((this.state[slot] as number) & MINED) === 0) {
      this.state[slot] = (this.state[slot] as number) | MINED;
      this.statistics.miningFlows++;
    }
    this.say(slot, 0, turn.miner);
    this.say(slot, 1, turn.pool);
  }

  private say(slot: number, side: number, text: string): void {
    if (text.length === 0) return;
    const header = overhead(this.kind[slot] as number, this.id[slot] as number);
    this.out.write(text, this.at + RECORD_HEADER_LENGTH + header, 'latin1');
    this.statistics.miningPackets++;
    this.emit(slot, side, text.length, ACK | PSH, 0);
  }

  /** Writes record header and headers around a payload of `length` bytes that stands in its place, and counts. */
  private emit(slot: number, side: number, length: number, flags: number, consumes: number): void {
    const { statistics, view, at } = this;
    const kind = this.kind[slot] as number;
    const id = this.id[slot] as number;
    const own = slot * 2 + side;
    const from = at + RECORD_HEADER_LENGTH;
    const acknowledged = flags === SYN ? 0 : (this.sequence[slot * 2 + 1 - side] as number);
    writeHeaders(view, from, kind, id, side, length, flags, this.sequence[own] as number, acknowledged);
    this.sequence[own] = (this.sequence[own] as number) + length + consumes;
    let frame = overhead(kind, id) + length;
    while (frame < SMALL) this.out[from + frame++] = 0; // Ethernet pads short frames
    const time = statistics.packets++;
    view.setUint32(at, START_SECONDS + Math.floor(time / 1e6), true);
    view.setUint32(at + 4, time % 1e6, true);
    view.setUint32(at + 8, frame, true);
    view.setUint32(at + 12, frame, true);
    this.at = from + frame;
    statistics.bytes += RECORD_HEADER_LENGTH + frame;
    const state = this.state[slot] as number;
    if ((state & SEEN) === 0) {
      this.state[slot] = state | SEEN;
      statistics.flows++;
    }
    if (kind & KIND_IPV6) statistics.ipv6++;
    if (kind & KIND_VLAN) statistics.vlan++;
    if (kind & KIND_UDP) statistics.udp++;
    if ((kind >> TUNNEL_SHIFT) & 7) statistics.tunnelled++;
    if (kind >> TALK_SHIFT >= Talk.Stratum) return;
    if (frame === LARGE) statistics.large++;
    else if (frame === MEDIUM) statistics.medium++;
    else statistics.small++;
  }
}

function initial(id: number, side: number): number {
  return hash32((id * 2 + side) ^ 0x68e31da4);
}
