/** Frames that no capture has: floods of single packets, connections that idle, frames that are damaged. Addresses are invented. */
import type { Random } from '../bench/mix-random.ts';

const ETHERNET = 14;
const FRAME = ETHERNET + 40;
const ACK = 0x10;
const SYN = 0x02;
const FIN = 0x01;
/** Address of a server that is flooded, 203.0.113.80, of one with connections that idle, 203.0.113.81, and of one for transfers. */
const FLOODED = 0xcb007150;
const IDLE_SERVER = 0xcb007151;
const TRANSFER_SERVER = 0xcb007152;

/** An Ethernet frame with IPv4 and TCP without payload at `at`; gives its length. */
function writeTcp(
  block: Buffer,
  at: number,
  source: number,
  sourcePort: number,
  destination: number,
  destinationPort: number,
  flags: number,
  sequence: number,
): number {
  block.fill(0, at, at + FRAME);
  block[at + 5] = 2;
  block[at + 11] = 1;
  block.writeUInt16BE(0x0800, at + 12);
  const ip = at + ETHERNET;
  block[ip] = 0x45;
  block[ip + 3] = 40;
  block[ip + 8] = 61;
  block[ip + 9] = 6;
  block.writeUInt32BE(source, ip + 12);
  block.writeUInt32BE(destination, ip + 16);
  const tcp = ip + 20;
  block.writeUInt16BE(sourcePort, tcp);
  block.writeUInt16BE(destinationPort, tcp + 2);
  block.writeUInt32BE(sequence, tcp + 4);
  block[tcp + 12] = 0x50;
  block[tcp + 13] = flags;
  block.writeUInt16BE(64_240, tcp + 14);
  return FRAME;
}

/** A SYN flood: every packet a flow of its own, from a random source. */
export class Floods {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  write(block: Buffer, at: number): number {
    const { random } = this;
    const source = 0x0b000000 + random.below(0x70000000);
    const ports = random.next();
    return writeTcp(block, at, source, ports & 0xffff, FLOODED, (ports >>> 16) & 3 ? 80 : 443, SYN, random.next());
  }
}

/** Long transfers that nobody can read, the bulk of what passes anywhere: each of many packets, then another in its place. */
export class Transfers {
  private static readonly count = 2000;
  /** Packets of one transfer. */
  private static readonly packets = 1500;
  private readonly noise = Buffer.alloc(2048);
  private readonly random: Random;
  private given = 0;

  constructor(random: Random) {
    this.random = random;
    for (let i = 0; i < this.noise.length; i++) this.noise[i] = random.next() & 0xff;
  }

  write(block: Buffer, at: number): number {
    const n = this.given++;
    const slot = n % Transfers.count;
    // Not all begin and end at once.
    const step = Math.floor(n / Transfers.count) + slot;
    const flow = Math.floor(step / Transfers.packets) * Transfers.count + slot;
    const packet = step % Transfers.packets;
    const flags = packet === 0 ? SYN : packet === Transfers.packets - 1 ? FIN | ACK : ACK;
    const [client, port] = [0x64600000 + (flow & 0x1fffff), 20_000 + (flow % 40_000)];
    const length = packet === 0 ? 0 : 40 + this.random.below(300);
    const out = packet % 3 === 0;
    if (out) writeTcp(block, at, client, port, TRANSFER_SERVER, 443, flags, packet * 400);
    else writeTcp(block, at, TRANSFER_SERVER, 443, client, port, flags, packet * 400);
    block.writeUInt16BE(40 + length, at + ETHERNET + 2);
    const from = this.random.below(this.noise.length - length);
    this.noise.copy(block, at + FRAME, from, from + length);
    return FRAME + length;
  }
}

/** Connections that stay open for the whole run and say something every few minutes. */
export class IdleFlows {
  static readonly count: number = 20_000;
  /** µs between two packets of one of them. */
  static readonly every: number = 240e6;
  private start = -1;
  private given = 0;

  /** Numbers of those that are due at a time (µs); 100 packets a second at most, so that a break brings no flood. */
  *due(now: number): Generator<number> {
    if (this.start < 0) this.start = now;
    const until = Math.floor(((now - this.start) / IdleFlows.every) * IdleFlows.count);
    if (until - this.given > IdleFlows.count) this.given = until - IdleFlows.count;
    for (; this.given < until; this.given++) yield this.given;
  }

  write(block: Buffer, at: number, number: number): number {
    const flow = number % IdleFlows.count;
    const round = Math.floor(number / IdleFlows.count);
    return writeTcp(block, at, 0x64400000 + flow, 40_000, IDLE_SERVER, 8443, round === 0 ? SYN : ACK, 1 + round);
  }
}

/** Bytes of IPv4 and TCP or UDP headers but for addresses and ports; and of others, before any address. */
const HEADERS = [...Array(12).keys(), ...Array.from({ length: 12 }, (_, i) => 28 + i)];
const SHORT_HEADERS = [...Array(8).keys()];

/** Damages a frame in place: cuts it, fills it with noise or lets its lengths lie. Gives its new length. */
export function damage(block: Buffer, at: number, length: number, random: Random): number {
  const kind = random.below(3);
  if (kind === 0) return random.below(length + 1);
  if (kind === 1) {
    for (let i = 0; i < length; i++) block[at + i] = random.next() & 0xff;
    return length;
  }
  // Lengths stand in the first bytes behind the link layer: the rest of the frame stays what it was. Addresses and ports too, with a
  // VLAN tag as without: each that is damaged would be a miner that never was, and their number is to level off.
  const places = ((block[at + ETHERNET] as number) & 0xf0) === 0x40 ? HEADERS : SHORT_HEADERS;
  for (let i = 0; i < 4; i++) {
    const place = ETHERNET + (places[random.below(places.length)] as number);
    if (place < length) block[at + place] = random.next() & 0xff;
  }
  return length;
}
