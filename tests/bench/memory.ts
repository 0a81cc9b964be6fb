/**
 * Memory of a long run: pipes a capture of 1 GB and one of 10 GB into `poolprint replay --json -` and prints the peak of both.
 * `node tests/bench/memory.ts [--size 1g] [--times 10] [--fresh]`. The long one repeats the short one with times moved
 * forward, or, with --fresh, goes on with new flows instead, so that the flow table turns over again and again.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allowedCores, runOnce } from './measure.ts';
import { ensureMix, mixParameters, mixPath, parseSize } from './mix.ts';
import { PCAP_HEADER_LENGTH, pcapHeader } from './mix-frame.ts';
import { MixGenerator } from './mix-generator.ts';
import { ensureBuilt, poolprintCommand } from './programs.ts';
import { TimeShifter } from './time-shift.ts';

const CHUNK = 1 << 20;

/** Writes to the child's standard input and waits until it is taken; false once the child has gone. */
function write(child: ChildProcess, bytes: Uint8Array): Promise<boolean> {
  const input = child.stdin;
  if (input === null || !input.writable) return Promise.resolve(false);
  return new Promise((resolve) => {
    input.write(bytes, (error) => resolve(error === null || error === undefined));
  });
}

/** Feeds a capture `times` times as one, each repetition later by `seconds`. */
async function feedRepeated(child: ChildProcess, file: string, times: number, seconds: number): Promise<void> {
  const bytes = new Uint8Array(CHUNK);
  let open = await write(child, pcapHeader());
  for (let repetition = 0; repetition < times && open; repetition++) {
    const shifter = new TimeShifter(repetition * seconds);
    const fd = openSync(file, 'r');
    let position = PCAP_HEADER_LENGTH;
    for (let n = readSync(fd, bytes, 0, CHUNK, position); n > 0 && open; n = readSync(fd, bytes, 0, CHUNK, position)) {
      position += n;
      shifter.shift(bytes, n);
      open = await write(child, bytes.subarray(0, n));
    }
    closeSync(fd);
  }
  child.stdin?.end();
}

async function feedFresh(child: ChildProcess, generator: MixGenerator): Promise<void> {
  for (let chunk = generator.nextChunk(); chunk !== null; chunk = generator.nextChunk()) {
    if (!(await write(child, chunk))) break;
  }
  child.stdin?.end();
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '1g' },
      times: { type: 'string', default: '10' },
      fresh: { type: 'boolean', default: false },
    },
  });
  if (!ensureBuilt()) {
    process.stderr.write('memory: dist/ could not be built\n');
    return 1;
  }
  const size = parseSize(values.size);
  const times = Number(values.times);
  const file = mixPath(values.size);
  const note = ensureMix(mixParameters(size), file);
  const seconds = Math.ceil(note.statistics.packets / 1e6);
  const peaks: number[] = [];
  for (const count of [1, times]) {
    const feed = async (child: ChildProcess): Promise<void> => {
      child.stdin?.on('error', () => {}); // the child ended early: its exit code tells
      if (!values.fresh) return await feedRepeated(child, file, count, seconds);
      const parameters = mixParameters(size * count, note.seed, note.flows);
      return await feedFresh(child, new MixGenerator(parameters));
    };
    const sample = await runOnce(poolprintCommand('-', 1), { cores: allowedCores().slice(-1), feed });
    if (sample.status !== 0 || sample.memory === null) {
      process.stderr.write(`memory: exit ${sample.status}: ${sample.stderr.trim().split('\n').at(-1)}\n`);
      return 1;
    }
    peaks.push(sample.memory);
    const row = {
      bytes: size * count,
      fresh: values.fresh,
      seconds: sample.seconds,
      peakMebibytes: Math.round(sample.memory / 1048576),
    };
    process.stdout.write(`${JSON.stringify(row)}\n`);
  }
  process.stdout.write(
    `peak of the long run: ${((peaks[1] as number) / (peaks[0] as number)).toFixed(2)}x of the short one\n`,
  );
  return 0;
}

process.exitCode = await main();
