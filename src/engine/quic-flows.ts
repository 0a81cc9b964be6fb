import type { Packet } from '../decode/packet.ts';
import type { Side } from '../protocol/message.ts';
import { isQuicInitial, type QuicHandler, QuicInitialReader } from '../protocol/quic.ts';
import { parseClientHello } from '../protocol/tls-hello.ts';
import type { TlsClientHello } from '../protocol/tls-types.ts';

/** Connections whose ClientHello is not complete yet. */
const MAX_FLOWS = 1024;

/** Puts together the ClientHellos of QUIC connections that begin; bounded. */
export class QuicFlows {
  private readonly readers: Map<number, { readonly reader: QuicInitialReader; readonly side: Side }> = new Map();
  private readonly handler: QuicHandler;

  constructor(counters: Float64Array) {
    this.handler = {
      onQuicAnomaly(anomaly) {
        (counters[anomaly] as number)++;
      },
    };
  }

  /** Nothing is under way. */
  get idle(): boolean {
    return this.readers.size === 0;
  }

  /** One datagram of the flow with this running number: the hello once it is complete; 'no' where it is none of QUIC. */
  read(flow: number, side: Side, p: Packet): TlsClientHello | 'more' | 'no' {
    if (!isQuicInitial(p.bytes, p.payload, p.payloadEnd)) return this.readers.has(flow) ? 'more' : 'no';
    let known = this.readers.get(flow);
    if (!known) {
      known = { reader: new QuicInitialReader(this.handler), side };
      if (this.readers.size >= MAX_FLOWS) {
        const oldest = this.readers.keys().next().value;
        if (oldest !== undefined) this.readers.delete(oldest);
      }
      this.readers.set(flow, known);
    }
    // The answers of the server are sealed with other keys.
    if (known.side !== side) return 'more';
    const state = known.reader.push(p.bytes, p.payload, p.payloadEnd);
    if (!known.reader.finished) return 'more';
    this.readers.delete(flow);
    if (state !== 'done') return 'no';
    const stream = known.reader.cryptoStream;
    return parseClientHello(stream, 0, stream.length, 'q') ?? 'no';
  }
}
