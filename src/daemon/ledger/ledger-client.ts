import { Worker } from 'node:worker_threads';
import type { LeadCount, LedgerAnswer, LedgerOrder, LedgerRequest } from './messages.ts';
import { RowRefused, refusalOf } from './refusal.ts';

/** It makes garbage in bursts: left to itself it keeps 128 MiB for what is young, MiB. */
const LIMITS = { maxYoungGenerationSizeMb: 24 };

/** The ledger in a thread of its own: requests are answered in order. */
export class LedgerClient {
  /** What is in use of the heap of its thread, bytes, as of the last answer. */
  heap = 0;
  private readonly worker: Worker;
  private readonly waiting: Map<number, { resolve(answer: LedgerAnswer): void; reject(error: Error): void }> =
    new Map();
  private sequence = 0;
  private failure: Error | null = null;
  private closing = false;

  private constructor(worker: Worker) {
    this.worker = worker;
  }

  /** Opens the ledger, made where there is none. Rejects with one line where it cannot be used. `onFailure`: the thread died. */
  static async open(order: LedgerOrder, onFailure: (error: Error) => void): Promise<LedgerClient> {
    const entry = new URL(
      import.meta.url.endsWith('.ts') ? './ledger-worker.ts' : './ledger-worker.js',
      import.meta.url,
    );
    const client = new LedgerClient(new Worker(entry, { workerData: order, resourceLimits: LIMITS }));
    const opened = client.expect(0);
    client.worker.on('message', (answer: LedgerAnswer) => client.onAnswer(answer));
    const fail = (error: unknown): void => {
      if (client.failure !== null) return;
      client.failure = error instanceof Error ? error : new Error(String(error));
      const starting = client.waiting.has(0);
      for (const { reject } of client.waiting.values()) reject(client.failure);
      client.waiting.clear();
      if (!starting && !client.closing) onFailure(client.failure);
    };
    client.worker.on('error', fail);
    client.worker.on('exit', () => fail(new Error('the thread of the ledger has ended')));
    await opened;
    return client;
  }

  /** Rejects with the ledger's own line where it refuses: a RowRefused where the same would be refused for ever. */
  async ask(request: LedgerRequest): Promise<LedgerAnswer> {
    if (this.failure !== null) throw this.failure;
    const sequence = ++this.sequence;
    try {
      this.worker.postMessage({ sequence, request });
    } catch (error) {
      // It cannot be handed over at all.
      throw refusalOf(error);
    }
    const answer = await this.expect(sequence);
    if (answer.error === null) return answer;
    throw answer.ofRow === true ? new RowRefused(answer.error) : new Error(answer.error);
  }

  async leads(): Promise<readonly LeadCount[]> {
    return (await this.ask({ kind: 'leads' })).leads ?? [];
  }

  /** Waits for what was asked, then ends the thread. */
  async close(): Promise<void> {
    this.closing = true;
    try {
      await this.ask({ kind: 'close' });
    } catch {
      // It is gone already.
    }
    this.failure ??= new Error('the ledger is closed');
    await this.worker.terminate();
  }

  private expect(sequence: number): Promise<LedgerAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(sequence, { resolve, reject });
    });
  }

  private onAnswer(answer: LedgerAnswer): void {
    this.heap = answer.heap ?? this.heap;
    this.waiting.get(answer.sequence)?.resolve(answer);
    this.waiting.delete(answer.sequence);
  }
}
