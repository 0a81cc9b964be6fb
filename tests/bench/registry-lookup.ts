/**
 * How fast the registry's index answers. `node tests/bench/registry-lookup.ts [--rows 1000000] [--lookups 2000000] [--rounds 5]`.
 * Rows are invented: 60 % port blocks of CGNAT on few public addresses, one after the other in time; 30 % sessions, a third
 * of them IPv6 prefixes; 10 % static ranges that overlap. Each question is drawn around a row, so that nearly all find
 * something. `prepared` asks with numbers, `from text` includes parsing the address. Prints rows, build time, memory and
 * look-ups a second of one core (median of the rounds), and exits 1 where prepared look-ups stay below 1,000,000.
 */
import { parseArgs } from 'node:util';
import { buildRegistryIndex, type RegistryIndex, type RegistryQuery } from '../../src/attribution/registry-index.ts';
import type { AddressKind, AddressRow, StoredRow } from '../../src/attribution/types.ts';
import { median } from './measure.ts';
import { Random } from './mix-random.ts';
import { table } from './table.ts';

/** 1 November 2026, microseconds, and a day. */
const START = Date.UTC(2026, 10, 1) * 1000;
const DAY = 86_400e6;
const DAYS = 30;
const FLOOR = 1_000_000;

interface Question {
  readonly ip: string;
  readonly port: number;
  readonly time: number;
}

const text4 = (n: number): string => `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;

function row(kind: AddressKind, id: number, first: string, last: string, from: number, to: number | null): AddressRow {
  return {
    family: 'address',
    kind,
    first,
    last,
    ports: null,
    protocol: null,
    realm: null,
    valid: { from, to },
    endInferred: false,
    clockError: 1,
    use: null,
    service: null,
    account: `k${id}`,
    inside: null,
    natRule: null,
    party: null,
    places: [],
    checked: null,
    extra: {},
    sealed: null,
  };
}

/** Rows one by one, as storage hands them out, and what to ask about each. */
function* invented(count: number, questions: Question[]): Generator<StoredRow> {
  const random = new Random(1);
  // Documentation addresses are too few for a million rows: 10.0.0.0/8 stands for public space here.
  const blockAddresses = Math.max(1, Math.round(count / 1000));
  const blocksAtATime = 64;
  for (let id = 1; id <= count; id++) {
    const share = id % 10;
    let value: AddressRow;
    let ports: [number, number] = [1024, 65_535];
    let ip: string;
    if (share < 6) {
      const n = Math.floor(id / 10) * 6 + share;
      ip = text4(0x0a000000 + (n % blockAddresses));
      const block = Math.floor(n / blockAddresses) % blocksAtATime;
      const turn = Math.floor(n / blockAddresses / blocksAtATime);
      const turns = Math.ceil((0.6 * count) / blockAddresses / blocksAtATime);
      const from = START + (turn / turns) * DAYS * DAY + random.below(3600) * 1e6;
      const to = from + (DAYS * DAY) / turns;
      ports = [1024 + block * 1008, 1024 + block * 1008 + 1007];
      value = { ...row('nat_block', id, ip, ip, from, random.below(50) === 0 ? null : to), ports };
    } else if (share < 9) {
      const from = START + random.below(DAYS * 86_400) * 1e6;
      if (share === 8) {
        const prefix = `2001:db8:${random.below(65_536).toString(16)}:${random.below(65_536).toString(16)}`;
        ip = `${prefix}::1`;
        value = row('session', id, `${prefix}::`, `${prefix}:ffff:ffff:ffff:ffff`, from, from + DAY * 2);
      } else {
        ip = text4(0x0a800000 + random.below(Math.max(1, Math.round(count / 10))));
        value = row('session', id, ip, ip, from, from + DAY);
      }
    } else {
      const size = 1 << random.below(9);
      const first = 0x0ac00000 + random.below(Math.max(size, count * 4)) * 1;
      ip = text4(first + random.below(size));
      value = row('filing', id, text4(first), text4(first + size - 1), START - 365 * DAY, null);
    }
    const { from, to } = value.valid;
    const time = from + ((to ?? START + DAYS * DAY) - from) * (random.below(1000) / 1000);
    questions.push({ ip, port: ports[0] + random.below(ports[1] - ports[0] + 1), time });
    yield { id, digest: '', source: 'invented', row: id, recordedAt: START, supersededAt: null, value };
  }
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Questions as columns, so that what is measured is the index and not the reading of many objects. */
interface Columns {
  readonly words: Uint32Array;
  readonly ports: Uint16Array;
  readonly times: Float64Array;
}

function askPrepared(index: RegistryIndex, { words, ports, times }: Columns, lookups: number): number {
  const out = new Int32Array(64);
  const query = index.query('10.0.0.1', 1, 'tcp', null, 0, 0, 1) as RegistryQuery;
  let found = 0;
  for (let i = 0, at = 0; i < lookups; i++) {
    query.words = words[at * 5] as number;
    query.w0 = words[at * 5 + 1] as number;
    query.w1 = words[at * 5 + 2] as number;
    query.w2 = words[at * 5 + 3] as number;
    query.w3 = words[at * 5 + 4] as number;
    query.port = ports[at] as number;
    query.from = (times[at] as number) - 1e6;
    query.to = (times[at] as number) + 1e6;
    found += index.find(query, out);
    if (++at === times.length) at = 0;
  }
  return found;
}

function askText(index: RegistryIndex, questions: readonly Question[], lookups: number): number {
  const out = new Int32Array(64);
  let found = 0;
  for (let i = 0, at = 0; i < lookups; i++) {
    const { ip, port, time } = questions[at] as Question;
    found += index.find(index.query(ip, port, 'tcp', null, time, time, 1) as RegistryQuery, out);
    if (++at === questions.length) at = 0;
  }
  return found;
}

function shuffle<T>(list: T[]): void {
  const random = new Random(2);
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    lookups: { type: 'string', default: '2000000' },
    rounds: { type: 'string', default: '5' },
  },
});
const [count, lookups, rounds] = [Number(values.rows), Number(values.lookups), Number(values.rounds)];
const all: Question[] = [];
const began = process.hrtime.bigint();
const index = buildRegistryIndex(invented(count, all));
const built = Number(process.hrtime.bigint() - began) / 1e9;
shuffle(all);
// As many questions as fit the caches of no processor.
const questions = all.slice(0, 250_000);
all.length = 0;
const columns: Columns = {
  words: Uint32Array.from(
    questions.flatMap(({ ip }) => {
      const { words, w0, w1, w2, w3 } = index.query(ip, null, null, null, 0, 0, 0) as RegistryQuery;
      return [words, w0, w1, w2, w3];
    }),
  ),
  ports: Uint16Array.from(questions, ({ port }) => port),
  times: Float64Array.from(questions, ({ time }) => time),
};

function rate(ask: () => number): { perSecond: number; found: number } {
  const rates: number[] = [];
  let found = ask();
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    found = ask();
    const { user, system } = process.cpuUsage(start);
    rates.push(lookups / ((user + system) / 1e6));
  }
  return { perSecond: median(rates), found };
}

const prepared = rate(() => askPrepared(index, columns, lookups));
const fromText = rate(() => askText(index, questions, lookups));
const number = (n: number): string => Math.round(n).toLocaleString('en');
console.log(
  table(
    ['what', 'value', 'note'],
    [
      ['rows', number(index.size), `${index.skipped} left out`],
      ['build', `${built.toFixed(1)} s`, 'making the rows included'],
      ['index', `${(index.bytes / 2 ** 20).toFixed(1)} MiB`, `${(index.bytes / index.size).toFixed(1)} bytes a row`],
      ['process', `${(memory() / 2 ** 20).toFixed(1)} MiB`, 'heap and buffers, questions included'],
      ['prepared', number(prepared.perSecond), `look-ups a second, ${(prepared.found / lookups).toFixed(2)} rows each`],
      ['from text', number(fromText.perSecond), 'look-ups a second, address parsed'],
    ],
  ),
);
if (prepared.perSecond < FLOOR) {
  console.error(`fewer than ${number(FLOOR)} look-ups a second`);
  process.exitCode = 1;
}
