/** Who may import whom, and who may touch the outside world: the table of the design, checked on every source file. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

interface Import {
  /** Path under src/ for our own files, the name as written for others. */
  readonly target: string;
  readonly own: boolean;
  readonly typesOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s+'([^']+)'|^import\s+'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

/** Imports and re-exports of a file; what is imported as a type leaves no trace in the program. */
function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (target: string, typesOnly: boolean): void => {
    const own = target.startsWith('.');
    found.push({ target: own ? normalize(join(dirname(file), target)) : target, own, typesOnly });
  };
  for (const [, type, names = '', from, bare] of text.matchAll(STATEMENT)) {
    const list = /^\{(.*)\}$/s.exec(names.trim())?.[1];
    const inline = list?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
    add(from ?? (bare as string), type !== undefined || (from !== undefined && inline));
  }
  for (const [, target] of text.matchAll(DYNAMIC)) add(target as string, false);
  return found;
}

const FILES = new Map(
  readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => [normalize(name), readFileSync(join(SOURCE, name), 'utf8')]),
);
const IMPORTS = new Map([...FILES].map(([file, text]) => [file, importsOf(file, text)]));
const folderOf = (file: string): string => file.split(/[\\/]/)[0] as string;

/**
 * Besides src/common: folders whose values a folder may import, and folders of which it may import types alone. `engine`
 * composes the stages up to `estimate`; `cli` and `daemon` may know everything and nobody imports them.
 */
const STAGES = ['capture', 'decode', 'flow', 'flowrecord', 'protocol', 'signature', 'dialect', 'estimate', 'detect'];
const RULES: Readonly<Record<string, { readonly values: readonly string[]; readonly types?: readonly string[] }>> = {
  common: { values: [] },
  capture: { values: [] },
  decode: { values: [], types: ['capture'] },
  flow: { values: ['decode'] },
  flowrecord: { values: ['decode'] },
  protocol: { values: [], types: ['flow'] },
  signature: { values: [], types: ['protocol'] },
  dialect: { values: ['protocol'] },
  estimate: { values: [], types: ['dialect'] },
  detect: { values: ['estimate'], types: ['signature', 'dialect'] },
  engine: { values: STAGES },
  // Codes of enterprises and regions, names and addresses: pure, used by everything behind the detections.
  identifier: { values: [] },
  attribution: { values: ['identifier'], types: ['detect'] },
  ledger: { values: ['identifier'], types: ['detect', 'estimate', 'attribution'] },
  // Evidence is written as a capture.
  publish: { values: ['capture', 'identifier'], types: ['detect', 'engine', 'estimate', 'attribution', 'ledger'] },
  // Metrics show what a running daemon says of itself.
  metrics: { values: [], types: [...STAGES, 'engine', 'ledger', 'publish', 'daemon'] },
};
/** Functions narrow enough to cross a border at which otherwise only types do. */
const NARROW: readonly (readonly [file: string, target: string])[] = [
  ['detect/build.ts', 'dialect/agent.ts'], // the class of hardware behind a user agent
  ['signature/schema.ts', 'protocol/message.ts'], // the sources of names, as one list
  ['signature/match.ts', 'protocol/message.ts'], // how many bytes of a first payload there are
  ['signature/self-test.ts', 'protocol/'], // a signature's own tests run through the real parsers
];
const EVERYTHING = ['cli', 'daemon', 'console'];

function isNarrow(file: string, target: string): boolean {
  return NARROW.some(([from, to]) => file === from && (to.endsWith('/') ? target.startsWith(to) : target === to));
}

describe('imports', () => {
  test('are found, of every kind', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { T } from './b.ts';",
      "import { type T, type U } from './c.ts';",
      "import { type T, u } from './d.ts';",
      "import {\n  v,\n  type W,\n} from '../other/e.ts';",
      "export { x } from './f.ts';",
      "export type { X } from './g.ts';",
      "import './h.ts';",
      "import fs, { type Stats } from 'node:fs';",
      "const later = await import('./i.ts');",
      "// import { no } from './no.ts';",
    ].join('\n');
    expect(importsOf('here/file.ts', text).map((i) => `${i.target}${i.typesOnly ? ' (types)' : ''}`)).toEqual([
      ...['here/a.ts', 'here/b.ts (types)', 'here/c.ts (types)', 'here/d.ts', 'other/e.ts', 'here/f.ts'],
      ...['here/g.ts (types)', 'here/h.ts', 'node:fs', 'here/i.ts'],
    ]);
    expect(FILES.size).toBeGreaterThan(100);
    expect([...IMPORTS.values()].flat().length).toBeGreaterThan(300);
  });

  test('every folder has its rule', () => {
    const folders = new Set([...FILES.keys()].map(folderOf));
    expect([...folders].filter((folder) => !(folder in RULES) && !EVERYTHING.includes(folder))).toEqual([]);
  });

  test('follow the table', () => {
    const wrong: string[] = [];
    for (const [file, imports] of IMPORTS) {
      const folder = folderOf(file);
      const rule = RULES[folder];
      for (const { target, own, typesOnly } of imports) {
        if (!own) continue;
        expect.soft(FILES.has(target), `${file} imports ${target}, which is no file`).toBe(true);
        const other = folderOf(target);
        if (other === folder || other === 'common' || rule === undefined) continue;
        const allowed = rule.values.includes(other) || (typesOnly && rule.types?.includes(other) === true);
        if (!allowed && !isNarrow(file, target)) wrong.push(`${file} → ${target}${typesOnly ? ' (types)' : ''}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('no exception outlives its use', () => {
    const unused = NARROW.filter(
      ([file, to]) =>
        !IMPORTS.get(normalize(file))?.some(({ target, typesOnly }) => !typesOnly && target.startsWith(to)),
    );
    expect(unused).toEqual([]);
  });

  test('name the file with its ending', () => {
    const wrong = [...IMPORTS].flatMap(([file, imports]) =>
      imports.filter(({ own, target }) => own && !target.endsWith('.ts')).map(({ target }) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('run in no circle', () => {
    const state = new Map<string, 'open' | 'done'>();
    const path: string[] = [];
    const circles: string[] = [];
    const visit = (file: string): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      path.push(file);
      // Types are gone before anything runs.
      for (const { target, own, typesOnly } of IMPORTS.get(file) ?? []) if (own && !typesOnly) visit(target);
      path.pop();
      state.set(file, 'done');
    };
    for (const file of FILES.keys()) visit(file);
    expect(circles).toEqual([]);
  });
});

describe('the outside world', () => {
  /** Stages that are functions of bytes and parameters, and the modules of Node they may use all the same. */
  const PURE: Readonly<Record<string, readonly string[]>> = {
    common: [],
    decode: [],
    flow: [],
    protocol: [],
    dialect: [],
    detect: ['node:crypto'],
    estimate: [],
    identifier: ['node:crypto'],
    metrics: [],
  };
  const INFLATES = ['protocol/http-body.ts', 'protocol/websocket.ts'];
  /** QUIC hides its first packets under keys that everybody can derive. */
  const DECIPHERS = ['protocol/quic-keys.ts'];
  /** A pure stage reads no clock, no environment and no dice. */
  const IMPURE = /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|setTimeout|setInterval|fetch\()/;

  test('is out of reach of the stages that are pure', () => {
    const wrong: string[] = [];
    for (const [file, imports] of IMPORTS) {
      const allowed = PURE[folderOf(file)];
      if (allowed === undefined) continue;
      for (const { target, typesOnly } of imports) {
        if (!target.startsWith('node:') || typesOnly || allowed.includes(target)) continue;
        if (target === 'node:crypto' && DECIPHERS.includes(file)) continue;
        if (!(target === 'node:zlib' && INFLATES.includes(file))) wrong.push(`${file} → ${target}`);
      }
      const code = (FILES.get(file) as string).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      const found = IMPURE.exec(code);
      if (found) wrong.push(`${file}: ${found[0]}`);
    }
    expect(wrong).toEqual([]);
  });

  test('is read by the signature stage where it loads, and not where it matches', () => {
    const loading = [
      'directory.ts',
      'load.ts',
      'precompile.ts',
      'precompiled.ts',
      'endpoints.ts',
      'endpoint-precompile.ts',
      'endpoint-precompiled.ts',
    ].map((name) => `signature/${name}`);
    const readers = [...IMPORTS].filter(
      ([file, imports]) => folderOf(file) === 'signature' && imports.some(({ target }) => target.startsWith('node:')),
    );
    expect(readers.map(([file]) => file).filter((file) => !loading.includes(file))).toEqual([]);
    expect(readers.length).toBeGreaterThan(0);
  });
});
