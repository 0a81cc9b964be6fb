// hot: `dropsFrame` runs for every packet under overload, and for none otherwise.
import type { Frame } from '../capture/frame.ts';
import type { Packet } from '../decode/packet.ts';
import { hostBucket, isDns, packetBucket, plainBucket } from './shards/shard-of.ts';

/** Pairs of hosts are told apart by so many bits of their hash. */
const BUCKETS = 2 ** 16;

/**
 * What is put aside when the input outruns the engine: first the flows that were looked at longest without being recognised,
 * then whole conversations by the hash of their two hosts, so that those that stay are seen in full. Pairs of hosts that
 * speak of mining, and DNS, stay in any case.
 */
export class Shedding {
  active = false;
  /** Packets and flows put aside. */
  packets = 0;
  flows = 0;
  share = 1;
  private limit = BUCKETS;
  private patience = Number.POSITIVE_INFINITY;
  private readonly exempt = new Uint8Array(BUCKETS / 8);

  /** `share` of pairs that stay, `patience` in µs, words of the hosts (both addresses, IPv4 in the first of four) that stay in any case. */
  set(share: number, patience: number, matched: Iterable<Int32Array>, seed: number): void {
    this.share = Math.min(1, Math.max(0, share));
    this.limit = Math.round(this.share * BUCKETS);
    this.patience = patience;
    this.active = this.limit < BUCKETS || patience !== Number.POSITIVE_INFINITY;
    this.exempt.fill(0);
    for (const words of matched) {
      const bucket = hostBucket(words, seed);
      (this.exempt[bucket >> 3] as number) |= 1 << (bucket & 7);
    }
  }

  /** Whether a frame goes, as far as that shows before it is decoded. */
  dropsFrame(frame: Frame, seed: number): boolean {
    if (this.limit === BUCKETS) return false;
    const bucket = plainBucket(frame, seed);
    return bucket >= 0 && this.drops(bucket);
  }

  /** Whether a decoded packet goes. */
  dropsPacket(p: Packet, seed: number): boolean {
    return this.limit !== BUCKETS && !isDns(p) && this.drops(packetBucket(p, seed));
  }

  /** Whether a flow of this age, µs, that was not recognised is no longer looked at. */
  givesUp(age: number): boolean {
    if (age <= this.patience) return false;
    this.flows++;
    return true;
  }

  private drops(bucket: number): boolean {
    if (bucket < this.limit || ((this.exempt[bucket >> 3] as number) >> (bucket & 7)) & 1) return false;
    this.packets++;
    return true;
  }
}
