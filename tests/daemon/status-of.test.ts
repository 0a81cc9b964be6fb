/** Why a daemon is not ready, and what its status adds up. */
import { describe, expect, test } from 'vitest';
import type { Checkpointer } from '../../src/daemon/checkpointer.ts';
import { loadConfig } from '../../src/daemon/config/load.ts';
import { Latency } from '../../src/daemon/latency.ts';
import type { Writer } from '../../src/daemon/report/writer.ts';
import type { InputState, InputStatus } from '../../src/daemon/status.ts';
import { type StatusParts, statusOf } from '../../src/daemon/status-of.ts';
import { Tallies } from '../../src/daemon/tallies.ts';
import { madeFacts, told } from './made-facts.ts';
import { FakeWorld } from './world.ts';

const CONFIG = loadConfig(
  'sensor: s\nledger: {}\ncheckpoint: {interval: 5s}\ninputs: [{name: a, kind: spool, directory: in}]\n',
  '/etc/poolprint.yaml',
  {},
);
const NOW = 1_700_000_000e6;

const input = (state: InputState, problem: string | null = null): InputStatus =>
  ({ name: 'a', state, problem, filesWaiting: 0 }) as unknown as InputStatus;

function parts(
  change: Partial<StatusParts> = {},
  check: Partial<Checkpointer> = {},
  write: Partial<Writer> = {},
): StatusParts {
  const checkpointer = { writes: 1, failures: 0, last: NOW - 5e6, problem: null, latency: new Latency(), ...check };
  const writer = {
    ...{
      writes: 0,
      failures: 0,
      detectionsWritten: 0,
      pending: 0,
      refused: 0,
      lastWrite: 0,
      problem: null,
      latency: new Latency(),
    },
    ...write,
  };
  return {
    program: { name: 'poolprint', version: '0', node: '24', pid: 1 },
    config: CONFIG,
    now: NOW,
    startedAt: NOW - 100e6,
    checkpointed: true,
    threads: 1,
    signatures: { count: 1, sha256: '', loadedAt: 0, reloads: 0, reloadFailures: 0 },
    inputs: [input('running')],
    points: [],
    tallies: new Tallies(),
    leads: [],
    ledgerProblem: null,
    ledgerHeap: 0,
    resolver: null,
    eventLoop: { mean: 0, p50: 0, p99: 0, max: 0 },
    ...change,
    writer: writer as unknown as Writer,
    checkpointer: checkpointer as unknown as Checkpointer,
  };
}

describe('readiness', () => {
  test('all is well', () => {
    expect(statusOf(parts())).toMatchObject({ ready: true, notReady: [] });
  });

  test.each<[string, StatusParts, readonly string[]]>([
    ['before the first checkpoint', parts({ checkpointed: false }), ['starting: no checkpoint was written yet']],
    ['an input that starts', parts({ inputs: [input('starting')] }), ['input a: starting']],
    ['one that failed', parts({ inputs: [input('failed', 'no such folder')] }), ['input a: no such folder']],
    ['one that tries again', parts({ inputs: [input('restarting', 'gone')] }), ['input a: gone']],
    [
      'waiting, done or stopped are no trouble',
      parts({ inputs: (['waiting', 'done', 'stopped'] as const).map((s) => input(s)) }),
      [],
    ],
    ['the ledger', parts({ ledgerProblem: 'locked' }), ['ledger: locked']],
    ['the writer', parts({}, {}, { problem: 'full' }), ['detections cannot be written: full']],
    ['the state', parts({}, { problem: 'disk full' }), ['state: disk full']],
    ['an old checkpoint', parts({}, { last: NOW - 61e6 }), ['state: the last checkpoint is 61 s old']],
    ['a checkpoint that is not that old', parts({}, { last: NOW - 59e6 }), []],
    [
      'everything at once, one line each',
      parts({ ledgerProblem: 'x', inputs: [input('failed', 'y')] }, { problem: 'z' }),
      ['input a: y', 'ledger: x', 'state: z'],
    ],
  ])('%s', (_, given, lines) => {
    expect(statusOf(given)).toMatchObject({ ready: lines.length === 0, notReady: lines });
  });
});

test('points add up: detections open, addresses learnt, keys', () => {
  const world = new FakeWorld();
  const points = ['p', 'q'].map((name) => world.point(name));
  for (const [i, point] of points.entries()) {
    point.book.apply(told({ ended: [madeFacts({ miner: `192.0.2.${i}` }), madeFacts({ miner: '192.0.2.9' })] }), 0);
    point.reporter.due(world.now, true);
  }
  const status = statusOf(parts({ points }));
  expect(status.detectionsOpen).toEqual({ suspected: 0, probable: 0, confirmed: 4 });
  expect(status.points.map(({ name, keys, keptShare }) => [name, keys, keptShare])).toEqual([
    ['p', 2, 1],
    ['q', 2, 1],
  ]);
});

test('without a ledger there are no figures of one', () => {
  const config = { ...CONFIG, ledger: null };
  expect(statusOf(parts({ config, leads: null }))).toMatchObject({ ledger: null, leads: null });
  expect(statusOf(parts()).ledger).toMatchObject({ pending: 0, refused: 0 });
  expect(statusOf(parts({}, {}, { refused: 3 })).ledger).toMatchObject({ refused: 3 });
});

test('a detection that becomes surer counts again, its signatures once each', () => {
  const tallies = new Tallies();
  const world = new FakeWorld();
  const point = world.point('p');
  const report = (made: Parameters<typeof madeFacts>[0]): void => {
    point.book.apply(told({ ended: [madeFacts(made)] }), 0);
    for (const each of point.reporter.due(world.now, true)) tallies.add('p', each);
  };
  report({ sign: 'weak' });
  const before = { ...tallies.signatureHits };
  report({ sign: 'weak', from: 300, to: 400 });
  expect(tallies.signatureHits).toEqual(before);
  report({ from: 500, to: 600 });
  expect(tallies.detections().map(({ confidence, count }) => [confidence, count])).toEqual([
    ['probable', 1],
    ['confirmed', 1],
  ]);
  expect(tallies.signatureHits).toMatchObject({ ...before, 'stratum-v1.submit': 1 });
});

test('detections count when they are new; the newest stand first, each once', () => {
  const tallies = new Tallies();
  const world = new FakeWorld();
  const point = world.point('p');
  for (let i = 0; i < 60; i++) {
    point.book.apply(told({ ended: [madeFacts({ miner: `192.0.2.${i}` })] }), 0);
    for (const report of point.reporter.due(world.now, true)) tallies.add('p', report);
  }
  point.book.apply(told({ ended: [madeFacts({ miner: '192.0.2.30', from: 300, to: 400 })] }), 0);
  for (const report of point.reporter.due(world.now, true)) tallies.add('p', report);
  expect(tallies.detections()).toEqual([
    { dialect: 'stratum-v1', confidence: 'confirmed', activity: 'mining', count: 60 },
  ]);
  expect(tallies.signatureHits).toEqual({ 'stratum-v1.submit': 60 });
  expect(tallies.newest).toHaveLength(50);
  expect(tallies.newest[0]?.miner).toBe('192.0.2.30');
  expect(tallies.newest.filter(({ miner }) => miner === '192.0.2.30')).toHaveLength(1);
});
