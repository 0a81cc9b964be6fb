import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { Collector } from '../../flowrecord/collector.ts';
import { RECORD_FAULTS, type RecordFault, type RecordSink } from '../../flowrecord/record.ts';
import type { NatSide } from '../../flowrecord/set-reader.ts';
import type { CollectorInputConfig } from '../config/types.ts';
import type { InputState, InputStatus } from '../status.ts';
import { HeaderCapture } from './header-capture.ts';
import type { InputContext, InputDriver } from './input.ts';

/** Seconds between looks at what the kernel dropped, between copies of templates of which only times changed, and before a socket is tried again. */
const DROPS_EVERY = 5;
const STATE_EVERY = 30;
const RETRY = [1, 2, 5, 15, 60];
/** A wrong clock is told again where it was right for so long, µs: of some exporters only a part of the flows is off. */
const CLOCK_FORGOTTEN = 3600e6;
/** Sampled headers that wait go on after so long, s. */
const FLUSH_EVERY = 0.25;

export interface CollectorExtra {
  /** Takes the flow records of the observation point. */
  readonly sink: RecordSink;
  /** Number of this input in records. */
  readonly input: number;
  /** Where its observation point stands to address translation. */
  readonly nat: NatSide;
}

/** A UDP socket for NetFlow v5 and v9, IPFIX and sFlow v5. Sampled packet headers go through the engine as packets. */
export function createCollectorInput(
  config: CollectorInputConfig,
  context: InputContext,
  extra: CollectorExtra,
): InputDriver {
  return new CollectorInput(config, context, extra);
}

class CollectorInput implements InputDriver {
  private readonly config: CollectorInputConfig;
  private readonly context: InputContext;
  private readonly sink: RecordSink;
  private readonly collector: Collector;
  private readonly headers: HeaderCapture;
  private socket: Socket | null = null;
  private state: InputState = 'starting';
  private problem: string | null = null;
  private restarts = 0;
  private drops = 0;
  private dropsOfSocket = 0;
  private lastTime = 0;
  private bytes = 0;
  private saved: unknown = null;
  private savedChanges = -1;
  private readonly cancels: Set<() => void> = new Set();
  /** Exporters (by protocol) whose clock was told to be wrong, and when it was found so last, µs. */
  private readonly wrongClocks: Map<string, number> = new Map();

  constructor(config: CollectorInputConfig, context: InputContext, { sink, input, nat }: CollectorExtra) {
    this.config = config;
    this.context = context;
    this.headers = new HeaderCapture((linkType) => context.open('capture', `${config.name} link ${linkType}`));
    this.collector = new Collector({
      exporters: config.exporters,
      protocols: config.protocols,
      samplingRate: config.samplingRate,
      templateTimeout: config.templateTimeout * 1e6,
      clockTolerance: config.clockTolerance * 1e6,
      nat,
      input,
      onHeader: (bytes, off, end, linkType, length, _rate, time) =>
        this.headers.add(bytes, off, end, linkType, length, time),
    });
    this.sink = {
      onRecord: (record) => {
        if (record.end > this.lastTime) this.lastTime = record.end;
        sink.onRecord(record);
      },
      onName: (name) => sink.onName?.(name),
    };
  }

  start(position: unknown): void {
    this.collector.importState(position);
    this.save();
    this.listen(0);
    this.every(DROPS_EVERY, () => this.readDrops());
    this.every(DROPS_EVERY, () => this.checkClocks());
    this.every(STATE_EVERY, () => this.save());
    this.every(FLUSH_EVERY, () => this.headers.flush());
  }

  private every(seconds: number, run: () => void): void {
    const cancel = this.context.after(seconds, () => {
      this.cancels.delete(cancel);
      run();
      if (this.state !== 'stopped') this.every(seconds, run);
    });
    this.cancels.add(cancel);
  }

  private listen(tries: number): void {
    const { address, port, buffer, name } = this.config;
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
    this.socket = socket;
    socket.on('message', (message, { address: from, port: fromPort }) => {
      this.bytes += message.length;
      this.collector.onDatagram(message, 0, message.length, from, fromPort, this.context.clock(), this.sink);
    });
    socket.on('error', (error) => {
      if (this.socket !== socket || this.state === 'stopped') return;
      const code = 'code' in error ? String(error.code) : error.message;
      const what = code === 'EADDRINUSE' ? 'another program listens there' : code;
      this.problem = `cannot listen on ${address} port ${port}: ${what}; stop it, or choose another port`;
      this.state = 'restarting';
      this.restarts++;
      this.context.log.warn({ input: name, problem: this.problem }, 'collector failed');
      this.closeSocket();
      const cancel = this.context.after(RETRY[Math.min(tries, RETRY.length - 1)] ?? 60, () => {
        this.cancels.delete(cancel);
        this.listen(tries + 1);
      });
      this.cancels.add(cancel);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      this.state = 'running';
      this.problem = null;
      try {
        socket.setRecvBufferSize(Math.round(buffer * 1024 * 1024));
        const got = socket.getRecvBufferSize() / 2 ** 20;
        // Linux gives twice what is asked, and at most twice net.core.rmem_max.
        if (got < buffer) {
          this.problem = `the kernel gives the socket ${got.toFixed(1)} of ${buffer} MiB: raise net.core.rmem_max`;
          this.context.log.warn({ input: name, problem: this.problem }, 'small receive buffer');
        }
      } catch (error) {
        this.context.log.warn({ input: name, error: String(error) }, 'receive buffer not set');
      }
      this.context.log.info({ input: name, address, port: socket.address().port }, 'collector listens');
    });
  }

  /** Port in use; 0 before the socket is bound. */
  get port(): number {
    try {
      return this.socket?.address().port ?? 0;
    } catch {
      return 0;
    }
  }

  private readDrops(): void {
    const found = dropsOf(this.port);
    if (found === null) return;
    this.drops += Math.max(0, found - this.dropsOfSocket);
    this.dropsOfSocket = found;
  }

  private checkClocks(): void {
    const now = this.context.clock();
    for (const [who, last] of this.wrongClocks) if (now - last > CLOCK_FORGOTTEN) this.wrongClocks.delete(who);
    for (const { address, protocol, clockOff } of this.collector.exporters()) {
      if (clockOff === 0) continue;
      const who = `${address} ${protocol}`;
      const isTold = this.wrongClocks.has(who);
      this.wrongClocks.set(who, now);
      if (isTold) continue;
      const hours = Math.abs(clockOff / 3600e6).toFixed(1);
      const problem = `flows of ${address} (${protocol}) end ${hours} h ${clockOff < 0 ? 'before' : 'after'} they arrive`;
      this.context.log.warn(
        { input: this.config.name, exporter: address },
        `${problem}: times of arrival are used; mend its clock`,
      );
    }
  }

  private closeSocket(): void {
    const socket = this.socket;
    this.socket = null;
    this.dropsOfSocket = 0;
    try {
      socket?.close();
    } catch {
      // It never was open.
    }
  }

  status(): InputStatus {
    const { config, collector, headers } = this;
    const { counts } = collector;
    const faults: Partial<Record<RecordFault, number>> = {};
    RECORD_FAULTS.forEach((fault, i) => {
      const n = counts.faults[i] as number;
      if (n > 0) faults[fault] = n;
    });
    return {
      name: config.name,
      kind: 'collector',
      point: config.point,
      state: this.state,
      problem: this.problem,
      packets: headers.packets,
      bytes: this.bytes,
      records: counts.records,
      datagrams: counts.datagrams,
      files: 0,
      filesFailed: 0,
      filesCutShort: 0,
      filesWaiting: 0,
      bytesWaiting: 0,
      kernelDrops: this.drops,
      childDrops: headers.dropped,
      restarts: this.restarts,
      lag: 0,
      lastTime: this.lastTime,
      recordFaults: faults,
      recordsLost: counts.lost,
      sequenceGaps: counts.gaps,
      exporterRestarts: counts.restarts,
      templates: collector.templates,
      exporters: collector.exporters(),
    };
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
    this.readDrops();
    this.closeSocket();
    this.collector.finish();
    this.save();
    await this.headers.end();
  }

  /** Templates that just came must not wait: without them an exporter cannot be read until it sends them again. */
  position(): unknown {
    if (this.collector.changes !== this.savedChanges) this.save();
    return this.saved;
  }

  private save(): void {
    this.saved = this.collector.exportState();
    this.savedChanges = this.collector.changes;
  }

  committed(): void {
    // Datagrams cannot be asked for again: there is nothing to let go of.
  }
}

/** Datagrams that the kernel dropped for want of room at a UDP port, by /proc/net/udp and udp6; null where that cannot be read. */
export function dropsOf(
  port: number,
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): number | null {
  if (port === 0) return null;
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  let drops: number | null = null;
  for (const path of ['/proc/net/udp', '/proc/net/udp6']) {
    let text: string;
    try {
      text = read(path);
    } catch {
      continue;
    }
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${wanted}`) !== true) continue;
      const count = Number(fields[12]);
      if (Number.isFinite(count)) drops = (drops ?? 0) + count;
    }
  }
  return drops;
}
