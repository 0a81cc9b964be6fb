import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSelectedSignatures } from '../../../src/cli/signatures.ts';
import { ConfigError } from '../../../src/daemon/config/config-error.ts';
import { findConfig, loadConfigFile } from '../../../src/daemon/config/find.ts';
import { checkLive, type LiveWorld } from '../../../src/daemon/config/live-check.ts';
import { loadConfig } from '../../../src/daemon/config/load.ts';
import { openLedger } from '../../../src/ledger/sqlite/ledger.ts';
import { loadEndpoints } from '../../../src/signature/endpoints.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-config-'));
  for (const name of ['net', 'net/eth1', 'bin', 'spool', 'done']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'bin', 'dumpcap'), '');
  chmodSync(join(folder, 'bin', 'dumpcap'), 0o755);
  writeFileSync(join(folder, 'plain'), 'text\n');
  execFileSync('mkfifo', [join(folder, 'fifo')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const world = (): LiveWorld => ({
  env: { PATH: join(folder, 'bin') },
  clock: () => 1,
  random: (bytes) => new Uint8Array(bytes).fill(7),
  loadSignatures: loadSelectedSignatures,
  loadEndpoints: async (options) => loadEndpoints(undefined, options),
  interfaces: join(folder, 'net'),
});

/** Problems, with the folder of the test taken out. */
async function problems(text: string): Promise<string[]> {
  const config = loadConfig(`sensor: s\nstate_directory: state\n${text}`, join(folder, 'p.yaml'), {});
  const found = await checkLive(config, world());
  return found.map((line) => line.replaceAll(folder, '.'));
}

const FIFO = 'inputs: [{name: f, kind: pipe, path: fifo}]\n';

describe('checkLive', () => {
  test('says nothing where everything can be used', async () => {
    const text = `inputs:
  - {name: f, kind: pipe, path: fifo}
  - {name: i, kind: pipe, path: "-"}
  - {name: l, kind: live, interface: eth1, program: dumpcap}
  - {name: s, kind: spool, directory: spool, when_done: move, move_to: done}
  - {name: c, kind: collector, port: 2055, exporters: [192.0.2.1]}
  - {name: z, kind: flow-log, path: plain, format: zeek}
ledger: {}
detections_file: out.ndjson
http: {address: "::1"}
`;
    expect(await problems(text)).toEqual([]);
  });

  test.each<[text: string, ...lines: string[]]>([
    [`${FIFO}detections_file: none/out`, 'detections_file: there is no folder ./none: make it, or name another place'],
    [`${FIFO}detections_file: spool`, 'detections_file: ./spool is a folder: name a file'],
    [
      `${FIFO}http: {address: 192.0.2.9}`,
      'http.address: 192.0.2.9 is no address of this machine: "ip address" lists those there are',
    ],
    [
      `${FIFO}signatures: {only: [stratum-v1.submitt]}`,
      expect.stringMatching(/^signatures: --only: no signature has the id/),
    ],
    [`${FIFO}signatures: {paths: [none]}`, expect.stringMatching(/^signatures: \.\/none: does not exist/)],
    [`${FIFO}signatures: {endpoints: [none.csv]}`, expect.stringMatching(/^signatures\.endpoints: \.\/none\.csv: /)],
    [`${FIFO}ledger: {path: plain}`, expect.stringMatching(/^ledger\.path: \.\/plain/)],
    [`${FIFO}ledger: {path: plain/x}`, 'ledger.path: ./plain is no folder: name another place'],
    [
      `${FIFO}ledger: {reference: none}`,
      expect.stringMatching(/^ledger\.reference: \.\/none: there is no such folder/),
    ],
    [
      `${FIFO}ledger: {mmdb: [plain, none]}`,
      expect.stringMatching(/^ledger\.mmdb: .*plain/),
      expect.stringMatching(/^ledger\.mmdb: \.\/none: cannot be read/),
    ],
    [
      'inputs: [{name: l, kind: live, interface: eth9}]',
      'input l: there is no interface eth9: "ip link" lists those there are',
    ],
    [
      'inputs: [{name: f, kind: pipe, path: none}]',
      'input f: ./none cannot be used (ENOENT): make it with mkfifo, or start what writes into it',
    ],
    [
      'inputs: [{name: f, kind: pipe, path: plain}]',
      'input f: ./plain is a file, not a FIFO: read captures with an input of kind spool',
    ],
    [
      'inputs: [{name: z, kind: flow-log, path: none, format: eve}]',
      'input z: ./none cannot be used (ENOENT): name a file that may be read',
    ],
    [
      'inputs: [{name: s, kind: spool, directory: none}]',
      'input s: ./none cannot be used (ENOENT): make it, or let the daemon read it',
    ],
    [
      'inputs: [{name: c, kind: collector, address: 192.0.2.9, port: 1, exporters: [192.0.2.1]}]',
      'input c: 192.0.2.9 is no address of this machine: "ip address" lists those there are',
    ],
  ])('%s', async (text, ...lines) => {
    expect(await problems(text)).toEqual(lines);
  });

  test('opens a ledger that is there, and makes none', async () => {
    const path = join(folder, 'own.ledger');
    expect(await problems(`${FIFO}ledger: {path: own.ledger}`)).toEqual([]);
    expect(() => openLedger(path, { mode: 'read', now: () => 1, random: world().random })).toThrow(/own\.ledger/);
    openLedger(path, { mode: 'create', now: () => 1, random: world().random }).close();
    expect(await problems(`${FIFO}ledger: {path: own.ledger}`)).toEqual([]);
  });
});

describe('findConfig', () => {
  const there =
    (...paths: string[]) =>
    (path: string): boolean =>
      paths.includes(path);

  test('takes what is named, else the environment, else the first that is there', () => {
    const all = there('/conf/poolprint.yaml', 'poolprint.yaml', '/etc/poolprint/poolprint.yaml');
    const env = { POOLPRINT_CONFIG: 'env.yaml', CONFIGURATION_DIRECTORY: '/none:/conf' };
    expect(findConfig('named.yaml', env, all)).toBe('named.yaml');
    expect(findConfig(null, env, all)).toBe('env.yaml');
    expect(findConfig(null, { ...env, POOLPRINT_CONFIG: '' }, all)).toBe('/conf/poolprint.yaml');
    expect(findConfig(null, {}, all)).toBe('poolprint.yaml');
    expect(findConfig(null, {}, there('/etc/poolprint/poolprint.yaml'))).toBe('/etc/poolprint/poolprint.yaml');
    expect(() => findConfig(null, { CONFIGURATION_DIRECTORY: '/conf' }, there())).toThrow(
      'configuration: there is none (looked for /conf/poolprint.yaml, poolprint.yaml, /etc/poolprint/poolprint.yaml): name one with --config FILE',
    );
  });

  test('a file that cannot be read is a fault of the configuration', () => {
    for (const name of ['none.yaml', 'spool']) {
      const path = join(folder, name);
      expect(() => loadConfigFile(path, {})).toThrow(ConfigError);
      expect(() => loadConfigFile(path, {})).toThrow(/: cannot be read \(.*\): name a file that may be read$/);
    }
  });
});
