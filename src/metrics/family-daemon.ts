/** Metrics of the daemon as a whole: detections, leads, ledger, checkpoints, signatures, its own health. */
import type { DaemonStatus } from '../daemon/status.ts';
import { type Family, type LatencyFamily, type Put, seconds } from './family.ts';
import { ACTIVITIES, CONFIDENCES, type Labels } from './labels.ts';

type Read = (status: DaemonStatus) => number | null | undefined;

/** One number without labels; null = there is no such thing in this daemon, so there is no series. */
function single(kind: Family['kind'], name: string, help: string, read: Read): Family {
  return {
    name,
    help,
    kind,
    labels: [],
    read: (status, put) => {
      const value = read(status);
      if (typeof value === 'number') put(value);
    },
  };
}
const counter = (name: string, help: string, read: Read): Family => single('counter', name, help, read);
const gauge = (name: string, help: string, read: Read): Family => single('gauge', name, help, read);

function readDetections(status: DaemonStatus, put: Put, labels: Labels): void {
  // Every combination from the start, at 0: the first detection of a dialect must be an increase.
  for (const dialect of labels.dialects) {
    for (const confidence of CONFIDENCES) {
      for (const activity of ACTIVITIES) put(0, dialect, confidence, activity);
    }
  }
  for (const { dialect, confidence, activity, count } of status.detections) {
    put(count, labels.dialect(dialect), labels.confidence(confidence), labels.activity(activity));
  }
}

function readSignatureHits(status: DaemonStatus, put: Put, labels: Labels): void {
  for (const id of labels.signatures) put(0, id);
  for (const [id, count] of Object.entries(status.signatureHits)) put(count, labels.signature(id));
}

export const DAEMON_FAMILIES: readonly Family[] = [
  {
    name: 'build_info',
    help: 'Version of the program and of Node.js; always 1.',
    kind: 'gauge',
    labels: ['version', 'node'],
    read: (s, put, labels) => put(1, labels.version(s.program.version), labels.version(s.program.node)),
  },
  gauge('ready', 'Whether the daemon is ready: 1 = yes; /readyz tells the reasons where it is not.', (s) =>
    s.ready ? 1 : 0,
  ),
  gauge('start_time_seconds', 'When the daemon started, Unix time.', (s) => seconds(s.startedAt)),
  gauge('threads', 'Worker threads that read traffic.', (s) => s.threads),
  {
    name: 'event_loop_delay_seconds',
    help: 'Delay of the event loop in the last half minute: mean, median, 99th percentile, maximum.',
    kind: 'gauge',
    labels: ['stat'],
    read: (s, put) => {
      for (const stat of ['mean', 'p50', 'p99', 'max'] as const) put(s.eventLoop[stat], stat);
    },
  },
  {
    name: 'detections_total',
    help: 'New or surer detections since the start: one counts at each step that it takes.',
    kind: 'counter',
    labels: ['dialect', 'confidence', 'activity'],
    stays: true,
    read: readDetections,
  },
  {
    name: 'detections_open',
    help: 'Detections of the window that is open now.',
    kind: 'gauge',
    labels: ['confidence'],
    read: (s, put) => {
      for (const confidence of CONFIDENCES) put(s.detectionsOpen[confidence as 'confirmed'], confidence);
    },
  },
  {
    name: 'signature_hits_total',
    help: 'Detections told of since the start among whose indications the signature is.',
    kind: 'counter',
    labels: ['signature'],
    stays: true,
    read: readSignatureHits,
  },
  gauge('signatures_loaded', 'Signatures that are loaded.', (s) => s.signatures.count),
  gauge('signature_set_loaded_timestamp_seconds', 'When the set of signatures was loaded, Unix time.', (s) =>
    seconds(s.signatures.loadedAt),
  ),
  counter('signature_reloads_total', 'Reloads that were taken.', (s) => s.signatures.reloads),
  counter(
    'signature_reload_failures_total',
    'Reloads that were refused; the old set stayed.',
    (s) => s.signatures.reloadFailures,
  ),
  {
    name: 'leads',
    help: 'Leads in the ledger, by status and by division of province level.',
    kind: 'gauge',
    labels: ['status', 'region'],
    read: (s, put, labels) => {
      for (const lead of s.leads ?? []) put(lead.count, labels.leadStatus(lead.status), labels.region(lead.region));
    },
  },
  counter('ledger_writes_total', 'Transactions written to the ledger.', (s) => s.ledger?.writes),
  counter('ledger_write_failures_total', 'Writes to the ledger that failed.', (s) => s.ledger?.failures),
  counter(
    'ledger_detections_written_total',
    'Detections written to the ledger, new or brought up to date.',
    (s) => s.ledger?.detectionsWritten,
  ),
  counter(
    'ledger_refused_detections_total',
    'Detections that the ledger can never take as they are: put aside.',
    (s) => s.ledger?.refused,
  ),
  gauge('ledger_pending_detections', 'Detections that wait to be written.', (s) => s.ledger?.pending),
  gauge('ledger_last_write_timestamp_seconds', 'When the ledger was last written, Unix time; 0 = not yet.', (s) =>
    s.ledger === null ? null : seconds(s.ledger.lastWrite),
  ),
  gauge(
    'ledger_heap_used_bytes',
    'Heap that the thread of the ledger uses, as of its last answer.',
    (s) => s.ledger?.heapBytes,
  ),
  counter('checkpoint_writes_total', 'Checkpoints written.', (s) => s.checkpoint.writes),
  counter('checkpoint_failures_total', 'Checkpoints that could not be written.', (s) => s.checkpoint.failures),
  gauge('checkpoint_last_timestamp_seconds', 'When the last checkpoint was written, Unix time; 0 = not yet.', (s) =>
    seconds(s.checkpoint.last),
  ),
  gauge('resolver_enabled', 'Whether names of pools are looked up: 1 = yes.', (s) => (s.resolver.enabled ? 1 : 0)),
  counter('resolver_queries_total', 'Look-ups of pool names that were sent.', (s) => s.resolver.queries),
  counter('resolver_failures_total', 'Look-ups of pool names that failed.', (s) => s.resolver.failures),
  gauge(
    'resolver_addresses',
    'Addresses of pools that look-ups gave and that are still valid.',
    (s) => s.resolver.addresses,
  ),
  gauge('learnt_addresses', 'Addresses of pools learnt from DNS that was observed.', (s) => s.learntAddresses),
];

export const LATENCY_FAMILIES: readonly LatencyFamily[] = [
  {
    name: 'ledger_write_seconds',
    help: 'Time that each write to the ledger took.',
    read: (status) => status.ledger?.latency ?? null,
  },
  {
    name: 'checkpoint_write_seconds',
    help: 'Time that each checkpoint took.',
    read: (status) => status.checkpoint.latency,
  },
];
