import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/capture/capture-error.ts';
import { type CliEnvironment, runCli, type StopSignal } from '../../src/cli/cli.ts';
import type { SignatureRequest } from '../../src/cli/signatures.ts';
import type { ReplayOptions, ReplayResult } from '../../src/engine/options.ts';
import { EndpointIndex } from '../../src/signature/endpoints.ts';
import { SignatureError, type SignatureSet } from '../../src/signature/types.ts';
import { sampleDetection, sampleResult, sampleSummary } from './sample.ts';

const signatures: SignatureSet = {
  signatures: [],
  match: () => undefined,
  mayMatch: () => true,
  mayStart: () => false,
  isDraft: () => false,
  byId: () => undefined,
  without: () => signatures,
  only: () => signatures,
};

interface Run {
  code: number;
  stdout: string;
  stderr: string;
  options: ReplayOptions[];
  requests: SignatureRequest[];
  exits: number[];
}

interface Fakes {
  readonly replay?: (options: ReplayOptions, signal: (name: StopSignal) => void) => Promise<ReplayResult>;
  readonly loadSignatures?: (request: SignatureRequest) => Promise<SignatureSet>;
  readonly env?: Record<string, string>;
  readonly stdoutError?: string;
  readonly stderrTTY?: boolean;
}

/** Runs a command line with a made-up engine, standard streams and signals. */
async function run(argv: readonly string[], fakes: Fakes = {}): Promise<Run> {
  const result: Run = { code: -1, stdout: '', stderr: '', options: [], requests: [], exits: [] };
  let handler: (name: StopSignal) => void = () => undefined;
  let clock = 0;
  const environment: CliEnvironment = {
    loadEngine: async () => ({
      async replay(options) {
        result.options.push(options);
        return (await fakes.replay?.(options, (name) => handler(name))) ?? sampleResult();
      },
    }),
    loadSignatures: async (request) => {
      result.requests.push(request);
      return (await fakes.loadSignatures?.(request)) ?? signatures;
    },
    loadEndpoints: async () => new EndpointIndex([], []),
    stdout: {
      write(text, done) {
        if (fakes.stdoutError !== undefined) {
          done?.(Object.assign(new Error(`write ${fakes.stdoutError}`), { code: fakes.stdoutError }));
          return false;
        }
        result.stdout += text;
        done?.();
        return true;
      },
    },
    stderr: {
      isTTY: fakes.stderrTTY ?? false,
      write(text, done) {
        result.stderr += text;
        done?.();
        return true;
      },
    },
    env: fakes.env ?? {},
    now: () => (clock += 500),
    clock: () => 1_795_000_000_000_000,
    random: (bytes) => new Uint8Array(bytes).fill(7),
    user: () => 'tester',
    onSignal: (given) => {
      handler = given;
    },
    exit: (code) => result.exits.push(code),
  };
  result.code = await runCli(argv, environment);
  return result;
}

describe('usage', () => {
  test.each([
    [[], 'no command given'],
    [['replay'], 'no input'],
    [['mine'], 'Unknown argument: mine'],
    [['replay', 'a.pcap', '--bogus'], 'Unknown argument: bogus'],
    [['replay', 'a.pcap', '--no-json'], 'Unknown argument'],
    [['replay', ''], 'empty name'],
    [['replay', 'a.pcap', '--home', '10/8'], "'10/8' is not a prefix"],
    [['replay', 'a.pcap', '--home', '10.0.0.0/33'], 'is not a prefix'],
    [['replay', 'a.pcap', '--home', '010.0.0.0/8'], 'is not a prefix'],
    [['replay', 'a.pcap', '--home', 'fe80::1%eth0/64'], 'is not a prefix'],
    [['replay', 'a.pcap', '--home'], 'Not enough arguments following: home'],
    [['replay', 'a.pcap', '--home', '\x1b[31mred'], '\\x1b[31mred'],
    [['replay', 'a.pcap', '--threads', '0'], '--threads'],
    [['replay', 'a.pcap', '--threads', 'many'], '--threads'],
    [['replay', 'a.pcap', '--color', 'blue'], 'Invalid values'],
    [['replay', 'a.pcap', '--filter', 'tcp', '--filter', 'udp'], '--filter is given twice'],
    [['replay', 'a.pcap', '--evidence', ''], '--evidence'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr, options } = await run(argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^poolprint: [^\n\x1b]+\n$/);
    expect(options).toEqual([]);
  });

  test('help, version and completion go to standard output', async () => {
    const top = await run(['--help']);
    expect([top.code, top.stderr]).toEqual([0, '']);
    expect(top.stdout).toContain('poolprint replay');
    expect(top.stdout).toContain('Examples:');
    const replay = await run(['replay', '--help']);
    expect(replay.stdout).toContain('Usage: poolprint replay FILE|DIR|GLOB|-...');
    expect(replay.stdout).toContain('Examples:');
    for (const option of ['--filter', '--evidence', '--fail-on-detection', '--without', '--lang']) {
      expect(replay.stdout).toContain(option);
    }
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run(['completion'])).stdout).toContain('complete -o bashdefault');
  });
});

test('arguments reach the engine', async () => {
  const { code, options, requests } = await run(
    'replay a.pcap - 123 --filter tcp --home 10.1.2.3/8 --home 2001:DB8::/32 --home 192.0.2.1 b.pcap --threads 3 --evidence= --only x.y --without z --signatures s -- -odd.pcap'
      .replace(' --evidence=', '')
      .split(' '),
  );
  expect(code).toBe(0);
  expect(options[0]).toMatchObject({
    inputs: ['a.pcap', '-', '123', 'b.pcap', '-odd.pcap'],
    filter: 'tcp',
    home: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1/32'],
    threads: 3,
    evidence: false,
  });
  expect(requests).toEqual([{ directory: 's', only: ['x.y'], without: ['z'] }]);
});

describe('exit codes', () => {
  const damaged = sampleResult([], {
    summary: sampleSummary([], { inputs_cut_short: 1 }),
    problems: [{ line: 'a.pcap: cut short at byte 100: the file ends in a record', fatal: false }],
  });
  const unreadable = sampleResult([sampleDetection()], {
    problems: [{ line: 'b\x1b[2J.pcap: not a capture', fatal: true }],
  });

  test.each([
    ['done', ['a.pcap'], sampleResult(), 0],
    ['cut short is still done', ['a.pcap'], damaged, 0],
    ['--strict', ['a.pcap', '--strict'], damaged, 3],
    ['--strict without damage', ['a.pcap', '--strict'], sampleResult(), 0],
    ['--fail-on-detection', ['a.pcap', '--fail-on-detection'], sampleResult(), 4],
    ['--fail-on-detection without', ['a.pcap', '--fail-on-detection'], sampleResult([]), 0],
    ['unreadable input', ['a.pcap', 'b.pcap'], unreadable, 1],
    ['unreadable goes before the options', ['a.pcap', '--strict', '--fail-on-detection'], unreadable, 1],
  ])('%s', async (_, argv, result, expected) => {
    expect((await run(['replay', ...argv], { replay: async () => result })).code).toBe(expected);
  });

  test('results of the other inputs are printed, problems are one safe line each', async () => {
    const { stdout, stderr } = await run(['replay', 'a', 'b', '--json'], { replay: async () => unreadable });
    expect(stdout.split('\n').map((line) => (line === '' ? '' : JSON.parse(line).type))).toEqual([
      'detection',
      'coverage',
      'summary',
      '',
    ]);
    expect(stderr).toBe('poolprint: b\\x1b[2J.pcap: not a capture\n');
  });

  test.each([
    ['InputError', new InputError(2, 'empty: the folder holds no captures'), 2, 'the folder holds no captures'],
    ['anything unforeseen', new TypeError('x is undefined'), 1, 'internal error: x is undefined; please report it'],
  ])('an engine that throws %s', async (_, error, code, message) => {
    const outcome = await run(['replay', 'a'], { replay: () => Promise.reject(error) });
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr).toMatch(/^poolprint: [^\n]+\n$/);
  });

  test('faults of signature files, one a line', async () => {
    const fault = { file: 'a.yaml', line: 3, column: 5, message: 'unknown key' };
    const outcome = await run(['replay', 'a'], {
      loadSignatures: () => Promise.reject(new SignatureError([fault, { ...fault, line: 9 }])),
    });
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toBe('poolprint: a.yaml:3:5: unknown key\npoolprint: a.yaml:9:5: unknown key\n');
  });

  test('a reader that went away is no error, a full disk is', async () => {
    const gone = await run(['replay', 'a'], { stdoutError: 'EPIPE' });
    expect([gone.code, gone.stderr.includes('EPIPE')]).toEqual([0, false]);
    const full = await run(['replay', 'a'], { stdoutError: 'ENOSPC' });
    expect(full.code).toBe(1);
    expect(full.stderr).toContain('poolprint: cannot write to standard output: no space left on device\n');
    const help = await run(['--help'], { stdoutError: 'ENOSPC' });
    expect(help.code).toBe(1);
    expect(help.stderr).toBe('poolprint: cannot write to standard output: no space left on device\n');
  });
});

describe('signals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s aborts the run, prints what was found and gives %d', async (name, code) => {
    const outcome = await run(['replay', 'a'], {
      replay: async (options, signal) => {
        expect(options.signal?.aborted).toBe(false);
        signal(name);
        expect(options.signal?.aborted).toBe(true);
        return sampleResult([sampleDetection()], {
          summary: sampleSummary([sampleDetection()], { interrupted: true }),
        });
      },
    });
    expect(outcome.code).toBe(code);
    expect(outcome.exits).toEqual([]);
    expect(outcome.stdout).toContain('pool.example.com:3333');
    expect(outcome.stdout).toContain('Interrupted');
  });

  test('the second one leaves at once', async () => {
    const outcome = await run(['replay', 'a'], {
      replay: async (_, signal) => {
        signal('SIGINT');
        signal('SIGTERM');
        return sampleResult();
      },
    });
    expect(outcome.exits).toEqual([143]);
  });
});

describe('table', () => {
  test('results on standard output, all else on standard error', async () => {
    const { stdout, stderr } = await run(['replay', 'a']);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^confidence {2}activity/),
      expect.stringMatching(/^confirmed {3}mining {4}10\.0\.0\.5/),
      '',
      '1 detection: 1 confirmed (1 mining)',
      'Read 12,345 packets, 9.80 MB on the wire, 812 flows, 57 signatures; 1 h 2 min of traffic, 2024-05-01 10:00–11:02 UTC',
      'Anomalies: stream.gap 1',
      '',
    ]);
    expect(stderr).toBe('poolprint: read 12,345 packets in 0.5 s (24.7 k packets/s)\n');
  });

  test('nothing found is said plainly', async () => {
    const { stdout } = await run(['replay', 'a'], { replay: async () => sampleResult([]) });
    expect(stdout).toMatch(/^No mining found\.\n/);
    const empty = sampleResult([], { summary: sampleSummary([], { packets: 0, first_seen: null, last_seen: null }) });
    expect((await run(['replay', 'a'], { replay: async () => empty })).stdout).toMatch(/no packets were read/);
  });

  test('--quiet leaves the table alone', async () => {
    const { stdout, stderr } = await run(['replay', 'a', '--quiet'], { stderrTTY: true });
    expect(stdout.split('\n').length).toBe(3);
    expect(stderr).toBe('');
  });

  test('Chinese by locale or by --lang', async () => {
    expect((await run(['replay', 'a'], { env: { LANG: 'zh_CN.UTF-8' } })).stdout).toContain('置信度');
    expect((await run(['replay', 'a'], { env: { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' } })).stdout).toContain('confidence');
    expect((await run(['replay', 'a', '--lang', 'zh'])).stdout).toContain('已确认');
    expect((await run(['replay', 'a', '--lang', 'en'], { env: { LANG: 'zh' } })).stdout).toContain('confidence');
  });

  test('the progress bar is gone before results are printed', async () => {
    const { stderr } = await run(['replay', 'a'], {
      stderrTTY: true,
      replay: async (options) => {
        options.onProgress?.({
          file: 'a',
          fileIndex: 0,
          fileCount: 1,
          bytesRead: 1,
          bytesTotal: 2,
          packets: 1,
          detections: 0,
        });
        return sampleResult();
      },
    });
    expect(stderr).toMatch(/50 %[^\r]*\r\x1b\[Kpoolprint: read/);
  });
});

test('--explain gives the reasons', async () => {
  const hostile = sampleDetection({
    indications: [
      {
        ...sampleDetection().indications[0]!,
        file: 'my $(reboot)\x1b.pcap',
        excerpt: '{"method":"\x1b[31m\r\n"}',
      },
    ],
  });
  const { stdout } = await run(['replay', 'a', '--explain'], {
    replay: async () => sampleResult([hostile]),
    loadSignatures: async () => ({
      ...signatures,
      byId: (id) => ({ id, title: { en: 'Stratum v1 handshake', zh: 'Stratum v1 握手' } }) as never,
    }),
  });
  expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  expect(stdout).toContain('1. confirmed mining  10.0.0.5 → pool.example.com:3333 (203.0.113.5)');
  expect(stdout).toContain(
    'confirmed, score 0.97: what was sent proves the mining protocol (stratum-v1.handshake 0.9)',
  );
  expect(stdout).toContain('95.2 TH/s from 40 shares in 20 min 0 s of observed work, between 83.1 TH/s and 108 TH/s');
  expect(stdout).toContain('• stratum-v1.handshake v3  Stratum v1 handshake');
  expect(stdout).toContain('payload, weight 0.9, from the miner, 2024-05-01 10:00:03.123456 UTC');
  expect(stdout).toContain('{"method":"\\x1b[31m\\r\\n"}');
  expect(stdout).toContain("tshark -r $'my $(reboot)\\x1b.pcap' -Y frame.number==4");
});
