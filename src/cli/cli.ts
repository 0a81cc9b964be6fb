import yargs from 'yargs';
import { SignatureError } from '../signature/types.ts';
import type { CliEnvironment, StopSignal } from './environment.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, exitCodeOf, UsageError } from './exit.ts';
import { isBrokenPipe, outputError, print } from './output.ts';
import { describeReplay, type RawReplayArguments, REPLAY_SUMMARY } from './replay-options.ts';
import { visible } from './text.ts';
import { programVersion } from './version.ts';

export type { CliEnvironment, StopSignal };

/** yargs loses a lone `-` among the positional arguments; this stands in for it while it parses. */
const DASH = '\u0000-';

const MAX_ERROR_LINES = 30;

/** Runs one command line. Returns the exit code; never throws, and prints each error as one line. */
export async function runCli(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  try {
    const parsed = await parse(argv, environment);
    if (parsed.args === null) {
      try {
        await print(environment.stdout, `${parsed.output}\n`);
      } catch (error) {
        throw outputError(error);
      }
      return EXIT_DONE;
    }
    const { replayCommand } = await import('./replay-command.ts');
    return await replayCommand(parsed.args, environment);
  } catch (error) {
    if (isBrokenPipe(error)) return EXIT_DONE;
    const command = argv[0] === 'replay' ? 'poolprint replay' : 'poolprint';
    return await report(error, command, environment);
  }
}

/** One line about an error nobody foresaw, and what to do about it. */
export function internalError(error: unknown): string {
  const what = visible(error instanceof Error ? error.message : String(error)).slice(0, 500);
  const how = "please report it with the command line and 'poolprint --version'";
  return `poolprint: internal error: ${what}; ${how} (POOLPRINT_DEBUG=1 shows where)\n`;
}

interface Parsed {
  /** Arguments of the command to run, or null where yargs itself gave the answer (help, version, completion). */
  readonly args: RawReplayArguments | null;
  readonly output: string;
}

async function parse(argv: readonly string[], { stdout }: CliEnvironment): Promise<Parsed> {
  let args: RawReplayArguments | null = null;
  let output = '';
  const parser = yargs()
    .scriptName('poolprint')
    .locale('en')
    .exitProcess(false)
    .parserConfiguration({ 'boolean-negation': false, 'dot-notation': false })
    .strict()
    .usage('Usage: poolprint COMMAND [options]')
    .command('replay [inputs..]', REPLAY_SUMMARY, describeReplay, (given: RawReplayArguments & { _: unknown[] }) => {
      // What stands behind `--` arrives apart from the rest.
      args = { ...given, inputs: [...(given.inputs ?? []), ...given._.slice(1).map(String)].map(undash) };
    })
    .completion('completion', 'Print a completion script for bash or zsh')
    .example('poolprint replay capture.pcap', 'find mining in a capture')
    .example('poolprint replay --help', 'all options, with examples')
    .demandCommand(1, 'no command given')
    .version(programVersion())
    .alias({ h: 'help', V: 'version' })
    .help()
    .wrap(Math.min(110, stdout.columns ?? 100))
    .showHelpOnFail(false)
    .fail((message: string | null, error?: Error) => {
      throw new UsageError((message ?? error?.message ?? 'wrong usage').replace(/\s*\n\s*/g, ' '));
    });
  try {
    await parser.parseAsync(
      argv.map((word) => (word === '-' ? DASH : word)),
      {},
      (_error: unknown, _argv: unknown, text: string) => {
        output = text;
      },
    );
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
  return { args, output };
}

function undash(word: string): string {
  return word === DASH ? '-' : word;
}

async function report(error: unknown, command: string, { stderr, env }: CliEnvironment): Promise<number> {
  const code = error instanceof SignatureError ? EXIT_USAGE : exitCodeOf(error);
  try {
    if (code === null) {
      await print(stderr, internalError(error));
      if (env['POOLPRINT_DEBUG'] === '1' && error instanceof Error) await print(stderr, `${error.stack}\n`);
      return EXIT_FAILED;
    }
    await print(stderr, errorLines(error as Error, command));
  } catch {
    // Standard error is gone: the exit code is all that can still be said.
  }
  return code ?? EXIT_FAILED;
}

/** One line for an error; one line each for the faults of signature files. */
function errorLines(error: Error, command: string): string {
  const hint = error instanceof UsageError ? ` (see '${command} --help')` : '';
  const lines = error instanceof SignatureError ? error.message.split('\n') : [error.message];
  const shown = lines.slice(0, MAX_ERROR_LINES).map((line) => `poolprint: ${visible(line)}${hint}\n`);
  if (lines.length > shown.length) shown.push(`poolprint: and ${lines.length - shown.length} more\n`);
  return shown.join('');
}
