/** How much is put aside, and when it is taken up again. */
import { describe, expect, test } from 'vitest';
import { Overload, type OverloadOptions, type Shed } from '../../src/daemon/overload.ts';

const OPTIONS: OverloadOptions = { enabled: true, lag: 5, leastShare: 0.05 };
const BEHIND = [6, 0, 1000] as const;
const CALM = [0, 0, 1000] as const;

function looks(overload: Overload, n: number, look: readonly [number, number, number]): (Shed | null)[] {
  return Array.from({ length: n }, () => overload.look(...look));
}

test('impatience first, then half of what is left each time, never less than the least share', () => {
  const steps = looks(new Overload(OPTIONS), 8, BEHIND);
  expect(steps.map((step) => step?.share ?? null)).toEqual([1, 0.5, 0.25, 0.125, 0.0625, 0.05, null, null]);
  expect(steps.slice(0, 6).map((step) => step?.patience)).toEqual([60e6, 10e6, 5e6, 5e6, 5e6, 5e6]);
});

test('ten calm looks take back one step, to the end', () => {
  const overload = new Overload(OPTIONS);
  looks(overload, 3, BEHIND);
  const back = looks(overload, 40, CALM);
  expect(back.flatMap((step, i) => (step === null ? [] : [[i + 1, step.share, step.patience]]))).toEqual([
    [10, 0.5, 10e6],
    [20, 1, 60e6],
    [30, 1, Number.POSITIVE_INFINITY],
  ]);
});

test('trouble in between begins the count anew; a little behind is neither', () => {
  const overload = new Overload(OPTIONS);
  looks(overload, 1, BEHIND);
  looks(overload, 9, CALM);
  expect(looks(overload, 5, [2, 0, 1000])).toEqual(Array(5).fill(null));
  expect(overload.look(...BEHIND)?.share).toBe(0.5);
  expect(looks(overload, 9, CALM)).toEqual(Array(9).fill(null));
  expect(overload.look(...CALM)?.share).toBe(1);
});

describe('what counts as trouble', () => {
  test.each<[string, readonly [number, number, number], boolean]>([
    ['nothing', [0, 0, 0], false],
    ['as far behind as allowed', [5, 0, 0], false],
    ['further', [5.1, 0, 0], true],
    ['an old capture played into a pipe', [600, 0, 0], false],
    ['one of a thousand packets lost', [0, 1, 999], false],
    ['one of 500 lost', [0, 2, 998], true],
    ['a counter that began anew', [0, -5, 1000], false],
  ])('%s', (_, look, trouble) => {
    expect(new Overload(OPTIONS).look(...look) !== null).toBe(trouble);
  });
});

test('switched off nothing is put aside, and what was is taken up at once', () => {
  const overload = new Overload({ ...OPTIONS, enabled: false });
  expect(looks(overload, 5, BEHIND)).toEqual(Array(5).fill(null));
  overload.options = OPTIONS;
  looks(overload, 4, BEHIND);
  overload.options = { ...OPTIONS, enabled: false };
  expect(overload.look(...BEHIND)).toEqual({ share: 1, patience: Number.POSITIVE_INFINITY });
  expect(overload.look(...BEHIND)).toBeNull();
});

test('other bounds hold from the next look on', () => {
  const overload = new Overload(OPTIONS);
  overload.options = { ...OPTIONS, lag: 10, leastShare: 0.5 };
  expect(overload.look(...BEHIND)).toBeNull();
  expect(looks(overload, 3, [11, 0, 0]).map((step) => step?.share ?? null)).toEqual([1, 0.5, null]);
});
