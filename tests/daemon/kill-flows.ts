/** An exporter of flow records that never pauses: invented conversations with one listed pool, over IPFIX (RFC 7011). */
import { createSocket, type Socket } from 'node:dgram';
import { data, ipfix, PLAIN, plainFlow, template } from '../flowrecord/netflow-builder.ts';

/** Pool of the endpoint list that `endpointsCsv` writes; no capture has it. */
const POOL = '198.51.100.250';
const POOL_PORT = 3333;
/** Conversations that run at once, and records of each. */
const AT_ONCE = 6;
const RECORDS = 12;
/** Every record counts so many packets and one bit of its own: a sum tells which of them were counted, and how often. */
const WEIGHT = 100_000;
const MINUTE = 60e3;
/** 2026-11-03T00:00:00Z, ms. */
const BEGIN = Date.UTC(2026, 10, 3);
const DOMAIN = 7;
const TEMPLATE = 300;

/** An endpoint list with the pool of this traffic (docs/endpoints.md). */
export function endpointsCsv(): string {
  return `kind,value,ports,pool,coins,transport,role,region,confidence,source\nip,${POOL},${POOL_PORT},Invented Pool,BTC,tcp,stratum,,high,\n`;
}

/** One record sent: which of its conversation, and when (wall clock, ms). */
export interface SentRecord {
  readonly bit: number;
  readonly at: number;
}

interface Running {
  readonly miner: string;
  readonly port: number;
  sent: number;
}

export class FlowSender {
  /** By miner. */
  readonly sent: Map<string, SentRecord[]> = new Map();
  private readonly socket: Socket = createSocket('udp4');
  private readonly port: number;
  private running: Running[] = [];
  private number = 0;
  private sequence = 0;
  private minute = 0;
  private templateAt = 0;
  /** Milliseconds between two sendings of the template. */
  private readonly templateEvery: number;

  constructor(port: number, templateEvery: number) {
    this.port = port;
    this.templateEvery = templateEvery;
  }

  /** The next datagram holds the template. */
  sendTemplate(): void {
    this.templateAt = 0;
  }

  /** One record in each direction of every conversation that runs. */
  tick(): void {
    const now = Date.now();
    while (this.running.length < AT_ONCE) {
      const n = this.number++;
      const miner = `10.${64 + ((n >> 16) & 63)}.${(n >> 8) & 255}.${n & 255}`;
      this.running.push({ miner, port: 20_000 + (n % 40_000), sent: n < AT_ONCE ? n * 2 : 0 });
      this.sent.set(miner, []);
    }
    const start = BEGIN + this.minute++ * MINUTE;
    const records = this.running.flatMap((c) => {
      const bit = c.sent++;
      this.sent.get(c.miner)?.push({ bit, at: now });
      const packets = WEIGHT + 2 ** bit;
      const common = { flags: 0x18, packets, bytes: packets * 120, start, end: start + 59e3 };
      return [
        plainFlow({ source: c.miner, destination: POOL, sourcePort: c.port, destinationPort: POOL_PORT, ...common }),
        plainFlow({ source: POOL, destination: c.miner, sourcePort: POOL_PORT, destinationPort: c.port, ...common }),
      ];
    });
    const fresh = now - this.templateAt >= this.templateEvery;
    if (fresh) this.templateAt = now;
    const sets = [...(fresh ? [template(TEMPLATE, PLAIN)] : []), data(TEMPLATE, ...records)];
    const seconds = Math.floor((start + MINUTE) / 1000);
    this.socket.send(ipfix(sets, { seconds, sequence: this.sequence, domain: DOMAIN }), this.port, '127.0.0.1');
    this.sequence += records.length;
    this.running = this.running.filter(({ sent }) => sent < RECORDS);
  }

  close(): void {
    this.socket.close();
  }
}

/** Which records a sum of packets holds; null where some record was counted twice. */
export function recordsIn(packets: number): number[] | null {
  const count = Math.floor(packets / WEIGHT);
  const bits = packets - count * WEIGHT;
  const found = Array.from({ length: 17 }, (_, bit) => bit).filter((bit) => (bits & (1 << bit)) !== 0);
  return found.length === count && bits < 2 ** RECORDS ? found : null;
}
