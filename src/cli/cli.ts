import yargs from 'yargs';
import { SignatureError } from '../signature/types.ts';
import { CONFIG_GROUP, type ConfigAction } from './config-options.ts';
import type { CliEnvironment, StopSignal } from './environment.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, exitCodeOf, UsageError } from './exit.ts';
import { describeGroup, type GivenArguments, type GroupSpec } from './group.ts';
import { LEADS_GROUP, type LeadsAction } from './leads-options.ts';
import {
  EVIDENCE_GROUP,
  type EvidenceAction,
  LEDGER_GROUP,
  type LedgerAction,
  REPORT_GROUP,
  type ReportAction,
} from './ledger-options.ts';
import { isBrokenPipe, outputError, print } from './output.ts';
import { REGISTRY_GROUP, type RegistryAction } from './registry-options.ts';
import { describeReplay, type RawReplayArguments, REPLAY_SUMMARY } from './replay-options.ts';
import { describeRun, RUN_SUMMARY } from './run-options.ts';
import { describeSignatures, type RawSignaturesArguments, SIGNATURES_SUMMARY } from './signatures-options.ts';
import { visible } from './text.ts';
import { describeTop, type RawTopArguments, TOP_SUMMARY } from './top-options.ts';
import { programVersion } from './version.ts';

export type { CliEnvironment, StopSignal };

/** yargs loses a lone `-` among the positional arguments; this stands in for it while it parses. */
const MARK = '\u0000';
const DASH = `${MARK}-`;

const MAX_ERROR_LINES = 30;

/** A group of commands with what runs them, fetched only when one is named. */
interface Group {
  readonly spec: GroupSpec;
  readonly run: (action: string, given: GivenArguments, environment: CliEnvironment) => Promise<number>;
}

export const GROUPS: readonly Group[] = [
  {
    spec: REGISTRY_GROUP,
    run: async (action, given, environment) =>
      (await import('./registry-command.ts')).registryCommand(action as RegistryAction, given, environment),
  },
  {
    spec: LEADS_GROUP,
    run: async (action, given, environment) =>
      (await import('./leads-command.ts')).leadsCommand(action as LeadsAction, given, environment),
  },
  {
    spec: REPORT_GROUP,
    run: async (action, given, environment) =>
      (await import('./report-command.ts')).reportCommand(action as ReportAction, given, environment),
  },
  {
    spec: LEDGER_GROUP,
    run: async (action, given, environment) =>
      (await import('./ledger-command.ts')).ledgerCommand(action as LedgerAction, given, environment),
  },
  {
    spec: CONFIG_GROUP,
    run: async (action, given, environment) =>
      (await import('./config-command.ts')).configCommand(action as ConfigAction, given, environment),
  },
  {
    spec: EVIDENCE_GROUP,
    run: async (action, given, environment) =>
      (await import('./evidence-command.ts')).evidenceCommand(action as EvidenceAction, given, environment),
  },
];

/** Commands with a help of their own. */
const COMMANDS: readonly string[] = ['replay', 'signatures', 'run', 'top', ...GROUPS.map(({ spec }) => spec.name)];

/** Runs one command line. Returns the exit code; never throws, and prints each error as one line. */
export async function runCli(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  try {
    const parsed = await parse(argv, environment);
    if (parsed.run === null) {
      try {
        await print(environment.stdout, `${parsed.output}\n`);
      } catch (error) {
        throw outputError(error);
      }
      return EXIT_DONE;
    }
    return await parsed.run(environment);
  } catch (error) {
    if (isBrokenPipe(error)) return EXIT_DONE;
    const command = COMMANDS.includes(argv[0] ?? '') ? `poolprint ${argv[0]}` : 'poolprint';
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
  /** Runs the command that was named; null where yargs itself gave the answer (help, version, completion). */
  readonly run: ((environment: CliEnvironment) => Promise<number>) | null;
  readonly output: string;
}

async function parse(argv: readonly string[], { stdout }: CliEnvironment): Promise<Parsed> {
  let run: Parsed['run'] = null;
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
      const args = { ...given, inputs: [...(given.inputs ?? []), ...given._.slice(1).map(String)].map(undash) };
      run = async (environment) => (await import('./replay-command.ts')).replayCommand(args, environment);
    })
    .command('signatures', SIGNATURES_SUMMARY, (own) =>
      describeSignatures(own, (action, given) => {
        const args = behindDashes(given);
        run = async (environment) =>
          (await import('./signatures-command.ts')).signaturesCommand(action, args, environment);
      }),
    );
  parser.command('run', RUN_SUMMARY, describeRun, (given) => {
    run = async (environment) => (await import('./run-command.ts')).runCommand(given as GivenArguments, environment);
  });
  parser.command('top', TOP_SUMMARY, describeTop, (given) => {
    run = async (environment) => (await import('./top-command.ts')).topCommand(given as RawTopArguments, environment);
  });
  for (const { spec, run: start } of GROUPS) {
    parser.command(spec.name, spec.summary, (own) =>
      describeGroup(own, spec, (action, given) => {
        run = async (environment) => start(action, dashes(given), environment);
      }),
    );
  }
  parser
    .completion('completion', 'Print a completion script for bash or zsh')
    .example('poolprint replay capture.pcap', 'find mining in a capture')
    .example('poolprint replay --help', 'all options, with examples')
    .example('poolprint signatures list', 'what is looked for')
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
    await parser.parseAsync(hideDashes(argv), {}, (_error: unknown, _argv: unknown, text: string) => {
      output = text;
    });
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
  return { run, output };
}

/** The arguments of `signatures` with what stood behind `--` added to the list that the command takes. */
function behindDashes(given: RawSignaturesArguments): RawSignaturesArguments {
  const rest = (given._ ?? []).slice(2).map(String);
  const all = (list: readonly string[] | undefined): readonly string[] => [...(list ?? []), ...rest].map(undash);
  const same = (value: unknown): unknown => (typeof value === 'string' ? undash(value) : value);
  const lists = { paths: all(given.paths), ids: all(given.ids), words: all(given.words) };
  return { ...given, ...lists, old: same(given.old), new: same(given.new) };
}

/** The words with what yargs would lose or take for options marked: a lone `-`, and in groups all that stands behind `--`. */
function hideDashes(argv: readonly string[]): string[] {
  const words = argv.map((word) => (word === '-' ? DASH : word));
  const end = GROUPS.some(({ spec }) => spec.name === argv[0]) ? words.indexOf('--') : -1;
  if (end < 0) return words;
  const behind = words.slice(end + 1).map((word) => (word.startsWith('-') ? `${MARK}${word}` : word));
  return [...words.slice(0, end), ...behind];
}

/** The arguments of a group with dashes as they were written. */
function dashes(given: GivenArguments): GivenArguments {
  const same = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(same) : typeof value === 'string' ? undash(value) : value;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, same(value)]));
}

function undash(word: string): string {
  return word.startsWith(DASH) ? word.slice(MARK.length) : word;
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
  const several = error instanceof SignatureError || error.name === 'ConfigError';
  const lines = several ? error.message.split('\n') : [error.message];
  const shown = lines.slice(0, MAX_ERROR_LINES).map((line) => `poolprint: ${visible(line)}${hint}\n`);
  if (lines.length > shown.length) shown.push(`poolprint: and ${lines.length - shown.length} more\n`);
  return shown.join('');
}
