/** What systemd is told, through a stand-in for systemd-notify that writes down what it is given. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/daemon/inputs/input.ts';
import { createNotifier, type NotifyOptions } from '../../src/daemon/notify.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-notify-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const said = join(folder, 'said');
const script = (name: string, body: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
};
/** One line per run: the socket, then each argument in brackets. */
const WRITE = `{ printf '%s' "$NOTIFY_SOCKET"; printf ' [%s]' "$@"; echo; } >> '${said}'`;
const writer = script('writer', WRITE);

const warnings: string[] = [];
const ignore = (): void => {};
const log: Log = {
  debug: ignore,
  info: ignore,
  warn: (facts, message) => void warnings.push(`${message} ${JSON.stringify(facts)}`),
  error: ignore,
};

/** Timers that a test lets run out by hand. */
class Timers {
  readonly set: { seconds: number; run: () => void }[] = [];
  readonly after = (seconds: number, run: () => void): (() => void) => {
    const timer = { seconds, run };
    this.set.push(timer);
    return () => {
      const at = this.set.indexOf(timer);
      if (at >= 0) this.set.splice(at, 1);
    };
  };
  /** Runs the timers of this length that are set now. */
  runOut(seconds: number): void {
    for (const timer of this.set.filter((t) => t.seconds === seconds)) {
      this.set.splice(this.set.indexOf(timer), 1);
      timer.run();
    }
  }
}

let timers = new Timers();
const SOCKET = '/run/invented/notify';
function options(more: Partial<NotifyOptions> = {}, env: Record<string, string> = {}): NotifyOptions {
  return {
    env: { NOTIFY_SOCKET: SOCKET, PATH: process.env['PATH'], SECRET: 'x', ...env },
    pid: 77,
    log,
    monotonic: () => 123_456n,
    alive: async () => true,
    after: timers.after,
    program: writer,
    ...more,
  };
}
const heard = (): string[] => (existsSync(said) ? readFileSync(said, 'utf8').split('\n').slice(0, -1) : []);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  rmSync(said, { force: true });
  warnings.length = 0;
  timers = new Timers();
});

const POSIX = process.platform !== 'win32';

describe.runIf(POSIX)('messages', () => {
  test('arrive in order, each in one run', async () => {
    const notifier = createNotifier(options());
    expect(notifier.enabled).toBe(true);
    notifier.ready();
    notifier.reloading();
    notifier.ready();
    notifier.status('3 inputs, 2 detections');
    notifier.stopping();
    await notifier.close();
    expect(heard()).toEqual([
      `${SOCKET} [READY=1]`,
      `${SOCKET} [RELOADING=1] [MONOTONIC_USEC=123456]`,
      `${SOCKET} [READY=1]`,
      `${SOCKET} [STATUS=3 inputs, 2 detections]`,
      `${SOCKET} [STOPPING=1]`,
    ]);
    expect(warnings).toEqual([]);
    expect(timers.set).toEqual([]);
  });

  test('of status are one line, and only the newest of those that wait', async () => {
    const notifier = createNotifier(options());
    notifier.ready();
    notifier.status('old');
    notifier.status('older than the next');
    notifier.status(`new\nMAINPID=1 $(id) ${'x'.repeat(500)}`);
    await notifier.close();
    const lines = heard();
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^\S+ \[STATUS=new\\nMAINPID=1 \$\(id\) x+\]$/);
    expect(lines[1]!.length).toBeLessThan(300);
  });

  test('are none without NOTIFY_SOCKET', async () => {
    const notifier = createNotifier(options({}, { NOTIFY_SOCKET: '', WATCHDOG_USEC: '2000000' }));
    expect([notifier.enabled, notifier.watchdog]).toEqual([false, null]);
    notifier.ready();
    notifier.status('x');
    notifier.reloading();
    notifier.stopping();
    await notifier.close();
    expect(heard()).toEqual([]);
    expect(timers.set).toEqual([]);
  });

  test('carry nothing of the environment but the socket and the path', async () => {
    const notifier = createNotifier(options({ program: script('env', `env > '${said}'`) }));
    notifier.ready();
    await notifier.close();
    const names = heard().map((line) => line.split('=')[0]);
    expect(names).toContain('NOTIFY_SOCKET');
    expect(names.filter((name) => !['NOTIFY_SOCKET', 'PATH', 'PWD', '_', 'SHLVL', 'OLDPWD'].includes(name!))).toEqual(
      [],
    );
  });
});

describe.runIf(POSIX)('a carrier that fails', () => {
  test('is told of once, until the reason changes', async () => {
    const notifier = createNotifier(options({ program: script('failing', 'exit 3') }));
    for (let n = 0; n < 4; n++) notifier.ready();
    await notifier.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('ended with code 3');
  });

  test('or is not installed changes nothing else', async () => {
    const notifier = createNotifier(options({ program: join(folder, 'missing') }));
    notifier.ready();
    notifier.stopping();
    await notifier.close();
    expect(warnings).toEqual([expect.stringContaining('is not installed')]);
  });

  test('or hangs is ended, one at a time, and few messages wait', async () => {
    const hanging = script('hanging', `echo run >> '${said}'\nexec sleep 60`);
    const notifier = createNotifier(options({ program: hanging, timeout: 9 }));
    for (let n = 0; n < 100; n++) {
      notifier.reloading();
      notifier.status(`n ${n}`);
    }
    // Only one runs however many are asked for: there is one timeout at a time.
    const closed = notifier.close();
    let rounds = 0;
    for (let done = false; !done; ) {
      expect(timers.set.filter(({ seconds }) => seconds === 9).length).toBeLessThanOrEqual(1);
      if (timers.set.length > 0) rounds++;
      timers.runOut(9);
      done = await Promise.race([closed.then(() => true), new Promise<false>((r) => setTimeout(r, 5, false))]);
    }
    // The one under way and the eight that waited.
    expect(rounds).toBe(9);
    expect(warnings).toEqual([expect.stringContaining('took more than 9 s')]);
  });
});

describe.runIf(POSIX)('the watchdog', () => {
  const WATCHED = { WATCHDOG_USEC: '3000000' };

  test.each([
    [{ WATCHDOG_USEC: '3000000' }, 1.5],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '77' }, 1.5],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '78' }, null],
    [{ WATCHDOG_USEC: '0' }, null],
    [{ WATCHDOG_USEC: '-5' }, null],
    [{ WATCHDOG_USEC: 'soon' }, null],
    [{}, null],
  ] as const)('%j gives a period of %s', async (env, period) => {
    const notifier = createNotifier(options({}, env));
    expect(notifier.watchdog).toBe(period);
    expect(timers.set.map(({ seconds }) => seconds)).toEqual(period === null ? [] : [period]);
    await notifier.close();
    expect(timers.set).toEqual([]);
  });

  test('is fed at half its time while everything answers', async () => {
    const notifier = createNotifier(options({}, WATCHED));
    for (let n = 0; n < 3; n++) {
      timers.runOut(1.5);
      await settled();
    }
    await notifier.close();
    // Those that came while one was carried are one.
    expect(heard().length).toBeGreaterThanOrEqual(2);
    expect(new Set(heard())).toEqual(new Set([`${SOCKET} [WATCHDOG=1]`]));
  });

  test.each([
    ['says no', async () => false],
    ['fails', () => Promise.reject(new Error('gone'))],
  ])('is not fed where a worker %s', async (_, alive) => {
    const notifier = createNotifier(options({ alive }, WATCHED));
    timers.runOut(1.5);
    await settled();
    await notifier.close();
    expect(heard()).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('does not answer')]);
  });

  test('is not fed while an answer is due, nor asked for again, and is fed once it came', async () => {
    const answers: PromiseWithResolvers<boolean>[] = [];
    const alive = (): Promise<boolean> => {
      const answer = Promise.withResolvers<boolean>();
      answers.push(answer);
      return answer.promise;
    };
    const notifier = createNotifier(options({ alive }, WATCHED));
    for (let n = 0; n < 4; n++) timers.runOut(1.5);
    expect(answers).toHaveLength(1);
    expect(warnings).toHaveLength(3);
    expect(heard()).toEqual([]);
    answers[0]!.resolve(true);
    await settled();
    timers.runOut(1.5);
    expect(answers).toHaveLength(2);
    answers[1]!.resolve(false);
    await settled();
    await notifier.close();
    expect(heard()).toEqual([`${SOCKET} [WATCHDOG=1]`]);
  });

  test('is not fed by an answer that comes after the end', async () => {
    const answer = Promise.withResolvers<boolean>();
    const notifier = createNotifier(options({ alive: () => answer.promise }, WATCHED));
    timers.runOut(1.5);
    await notifier.close();
    answer.resolve(true);
    await settled();
    expect(heard()).toEqual([]);
  });
});
