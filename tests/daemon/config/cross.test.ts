import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/daemon/config/config-error.ts';
import { diffConfig } from '../../../src/daemon/config/diff.ts';
import { SECTIONS } from '../../../src/daemon/config/keys.ts';
import { loadConfig } from '../../../src/daemon/config/load.ts';
import { estimateMemory } from '../../../src/daemon/config/memory.ts';
import type { DaemonConfig } from '../../../src/daemon/config/types.ts';

const load = (text: string): DaemonConfig => loadConfig(`sensor: s\n${text}`, '/etc/poolprint/p.yaml', {});

function faults(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults.map(({ where, message }) => `${where.replace(/^.*yaml:/, '')}: ${message}`);
  }
  return [];
}

const inputs = (...entries: string[]): string => `inputs:\n${entries.map((entry) => `  - {${entry}}\n`).join('')}`;
const collector = (name: string, address: string, port = 2055): string =>
  `name: ${name}, kind: collector, port: ${port}, address: "${address}", exporters: [192.0.2.1]`;
const tap = 'name: tap, kind: live, interface: eth1';

describe('checks across keys', () => {
  test.each<[text: string, ...lines: string[]]>([
    [inputs(tap, 'name: tap, kind: pipe, path: p'), '4:12: tap is the name of input 1 already: give it another'],
    [`points: [{name: tap}, {name: tap}]\n${inputs(tap)}`, '2:30: tap is the name of point 1 already: give it another'],
    [
      `${inputs(tap)}limits: {flows: 1024, conversations: 1025}\n`,
      '4:38: limits.conversations: 1025 conversations are more than the 1024 flows of limits.flows, and each is one: lower it',
    ],
    [
      `points: [{name: tap, nat: outside, realm: r}]\n${inputs(tap)}`,
      '2:43: a point outside of the translation sees public addresses, which need no realm: remove realm, or say nat: inside',
    ],
    [inputs(tap, 'name: b, kind: live, interface: eth1'), '4:38: b would read the same as tap: remove one of them'],
    [inputs(tap, 'name: b, kind: live, interface: eth1, filter: tcp')],
    [
      inputs('name: a, kind: pipe, path: "-"', 'name: b, kind: flow-log, path: "-", format: eve'),
      '4:37: b would read the same as a: remove one of them',
    ],
    [
      inputs('name: a, kind: spool, directory: d', 'name: b, kind: spool, directory: ./d/'),
      '4:39: b would read the same as a: remove one of them',
    ],
    [inputs('name: a, kind: spool, directory: d', 'name: b, kind: spool, directory: d, pattern: x*')],
    [
      inputs('name: a, kind: spool, directory: d, when_done: move'),
      '3:53: inputs[0].when_done: move has no folder to move to: add move_to',
    ],
    [
      inputs('name: a, kind: spool, directory: d, sampling_rate: 100'),
      '3:57: inputs[0].sampling_rate has no effect with format: capture: remove it, or say which log it is',
    ],
    [
      inputs('name: a, kind: spool, directory: d, when_done: delete, move_to: e'),
      '3:70: inputs[0].move_to has no effect with when_done: delete: say when_done: move, or remove it',
    ],
    [
      inputs('name: a, kind: spool, directory: d, when_done: move, move_to: d'),
      "3:68: inputs[0].move_to: '/etc/poolprint/d' is the folder that is read, so files would be read again: name another",
    ],
  ])('%s', (text, ...lines) => {
    expect(faults(text)).toEqual(lines);
  });

  test.each<[one: string, other: string, clash: boolean]>([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0', '192.0.2.2', true],
    ['192.0.2.2', '0.0.0.0', true],
    ['::', '192.0.2.2', true],
    ['::', '0.0.0.0', true],
    ['2001:db8::1', '0:0::0', true],
    ['2001:db8::1', '0.0.0.0', false],
    ['2001:DB8::1', '2001:db8::1', true],
    ['2001:db8::1', '::1', false],
  ])('collectors at %s and %s share a socket: %s', (one, other, clash) => {
    const message =
      'b and a would listen at the same socket, port 2055: give one another address or port, or make them one input';
    const found = faults(inputs(collector('a', one), collector('b', other)));
    expect(found.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(clash ? [message] : []);
    expect(faults(inputs(collector('a', one), collector('b', other, 2056)))).toEqual([]);
  });
});

describe('diffConfig', () => {
  const NOTHING = {
    ...{ inputsAdded: [], inputsRemoved: [], inputsChanged: [] },
    ...{ pointsAdded: [], pointsRemoved: [], pointsChanged: [], live: [], restart: [] },
  };
  const plain = load(inputs(tap, 'name: b, kind: pipe, path: p'));

  test('nothing where only the writing differs', () => {
    const same = load(
      `threads: 1\ntimeouts: {flow_idle: 900s}\n${inputs(`${tap}, buffer: 64MiB, point: tap`, 'name: b, kind: pipe, path: ./p')}`,
    );
    expect(diffConfig(plain, same)).toEqual(NOTHING);
  });

  test('inputs and points that came, went and changed', () => {
    const next = load(
      `points: [{name: tap, nat: inside}]\n${inputs('name: c, kind: pipe, path: q, point: p2', `${tap}, snaplen: 128`)}`,
    );
    expect(diffConfig(plain, next)).toEqual({
      ...NOTHING,
      ...{ inputsAdded: ['c'], inputsRemoved: ['b'], inputsChanged: ['tap'] },
      ...{ pointsAdded: ['p2'], pointsRemoved: ['b'], pointsChanged: ['tap'] },
    });
  });

  test('what takes effect at once, and what needs a restart', () => {
    const next = load(`${inputs(tap, 'name: b, kind: pipe, path: p')}threads: 2
state_directory: x
watch: false
signatures: {only: [stratum-v1.*]}
ledger: {}
limits: {flows: 2048, conversations: 64}
overload: {lag: 1s}
http: off
resolver: {servers: [192.0.2.53]}
log: {level: warn, format: text}
`);
    const diff = diffConfig(plain, next);
    expect(diff.restart).toEqual([
      ...['threads', 'state_directory', 'ledger.path', 'ledger.actor', 'ledger.evidence'],
      ...['limits.flows', 'limits.conversations', 'http.address', 'http.port', 'http.status_public', 'log.format'],
    ]);
    expect(diff.live).toEqual([
      ...['watch', 'signatures.only', 'ledger.reference', 'ledger.mmdb', 'overload.lag'],
      ...['resolver.servers', 'resolver.interval', 'resolver.rate', 'resolver.timeout', 'log.level'],
    ]);
    expect(diffConfig(next, plain)).toMatchObject({ live: diff.live, restart: diff.restart });
    expect(diff).toMatchObject({ inputsChanged: [], pointsChanged: [] });
  });

  test('every key that bounds memory needs a restart', () => {
    expect(Object.values(SECTIONS['limits']?.keys ?? {}).map(({ change }) => change)).toEqual(Array(5).fill('restart'));
  });
});

describe('estimateMemory', () => {
  const MIB = 2 ** 20;
  const parts = (text: string): Record<string, number> =>
    Object.fromEntries(estimateMemory(load(text)).map(({ part, bytes }) => [part, bytes]));

  test('adds up the tables of each point by what feeds it', () => {
    const text = `limits: {flows: 10000, conversations: 1000, reassembly: 8MiB, record_conversations: 2000, keys: 1000}\n`;
    expect(
      parts(
        `${text}${inputs(tap, collector('nf', '0.0.0.0'), 'name: sp, kind: spool, directory: d, format: ipfix, point: r')}`,
      ),
    ).toEqual({
      process: 160 * MIB,
      'point tap: flows': 1_400_000,
      'point tap: conversations': 40_960_000,
      'point tap: reassembly': 8 * MIB,
      'point tap: keys': 16_384_000,
      // sFlow brings packets.
      'point nf: flows': 1_400_000,
      'point nf: conversations': 40_960_000,
      'point nf: reassembly': 8 * MIB,
      'point nf: conversations of flow records': 320_000,
      'point nf: keys': 16_384_000,
      'point r: conversations of flow records': 320_000,
      'point r: keys': 16_384_000,
      'input tap: buffer in the kernel': 64 * MIB,
      'input nf: buffer in the kernel': 16 * MIB,
    });
  });

  test('threads and evidence cost, inputs that share a point share its tables', () => {
    const shared = parts(`threads: 3\nledger: {}\n${inputs(tap, 'name: b, kind: pipe, path: p, point: tap')}`);
    expect(shared).toMatchObject({ '3 threads': 288 * MIB, 'point tap: evidence': 64 * MIB });
    expect(Object.keys(shared).filter((part) => part.endsWith(': flows'))).toEqual(['point tap: flows']);
    expect(parts(`ledger: {evidence: false}\n${inputs(tap)}`)).not.toHaveProperty('point tap: evidence');
  });
});
