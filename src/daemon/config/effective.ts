/** The configuration as it holds, written like a file, with the origin of every value. */
import { load } from 'js-yaml';
import { safeJson } from '../../cli/context.ts';
import type { YamlPath } from '../../signature/yaml.ts';
import { INPUTS, POINT, SECTIONS, TOP } from './keys.ts';
import type { LeafTable } from './leaf.ts';
import { camelName, type LoadedConfig } from './load.ts';

/** One value as a file would hold it, and where it came from. */
export interface EffectiveRow {
  readonly path: YamlPath;
  readonly value: unknown;
  readonly origin: string;
}

/** Rows in the order of the page: the top, points, inputs, sections. A section that is off is one row. */
export function effectiveRows({ config, originOf, pointAt }: LoadedConfig): readonly EffectiveRow[] {
  const rows: EffectiveRow[] = [];
  const add = (path: YamlPath, value: unknown, from: YamlPath | null = path): void => {
    rows.push({ path, value, origin: from === null ? 'default' : originOf(from) });
  };
  const addLeaves = (leaves: LeafTable, values: object, path: YamlPath, from: YamlPath | null = path): void => {
    for (const [key, leaf] of Object.entries(leaves)) {
      const value = (values as Readonly<Record<string, unknown>>)[camelName(key)];
      add([...path, key], leaf.write(value), from === null ? null : [...from, key]);
    }
  };
  addLeaves(TOP, config, []);
  for (const [index, point] of config.points.entries()) {
    // Points that nobody uses are gone, and inputs made others: places in the file may differ.
    const at = pointAt.get(point.name);
    addLeaves(POINT, point, ['points', index], at === undefined ? null : ['points', at]);
  }
  for (const [index, input] of config.inputs.entries()) {
    const path = ['inputs', index];
    add([...path, 'kind'], input.kind);
    addLeaves(INPUTS[input.kind], input, path);
  }
  for (const [name, { keys }] of Object.entries(SECTIONS)) {
    const section = config[name as keyof typeof config];
    if (section === null) add([name], 'off');
    else addLeaves(keys, section as object, [name]);
  }
  return rows;
}

/** Widest value beside which origins still stand in one column. */
const MAX_COLUMN = 40;

/** The rows as a YAML file that means the same, with each origin as a comment. */
export function effectiveYaml(rows: readonly EffectiveRow[]): readonly string[] {
  const lines: { readonly text: string; readonly origin: string | null }[] = [];
  let open: string | null = null;
  let item: unknown = null;
  for (const { path, value, origin } of rows) {
    const [first = '', second, third] = path;
    if (path.length > 1 && open !== first) lines.push({ text: `${first}:`, origin: null });
    if (path.length > 1 && open !== first) item = null;
    open = path.length > 1 ? String(first) : null;
    const begins = path.length === 3 && item !== second;
    item = path.length === 3 ? second : null;
    const indent = path.length === 1 ? '' : path.length === 2 ? '  ' : begins ? '  - ' : '    ';
    const key = third ?? second ?? first;
    lines.push({ text: `${indent}${key}: ${yamlText(value)}`, origin });
  }
  const width = Math.min(MAX_COLUMN, Math.max(0, ...lines.map(({ text }) => text.length)));
  return lines.map(({ text, origin }) => (origin === null ? text : `${text.padEnd(width)}  # ${origin}`));
}

const PLAIN = /^[\w./][\w./:@%+*-]*$/;

function yamlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlText).join(', ')}]`;
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !value.endsWith(':') && readsBack(value) ? value : safeJson(JSON.stringify(value));
}

/** `1e3` and `true` would come back as something else. */
function readsBack(text: string): boolean {
  try {
    return load(text) === text;
  } catch {
    return false;
  }
}
