/** Values from outside the file: environment variables, the files they name, and flags. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { visible } from '../../cli/text.ts';
import { nearestName } from '../../signature/search.ts';
import type { ConfigFault } from './config-error.ts';
import { SECTIONS, TOP } from './keys.ts';
import type { Form, Leaf } from './leaf.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One value that stands above the file. */
export interface Override {
  /** `sensor` or `http.port`. */
  readonly key: string;
  readonly value: unknown;
  /** `environment POOLPRINT_HTTP_PORT` or `--set http.port`. */
  readonly origin: string;
}

export interface Overrides {
  readonly overrides: Override[];
  readonly warnings: string[];
  readonly faults: ConfigFault[];
}

const PREFIX = 'POOLPRINT_';
const FILE = '_FILE';
/** Largest file a variable may name. */
const MAX_FILE = 64 * 1024;
/** Variables that mean something to other commands. */
const OTHERS: ReadonlySet<string> = new Set(
  ['LEDGER', 'ACTOR', 'REFERENCE', 'DEBUG', 'CONFIG', 'LAUNCHED', 'EXHAUSTIVE', 'EXPECT_TOOLS'].map(
    (name) => PREFIX + name,
  ),
);
const OFF = 'off';

/** Every key that may be overridden, by its dotted name; those of inputs and points stand in the file alone. */
export const KEYS: ReadonlyMap<string, Leaf> = new Map([
  ...Object.entries(TOP),
  ...Object.entries(SECTIONS).flatMap(([section, { keys }]) =>
    Object.entries(keys).map(([key, leaf]): [string, Leaf] => [`${section}.${key}`, leaf]),
  ),
]);

/** `http.port` → `POOLPRINT_HTTP_PORT`. */
export function variableOf(key: string): string {
  return PREFIX + key.replaceAll('.', '_').toUpperCase();
}

const VARIABLES: ReadonlyMap<string, string> = new Map([...KEYS.keys()].map((key) => [variableOf(key), key]));
/** A section that can be switched off takes `off` from its own variable, unless another command uses that. */
const SWITCHES: ReadonlyMap<string, string> = new Map(
  Object.entries(SECTIONS)
    .filter(([name, { optional }]) => optional && !OTHERS.has(variableOf(name)))
    .map(([name]) => [variableOf(name), name]),
);

/** Text of a regular file of at most `most` bytes; throws what the file system says, or a line. */
export function readSmallFile(path: string, most: number = MAX_FILE): string {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is no regular file');
    if (stat.size > most) throw new Error(`it is larger than ${most / 1024} KiB`);
    const bytes = Buffer.alloc(most);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, most, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * What the environment overrides: `POOLPRINT_SECTION_KEY=VALUE`, or `POOLPRINT_SECTION_KEY_FILE=PATH` with the value in a
 * file, taken from `folder`. Empty variables count as not set. A variable that looks like one of these is a warning.
 */
export function environmentOverrides(
  env: Environment,
  folder: string,
  readFile: (path: string) => string = readSmallFile,
): Overrides {
  const result: Overrides = { overrides: [], warnings: [], faults: [] };
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith(PREFIX) || text === undefined || text.trim() === '' || OTHERS.has(name)) continue;
    const where = `environment ${visible(name)}`;
    const key = VARIABLES.get(name);
    if (key !== undefined) {
      result.overrides.push({ key, value: readValue(key, text.trim()), origin: where });
      continue;
    }
    const section = SWITCHES.get(name);
    if (section !== undefined) {
      if (text.trim() === OFF) result.overrides.push({ key: section, value: OFF, origin: where });
      else
        result.faults.push({
          where,
          message: `'${shortened(text)}' is not ${OFF}, all this variable may say: remove it`,
        });
      continue;
    }
    const base = name.slice(0, -FILE.length);
    const named = name.endsWith(FILE) ? VARIABLES.get(base) : undefined;
    if (named === undefined) {
      const warning = misspelt(name);
      if (warning !== null) result.warnings.push(`${where}: ${warning}`);
      continue;
    }
    if (env[base] !== undefined && env[base].trim() !== '') {
      result.faults.push({ where, message: `${base} is set too, and only one can hold: remove one of them` });
      continue;
    }
    try {
      const value = readValue(named, readFile(resolve(folder, text.trim())).trim());
      result.overrides.push({ key: named, value, origin: where });
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : (error as Error).message;
      const message = `${shortened(text)} cannot be read (${visible(reason)}): name a file that may be read`;
      result.faults.push({ where, message });
    }
  }
  return result;
}

/** What flags override: dotted keys and texts, as `--set http.port=9100`. */
export function flagOverrides(flags: readonly (readonly [key: string, text: string])[]): Overrides {
  const result: Overrides = { overrides: [], warnings: [], faults: [] };
  for (const [key, text] of flags) {
    const where = `--set ${shortened(key)}`;
    if (KEYS.has(key)) result.overrides.push({ key, value: readValue(key, text.trim()), origin: where });
    else if (SECTIONS[key]?.optional === true && text.trim() === OFF) {
      result.overrides.push({ key, value: OFF, origin: where });
    } else {
      const nearest = nearestName(key, [...KEYS.keys()]);
      const meant = nearest === null ? 'docs/daemon-config.md lists them' : `did you mean ${nearest}?`;
      result.faults.push({ where, message: `there is no such key to set; ${meant}` });
    }
  }
  return result;
}

const READ: Readonly<Record<Form, (text: string) => unknown>> = {
  text: (text) => text,
  // What is no number or flag stays text, which the schema then refuses by name.
  number: (text) => (/^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text),
  flag: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  list: (text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
};

function readValue(key: string, text: string): unknown {
  return READ[KEYS.get(key)?.form ?? 'text'](text);
}

/** A line about a variable that overrides nothing, or null where it has nothing to do with us. */
function misspelt(name: string): string | null {
  const rest = name.slice(PREFIX.length);
  if (/^(?:INPUTS?|POINTS?)_/.test(rest)) {
    return 'overrides nothing: inputs and points stand in the file alone';
  }
  const names = [...VARIABLES.keys(), ...SWITCHES.keys()].map((variable) => variable.slice(PREFIX.length));
  const stem = rest.endsWith(FILE) ? rest.slice(0, -FILE.length) : rest;
  const nearest = nearestName(rest, names) ?? nearestName(stem, names);
  const section = Object.keys(SECTIONS).some((one) => rest.startsWith(`${one.toUpperCase()}_`));
  if (nearest === null) return section ? 'overrides nothing: docs/daemon-config.md lists the variables' : null;
  return `overrides nothing: did you mean ${PREFIX}${nearest}?`;
}

/** Text of others in a message: visible, and not long. */
export function shortened(text: string): string {
  const shown = visible(text.slice(0, 100));
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}
