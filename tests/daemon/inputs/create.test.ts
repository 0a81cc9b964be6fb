import { expect, test } from 'vitest';
import type { InputConfig } from '../../../src/daemon/config/types.ts';
import { createInput } from '../../../src/daemon/inputs/create.ts';
import type { InputDriver } from '../../../src/daemon/inputs/input.ts';
import { FakeContext } from './fake-context.ts';

const base = { name: 'one', point: 'pop-1' };
const CONFIGS: readonly InputConfig[] = [
  {
    ...base,
    kind: 'live',
    interface: 'lo',
    program: 'auto',
    filter: null,
    snaplen: 65535,
    buffer: 4,
    promiscuous: false,
  },
  { ...base, kind: 'pipe', path: '/nowhere/fifo' },
  {
    ...base,
    kind: 'spool',
    directory: '/nowhere',
    pattern: '*',
    format: 'capture',
    whenDone: 'keep',
    moveTo: null,
    settle: 30,
    rescan: 5,
    samplingRate: null,
  },
  { ...base, kind: 'flow-log', path: '/nowhere/log', format: 'zeek', follow: true, samplingRate: null },
];

test.each(CONFIGS)('$kind: made, not yet begun', async (config) => {
  const context = new FakeContext();
  const driver = createInput(config, context, { collector: () => expect.fail('not a collector') });
  expect(driver.status()).toMatchObject({
    name: 'one',
    point: 'pop-1',
    kind: config.kind,
    state: 'starting',
    problem: null,
    lag: 0,
  });
  expect(driver.position(() => 0)).toEqual(config.kind === 'spool' ? { version: 1, done: [], current: null } : null);
  driver.committed();
  await driver.stop();
  expect(driver.status().state).toBe('stopped');
  expect(context.waits()).toEqual([]);
});

test('collectors are made by whoever was given', () => {
  const made = {} as InputDriver;
  const config: InputConfig = {
    ...base,
    kind: 'collector',
    address: '127.0.0.1',
    port: 0,
    protocols: ['ipfix'],
    exporters: ['192.0.2.1'],
    samplingRate: null,
    buffer: 1,
    templateTimeout: 1800,
    clockTolerance: 0,
  };
  expect(createInput(config, new FakeContext(), { collector: () => made })).toBe(made);
});
