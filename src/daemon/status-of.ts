import type { Checkpointer } from './checkpointer.ts';
import type { DaemonConfig } from './config/types.ts';
import type { LeadCount } from './ledger/messages.ts';
import type { Point } from './points.ts';
import type { Writer } from './report/writer.ts';
import type { DaemonStatus, InputStatus } from './status.ts';
import type { Tallies } from './tallies.ts';

/** A checkpoint older than so many times its interval, and so many seconds at least, means trouble. */
const STALE_TIMES = 10;
const STALE_SECONDS = 60;

/** What the status is put together from; times are wall clock, µs. */
export interface StatusParts {
  readonly program: DaemonStatus['program'];
  readonly config: DaemonConfig;
  readonly now: number;
  readonly startedAt: number;
  readonly checkpointed: boolean;
  readonly threads: number;
  readonly signatures: DaemonStatus['signatures'];
  readonly inputs: readonly InputStatus[];
  readonly points: readonly Point[];
  readonly tallies: Tallies;
  readonly leads: readonly LeadCount[] | null;
  readonly writer: Writer;
  readonly ledgerProblem: string | null;
  /** Bytes. */
  readonly ledgerHeap: number;
  readonly checkpointer: Checkpointer;
  readonly resolver: DaemonStatus['resolver'] | null;
  readonly eventLoop: DaemonStatus['eventLoop'];
}

/** Puts the status together. */
export function statusOf(parts: StatusParts): DaemonStatus {
  const { config, now, inputs, points, writer, checkpointer, tallies } = parts;
  const notReady = problemsOf(parts);
  const open = { suspected: 0, probable: 0, confirmed: 0 };
  for (const { reporter } of points) {
    const counts = reporter.open();
    for (const confidence of ['suspected', 'probable', 'confirmed'] as const) open[confidence] += counts[confidence];
  }
  return {
    program: parts.program,
    sensor: config.sensor,
    now,
    startedAt: parts.startedAt,
    ready: notReady.length === 0,
    notReady,
    threads: parts.threads,
    signatures: parts.signatures,
    inputs,
    points: points.map((point) => point.status()),
    detections: tallies.detections(),
    detectionsOpen: open,
    signatureHits: tallies.signatureHits,
    leads: parts.leads,
    ledger:
      config.ledger === null
        ? null
        : {
            writes: writer.writes,
            failures: writer.failures,
            detectionsWritten: writer.detectionsWritten,
            pending: writer.pending,
            refused: writer.refused,
            latency: writer.latency.read(),
            lastWrite: writer.lastWrite,
            heapBytes: parts.ledgerHeap,
          },
    checkpoint: {
      writes: checkpointer.writes,
      failures: checkpointer.failures,
      last: checkpointer.last,
      latency: checkpointer.latency.read(),
    },
    resolver: parts.resolver ?? { enabled: false, queries: 0, failures: 0, addresses: 0 },
    learntAddresses: points.reduce((n, { learntAddresses }) => n + learntAddresses, 0),
    eventLoop: parts.eventLoop,
    newest: tallies.newest,
  };
}

/** Why traffic is not being watched as the configuration wants it, one line each. */
function problemsOf({ config, now, inputs, writer, checkpointer, ledgerProblem, checkpointed }: StatusParts): string[] {
  const problems: string[] = [];
  if (!checkpointed) problems.push('starting: no checkpoint was written yet');
  for (const { name, state, problem } of inputs) {
    if (state === 'failed' || state === 'restarting' || state === 'starting') {
      problems.push(`input ${name}: ${problem ?? state}`);
    }
  }
  if (ledgerProblem !== null) problems.push(`ledger: ${ledgerProblem}`);
  if (writer.problem !== null) problems.push(`detections cannot be written: ${writer.problem}`);
  if (checkpointer.problem !== null) problems.push(`state: ${checkpointer.problem}`);
  const stale = Math.max(STALE_SECONDS, STALE_TIMES * config.checkpoint.interval);
  if (checkpointer.last > 0 && (now - checkpointer.last) / 1e6 > stale) {
    problems.push(`state: the last checkpoint is ${Math.round((now - checkpointer.last) / 1e6)} s old`);
  }
  return problems;
}
