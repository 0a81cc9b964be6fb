import type { Side } from '../protocol/message.ts';

/** Innermost addresses of a packet, in words (src/decode/packet.ts). */
export interface Hosts {
  readonly ipVersion: number;
  readonly source0: number;
  readonly source1: number;
  readonly source2: number;
  readonly source3: number;
  readonly destination0: number;
  readonly destination1: number;
  readonly destination2: number;
  readonly destination3: number;
}

/** The addresses of a message that `side` sends; `words` of both addresses, side 0, then side 1. */
export function hostsOf(ipVersion: number, words: Int32Array, side: Side): Hosts {
  const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = words.subarray(side * 4, side * 4 + 4);
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = words.subarray((1 - side) * 4, (1 - side) * 4 + 4);
  return {
    ipVersion,
    source0: a0,
    source1: a1,
    source2: a2,
    source3: a3,
    destination0: b0,
    destination1: b1,
    destination2: b2,
    destination3: b3,
  };
}
