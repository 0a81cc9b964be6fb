/**
 * Tells systemd how the daemon stands (sd_notify(3)) and feeds its watchdog. Node has no Unix datagram sockets, so the
 * program `systemd-notify` carries the messages; the unit needs `NotifyAccess=all`. Without NOTIFY_SOCKET nothing happens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { visible } from '../cli/text.ts';
import type { Log } from './inputs/input.ts';

/** Messages that wait at most while one is carried; the oldest gives way. */
const MAX_WAITING = 8;
const MAX_STATUS = 200;

/** What telling systemd needs: its environment, clocks, and what answers for the daemon. */
export interface NotifyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly log: Log;
  /** CLOCK_MONOTONIC in µs, which systemd compares with its own. */
  readonly monotonic: () => bigint;
  /** Whether the event loop and every worker answer; the watchdog is fed only after it said so. */
  readonly alive: () => Promise<boolean>;
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly program?: string;
  /** Seconds after which a carrier is ended; systemd-notify itself waits up to 5 s for systemd to take the message. */
  readonly timeout?: number;
}

/** What systemd can be told. None of it waits or throws: what cannot be carried is logged once. */
export interface Notifier {
  /** Whether systemd listens. */
  readonly enabled: boolean;
  /** Seconds between two feeds of the watchdog; null = none is asked for. */
  readonly watchdog: number | null;
  /** It is started, or a reload is over. */
  ready(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** Before a reload; `ready` ends it. */
  reloading(): void;
  /** It is about to end, which may take a while. */
  stopping(): void;
  /** Feeds no more; settles once everything said has been carried or has failed. */
  close(): Promise<void>;
}

/** Watchdog period in seconds from WATCHDOG_USEC, where it is meant for this process (sd_watchdog_enabled(3)). */
function watchdogPeriod(env: NotifyOptions['env'], pid: number): number | null {
  const microseconds = /^\d{1,15}$/.test(env['WATCHDOG_USEC'] ?? '') ? Number(env['WATCHDOG_USEC']) : 0;
  const owner = env['WATCHDOG_PID'];
  if (microseconds === 0 || (owner !== undefined && owner !== String(pid))) return null;
  return microseconds / 1e6;
}

/**
 * Tells systemd how the daemon stands, and feeds the watchdog every half of its period (seconds) for as long as `alive` says
 * so, until it is closed. Does nothing where systemd does not listen. Never throws; a carrier that cannot be started, fails or
 * takes longer than its seconds is logged as a warning, once for each reason.
 */
export function createNotifier(options: NotifyOptions): Notifier {
  const { env, pid, log, monotonic, alive, after } = options;
  const enabled = (env['NOTIFY_SOCKET'] ?? '') !== '';
  const period = enabled ? watchdogPeriod(env, pid) : null;
  const watchdog = period === null ? null : period / 2;
  const carrier = new Carrier(options, enabled);
  let closed = false;
  let cancel = (): void => {};
  let asked = false;

  const feed = async (): Promise<void> => {
    // An answer that has not come since the last time is no answer: nothing is fed, and it is not asked again meanwhile.
    if (asked) {
      log.warn({}, 'the watchdog is not fed: a worker has not answered since the last time');
      return;
    }
    asked = true;
    const answer = await alive().catch(() => false);
    asked = false;
    if (closed) return;
    if (answer) carrier.say(['WATCHDOG=1']);
    else log.warn({}, 'the watchdog is not fed: the event loop or a worker does not answer');
  };
  const next = (): void => {
    if (watchdog === null || closed) return;
    cancel = after(watchdog, () => {
      next();
      void feed();
    });
  };
  next();

  return {
    enabled,
    watchdog,
    ready: () => carrier.say(['READY=1']),
    status: (text) => carrier.say([`STATUS=${visible(text).slice(0, MAX_STATUS)}`]),
    reloading: () => carrier.say(['RELOADING=1', `MONOTONIC_USEC=${monotonic()}`]),
    stopping: () => carrier.say(['STOPPING=1']),
    close: async () => {
      closed = true;
      cancel();
      await carrier.idle();
    },
  };
}

/** Runs one `systemd-notify` at a time; what comes meanwhile waits, and what is out of date is dropped. */
class Carrier {
  readonly #options: NotifyOptions;
  readonly #enabled: boolean;
  #waiting: (readonly string[])[] = [];
  #running = false;
  #idle: (() => void)[] = [];
  /** The last failure, told once. */
  #failure: string | null = null;

  constructor(options: NotifyOptions, enabled: boolean) {
    this.#options = options;
    this.#enabled = enabled;
  }

  say(message: readonly string[]): void {
    if (!this.#enabled) return;
    // Of status and watchdog only the newest counts; states stay in order, each in a message of its own.
    const kind = message[0]?.split('=', 1)[0];
    if (kind === 'STATUS' || kind === 'WATCHDOG') {
      this.#waiting = this.#waiting.filter(([first]) => first?.startsWith(`${kind}=`) !== true);
    }
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#next();
  }

  idle(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  #next(): void {
    if (this.#running) return;
    const message = this.#waiting.shift();
    if (message === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#running = true;
    this.#carry(message, (failure) => {
      if (failure !== null && failure !== this.#failure) {
        this.#options.log.warn({ reason: failure }, 'systemd was not told how the daemon stands');
      }
      this.#failure = failure;
      this.#running = false;
      this.#next();
    });
  }

  #carry(message: readonly string[], done: (failure: string | null) => void): void {
    const { env, program = 'systemd-notify', timeout = 10, after } = this.#options;
    let child: ChildProcess;
    try {
      child = spawn(program, [...message], {
        stdio: 'ignore',
        // Nothing else of the environment is its business.
        env: { NOTIFY_SOCKET: env['NOTIFY_SOCKET'], PATH: env['PATH'] },
      });
    } catch (error) {
      // No process can be made at all, e.g. for want of memory; the next message tries again.
      queueMicrotask(() => done(`${program}: ${error instanceof Error ? error.message : 'cannot be started'}`));
      return;
    }
    let settled = false;
    const settle = (failure: string | null): void => {
      if (settled) return;
      settled = true;
      cancel();
      done(failure);
    };
    // Ended for good, so that slow ones cannot pile up; the next begins once this one is gone.
    let late = false;
    const cancel = after(timeout, () => {
      late = true;
      child.kill('SIGKILL');
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle(error.code === 'ENOENT' ? `${program} is not installed` : `${program}: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      if (late) settle(`${program} took more than ${timeout} s`);
      else settle(code === 0 ? null : `${program} ended with ${signal ?? `code ${code}`}`);
    });
  }
}
