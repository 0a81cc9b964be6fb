/**
 * Makes a new dialect that works before anything is filled in: dialect, signatures, capture, golden case and their lines
 * in the tables. Usage: npm run new:dialect NAME. Exit codes: 0 made, 1 a step failed, 2 the name cannot be used.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { captureRow, dialectRow, type Names, newFiles } from './new-dialect-files.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const LINE_WIDTH = 120;
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_NAME = 32;

/** Words that may not stand as the name of a constant, and those the new file imports or declares. */
const TAKEN_WORDS: ReadonlySet<string> = new Set(
  `await break case catch class const continue debugger default delete do else enum export extends false finally for
  function if implements import in interface instanceof let new null package private protected public return static
  super switch this throw true try typeof var void while with yield arguments eval
  asNumber asRecord asText feedJson isAccepted isJob isShare line session single compact`.split(/\s+/),
);

/** A name that cannot be used; its message is one line. */
class NameError extends Error {}

function checkName(given: readonly string[]): Names {
  const [id] = given;
  if (given.length !== 1 || id === undefined) throw new NameError('usage: npm run new:dialect NAME');
  if (!NAME.test(id) || id.length > MAX_NAME) {
    const rule = `lower-case words of letters and digits joined by hyphens, a letter first, at most ${MAX_NAME} characters`;
    throw new NameError(`${JSON.stringify(id)} is no name for a dialect: ${rule}`);
  }
  const camel = id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return { id, variable: TAKEN_WORDS.has(camel) ? `${camel}Dialect` : camel };
}

/** A file whose text changes: the old text is read, and the new one made, before anything is written. */
interface Edit {
  readonly path: string;
  readonly text: string;
}

function edit(path: string, change: (text: string) => string): Edit {
  const before = readFileSync(join(ROOT, path), 'utf8');
  const text = change(before);
  if (text === before) throw new Error(`${path} has no place for a new line: it was changed by hand`);
  return { path, text };
}

/** Puts `added` before the first line of a run of lines that comes after it in order; `key` is null for other lines. */
function insertSorted(lines: readonly string[], added: string, key: (line: string) => string | null): string[] {
  const own = key(added) as string;
  let at = -1;
  for (const [index, line] of lines.entries()) {
    const other = key(line);
    if (other === null) continue;
    if (other > own) {
      at = index;
      break;
    }
    at = index + 1;
  }
  return at < 0 ? [...lines] : [...lines.slice(0, at), added, ...lines.slice(at)];
}

/** Adds an import of a neighbouring file, in the order of paths. */
function addImport(text: string, name: string, path: string): string {
  const key = (line: string): string | null => /^import .* from '(\.\/[^']+)\.ts';$/.exec(line)?.[1] ?? null;
  return insertSorted(text.split('\n'), `import { ${name} } from '${path}.ts';`, key).join('\n');
}

/** Adds a name to the array that `head` opens, kept in the order of `sort`, formatted as the formatter would. */
function addToArray(text: string, head: string, name: string, sort: (name: string) => string): string {
  const start = text.indexOf(head);
  const end = text.indexOf('];', start);
  if (start < 0 || end < 0) return text;
  const inside = text.slice(start + head.length, end);
  const names = inside.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
  const all = insertSorted(names, name, sort);
  const list = names.length === 0 ? [name] : all;
  const flat = `${head}${list.join(', ')}];`;
  const block = flat.length <= LINE_WIDTH ? flat : `${head}\n${list.map((item) => `  ${item},\n`).join('')}];`;
  return text.slice(0, start) + block + text.slice(end + 2);
}

/** Adds a row to the first table below `heading`; in the order of its first cells where `sorted`, else at its end. */
function addRow(text: string, heading: string, row: string, sorted: boolean): string {
  const lines = text.split('\n');
  const top = lines.indexOf(heading);
  if (top < 0) return text;
  const first = lines.findIndex((line, n) => n > top && /^\| ?-/.test(line)) + 1;
  let end = first;
  while (lines[end]?.startsWith('|')) end++;
  if (first === 0 || end === first) return text;
  const rows = lines.slice(first, end);
  const cell = (line: string): string => (line.split('|')[1] ?? '').replaceAll('`', '').trim();
  const all = sorted ? insertSorted(rows, row, cell) : [...rows, row];
  const table = [...lines.slice(first - 2, first), ...all];
  return [...lines.slice(0, first - 2), ...align(table), ...lines.slice(end)].join('\n');
}

/** Makes the columns of a table equally wide, as the formatter does, where they were. */
function align(table: readonly string[]): readonly string[] {
  const rule = table[1] ?? '';
  if (!rule.includes('----')) return table;
  const rows = table.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
  const widths = (rows[0] ?? []).map((_, n) =>
    Math.max(3, ...rows.map((row, r) => (r === 1 ? 3 : (row[n] ?? '').length))),
  );
  return rows.map(
    (row, r) =>
      `| ${row.map((cell, n) => (r === 1 ? '-' : cell).padEnd(widths[n] ?? 0, r === 1 ? '-' : ' ')).join(' | ')} |`,
  );
}

function edits(names: Names): Edit[] {
  const { id, variable } = names;
  return [
    edit('src/dialect/index.ts', (text) => {
      const order = new Map(
        [...text.matchAll(/^import \{ (\w+) \} from '\.\/([^']+)\.ts';$/gm)].map(([, name, path]) => [name, path]),
      );
      order.set(variable, id);
      const listed = addToArray(text, 'DIALECTS: readonly Dialect[] = [', variable, (name) => order.get(name) ?? name);
      return listed === text ? text : addImport(listed, variable, `./${id}`);
    }),
    edit('tests/generate/catalogue/index.ts', (text) => {
      const listed = addToArray(
        text,
        'const OWN: readonly (() => Capture)[] = [',
        `${variable}Capture`,
        (name) => name,
      );
      return listed === text ? text : addImport(listed, `${variable}Capture`, `./${id}`);
    }),
    edit('captures/README.md', (text) => addRow(text, '## One for each dialect', captureRow(names), false)),
    edit('docs/dialects.md', (text) => addRow(text, '## All dialects', dialectRow(names), true)),
  ];
}

/** Runs another program of the checkout to its end. */
function run(script: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, script), ...words], {
    encoding: 'utf8',
    cwd: ROOT,
  });
  if (status !== 0) throw new Error(`node ${script} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}

function make(names: Names): void {
  const { id } = names;
  const files = newFiles(names);
  const results = [`captures/${id}.pcap`, `tests/golden/${id}/expected.ndjson`];
  const made = [...files.keys(), ...results];
  for (const path of made) {
    if (existsSync(join(ROOT, path))) throw new NameError(`${id} is taken: ${path} is there already`);
  }
  const changed = edits(names);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text, { flag: 'wx' });
  }
  for (const { path, text } of changed) writeFileSync(join(ROOT, path), text);
  run('tests/generate/main.ts');
  run('tests/golden/update.ts', id);
  process.stdout.write(`${[
    `Made the dialect ${id}:`,
    ...made.map((path) => `  ${path}`),
    'with a line each in:',
    ...[...changed.map(({ path }) => path), 'captures/expected.json'].map((path) => `  ${path}`),
  ].join('\n')}
Next:
  1. npm test: everything passes as it stands.
  2. Write the messages of the protocol into tests/generate/catalogue/${id}.ts, then npm run captures.
  3. Teach them to src/dialect/${id}.ts and signatures/${id}.yaml; name sources and look-alikes in both.
  4. node tests/golden/update.ts ${id} writes what is found now into the golden case: read it before you keep it.
  5. Correct the rows in captures/README.md and docs/dialects.md.
docs/adding-a-dialect.md goes through it step by step.
`);
}

try {
  make(checkName(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`new:dialect: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof NameError ? 2 : 1;
}
