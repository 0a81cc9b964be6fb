import ipaddr from 'ipaddr.js';
import type { Hosts } from './hosts.ts';

/** A customer prefix as words to compare, with what touched it. */
interface Prefix {
  readonly text: string;
  readonly version: 4 | 6;
  readonly words: Int32Array;
  readonly masks: Int32Array;
  flows: number;
}

/** The customer prefixes named with --home; asked once per new flow, never per packet. */
export class HomePrefixes {
  private readonly prefixes: readonly Prefix[];

  /** Prefixes in CIDR form; the caller has validated them (throws on what is none). */
  constructor(cidrs: readonly string[]) {
    this.prefixes = cidrs.map((text) => {
      const [address, bits] = ipaddr.parseCIDR(text);
      const bytes = address.toByteArray();
      const words = new Int32Array(4);
      const masks = new Int32Array(4);
      for (let i = 0; i < bytes.length / 4; i++) {
        masks[i] = bits >= (i + 1) * 32 ? -1 : bits <= i * 32 ? 0 : -1 << ((i + 1) * 32 - bits);
        const word =
          ((bytes[i * 4] ?? 0) << 24) |
          ((bytes[i * 4 + 1] ?? 0) << 16) |
          ((bytes[i * 4 + 2] ?? 0) << 8) |
          (bytes[i * 4 + 3] ?? 0);
        words[i] = word & (masks[i] as number);
      }
      return { text, version: address.kind() === 'ipv4' ? 4 : 6, words, masks, flows: 0 };
    });
  }

  get empty(): boolean {
    return this.prefixes.length === 0;
  }

  /** Counts a new flow for every prefix that holds one of its ends; the words are those of the two addresses. */
  count(
    version: number,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    b0: number,
    b1: number,
    b2: number,
    b3: number,
  ): void {
    for (const p of this.prefixes) {
      if (p.version === version && (holds(p, a0, a1, a2, a3) || holds(p, b0, b1, b2, b3))) p.flows++;
    }
  }

  /** Counts a new flow between two hosts. */
  countHosts(p: Hosts): void {
    this.count(
      p.ipVersion,
      p.source0,
      p.source1,
      p.source2,
      p.source3,
      p.destination0,
      p.destination1,
      p.destination2,
      p.destination3,
    );
  }

  /** Flows per prefix so far; begins anew. */
  take(): number[] {
    const counts = this.counts();
    for (const p of this.prefixes) p.flows = 0;
    return counts;
  }

  /** Flows per prefix so far, in the order given. */
  counts(): number[] {
    return this.prefixes.map((p) => p.flows);
  }
}

function holds(p: Prefix, w0: number, w1: number, w2: number, w3: number): boolean {
  return (
    (w0 & (p.masks[0] as number)) === p.words[0] &&
    (w1 & (p.masks[1] as number)) === p.words[1] &&
    (w2 & (p.masks[2] as number)) === p.words[2] &&
    (w3 & (p.masks[3] as number)) === p.words[3]
  );
}
