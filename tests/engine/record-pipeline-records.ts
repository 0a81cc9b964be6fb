/** Invented records of conversations, as exporters with different habits tell them. */
import { FlowRecord, type RecordName } from '../../src/flowrecord/record.ts';

/** 2026-11-02 00:00 UTC, µs. */
export const DAY_START: number = Date.UTC(2026, 10, 2) * 1000;
export const MINUTE: number = 60e6;

export function ip(text: string): number {
  return text.split('.').reduce((n, part) => (n << 8) | Number(part), 0);
}

export interface Talk {
  readonly client?: string;
  readonly server?: string;
  readonly clientPort?: number;
  readonly serverPort?: number;
  /** µs. */
  readonly from: number;
  readonly minutes: number;
  /** Exporter's active timeout, µs. */
  readonly cut?: number;
  /** A minute, before sampling. */
  readonly packets?: readonly [number, number];
  /** Bytes a packet. */
  readonly size?: readonly [number, number];
  readonly sampling?: number;
  readonly directions?: 'both' | 'out' | 'in' | 'biflow';
  readonly oriented?: boolean;
  readonly opens?: boolean;
}

let number = 0;

/** Records of one connection, cut by the exporter's timeout. */
export function* talk(t: Talk): Generator<FlowRecord> {
  const { client = '100.64.0.7', server = '198.51.100.9', clientPort = 46_838, serverPort = 3333 } = t;
  const { cut = MINUTE, packets = [50, 45], size = [57, 233], sampling = 1, directions = 'both' } = t;
  const end = t.from + t.minutes * MINUTE;
  for (let at = t.from; at < end; at += cut) {
    const until = Math.min(at + cut, end) - 1000;
    const count = (d: 0 | 1): number => Math.round((packets[d] * (until - at)) / MINUTE / sampling);
    for (const d of [0, 1] as const) {
      if (directions === (d === 0 ? 'in' : 'out') || (directions === 'biflow' && d === 1)) continue;
      const r = new FlowRecord();
      [r.source0, r.destination0] = d === 0 ? [ip(client), ip(server)] : [ip(server), ip(client)];
      [r.sourcePort, r.destinationPort] = d === 0 ? [clientPort, serverPort] : [serverPort, clientPort];
      r.protocol = 6;
      r.start = at + d * 500;
      r.end = until;
      r.packets = count(d);
      r.bytes = r.packets * size[d];
      if (directions === 'biflow') [r.reversePackets, r.reverseBytes] = [count(1), count(1) * size[1]];
      r.tcpFlags = t.opens === true && at === t.from ? 0x1a : 0x18;
      r.samplingRate = sampling;
      r.oriented = t.oriented ?? false;
      r.number = ++number;
      yield r;
    }
  }
}

export function name(n: Partial<RecordName> & { readonly name: string; readonly time: number }): RecordName {
  return {
    ...{ source: 'dns', client: '100.64.0.7', server: '198.51.100.9', clientPort: null, serverPort: null },
    ...{ ttl: 300, input: 0, number: 1, ...n },
  };
}
