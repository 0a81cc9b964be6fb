/**
 * Sends export datagrams to a collector on this machine: `node feed-collector.ts ORDER`, ORDER being a JSON CollectorOrder. First
 * only what is not allowed, so that its cost can be told from that of the others; it says so on standard output and waits for a
 * line on standard input. Then all exporters. Ends on SIGTERM.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../bench/mix-random.ts';
import { Exporters } from './datagrams.ts';
import { captureFiles, makeTape } from './tape.ts';

export interface CollectorOrder {
  readonly port: number;
  readonly captures: readonly string[];
  /** Datagrams a second of allowed exporters together. */
  readonly rate: number;
  readonly seed: number;
  readonly strangers: number;
}

export interface CollectorProgress {
  readonly sent: number;
  /** From the address that is not listed. */
  readonly stranger: number;
  readonly storms: number;
  readonly lying: number;
  /** The first part is over: only strangers have sent so far. */
  readonly strangersOnly: boolean;
}

/** Addresses of exporters, all on this machine; the last is listed nowhere. */
export const EXPORTERS = {
  v5: '127.0.0.11',
  v9: '127.0.0.12',
  ipfix: '127.0.0.13',
  sflow: '127.0.0.14',
  storm: '127.0.0.15',
  lying: '127.0.0.16',
  stranger: '127.0.0.2',
} as const;
type Name = keyof typeof EXPORTERS;
/** Of so many datagrams each sends so many. */
const SHARES: readonly Name[] = [
  ...['v5', 'v9', 'ipfix', 'v5', 'v9', 'ipfix', 'v5', 'v9', 'ipfix', 'sflow', 'sflow', 'storm', 'lying'],
  ...['v5', 'v9', 'ipfix', 'stranger', 'stranger', 'stranger', 'stranger'],
] as Name[];
const TURN = 10;
/** Frames for samples of sFlow. */
const HEADERS = 5000;

class Sender {
  private readonly sockets = new Map<Name, Socket>();
  private readonly exporters: Exporters;
  private readonly port: number;
  private readonly count = { sent: 0, stranger: 0, storms: 0, lying: 0, strangersOnly: true };
  private turns = 0;

  constructor(order: CollectorOrder, exporters: Exporters) {
    this.port = order.port;
    this.exporters = exporters;
  }

  async open(): Promise<void> {
    for (const [name, address] of Object.entries(EXPORTERS) as [Name, string][]) {
      const socket = createSocket('udp4');
      // Nobody listens: the daemon has gone, which the runner sees for itself.
      socket.on('error', () => undefined);
      socket.bind({ address, port: 0 });
      await once(socket, 'listening');
      this.sockets.set(name, socket);
    }
  }

  progress(): CollectorProgress {
    return this.count;
  }

  goOn(): void {
    this.count.strangersOnly = false;
  }

  /** `now`: ms. */
  next(now: number): void {
    this.from(SHARES[this.turns++ % SHARES.length] ?? 'stranger', now);
  }

  from(name: Name, now: number): void {
    const bytes = this.bytes(name, now);
    this.count.sent++;
    if (name === 'stranger') this.count.stranger++;
    else if (name === 'storm') this.count.storms++;
    else if (name === 'lying') this.count.lying++;
    this.sockets.get(name)?.send(bytes, this.port, '127.0.0.1');
  }

  private bytes(name: Name, now: number): Buffer {
    const { exporters } = this;
    switch (name) {
      case 'v5':
        return exporters.v5(now);
      case 'v9':
        return exporters.v9(now);
      case 'ipfix':
        return exporters.ipfix(now);
      case 'sflow':
        return exporters.sflow();
      case 'storm':
        return exporters.storm(now);
      case 'lying':
        return (this.turns & 32) === 0 ? exporters.lying(now) : exporters.garbage();
      case 'stranger':
        return [exporters.garbage(), exporters.storm(now), exporters.lying(now)][this.turns % 3] ?? exporters.garbage();
    }
  }

  close(): void {
    for (const socket of this.sockets.values()) socket.close();
  }
}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '{}') as CollectorOrder;
  const { bytes, frames } = makeTape(captureFiles(order.captures), 1, 1);
  const step = Math.max(1, Math.floor(frames.length / HEADERS));
  const shown = frames.filter((_, i) => i % step === 0).map(({ offset, end }) => bytes.subarray(offset, end));
  const sender = new Sender(order, new Exporters(new Random(order.seed), shown));
  await sender.open();
  const tell = (): boolean => process.stdout.write(`${JSON.stringify(sender.progress())}\n`);
  for (let i = 0; i < order.strangers; i++) {
    sender.from('stranger', Date.now());
    if (i % 50 === 49) await pause(TURN);
  }
  tell();
  await once(process.stdin, 'data');
  process.stdin.unref();
  sender.goOn();
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  let due = 0;
  let last = Date.now();
  let told = last;
  while (!stop.signal.aborted) {
    const now = Date.now();
    // After a break no flood: what was not sent is left out.
    due += (Math.min(now - last, 10 * TURN) / 1000) * order.rate;
    last = now;
    for (; due >= 1; due--) sender.next(now);
    if (now - told >= 1000) {
      told = now;
      tell();
    }
    await pause(TURN, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  tell();
  sender.close();
}

// Its addresses are of use without sending anything.
if (import.meta.main) await main();
