/** One look at a running daemon: what the system says of its process, and what it says of itself. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { DaemonStatus } from '../../src/daemon/status.ts';

/** Columns of the table of samples, in order; sizes in MiB. */
export const COLUMNS = [
  'seconds',
  'rss_mib',
  'anonymous_mib',
  'children_mib',
  'heap_mib',
  'heap_total_mib',
  'external_mib',
  'ledger_heap_mib',
  'descriptors',
  'threads',
  'loop_p99_ms',
  'loop_max_ms',
  'metrics_ms',
  'packets',
  'flows',
  'flows_active',
  'evicted_flows',
  'conversations',
  'evicted_conversations',
  'shed_packets',
  'keys',
  'evicted_keys',
  'records',
  'record_conversations',
  'templates',
  'kernel_drops',
  'reassembly_mib',
  'checkpoints',
  'checkpoint_ms',
  'detections_written',
  'detections_pending',
  'ledger_ms',
  'failures',
  'state_mib',
  'ledger_mib',
  'lag_s',
  'spool_waiting',
] as const;
export type Column = (typeof COLUMNS)[number];
export type Sample = Readonly<Record<Column, number>>;

export interface SampleFiles {
  readonly state: string;
  readonly ledger: string;
}

/** What is asked for over HTTP takes this long at most, ms. */
const PATIENCE = 5000;
const MIB = 2 ** 20;

/** The daemon does not answer as it should; one line. */
export class NoAnswer extends Error {}

/** Asks a daemon at a port for its status. Rejects with NoAnswer where it takes more than 5 seconds. */
export async function statusAt(port: number): Promise<DaemonStatus> {
  return JSON.parse(await ask(port, '/status')) as DaemonStatus;
}

async function ask(port: number, path: string): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(PATIENCE) });
    const text = await response.text();
    if (response.status !== 200) throw new NoAnswer(`${path} answers ${response.status}`);
    return text;
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer(`${path} does not answer within ${PATIENCE / 1000} s: ${String(error)}`);
  }
}

/** One sample; `started`: ms. Rejects with NoAnswer. */
export async function takeSample(
  pid: number,
  port: number,
  files: SampleFiles,
  started: number,
): Promise<{ readonly sample: Sample; readonly status: DaemonStatus }> {
  const asked = performance.now();
  const metrics = await ask(port, '/metrics');
  const took = performance.now() - asked;
  const status = await statusAt(port);
  const memory = memoryOf(pid);
  const { inputs, points, eventLoop, checkpoint, ledger } = status;
  const of = <T>(list: readonly T[], what: (one: T) => number): number => list.reduce((sum, one) => sum + what(one), 0);
  const sample: Sample = {
    seconds: (Date.now() - started) / 1000,
    rss_mib: memory.resident,
    anonymous_mib: memory.anonymous,
    children_mib: of(childrenOf(pid), (child) => memoryOf(child).resident),
    heap_mib: metric(metrics, 'nodejs_heap_size_used_bytes') / MIB,
    heap_total_mib: metric(metrics, 'nodejs_heap_size_total_bytes') / MIB,
    external_mib: metric(metrics, 'nodejs_external_memory_bytes') / MIB,
    ledger_heap_mib: (ledger?.heapBytes ?? 0) / MIB,
    descriptors: descriptorsOf(pid),
    threads: memory.threads,
    loop_p99_ms: eventLoop.p99 * 1000,
    loop_max_ms: eventLoop.max * 1000,
    metrics_ms: took,
    packets: of(points, (p) => p.packets),
    flows: of(points, (p) => p.flows),
    flows_active: of(points, (p) => p.flowsActive),
    evicted_flows: of(points, (p) => p.evictedFlows),
    conversations: of(points, (p) => p.conversations),
    evicted_conversations: of(points, (p) => p.evictedConversations),
    shed_packets: of(points, (p) => p.shedPackets),
    keys: of(points, (p) => p.keys),
    evicted_keys: of(points, (p) => p.evictedKeys),
    records: of(points, (p) => p.records),
    record_conversations: of(points, (p) => p.recordConversations),
    templates: of(inputs, (i) => i.templates),
    kernel_drops: of(inputs, (i) => i.kernelDrops),
    reassembly_mib: of(points, (p) => p.reassemblyBytes) / MIB,
    checkpoints: checkpoint.writes,
    checkpoint_ms: (checkpoint.latency.sum / Math.max(1, checkpoint.latency.count)) * 1000,
    detections_written: ledger?.detectionsWritten ?? 0,
    detections_pending: ledger?.pending ?? 0,
    ledger_ms: ((ledger?.latency.sum ?? 0) / Math.max(1, ledger?.latency.count ?? 0)) * 1000,
    failures: checkpoint.failures + (ledger?.failures ?? 0),
    state_mib: sizeOf(files.state),
    ledger_mib: sizeOf(files.ledger),
    lag_s: inputs.filter(({ kind }) => kind === 'pipe').reduce((most, { lag }) => Math.max(most, lag), 0),
    spool_waiting: of(inputs, (i) => i.filesWaiting),
  };
  return { sample, status };
}

/** One row of the table. */
export function csvRow(sample: Sample): string {
  return `${COLUMNS.map((name) => Number(sample[name].toFixed(3))).join(',')}\n`;
}

function metric(text: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** MiB resident, of those anonymous, and threads, by /proc/PID/status (proc_pid_status(5)); 0 where it is gone. */
function memoryOf(pid: number): { readonly resident: number; readonly anonymous: number; readonly threads: number } {
  const text = tryTo(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { resident: kib('VmRSS') / 1024, anonymous: kib('RssAnon') / 1024, threads: kib('Threads') };
}

/** Processes below a process. */
function childrenOf(pid: number): number[] {
  const tasks = tryTo(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  const own = tasks.flatMap((task) =>
    (tryTo(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')) ?? '')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
  return own.flatMap((child) => [child, ...childrenOf(child)]);
}

function descriptorsOf(pid: number): number {
  return (tryTo(() => readdirSync(`/proc/${pid}/fd`)) ?? []).length;
}

/** What a process holds open, for the summary where their number grew. */
export function openFiles(pid: number): string[] {
  const names = tryTo(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return names.map((fd) => tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '?').sort();
}

/** MiB of a database with what stands beside it. */
function sizeOf(path: string): number {
  const sizes = ['', '-wal'].map((suffix) => statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0) / MIB;
}

function tryTo<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
