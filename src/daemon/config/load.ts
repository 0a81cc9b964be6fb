/** Reads the configuration: file, environment and flags, checked as a whole. */
import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { visible } from '../../cli/text.ts';
import { nearestName } from '../../signature/search.ts';
import { readYaml, type YamlPath } from '../../signature/yaml.ts';
import { ConfigError, type ConfigFault } from './config-error.ts';
import { checkTogether } from './cross.ts';
import { Draft, isTree, pathText } from './draft.ts';
import { INPUTS, POINT, SECTIONS, TOP } from './keys.ts';
import type { LeafTable } from './leaf.ts';
import { type Environment, environmentOverrides, flagOverrides, readSmallFile, shortened } from './overrides.ts';
import { configSchema, INPUT_KINDS, LISTS } from './schema.ts';
import type { DaemonConfig, InputConfig, PointConfig } from './types.ts';

/** Characters of a configuration; people write a hundredth of that. */
export const MAX_TEXT: number = 256 * 1024;

/** Faults whose place is looked up; finding one means reading the file up to it. */
const MAX_PLACED = 200;

export { ConfigError } from './config-error.ts';

export interface ConfigOptions {
  /** Dotted keys with their texts, above everything else: `['http.port', '9100']`. */
  readonly flags?: readonly (readonly [key: string, text: string])[];
  /** Reads the file that a `_FILE` variable names; throws what the file system says. */
  readonly readFile?: (path: string) => string;
}

export interface LoadedConfig {
  readonly config: DaemonConfig;
  readonly file: string;
  /** One line each about what has no effect or is probably not meant. */
  readonly warnings: readonly string[];
  /** Where the entry of each point that the file lists stands in `points`. */
  readonly pointAt: ReadonlyMap<string, number>;
  /** Where the value at a path of the file's own keys came from: `default`, `FILE:LINE`, `environment NAME`, `--set KEY`. */
  originOf(path: YamlPath): string;
}

type Report = (path: YamlPath, message: string, key?: boolean) => void;

/**
 * The configuration in `text`, read from `file` (for messages and relative paths), with what the environment overrides.
 * Throws a ConfigError with a line for every fault, and nothing else.
 */
export function loadConfig(text: string, file: string, env: Environment): DaemonConfig {
  return readConfig(text, file, env).config;
}

/** `loadConfig` with flags, and with the origin of every value. Throws a ConfigError, and nothing else. */
export function readConfig(text: string, file: string, env: Environment, options: ConfigOptions = {}): LoadedConfig {
  const shownFile = visible(file);
  const folder = dirname(resolve(file));
  const draft = parse(text, shownFile);
  const fromEnvironment = environmentOverrides(env, folder, options.readFile ?? readSmallFile);
  const fromFlags = flagOverrides(options.flags ?? []);
  draft.apply([...fromEnvironment.overrides, ...fromFlags.overrides]);
  draft.complete(env);
  const faults: ConfigFault[] = [...fromEnvironment.faults, ...fromFlags.faults];
  const warnings = [...fromEnvironment.warnings];
  const seen = new Set<string>();
  let beyond = 0;
  const report: Report = (path, message, key = false) => {
    if (seen.has(`${pathText(path)} ${message}`) || draft.isAdded(path)) return;
    seen.add(`${pathText(path)} ${message}`);
    if (faults.length >= MAX_PLACED) beyond++;
    else faults.push({ where: draft.whereOf(path, key), message });
  };
  reportUnknown(draft.tree, report);
  const parsed = v.safeParse(configSchema, draft.tree);
  if (!parsed.success) {
    for (const issue of parsed.issues) reportIssue(issue, report);
    throw new ConfigError(inOrder(faults), beyond);
  }
  const config = build(parsed.output, folder);
  checkTogether(config, draft.tree, report, (path, message) => warnings.push(`${draft.whereOf(path)}: ${message}`));
  if (faults.length > 0) throw new ConfigError(inOrder(faults), beyond);
  for (const name of draft.empty) {
    if (SECTIONS[name]?.off !== true || draft.tree[name] !== undefined) continue;
    const meant = `${name} has no keys and is off: write "${name}: off" where that is meant, or "${name}: {}" with its defaults`;
    warnings.push(`${draft.whereOf([name], true)}: ${meant}`);
  }
  const points = (draft.tree['points'] ?? []) as readonly { readonly name: string }[];
  const pointAt = new Map(points.map(({ name }, index) => [name, index]));
  return { config, file, warnings, pointAt, originOf: (path) => draft.originOf(path) };
}

/** What stands outside of the file first, the rest from top to bottom. */
function inOrder(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  const placed = faults.map((fault) => {
    const [, line = '0', column = '0'] = /:(\d+):(\d+)$/.exec(fault.where) ?? [];
    return { fault, line: Number(line), column: Number(column) };
  });
  return placed.sort((a, b) => a.line - b.line || a.column - b.column).map(({ fault }) => fault);
}

/** The file as a draft. An empty file is an empty mapping: the environment may say the rest. */
function parse(text: string, file: string): Draft {
  const fail = (message: string): never => {
    throw new ConfigError([{ where: file, message }]);
  };
  if (text.length > MAX_TEXT)
    fail(`is larger than ${MAX_TEXT / 1024} KiB, more than a configuration may be: shorten it`);
  const empty = text.split('\n').every((line) => /^\s*(?:#.*)?$/.test(line));
  if (empty) return new Draft(file, {}, null);
  const source = readYaml(text, file, 'a configuration');
  if (!('place' in source)) {
    const where = source.line > 0 ? `${file}:${source.line}:${source.column}` : file;
    throw new ConfigError([{ where, message: visible(source.message) }]);
  }
  if (!isTree(source.value)) {
    const { line, column } = source.place([]);
    const message = 'a configuration is a mapping of keys to values: begin with "sensor: NAME"';
    throw new ConfigError([{ where: `${file}:${line}:${column}`, message }]);
  }
  return new Draft(file, source.value, source);
}

/** Keys that there are below a path; null where none are, and where anything may stand. */
function keysAt(path: YamlPath, value: Readonly<Record<string, unknown>>): readonly string[] | null {
  const [first, second] = path;
  if (first === undefined) return [...Object.keys(TOP), ...Object.keys(SECTIONS), ...Object.keys(LISTS)];
  if (first === 'points' && path.length === 2) return Object.keys(POINT);
  if (first === 'inputs' && path.length === 2) {
    const { kind } = value;
    const leaves = typeof kind === 'string' && Object.hasOwn(INPUTS, kind) ? INPUTS[kind as InputConfig['kind']] : null;
    return leaves === null ? null : ['kind', ...Object.keys(leaves)];
  }
  const section = typeof first === 'string' && second === undefined && Object.hasOwn(SECTIONS, first);
  return section ? Object.keys(SECTIONS[first]?.keys ?? {}) : null;
}

/** Keys that nobody knows; own code, because a strict schema reports only the first of a mapping. */
function reportUnknown(tree: unknown, report: Report, path: YamlPath = []): void {
  if (Array.isArray(tree) && path.length === 1) {
    for (const [index, item] of tree.entries()) reportUnknown(item, report, [...path, index]);
  }
  if (!isTree(tree)) return;
  const known = keysAt(path, tree);
  for (const [key, value] of Object.entries(tree)) {
    if (known?.includes(key) === false) {
      const nearest = nearestName(key, known);
      const meant = nearest === null ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`;
      const where = path.length === 0 ? '' : ` in ${pathText(path)}`;
      report([...path, key], `there is no key '${shortened(key)}'${where}; ${meant}`, true);
    } else if (path.length < 1) reportUnknown(value, report, [...path, key]);
  }
}

function reportIssue(issue: v.BaseIssue<unknown>, report: Report): void {
  const path = (issue.path ?? []).map((step) => step.key as string | number);
  const last = issue.path?.at(-1);
  const strict = issue.type === 'strict_object';
  if (strict && issue.expected === 'never') return;
  if (strict && last?.origin === 'key') {
    const holder = path.slice(0, -1);
    const key = String(path.at(-1));
    const where = holder.length === 0 ? 'the configuration' : pathText(holder);
    report(holder, `${where} has no ${key} (${meaningOf(path, last.input)}): add it`);
    return;
  }
  const name = path.length === 0 ? 'the configuration' : pathText(path);
  const kind = path.length === 3 && path[0] === 'inputs' && path[2] === 'kind';
  if (kind && issue.input === undefined) {
    report(path.slice(0, -1), `${pathText(path.slice(0, -1))} has no kind: add one of ${INPUT_KINDS.join(', ')}`);
    return;
  }
  // A variant says of what is no mapping that it has no kind.
  const message = issue.type === 'variant' && !kind ? 'a mapping: begin each input with "- name:"' : issue.message;
  report(path, `${name}: ${shown(issue.input)} is not ${message}`);
}

function meaningOf(path: YamlPath, holder: unknown): string {
  const [first, second] = path;
  const key = String(path.at(-1));
  let leaves: LeafTable = TOP;
  if (first === 'points' && path.length === 3) leaves = POINT;
  else if (first === 'inputs' && path.length === 3) {
    leaves = INPUTS[(holder as Readonly<Record<string, unknown>>)['kind'] as InputConfig['kind']];
  } else if (second !== undefined) leaves = SECTIONS[String(first)]?.keys ?? {};
  return leaves[key]?.meaning ?? LISTS[key] ?? key;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isTree(value)) return 'a mapping';
  if (typeof value === 'string') return `'${shortened(value)}'`;
  return value === null || value === undefined ? 'nothing' : shortened(String(value));
}

/** Values with the contract's names; the types of the tables promise that they fit. */
function build(values: Readonly<Record<string, unknown>>, folder: string): DaemonConfig {
  const sections = Object.entries(SECTIONS).map(([name, { keys }]) => {
    const section = values[name];
    return [name, isTree(section) ? camel(section, keys, folder) : null];
  });
  const inputs = (values['inputs'] as readonly Record<string, unknown>[]).map((input) => {
    const kind = input['kind'] as InputConfig['kind'];
    return { kind, ...camel(input, INPUTS[kind], folder) } as unknown as InputConfig;
  });
  const listed = (values['points'] as readonly Record<string, unknown>[]).map(
    (point) => camel(point, POINT, folder) as unknown as PointConfig,
  );
  const known = new Set(listed.map(({ name }) => name));
  const used = new Set(inputs.map(({ point }) => point));
  const made = [...used].filter((name) => !known.has(name)).map(plainPoint);
  return {
    ...camel(values, TOP, folder),
    ...Object.fromEntries(sections),
    // A point without an input needs no tables.
    points: [...listed.filter(({ name }) => used.has(name)), ...made],
    inputs,
  } as unknown as DaemonConfig;
}

/** A point that an input names and that needs nothing but its name. */
function plainPoint(name: string): PointConfig {
  return { name, nat: 'none', realm: null, clockError: 0, home: [] };
}

export function camelName(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function camel(values: Readonly<Record<string, unknown>>, leaves: LeafTable, folder: string): Record<string, unknown> {
  const absolute = (path: unknown): unknown =>
    typeof path === 'string' && path !== '-' ? resolve(folder, path) : path;
  return Object.fromEntries(
    Object.entries(leaves).map(([key, leaf]) => {
      const value = values[key];
      if (!leaf.path) return [camelName(key), value];
      return [camelName(key), Array.isArray(value) ? value.map(absolute) : absolute(value)];
    }),
  );
}
