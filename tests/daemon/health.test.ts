/** Readiness, liveness and the watch over the event loop. */
import { describe, expect, test } from 'vitest';
import { watchEventLoop } from '../../src/daemon/event-loop.ts';
import { createLiveness, readiness } from '../../src/daemon/health.ts';
import { sampleStatus } from '../metrics/status-sample.ts';

const reasons = (...notReady: string[]): readonly string[] =>
  readiness(sampleStatus({ ready: false, notReady })).reasons;

describe('readiness', () => {
  test('is what the status says', () => {
    expect(readiness(sampleStatus({ notReady: ['left over'] }))).toEqual({ ready: true, reasons: [] });
    expect(reasons('input "tap": starting')).toEqual(['input "tap": starting']);
    expect(reasons()).toEqual(['not ready; no reason given']);
  });

  test.each([
    ['nothing from 192.0.2.9:2055 yet', 'nothing from [address]:2055 yet'],
    ['[2001:db8::1]:2055 is silent', '[[address]]:2055 is silent'],
    ['::1 and ::ffff:192.0.2.1', '[address] and [address]'],
    ['fe80::1%eth0 failed', '[address] failed'],
    ['2001:db8:0:0:0:0:0:1', '[address]'],
    ['a: b: c, version 1.2.3', 'a: b: c, version 1.2.3'],
    ['ledger::locked', 'ledger::locked'],
  ])('%s', (reason, shown) => {
    expect(reasons(reason)).toEqual([shown]);
  });

  test('is short, whatever the reasons', () => {
    const many = readiness(sampleStatus({ ready: false, notReady: new Array(1000).fill('f:'.repeat(100_000)) }));
    expect(many.reasons.length).toBe(51);
    expect(many.reasons.at(-1)).toBe('and 950 more');
    expect(Math.max(...many.reasons.map(({ length }) => length))).toBeLessThanOrEqual(300);
  });
});

describe('liveness', () => {
  const timers: (() => void)[] = [];
  const after = (_: number, run: () => void): (() => void) => {
    timers.push(run);
    return () => timers.splice(timers.indexOf(run), 1);
  };
  const ask = (...checks: (() => Promise<boolean>)[]): Promise<boolean> => createLiveness(() => checks, 5, after)();
  const yes = async (): Promise<boolean> => true;

  test('holds where every check answers true', async () => {
    expect(await ask(yes, yes)).toBe(true);
    expect(await ask()).toBe(true);
    expect(await ask(yes, async () => false)).toBe(false);
    expect(await ask(yes, () => Promise.reject(new Error('gone')))).toBe(false);
    expect(
      await ask(() => {
        throw new Error('gone');
      }),
    ).toBe(false);
    expect(timers).toHaveLength(0);
  });

  test('fails where one does not answer in time', async () => {
    const answer = ask(yes, () => new Promise(() => {}));
    timers.splice(0).forEach((run) => {
      run();
    });
    expect(await answer).toBe(false);
  });
});

describe('the event loop', () => {
  /** Holds the loop for some milliseconds. */
  function block(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }
  const turns = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test('that was held shows it to every reader, until two windows later', async () => {
    let now = 0;
    const watch = watchEventLoop(() => now);
    try {
      // The first sample has nothing before it to be late against.
      await turns(() => watch.read().mean > 0 || watch.read().max > 0);
      block(400);
      await turns(() => watch.read().max > 0.3);
      for (let reader = 0; reader < 5; reader++) expect(watch.read().max).toBeGreaterThan(0.3);
      now = 16;
      expect(watch.read().max).toBeGreaterThan(0.3);
      now = 32;
      watch.read();
      now = 48;
      expect(watch.read().max).toBeLessThan(0.3);
      const { mean, p50, p99, max } = watch.read();
      for (const value of [mean, p50, p99, max]) expect(Number.isFinite(value) && value >= 0).toBe(true);
    } finally {
      watch.stop();
    }
  });
});
