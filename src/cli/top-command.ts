import type { CliEnvironment, StopSignal } from './environment.ts';
import { EXIT_DONE, EXIT_SIGINT, EXIT_SIGTERM } from './exit.ts';
import { chooseLanguage } from './messages.ts';
import { outputError, printLines } from './output.ts';
import { createPaint, outputWidth, wantsColor } from './style.ts';
import { type RawTopArguments, type TopArguments, topArguments } from './top-options.ts';
import { renderConnecting, renderTop, renderUnreachable, type TopView } from './top-render.ts';
import { fetchStatus, TopError, type TopStatus } from './top-status.ts';
import { processTerminal, type Terminal } from './top-terminal.ts';

const CTRL_C = '\x03';
const ESCAPE = '\x1b';

/** `poolprint top`: shows a running daemon. Returns the exit code. `terminal` is used where the output is one. */
export async function topCommand(
  raw: RawTopArguments,
  environment: CliEnvironment,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const args = topArguments(raw);
  const { stdout, env } = environment;
  const live = !args.once && stdout.isTTY === true && env['TERM'] !== 'dumb';
  return live ? await watch(args, environment, terminal) : await printOnce(args, environment);
}

async function printOnce(args: TopArguments, environment: CliEnvironment): Promise<number> {
  const { stdout, env } = environment;
  const status = await fetchStatus(args.url, new AbortController().signal);
  const view = viewOf(args, environment, { columns: outputWidth(stdout, env), rows: null });
  try {
    await printLines(stdout, renderTop(status, null, view));
  } catch (error) {
    throw outputError(error);
  }
  return EXIT_DONE;
}

function viewOf(args: TopArguments, { stdout, env }: CliEnvironment, size: Pick<TopView, 'columns' | 'rows'>): TopView {
  return {
    language: chooseLanguage(args.language ?? undefined, env),
    paint: createPaint(wantsColor(args.color, stdout.isTTY === true, env)),
    ...size,
  };
}

/** What is known between two looks. */
interface Known {
  status: TopStatus | null;
  before: TopStatus | null;
  /** Why the last look failed, and since when they do, µs; null where it did not. */
  problem: { readonly why: string; readonly since: number } | null;
}

async function watch(args: TopArguments, environment: CliEnvironment, terminal: Terminal): Promise<number> {
  const stop = new AbortController();
  const known: Known = { status: null, before: null, problem: null };
  let code = EXIT_DONE;
  const end = (exitCode: number): void => {
    if (!stop.signal.aborted) code = exitCode;
    stop.abort();
  };
  const draw = (): void => {
    if (!stop.signal.aborted)
      terminal.draw(screen(known, args, viewOf(args, environment, terminal.size()), environment));
  };
  environment.onSignal((name: StopSignal) => end(name === 'SIGINT' ? EXIT_SIGINT : EXIT_SIGTERM));
  const leave = terminal.open({
    onKeys(keys) {
      // Keys such as arrows come as sequences, in which a letter is none.
      if (keys.includes(CTRL_C) || (!keys.startsWith(ESCAPE) && /q/i.test(keys))) end(EXIT_DONE);
    },
    onResize: draw,
  });
  try {
    draw();
    while (!stop.signal.aborted) {
      const began = environment.now();
      await look(args, known, environment, stop.signal);
      draw();
      await pause(Math.max(0, args.interval * 1000 - (environment.now() - began)), stop.signal);
    }
  } finally {
    leave();
  }
  return code;
}

async function look(
  { url }: TopArguments,
  known: Known,
  environment: CliEnvironment,
  stop: AbortSignal,
): Promise<void> {
  try {
    const status = await fetchStatus(url, stop);
    known.before = known.status;
    known.status = status;
    known.problem = null;
  } catch (error) {
    if (stop.aborted) return;
    if (!(error instanceof TopError)) throw error;
    known.problem = { why: error.brief, since: known.problem?.since ?? environment.clock() };
  }
}

function screen(
  { status, before, problem }: Known,
  args: TopArguments,
  view: TopView,
  { clock }: CliEnvironment,
): string[] {
  if (problem === null)
    return status === null ? renderConnecting(args.url.href, view) : renderTop(status, before, view);
  const shown = status === null ? [] : renderTop(status, before, { ...view, rows: Math.max(0, (view.rows ?? 0) - 2) });
  return renderUnreachable(problem.why, problem.since, clock(), shown, view);
}

/** Waits, or ends at once where told to stop. */
function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    stop.addEventListener('abort', done);
  });
}
