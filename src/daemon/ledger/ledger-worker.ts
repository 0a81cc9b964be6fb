import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type Casework, openCasework } from '../../cli/casework.ts';
import { contextOf } from '../../cli/context.ts';
import type { CliEnvironment } from '../../cli/environment.ts';
import type { LeadCount, LedgerAnswer, LedgerOrder, LedgerRequest } from './messages.ts';
import { RowRefused, refusalOf } from './refusal.ts';

/** The store is synchronous: it has a thread of its own, so that a slow disk holds up nothing else. */
class LedgerDesk {
  private casework: Casework;
  private order: LedgerOrder;
  private registry: string;
  private file: string | null;

  constructor(order: LedgerOrder) {
    this.order = order;
    this.casework = open(order);
    this.file = fileAt(order.path);
    this.registry = this.registryState();
  }

  answer(request: LedgerRequest): Omit<LedgerAnswer, 'sequence' | 'error'> {
    switch (request.kind) {
      case 'record': {
        this.lookForFile();
        const { detections, coverage, evidence, vantage } = request;
        const change = { time: microseconds(), actor: this.order.actor };
        try {
          this.casework.casebook.record(detections, coverage, { ...change, evidence, vantage });
        } catch (error) {
          throw refusalOf(error);
        }
        return {};
      }
      case 'reload':
        this.reopen({ ...this.order, reference: request.reference, mmdb: request.mmdb });
        return { reloaded: true };
      case 'refresh': {
        const changed = this.registryState() !== this.registry;
        if (changed) this.reopen(this.order);
        return { reloaded: changed };
      }
      case 'leads':
        return { leads: this.count() };
      case 'ping':
        return {};
      case 'close':
        this.casework.close();
        return {};
    }
  }

  /** The new one is whole before the old one goes. */
  private reopen(order: LedgerOrder): void {
    const next = open(order);
    const old = this.casework;
    this.casework = next;
    this.file = fileAt(order.path);
    this.order = order;
    this.registry = this.registryState();
    old.close();
  }

  /** A file that was deleted or put aside would take everything and keep nothing. */
  private lookForFile(): void {
    const { path } = this.order;
    const file = fileAt(path);
    if (file === this.file) return;
    if (file === null)
      throw new Error(`${path}: is gone since it was opened; put it back, or reload to begin a new one`);
    this.reopen(this.order);
  }

  /** What the registry was imported from, and the settings: another process may change both. */
  private registryState(): string {
    return JSON.stringify(this.casework.ledger.registry.sources());
  }

  private count(): LeadCount[] {
    const counts = new Map<string, { status: string; region: string; count: number }>();
    for (const { status, region, count } of this.casework.ledger.leads.leadCounts()) {
      const province = region === null || !/^\d{6}$/.test(region) ? 'unknown' : `${region.slice(0, 2)}0000`;
      const key = `${status} ${province}`;
      const known = counts.get(key) ?? { status, region: province, count: 0 };
      known.count += count;
      counts.set(key, known);
    }
    return [...counts.values()];
  }
}

/** Device and inode; null where there is nothing. */
function fileAt(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}

function open(order: LedgerOrder): Casework {
  const given = {
    ledger: order.path,
    as: order.actor,
    mmdb: [...order.mmdb],
    ...(order.reference === null ? {} : { reference: order.reference }),
  };
  const nothing = { write: () => true, isTTY: false };
  const unused = (): never => {
    throw new Error('not available in the thread of the ledger');
  };
  const environment: CliEnvironment = {
    loadEngine: unused,
    loadSignatures: unused,
    loadEndpoints: unused,
    stdout: nothing as unknown as CliEnvironment['stdout'],
    stderr: nothing as unknown as CliEnvironment['stderr'],
    env: order.env,
    now: () => performance.now(),
    clock: microseconds,
    random: (bytes) => randomBytes(bytes),
    user: () => order.actor,
    onSignal: unused,
    exit: unused,
  };
  return openCasework(contextOf(given, environment), 'create');
}

function microseconds(): number {
  return Date.now() * 1000;
}

if (parentPort !== null) {
  const port = parentPort;
  const desk = new LedgerDesk(workerData as LedgerOrder);
  port.on('message', ({ sequence, request }: { sequence: number; request: LedgerRequest }) => {
    let answer: LedgerAnswer;
    try {
      answer = { sequence, error: null, heap: process.memoryUsage().heapUsed, ...desk.answer(request) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      answer = { sequence, error: message, ...(error instanceof RowRefused ? { ofRow: true } : {}) };
    }
    port.postMessage(answer);
    if (request.kind === 'close') port.close();
  });
  port.postMessage({ sequence: 0, error: null } satisfies LedgerAnswer);
}
