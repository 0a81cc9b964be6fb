import type { Packet } from '../../decode/packet.ts';
import type { Side } from '../../protocol/message.ts';
import { isQuicInitial, type QuicHandler, QuicInitialReader } from '../../protocol/quic.ts';
import { parseClientHello } from '../../protocol/tls-hello.ts';
import type { TlsClientHello } from '../../protocol/tls-types.ts';

/** Connections whose ClientHello is not complete yet. */
const MAX_FLOWS = 1024;
/** Datagrams of a side that open nothing before it is given up: opening costs more than all else together. */
const MAX_FAILURES = 2;

interface Direction {
  readonly reader: QuicInitialReader;
  failures: number;
}

/** Puts together the ClientHellos of QUIC connections that begin; bounded. Each side has a reader of its own. */
export class QuicFlows {
  private readonly flows: Map<number, [Direction | null, Direction | null]> = new Map();
  private readonly handler: QuicHandler;

  constructor(counters: Float64Array) {
    this.handler = {
      onQuicAnomaly(anomaly) {
        (counters[anomaly] as number)++;
      },
    };
  }

  /** The hello of the flow with this running number is under way. */
  has(flow: number): boolean {
    return this.flows.has(flow);
  }

  /**
   * One datagram of a flow: the hello once it is complete, 'no' where the datagram is none of QUIC's beginning, 'failed'
   * where nothing will come of this flow.
   */
  read(flow: number, side: Side, p: Packet): TlsClientHello | 'more' | 'no' | 'failed' {
    const known = this.flows.get(flow);
    if (!isQuicInitial(p.bytes, p.payload, p.payloadEnd)) return known ? 'more' : 'no';
    const sides = known ?? this.add(flow);
    sides[side] ??= { reader: new QuicInitialReader(this.handler), failures: 0 };
    const direction = sides[side];
    // The server's packets are sealed with keys of the client's making, and open for nobody here.
    if (direction.failures >= MAX_FAILURES) return this.verdict(flow, sides);
    const state = direction.reader.push(p.bytes, p.payload, p.payloadEnd);
    if (state === 'no') direction.failures++;
    if (state !== 'done') {
      if (direction.reader.finished) direction.failures = MAX_FAILURES;
      return this.verdict(flow, sides);
    }
    this.flows.delete(flow);
    const stream = direction.reader.cryptoStream;
    return parseClientHello(stream, 0, stream.length, 'q') ?? 'failed';
  }

  private verdict(flow: number, sides: readonly [Direction | null, Direction | null]): 'more' | 'failed' {
    if (!sides.every((d) => d !== null && d.failures >= MAX_FAILURES)) return 'more';
    this.flows.delete(flow);
    return 'failed';
  }

  private add(flow: number): [Direction | null, Direction | null] {
    if (this.flows.size >= MAX_FLOWS) {
      const oldest = this.flows.keys().next().value;
      if (oldest !== undefined) this.flows.delete(oldest);
    }
    const sides: [Direction | null, Direction | null] = [null, null];
    this.flows.set(flow, sides);
    return sides;
  }
}
