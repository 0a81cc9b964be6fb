import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { keepHeapSmall } from '../../src/cli/heap.ts';

/** What is set, and how a collection is told of. */
function kept(): { readonly flags: string[]; readonly collected: (many: number) => void } {
  const flags: string[] = [];
  let collected = (_many: number): void => undefined;
  keepHeapSmall(
    (flag) => flags.push(flag),
    (tell) => {
      collected = tell;
    },
  );
  return { flags, collected };
}

test('one of four full collections puts pages together, and only that', () => {
  const { flags, collected } = kept();
  expect(flags).toEqual(['--heap-growing-percent=60']);
  const during: (string | undefined)[] = [];
  for (let collection = 1; collection <= 9; collection++) {
    during.push(flags.at(-1));
    collected(1);
  }
  expect(during.map((flag) => flag === '--optimize-for-size')).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => n % 4 === 0),
  );
});

test('collections that are told of together', () => {
  const { flags, collected } = kept();
  // Set and taken back in one go it would never be looked at.
  for (const many of [2, 5, 3, 1]) collected(many);
  expect(flags.slice(1)).toEqual(['--optimize-for-size', '--no-optimize-for-size']);
  collected(2);
  expect(flags.at(-1)).toBe('--optimize-for-size');
});

test('V8 takes the flags and tells of its collections', () => {
  const heap = fileURLToPath(new URL('../../src/cli/heap.ts', import.meta.url));
  const script = `
    import { setFlagsFromString } from 'node:v8';
    import { keepHeapSmall } from ${JSON.stringify(heap)};
    const flags = [];
    keepHeapSmall((flag) => { flags.push(flag); setFlagsFromString(flag); });
    while (flags.length < 3) { gc(); await new Promise(setImmediate); }
    console.log(flags.slice(0, 3).join(' '));`;
  const out = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
    env: {},
  });
  expect(out.trim()).toBe('--heap-growing-percent=60 --optimize-for-size --no-optimize-for-size');
});
