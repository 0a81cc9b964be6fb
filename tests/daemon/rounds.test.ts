/** What the daemon does again and again: how soon, where one look cannot take all that is due. */
import { expect, test } from 'vitest';
import { Rounds, type RoundsOptions } from '../../src/daemon/rounds.ts';
import { FakeWorld } from './world.ts';

/** A point whose reporter has `left` more than one look takes. */
function pointWith(left: { report: boolean; close: boolean }): unknown {
  return {
    config: { name: 'p' },
    coverageAt: Number.POSITIVE_INFINITY,
    lastTime: 0,
    recordsIfAny: null,
    endsDays: () => false,
    reporter: {
      get hasMore() {
        return left.report;
      },
      due: () => [],
      close: () => ({ reports: [], keys: [], day: 0, hasMore: left.close }),
    },
  };
}

test('comes back soon while a look leaves something, and at its usual pace after that', async () => {
  const world = new FakeWorld();
  const [many, few] = [
    { report: true, close: true },
    { report: false, close: false },
  ];
  const writer = { full: false, add: () => undefined };
  const rounds = new Rounds({
    points: () => [pointWith(many), pointWith(few)],
    host: { send: async () => undefined },
    writer,
    clock: world.clock,
    log: world.log,
  } as unknown as RoundsOptions);
  expect([rounds.moreToReport, rounds.moreToClose]).toEqual([false, false]);
  await rounds.report();
  await rounds.closeDays();
  expect([rounds.moreToReport, rounds.moreToClose]).toEqual([true, true]);
  // The writer takes nothing: coming back soon would not help.
  writer.full = true;
  await rounds.report();
  expect(rounds.moreToReport).toBe(false);
  writer.full = false;
  many.report = many.close = false;
  await rounds.report();
  await rounds.closeDays();
  expect([rounds.moreToReport, rounds.moreToClose]).toEqual([false, false]);
});
