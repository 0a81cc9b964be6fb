/** The generator of new dialects, run in a copy of the checkout: what it makes must compile, pass and be found at once. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.bench', 'dist', 'node_modules']);
const NAME = 'example-dialect-2';
const EDITED = ['captures/README.md', 'captures/expected.json', 'docs/dialects.md', 'src/dialect/index.ts'];

let temporary = '';
let copy = '';
let before: Map<string, string>;
let after: Map<string, string>;
let made: SpawnSyncReturns<string>;

function run(script: string, ...words: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(copy, script), ...words], { encoding: 'utf8', cwd: copy });
}

/** Every file of the copy by its path, as a digest. */
function tree(): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
    const path = join(copy, name);
    if (name.split(sep)[0] === 'node_modules' || !statSync(path).isFile()) continue;
    files.set(name.split(sep).join('/'), createHash('sha256').update(readFileSync(path)).digest('hex'));
  }
  return files;
}

beforeAll(() => {
  temporary = realpathSync(mkdtempSync(join(tmpdir(), 'new-dialect-')));
  copy = join(temporary, 'checkout');
  const filter = (path: string): boolean => !LEFT_OUT.has(relative(ROOT, path).split(sep)[0] ?? '');
  cpSync(ROOT, copy, { recursive: true, filter });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  before = tree();
  made = run('tests/generate/new-dialect.ts', NAME);
  after = tree();
});

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

describe('a new dialect', () => {
  test('is made, and what was there before is kept', () => {
    expect(made.stderr).toBe('');
    expect(made.status).toBe(0);
    const added = [...after.keys()].filter((path) => !before.has(path));
    expect(added).toEqual(
      expect.arrayContaining([
        `captures/${NAME}.pcap`,
        `signatures/${NAME}.yaml`,
        `src/dialect/${NAME}.ts`,
        `tests/generate/catalogue/${NAME}.ts`,
        `tests/golden/${NAME}/case.yaml`,
        `tests/golden/${NAME}/expected.ndjson`,
      ]),
    );
    for (const path of added) expect(made.stdout, path).toContain(path);
    const changed = [...before].filter(([path, digest]) => after.get(path) !== digest).map(([path]) => path);
    expect(changed.sort()).toEqual([...EDITED, 'tests/generate/catalogue/index.ts'].sort());
    // A line more in each table, and not one less; columns may have become wider.
    const linesOf = (path: string): string[] =>
      readFileSync(path, 'utf8').replace(/ +/g, ' ').replace(/-+/g, '-').split('\n');
    for (const path of changed) {
      const lines = linesOf(join(copy, path));
      for (const line of linesOf(join(ROOT, path))) {
        if (!/^const OWN\b/.test(line)) expect(lines, path).toContain(line);
      }
    }
  });

  test('compiles and passes the linter as it stands', () => {
    const checked = run('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json');
    const faults = (checked.stdout + checked.stderr).split('\n');
    // The rest of the checkout has checks of its own.
    expect(faults.filter((line) => /^(?:src.dialect|tests.generate|error)/.test(line))).toEqual([]);
    expect([0, 1, 2]).toContain(checked.status);
    const catalogue = [`tests/generate/catalogue/${NAME}.ts`, 'tests/generate/catalogue/index.ts'];
    const files = [`src/dialect/${NAME}.ts`, 'src/dialect/index.ts', 'docs/dialects.md', ...catalogue];
    const linted = run('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', ...files);
    expect(linted.status, linted.stdout + linted.stderr).toBe(0);
  });

  test('is found in its capture as expected.json says, and never confirmed while it is a draft', () => {
    const replayed = run('src/cli/launch.ts', 'replay', '--json', `captures/${NAME}.pcap`);
    const rows = replayed.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    const detections = rows.filter(({ type }) => type === 'detection');
    const [expected] = JSON.parse(readFileSync(join(copy, 'captures/expected.json'), 'utf8'))[`${NAME}.pcap`];
    expect(expected).toMatchObject({ confidence: 'probable', shares: { submitted: 1, accepted: 1, rejected: 0 } });
    expect(detections).toHaveLength(1);
    const [found] = detections;
    expect({
      miner: found.miner.ip,
      pool: `${found.pool.ip}:${found.pool.port}`,
      dialect: found.dialect,
      activity: found.activity,
      confidence: found.confidence,
      shares: found.shares,
      logins: found.accounts.map(({ login }: { login: string }) => login),
      agents: found.agents,
      difficulty: found.difficulty.last,
    }).toEqual(expected);
    const signatures = found.indications.map(({ signature }: { signature: string }) => signature);
    expect(signatures).toEqual([`${NAME}.login`, `${NAME}.job`, `${NAME}.submit`]);
    const golden = readFileSync(join(copy, `tests/golden/${NAME}/expected.ndjson`), 'utf8');
    expect(JSON.parse(golden.split('\n')[0] ?? '')).toEqual(found);
    // The password of the log-in must not reach the evidence.
    expect(replayed.stdout).not.toContain('"pass\\":\\"x');
  });

  test('carries signatures whose own tests pass', () => {
    const script = `
      const { loadSignatures } = await import('./src/signature/load.ts');
      const { runSignatureTests } = await import('./src/signature/self-test.ts');
      const rows = runSignatureTests(loadSignatures()).filter(({ signature }) => signature.dialect === '${NAME}');
      console.log(JSON.stringify(rows.map(({ ok, signature }) => [ok, signature.status, signature.weight < 0.9])));`;
    const words = ['--input-type=module', '--eval', script];
    const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', cwd: copy });
    expect(JSON.parse(stdout)).toEqual(Array.from({ length: 7 }, () => [true, 'draft', true]));
  });
});

describe('a name that cannot be used', () => {
  test.each([
    [[NAME], 'is taken'],
    [['stratum-v1'], 'is taken'],
    [['session'], 'is taken'],
    [['Kaspa'], 'is no name'],
    [['kaspa_2'], 'is no name'],
    [['-kaspa'], 'is no name'],
    [['2miners'], 'is no name'],
    [['../kaspa'], 'is no name'],
    [['kaspa--x'], 'is no name'],
    [['k'.repeat(40)], 'is no name'],
    [[''], 'is no name'],
    [[], 'usage'],
    [['one', 'two'], 'usage'],
  ])('%j: one line and exit code 2', (names, reason) => {
    const refused = run('tests/generate/new-dialect.ts', ...names);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/^new:dialect: [^\n]+\n$/);
    expect(refused.stderr).toContain(reason);
    expect(refused.stdout).toBe('');
  });

  test('none of them wrote anything', () => {
    expect(tree()).toEqual(after);
  });
});

test('a name that is a word of the language still gives code that runs', () => {
  expect(run('tests/generate/new-dialect.ts', 'import').stderr).toBe('');
  const replayed = run('src/cli/launch.ts', 'replay', '--json', 'captures/import.pcap');
  expect(JSON.parse(replayed.stdout.split('\n')[0] ?? '')).toMatchObject({ dialect: 'import', confidence: 'probable' });
});
