/** The whole daemon in this process, with spools, a ledger and a state on disk. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { Rig, replayed, withoutLearnt } from './rig.ts';

const NAMES = [
  'cryptonote.pcap',
  'dns-then-flow.pcap',
  'ethproxy.pcap',
  'lookalike-electrum.pcap',
  'stratum-v1-bitcoin.pcap',
];
const SPOOL = '{name: tap, kind: spool, directory: in, settle: 1s, rescan: 1s}';
const BASE = `detections_file: detections.ndjson\ninputs: [${SPOOL}]\n`;
const NO_HTTP = 'http: off\n';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(async () => {
  await rig.cleanUp();
});

const files = (folder = 'in'): string[] => NAMES.map((name) => rig.at(folder, name));

describe('what it finds', () => {
  test.each([1, 2])('with %i threads: in the file of detections what replay finds', async (threads) => {
    rig.configure(`threads: ${threads}\n${NO_HTTP}${BASE}`).put('in', NAMES);
    await rig.start();
    await rig.worked(NAMES.length);
    await rig.stop();
    expect(withoutLearnt(rig.found())).toEqual(withoutLearnt(await replayed(files(), 's/tap')));
    expect(rig.fatal).toEqual([]);
    expect(rig.world.waiting).toBe(0);
  });

  test('while it runs, not only at the end', async () => {
    rig.configure(`${NO_HTTP}${BASE}`).put('in', NAMES);
    const daemon = await rig.start();
    await rig.until(() => rig.found().length >= 3);
    const { detections, newest, detectionsOpen, points } = daemon.status();
    expect(detections.reduce((n, { count }) => n + count, 0)).toBe(rig.found().length);
    expect(newest.length).toBeGreaterThanOrEqual(3);
    expect(detectionsOpen.confirmed).toBeGreaterThanOrEqual(2);
    expect(points).toMatchObject([{ name: 'tap', keptShare: 1, evictedKeys: 0 }]);
  });

  test('in the ledger, with the packets behind it', async () => {
    rig.configure(`${NO_HTTP}ledger: {path: l.ledger, actor: border}\n${BASE}`).put('in', NAMES);
    const daemon = await rig.start();
    await rig.worked(NAMES.length);
    await rig.until(() => (daemon.status().leads?.length ?? 0) > 0);
    await rig.stop();
    const ledger = openLedger(rig.at('l.ledger'), { mode: 'read', now: () => 0, random: (n) => new Uint8Array(n) });
    try {
      expect([...ledger.leads.detectionIds()].sort()).toEqual(rig.found().map(({ id }) => id));
      expect(ledger.verify()).toMatchObject({ ok: true });
      for (const { id, confidence } of rig.found()) {
        if (confidence === 'confirmed') expect(ledger.leads.evidence(id).length).toBeGreaterThan(0);
      }
      expect([...ledger.leads.coverage()].map(({ sensor }) => sensor)).toContain('s/tap');
    } finally {
      ledger.close();
    }
  });

  test('points with their own vantage: each is a sensor of its own', async () => {
    const points = 'points: [{name: inner, nat: inside, realm: cgn-1}, {name: outer, nat: outside, clock_error: 2s}]';
    const inputs = `inputs:
  - {name: a, point: inner, kind: spool, directory: in, settle: 1s, rescan: 1s}
  - {name: b, point: outer, kind: spool, directory: in2, settle: 1s, rescan: 1s}
`;
    rig.configure(`${NO_HTTP}detections_file: detections.ndjson\n${points}\n${inputs}`);
    rig.put('in', ['ethproxy.pcap']).put('in2', ['ethproxy.pcap']);
    await rig.start();
    await rig.worked(2);
    await rig.stop();
    expect(
      rig
        .found()
        .map(({ sensor, vantage }) => [sensor, vantage])
        .sort(),
    ).toEqual([
      ['s/inner', { nat: 'inside', realm: 'cgn-1', clock_error_s: 0 }],
      ['s/outer', { nat: 'outside', realm: null, clock_error_s: 2 }],
    ]);
  });

  test('two inputs of one point are two directions of the same traffic', async () => {
    const inputs = `inputs:
  - {name: a, point: p, kind: spool, directory: in, settle: 1s, rescan: 1s}
  - {name: b, point: p, kind: spool, directory: in2, settle: 1s, rescan: 1s}
`;
    rig.configure(`${NO_HTTP}detections_file: detections.ndjson\n${inputs}`);
    rig.put('in', ['ethproxy.pcap']).put('in2', ['cryptonote.pcap']);
    await rig.start();
    await rig.worked(2);
    await rig.stop();
    expect(new Set(rig.found().map(({ sensor }) => sensor))).toEqual(new Set(['s/p']));
    expect(rig.found()).toHaveLength(2);
  });
});

describe('a restart', () => {
  test('after a stop reports nothing twice, and goes on with new files', async () => {
    rig.configure(`${NO_HTTP}${BASE}`).put('in', NAMES.slice(0, 3));
    await rig.start();
    await rig.worked(3);
    await rig.stop();
    const before = rig.lines().length;
    const daemon = await rig.start();
    await rig.pass(30);
    expect(rig.lines()).toHaveLength(before);
    expect(daemon.status().detections).toEqual([]);
    rig.put('in', NAMES.slice(3));
    await rig.worked(2);
    await rig.stop();
    expect(withoutLearnt(rig.found())).toEqual(withoutLearnt(await replayed(files(), 's/tap')));
  });

  test('after a crash at any moment nothing is missing and nothing counts twice', async () => {
    rig.configure(`${NO_HTTP}${BASE}`).put('in', NAMES);
    for (const seconds of [1, 2, 3, 5, 8]) {
      await rig.start();
      await rig.pass(seconds);
      await rig.kill();
    }
    await rig.start();
    await rig.until(() => rig.found().length >= 4);
    await rig.pass(20);
    await rig.stop();
    const counts = ({ id, packets, shares, flows }: (typeof expected)[number]): unknown => ({
      id,
      packets,
      shares,
      flows,
    });
    const expected = await replayed(files(), 's/tap');
    expect(rig.found().map(counts)).toEqual(expected.map(counts));
  });

  test('a point that is no longer configured keeps its vantage: no detection gets another id', async () => {
    const points = 'points: [{name: old, nat: inside, realm: cgn-1}]\n';
    const spool = (name: string): string =>
      `inputs: [{name: ${name}, kind: spool, directory: in, settle: 1s, rescan: 1s}]\n`;
    const base = `${NO_HTTP}detections_file: detections.ndjson\n`;
    rig.configure(`${base}${points}${spool('old')}`).put('in', ['ethproxy.pcap']);
    await rig.start();
    await rig.worked(1);
    await rig.stop();
    const ids = rig.found().map(({ id }) => id);
    expect(ids).toHaveLength(1);
    rig.configure(`${base}inputs: [{name: new, kind: spool, directory: none, settle: 1s, rescan: 1s}]\n`);
    await rig.start();
    await rig.pass(90);
    await rig.stop();
    expect(rig.found().map(({ id }) => id)).toEqual(ids);
  });
});

describe('what cannot be used', () => {
  test('another daemon has the state: one line, and that one goes on', async () => {
    rig.configure(`${NO_HTTP}${BASE}`);
    await rig.start();
    const other = rig.daemon;
    await expect(rig.start()).rejects.toThrow(/^[^\n]*another daemon is using it[^\n]*$/);
    rig.daemon = other;
    expect(other?.status().inputs).toHaveLength(1);
  });

  test('a port that is taken, a ledger that is none: one line, and the state is free again', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    rig.configure(`http: {port: ${port}}\n${BASE}`);
    await expect(rig.start()).rejects.toThrow(/^[^\n]+$/);
    rig.configure(`${NO_HTTP}ledger: {path: poolprint.yaml}\n${BASE}`);
    await expect(rig.start()).rejects.toThrow(/^[^\n]+$/);
    await new Promise((resolve) => server.close(resolve));
    expect(rig.world.waiting).toBe(0);
    rig.configure(`http: {port: ${port}}\n${BASE}`);
    const daemon = await rig.start();
    expect(daemon.httpPort).toBe(port);
  });

  test('a spool that is not there is the state of that input alone', async () => {
    rig
      .configure(`${NO_HTTP}detections_file: detections.ndjson
inputs:
  - ${SPOOL}
  - {name: none, kind: spool, directory: none, settle: 1s, rescan: 1s}
`)
      .put('in', ['ethproxy.pcap']);
    const daemon = await rig.start();
    await rig.until(() => rig.found().length === 1);
    const { notReady, inputs } = daemon.status();
    expect(inputs.map(({ name, state }) => [name, state])).toEqual([
      ['tap', 'waiting'],
      ['none', 'restarting'],
    ]);
    expect(notReady).toEqual([expect.stringMatching(/^input none: .*no such folder/)]);
    rig.put('none', []);
    await rig.until(() => daemon.status().ready);
  });
});

test('ready once its inputs run, and no longer than it goes well', async () => {
  rig.configure(`http: {port: 0}\n${BASE}`);
  const daemon = await rig.start();
  const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${daemon.httpPort}/readyz`)).status;
  await rig.until(() => daemon.status().inputs[0]?.state === 'restarting');
  expect(await ask()).toBe(503);
  rig.put('in', []);
  await rig.until(() => daemon.status().ready);
  expect(await ask()).toBe(200);
  await rig.until(() => daemon.status().checkpoint.writes > 2);
  rig.world.now += 120e6;
  expect(daemon.status().notReady).toEqual([expect.stringMatching(/^state: the last checkpoint is 12\d s old$/)]);
  expect(await ask()).toBe(503);
});

test('a ledger whose thread dies is opened again, and what waited is written', async () => {
  rig.configure(`${NO_HTTP}ledger: {path: l.ledger}\n${BASE}`).put('in', []);
  const daemon = await rig.start();
  await rig.pass(2);
  const { ledger } = daemon as unknown as { ledger: { client: { worker: { terminate(): Promise<number> } } } };
  await ledger.client.worker.terminate();
  await rig.until(() => daemon.status().notReady.some((line) => line.startsWith('ledger:')));
  rig.put('in', NAMES);
  await rig.until(() => (daemon.status().ledger?.pending ?? 0) > 0);
  await rig.until(() => daemon.status().ready && daemon.status().ledger?.pending === 0);
  await rig.until(() => rig.found().length >= 3);
  await Promise.all(daemon.checks().map(async (check) => expect(await check()).toBe(true)));
});

test('days that are over are told for the last time, and let go of', async () => {
  rig
    .configure(`${NO_HTTP}${BASE}`)
    .put('in', ['ethproxy.pcap', 'example-city-later.pcap'], (name) => `${name < 'f' ? 'b' : 'c'}-${name}`);
  const daemon = await rig.start();
  await rig.worked(2);
  await rig.until(() => daemon.status().points[0]?.keys !== 0);
  const all = daemon.status().points[0]?.keys ?? 0;
  await rig.pass(14 * 60);
  const left = daemon.status().points[0]?.keys ?? 0;
  expect(left).toBeLessThan(all);
  await rig.stop();
  const wanted = await replayed([rig.at('in', 'b-ethproxy.pcap'), rig.at('in', 'b-example-city-later.pcap')], 's/tap');
  expect(rig.found().map(({ id, shares, packets }) => [id, shares, packets])).toEqual(
    wanted.map(({ id, shares, packets }) => [id, shares, packets]),
  );
});
