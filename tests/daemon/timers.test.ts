/** What is done again and again. */
import { beforeEach, expect, test } from 'vitest';
import { Timers } from '../../src/daemon/timers.ts';
import { FakeWorld } from './world.ts';

let world: FakeWorld;
let timers: Timers;
let runs: number[];
let begun: number;
beforeEach(() => {
  world = new FakeWorld();
  timers = new Timers(world);
  runs = [];
  begun = world.now;
});

const note = (): void => void runs.push((world.now - begun) / 1e6);

test('comes after its pause each time, not at once; other seconds hold from the next time on', async () => {
  let seconds = 2;
  timers.every(() => seconds, note);
  timers.every(100, note);
  await world.advance(4);
  expect(runs).toEqual([2, 4]);
  seconds = 3;
  await world.advance(8);
  expect(runs).toEqual([2, 4, 6, 9, 12]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('full');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('full');
    },
  ],
])('what %s is logged, and comes again', async (_, fail) => {
  timers.every(1, () => {
    note();
    return fail();
  });
  await world.advance(2);
  expect(runs).toEqual([1, 2]);
  expect(world.lines).toEqual(Array(2).fill('error a task of the daemon failed {"error":"Error: full"}'));
});

test('the pause begins when what is done is over', async () => {
  timers.every(1, async () => {
    note();
    await Promise.resolve();
    world.now += 5e6;
  });
  await world.advance(7);
  expect(runs).toEqual([1, 7]);
});

test('nothing comes any more once they are stopped, also not what is under way', async () => {
  let end = (): void => undefined;
  timers.every(1, () => {
    note();
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  timers.every(5, note);
  const passed = world.advance(1);
  timers.stop();
  end();
  await passed;
  await world.advance(60);
  expect(runs).toEqual([1]);
  expect(world.waiting).toBe(0);
});
