/** What a daemon meets when it starts or goes on while others touch its files: one clear line, and nothing is lost. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerClient } from '../../src/daemon/ledger/ledger-client.ts';
import type { LedgerOrder, LedgerRequest } from '../../src/daemon/ledger/messages.ts';
import { StateStore } from '../../src/daemon/state/state-store.ts';
import { madeFacts } from './made-facts.ts';

const LAUNCH = fileURLToPath(new URL('../../src/cli/launch.ts', import.meta.url));

let folder: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-restart-'));
  state = join(folder, 'state');
  mkdirSync(state);
  mkdirSync(join(folder, 'spool'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Starts a daemon that has nothing to do, and gives its exit code and what it said. */
function started(): { readonly code: number | null; readonly said: string } {
  const config = join(folder, 'poolprint.yaml');
  const inputs = [{ name: 'spool', kind: 'spool', directory: join(folder, 'spool') }];
  const limits = { flows: 1024, conversations: 64 };
  writeFileSync(
    config,
    JSON.stringify({ sensor: 's', state_directory: state, http: 'off', watch: false, limits, inputs }),
  );
  const { status, stderr } = spawnSync(process.execPath, [LAUNCH, 'run', '--config', config, '--drain'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, said: stderr };
}

describe('the state at a start', () => {
  test('of another daemon that runs: one line, exit 1', () => {
    const other = new StateStore(state);
    const { code, said } = started();
    other.close();
    expect(said).toMatch(/^poolprint: .*daemon-state\.sqlite: cannot be used: another daemon is using it; [^\n]*\n$/);
    expect(code).toBe(1);
    expect(started().code).toBe(0);
  });

  test('damaged in the middle: one line that names the file, exit 1, and the file is left as it is', () => {
    const store = new StateStore(state);
    const values = Array.from({ length: 50 }, (_, i) => [`value ${i}`, 'x'.repeat(1000)] as const);
    store.write({ books: [], values, inputs: [], oldestInput: 0 }, true);
    store.close();
    const path = join(state, 'daemon-state.sqlite');
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 2, 4096 * 12);
    writeFileSync(path, bytes);
    const { code, said } = started();
    expect(said).toMatch(/^poolprint: .*daemon-state\.sqlite: cannot be used: .*malformed; move it away [^\n]*\n$/);
    expect(code).toBe(1);
    expect(readFileSync(path).subarray(4096 * 2, 4096 * 12)).toEqual(bytes.subarray(4096 * 2, 4096 * 12));
    renameSync(path, join(folder, 'aside'));
    expect(started().code).toBe(0);
  });
});

describe('a state of which one row is damaged', () => {
  test.each([
    ['position spool', 0],
    ['names', 1],
  ])('%s: books that stay: %i', (name, books) => {
    const store = new StateStore(state);
    const facts = madeFacts();
    const values = [
      ['position spool', { version: 1, done: [], current: null }],
      ['names', { p: [] }],
    ] as const;
    store.write({ books: [['p', { ended: [['k', facts]], open: [] }]], values, inputs: [], oldestInput: 0 }, true);
    store.close();
    const database = new DatabaseSync(join(state, 'daemon-state.sqlite'));
    database.prepare("UPDATE value SET data = '{' WHERE name = ?").run(name);
    database.close();
    const again = new StateStore(state);
    const saved = again.load();
    again.close();
    expect(saved.damaged).toBe(1);
    expect(saved.books.size).toBe(books);
  });
});

describe('a state that cannot be written', () => {
  test('says why, and can be written again', () => {
    const store = new StateStore(state);
    const full = new DatabaseSync(join(folder, 'unused'));
    full.close();
    const long = [['value', 'x'.repeat(10_000_000)]] as const;
    const limited = (store as unknown as { database: DatabaseSync }).database;
    limited.exec('PRAGMA max_page_count = 20');
    const put = (values: readonly (readonly [string, unknown])[]): void =>
      store.write({ books: [], values, inputs: [], oldestInput: 0 }, true);
    expect(() => put(long)).toThrow(/full/);
    limited.exec('PRAGMA max_page_count = 1000000');
    put(long);
    expect(store.load().values.get('value')).toHaveLength(10_000_000);
    store.close();
  });
});

describe('a ledger that is moved away while the daemon runs', () => {
  const request: LedgerRequest = {
    kind: 'record',
    detections: [],
    coverage: [],
    evidence: [],
    vantage: { nat: 'none', realm: null },
  };
  const withCoverage = (from: string): LedgerRequest => ({
    ...request,
    coverage: [
      {
        type: 'coverage',
        version: 1,
        sensor: 's/tap',
        from,
        to: from.replace('T00', 'T01'),
        customer_prefixes: [],
        loss: { inputs_cut_short: 0, flows_evicted: 0, stream_gaps: 0 },
      },
    ],
  });

  test('takes nothing until it is back', async () => {
    const path = join(folder, 'leads.ledger');
    const order: LedgerOrder = { path, actor: 'test', reference: null, mmdb: [], env: {} };
    const failures: Error[] = [];
    const ledger = await LedgerClient.open(order, (error) => failures.push(error));
    await ledger.ask(withCoverage('2026-11-01T00:00:00.000000Z'));
    const aside = join(folder, 'aside');
    mkdirSync(aside);
    for (const name of readdirSync(folder).filter((n) => n.startsWith('leads.'))) {
      renameSync(join(folder, name), join(aside, name));
    }
    await expect(ledger.ask(withCoverage('2026-11-02T00:00:00.000000Z'))).rejects.toThrow(/leads\.ledger: is gone/);
    for (const name of readdirSync(aside)) renameSync(join(aside, name), join(folder, name));
    await ledger.ask(withCoverage('2026-11-02T00:00:00.000000Z'));
    await ledger.close();
    expect(failures).toEqual([]);
    const database = new DatabaseSync(path, { readOnly: true });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const name = tables.map((t) => String(t['name'])).find((n) => n.includes('coverage')) as string;
    expect(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()).toEqual({ n: 2 });
    database.close();
  });

  test('and another one in its place is opened', async () => {
    const path = join(folder, 'leads.ledger');
    const order: LedgerOrder = { path, actor: 'test', reference: null, mmdb: [], env: {} };
    const other = await LedgerClient.open({ ...order, path: join(folder, 'other.ledger') }, () => undefined);
    await other.close();
    const ledger = await LedgerClient.open(order, () => undefined);
    for (const name of readdirSync(folder).filter((n) => n.startsWith('leads.'))) rmSync(join(folder, name));
    renameSync(join(folder, 'other.ledger'), path);
    await ledger.ask(withCoverage('2026-11-02T00:00:00.000000Z'));
    await ledger.close();
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT count(*) AS n FROM coverage').get()).toEqual({ n: 1 });
    database.close();
  });
});
