/** The ledger in its thread: a real one, to which another process imports a registry meanwhile. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerClient } from '../../src/daemon/ledger/ledger-client.ts';
import type { LedgerOrder } from '../../src/daemon/ledger/messages.ts';
import { RowRefused } from '../../src/daemon/ledger/refusal.ts';
import { Writer } from '../../src/daemon/report/writer.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { replay } from '../../src/engine/replay.ts';
import { Case, capture } from '../cli/case-town.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';
import { madeReports } from './made-facts.ts';
import { FakeWorld } from './world.ts';

const VANTAGE = { nat: 'outside', realm: null } as const;
const { detections } = await replay({
  inputs: [capture('example-city.pcap')],
  filter: null,
  threads: 1,
  home: [],
  evidence: false,
  window: 'day',
  sensor: 's/p',
  vantage: { nat: 'outside', realm: null, clockError: 0 },
  signatures: SIGNATURES,
  endpoints: ENDPOINTS,
  endpointOptions: {},
});

let town: Case;
let clients: LedgerClient[];
let failures: string[];
beforeEach(() => {
  town = new Case();
  clients = [];
  failures = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  town.cleanUp();
});

async function open(order: Partial<LedgerOrder> = {}): Promise<LedgerClient> {
  const whole = { path: town.ledger, actor: 'daemon', reference: null, mmdb: [], env: {}, ...order };
  const client = await LedgerClient.open(whole, ({ message }) => void failures.push(message));
  clients.push(client);
  return client;
}

async function record(client: LedgerClient, rows: readonly DetectionRow[]): Promise<void> {
  await client.ask({ kind: 'record', detections: rows, coverage: [], evidence: [], vantage: VANTAGE });
}

const subjects = async (): Promise<(string | null)[]> =>
  (await town.leads()).map(({ subject }) => (subject as { name: string } | null)?.name ?? null);
const half = Math.ceil(detections.length / 2);

test('makes a ledger, writes detections under its actor, counts leads by province', async () => {
  const client = await open();
  expect(await client.leads()).toEqual([]);
  await record(client, detections);
  const counts = await client.leads();
  expect(counts.reduce((n, { count }) => n + count, 0)).toBe((await town.leads()).length);
  expect(counts.every(({ region }) => region === 'unknown')).toBe(true);
  // The same again changes nothing.
  await record(client, detections);
  expect(await client.leads()).toEqual(counts);
  const verified = await town.run('ledger', 'verify');
  expect(verified.code).toBe(0);
  expect(await client.ask({ kind: 'ping' })).toMatchObject({ error: null });
});

test('a registry that another process imports is noticed, and new detections get their subject', async () => {
  const client = await open();
  await record(client, detections.slice(0, half));
  expect((await subjects()).filter((name) => name !== null)).toEqual([]);
  expect((await client.ask({ kind: 'refresh' })).reloaded).toBe(false);
  await town.register();
  expect((await client.ask({ kind: 'refresh' })).reloaded).toBe(true);
  expect((await client.ask({ kind: 'refresh' })).reloaded).toBe(false);
  await record(client, detections.slice(half));
  expect((await subjects()).filter((name) => name !== null).length).toBeGreaterThan(0);
  expect((await client.leads()).some(({ region }) => region === '640000')).toBe(true);
});

test('a reload that cannot be is refused in one line, and everything goes on as before', async () => {
  const client = await open();
  const missing = town.at('none.mmdb');
  const reload = { kind: 'reload', reference: null } as const;
  await expect(client.ask({ ...reload, mmdb: [missing] })).rejects.toThrow(/^[^\n]*none\.mmdb[^\n]*$/);
  await record(client, detections);
  expect((await client.leads()).length).toBeGreaterThan(0);
  mkdirSync(town.at('tables'));
  writeFileSync(town.at('tables', 'divisions.csv'), 'this is no table\n');
  expect(await client.ask({ ...reload, mmdb: [] })).toMatchObject({ reloaded: true });
  // What was refused is not what a later look at the registry opens.
  await town.register();
  expect((await client.ask({ kind: 'refresh' })).reloaded).toBe(true);
});

describe('a refusal', () => {
  const [first] = detections as [DetectionRow];
  const withFault = (fault: object): DetectionRow => ({ ...first, ...fault });

  test.each<[string, DetectionRow]>([
    ['a list that is none', withFault({ indications: null })],
    ['a field that is not there', withFault({ miner: null })],
    ['a value that no column takes', withFault({ id: undefined })],
    ['NULL where none may be', withFault({ id: null })],
    ['what cannot be written as JSON', withFault({ flows: 10n })],
    ['what cannot be handed to another thread', withFault({ flows: () => 1 })],
  ])('is of the row: %s', async (_, row) => {
    const client = await open();
    const refused = record(client, [...detections.slice(1, 3), row]);
    await expect(refused).rejects.toBeInstanceOf(RowRefused);
    await expect(refused).rejects.toThrow(/^[^\n]{5,600}$/);
    // Nothing of it was taken, and the next request is.
    expect(await client.leads()).toEqual([]);
    await record(client, detections);
    expect((await client.leads()).length).toBeGreaterThan(0);
  });

  test('is of the storage where the file is gone or another process holds it', async () => {
    const client = await open();
    await record(client, detections.slice(0, half));
    const other = new DatabaseSync(town.ledger);
    other.exec('BEGIN IMMEDIATE');
    const locked = record(client, detections);
    await expect(locked).rejects.toThrow('another poolprint is writing');
    await expect(locked).rejects.not.toBeInstanceOf(RowRefused);
    other.exec('ROLLBACK');
    other.close();
    renameSync(town.ledger, town.at('aside'));
    const gone = record(client, detections);
    await expect(gone).rejects.toThrow('is gone since it was opened');
    await expect(gone).rejects.not.toBeInstanceOf(RowRefused);
    renameSync(town.at('aside'), town.ledger);
    await record(client, detections);
  });

  test('of one row keeps nothing else out of the ledger', async () => {
    const client = await open();
    const world = new FakeWorld();
    const written: string[] = [];
    const writer = new Writer({
      ledger: async (request) => await client.ask(request),
      append: null,
      evidence: null,
      vantage: () => VANTAGE,
      onWritten: (_point, reports) => void written.push(...reports.map(({ row }) => row.id)),
      signatureSet: () => ({ signatures: 1, sha256: '00' }),
      program: { program: 'poolprint', version: '0' },
      clock: world.clock,
      after: world.after,
      log: world.log,
    });
    const list = madeReports(5).map((report, i) =>
      i === 2 ? { ...report, row: { ...report.row, conversations: null as unknown as [] } } : report,
    );
    writer.add('p', list, []);
    await writer.drained();
    expect(writer).toMatchObject({ refused: 1, problem: null, pending: 0, detectionsWritten: 4 });
    expect(written).toHaveLength(5);
    expect(world.facts).toEqual([
      { detection: list[2]?.row.id, point: 'p', problem: expect.stringMatching(/^\S.* \([\w-]+\.ts:\d+\)$/) },
    ]);
    expect(await town.leads()).toHaveLength(4);
    expect((await town.run('ledger', 'verify')).code).toBe(0);
  });
});

test('answers in order, also to many at once; a request after the end is refused', async () => {
  const client = await open();
  const done: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      await (i % 2 === 0 ? client.ask({ kind: 'ping' }) : record(client, detections));
      done.push(i);
    }),
  );
  expect(done).toEqual(Array.from({ length: 20 }, (_, i) => i));
  const last = record(client, detections);
  await client.close();
  await last;
  await expect(client.ask({ kind: 'ping' })).rejects.toThrow('closed');
  expect(failures).toEqual([]);
});

test('a ledger that cannot be used: one line, no thread left', async () => {
  writeFileSync(town.ledger, 'this is no ledger, but a text of some length that stands where one should be');
  await expect(open()).rejects.toThrow(/^[^\n]+$/);
  rmSync(town.ledger);
  await expect(open({ path: town.at('none', 'x.ledger') })).rejects.toThrow(/^[^\n]+$/);
  expect(failures).toEqual([]);
});

test('a thread that dies rejects what was asked and says so once', async () => {
  const client = await open();
  const worker = (client as unknown as { worker: { terminate(): Promise<number> } }).worker;
  const waiting = record(client, detections);
  await worker.terminate();
  await expect(waiting).rejects.toThrow('ended');
  await expect(client.ask({ kind: 'ping' })).rejects.toThrow('ended');
  expect(failures).toEqual(['the thread of the ledger has ended']);
  const again = await open();
  await record(again, detections);
  expect((await town.run('ledger', 'verify')).code).toBe(0);
});
