import * as v from 'valibot';
import type { DaemonStatus, InputStatus, LatencyHistogram, NewestDetection, PointStatus } from '../daemon/status.ts';
import { EXIT_FAILED } from './exit.ts';

/** A status of a thousand exporters has some 300 KB; more than this is none. */
const MAX_BODY = 16 << 20;
/** Seconds that a daemon has to answer. */
const PATIENCE = 5;

/** The daemon cannot be asked: one line. `brief` says why, where it is plain who was asked. */
export class TopError extends Error {
  readonly exitCode: number = EXIT_FAILED;
  override readonly name: string = 'TopError';
  readonly brief: string;

  constructor(message: string, brief: string = message) {
    super(message);
    this.brief = brief;
  }
}

/** Texts of closed sets are any text here: another version of the daemon may know more. */
type Widened<T> = { readonly [K in keyof T]: T[K] extends string ? string : T[K] };

export type TopInput = Widened<
  Pick<
    InputStatus,
    | 'name'
    | 'kind'
    | 'point'
    | 'state'
    | 'problem'
    | 'packets'
    | 'bytes'
    | 'records'
    | 'filesWaiting'
    | 'bytesWaiting'
    | 'kernelDrops'
    | 'childDrops'
    | 'recordsLost'
    | 'restarts'
    | 'lag'
  >
>;
export type TopPoint = Omit<
  PointStatus,
  | 'name'
  | 'flowsExpired'
  | 'conversationsMatched'
  | 'followed'
  | 'keys'
  | 'decodeErrors'
  | 'recordsImplausible'
  | 'probesLeftOut'
  | 'recordConversationsUnwatched'
>;
export type TopDetection = Widened<NewestDetection>;
type Latency = Pick<LatencyHistogram, 'count' | 'sum'>;

/** What `top` reads of a daemon's status (DaemonStatus is one); never trusted to be it. */
export interface TopStatus
  extends Pick<
    DaemonStatus,
    | 'sensor'
    | 'now'
    | 'startedAt'
    | 'ready'
    | 'notReady'
    | 'threads'
    | 'detectionsOpen'
    | 'resolver'
    | 'learntAddresses'
  > {
  readonly program: Omit<DaemonStatus['program'], 'name'>;
  readonly signatures: Omit<DaemonStatus['signatures'], 'sha256'>;
  readonly inputs: readonly TopInput[];
  readonly points: readonly TopPoint[];
  readonly ledger:
    | (Pick<NonNullable<DaemonStatus['ledger']>, 'failures' | 'detectionsWritten' | 'pending' | 'lastWrite'> & {
        readonly latency: Latency;
      })
    | null;
  readonly checkpoint: Pick<DaemonStatus['checkpoint'], 'failures' | 'last'> & { readonly latency: Latency };
  readonly eventLoop: Pick<DaemonStatus['eventLoop'], 'p99'>;
  readonly newest: readonly TopDetection[];
}

// What no JSON can say (an infinite lag) arrives as null.
const number = v.fallback(v.pipe(v.number(), v.finite()), 0);
const text = v.fallback(v.string(), '');

const INPUT = v.object({
  name: text,
  kind: text,
  point: text,
  state: text,
  problem: v.fallback(v.nullable(v.string()), null),
  packets: number,
  bytes: number,
  records: number,
  filesWaiting: number,
  bytesWaiting: number,
  kernelDrops: number,
  childDrops: number,
  recordsLost: number,
  restarts: number,
  lag: number,
});

const POINT = v.object({
  packets: number,
  bytes: number,
  flows: number,
  flowsActive: number,
  flowsCapacity: number,
  evictedFlows: number,
  evictedConversations: number,
  evictedKeys: number,
  evictedLookups: number,
  conversations: number,
  conversationsCapacity: number,
  inspected: number,
  matched: number,
  reassemblyBytes: number,
  reassemblyLimit: number,
  shedPackets: number,
  shedFlows: number,
  keptShare: v.fallback(v.number(), 1),
  recordConversations: number,
  recordConversationsCapacity: number,
  recordConversationsEvicted: number,
  recordConversationsSeen: number,
  recordConversationsMatched: number,
  records: number,
});

const DETECTION = v.object({
  time: text,
  point: text,
  miner: text,
  pool: text,
  dialect: v.fallback(v.nullable(v.string()), null),
  confidence: text,
  activity: text,
  coins: v.fallback(v.array(v.string()), []),
});

const LATENCY = v.object({ count: number, sum: number });

const STATUS = v.object({
  program: v.object({ version: text, node: text, pid: number }),
  sensor: v.string(),
  now: v.pipe(v.number(), v.finite()),
  startedAt: v.pipe(v.number(), v.finite()),
  ready: v.boolean(),
  notReady: v.fallback(v.array(v.string()), []),
  threads: number,
  signatures: v.object({ count: number, loadedAt: number, reloads: number, reloadFailures: number }),
  inputs: v.array(INPUT),
  points: v.array(POINT),
  detectionsOpen: v.object({ confirmed: number, probable: number, suspected: number }),
  ledger: v.nullable(
    v.object({ failures: number, detectionsWritten: number, pending: number, latency: LATENCY, lastWrite: number }),
  ),
  checkpoint: v.object({ failures: number, last: number, latency: LATENCY }),
  resolver: v.object({ enabled: v.fallback(v.boolean(), false), queries: number, failures: number, addresses: number }),
  learntAddresses: number,
  eventLoop: v.object({ p99: number }),
  newest: v.array(DETECTION),
});

/** Checks what a daemon answered. Null where it is no status. */
export function readStatus(value: unknown): TopStatus | null {
  const read = v.safeParse(STATUS, value);
  return read.success ? read.output : null;
}

/** Asks a daemon. Throws a TopError; rejects with the signal's reason where that says stop. */
export async function fetchStatus(url: URL, stop: AbortSignal): Promise<TopStatus> {
  const late = AbortSignal.timeout(PATIENCE * 1000);
  let answer: { status: number; body: string };
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([stop, late]),
      redirect: 'error',
      headers: { accept: 'application/json' },
    });
    answer = { status: response.status, body: response.ok ? await bodyOf(response) : '' };
    if (!response.ok) await response.body?.cancel();
  } catch (error) {
    if (stop.aborted) throw error;
    if (error instanceof TopError) throw error;
    const why = late.aborted ? `no answer within ${PATIENCE} s` : reasonOf(error);
    throw new TopError(
      `cannot reach the daemon at ${url.href}: ${why}; is 'poolprint run' running, with this address and port under 'http'?`,
      why,
    );
  }
  if (answer.status === 403)
    throw new TopError(
      `the daemon at ${url.href} shows its status on its own machine alone: run 'poolprint top' there`,
    );
  if (answer.status !== 200)
    throw new TopError(`${url.href} answered ${answer.status}: is this the http address and port of a daemon?`);
  let value: unknown = null;
  try {
    value = JSON.parse(answer.body);
  } catch {
    // What is no JSON is no status either.
  }
  const status = readStatus(value);
  if (status === null)
    throw new TopError(
      `${url.href} answered with something else than the status of a daemon: check the address and port`,
    );
  return status;
}

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let body = '';
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > MAX_BODY)
      throw new TopError(`${response.url} answers with more than ${MAX_BODY} bytes: no status of a daemon`);
    body += decoder.decode(piece, { stream: true });
  }
  return body + decoder.decode();
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be resolved',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
};

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return REASONS[code] ?? (code !== '' ? code : cause instanceof Error ? cause.message : String(cause));
}
