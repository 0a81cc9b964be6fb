/** The state on disk: whole or not at all, one process at a time, and readable whatever happened to it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Core, type CoreOptions } from '../../src/daemon/engine/core.ts';
import { type Checkpoint, StateError, StateStore } from '../../src/daemon/state/state-store.ts';
import { keyOf } from '../../src/detect/key-facts.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import { madeFacts } from './made-facts.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const FILE = 'daemon-state.sqlite';
const NOTHING: Checkpoint = { books: [], values: [], inputs: [], oldestInput: 0 };
const EMPTY = { books: new Map(), values: new Map(), inputs: new Map(), damaged: 0 };

let folder: string;
let stores: StateStore[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-state-'));
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(directory: string = folder): StateStore {
  const store = new StateStore(directory);
  stores.push(store);
  return store;
}

function reopen(): StateStore {
  stores.pop()?.close();
  return open();
}

/** Works on the file while no store holds it. */
function meddle(sql: string): void {
  stores.pop()?.close();
  const database = new DatabaseSync(join(folder, FILE));
  database.exec(sql);
  database.close();
}

const ended = (...facts: ReturnType<typeof madeFacts>[]): Checkpoint['books'] => [
  ['p', { ended: facts.map((f) => [keyOf(f), f] as const), open: [] }],
];

describe('a checkpoint', () => {
  test('comes back as it was written', () => {
    const [a, b] = [madeFacts(), madeFacts({ miner: '192.0.2.2' })];
    open().write(
      {
        books: [
          ['p', { ended: [[keyOf(a), a]], open: [[7, [b, a]]] }],
          ['q', { ended: [], open: [[1, [b]]] }],
        ],
        values: [['position tap', { version: 1, done: [] }]],
        inputs: [
          [1, 'a.pcap'],
          [2, '矿.pcap'],
        ],
        oldestInput: 0,
      },
      false,
    );
    const { books, values, inputs, damaged } = reopen().load();
    expect(books).toEqual(
      new Map([
        ['p', { ended: [a], open: [[b, a]] }],
        ['q', { ended: [], open: [[b]] }],
      ]),
    );
    expect(values).toEqual(new Map([['position tap', { version: 1, done: [] }]]));
    expect([...inputs.values()]).toEqual(['a.pcap', '矿.pcap']);
    expect(damaged).toBe(0);
  });

  test('replaces, removes and forgets names of old inputs', () => {
    const store = open();
    const a = madeFacts();
    store.write(
      {
        ...NOTHING,
        books: ended(a),
        values: [['x', 1]],
        inputs: [
          [1, 'old'],
          [5, 'new'],
        ],
      },
      false,
    );
    const more = madeFacts({ packets: 99 });
    store.write({ ...NOTHING, books: ended(more), values: [['x', 2]], oldestInput: 5 }, false);
    let loaded = store.load();
    expect(loaded.books.get('p')?.ended).toEqual([more]);
    expect(loaded.values.get('x')).toBe(2);
    expect([...loaded.inputs.keys()]).toEqual([5]);
    const gone = [['p', { ended: [[keyOf(a), null] as const], open: [] }]] as const;
    store.write({ ...NOTHING, books: gone, values: [['x', null]], oldestInput: 5 }, false);
    loaded = store.load();
    expect([loaded.books.size, loaded.values.size]).toEqual([0, 0]);
  });

  test('written afresh leaves no other facts, but values that it does not name', () => {
    const store = open();
    store.write({ ...NOTHING, books: ended(madeFacts()), values: [['x', 1]] }, false);
    const other = madeFacts({ miner: '192.0.2.9' });
    store.write({ ...NOTHING, books: ended(other) }, true);
    expect(store.load().books.get('p')?.ended).toEqual([other]);
    expect(store.load().values.get('x')).toBe(1);
  });

  test('is written whole or not at all, and the next one works', () => {
    const store = open();
    store.write({ ...NOTHING, books: ended(madeFacts()), values: [['x', 1]] }, false);
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const other = ended(madeFacts({ miner: '192.0.2.9' }));
    expect(() =>
      store.write(
        {
          ...NOTHING,
          books: other,
          values: [
            ['x', 2],
            ['y', cyclic],
          ],
        },
        true,
      ),
    ).toThrow();
    expect(store.load().books.get('p')?.ended).toEqual([madeFacts()]);
    expect(store.load().values).toEqual(new Map([['x', 1]]));
    store.write({ ...NOTHING, books: other }, true);
    expect(reopen().load().books.get('p')?.ended).toHaveLength(1);
  });
});

describe('facts of real traffic', () => {
  const options: CoreOptions = {
    shard: 0,
    shards: 1,
    seed: 7,
    points: [{ name: 'p', home: [] }],
    limits: { flows: 4096, conversations: 4096, reassemblyBytes: 2 ** 24, idleTimeout: 9e8, activeTimeout: 36e8 },
    evidence: false,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
  };

  test('lose nothing on their way through JSON: no infinite numbers, no missing fields', () => {
    let seen = 0;
    for (const name of readdirSync(CAPTURES).filter((n) => /\.pcap(ng)?$/.test(n))) {
      const core = new Core(options);
      const bytes = readFileSync(join(CAPTURES, name));
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      core.open(1, 'p', name, 0);
      for (let at = 0; at < bytes.length; at += 4000) {
        core.feed(1, bytes, view, at, Math.min(bytes.length, at + 4000));
        for (const { told } of core.tell().points) {
          seen += told.ended.length + told.open.length;
          expect(JSON.parse(JSON.stringify(told)), name).toStrictEqual(told);
        }
      }
    }
    expect(seen).toBeGreaterThan(100);
  });
});

describe('what cannot be used', () => {
  const refused = (): string => {
    try {
      open();
    } catch (error) {
      expect(error).toBeInstanceOf(StateError);
      expect((error as StateError).message).not.toContain('\n');
      return (error as StateError).message;
    }
    return 'opened';
  };

  test('a folder is made where there is none, for nobody else to read', () => {
    const inner = join(folder, 'a', 'b');
    open(inner).write(NOTHING, false);
    expect(statSync(inner).mode & 0o007).toBe(0);
  });

  test('another process has it', () => {
    const first = open();
    expect(refused()).toMatch(/daemon-state\.sqlite: cannot be used: another daemon is using it; choose another/);
    first.write({ ...NOTHING, values: [['x', 1]] }, false);
    expect(first.load().values.get('x')).toBe(1);
    expect(reopen().load().values.get('x')).toBe(1);
  });

  test('a newer program wrote it', () => {
    open();
    meddle('PRAGMA user_version = 99');
    expect(refused()).toMatch(/written by a newer version of the program; install that one/);
  });

  test('it is no database', () => {
    writeFileSync(join(folder, FILE), 'something else entirely, of some length, that is not a database at all');
    expect(refused()).toMatch(/cannot be used: .*not a database/);
  });

  test('a file stands where the folder should be', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => open(join(folder, 'file'))).toThrow(StateError);
    mkdirSync(join(folder, 'x', FILE), { recursive: true });
    expect(() => open(join(folder, 'x'))).toThrow(StateError);
  });
});

describe('damaged rows', () => {
  test.each([
    ['cut off', `'{"miner":"192.0.2.1"'`],
    ['something else', `'17'`],
    ['facts without their lists', `'{"miner":"192.0.2.1","lastSeen":5,"transport":{}}'`],
    ['a list of something else', `'[1,2]'`],
  ])('%s: passed over and counted, the others stay', (_, data) => {
    const [a, b] = [madeFacts(), madeFacts({ miner: '192.0.2.2' })];
    open().write(
      {
        ...NOTHING,
        books: [
          [
            'p',
            {
              ended: [
                [keyOf(a), a],
                [keyOf(b), b],
              ],
              open: [
                [1, [a]],
                [2, [b]],
              ],
            },
          ],
        ],
        values: [
          ['x', 1],
          ['y', 2],
        ],
      },
      false,
    );
    meddle(`
      UPDATE ended SET data = ${data} WHERE key LIKE '%192.0.2.1%';
      UPDATE open SET data = ${data} WHERE number = 1;
      UPDATE value SET data = '{' WHERE name = 'x';
    `);
    const { books, values, damaged } = open().load();
    expect(books.get('p')).toEqual({ ended: [b], open: [[b]] });
    expect([...values]).toEqual([['y', 2]]);
    expect(damaged).toBe(3);
  });

  test('none at all where the file is new', () => {
    expect(open().load()).toEqual(EMPTY);
  });
});
