import { namedEncoding } from '../attribution/import/decode-text.ts';
import type { CliEnvironment } from './environment.ts';
import { UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { chooseLanguage, LANGUAGES, type Language } from './messages.ts';
import { isBrokenPipe, outputError, printLines } from './output.ts';
import { COLOR_MODES, createPaint, outputWidth, type Paint, wantsColor } from './style.ts';
import { visible } from './text.ts';

/** What every command of a group has at hand. */
export interface Context {
  readonly given: GivenArguments;
  readonly environment: CliEnvironment;
  readonly language: Language;
  readonly json: boolean;
  readonly paint: Paint;
  /** Columns of the terminal; null for a file or pipe. */
  readonly width: number | null;
  /** Name under which the ledger notes what is done. */
  readonly actor: string;
}

/** What a command gives: lines for standard output, remarks for standard error, the exit code. */
export interface Answer {
  readonly lines: Iterable<string>;
  readonly notes?: readonly string[];
  readonly code: number;
}

export const DEFAULT_LEDGER = 'poolprint.ledger';
const MAX_ACTOR = 100;

/** Checks the options that all groups share. Throws UsageError. */
export function contextOf(given: GivenArguments, environment: CliEnvironment): Context {
  const { env, stdout } = environment;
  const language = chooseLanguage(
    LANGUAGES.find((known) => known === textOf(given, 'lang')),
    env,
  );
  const color = COLOR_MODES.find((mode) => mode === textOf(given, 'color')) ?? 'auto';
  const json = given['json'] === true;
  return {
    given,
    environment,
    language,
    json,
    paint: createPaint(!json && wantsColor(color, stdout.isTTY === true, env)),
    width: outputWidth(stdout, env),
    actor: actorOf(given, environment),
  };
}

function actorOf(given: GivenArguments, { user, env }: CliEnvironment): string {
  const name = (textOf(given, 'as') ?? env['POOLPRINT_ACTOR'] ?? user()).normalize('NFC').trim();
  if (name === '') throw new UsageError('--as: a name is needed');
  if (name.length > MAX_ACTOR) throw new UsageError(`--as: at most ${MAX_ACTOR} characters`);
  if (visible(name) !== name) throw new UsageError('--as: a name has no control characters');
  return name;
}

/** Path of the ledger: `--ledger`, POOLPRINT_LEDGER, or the file of that name where the command is run. */
export function ledgerPath({ given, environment }: Context): string {
  const path = textOf(given, 'ledger') ?? environment.env['POOLPRINT_LEDGER'] ?? DEFAULT_LEDGER;
  if (path === '') throw new UsageError('--ledger: a file is needed');
  return path;
}

/** Text of an option given at most once, or null. */
export function textOf(given: GivenArguments, name: string): string | null {
  const value = given[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw new UsageError(`--${name} is given twice`);
  return String(value);
}

/** Values of a repeatable option or of a list of positional arguments; commas do not separate. */
export function listOf(given: GivenArguments, name: string): readonly string[] {
  const value = given[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** A number of seconds, days or rows: not negative. */
export function numberOf(given: GivenArguments, name: string, fallback: number): number {
  const text = textOf(given, name);
  if (text === null) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new UsageError(`--${name}: '${visible(text)}' is not a number of 0 or more`);
  }
  return value;
}

/** Throws a UsageError for an encoding that nobody knows. */
export function checkEncoding(name: string): void {
  try {
    namedEncoding(name);
  } catch (error) {
    throw new UsageError(`--encoding: ${visible((error as Error).message)}`);
  }
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A time in microseconds: a day, or ISO 8601; without a zone it is UTC. */
export function timeOf(given: GivenArguments, name: string): number | null {
  const text = textOf(given, name);
  if (text === null) return null;
  const parts = TIME.exec(text.trim());
  const [, day = '', clock = '00:00', zone = 'Z'] = parts ?? [];
  const [, whole = clock, fraction = ''] = /^([\d:]+)(?:\.(\d+))?$/.exec(clock) ?? [];
  const colon = zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const milliseconds =
    parts === null ? Number.NaN : Date.parse(`${day}T${whole.length === 5 ? `${whole}:00` : whole}${colon}`);
  // 2026-02-30 would be taken for 2 March.
  const exists = new Date(Date.parse(`${day}T00:00:00Z`) || 0).toISOString().startsWith(day);
  if (Number.isNaN(milliseconds) || !exists) {
    throw new UsageError(`--${name}: '${visible(text)}' is not a time such as 2026-11-03T02:14:07Z or 2026-11-03`);
  }
  return milliseconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6) || 0);
}

/** A day, YYYY-MM-DD. */
export function dayOf(given: GivenArguments, name: string): string | null {
  const text = textOf(given, name);
  if (text === null) return null;
  if (!DAY.test(text)) throw new UsageError(`--${name}: '${visible(text)}' is not a day such as 2026-11-20`);
  timeOf(given, name);
  return text;
}

/** Microseconds as ISO 8601 UTC. */
export function isoOf(time: number): string {
  const milliseconds = Math.floor(time / 1000);
  const rest = Math.floor(time) - milliseconds * 1000;
  return new Date(milliseconds).toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

/** Prints an answer. Returns its exit code, the same whether or not somebody read to the end. */
export async function printAnswer(answer: Answer, { stdout, stderr }: CliEnvironment): Promise<number> {
  try {
    await printLines(stdout, answer.lines);
  } catch (error) {
    const failure = outputError(error);
    if (!isBrokenPipe(failure)) throw failure;
  }
  await printLines(
    stderr,
    (answer.notes ?? []).map((line) => `poolprint: ${visible(line)}`),
  ).catch(() => undefined);
  return answer.code;
}

/** Control, format and override characters that JSON allows raw but a terminal or an editor may act upon. */
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON text with such characters as `\u` escapes; all of them stand within strings. */
export function safeJson(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One JSON object a line. */
export function jsonLine(value: unknown): string {
  return safeJson(JSON.stringify(value));
}
