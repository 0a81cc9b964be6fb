/** Configuration, signatures and tables read anew while the daemon runs: all of it, or nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Rig } from './rig.ts';

const NO_HTTP = 'http: off\nwatch: false\n';
const spool = (name: string, folder = name, more = ''): string =>
  `{name: ${name}, kind: spool, directory: ${folder}, settle: 1s, rescan: 1s${more}}`;
const inputs = (...list: readonly string[]): string =>
  `detections_file: detections.ndjson\ninputs: [${list.join(', ')}]\n`;

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(async () => {
  await rig.cleanUp();
});

const names = (): string[] => rig.daemon?.status().inputs.map(({ name }) => name) ?? [];
const found = (): string[] =>
  rig
    .found()
    .map(({ sensor, dialect }) => `${sensor} ${dialect}`)
    .sort();

describe('refused', () => {
  test('once the daemon is ending: no input is started that nobody would stop', async () => {
    rig.configure(`${NO_HTTP}${inputs(spool('a'))}`).put('a', []);
    const daemon = await rig.start();
    const stopped = daemon.stop();
    rig.configure(`${NO_HTTP}${inputs(spool('b'))}`);
    expect(await daemon.reload()).toBe(false);
    await stopped;
    expect(names()).toEqual(['a']);
  });

  test.each<[string, string]>([
    ['a key that nobody knows', 'unheard: of\n'],
    ['no YAML', 'inputs: [\n'],
    ['signatures that are not there', 'signatures: {paths: [none]}\n'],
    ['a signature that nobody knows', 'signatures: {only: [no-such-signature]}\n'],
  ])('%s: one error, everything stays', async (_, text) => {
    rig.configure(`${NO_HTTP}${inputs(spool('a'))}`).put('a', []);
    const daemon = await rig.start();
    const before = daemon.status().signatures;
    rig.configure(`${NO_HTTP}${inputs(spool('b'))}${text}`);
    expect(await daemon.reload()).toBe(false);
    expect(daemon.status().signatures).toEqual({ ...before, reloadFailures: 1 });
    expect(names()).toEqual(['a']);
    expect(rig.world.lines.at(-1)).toMatch(/^error reload refused; nothing changed/);
    rig.put('a', ['ethproxy.pcap']);
    await rig.until(() => found().length === 1);
    rig.configure(`${NO_HTTP}${inputs(spool('a'))}`);
    expect(await daemon.reload()).toBe(true);
  });

  test('tables that the ledger cannot use: nothing changes, not even the inputs', async () => {
    const ledger = (mmdb: string): string => `ledger: {path: l.ledger, mmdb: [${mmdb}]}\n`;
    rig.configure(`${NO_HTTP}${ledger('')}${inputs(spool('a'))}`).put('a', []);
    const daemon = await rig.start();
    writeFileSync(rig.at('bad.mmdb'), 'no database');
    rig.configure(`${NO_HTTP}${ledger('bad.mmdb')}${inputs(spool('b'))}`);
    expect(await daemon.reload()).toBe(false);
    expect(names()).toEqual(['a']);
    expect(rig.world.lines.at(-1)).toContain('bad.mmdb');
    rig.put('a', ['ethproxy.pcap']);
    await rig.until(() => daemon.status().ledger?.detectionsWritten === 1);
  });
});

describe('inputs', () => {
  test('come, go and change while the others run on', async () => {
    rig.configure(`${NO_HTTP}${inputs(spool('a'), spool('b'))}`);
    rig.put('a', ['ethproxy.pcap']).put('b', []).put('c', ['cryptonote.pcap']).put('d', ['stratum-v1-bitcoin.pcap']);
    const daemon = await rig.start();
    await rig.until(() => found().length === 1);
    rig.configure(`${NO_HTTP}${inputs(spool('a'), spool('b', 'd'), spool('c'))}`);
    expect(await daemon.reload()).toBe(true);
    expect(names().sort()).toEqual(['a', 'b', 'c']);
    await rig.until(() => found().length === 3);
    expect(found()).toEqual(['s/a ethproxy', 's/b stratum-v1', 's/c cryptonote']);
    rig.configure(`${NO_HTTP}${inputs(spool('c'))}`);
    expect(await daemon.reload()).toBe(true);
    expect(names()).toEqual(['c']);
    rig.put('a', ['aion.pcap']);
    await rig.pass(20);
    expect(found()).toHaveLength(3);
    expect(rig.world.lines.find((line) => line.includes('reloaded'))).toContain(
      '"added":["c"],"removed":[],"changed":["b"]',
    );
  });

  test('one that is changed goes on where it stood, nothing counts twice', async () => {
    const a = (rescan: string): string => `{name: a, kind: spool, directory: a, settle: 1s, rescan: ${rescan}}`;
    rig.configure(`${NO_HTTP}${inputs(a('1s'))}`).put('a', ['ethproxy.pcap']);
    const daemon = await rig.start();
    for (let i = 0; i < 6; i++) {
      await rig.pass(1);
      rig.configure(`${NO_HTTP}${inputs(a(`${2 + i}s`))}`);
      expect(await daemon.reload()).toBe(true);
    }
    await rig.until(() => found().length === 1);
    await rig.pass(15);
    await rig.stop();
    const alone = new Rig();
    try {
      alone.configure(`${NO_HTTP}${inputs(a('1s'))}`).put('a', ['ethproxy.pcap']);
      await alone.start();
      await alone.worked(1);
      await alone.stop();
      const counts = (of: Rig): unknown =>
        of.found().map(({ id, packets, shares, flows }) => ({ id, packets, shares, flows }));
      expect(counts(rig)).toEqual(counts(alone));
    } finally {
      await alone.cleanUp();
    }
  });

  test('a new one with a point of its own has its vantage; a point that runs keeps its own until a restart', async () => {
    const points = (realm: string): string => `points: [{name: p, nat: inside, realm: ${realm}}]\n`;
    rig
      .configure(`${NO_HTTP}${inputs(spool('a'))}`)
      .put('a', [])
      .put('b', ['ethproxy.pcap']);
    const daemon = await rig.start();
    rig.configure(`${NO_HTTP}${points('cgn-1')}${inputs(spool('a'), spool('b', 'b', ', point: p'))}`);
    expect(await daemon.reload()).toBe(true);
    await rig.until(() => found().length === 1);
    expect(rig.found()).toMatchObject([{ sensor: 's/p', vantage: { nat: 'inside', realm: 'cgn-1' } }]);
    rig.configure(`${NO_HTTP}${points('cgn-2')}${inputs(spool('a'), spool('b', 'b', ', point: p'))}`);
    expect(await daemon.reload()).toBe(true);
    expect(rig.world.lines.at(-1)).toMatch(/need a restart.*points: p/);
    rig.put('b', ['cryptonote.pcap']);
    await rig.until(() => found().length === 2);
    expect(rig.found().map(({ vantage }) => vantage.realm)).toEqual(['cgn-1', 'cgn-1']);
  });
});

describe('keys', () => {
  test('what needs a restart is named and stays as it runs', async () => {
    rig.configure(`${NO_HTTP}limits: {flows: 65536}\n${inputs(spool('a'))}`).put('a', []);
    const daemon = await rig.start();
    rig.configure(`${NO_HTTP}threads: 2\nlimits: {flows: 131072}\n${inputs(spool('a'))}`);
    expect(await daemon.reload()).toBe(true);
    expect(rig.world.lines.at(-1)).toMatch(/^warn these changes need a restart .*"threads","limits\.flows"/);
    expect(daemon.status().threads).toBe(1);
  });

  test('the rest takes effect: where detections go, how often, what is logged', async () => {
    rig.configure(`${NO_HTTP}report: {interval: 1h}\n${inputs(spool('a'))}`).put('a', ['ethproxy.pcap']);
    const daemon = await rig.start();
    await rig.pass(30);
    expect(found()).toEqual([]);
    const text = inputs(spool('a')).replace('detections.ndjson', 'other.ndjson');
    rig.configure(`${NO_HTTP}report: {interval: 2s}\nlog: {level: debug}\n${text}`);
    expect(await daemon.reload()).toBe(true);
    expect(rig.levels).toEqual(['debug']);
    await rig.pass(3600);
    await rig.until(() => rig.found('other.ndjson').length === 1);
    expect(rig.lines('detections.ndjson')).toEqual([]);
    rig.configure(`${NO_HTTP}report: {interval: 2s}\n${inputs(spool('a'))}`);
    expect(await daemon.reload()).toBe(true);
    rig.put('a', ['cryptonote.pcap']);
    await rig.until(() => rig.lines().length === 1);
  });

  test('two at the same time: the later one sees what was changed last', async () => {
    rig.configure(`${NO_HTTP}${inputs(spool('a'))}`).put('a', []);
    const daemon = await rig.start();
    rig.configure(`${NO_HTTP}${inputs(spool('b'))}`);
    const first = daemon.reload();
    rig.configure(`${NO_HTTP}${inputs(spool('c'))}`);
    const second = daemon.reload();
    expect(daemon.reload()).toBe(second);
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(names()).toEqual(['c']);
    expect(daemon.status().signatures.reloads).toBe(2);
  });
});

describe('files that change', () => {
  const SIGNATURE = readFileSync(join(import.meta.dirname, '..', '..', 'signatures', 'ethproxy.yaml'), 'utf8');
  const watched = (text: string): string => `http: off\nsignatures: {paths: [own]}\n${text}`;

  test('another set of signatures is in use without a word, a bad one is not, and each is read once', async () => {
    rig.put('own', []).put('a', []);
    writeFileSync(rig.at('own', 'a.yaml'), SIGNATURE);
    rig.configure(watched(inputs(spool('a'))));
    const daemon = await rig.start();
    const { count } = daemon.status().signatures;
    const [, rest] = [SIGNATURE, SIGNATURE.replaceAll(/^( *-? *)id: ethproxy\./gm, '$1id: second.')];
    writeFileSync(rig.at('own', 'b.yaml'), rest);
    await rig.until(() => daemon.status().signatures.reloads === 1);
    expect(daemon.status().signatures.count).toBe(2 * count);
    await rig.pass(30);
    expect(daemon.status().signatures).toMatchObject({ reloads: 1, reloadFailures: 0 });
    writeFileSync(rig.at('own', 'b.yaml'), 'this is no signature\n');
    await rig.until(() => daemon.status().signatures.reloadFailures === 1);
    await rig.pass(30);
    expect(daemon.status().signatures).toMatchObject({ count: 2 * count, reloads: 1, reloadFailures: 1 });
    rig.put('a', ['ethproxy.pcap']);
    await rig.until(() => found().length === 1);
    expect(rig.found()[0]?.indications.some(({ signature }) => signature.startsWith('second.'))).toBe(true);
  });

  test('the configuration itself, with other folders of signatures, which are watched from then on', async () => {
    rig.put('own', []).put('other', []).put('a', []);
    for (const folder of ['own', 'other']) writeFileSync(rig.at(folder, 'a.yaml'), SIGNATURE);
    rig.configure(watched(inputs(spool('a'))));
    const daemon = await rig.start();
    rig.configure(watched(inputs(spool('a'))).replace('[own]', '[other]'));
    await rig.until(() => daemon.status().signatures.reloads === 1);
    await rig.pass(20);
    expect(daemon.status().signatures.reloads).toBe(1);
    writeFileSync(rig.at('own', 'a.yaml'), `${SIGNATURE}# changed\n`);
    await rig.pass(20);
    expect(daemon.status().signatures.reloads).toBe(1);
    writeFileSync(rig.at('other', 'a.yaml'), `${SIGNATURE}# changed\n`);
    await rig.until(() => daemon.status().signatures.reloads === 2);
  });
});
