import { describe, expect, test } from 'vitest';
import { REGRESSIONS } from './regressions.ts';
import { errorOf, type RunResult, runTarget } from './target.ts';
import { TARGETS, targetOf } from './targets.ts';

const SEED = 1;
const INPUTS = 20_000;
/** Targets whose single inputs cost milliseconds: a whole run, files on disk. Long runs: see run.ts. */
const FEWER: ReadonlyMap<string, number> = new Map([
  ['pipeline', 1000],
  ['compressed-source', 600],
]);

/** What a person needs to reproduce and fix it. */
function report(result: RunResult): string {
  return result.failures
    .map(
      ({ target, seed, index, error, input }) =>
        `${target}, seed ${seed}, input ${index}: ${error}\n${Buffer.from(input).toString('hex')}`,
    )
    .join('\n');
}

describe('mutated inputs', () => {
  test.each(
    TARGETS.map((target) => {
      const inputs = FEWER.get(target.name) ?? INPUTS;
      return [`${target.name}, ${inputs} inputs: ${target.holds}`, target, inputs] as const;
    }),
  )('%s', { timeout: 300_000 }, async (_, target, inputs) => {
    const result = await runTarget(target, SEED, inputs);
    expect(report(result)).toBe('');
    expect(result.inputs).toBe(inputs);
  });
});

describe('inputs that once broke something', () => {
  test.each(REGRESSIONS)('$name', async ({ target, input }) => {
    expect(await errorOf(targetOf(target), input())).toBeNull();
  });
});

describe('the fuzzer itself', () => {
  const broken = {
    name: 'broken',
    holds: 'nothing',
    input: targetOf('line-parser').input,
    check(input: Uint8Array): void {
      if (input.includes(0x7b)) throw new Error('an open brace');
    },
  };

  test('finds what is broken and makes it small', async () => {
    const { failures } = await runTarget(broken, SEED, 50);
    expect(failures.map(({ error, input }) => [error.slice(0, 20), [...input]])).toEqual([
      ['Error: an open brace', [0x7b]],
    ]);
  });

  test('makes the same inputs from the same seed, and others from another', async () => {
    const seen = async (seed: number, from: number): Promise<string[]> => {
      const inputs: string[] = [];
      const check = (input: Uint8Array): void => void inputs.push(Buffer.from(input).toString('hex'));
      await runTarget({ ...broken, check }, seed, 30, { from });
      return inputs;
    };
    const first = await seen(7, 0);
    expect(await seen(7, 0)).toEqual(first);
    expect((await seen(7, 10)).slice(0, 20)).toEqual(first.slice(10));
    expect(await seen(8, 0)).not.toEqual(first);
  });
});
