import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/daemon/config/load.ts';
import { KEYS, variableOf } from '../../../src/daemon/config/overrides.ts';
import { type Env, FILE, faults, LEAST, read, withInput, withKey } from './reading.ts';

describe('by itself', () => {
  test('the least configuration has the documented defaults', () => {
    expect(loadConfig(LEAST, FILE, {})).toEqual({
      sensor: 's',
      threads: 1,
      stateDirectory: '/var/lib/poolprint',
      detectionsFile: null,
      watch: true,
      points: [{ name: 'tap', nat: 'none', realm: null, clockError: 0, home: [] }],
      inputs: [
        {
          kind: 'live',
          name: 'tap',
          point: 'tap',
          interface: 'eth1',
          program: 'auto',
          filter: null,
          snaplen: 65_535,
          buffer: 64,
          promiscuous: true,
        },
      ],
      signatures: { paths: [], endpoints: [], only: [], without: [] },
      ledger: null,
      limits: { flows: 393_216, conversations: 16_384, reassembly: 32, recordConversations: 1_048_576, keys: 50_000 },
      timeouts: { flowIdle: 900, flowActive: 3600, recordConversationIdle: 3600 },
      overload: { enabled: true, lag: 2, leastShare: 0.05 },
      checkpoint: { interval: 2 },
      report: { interval: 10 },
      http: { address: '127.0.0.1', port: 9477, statusPublic: false },
      resolver: null,
      log: { level: 'info', format: 'json' },
    });
  });

  test('every kind of input, with its defaults', () => {
    const { inputs } = loadConfig(
      `sensor: s
inputs:
  - {name: a, kind: pipe, path: "-"}
  - {name: b, kind: spool, directory: spool, when_done: move, move_to: done, settle: 1.5s, format: nfdump-csv}
  - {name: c, kind: collector, port: 2055, exporters: [192.0.2.77/24, "2001:DB8::1"], buffer: 1GiB}
  - {name: d, kind: flow-log, path: logs/conn.log, format: zeek, follow: true, sampling_rate: 100, point: c}
`,
      FILE,
      {},
    );
    expect(inputs).toEqual([
      { kind: 'pipe', name: 'a', point: 'a', path: '-' },
      {
        ...{
          kind: 'spool',
          name: 'b',
          point: 'b',
          directory: '/etc/poolprint/spool',
          pattern: '*',
          format: 'nfdump-csv',
        },
        ...{ whenDone: 'move', moveTo: '/etc/poolprint/done', settle: 1.5, rescan: 5, samplingRate: null },
      },
      {
        ...{ kind: 'collector', name: 'c', point: 'c', address: '0.0.0.0', port: 2055 },
        ...{ protocols: ['netflow', 'ipfix', 'sflow'], exporters: ['192.0.2.0/24', '2001:db8::1/128'] },
        ...{ samplingRate: null, buffer: 1024, templateTimeout: 3600, clockTolerance: 600 },
      },
      {
        ...{ kind: 'flow-log', name: 'd', point: 'c', path: '/etc/poolprint/logs/conn.log', format: 'zeek' },
        ...{ follow: true, samplingRate: 100 },
      },
    ]);
  });

  test('keys and sections without a value count as not written; off switches off', () => {
    const config = loadConfig(
      withKey('limits:\nhttp:\nthreads:\nlog: {level: }\nledger: off\nresolver: off'),
      FILE,
      {},
    );
    expect([config.threads, config.log.level, config.http?.port, config.ledger]).toEqual([1, 'info', 9477, null]);
    expect(loadConfig(withKey('http: off'), FILE, {}).http).toBeNull();
    expect(loadConfig(withKey('ledger: {}'), FILE, {}).ledger?.path).toBe('/var/lib/poolprint/poolprint.ledger');
    const { config: off, warnings } = read(withKey('ledger:\n  # path: x'));
    expect([off.ledger, warnings]).toEqual([
      null,
      [expect.stringMatching(/:4:1: ledger has no keys and is off: write/)],
    ]);
  });

  test('listed points that are used come in order, then those that inputs make', () => {
    const { config, warnings } = read(`sensor: s
points: [{name: x}, {name: border, nat: inside, realm: r 1, clock_error: 250ms, home: [10.1.2.3/8]}]
inputs:
  - {name: a, kind: pipe, path: p}
  - {name: b, kind: pipe, path: q, point: border}
  - {name: c, kind: pipe, path: r, point: bordr}
`);
    expect(config.points).toEqual([
      { name: 'border', nat: 'inside', realm: 'r 1', clockError: 0.25, home: ['10.0.0.0/8'] },
      ...['a', 'bordr'].map((name) => ({ name, nat: 'none', realm: null, clockError: 0, home: [] })),
    ]);
    expect(warnings.map((line) => line.replace(`${FILE}:`, ''))).toEqual([
      '2:17: no input has point: x, so this point has no effect',
      '6:43: bordr is not among the points and gets no NAT side; did you mean border?',
    ]);
  });
});

describe('overrides', () => {
  test('flags stand above the environment, that above the file, that above the defaults', () => {
    const text = withKey('http: {port: 1}');
    const port = (env: Env, flags: [string, string][] = []): number | undefined =>
      read(text, env, { flags }).config.http?.port;
    expect(port({})).toBe(1);
    expect(port({ POOLPRINT_HTTP_PORT: '2' })).toBe(2);
    expect(port({ POOLPRINT_HTTP_PORT: '2' }, [['http.port', '3']])).toBe(3);
    expect(port({ POOLPRINT_HTTP_PORT: ' ' })).toBe(1);
  });

  test('every key outside of points and inputs has a variable of its own', () => {
    expect(KEYS.size).toBeGreaterThan(30);
    expect(new Set([...KEYS.keys()].map(variableOf)).size).toBe(KEYS.size);
    for (const [key, leaf] of KEYS) {
      const sample = { text: '', number: 'x', flag: 'x', list: '\u0001' }[leaf.form];
      if (sample === '') continue;
      const name = variableOf(key);
      expect(faults(withKey('ledger: {}\nresolver: {servers: [192.0.2.53]}'), { [name]: sample })[0]).toMatch(
        `environment ${name}: ${key}`,
      );
    }
  });

  test('numbers, flags, lists, texts; a section is made where one of its keys is set', () => {
    const { config } = read(LEAST, {
      POOLPRINT_SENSOR: 'border 2',
      POOLPRINT_THREADS: '2',
      POOLPRINT_WATCH: 'false',
      POOLPRINT_LEDGER_PATH: 'own.ledger',
      POOLPRINT_LEDGER_MMDB: ' a.mmdb, b.mmdb ,',
      POOLPRINT_OVERLOAD_LEAST_SHARE: '0.5',
      POOLPRINT_DETECTIONS_FILE: 'out.ndjson',
      POOLPRINT_HTTP: 'off',
    });
    expect([config.sensor, config.threads, config.watch, config.overload.leastShare]).toEqual([
      'border 2',
      2,
      false,
      0.5,
    ]);
    expect(config.ledger).toEqual({
      path: '/etc/poolprint/own.ledger',
      actor: 'poolprint',
      reference: null,
      mmdb: ['/etc/poolprint/a.mmdb', '/etc/poolprint/b.mmdb'],
      evidence: true,
    });
    expect([config.detectionsFile, config.http]).toEqual(['/etc/poolprint/out.ndjson', null]);
  });

  test('a file may hold the value', () => {
    const readFile = (path: string): string => {
      if (path === '/etc/poolprint/name') return 'border-7\n';
      throw Object.assign(new Error('no'), { code: 'ENOENT' });
    };
    expect(read(LEAST, { POOLPRINT_SENSOR_FILE: 'name' }, { readFile }).config.sensor).toBe('border-7');
    expect(faults(LEAST, { POOLPRINT_SENSOR_FILE: '/x' }, { readFile })).toEqual([
      'environment POOLPRINT_SENSOR_FILE: /x cannot be read (ENOENT): name a file that may be read',
    ]);
    expect(faults(LEAST, { POOLPRINT_SENSOR_FILE: '/dev/zero' })).toEqual([
      'environment POOLPRINT_SENSOR_FILE: /dev/zero cannot be read (it is no regular file): name a file that may be read',
    ]);
    expect(faults(LEAST, { POOLPRINT_SENSOR_FILE: 'name', POOLPRINT_SENSOR: 'x' }, { readFile })).toEqual([
      'environment POOLPRINT_SENSOR_FILE: POOLPRINT_SENSOR is set too, and only one can hold: remove one of them',
    ]);
  });

  test.each<[Env, [string, string][], string]>([
    [
      { POOLPRINT_THREADS: 'two' },
      [],
      "environment POOLPRINT_THREADS: threads: 'two' is not a whole number from 1 to 64: write one of these",
    ],
    [
      { POOLPRINT_WATCH: 'yes' },
      [],
      "environment POOLPRINT_WATCH: watch: 'yes' is not true or false: write one of these",
    ],
    [{ POOLPRINT_HTTP: 'no' }, [], "environment POOLPRINT_HTTP: 'no' is not off, all this variable may say: remove it"],
    [{}, [['http.prot', '1']], '--set http.prot: there is no such key to set; did you mean http.port?'],
    [
      {},
      [['inputs[0].name', 'x']],
      '--set inputs[0].name: there is no such key to set; docs/daemon-config.md lists them',
    ],
    [{}, [['limits', 'off']], '--set limits: there is no such key to set; did you mean limits.flows?'],
    [{}, [['threads', '65']], '--set threads: threads: 65 is not a whole number from 1 to 64: write one of these'],
  ])('fault of %j %j', (env, flags, line) => {
    expect(faults(LEAST, env, { flags })).toEqual([line]);
  });

  test.each<[string, string | null]>([
    ['POOLPRINT_HTTP_PROT', 'overrides nothing: did you mean POOLPRINT_HTTP_PORT?'],
    ['POOLPRINT_HTTP_COLOUR_OF_THE_PAGE', 'overrides nothing: docs/daemon-config.md lists the variables'],
    ['POOLPRINT_HTTP_PROT_FILE', 'overrides nothing: did you mean POOLPRINT_HTTP_PORT?'],
    ['POOLPRINT_SENSR', 'overrides nothing: did you mean POOLPRINT_SENSOR?'],
    ['POOLPRINT_INPUTS_0_NAME', 'overrides nothing: inputs and points stand in the file alone'],
    ['POOLPRINT_LEDGER', null],
    ['POOLPRINT_ACTOR', null],
    ['POOLPRINT_SOMETHING_OF_A_WRAPPER', null],
    ['PATH', null],
  ])('%s is answered with a warning where it looks like one of ours', (name, warning) => {
    expect(read(LEAST, { [name]: 'x' }).warnings).toEqual(warning === null ? [] : [`environment ${name}: ${warning}`]);
  });

  test('folders of systemd are defaults', () => {
    const env = { STATE_DIRECTORY: '/var/lib/poolprint-2:/other', RUNTIME_DIRECTORY: '/run/poolprint' };
    const text = withInput('{name: eth1, kind: pipe}');
    const { config, originOf } = read(`${text}ledger: {}\n`, env);
    expect([config.stateDirectory, config.ledger?.path, config.inputs[0]]).toEqual([
      '/var/lib/poolprint-2',
      '/var/lib/poolprint-2/poolprint.ledger',
      { kind: 'pipe', name: 'eth1', point: 'eth1', path: '/run/poolprint/capture-eth1.pcap' },
    ]);
    expect(originOf(['state_directory'])).toBe('environment STATE_DIRECTORY');
    expect(originOf(['inputs', 0, 'path'])).toBe('environment RUNTIME_DIRECTORY');
    expect(loadConfig(`${text}state_directory: here\n`, FILE, env).stateDirectory).toBe('/etc/poolprint/here');
  });
});
