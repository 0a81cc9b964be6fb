/** The ledger in its thread: a real one, to which another process imports a registry meanwhile. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LedgerClient } from '../../src/daemon/ledger/ledger-client.ts';
import type { LedgerOrder } from '../../src/daemon/ledger/messages.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import { replay } from '../../src/engine/replay.ts';
import { Case, capture } from '../cli/case-town.ts';
import { ENDPOINTS, SIGNATURES } from '../engine/run.ts';

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
