/**
 * docs/config.schema.json and the tables of docs/daemon-config.md from the keys that the loader itself uses;
 * `node tests/pages/config-schema.ts` writes both.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { INPUTS, POINT, SECTIONS, TOP } from '../../src/daemon/config/keys.ts';
import type { Leaf, LeafTable } from '../../src/daemon/config/leaf.ts';
import { KEYS, variableOf } from '../../src/daemon/config/overrides.ts';
import { configSchema, LISTS } from '../../src/daemon/config/schema.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
export const SCHEMA_FILE: string = join(DOCS, 'config.schema.json');
export const CONFIG_PAGE: string = join(DOCS, 'daemon-config.md');

interface Node {
  description?: string;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
  oneOf?: Node[];
  const?: unknown;
  type?: string;
}

/** Adds what each key means and what it is by itself; what the loader finds out need not be written. */
function describe(node: Node, leaves: LeafTable): void {
  const { properties = {} } = node;
  for (const [key, leaf] of Object.entries(leaves)) {
    const property = properties[key] as Node;
    property.description = `${leaf.meaning} (${leaf.words})`;
    if (leaf.fallback !== undefined) property.default = leaf.fallback;
  }
  node.required = (node.required ?? []).filter((key) => leaves[key]?.given == null);
}

/** The published schema of a configuration file. */
export function publishedSchema(): Record<string, unknown> {
  const schema = toJsonSchema(configSchema, { typeMode: 'input', errorMode: 'ignore' }) as Node;
  describe(schema, TOP);
  const properties = schema.properties as Record<string, Node>;
  for (const [name, section] of Object.entries(SECTIONS)) {
    const node = properties[name] as Node;
    const own = node.anyOf?.[0] ?? node;
    describe(own, section.keys);
    node.description = section.meaning;
    delete node.default;
    if (section.optional) node.anyOf?.push({ const: 'off' });
  }
  for (const [name, meaning] of Object.entries(LISTS)) (properties[name] as Node).description = meaning;
  describe(properties['points']?.items as Node, POINT);
  for (const node of properties['inputs']?.items?.oneOf ?? []) {
    const kind = node.properties?.['kind']?.const as keyof typeof INPUTS;
    describe(node, { kind: {} as Leaf, ...INPUTS[kind] });
    (node.properties?.['kind'] as Node).description = 'kind of input';
  }
  return { title: 'Configuration of poolprint run', ...(schema as Record<string, unknown>) };
}

export function schemaText(): string {
  return `${JSON.stringify(publishedSchema(), null, 2)}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function byItself({ fallback, given }: Leaf): string {
  if (given !== null) return given;
  if (fallback === undefined) return '**needed**';
  if (fallback === null) return 'none';
  return Array.isArray(fallback) ? `\`[${fallback.join(', ')}]\`` : `\`${fallback}\``;
}

function table(leaves: LeafTable, prefix: string | null): string {
  const rows = Object.entries(leaves).map(([key, leaf]) => {
    const variable = prefix === null || !KEYS.has(prefix + key) ? [] : [`\`${variableOf(prefix + key)}\``];
    const change = prefix === null ? [] : [leaf.change === 'live' ? 'reload' : 'restart'];
    return [`\`${key}\``, cell(leaf.meaning), cell(leaf.words), byItself(leaf), ...change, ...variable];
  });
  const head = [
    'key',
    'means',
    'value',
    'by itself',
    ...(prefix === null ? [] : ['new value holds after', 'variable']),
  ];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The tables of the page, below their headings. */
export function keyTables(): string {
  const sections = Object.entries(SECTIONS).map(
    ([name, { meaning, keys, optional, off }]) =>
      `### \`${name}\`\n\n${meaning}.${optional ? ` \`${name}: off\` switches it off${off ? ', and so does leaving it out' : ''}.` : ''}\n\n${table(keys, `${name}.`)}`,
  );
  const inputs = Object.entries(INPUTS).map(([kind, leaves]) => `### \`kind: ${kind}\`\n\n${table(leaves, null)}`);
  return [
    `### At the top\n\n${table(TOP, '')}`,
    ...sections,
    `### \`points\`\n\n${LISTS['points']}.\n\n${table(POINT, null)}`,
    ...inputs,
  ].join('\n\n');
}

const BEGIN = '<!-- keys: node tests/pages/config-schema.ts -->';
const END = '<!-- end of keys -->';

/** The page with its tables made anew. */
export function configPage(text: string): string {
  const [before, rest = ''] = text.split(BEGIN);
  const [, after] = rest.split(END);
  if (after === undefined) throw new Error('docs/daemon-config.md has lost the marks of its tables');
  return `${before}${BEGIN}\n\n${keyTables()}\n\n${END}${after}`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(SCHEMA_FILE, schemaText());
  writeFileSync(CONFIG_PAGE, configPage(readFileSync(CONFIG_PAGE, 'utf8')));
}
