import process from 'node:process';
import { Daemon, type DaemonEnvironment } from '../daemon/daemon.ts';
import { createLiveness } from '../daemon/health.ts';
import { createLog, isJournal } from '../daemon/log.ts';
import { createNotifier, type Notifier } from '../daemon/notify.ts';
import { loadGiven } from './config-command.ts';
import type { CliEnvironment, StopSignal } from './environment.ts';
import { EXIT_DONE, EXIT_FAILED, exitCodeOf } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { keepHeapSmall } from './heap.ts';
import { programVersion } from './version.ts';

/** Seconds within which every thread has to answer the watchdog; and between looks for the end of the work with --drain. */
const ALIVE_WITHIN = 5;
const DRAIN_LOOK = 0.5;
const STATUS_EVERY = 30;
const EXIT_INTERRUPTED = 130;
const STANDARD_ERROR = 2;

/** Something cannot be opened that the configuration names: one line. */
class StartError extends Error {
  readonly exitCode: number = EXIT_FAILED;
}

/** `poolprint run`. Returns once the daemon has stopped. */
export async function runCommand(given: GivenArguments, environment: CliEnvironment): Promise<number> {
  keepHeapSmall();
  const first = loadGiven(given, environment);
  const { level, format } = first.config.log;
  const { env, stderr, clock } = environment;
  const priorities = format === 'json' && isJournal(env, STANDARD_ERROR);
  const log = createLog({ level, format, stream: stderr, priorities, clock });
  for (const warning of first.warnings) log.warn({ file: first.file }, warning);

  let fail = (_error: Error): void => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const daemonEnvironment: DaemonEnvironment = {
    env,
    program: { name: 'poolprint', version: programVersion(), node: process.versions.node, pid: process.pid },
    clock,
    random: () => Buffer.from(environment.random(4)).readUInt32LE(0),
    after,
    log,
    setLogLevel: (next) => log.setLevel(next),
    onFatal: (error) => fail(error),
  };
  const asked = stopRequest(environment);
  // A reload asked for while it starts is done once it runs, instead of ending it.
  let reload = (): void => {
    reloadAsked = true;
  };
  let reloadAsked = false;
  environment.onReload?.(() => reload());
  let daemon: Daemon;
  try {
    // The file that was found once is the one read again: it must not move while the daemon runs.
    const read = (): ReturnType<typeof loadGiven>['config'] =>
      loadGiven({ ...given, file: undefined, config: first.file }, environment).config;
    daemon = await Daemon.start({ file: first.file, read }, daemonEnvironment);
  } catch (error) {
    if (exitCodeOf(error) !== null || !(error instanceof Error) || error.name === 'SignatureError') throw error;
    throw new StartError(error.message);
  }
  const alive = createLiveness(() => daemon.checks(), ALIVE_WITHIN, after);
  const monotonic = (): bigint => process.hrtime.bigint() / 1000n;
  const notifier = createNotifier({ env, pid: process.pid, log, monotonic, alive, after });
  notifier.ready();
  const endStatus = tellStatus(daemon, notifier);
  reload = () => {
    notifier.reloading();
    daemon.reload().then(() => notifier.ready());
  };
  if (reloadAsked) reload();
  const stop = await Promise.race([asked, failed, ...(given['drain'] === true ? [drained(daemon)] : [])]);
  endStatus();
  notifier.stopping();
  if (stop instanceof Error) {
    log.error({ problem: stop.message }, 'a thread failed; what was found is in the state, start again');
    await notifier.close();
    return EXIT_FAILED;
  }
  await daemon.stop();
  await notifier.close();
  return stop === 'SIGINT' ? EXIT_INTERRUPTED : EXIT_DONE;
}

function after(seconds: number, run: () => void): () => void {
  const timer = setTimeout(run, seconds * 1000);
  return () => clearTimeout(timer);
}

/** The first signal asks, the second one does not wait. */
function stopRequest({ onSignal, exit }: CliEnvironment): Promise<StopSignal> {
  return new Promise((resolve) => {
    let asked = false;
    onSignal((signal) => {
      if (asked) exit(signal === 'SIGINT' ? EXIT_INTERRUPTED : EXIT_FAILED);
      asked = true;
      resolve(signal);
    });
  });
}

function tellStatus(daemon: Daemon, notifier: Notifier): () => void {
  if (!notifier.enabled) return () => undefined;
  let cancel = (): void => undefined;
  const tell = (): void => {
    const { ready, notReady, detectionsOpen } = daemon.status();
    const { confirmed, probable } = detectionsOpen;
    notifier.status(ready ? `${confirmed} confirmed and ${probable} probable detections open` : (notReady[0] ?? ''));
    cancel = after(STATUS_EVERY, tell);
  };
  tell();
  return () => cancel();
}

/** Settles once no spool and no log has anything left to read, at two looks in a row; what is live never has an end. */
function drained(daemon: Daemon): Promise<'drained'> {
  return new Promise((resolve) => {
    let quiet = 0;
    const look = (): void => {
      const idle = daemon
        .status()
        .inputs.every(
          ({ kind, state, filesWaiting }) =>
            kind === 'live' ||
            kind === 'collector' ||
            state === 'done' ||
            state === 'failed' ||
            state === 'restarting' ||
            (state === 'waiting' && filesWaiting === 0),
        );
      quiet = idle ? quiet + 1 : 0;
      if (quiet >= 2) resolve('drained');
      else after(DRAIN_LOOK, look);
    };
    after(DRAIN_LOOK, look);
  });
}
