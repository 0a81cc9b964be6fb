/**
 * How flow state should lie in memory, measured: a hot and a cold array of 64-byte records (`hot-and-cold`; `hot-ahead-only`
 * reads only the hot half ahead), one array of 128-byte records, one array per field.
 * `node tests/bench/flow-layout.ts [--flows 250000] [--ipv6 0.3] [--batch 32] [--rounds 7] [--repeats 7]`. Each case runs in
 * processes of its own, in turn; a packet looks its flow up at random, compares the key and counts. `--ipv6` is the share of
 * flows whose key needs the words that IPv4 leaves empty, `--batch` the number of packets whose flows are read ahead (0:
 * none). Prints one JSON line a case; `ratio` 1 is the fastest.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { median } from './measure.ts';
import { hash32, Random } from './mix-random.ts';

const CASES = ['hot-and-cold', 'hot-ahead-only', 'one-record', 'array-per-field'] as const;
type Case = (typeof CASES)[number];

const PACKETS = 2_000_000;
const LENGTH = 700;

/** One layout: puts flows in and touches them. `touch` answers whether the key of that flow was found. */
interface Layout {
  set(flow: number, hash: number, six: boolean): void;
  /** Reads what `touch` will need, so that the misses of a batch overlap; a number so that the reads are not left out. */
  fetch(flow: number): number;
  touch(flow: number, hash: number, six: boolean, time: number): boolean;
}

/** Words of a key, from the hash; what they are does not matter, that they are read and compared does. */
function word(hash: number, index: number): number {
  return (hash + Math.imul(index, 0x9e3779b1)) | 0;
}

/** Numbers of a key's words: hash, two addresses, ports, context; then the six that only IPv6 fills. */
const V6_WORDS = 6;
const FIRST_V6 = 5;

// Each layout spells its accesses out, as the flow table does: a loop over words or a stride that is no constant would be
// measured instead of the memory.

/** What the flow table has: `hot` for every packet (one cache line), `cold` for the rest. */
class HotAndCold implements Layout {
  private readonly hot: Int32Array;
  private readonly doubles: Float64Array;
  private readonly cold: Int32Array;
  /** Whether reading ahead takes the cold half too. */
  private readonly both: boolean;

  constructor(flows: number, both: boolean) {
    this.both = both;
    const hot = new ArrayBuffer(flows * 64);
    this.hot = new Int32Array(hot);
    this.doubles = new Float64Array(hot);
    this.cold = new Int32Array(flows * 16).fill(0);
  }

  set(flow: number, hash: number, six: boolean): void {
    const base = flow * 16;
    for (let i = 0; i < FIRST_V6; i++) this.hot[base + i] = word(hash, i);
    for (let i = 0; i < V6_WORDS; i++) this.cold[base + i] = six ? word(hash, FIRST_V6 + i) : 0;
  }

  fetch(flow: number): number {
    const hot = this.hot[flow * 16] as number;
    return this.both ? hot ^ (this.cold[flow * 16] as number) : hot;
  }

  touch(flow: number, hash: number, six: boolean, time: number): boolean {
    const { hot, doubles } = this;
    const base = flow * 16;
    if (hot[base] !== hash || hot[base + 4] !== word(hash, 4)) return false;
    if (hot[base + 1] !== word(hash, 1) || hot[base + 2] !== word(hash, 2)) return false;
    if (hot[base + 3] !== word(hash, 3)) return false;
    if (six && !sameV6(this.cold, base, hash)) return false;
    const half = base >> 1;
    if (time > (doubles[half + 3] as number)) doubles[half + 3] = time;
    const side = hash & 1;
    (hot[base + 8 + side] as number)++;
    (doubles[half + 5 + side] as number) += LENGTH;
    return true;
  }
}

/** The same words one after the other: two cache lines a flow in one array. */
class OneRecord implements Layout {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;

  constructor(flows: number) {
    const records = new ArrayBuffer(flows * 128);
    this.words = new Int32Array(records);
    this.doubles = new Float64Array(records);
  }

  set(flow: number, hash: number, six: boolean): void {
    const base = flow * 32;
    for (let i = 0; i < FIRST_V6; i++) this.words[base + i] = word(hash, i);
    for (let i = 0; i < V6_WORDS; i++) this.words[base + 16 + i] = six ? word(hash, FIRST_V6 + i) : 0;
  }

  fetch(flow: number): number {
    return (this.words[flow * 32] as number) ^ (this.words[flow * 32 + 16] as number);
  }

  touch(flow: number, hash: number, six: boolean, time: number): boolean {
    const { words, doubles } = this;
    const base = flow * 32;
    if (words[base] !== hash || words[base + 4] !== word(hash, 4)) return false;
    if (words[base + 1] !== word(hash, 1) || words[base + 2] !== word(hash, 2)) return false;
    if (words[base + 3] !== word(hash, 3)) return false;
    if (six && !sameV6(words, base + 16, hash)) return false;
    const half = base >> 1;
    if (time > (doubles[half + 3] as number)) doubles[half + 3] = time;
    const side = hash & 1;
    (words[base + 8 + side] as number)++;
    (doubles[half + 5 + side] as number) += LENGTH;
    return true;
  }
}

function sameV6(words: Int32Array, at: number, hash: number): boolean {
  return (
    words[at] === word(hash, 5) &&
    words[at + 1] === word(hash, 6) &&
    words[at + 2] === word(hash, 7) &&
    words[at + 3] === word(hash, 8) &&
    words[at + 4] === word(hash, 9) &&
    words[at + 5] === word(hash, 10)
  );
}

/** One array a field: what a packet needs lies in eight places. */
class ArrayPerField implements Layout {
  private readonly hash: Int32Array;
  private readonly addressA: Int32Array;
  private readonly addressB: Int32Array;
  private readonly ports: Int32Array;
  private readonly context: Int32Array;
  private readonly addressA1: Int32Array;
  private readonly addressA2: Int32Array;
  private readonly addressA3: Int32Array;
  private readonly addressB1: Int32Array;
  private readonly addressB2: Int32Array;
  private readonly addressB3: Int32Array;
  private readonly lastSeen: Float64Array;
  private readonly packetsA: Int32Array;
  private readonly packetsB: Int32Array;
  private readonly bytesA: Float64Array;
  private readonly bytesB: Float64Array;

  constructor(flows: number) {
    this.hash = new Int32Array(flows);
    this.addressA = new Int32Array(flows);
    this.addressB = new Int32Array(flows);
    this.ports = new Int32Array(flows);
    this.context = new Int32Array(flows);
    this.addressA1 = new Int32Array(flows);
    this.addressA2 = new Int32Array(flows);
    this.addressA3 = new Int32Array(flows);
    this.addressB1 = new Int32Array(flows);
    this.addressB2 = new Int32Array(flows);
    this.addressB3 = new Int32Array(flows);
    this.lastSeen = new Float64Array(flows);
    this.packetsA = new Int32Array(flows);
    this.packetsB = new Int32Array(flows);
    this.bytesA = new Float64Array(flows);
    this.bytesB = new Float64Array(flows);
  }

  set(flow: number, hash: number, six: boolean): void {
    this.hash[flow] = hash;
    this.addressA[flow] = word(hash, 1);
    this.addressB[flow] = word(hash, 2);
    this.ports[flow] = word(hash, 3);
    this.context[flow] = word(hash, 4);
    this.addressA1[flow] = six ? word(hash, 5) : 0;
    this.addressA2[flow] = six ? word(hash, 6) : 0;
    this.addressA3[flow] = six ? word(hash, 7) : 0;
    this.addressB1[flow] = six ? word(hash, 8) : 0;
    this.addressB2[flow] = six ? word(hash, 9) : 0;
    this.addressB3[flow] = six ? word(hash, 10) : 0;
  }

  fetch(flow: number): number {
    const key = (this.hash[flow] as number) ^ (this.context[flow] as number) ^ (this.ports[flow] as number);
    const addresses = (this.addressA[flow] as number) ^ (this.addressB[flow] as number);
    const counts = (this.packetsA[flow] as number) ^ (this.packetsB[flow] as number) ^ (this.lastSeen[flow] as number);
    return key ^ addresses ^ counts ^ (this.bytesA[flow] as number) ^ (this.bytesB[flow] as number);
  }

  touch(flow: number, hash: number, six: boolean, time: number): boolean {
    if (this.hash[flow] !== hash || this.context[flow] !== word(hash, 4)) return false;
    if (this.addressA[flow] !== word(hash, 1) || this.addressB[flow] !== word(hash, 2)) return false;
    if (this.ports[flow] !== word(hash, 3)) return false;
    if (six && !this.sameV6(flow, hash)) return false;
    if (time > (this.lastSeen[flow] as number)) this.lastSeen[flow] = time;
    if ((hash & 1) === 0) {
      (this.packetsA[flow] as number)++;
      (this.bytesA[flow] as number) += LENGTH;
    } else {
      (this.packetsB[flow] as number)++;
      (this.bytesB[flow] as number) += LENGTH;
    }
    return true;
  }

  private sameV6(flow: number, hash: number): boolean {
    return (
      this.addressA1[flow] === word(hash, 5) &&
      this.addressA2[flow] === word(hash, 6) &&
      this.addressA3[flow] === word(hash, 7) &&
      this.addressB1[flow] === word(hash, 8) &&
      this.addressB2[flow] === word(hash, 9) &&
      this.addressB3[flow] === word(hash, 10)
    );
  }
}

function makeLayout(name: Case, flows: number): Layout {
  if (name === 'hot-and-cold') return new HotAndCold(flows, true);
  if (name === 'hot-ahead-only') return new HotAndCold(flows, false);
  return name === 'one-record' ? new OneRecord(flows) : new ArrayPerField(flows);
}

const ENTRIES = new Int32Array(1024);

/** As FlowTable.prefetch: the slots of a batch, then the records they name, each in a loop of its own. */
function fetchBatch(
  layout: Layout,
  slots: Int32Array,
  mask: number,
  hashes: Int32Array,
  from: number,
  to: number,
): number {
  for (let i = from; i < to; i++) ENTRIES[i - from] = slots[(hashes[i] as number) & mask] as number;
  let sum = 0;
  for (let i = 0; i < to - from; i++) {
    const entry = ENTRIES[i] as number;
    if (entry !== 0) sum ^= layout.fetch(entry - 1);
  }
  return sum;
}

/** Processor seconds of each round; every layout sees the same flows, the same slots and the same packets. */
function measure(name: Case, flows: number, ipv6: number, batch: number, rounds: number): number[] {
  const layout = makeLayout(name, flows);
  const mask = 2 ** Math.ceil(Math.log2(flows * 2)) - 1;
  const slots = new Int32Array(mask + 1);
  const hashes = Int32Array.from({ length: flows }, (_, flow) => hash32(flow + 1) | 0);
  const random = new Random(1);
  const isSix = Uint8Array.from({ length: flows }, () => (random.next() < ipv6 * 2 ** 32 ? 1 : 0));
  for (let flow = 0; flow < flows; flow++) {
    const hash = hashes[flow] as number;
    layout.set(flow, hash, isSix[flow] === 1);
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = flow + 1;
  }
  const picks = Int32Array.from({ length: PACKETS }, () => random.below(flows));
  // What a packet brings with it: hash and version come from its headers, never from the table.
  const wanted = picks.map((flow) => hashes[flow] as number);
  const six = Uint8Array.from(picks, (flow) => isSix[flow] as number);
  const seconds: number[] = [];
  let fetched = 0;
  const warmUp = 3;
  for (let round = -warmUp; round < rounds; round++) {
    // Processor time: on a machine with other work the clock measures that too.
    const started = process.cpuUsage();
    let found = 0;
    for (let i = 0; i < PACKETS; i++) {
      if (batch > 1 && i % batch === 0)
        fetched ^= fetchBatch(layout, slots, mask, wanted, i, Math.min(PACKETS, i + batch));
      const hash = wanted[i] as number;
      const version = six[i] === 1;
      let slot = hash & mask;
      for (;;) {
        const entry = slots[slot] as number;
        if (entry === 0) break;
        if (layout.touch(entry - 1, hash, version, i)) {
          found++;
          break;
        }
        slot = (slot + 1) & mask;
      }
    }
    if (found !== PACKETS) throw new Error(`${name}: ${found} of ${PACKETS} packets found their flow`);
    if (round >= 0) seconds.push(process.cpuUsage(started).user / 1e6);
  }
  if (Number.isNaN(fetched)) throw new Error('the reads ahead gave no number');
  return seconds;
}

const { values } = parseArgs({
  options: {
    flows: { type: 'string', default: '250000' },
    ipv6: { type: 'string', default: '0.3' },
    batch: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '7' },
    repeats: { type: 'string', default: '7' },
    case: { type: 'string' },
  },
});
const flows = Number(values.flows);
const ipv6 = Number(values.ipv6);
const batch = Number(values.batch);
const only = CASES.find((name) => name === values.case);
if (only !== undefined) {
  process.stdout.write(JSON.stringify(measure(only, flows, ipv6, batch, Number(values.rounds))));
} else {
  const seconds = new Map<Case, number[]>(CASES.map((name) => [name, []]));
  const options = ['--flows', values.flows, '--ipv6', values.ipv6, '--batch', values.batch, '--rounds', values.rounds];
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    for (const [name, list] of seconds) {
      const words = [import.meta.filename, '--case', name, ...options];
      const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      list.push(...(JSON.parse(stdout) as number[]));
    }
  }
  const best = Math.min(...[...seconds.values()].map(median));
  for (const [name, list] of seconds) {
    const nanoseconds = Math.round((median(list) / PACKETS) * 1e10) / 10;
    const ratio = Math.round((median(list) / best) * 100) / 100;
    const fastest = Math.round((Math.min(...list) / PACKETS) * 1e10) / 10;
    process.stdout.write(`${JSON.stringify({ case: name, flows, ipv6, batch, nanoseconds, fastest, ratio })}\n`);
  }
}
