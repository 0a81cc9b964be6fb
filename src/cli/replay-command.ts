import type { ReplayOptions, ReplayResult } from '../engine/options.ts';
import { writeEvidence } from '../publish/evidence.ts';
import { jsonLines } from '../publish/json.ts';
import type { EndpointOptions } from '../signature/endpoints.ts';
import type { SignatureSet } from '../signature/types.ts';
import { parsePrefix } from './cidr.ts';
import type { CliEnvironment, StopSignal } from './environment.ts';
import {
  EXIT_DAMAGED,
  EXIT_DETECTED,
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_SIGINT,
  EXIT_SIGTERM,
  exitCodeOf,
  UsageError,
} from './exit.ts';
import { renderExplanation } from './explain.ts';
import type { GivenArguments } from './group.ts';
import { chooseLanguage, LANGUAGES, messagesOf } from './messages.ts';
import { isBrokenPipe, outputError, print, printLines } from './output.ts';
import { createProgressBar } from './progress.ts';
import { one, type RawReplayArguments, type ReplayArguments, VANTAGES, WINDOWS } from './replay-options.ts';
import { COLOR_MODES, createPaint, outputWidth, wantsColor } from './style.ts';
import { renderSummary } from './summary.ts';
import { renderTable } from './table.ts';
import { visible } from './text.ts';
import { formatCount, formatDuration, formatRate } from './units.ts';
import { programVersion } from './version.ts';

const MAX_THREADS = 64;
/** Characters of a realm or sensor. */
const MAX_NAME = 64;
/** A clock that is wrong by more than a day says nothing about days. */
const MAX_CLOCK_ERROR = 86_400;
/** Two equal signals this close are one: the terminal sends Ctrl-C to the launcher too, which passes it on. */
const SAME_SIGNAL_MS = 250;

/** `poolprint replay`: reads captures and prints what was found. Returns the exit code. */
export async function replayCommand(raw: RawReplayArguments, environment: CliEnvironment): Promise<number> {
  const args = checkReplayArguments(raw);
  // A name or folder that is wrong should be said before the captures are read, not after.
  if (args.ledger !== null)
    (await import('./replay-ledger.ts')).checkLedgerArguments(ledgerArguments(raw), environment);
  const signatures = await environment.loadSignatures({
    directory: args.signatures,
    only: args.only,
    without: args.without,
  });
  const endpointOptions: EndpointOptions = { low: args.lowConfidence, extra: args.endpoints };
  const endpoints = await environment.loadEndpoints(endpointOptions);
  const stop = stopOnSignal(environment);
  const started = environment.now();
  const result = await runEngine(args, { signatures, endpoints, endpointOptions }, stop.signal, environment);
  const elapsed = environment.now() - started;
  let code = result.problems.some(({ fatal }) => fatal) ? EXIT_FAILED : EXIT_DONE;
  await note(environment, problemLines(result, args.quiet));
  if (args.evidence !== null && !(await saveEvidence(args.evidence, result, environment))) code = EXIT_FAILED;
  if (args.ledger !== null && !(await intoLedger(raw, args, result, environment))) code = EXIT_FAILED;
  try {
    await printResult(args, result, signatures, environment);
  } catch (error) {
    const failure = outputError(error);
    if (!isBrokenPipe(failure)) {
      await note(environment, [`poolprint: ${visible((failure as Error).message)}`]);
      code = EXIT_FAILED;
    }
  }
  if (!args.quiet && !args.json) await note(environment, [speedLine(result, elapsed)]);
  return exitCode(code, args, result, stop.received());
}

async function runEngine(
  args: ReplayArguments,
  known: Pick<ReplayOptions, 'signatures' | 'endpoints' | 'endpointOptions'>,
  signal: AbortSignal,
  environment: CliEnvironment,
): Promise<ReplayResult> {
  const { stderr, now, env } = environment;
  const progress = args.quiet ? null : createProgressBar({ output: stderr, now, env });
  const options: ReplayOptions = {
    inputs: args.inputs,
    filter: args.filter,
    threads: args.threads,
    home: args.home,
    evidence: args.evidence !== null || args.ledger !== null,
    window: args.window,
    vantage: args.vantage,
    sensor: args.sensor,
    ...known,
    signal,
    ...(progress === null ? {} : { onProgress: progress.update }),
  };
  const engine = await environment.loadEngine();
  try {
    return await engine.replay(options);
  } finally {
    progress?.clear();
  }
}

/** The first signal ends the run and lets what was found be printed, the second ends the process. */
function stopOnSignal(environment: CliEnvironment): { signal: AbortSignal; received(): StopSignal | null } {
  const controller = new AbortController();
  const launched = environment.env['POOLPRINT_LAUNCHED'] === '1';
  let first: StopSignal | null = null;
  let at = 0;
  environment.onSignal((name) => {
    if (first === null) {
      first = name;
      at = environment.now();
      controller.abort();
    } else if (!(launched && name === first && environment.now() - at < SAME_SIGNAL_MS)) {
      environment.exit(signalCode(name));
    }
  });
  return { signal: controller.signal, received: () => first };
}

function signalCode(name: StopSignal): number {
  return name === 'SIGINT' ? EXIT_SIGINT : EXIT_SIGTERM;
}

function exitCode(code: number, args: ReplayArguments, result: ReplayResult, signal: StopSignal | null): number {
  if (signal !== null) return signalCode(signal);
  if (code !== EXIT_DONE) return code;
  if (args.strict && isDamaged(result)) return EXIT_DAMAGED;
  return args.failOnDetection && result.detections.length > 0 ? EXIT_DETECTED : EXIT_DONE;
}

/** Damage of the input itself; strange packets inside a sound capture are none. */
function isDamaged({ summary, problems }: ReplayResult): boolean {
  const inCapture = Object.entries(summary.anomalies).some(([name, count]) => name.startsWith('capture.') && count > 0);
  return inCapture || summary.inputs_cut_short > 0 || problems.length > 0;
}

function problemLines({ problems }: ReplayResult, quiet: boolean): string[] {
  return problems.filter(({ fatal }) => fatal || !quiet).map(({ line }) => `poolprint: ${visible(line)}`);
}

/** Lines for standard error; where it is closed there is nobody to tell. */
async function note({ stderr }: CliEnvironment, lines: readonly string[]): Promise<void> {
  try {
    await printLines(stderr, lines);
  } catch {
    // Results matter more than remarks on them.
  }
}

async function saveEvidence(folder: string, result: ReplayResult, environment: CliEnvironment): Promise<boolean> {
  try {
    await writeEvidence(folder, result, { program: 'poolprint', version: programVersion() });
    return true;
  } catch (error) {
    if (exitCodeOf(error) === null) throw error;
    await note(environment, [`poolprint: ${visible((error as Error).message)}`]);
    return false;
  }
}

/** What of the arguments concerns the ledger. */
function ledgerArguments({ ledger, as, reference }: RawReplayArguments): GivenArguments {
  return { ledger, as, reference };
}

/** Puts what was found into the ledger. A ledger that fails is said in one line; what was found is printed all the same. */
async function intoLedger(
  raw: RawReplayArguments,
  args: ReplayArguments,
  result: ReplayResult,
  environment: CliEnvironment,
): Promise<boolean> {
  try {
    const { recordResult } = await import('./replay-ledger.ts');
    const line = recordResult(ledgerArguments(raw), args, result, environment);
    if (!args.quiet) await note(environment, [line]);
    return true;
  } catch (error) {
    if (exitCodeOf(error) === null) throw error;
    await note(environment, [`poolprint: ${visible((error as Error).message)}`]);
    return false;
  }
}

async function printResult(
  args: ReplayArguments,
  result: ReplayResult,
  signatures: SignatureSet,
  { stdout, env }: CliEnvironment,
): Promise<void> {
  if (args.json) return printLines(stdout, reportLines(result));
  const language = args.language ?? chooseLanguage(undefined, env);
  const messages = messagesOf(language);
  const paint = createPaint(wantsColor(args.color, stdout.isTTY === true, env));
  const { detections, summary } = result;
  const width = outputWidth(stdout, env);
  await printLines(stdout, renderTable(detections, { messages, paint, width }));
  if (args.explain && detections.length > 0) {
    const title = (id: string): string | null => signatures.byId(id)?.title[language] ?? null;
    const family = (id: string): string | null => signatures.byId(id)?.family ?? null;
    await printLines(stdout, ['', ...renderExplanation(detections, { messages, paint, title, family })]);
  }
  if (args.quiet) return;
  // An explanation ends with an empty line of its own.
  const gap = detections.length > 0 && !args.explain ? [''] : [];
  await print(stdout, `${[...gap, ...renderSummary(summary, messages, paint)].join('\n')}\n`);
}

/** The JSON lines; with windows by day a coverage line for each stretch that was watched, instead of one for the run. */
function* reportLines(result: ReplayResult): Generator<string> {
  const [first, ...others] = result.coverageDays ?? [];
  const lines = jsonLines({ ...result, coverage: first ?? result.coverage });
  // The summary comes last.
  let held: string | null = null;
  for (const line of lines) {
    if (held !== null) yield held;
    held = line;
  }
  for (const coverage of others) yield jsonLines({ ...result, detections: [], coverage }).next().value as string;
  if (held !== null) yield held;
}

function speedLine({ summary }: ReplayResult, elapsed: number): string {
  const seconds = Math.max(elapsed, 1) / 1000;
  const rate = formatRate(summary.packets / seconds, ' packets/s');
  return `poolprint: read ${formatCount(summary.packets)} packets in ${formatDuration(seconds)} (${rate})`;
}

/** Checks what yargs cannot. Throws a UsageError. */
export function checkReplayArguments(raw: RawReplayArguments): ReplayArguments {
  const inputs = raw.inputs ?? [];
  if (inputs.length === 0) throw new UsageError('no input: name a capture, a folder, a glob, or - for standard input');
  if (inputs.includes('')) throw new UsageError('an input has an empty name');
  return {
    inputs,
    filter: one(raw.filter, 'filter'),
    json: raw.json === true,
    explain: raw.explain === true,
    evidence: notEmpty(one(raw.evidence, 'evidence'), 'evidence'),
    home: [...new Set((raw.home ?? []).map((text) => parsePrefix(text, '--home')))],
    threads: threadCount(one(raw.threads, 'threads')),
    window: windowOf(raw),
    vantage: {
      nat: VANTAGES.find((nat) => nat === one(raw.nat, 'nat')) ?? 'none',
      realm: printableName(one(raw.realm, 'realm'), 'realm'),
      clockError: clockError(one(raw.clockError, 'clock-error')),
    },
    sensor: printableName(one(raw.sensor, 'sensor'), 'sensor') ?? 'replay',
    ledger: ledgerOf(raw),
    signatures: oneOrMore(raw.signatures ?? [], 'signatures'),
    only: listed(raw.only ?? [], 'only'),
    without: listed(raw.without ?? [], 'without'),
    endpoints: (raw.endpoints ?? []).map((value) => notEmpty(value, 'endpoints') ?? value),
    lowConfidence: raw.lowConfidence === true,
    strict: raw.strict === true,
    failOnDetection: raw.failOnDetection === true,
    color: COLOR_MODES.find((mode) => mode === one(raw.color, 'color')) ?? 'auto',
    language: LANGUAGES.find((language) => language === one(raw.lang, 'lang')) ?? null,
    quiet: raw.quiet === true,
  };
}

/** Parts of lists joined by commas; an empty part is a slip that might switch off everything. */
function listed(values: readonly string[], name: string): readonly string[] {
  const parts = values.flatMap((value) => value.split(',')).map((part) => part.trim());
  if (parts.includes('')) throw new UsageError(`--${name}: an id is empty`);
  return parts;
}

function oneOrMore(values: readonly string[], name: string): string | readonly string[] | null {
  for (const value of values) notEmpty(value, name);
  return values.length > 1 ? values : (values[0] ?? null);
}

function notEmpty(value: string | null, name: string): string | null {
  if (value === '') throw new UsageError(`--${name}: a folder is needed`);
  return value;
}

/** A name that ends up in every detection and its id: one spelling of it, nothing that cannot be seen. */
function printableName(text: string | null, option: string): string | null {
  if (text === null) return null;
  const name = text.normalize('NFC');
  if (name.length <= MAX_NAME && /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u.test(name))
    return name;
  throw new UsageError(
    `--${option}: '${visible(text.slice(0, MAX_NAME))}' is no name: 1 to ${MAX_NAME} printable characters, single spaces between words`,
  );
}

/** The ledger's leads are counted by days. */
function windowOf(raw: RawReplayArguments): ReplayArguments['window'] {
  const asked = one(raw.window, 'window');
  if (raw.ledger !== undefined && asked === 'run') throw new UsageError('--window run: a ledger counts by UTC day');
  return raw.ledger === undefined ? (WINDOWS.find((kind) => kind === asked) ?? 'run') : 'day';
}

function ledgerOf(raw: RawReplayArguments): string | null {
  const path = one(raw.ledger, 'ledger');
  if (path === '') throw new UsageError('--ledger: a file is needed');
  for (const name of ['as', 'reference'] as const) {
    if (path === null && raw[name] !== undefined) throw new UsageError(`--${name} goes with --ledger`);
  }
  return path;
}

/** Seconds; the capture times themselves go to the microsecond. */
function clockError(text: string | null): number {
  if (text === null) return 0;
  const seconds = /^\d{1,8}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= MAX_CLOCK_ERROR)) {
    throw new UsageError(
      `--clock-error: '${visible(text.slice(0, MAX_NAME))}' is not a number of seconds from 0 to ${MAX_CLOCK_ERROR}`,
    );
  }
  return seconds;
}

function threadCount(text: string | null): number {
  if (text === null) return 1;
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_THREADS)
    throw new UsageError(`--threads: '${text}' is not a number from 1 to ${MAX_THREADS}`);
  return count;
}
