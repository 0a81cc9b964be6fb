/**
 * Long fuzz runs: `node tests/fuzz/run.ts TARGET|all [--iterations N] [--seed S] [--from I]`, each target in a process of
 * its own. Prints, for each, the inputs, their rate and every failure with its seed, its number and the smallest input
 * found that still fails, in hexadecimal. `node tests/fuzz/run.ts TARGET --input HEX` checks one input.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorOf, runTarget } from './target.ts';
import { TARGETS, targetOf } from './targets.ts';

/** Without a sign of progress for so long a target counts as caught in a loop. */
const STALL = 120_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    iterations: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    input: { type: 'string' },
    child: { type: 'boolean', default: false },
  },
});
const name = positionals[0] ?? 'all';

if (values.input !== undefined) {
  const error = await errorOf(targetOf(name), new Uint8Array(Buffer.from(values.input, 'hex')));
  console.log(`${name}: ${error ?? 'holds'}`);
  process.exitCode = error === null ? 0 : 1;
} else if (values.child) await runHere();
else {
  for (const target of name === 'all' ? TARGETS : [targetOf(name)])
    if (!(await runApart(target.name))) process.exitCode = 1;
}

async function runHere(): Promise<void> {
  const began = performance.now();
  const result = await runTarget(targetOf(name), Number(values.seed), Number(values.iterations), {
    from: Number(values.from),
    onProgress: (index) => process.send?.(index),
  });
  const seconds = (performance.now() - began) / 1000;
  const rate = Math.round(result.inputs / seconds);
  console.log(
    `${name}: ${result.inputs} inputs, ${rate} a second, ${result.bytes} bytes, ${result.failures.length} failures, seed ${values.seed}`,
  );
  for (const failure of result.failures) {
    console.log(`  input ${failure.index}: ${failure.error}`);
    console.log(`    ${Buffer.from(failure.input).toString('hex')}`);
  }
  process.exitCode = result.failures.length === 0 ? 0 : 1;
  process.disconnect?.();
}

function runApart(target: string): Promise<boolean> {
  const script = fileURLToPath(import.meta.url);
  const args = [
    script,
    target,
    '--child',
    '--iterations',
    values.iterations,
    '--seed',
    values.seed,
    '--from',
    values.from,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let reached = Number(values.from);
  const stalled = (): void => {
    console.log(
      `${target}: no progress after input ${reached}; seed ${values.seed}, one of the next 256 inputs does not end`,
    );
    child.kill('SIGKILL');
  };
  let watch = setTimeout(stalled, STALL);
  child.on('message', (index) => {
    reached = Number(index);
    clearTimeout(watch);
    watch = setTimeout(stalled, STALL);
  });
  return new Promise((resolve) => {
    child.on('close', (status) => {
      clearTimeout(watch);
      if (status === null || status > 1)
        console.log(`${target}: ended with ${status ?? 'a signal'} after input ${reached}`);
      resolve(status === 0);
    });
  });
}
