import type { ReplayOptions, ReplayResult } from '../engine/options.ts';
import type { EndpointIndex, EndpointOptions } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import type { Output } from './output.ts';
import type { SignatureRequest } from './signatures.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Everything the command line touches outside itself; a test hands in its own. */
export interface CliEnvironment {
  /** The engine and the signature loader; fetched only by the command that needs them. */
  readonly loadEngine: () => Promise<{ replay(options: ReplayOptions): Promise<ReplayResult> }>;
  readonly loadSignatures: (request: SignatureRequest) => Promise<SignatureSet>;
  readonly loadEndpoints: (options: EndpointOptions) => Promise<EndpointIndex>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Microseconds since the epoch, random bytes and the name of the system's user, for what the ledger writes. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly user: () => string;
  readonly onSignal: (handler: (signal: StopSignal) => void) => void;
  /** Told when a running daemon is to read its configuration anew (SIGHUP). */
  readonly onReload?: (handler: () => void) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}
