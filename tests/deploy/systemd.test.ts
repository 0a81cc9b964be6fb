/** The units: what they may do, that systemd takes them, and how exposed it holds them to be. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DEPLOY, installed } from './promql.ts';

const FOLDER = join(DEPLOY, 'systemd');
const DAEMON = 'poolprint.service';
const CAPTURE = 'poolprint-capture@.service';
const text = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

/** Settings of a unit in order; a key may stand several times. */
function settings(name: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [, key = '', value = ''] of text(name).matchAll(/^([A-Z]\w+)=(.*)$/gm)) {
    found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

const hasAnalyze = installed('systemd-analyze');
if (!hasAnalyze) console.log('systemd-analyze is not installed: units are not verified');
const folder = mkdtempSync(join(tmpdir(), 'poolprint-units-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function analyze(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, LC_ALL: 'C.UTF-8', SYSTEMD_COLORS: '0', SYSTEMD_EMOJI: '0' },
  });
  return { status, said: stdout + stderr };
}

describe.skipIf(!hasAnalyze)('systemd-analyze', () => {
  test('verify has nothing to say', () => {
    // Neither Poolprint nor tcpdump need be installed where the units are verified.
    const present = (name: string): string =>
      text(name).replace(/\/opt\/poolprint\/node_modules\/\.bin\/node|\/usr\/bin\/tcpdump/g, '/bin/true');
    for (const name of [DAEMON, CAPTURE]) writeFileSync(join(folder, name), present(name));
    const instances = ['./poolprint-capture@eth1.service', './poolprint-capture@br\\x2dlan.service'];
    expect(analyze('verify', '--man=no', `./${DAEMON}`, ...instances)).toEqual({ status: 0, said: '' });
  });

  test.each([
    [DAEMON, 1.2],
    [CAPTURE, 1.2],
  ])('security: %s is exposed at most %d', (name, ceiling) => {
    copyFileSync(join(FOLDER, name), join(folder, name));
    const { said } = analyze('security', '--offline=true', '--no-pager', `./${name}`);
    const level = /Overall exposure level for .*?: ([\d.]+)/.exec(said)?.[1];
    expect(level, said).toBeDefined();
    expect(Number(level)).toBeLessThanOrEqual(ceiling);
  });
});

describe('the daemon', () => {
  const unit = settings(DAEMON);

  test('has no capability, no device, no way to more', () => {
    expect([unit.get('CapabilityBoundingSet'), unit.get('AmbientCapabilities')]).toEqual([[''], ['']]);
    for (const key of ['NoNewPrivileges', 'PrivateDevices', 'PrivateUsers', 'PrivateTmp', 'RestrictNamespaces']) {
      expect([key, unit.get(key)]).toEqual([key, ['yes']]);
    }
    expect(unit.get('ProtectSystem')).toEqual(['strict']);
    expect(unit.get('User')).toEqual(['poolprint']);
  });

  test('lets V8 compile', () => expect(unit.get('MemoryDenyWriteExecute')).toEqual(['no']));

  test('is watched, reloaded by SIGHUP and has bounds', () => {
    expect([unit.get('Type'), unit.get('NotifyAccess'), unit.get('WatchdogSec')]).toEqual([
      ['notify'],
      ['all'],
      ['30'],
    ]);
    expect(unit.get('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
    for (const key of ['MemoryMax', 'LimitNOFILE', 'TasksMax', 'StartLimitBurst']) expect(unit.has(key)).toBe(true);
  });

  test('is started as the command is', () => {
    const [command = ''] = unit.get('ExecStart') ?? [];
    const [program] = command.split(' run ');
    expect(command).toBe(`${program} run --config /etc/poolprint/poolprint.yaml`);
    expect(readFileSync(join(DEPLOY, 'poolprint.sh'), 'utf8')).toContain(`exec ${program} "$@"`);
  });
});

describe('the capture', () => {
  const unit = settings(CAPTURE);

  test('has CAP_NET_RAW alone, and packets and netlink as its only network', () => {
    for (const key of ['CapabilityBoundingSet', 'AmbientCapabilities']) expect(unit.get(key)).toEqual(['CAP_NET_RAW']);
    expect(unit.get('RestrictAddressFamilies')).toEqual(['AF_PACKET AF_NETLINK AF_UNIX']);
    expect(unit.get('NoNewPrivileges')).toEqual(['yes']);
    expect(unit.get('User')).toEqual(['poolprint-capture']);
  });

  test('writes into a FIFO that it makes itself, with a name that AppArmor lets tcpdump write', () => {
    const fifo = '/run/poolprint/capture-%I.pcap';
    expect(unit.get('ExecStartPre')?.[0]).toContain(`mkfifo ${fifo}`);
    expect(unit.get('ExecStart')?.[0]).toMatch(new RegExp(` -w ${fifo} \\$FILTER$`));
    // A word with ${} stays one argument; $FILTER becomes as many words as it has, none where it is empty.
    expect(unit.get('ExecStart')?.[0]).toContain(`-s \${SNAPLEN} -B \${BUFFER} $OPTIONS`);
  });

  test('comes back always', () => {
    // A device unit exists only where udev runs: a container has none, and the capture would never start there.
    expect(unit.get('BindsTo')).toBeUndefined();
    expect([unit.get('Restart'), unit.get('StartLimitIntervalSec')]).toEqual([['always'], ['0']]);
  });
});

test('users of the units are made, and folders belong to them', () => {
  const users = [...text('sysusers.conf').matchAll(/^u (\S+)/gm)].map(([, name]) => name);
  expect(users).toEqual([DAEMON, CAPTURE].map((name) => settings(name).get('User')?.[0]));
  const folders = [...text('tmpfiles.conf').matchAll(/^d (\S+) +(\d+) +(\S+) +(\S+) +-$/gm)];
  expect(folders.map(([, ...parts]) => parts)).toEqual([
    ['/var/lib/poolprint', '0700', 'poolprint', 'poolprint'],
    ['/run/poolprint', '2750', 'poolprint-capture', 'poolprint'],
    ['/var/spool/poolprint', '2770', 'root', 'poolprint'],
    ['/var/spool/poolprint/done', '2770', 'root', 'poolprint'],
    ['/etc/poolprint', '0750', 'root', 'poolprint'],
  ]);
});
