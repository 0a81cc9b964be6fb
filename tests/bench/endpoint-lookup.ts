/**
 * What a look-up of a name costs in a list of 100 names and in one of 100,000, in nanoseconds.
 * `node tests/bench/endpoint-lookup.ts [--rounds 5] [--lookups 1000000]`. Names are invented; a tenth of the list are
 * domains. `hit` asks for listed names, `below` for names below listed domains, `miss` for others; each case asks for the
 * same 64 names in turn, as clients do. `spread` asks for as many listed names as there are, which shows what the caches of
 * the processor add. The cases run in turn, and the median of the rounds counts, in time of the processor. Prints a table.
 */
import { parseArgs } from 'node:util';
import { EndpointIndex, type EndpointRow } from '../../src/signature/endpoints.ts';
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

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, lookups: { type: 'string', default: '1000000' } },
});
const rounds = Number(values.rounds);
const lookups = Number(values.lookups);
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
