/** Kinds of values in the configuration: how each is written, checked, taken from the environment and shown again. */
import * as v from 'valibot';
import { parsePrefix } from '../../cli/cidr.ts';

/** `live`: takes effect with a reload. `restart`: only when the daemon starts. */
export type Change = 'live' | 'restart';
/** How the text of an environment variable is read. */
export type Form = 'text' | 'number' | 'flag' | 'list';

/** A kind of value: `wanted` completes "… is not …", and says what to write instead. */
export interface Kind<T> {
  readonly schema: v.GenericSchema<unknown, T>;
  readonly form: Form;
  /** Words of the page: `whole number, 1 to 64`. */
  readonly words: string;
  /** The value as it is written in a file. */
  readonly write: (value: T) => unknown;
  /** Paths are taken from the folder of the configuration file. */
  readonly path: boolean;
}

/** One key: its kind, what it is by itself, what it means. */
export interface Leaf<T = unknown> extends Kind<T> {
  /** As written in a file; undefined = it must be written, or the loader finds it (`given`). */
  readonly fallback: unknown;
  readonly meaning: string;
  readonly change: Change;
  /** What the loader puts where nothing is written, in words; null = nothing. */
  readonly given: string | null;
}

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Snake<Rest>}`
    : `_${Lowercase<Head>}${Snake<Rest>}`
  : S;

/** The keys of a section: those of the contract in snake case, each of the right type. */
export type Leaves<T> = { readonly [K in keyof T & string as Snake<K>]: Leaf<T[K]> };
export type LeafTable = Readonly<Record<string, Leaf>>;

/** A table of leaves whose types have done their work. */
export function looseLeaves<T>(leaves: Leaves<T>): LeafTable {
  return leaves as unknown as LeafTable;
}

const kind = <T>(
  form: Form,
  words: string,
  schema: v.GenericSchema<unknown, T>,
  write: (value: T) => unknown = (value) => value,
  path = false,
): Kind<T> => ({ form, words, schema, write, path });

/** A key that may be left out, with what it then is (as written). */
export function leaf<T>(of: Kind<T>, fallback: unknown, meaning: string, change: Change): Leaf<T> {
  const schema = v.optional(of.schema, fallback as never) as unknown as v.GenericSchema<unknown, T>;
  return { ...of, schema, fallback, meaning, change, given: null };
}

/** A key that may be left out and is null then. */
export function maybe<T>(of: Kind<T>, meaning: string, change: Change): Leaf<T | null> {
  const schema = v.optional(v.nullable(of.schema), null) as unknown as v.GenericSchema<unknown, T | null>;
  const write = (value: T | null): unknown => (value === null ? null : of.write(value));
  return { ...of, schema, write, fallback: null, meaning, change, given: null };
}

/** A key that must be there; `given` says what the loader puts in where nobody wrote it. */
export function needed<T>(of: Kind<T>, meaning: string, change: Change, given: string | null = null): Leaf<T> {
  return { ...of, fallback: undefined, meaning, change, given };
}

const number = (n: number): string => n.toString().replace(/\B(?=(?:\d{3})+$)/g, ',');
const range = (min: number, max: number): string => `${number(min)} to ${number(max)}`;

export function whole(min: number, max: number): Kind<number> {
  const wanted = `a whole number from ${min} to ${max}: write one of these`;
  const schema = v.pipe(v.number(wanted), v.integer(wanted), v.minValue(min, wanted), v.maxValue(max, wanted));
  return kind('number', `whole number, ${range(min, max)}`, schema);
}

export function decimal(min: number, max: number): Kind<number> {
  const wanted = `a number from ${min} to ${max}: write one of these`;
  const schema = v.pipe(v.number(wanted), v.finite(wanted), v.minValue(min, wanted), v.maxValue(max, wanted));
  return kind('number', `number, ${min} to ${max}`, schema);
}

export const flag: Kind<boolean> = kind('flag', '`true`, `false`', v.boolean('true or false: write one of these'));

export function choice<const T extends readonly string[]>(options: T): Kind<T[number]> {
  const schema = v.picklist(options, `one of ${options.join(', ')}: write one of these`);
  return kind('text', options.map((option) => `\`${option}\``).join(', '), schema);
}

const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `30s`, `500ms`, `1.5h`. The text has been checked. */
function seconds(text: string): number {
  const [, count, unit = 's'] = DURATION.exec(text) ?? [];
  return Math.round(Number(count) * (SECONDS[unit] ?? 1) * 1000) / 1000;
}

/** `90s`, `15m`, `500ms`: the largest unit that leaves a whole number. */
export function writeDuration(value: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = SECONDS[unit] ?? 1;
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return value === 0 ? '0s' : `${Math.round(value * 1000)}ms`;
}

/** A duration between two others; seconds in the program. */
export function duration(min: string, max: string): Kind<number> {
  const wanted = `a duration from ${min} to ${max}: write a number with its unit (ms, s, m, h, d), as ${min}`;
  const schema = v.pipe(
    v.string(wanted),
    v.regex(DURATION, wanted),
    v.check((value) => seconds(value) >= seconds(min) && seconds(value) <= seconds(max), wanted),
    v.transform(seconds),
  );
  return kind('text', `duration, ${min} to ${max}`, schema, writeDuration);
}

const SIZE = /^(\d{1,7})(MiB|GiB)$/;

function mebibytes(text: string): number {
  const [, count, unit] = SIZE.exec(text) ?? [];
  return Number(count) * (unit === 'GiB' ? 1024 : 1);
}

export function writeSize(value: number): string {
  return value >= 1024 && value % 1024 === 0 ? `${value / 1024}GiB` : `${value}MiB`;
}

/** An amount of memory between two others; MiB in the program. */
export function size(min: string, max: string): Kind<number> {
  const wanted = `a size from ${min} to ${max}: write a whole number with MiB or GiB, as ${min}`;
  const schema = v.pipe(
    v.string(wanted),
    v.regex(SIZE, wanted),
    v.check((value) => mebibytes(value) >= mebibytes(min) && mebibytes(value) <= mebibytes(max), wanted),
    v.transform(mebibytes),
  );
  return kind('text', `size, ${min} to ${max}`, schema, writeSize);
}

/** Text of one line; `wanted` completes "… is not …" where it does not match. */
export function text(words: string, wanted: string, pattern: RegExp): Kind<string> {
  return kind('text', words, v.pipe(v.string(wanted), v.regex(pattern, wanted)));
}

const PATH = 'a path: write 1 to 4096 characters without control characters';
export const path: Kind<string> = { ...text('path', PATH, /^[^\u0000-\u001f\u007f]{1,4096}$/), path: true };

/** A prefix or address in canonical form, host bits cleared. */
const PREFIX = 'an address or prefix: write one such as 192.0.2.7 or 10.0.0.0/8';
export const prefix: Kind<string> = kind(
  'text',
  'address or prefix',
  v.pipe(
    v.string(PREFIX),
    v.check((value) => canonicalPrefix(value) !== null, PREFIX),
    v.transform((value) => canonicalPrefix(value) ?? value),
  ),
);

function canonicalPrefix(value: string): string | null {
  try {
    return parsePrefix(value, '');
  } catch {
    return null;
  }
}

/** A list of values of one kind. */
export function list<T>(of: Kind<T>, min: number, max: number): Kind<readonly T[]> {
  const wanted = `a list of ${number(min)} to ${number(max)} entries: write [${min === 0 ? '' : '…'}] or one "- " line each`;
  const schema = v.pipe(v.array(of.schema, wanted), v.minLength(min, wanted), v.maxLength(max, wanted));
  return kind<readonly T[]>('list', `list of ${of.words}`, schema, (value) => value.map(of.write), of.path);
}
