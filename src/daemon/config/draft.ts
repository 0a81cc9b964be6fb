/** A configuration on its way: what the file says, what overrides it, what the loader adds, and where each value came from. */
import { join } from 'node:path';
import type { YamlPath, YamlSource } from '../../signature/yaml.ts';
import { SECTIONS } from './keys.ts';
import type { Environment, Override } from './overrides.ts';

export const DEFAULT_STATE = '/var/lib/poolprint';
const DEFAULT_LEDGER = 'poolprint.ledger';

export type Tree = Record<string, unknown>;
export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `inputs[0].port`. */
export function pathText(path: YamlPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

export class Draft {
  /** What is to be checked. */
  readonly tree: Tree;
  /** Keys at the top that are written without a value. */
  readonly empty: readonly string[];
  readonly #file: string;
  readonly #source: YamlSource | null;
  readonly #written: Tree;
  /** Origins of values that the file does not hold, by path as text. */
  readonly #overridden = new Map<string, string>();
  readonly #added = new Map<string, string>();

  /** `value` is a mapping; `source` knows its places, or is null for an empty file. */
  constructor(file: string, value: Tree, source: YamlSource | null) {
    this.#file = file;
    this.#source = source;
    this.empty = Object.keys(value).filter((key) => value[key] === null);
    this.#written = pruned(value) as Tree;
    this.tree = pruned(value) as Tree;
  }

  /** Lays overrides over the file; later ones win. */
  apply(overrides: readonly Override[]): void {
    for (const { key, value, origin } of overrides) {
      const [first = '', second] = key.split('.');
      if (second === undefined) {
        this.tree[first] = value;
      } else {
        const present = this.tree[first];
        // What is neither keys nor `off` is a fault of its own; nothing can be laid over it.
        if (present !== undefined && present !== 'off' && !isTree(present)) continue;
        const section = isTree(present) ? present : {};
        section[second] = value;
        this.tree[first] = section;
      }
      this.#overridden.set(key, origin);
    }
  }

  /** Adds what is found out where nothing is written: folders of systemd, the ledger's place, points. */
  complete(env: Environment): void {
    const { tree } = this;
    for (const [name, { optional }] of Object.entries(SECTIONS))
      if (optional && tree[name] === 'off') tree[name] = null;
    const state = firstFolder(env['STATE_DIRECTORY']);
    this.#add(
      tree,
      'state_directory',
      [],
      state ?? DEFAULT_STATE,
      state === null ? 'default' : 'environment STATE_DIRECTORY',
    );
    const ledger = tree['ledger'];
    const folder = tree['state_directory'];
    if (isTree(ledger)) {
      const path = typeof folder === 'string' ? join(folder, DEFAULT_LEDGER) : '';
      this.#add(ledger, 'path', ['ledger'], path, 'default');
    }
    const inputs = tree['inputs'];
    if (!Array.isArray(inputs)) return;
    const runtime = firstFolder(env['RUNTIME_DIRECTORY']);
    for (const [index, input] of inputs.entries()) {
      if (!isTree(input)) continue;
      // Where the name is missing, that alone is the fault.
      const name = typeof input['name'] === 'string' ? input['name'] : '';
      this.#add(input, 'point', ['inputs', index], name, 'default');
      if (input['kind'] !== 'pipe' || runtime === null) continue;
      this.#add(
        input,
        'path',
        ['inputs', index],
        join(runtime, `capture-${name}.pcap`),
        'environment RUNTIME_DIRECTORY',
      );
    }
  }

  #add(holder: Tree, key: string, path: YamlPath, value: string, origin: string): void {
    if (Object.hasOwn(holder, key)) return;
    holder[key] = value;
    this.#added.set(pathText([...path, key]), origin);
  }

  /** Whether the value was put in by the loader: what is wrong with it is wrong elsewhere. */
  isAdded(path: YamlPath): boolean {
    return this.#added.has(pathText(path));
  }

  /** `default`, `FILE:LINE`, `environment NAME` or `--set KEY`. */
  originOf(path: YamlPath): string {
    const known = this.#overridden.get(pathText(path)) ?? this.#added.get(pathText(path));
    if (known !== undefined) return known;
    if (!this.#isWritten(path)) {
      // A whole section may have been switched off from outside.
      return this.#overridden.get(pathText(path.slice(0, 1))) ?? 'default';
    }
    return `${this.#file}:${this.#place(path, true).line}`;
  }

  /** Where a fault of this value, or of its key, is to be mended. */
  whereOf(path: YamlPath, key = false): string {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#overridden.get(pathText(path.slice(0, length)));
      if (origin !== undefined) return origin;
    }
    const { line, column } = this.#place(path, key);
    return `${this.#file}:${line}:${column}`;
  }

  #place(path: YamlPath, key: boolean): { readonly line: number; readonly column: number } {
    return this.#source?.place(path, key) ?? { line: 1, column: 1 };
  }

  #isWritten(path: YamlPath): boolean {
    let value: unknown = this.#written;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
      value = (value as Readonly<Record<string | number, unknown>>)[step];
    }
    return true;
  }
}

/** A copy in which keys without a value are not there: they count as not written. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (!isTree(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, pruned(inner)]));
}

/** systemd gives several folders joined by colons; the first is ours. */
function firstFolder(text: string | undefined): string | null {
  const [first = ''] = (text ?? '').split(':');
  return first.startsWith('/') ? first : null;
}
