/** Metrics of the inputs: what they took, what they lost, how far they are behind. */
import type { DaemonStatus, InputStatus } from '../daemon/status.ts';
import { type Family, type Put, seconds } from './family.ts';
import { FAULT_NAMES, type Labels, MAX_INPUTS, MAX_POINTS, OTHER, STATE_NAMES } from './labels.ts';

/** An exporter was heard lately, µs. */
const ACTIVE = 300e6;

const BY_INPUT = ['input', 'kind'] as const;

/** Reads one number of every input. */
function each(read: (input: InputStatus) => number): Family['read'] {
  return (status, put, labels) => {
    for (const [place, input] of status.inputs.entries()) {
      put(read(input), labels.configured(input.name, place, MAX_INPUTS), labels.kind(input.kind));
    }
  };
}

function counter(name: string, help: string, read: (input: InputStatus) => number): Family {
  return { name, help, kind: 'counter', labels: BY_INPUT, read: each(read) };
}

function gauge(
  name: string,
  help: string,
  merge: NonNullable<Family['merge']>,
  read: (input: InputStatus) => number,
): Family {
  return { name, help, kind: 'gauge', labels: BY_INPUT, merge, read: each(read) };
}

function readStates(status: DaemonStatus, put: Put, labels: Labels): void {
  for (const [place, input] of status.inputs.entries()) {
    const name = labels.configured(input.name, place, MAX_INPUTS);
    for (const state of STATE_NAMES) put(input.state === state ? 1 : 0, name, labels.kind(input.kind), state);
  }
}

function readFaults(status: DaemonStatus, put: Put, labels: Labels): void {
  for (const [place, input] of status.inputs.entries()) {
    if (input.kind === 'live' || input.kind === 'pipe') continue;
    const name = labels.configured(input.name, place, MAX_INPUTS);
    const kind = labels.kind(input.kind);
    // Every reason from the start, at 0: a series that begins at 1 has no increase.
    for (const reason of FAULT_NAMES) put(0, name, kind, reason);
    for (const [reason, count] of Object.entries(input.recordFaults)) put(count, name, kind, labels.fault(reason));
  }
}

function readInfo(status: DaemonStatus, put: Put, labels: Labels): void {
  const places = new Map(status.points.map(({ name }, place) => [name, place]));
  for (const [place, input] of status.inputs.entries()) {
    const name = labels.configured(input.name, place, MAX_INPUTS);
    const point = places.has(input.point)
      ? labels.configured(input.point, places.get(input.point) ?? 0, MAX_POINTS)
      : OTHER;
    put(1, name, labels.kind(input.kind), point);
  }
}

const up = (input: InputStatus): number => (input.state === 'running' || input.state === 'waiting' ? 1 : 0);

export const INPUT_FAMILIES: readonly Family[] = [
  {
    name: 'input_info',
    help: 'Observation point of each input; always 1.',
    kind: 'gauge',
    labels: [...BY_INPUT, 'point'],
    merge: 'max',
    read: readInfo,
  },
  gauge('input_up', 'Whether the input works: 1 = running or waiting for traffic, 0 = any other state.', 'min', up),
  {
    name: 'input_state',
    help: 'State of the input: 1 for the state it is in, 0 for the others.',
    kind: 'gauge',
    labels: [...BY_INPUT, 'state'],
    read: readStates,
  },
  counter('input_packets_total', 'Packets given to the engine.', (i) => i.packets),
  counter('input_bytes_total', 'Captured bytes given to the engine.', (i) => i.bytes),
  counter('input_records_total', 'Flow records given to the engine.', (i) => i.records),
  counter('input_datagrams_total', 'Datagrams of flow export taken from the socket.', (i) => i.datagrams),
  counter('input_files_total', 'Files read to their end.', (i) => i.files),
  counter('input_files_failed_total', 'Files that could not be read.', (i) => i.filesFailed),
  counter('input_files_cut_short_total', 'Files that end in the middle or are damaged.', (i) => i.filesCutShort),
  gauge('input_waiting_files', 'Files of the spool that wait to be read.', 'sum', (i) => i.filesWaiting),
  gauge('input_waiting_bytes', 'Bytes of the files that wait, as stored.', 'sum', (i) => i.bytesWaiting),
  gauge(
    'input_lag_seconds',
    'How far the input is behind: age of its newest packet, or of the oldest file that waits.',
    'max',
    (i) => i.lag,
  ),
  gauge(
    'input_last_packet_timestamp_seconds',
    'Capture time of the newest packet or record, Unix time; 0 = none yet.',
    'max',
    (i) => seconds(i.lastTime),
  ),
  counter(
    'input_kernel_dropped_packets_total',
    'Packets or datagrams that the kernel dropped before they were read.',
    (i) => i.kernelDrops,
  ),
  counter('input_child_dropped_packets_total', 'Packets that the capture program dropped.', (i) => i.childDrops),
  counter('input_restarts_total', 'How often the input was started again after a failure.', (i) => i.restarts),
  {
    name: 'record_faults_total',
    help: 'Datagrams, flow records and log lines that were not taken, by reason.',
    kind: 'counter',
    labels: [...BY_INPUT, 'reason'],
    read: readFaults,
  },
  counter(
    'records_lost_total',
    'Flow records or datagrams missing by the sequence numbers of the exporters.',
    (i) => i.recordsLost,
  ),
  counter('exporter_sequence_gaps_total', 'Jumps in the sequence numbers of exporters.', (i) => i.sequenceGaps),
  counter('exporter_restarts_total', 'Restarts of exporters that were seen.', (i) => i.exporterRestarts),
  gauge('exporters', 'Exporters that are known.', 'sum', (i) => i.exporters.length),
  {
    name: 'exporters_active',
    help: 'Exporters that were heard within five minutes.',
    kind: 'gauge',
    labels: BY_INPUT,
    merge: 'sum',
    read: (status, put, labels) => {
      for (const [place, input] of status.inputs.entries()) {
        const active = new Set(
          input.exporters.filter(({ lastSeen }) => status.now - lastSeen < ACTIVE).map(({ address }) => address),
        );
        put(active.size, labels.configured(input.name, place, MAX_INPUTS), labels.kind(input.kind));
      }
    },
  },
  gauge('templates', 'Templates of exporters that are kept.', 'sum', (i) => i.templates),
];
