/**
 * How many flow records a second one core takes: unlisted records over a table at its limit.
 * `node tests/bench/record-pipeline.ts [records] [conversations]` prints one JSON object.
 */
import { RecordPipeline } from '../../src/engine/records/record-pipeline.ts';
import { FlowRecord } from '../../src/flowrecord/record.ts';
import { loadEndpoints } from '../../src/signature/endpoints.ts';
import { loadSignatures } from '../../src/signature/load.ts';

const total = Number(process.argv[2] ?? 8_000_000);
const live = Number(process.argv[3] ?? 1_000_000);
const RATE = 100_000;

const pipeline = new RecordPipeline({
  signatures: loadSignatures(),
  endpoints: loadEndpoints(),
  capacity: 1_000_000,
  idleTimeout: 3600e6,
  seed: 0x5eed,
});
const record = new FlowRecord();
let state = 0x2545f491;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

function run(count: number, from: number): number {
  const begun = performance.now();
  for (let i = 0; i < count; i++) {
    const n = random() % live;
    const back = (i & 1) === 1;
    const client = (0x0a00_0000 + (n & 0xffff)) | 0;
    const server = (0xc612_0000 + (n >>> 4)) | 0;
    const clientPort = 32_768 + (n % 28_000);
    record.source0 = back ? server : client;
    record.destination0 = back ? client : server;
    record.sourcePort = back ? 443 : clientPort;
    record.destinationPort = back ? clientPort : 443;
    record.protocol = 6;
    record.tcpFlags = 0x18;
    record.packets = 10;
    record.bytes = back ? 9000 : 900;
    record.end = 1.7e15 + ((from + i) * 1e6) / RATE;
    record.start = record.end - 5e6;
    record.number = i + 1;
    pipeline.onRecord(record);
  }
  return (performance.now() - begun) / 1000;
}

run(live * 2, 0);
const before = process.memoryUsage().heapUsed;
const seconds = run(total, live * 2);
const grown = process.memoryUsage().heapUsed - before;
const { conversations, evicted } = pipeline.counts();
console.log(
  JSON.stringify({
    records: total,
    seconds: Number(seconds.toFixed(3)),
    recordsPerSecond: Math.round(total / seconds),
    heapBytesPerRecord: Number((Math.max(0, grown) / total).toFixed(3)),
    conversations,
    evicted,
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  }),
);
