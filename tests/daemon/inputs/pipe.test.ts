import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFlowLogInput } from '../../../src/daemon/inputs/flow-log.ts';
import type { InputDriver } from '../../../src/daemon/inputs/input.ts';
import { createPipeInput } from '../../../src/daemon/inputs/pipe.ts';
import { eventually, FakeContext, pcap } from './fake-context.ts';

let root: string;
let fifo: string;
let context: FakeContext;
let driver: InputDriver | null = null;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'poolprint-pipe-'));
  fifo = join(root, 'tap.fifo');
  execFileSync('mkfifo', [fifo]);
  context = new FakeContext();
});
afterEach(async () => {
  await driver?.stop();
  driver = null;
  rmSync(root, { recursive: true, force: true });
});

function start(path = fifo): InputDriver {
  driver = createPipeInput({ kind: 'pipe', name: 'tap', point: 'pop-1', path }, context);
  driver.start(null);
  return driver;
}
/** Opens as a writer once somebody reads. */
async function writer(): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await new Promise(setImmediate);
    }
  }
}

test('waits without a writer, and stops while it waits', async () => {
  const pipe = start();
  await eventually(() => pipe.status().state === 'waiting');
  await pipe.stop();
  expect(pipe.status()).toMatchObject({ state: 'stopped', restarts: 0, problem: null });
  expect(context.feeds).toEqual([]);
});

test('each writer is a capture of its own, also one that comes at once, without a restart', async () => {
  const pipe = start();
  for (let round = 0; round < 20; round++) {
    const one = await writer();
    await one.write(pcap(100 + round, [`${round}`]));
    await one.close();
    await context.until(() => context.feeds.filter(({ ended }) => ended).length === round + 1);
  }
  expect(context.taken).toEqual(Array.from({ length: 20 }, (_, round) => `${round}`));
  await eventually(() => pipe.status().files === 20);
  expect(pipe.status()).toMatchObject({ packets: 20, restarts: 0, problem: null, files: 20, filesCutShort: 0 });
});

test('bytes come in any pieces; compressed streams are known by their magic', async () => {
  const pipe = start();
  const bytes = pcap(100, ['1', '2']);
  const one = await writer();
  for (const byte of bytes) await one.write(Buffer.of(byte));
  await context.until(() => context.taken.length === 2);
  expect(pipe.status().state).toBe('running');
  await one.close();
  await context.until(() => context.feeds[0]?.ended === true);
  const two = await writer();
  await two.write(gzipSync(pcap(200, ['3'])));
  await two.close();
  await context.until(() => context.taken.length === 3);
  const three = await writer();
  await three.write(pcap(300, ['4']));
  await context.until(() => context.taken.length === 4);
  await three.close();
});

test('a writer that sends no capture, and one that stops making sense, are told and others taken', async () => {
  const pipe = start();
  const one = await writer();
  await one.write(Buffer.from('#!/bin/sh\necho no capture\n'));
  await context.until(() => context.waits().includes(1));
  expect(pipe.status()).toMatchObject({ state: 'restarting', filesFailed: 1, restarts: 1 });
  expect(pipe.status().problem).toMatch(/tap\.fifo: not a packet capture .*; trying again in 1 s$/);
  // Nobody reads: the writer is told so, and can begin anew.
  await expect(one.write(Buffer.from('more'))).rejects.toThrow('EPIPE');
  await one.close();
  context.advance(1);
  const two = await writer();
  await two.write(Buffer.concat([pcap(100, ['1']), Buffer.alloc(64, 0xff)]));
  await context.until(() => context.waits().includes(2));
  expect(pipe.status()).toMatchObject({ state: 'restarting', filesCutShort: 1, restarts: 2 });
  await two.close();
  context.advance(2);
  const three = await writer();
  await three.write(pcap(200, ['2']));
  await context.until(() => context.taken.length === 2);
  expect(pipe.status()).toMatchObject({ state: 'running', problem: null });
  await three.close();
});

test('a path that is missing, or no FIFO, is tried again', async () => {
  const path = join(root, 'later');
  const pipe = start(path);
  await context.until(() => context.waits().includes(1));
  expect(pipe.status()).toMatchObject({ state: 'restarting', problem: `${path}: no such file; trying again in 1 s` });
  // Its writer may come at any moment and would wait: looked for every second, told and counted once.
  for (let i = 0; i < 5; i++) {
    expect(context.waits()).toEqual([1]);
    context.advance(1);
    await context.until(() => context.waits().includes(1));
  }
  expect(pipe.status().restarts).toBe(1);
  expect(context.lines.filter((line) => line.includes('no such file'))).toHaveLength(1);
  writeFileSync(path, pcap(1, ['1']));
  context.advance(1);
  await context.until(() => context.waits().includes(1));
  expect(pipe.status()).toMatchObject({ restarts: 2 });
  expect(pipe.status().problem).toContain('is no FIFO and no socket');
  context.advance(1);
  await context.until(() => context.waits().includes(2));
});

test('lag of a live writer, and none for an old capture played back', async () => {
  const pipe = start();
  const one = await writer();
  await one.write(pcap(context.now / 1e6 - 7, ['1']));
  await context.until(() => context.taken.length === 1);
  await eventually(() => pipe.status().lag > 0);
  expect(pipe.status().lag).toBe(7);
  await one.close();
  await context.until(() => context.feeds[0]?.ended === true);
  const two = await writer();
  await two.write(pcap(1000, ['old']));
  await context.until(() => context.taken.length === 2);
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect(pipe.status().lag).toBe(0);
  await two.close();
});

test('a Unix stream socket: connects, and again when the other side goes', async () => {
  const path = join(root, 'tap.sock');
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(pcap(100 * sockets.length, [`${sockets.length}`]));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const pipe = start(path);
    await context.until(() => context.taken.length === 1);
    sockets[0]?.end();
    await context.until(() => context.waits().includes(1));
    expect(pipe.status().problem).toContain('the other side has closed the connection');
    context.advance(1);
    await context.until(() => context.taken.length === 2);
    expect(context.taken).toEqual(['1', '2']);
    await pipe.stop();
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test('a flow log through a FIFO: lines of each writer, a last one without line feed too', async () => {
  const config = {
    kind: 'flow-log',
    name: 'eve',
    point: 'pop-1',
    path: fifo,
    format: 'eve',
    follow: true,
    samplingRate: null,
  };
  driver = createFlowLogInput(config as Parameters<typeof createFlowLogInput>[0], context);
  driver.start(null);
  const one = await writer();
  await one.write(Buffer.from('a\nb\nc'));
  await one.close();
  await context.until(() => context.feeds[0]?.ended === true);
  expect(context.taken).toEqual(['a', 'b', 'c']);
  expect(driver.status()).toMatchObject({ kind: 'flow-log', records: 3, packets: 0 });
});
