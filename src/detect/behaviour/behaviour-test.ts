/**
 * What the shape of a conversation tells where nothing that was said is known: flow records, or sealed traffic. A test judges
 * a view and gives a sign; what a sign weighs stands in signatures/flow-record.yaml, by the name of the sign.
 */

/** One record of the series, the newest kept; see the store of conversations. */
export interface BehaviourPoints {
  readonly count: number;
  readonly dropped: number;
  /** µs since the epoch. */
  start(n: number): number;
  /** Seconds. */
  duration(n: number): number;
  packets(n: number): number;
  bytes(n: number): number;
}

/** One conversation (client, server, server port) as its records tell it. Pairs are [client to server, server to client]. */
export interface BehaviourView {
  readonly version: 4 | 6;
  readonly clientPort: number;
  readonly serverPort: number;
  /** First packet to last, and the part of it in which records lie, silences up to 5 minutes (sampled: 1 hour) included; s. */
  readonly seconds: number;
  readonly active: number;
  /** Packets and bytes multiplied by the sampling rate; `raw`: packets that were looked at. */
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly raw: readonly [number, number];
  readonly records: readonly [number, number];
  /** 1 of N packets was looked at, at worst. */
  readonly samplingRate: number;
  /** Records that tell TCP flags; of those, with ACK or ACK and PSH alone, with SYN, FIN, RST. */
  readonly flagged: number;
  readonly ackPush: number;
  readonly syn: number;
  readonly fin: number;
  readonly rst: number;
  /** TCP connections, and the seconds of the longest. */
  readonly connections: number;
  readonly longest: number;
  /** Something says that the server is a mining endpoint: list or name. */
  readonly named: boolean;
  points(): BehaviourPoints;
  /** All watched conversations with the same server address and port, this one among them. */
  clients(): readonly BehaviourView[];
}

/** Which parts of a view a test asks for beside its sums; `points` and `clients` cost something. */
export type BehaviourNeed = 'sums' | 'points' | 'clients';

export interface Verdict {
  /** Name of the sign, by which a signature weighs it: `flow-record:` and a word. */
  readonly sign: `flow-record:${string}`;
  /** Figures for a reader, a few words. */
  readonly text: string;
}

/** One test. Total, without state: the same view gives the same verdict. */
export interface BehaviourTest {
  readonly id: string;
  readonly needs: readonly BehaviourNeed[];
  /** Null where it says nothing. */
  judge(view: BehaviourView): Verdict | null;
}

/** A session in which work is done lasts: what is shorter is judged by nobody. Seconds. */
export const LONG = 300;
/** Packets that must have been looked at in each direction before a mean says anything. */
export const ENOUGH = 20;

/** Long, both ways, and enough of it was seen. */
export function isJudgeable(v: BehaviourView): boolean {
  return v.seconds >= LONG && v.active >= LONG && v.raw[0] >= ENOUGH && v.raw[1] >= ENOUGH;
}

/** Bytes a packet as IPv4 would have them: the header of IPv6 is 20 bytes longer (RFC 8200 §3, RFC 791 §3.1). */
export function bytesPerPacket(v: BehaviourView, direction: 0 | 1): number {
  const packets = v.packets[direction];
  return packets > 0 ? v.bytes[direction] / packets - (v.version === 6 ? 20 : 0) : 0;
}
