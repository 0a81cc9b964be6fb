/**
 * Speed of the hot stages, each in a process of its own: `node tests/bench/stage.ts [read|decode|flow|full|all] [--size 64m]
 * [--rounds 41] [--warm-up 10]`. Prints one JSON line a case: median, fastest and slowest round, packets and bytes a second.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { FrameSink } from '../../src/capture/frame.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { median } from './measure.ts';
import { ensureMix, mixParameters, mixPath, parseSize } from './mix.ts';
import { isStage, STAGES, type Stage, stageSink } from './stage-sinks.ts';

const CHUNK = 1 << 20;

/** One pass over a capture in reused chunks of 1 MiB, as replay reads it; returns the packets it held. */
function pass(file: string, sink: FrameSink, bytes: Uint8Array, view: DataView): number {
  const reader = new CaptureReader(0);
  const fd = openSync(file, 'r');
  for (let n = readSync(fd, bytes); n > 0; n = readSync(fd, bytes)) reader.feed(bytes, view, 0, n, sink);
  reader.finish();
  closeSync(fd);
  return reader.packets;
}

async function measureStage(stage: Stage, size: string, rounds: number, warmUp: number): Promise<void> {
  const file = mixPath(size);
  const note = ensureMix(mixParameters(parseSize(size)), file);
  const bytes = new Uint8Array(CHUNK);
  const view = new DataView(bytes.buffer);
  const makeSink = await stageSink(stage);
  const seconds: number[] = [];
  let packets = 0;
  for (let round = -warmUp; round < rounds; round++) {
    const sink = makeSink();
    const started = performance.now();
    packets = pass(file, sink, bytes, view);
    if (round >= 0) seconds.push((performance.now() - started) / 1000);
  }
  const middle = median(seconds);
  const result = {
    stage,
    size,
    rounds,
    packets,
    seconds: middle,
    fastest: Math.min(...seconds),
    slowest: Math.max(...seconds),
    packetsPerSecond: Math.round(packets / middle),
    bytesPerSecond: Math.round(note.statistics.bytes / middle),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '64m' },
    rounds: { type: 'string', default: '41' },
    'warm-up': { type: 'string', default: '10' },
  },
});
const wanted = positionals[0] ?? 'all';
if (wanted === 'all') {
  for (const stage of STAGES) {
    const words = [
      import.meta.filename,
      stage,
      '--size',
      values.size,
      '--rounds',
      values.rounds,
      '--warm-up',
      values['warm-up'],
    ];
    const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} else if (isStage(wanted)) {
  await measureStage(wanted, values.size, Number(values.rounds), Number(values['warm-up']));
} else {
  process.stderr.write(`stage: one of ${STAGES.join(', ')}, all\n`);
  process.exitCode = 2;
}
