import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LiveInputConfig } from '../../../src/daemon/config/types.ts';
import { failureKind, ProgramOutput, tcpdumpVersion } from '../../../src/daemon/inputs/capture-program.ts';
import type { InputDriver } from '../../../src/daemon/inputs/input.ts';
import { createLiveInput } from '../../../src/daemon/inputs/live.ts';
import { eventually, FakeContext, type FakeOptions, pcap } from './fake-context.ts';

interface Act {
  readonly writes?: string;
  readonly says?: readonly string[];
  readonly counts?: readonly (readonly (readonly [number, string])[])[];
  readonly last?: string | readonly (readonly [number, string])[];
  readonly ends?: number;
  readonly stubborn?: boolean;
}
interface Call {
  readonly name: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
}

let root: string;
let context: FakeContext;
let driver: InputDriver | null = null;
const LISTENING = 'tcpdump: listening on tap0, link-type EN10MB (Ethernet), snapshot length 262144 bytes';
const base64 = (texts: readonly string[], seconds = 100): string => pcap(seconds, texts).toString('base64');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'poolprint-live-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'net', 'tap0'), { recursive: true });
});
afterEach(async () => {
  await driver?.stop();
  driver = null;
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

function install(...names: string[]): void {
  const script = readFileSync(join(import.meta.dirname, 'fake-capture-program.mjs'), 'utf8');
  for (const name of names) {
    writeFileSync(join(root, 'bin', name), `#!${process.execPath}\n${script}`);
    chmodSync(join(root, 'bin', name), 0o755);
  }
}

function start(plan: readonly Act[], more: Partial<LiveInputConfig> = {}, options: FakeOptions = {}): InputDriver {
  writeFileSync(join(root, 'bin', 'plan'), plan.map((act) => JSON.stringify(act)).join('\n'));
  const config: LiveInputConfig = {
    kind: 'live',
    name: 'span',
    point: 'pop-1',
    interface: 'tap0',
    program: 'tcpdump',
    filter: 'tcp or udp',
    snaplen: 65535,
    buffer: 64,
    promiscuous: true,
    ...more,
  };
  context = new FakeContext(options);
  driver = createLiveInput(config, context, { path: join(root, 'bin'), interfaces: join(root, 'net') });
  driver.start(null);
  return driver;
}
const calls = (): Call[] =>
  existsSync(join(root, 'bin', 'calls'))
    ? readFileSync(join(root, 'bin', 'calls'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Call)
    : [];

describe('the child program', () => {
  test('is called with an argument array, an empty environment and the filter last', async () => {
    install('tcpdump', 'dumpcap');
    start([{ says: [LISTENING], writes: base64(['1']) }], { filter: '-x $(id)', promiscuous: false });
    await context.until(() => context.taken.length === 1);
    const [call] = calls();
    expect(call?.args).toEqual([
      '-i',
      'tap0',
      '-n',
      '-U',
      '-s',
      '65535',
      '-B',
      '65536',
      '-w',
      '-',
      '-p',
      '--',
      '-x $(id)',
    ]);
    expect(
      Object.keys(call?.env ?? {})
        .filter((name) => !name.startsWith('__'))
        .sort(),
    ).toEqual(['LC_ALL', 'PATH']);
    expect(call?.cwd).toBe('/');
    await driver?.stop();
    driver = start([{ says: ["Capturing on 'tap0'"], writes: base64(['1']) }], { program: 'dumpcap' });
    await context.until(() => context.taken.length === 1);
    expect(calls()[1]).toMatchObject({
      name: 'dumpcap',
      args: ['-q', '-i', 'tap0', '-s', '65535', '-B', '64', '-w', '-', '-f', 'tcp or udp'],
    });
  });

  test('drops: asked for every two seconds, taken at its end, added up over restarts, never going back', async () => {
    install('tcpdump');
    const first: Act = {
      says: [LISTENING],
      writes: base64(['1', '2']),
      counts: [
        [
          [9, 'captured'],
          [9, 'received by filter'],
          [3, 'dropped by kernel'],
        ],
        [
          [9, 'captured'],
          [9, 'received by filter'],
          [5, 'dropped by kernel'],
          [1, 'dropped by interface'],
        ],
      ],
      last: [
        [9, 'captured'],
        [9, 'received by filter'],
        [7, 'dropped by kernel'],
        [2, 'dropped by interface'],
      ],
    };
    const live = start([first, { says: [LISTENING], writes: base64(['3']), counts: [[[4, 'dropped by kernel']]] }]);
    await context.until(() => context.taken.length === 2);
    expect(live.status()).toMatchObject({ state: 'running', kernelDrops: 0, packets: 2 });
    context.advance(2);
    await eventually(() => live.status().kernelDrops === 3);
    context.advance(2);
    await eventually(() => live.status().kernelDrops === 5);
    expect(live.status()).toMatchObject({ childDrops: 1, restarts: 0 });
    // It dies (here: told so by another) and is started again.
    process.kill(Number(readPid()), 'SIGTERM');
    await context.until(() => context.waits().includes(1));
    expect(live.status()).toMatchObject({ state: 'restarting', kernelDrops: 7, childDrops: 2, restarts: 1 });
    context.advance(1);
    await context.until(() => context.taken.length === 3);
    expect(live.status()).toMatchObject({ state: 'running', problem: null, kernelDrops: 7, packets: 3 });
    context.advance(2);
    await eventually(() => live.status().kernelDrops === 11);
    expect(context.feeds.map(({ input, ended }) => [input, ended])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  test('a tcpdump that asking would spoil is not asked: its drops come when it ends, and one line says so', async () => {
    install('tcpdump');
    writeFileSync(join(root, 'bin', 'version'), 'tcpdump version 4.99.1\nlibpcap version 1.10.1 (with TPACKET_V3)\n');
    const counts = [[[3, 'dropped by kernel']]] as const;
    const live = start([{ says: [LISTENING], writes: base64(['1']), counts, last: [[7, 'dropped by kernel']] }]);
    await context.until(() => context.taken.length === 1 && live.status().state === 'running');
    // No time is set at which it would be asked.
    expect(context.waits()).toEqual([]);
    context.advance(60);
    await live.stop();
    expect(live.status()).toMatchObject({ kernelDrops: 7, restarts: 0 });
    expect(context.lines.filter((line) => line.includes('4.99.2'))).toHaveLength(1);
  });

  test.each([
    ['a pipe', true],
    ['a socket, where no pipe can be made', false],
  ])('writes into %s', async (_name, hasPipe) => {
    install('tcpdump');
    // A shell that says what its standard output is, and then becomes the program.
    const program = join(root, 'bin', 'tcpdump');
    renameSync(program, join(root, 'bin', 'real'));
    writeFileSync(
      program,
      `#!/bin/sh\n[ -p /dev/stdout ] && kind=pipe || kind=socket\n[ "$1" = --version ] || echo $kind >> "${join(root, 'kind')}"\nexec "${join(root, 'bin', 'real')}" "$@"\n`,
    );
    chmodSync(program, 0o755);
    if (!hasPipe) {
      // The first program of that name on the path fails.
      writeFileSync(join(root, 'bin', 'mkfifo'), '#!/bin/sh\nexit 1\n');
      chmodSync(join(root, 'bin', 'mkfifo'), 0o755);
    }
    vi.stubEnv('TMPDIR', root);
    const live = start([
      { says: [LISTENING], writes: base64(['1', '2']) },
      { says: [LISTENING], writes: base64(['3']) },
    ]);
    await context.until(() => context.taken.length === 2);
    expect(readFileSync(join(root, 'kind'), 'utf8').trim()).toBe(hasPipe ? 'pipe' : 'socket');
    // It ends by itself: what it wrote is read to its end, and the next one gets a pipe of its own.
    process.kill(Number(readPid()), 'SIGTERM');
    await context.until(() => context.waits().includes(1));
    expect(live.status()).toMatchObject({ state: 'restarting', packets: 2 });
    context.advance(1);
    await context.until(() => context.taken.length === 3);
    await live.stop();
    expect(context.feeds.every(({ ended }) => ended)).toBe(true);
    expect(readdirSync(root).sort()).toEqual(['bin', 'kind', 'net']);
  });

  test('dumpcap tells its drops when it ends', async () => {
    install('dumpcap');
    const last =
      "Packets received/dropped on interface 'tap0': 90/10 (pcap:6/dumpcap:1/flushed:2/ps_ifdrop:1) (90.0%)\n";
    const live = start([{ says: ["Capturing on 'tap0'", 'File: -'], writes: base64(['1']), last }], {
      program: 'dumpcap',
    });
    await context.until(() => context.taken.length === 1);
    await live.stop();
    expect(live.status()).toMatchObject({ state: 'stopped', kernelDrops: 6, childDrops: 4, problem: null });
  });

  test('stops: what it had captured is read to its end; one that does not end is killed', async () => {
    install('tcpdump');
    const live = start([{ says: [LISTENING], writes: base64(['1']), stubborn: true }]);
    await context.until(() => context.taken.length === 1);
    const stopped = live.stop();
    expect(context.waits()).toContain(2);
    expect(alive()).toBe(true);
    context.advance(2);
    await stopped;
    expect(alive()).toBe(false);
    expect(live.status().state).toBe('stopped');
    expect(context.feeds.every(({ ended }) => ended)).toBe(true);
    expect(context.waits()).toEqual([]);
  });

  test.each(['tcpdump', 'dumpcap'] as const)('%s: told to stop before the child is there', async (program) => {
    for (let turns = 0; turns < 12; turns++) {
      install(program);
      const live = start([{ says: [LISTENING], writes: base64(['1']) }], { program });
      for (let turn = 0; turn < turns * turns; turn++) await new Promise(setImmediate);
      // One that runs is told to end, and ends.
      await live.stop();
      expect(live.status().state).toBe('stopped');
    }
  });

  test('a capture that stops making sense: the child is restarted and counted', async () => {
    install('tcpdump');
    const broken = Buffer.concat([pcap(100, ['1']), Buffer.alloc(64, 0xff)]).toString('base64');
    const live = start([
      { says: [LISTENING], writes: broken },
      { says: [LISTENING], writes: base64(['2']) },
    ]);
    await context.until(() => context.waits().includes(1));
    expect(live.status()).toMatchObject({ state: 'restarting', restarts: 1 });
    expect(live.status().problem).toBe('tcpdump: what it wrote stopped making sense; trying again in 1 s');
    context.advance(1);
    await context.until(() => context.taken.length === 2);
    expect(live.status()).toMatchObject({ state: 'running', problem: null });
  });

  test('waits where the engine is behind: nothing more is read until it is not', async () => {
    install('tcpdump');
    let release: (() => void) | null = null;
    const many = Array.from({ length: 40 }, () => 'x'.repeat(60_000));
    const live = start(
      [{ says: [LISTENING], writes: base64(many) }],
      {},
      {
        onFeed: () =>
          new Promise((resolve) => {
            release = resolve;
          }),
      },
    );
    await eventually(() => release !== null);
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    expect(live.status().bytes).toBeLessThan(200_000);
    await eventually(() => {
      release?.();
      return context.taken.length === 40;
    });
  });
});

describe('what goes wrong, in one line', () => {
  const failing: readonly (readonly [string, Act, RegExp, number])[] = [
    [
      'no permission',
      {
        says: [
          "tcpdump: tap0: You don't have permission to perform this capture on that device",
          '(socket: Operation not permitted)',
        ],
        ends: 1,
      },
      /^tcpdump may not capture on tap0 \(.*CAP_NET_RAW.*setcap cap_net_raw\+eip.*separate capture service/,
      60,
    ],
    [
      'a bad filter',
      { says: ["tcpdump: can't parse filter expression: syntax error"], ends: 1 },
      /^tcpdump refuses the filter \(.*mend "filter"/,
      60,
    ],
    [
      'the link is gone',
      { says: ['tcpdump: tap0: No such device exists', '(No such device exists)'], ends: 1 },
      /^tcpdump cannot use interface tap0/,
      1,
    ],
    ['it dies without a word', { ends: 3 }, /^tcpdump on tap0: it ended with status 3; trying again in 1 s$/, 1],
    [
      'no capture',
      { writes: Buffer.from('hello, this is a shell').toString('base64') },
      /^tcpdump: what it wrote is no capture: not a packet capture/,
      1,
    ],
  ];
  test.each(failing)('%s', async (_name, act, problem, wait) => {
    install('tcpdump');
    const live = start([act]);
    await context.until(() => context.waits().includes(wait));
    const status = live.status();
    expect(status.state).toBe('restarting');
    expect(status.problem).toMatch(problem);
    expect(status.problem).not.toContain('\n');
    expect(context.feeds.length).toBe(act.writes === undefined ? 0 : 1);
  });

  test('a program that cannot be run at all', async () => {
    install('tcpdump');
    const live = start([{ ends: 1 }]);
    await live.stop();
    writeFileSync(join(root, 'bin', 'tcpdump'), '#!/no/such/interpreter\n');
    const other = start([{ ends: 1 }]);
    await context.until(() => context.waits().includes(60));
    expect(other.status()).toMatchObject({ state: 'restarting', restarts: 1 });
    expect(other.status().problem).toMatch(/^tcpdump could not be started: .*ENOENT.*; trying again in 60 s$/);
  });

  test('the wait doubles up to a minute, and begins anew after a minute of running', async () => {
    install('tcpdump');
    driver = start([{ ends: 1 }]);
    const seen: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      await context.until(() => context.lines.length === attempt + 1);
      seen.push(context.waits()[0] as number);
      context.advance(context.waits()[0] as number);
    }
    expect(seen).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    await driver?.stop();
    driver = start([
      { says: [LISTENING], writes: base64(['1']) },
      { ends: 1 },
      { says: [LISTENING], writes: base64(['2']) },
      { ends: 1 },
    ]);
    const tries = (): string[] => context.lines.filter((line) => line.startsWith('live input'));
    for (const round of [1, 2]) {
      await context.until(() => context.taken.length === round);
      context.advance(61);
      process.kill(Number(readPid()), 'SIGTERM');
      await context.until(() => tries().length === 2 * round - 1);
      expect(context.waits()).toEqual([1]);
      context.advance(1);
      await context.until(() => tries().length === 2 * round);
      expect(context.waits()).toEqual([2]);
      context.advance(2);
    }
  });

  test('an interface that does not exist, a name that is none, a program that is nowhere', async () => {
    install('tcpdump');
    let live = start([], { interface: 'eth9' });
    await context.until(() => context.waits().length === 1);
    expect(live.status().problem).toMatch(/^interface eth9 does not exist on this machine; see `ip link`/);
    await live.stop();
    for (const odd of ['-w', '../x', 'a b', '']) {
      live = start([], { interface: odd });
      await context.until(() => context.waits().length === 1);
      expect(live.status().problem).toContain('not the name of a network interface');
      await live.stop();
    }
    expect(calls()).toEqual([]);
  });

  test('auto: where tcpdump may not capture, dumpcap is next', async () => {
    install('tcpdump', 'dumpcap');
    const refused: Act = {
      says: [
        "tcpdump: tap0: You don't have permission to perform this capture on that device",
        '(socket: Operation not permitted)',
      ],
      ends: 1,
    };
    const live = start([refused, { says: ["Capturing on 'tap0'", 'File: -'], writes: base64(['1']) }], {
      program: 'auto',
    });
    await context.until(() => context.waits().includes(1));
    context.advance(1);
    await context.until(() => context.taken.length === 1);
    expect(calls().map(({ name }) => name)).toEqual(['tcpdump', 'dumpcap']);
    expect(live.status()).toMatchObject({ state: 'running', problem: null });
  });

  test('tcpdump that cannot change to its own user keeps the present one', async () => {
    install('tcpdump');
    start([
      { says: ["tcpdump: Couldn't find user 'tcpdump'"], ends: 1 },
      { says: [LISTENING], writes: base64(['1']) },
    ]);
    await context.until(() => context.waits().includes(1));
    context.advance(1);
    await context.until(() => context.taken.length === 1);
    expect(calls()[0]?.args).not.toContain('-Z');
    expect(calls()[1]?.args.join(' ')).toContain('-Z root');
  });
});

describe('words of the programs', () => {
  test('counts in both shapes, in pieces, and beyond 32 bits', () => {
    const output = new ProgramOutput();
    for (const piece of [
      'tcpdump: 1 packet captured, 4 packets rec',
      'eived by filter, 2000000000 packets dropped by kernel\n',
    ]) {
      output.take(piece);
    }
    expect(output.drops).toEqual({ kernel: 2000000000, child: 0 });
    output.take('4000000000 packets dropped by kernel\n4294967290 packets dropped by kernel\n');
    output.take('1 packet captured\n12 packets dropped by kernel\n1 packet dropped by interface');
    output.finish();
    expect(output.drops).toEqual({ kernel: 4294967296 + 12, child: 1 });
    output.take('3 packets dropped by kernel\n99999999999999999999999 packets dropped by kernel\n');
    expect(output.drops.kernel).toBe(4294967296 + 12);
    expect(output.message).toBe('');
  });

  test('noise without end stays bounded', () => {
    const output = new ProgramOutput();
    for (let at = 0; at < 2000; at++) output.take('x'.repeat(10_000));
    for (let at = 0; at < 2000; at++) output.take(`word ${at}\n`);
    expect(output.message.length).toBeLessThan(5000);
  });

  test.each([
    ["You don't have permission to capture on that device", 'permission'],
    ['socket: Operation not permitted', 'permission'],
    ['There is no device named "nosuch".', 'interface'],
    ['tap0: That device is not up', 'interface'],
    ['The network adapter on which the capture was being done is no longer running; the capture has stopped.', 'other'],
    ['Invalid capture filter "tcp prot" for interface \'t4b\'.', 'filter'],
    ["unknown host 'nowhere'", 'filter'],
    ["Couldn't change to 'tcpdump' uid=102 gid=105", 'user'],
  ] as const)('%s', (message, kind) => {
    expect(failureKind(message)).toBe(kind);
  });
});

test('lag: while packets come, and none on a silent link', async () => {
  install('tcpdump');
  const seconds = Date.UTC(2026, 0, 1) / 1000 - 3;
  const live = start([{ says: [LISTENING], writes: base64(['1'], seconds) }]);
  await context.until(() => context.taken.length === 1);
  expect(live.status()).toMatchObject({ lag: 3, lastTime: seconds * 1e6 });
  context.advance(5);
  expect(live.status().lag).toBe(0);
});

/** Process id of the newest fake program. */
function readPid(): string {
  return readFileSync(join(root, 'bin', 'pid'), 'utf8');
}
function alive(): boolean {
  try {
    process.kill(Number(readPid()), 0);
    return true;
  } catch {
    return false;
  }
}

describe('the version of tcpdump', () => {
  test.each([
    ['tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n', '4.99.3', true],
    ['tcpdump version 4.99.2\n', '4.99.2', true],
    ['tcpdump version 4.99.1 -- Apple version 120\n', '4.99.1', false],
    ['\ntcpdump version 4.99.0\n', '4.99.0', false],
    ['tcpdump version 4.9.3\nlibpcap version 1.9.1\n', '4.9.3', false],
    ['tcpdump version 4.100\n', '4.100.0', true],
    ['tcpdump version 4.99\n', '4.99.0', false],
    ['tcpdump version 5.0.0-PRE-GIT\n', '5.0.0', true],
    ['tcpdump version 3.9.8\n', '3.9.8', false],
    ["tcpdump: unrecognized option '--version'\ntcpdump version 4.5.1\nUsage: tcpdump", '4.5.1', false],
    ['tcpdump version 99999.1\n', null, false],
    ['', null, false],
  ])('%j', (printed, version, askable) => {
    expect(tcpdumpVersion(printed)).toEqual({ version, askable });
  });
});
