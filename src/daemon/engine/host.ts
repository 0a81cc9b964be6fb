import type { EvidenceFrame } from '../../engine/options.ts';
import type { EndpointIndex, EndpointOptions } from '../../signature/endpoints.ts';
import type { SignatureSet } from '../../signature/types.ts';
import { Core, type CoreCommand, type CoreOptions, type EngineTold, type InputEnd } from './core.ts';

/** The engine as the daemon sees it: in this thread, or in several. Commands take effect between what was fed before and after. */
export interface EngineHost {
  readonly threads: number;
  open(input: number, point: string, name: string, skip: number): void;
  /** Takes bytes, which may be reused once it returned and its promise settled. A promise: wait before more is fed. */
  feed(input: number, bytes: Uint8Array, off: number, end: number): Promise<void> | undefined;
  /** Packets taken of an open input, as far as this thread knows. */
  taken(input: number): number;
  /** Settles once everything fed before is worked off: `lastTime` is exact then. */
  catchUp(): Promise<void>;
  /** Capture time of the newest packet of a point, µs, as far as this thread knows; -Infinity before the first. */
  lastTime(point: string): number;
  stopped(input: number): boolean;
  end(input: number): Promise<InputEnd>;
  /** News; `then` runs in the turn in which they are taken, before anything else is fed. */
  tell(then: (told: EngineTold) => void): Promise<void>;
  evidence(point: string, keys: readonly string[]): Promise<Map<string, EvidenceFrame[]>>;
  send(command: CoreCommand): Promise<void>;
  /** Names learnt of servers, as plain data for `recall`. */
  names(): Promise<unknown>;
  setSignatures(signatures: SignatureSet, endpoints: EndpointIndex, options: EndpointOptions): Promise<void>;
  /** Ends everything that is open and tells it; nothing may be fed afterwards. */
  finish(): Promise<EngineTold>;
  /** Whether every thread answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes after which the event loop gets a turn. */
const TURN = 1024 * 1024;

/** Everything in this thread. */
export class InlineHost implements EngineHost {
  readonly threads = 1;
  private readonly core: Core;
  private readonly pointOf: Map<number, string> = new Map();
  private sinceTurn = 0;

  constructor(options: Omit<CoreOptions, 'shard' | 'shards'>) {
    this.core = new Core({ ...options, shard: 0, shards: 1 });
  }

  open(input: number, point: string, name: string, skip: number): void {
    this.pointOf.set(input, point);
    this.core.open(input, point, name, skip);
  }

  feed(input: number, bytes: Uint8Array, off: number, end: number): Promise<void> | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.core.feed(input, bytes, view, off, end);
    this.sinceTurn += end - off;
    if (this.sinceTurn < TURN) return undefined;
    this.sinceTurn = 0;
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  taken(input: number): number {
    return this.core.taken(input);
  }

  lastTime(point: string): number {
    return this.core.lastTime(point);
  }

  stopped(input: number): boolean {
    return this.core.stopped(input);
  }

  async end(input: number): Promise<InputEnd> {
    this.pointOf.delete(input);
    return this.core.end(input);
  }

  async tell(then: (told: EngineTold) => void): Promise<void> {
    then(this.core.tell());
  }

  async evidence(point: string, keys: readonly string[]): Promise<Map<string, EvidenceFrame[]>> {
    return this.core.command({ kind: 'evidence', point, keys }) as Map<string, EvidenceFrame[]>;
  }

  async send(command: CoreCommand): Promise<void> {
    this.core.command(command);
  }

  async names(): Promise<unknown> {
    return this.core.command({ kind: 'names' });
  }

  async setSignatures(signatures: SignatureSet, endpoints: EndpointIndex): Promise<void> {
    this.core.setSignatures(signatures, endpoints);
  }

  async finish(): Promise<EngineTold> {
    return this.core.command({ kind: 'finish' }) as EngineTold;
  }

  async catchUp(): Promise<void> {}

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}
