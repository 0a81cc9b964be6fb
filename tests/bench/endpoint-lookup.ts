/**
 * What a look-up of a name costs in a list of 100 names and in one of 100,000, in nanoseconds.
 * `npx node tests/bench/endpoint-lookup.ts [--rounds 5] [--lookups 1000000]`. Names are invented; a tenth of the list are
 * domains. `hit` asks for listed names, `below` for names below listed domains, `miss` for others; each case asks for the
 * same 64 names in turn, as clients do. `spread` asks for as many listed names as there are, which shows what the caches of
 * the processor add. The cases run in turn, and the median of the rounds counts, in time of the processor. Prints a table,
 * and another: how long loading the shipped list takes, from its CSV files and as a build leaves it, and what it holds in
 * memory afterwards (heap and array buffers, collected before and after).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  endpointDigest,
  loadPrecompiledEndpoints,
  writePrecompiled,
} from '../../src/signature/endpoint-precompiled.ts';
import {
  defaultEndpointDirectory,
  EndpointIndex,
  type EndpointRow,
  readEndpoints,
} from '../../src/signature/endpoints.ts';
import { median } from './measure.ts';
import { Random } from './mix-random.ts';
import { table } from './table.ts';

const SIZES = [100, 100_000] as const;
const KINDS = ['hit', 'below', 'miss', 'spread'] as const;
const ASKED = 64;

interface Case {
  readonly size: number;
  readonly kind: (typeof KINDS)[number];
  readonly index: EndpointIndex;
  /** Names one after the other, and where each begins. */
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly times: number[];
}

function invented(count: number): EndpointRow[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: i % 10 === 0 ? 'domain' : 'host',
    value: i % 10 === 0 ? `pool${i}.example` : `eu${i % 7}.stratum${i}.pool${i % 1000}.example`,
    ports: [3333],
    pool: '',
    coins: [],
    transport: 'tcp',
    role: 'stratum',
    region: '',
    confidence: 'high',
    source: '',
  }));
}

function namesOf(kind: Case['kind'], rows: readonly EndpointRow[], random: Random): string[] {
  const hosts = rows.filter((row) => row.kind === 'host').map((row) => row.value);
  const domains = rows.filter((row) => row.kind === 'domain').map((row) => row.value);
  const pick = (list: readonly string[]): string => list[random.below(list.length)] as string;
  const many = (make: (i: number) => string): string[] => Array.from({ length: ASKED }, (_, i) => make(i));
  if (kind === 'hit') return many(() => pick(hosts));
  if (kind === 'below') return many((i) => `worker${i}.${pick(domains)}`);
  if (kind === 'miss') return many((i) => `www${i}.site${random.below(1e6)}.example`);
  return Array.from({ length: Math.max(ASKED, hosts.length) }, () => pick(hosts));
}

function caseOf(size: number, kind: Case['kind'], rows: readonly EndpointRow[], index: EndpointIndex): Case {
  const names = namesOf(kind, rows, new Random(7));
  const starts = new Int32Array(names.length + 1);
  names.forEach((name, i) => {
    starts[i + 1] = (starts[i] as number) + name.length;
  });
  return { size, kind, index, bytes: Buffer.from(names.join(''), 'latin1'), starts, times: [] };
}

/** Looks names up in turn; the number of hits, so that no look-up may be left out. */
function run({ index, bytes, starts }: Case, lookups: number): number {
  let hits = 0;
  const last = starts.length - 1;
  for (let i = 0, k = 0; i < lookups; i++) {
    if (index.findHost(bytes, starts[k] as number, starts[k + 1] as number) >= 0) hits++;
    if (++k === last) k = 0;
  }
  return hits;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use after a collection. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Milliseconds that loading takes, and bytes held afterwards. A function of its own: nothing of it outlives the call. */
function once(load: () => EndpointIndex | null): [time: number, size: number] {
  const before = held();
  const started = performance.now();
  const index = load();
  const time = performance.now() - started;
  const size = held() - before;
  // Used after the measure, so that it is still alive there.
  if (index === null || index.names === 0) throw new Error('the list was not loaded');
  return [time, size];
}

/** One row: milliseconds of the first time and in the median, MB held in the median. */
function loads(name: string, rounds: number, load: () => EndpointIndex | null): string[] {
  const all = Array.from({ length: rounds }, () => once(load));
  const times = all.map(([time]) => time);
  const size = median(all.map(([, bytes]) => bytes));
  return [name, (times[0] ?? 0).toFixed(1), median(times).toFixed(1), (size / 1e6).toFixed(2)];
}

/** Loads the shipped list from its CSV files, and then as a build leaves it. */
function loading(rounds: number): string[][] {
  const directory = defaultEndpointDirectory();
  const fromCsv = loads('CSV', rounds, () => {
    const { rows, pools } = readEndpoints(directory);
    return new EndpointIndex(rows, pools);
  });
  const folder = mkdtempSync(join(tmpdir(), 'endpoint-lookup-'));
  try {
    const path = join(folder, 'precompiled.txt');
    const { rows, pools } = readEndpoints(directory);
    writeFileSync(path, writePrecompiled(endpointDigest(directory), rows, pools));
    return [fromCsv, loads('precompiled', rounds, () => loadPrecompiledEndpoints(directory, path))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, lookups: { type: 'string', default: '1000000' } },
});
const rounds = Number(values.rounds);
const lookups = Number(values.lookups);
// Before the lists of the look-ups fill the memory.
const shipped = loading(rounds);
const cases: Case[] = SIZES.flatMap((size) => {
  const rows = invented(size);
  const index = new EndpointIndex(rows, []);
  return KINDS.map((kind) => caseOf(size, kind, rows, index));
});
for (const one of cases) {
  const hits = run(one, lookups);
  if (hits !== (one.kind === 'miss' ? 0 : lookups)) throw new Error(`${one.kind} of ${one.size}: ${hits} hits`);
}
for (let round = 0; round < rounds; round++) {
  for (const one of cases) {
    // Time of the processor, not of the clock: steadier on a machine that others use.
    const started = process.cpuUsage();
    run(one, lookups);
    const { user, system } = process.cpuUsage(started);
    one.times.push(((user + system) * 1000) / lookups);
  }
}
const time = (size: number, kind: Case['kind']): number =>
  median(cases.find((one) => one.size === size && one.kind === kind)?.times ?? []);
const lines = KINDS.map((kind) => {
  const [few, many] = SIZES.map((size) => time(size, kind)) as [number, number];
  return [kind, few.toFixed(1), many.toFixed(1), (many / few).toFixed(2)];
});
process.stdout.write(`${table(['names', 'ns of 100', 'ns of 100,000', 'ratio'], lines)}\n`);
process.stdout.write(`\n${table(['shipped list from', 'first ms', 'median ms', 'MB held'], shipped)}\n`);
