/** A UDP socket on this machine: what exporters send, how it starts, fails, tries again and stops. */
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CollectorInputConfig } from '../../src/daemon/config/types.ts';
import { createCollectorInput, dropsOf } from '../../src/daemon/inputs/collector.ts';
import type { InputDriver } from '../../src/daemon/inputs/input.ts';
import {
  data,
  type FieldSpec,
  ipfix,
  Kept,
  PLAIN,
  plain,
  plainFlow,
  T0,
  template,
  uint,
  v9,
} from '../flowrecord/netflow-builder.ts';
import { FakeContext } from './inputs/fake-context.ts';

type Bound = InputDriver & { readonly port: number };

let context: FakeContext;
let sink: Kept;
let sender: Socket;
let opened: (Bound | Socket)[];
let records: number;
let heard: (() => void)[];

beforeEach(() => {
  context = new FakeContext();
  context.now = T0 * 1e6;
  sink = new Kept();
  sender = createSocket('udp4');
  opened = [];
  records = 0;
  heard = [];
});
afterEach(async () => {
  for (const one of opened) await ('stop' in one ? one.stop() : new Promise<void>((resolve) => one.close(resolve)));
  sender.close();
});

function collector(change: Partial<CollectorInputConfig> = {}): Bound {
  const config: CollectorInputConfig = {
    name: 'flows',
    point: 'flows',
    kind: 'collector',
    address: '127.0.0.1',
    port: 0,
    protocols: ['netflow', 'ipfix', 'sflow'],
    exporters: ['127.0.0.1/32'],
    samplingRate: null,
    buffer: 1,
    templateTimeout: 3600,
    clockTolerance: 0,
    ...change,
  };
  const own = {
    onRecord: (record: Parameters<Kept['onRecord']>[0]) => {
      sink.onRecord(record);
      records++;
      for (const tell of heard) tell();
    },
  };
  const driver = createCollectorInput(config, context, { sink: own, input: 9, nat: 'none' }) as Bound;
  opened.push(driver);
  return driver;
}

/** Waits for the driver itself: its log line, its record or its state. */
const listening = (driver: Bound): Promise<void> =>
  context.until(() => driver.port > 0 && context.lines.includes('collector listens'));

async function started(change: Partial<CollectorInputConfig> = {}, position: unknown = null): Promise<Bound> {
  const driver = collector(change);
  driver.start(position);
  await settle(() => driver.status().state === 'running');
  return driver;
}

/** Turns of the event loop until something holds: sockets of this machine answer within a few. */
async function settle(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !holds(); turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}

async function send(port: number, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    sender.send(bytes, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
  });
}

const PLAIN_V9: readonly FieldSpec[] = [...PLAIN.slice(0, 8), [22, 4], [21, 4]];
const DATAGRAM = (sequence: number, n = 3): Uint8Array =>
  ipfix([template(256, PLAIN), data(256, ...Array.from({ length: n }, (_, i) => plain(40_000 + i)))], { sequence });

test('records of an allowed exporter, counted and with their exporter', async () => {
  const driver = await started();
  await send(driver.port, DATAGRAM(0));
  await settle(() => records === 3);
  await send(driver.port, DATAGRAM(13));
  await settle(() => records === 6);
  // Not before those that may have been overtaken had their time.
  context.now += 6e6;
  await send(driver.port, DATAGRAM(16));
  await settle(() => records === 9);
  const status = driver.status();
  expect(status).toMatchObject({
    kind: 'collector',
    records: 9,
    datagrams: 3,
    templates: 1,
    sequenceGaps: 1,
    recordsLost: 10,
  });
  expect(status.exporters).toMatchObject([{ address: '127.0.0.1', protocol: 'ipfix', records: 9, lost: 10 }]);
  expect(status.lastTime).toBeGreaterThan(0);
  expect(status.problem === null || status.problem.includes('rmem_max')).toBe(true);
});

test('others cost a counter and nothing else; garbage is counted by its kind', async () => {
  const driver = await started({ exporters: ['192.0.2.0/24'] });
  await send(driver.port, DATAGRAM(0));
  await settle(() => driver.status().recordFaults.not_allowed === 1);
  expect(driver.status()).toMatchObject({ records: 0, exporters: [], templates: 0 });
  const open = await started();
  await send(open.port, new Uint8Array([0, 99, 1, 2, 3]));
  await settle(() => Object.keys(open.status().recordFaults).length === 1);
  expect(records).toBe(0);
});

test('templates survive the process', async () => {
  const driver = await started();
  await send(driver.port, DATAGRAM(0, 1));
  await settle(() => records === 1);
  await driver.stop();
  expect(driver.status().state).toBe('stopped');
  const position = JSON.parse(JSON.stringify(driver.position(() => 0))) as unknown;
  const again = await started({}, position);
  await send(again.port, ipfix([data(256, plain(50_000))], { sequence: 1 }));
  await settle(() => records === 2);
  expect(again.status().recordFaults).toEqual({});
  // A state that is something else is none.
  const fresh = await started({}, { nonsense: true });
  await send(fresh.port, ipfix([data(256, plain())], { sequence: 1 }));
  await settle(() => Object.keys(fresh.status().recordFaults).length === 1);
});

test('a port that is taken: says so, tries again, and listens once it is free', async () => {
  const blocker = createSocket('udp4');
  await new Promise<void>((resolve) => blocker.bind({ port: 0, address: '127.0.0.1', exclusive: true }, resolve));
  const { port } = blocker.address();
  const driver = collector({ port });
  driver.start(null);
  await settle(() => driver.status().state === 'restarting');
  expect(driver.status()).toMatchObject({ restarts: 1 });
  expect(driver.status().problem).toMatch(
    /cannot listen on 127\.0\.0\.1 port \d+: another program listens there; stop it/,
  );
  context.advance(1);
  await settle(() => driver.status().restarts === 2);
  await new Promise<void>((resolve) => blocker.close(() => resolve()));
  context.advance(2);
  await settle(() => driver.status().state === 'running');
  await send(port, DATAGRAM(0));
  await settle(() => records === 3);
});

test('stopped it listens no more, and its timers are gone', async () => {
  const driver = await started();
  await listening(driver);
  await driver.stop();
  expect(context.waits()).toEqual([]);
  expect(driver.status().state).toBe('stopped');
  expect(driver.port).toBe(0);
});

test('what the kernel dropped is read from its table', () => {
  const row = (port: string, drops: number): string =>
    ` 1: 0100007F:${port} 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 12345 2 0000000000000000 ${drops}`;
  const tables: Record<string, string> = {
    '/proc/net/udp': `header\n${row('2507', 7)}\n${row('2508', 100)}\n`,
    '/proc/net/udp6': `header\n${row('2507', 3)}\n`,
  };
  const read = (path: string): string => tables[path] ?? '';
  expect(dropsOf(0x2507, read)).toBe(10);
  expect(dropsOf(0x2509, read)).toBeNull();
  expect(dropsOf(0, read)).toBeNull();
  const fails = (): string => {
    throw new Error('no /proc');
  };
  expect(dropsOf(0x2507, fails)).toBeNull();
});

test('a wrong clock of an exporter is told once, and again after it was right', async () => {
  const driver = await started({ clockTolerance: 600 });
  const told = (): number => context.lines.filter((line) => line.includes('mend its clock')).length;
  const ends = { source: '192.0.2.10', destination: '198.51.100.20', sourcePort: 40_000, destinationPort: 3333 };
  let sequence = 0;
  const flow = async (hours: number): Promise<void> => {
    const end = Math.round(context.now / 1000) - hours * 3_600_000;
    const record = plainFlow({ ...ends, flags: 0x1b, packets: 7, bytes: 4200, start: end - 1000, end });
    await send(driver.port, ipfix([template(256, PLAIN), data(256, record)], { sequence: sequence++ }));
    await settle(() => records === sequence + (driver.status().exporters.length - 1));
    context.advance(5);
  };
  await flow(0);
  expect(told()).toBe(0);
  // The same exporter sends in another format too, whose clock is right.
  await send(
    driver.port,
    v9([template(256, PLAIN_V9, 0), data(256, [...plain().slice(0, -16), ...uint(90_000, 4), ...uint(95_000, 4)])], {
      seconds: Math.floor(context.now / 1e6),
    }),
  );
  await settle(() => records === 2);
  await flow(7);
  await flow(7);
  expect(told()).toBe(1);
  expect(context.lines.at(-1)).toMatch(
    /^flows of 127\.0\.0\.1 \(ipfix\) end 7\.0 h before they arrive: times of arrival are used/,
  );
  expect(sink.last.end).toBeGreaterThan(context.now - 600e6);
  // Right and wrong by turns.
  await flow(0);
  await flow(-3);
  expect(told()).toBe(1);
  await flow(0);
  context.advance(3700);
  await flow(0);
  await flow(-3);
  expect(told()).toBe(2);
});
