import { describe, expect, test } from 'vitest';
import { MAX_FAULTS } from '../../../src/daemon/config/config-error.ts';
import { FILE, faults, LEAST, withInput, withKey } from './reading.ts';

describe('faults', () => {
  const NAME =
    'is not a name: write 1 to 63 of a-z, 0-9, "_", "." and "-", beginning with a letter or digit, numbers in quotes';
  const TITLE = 'is not a name: write 1 to 64 printable characters with single spaces between words, numbers in quotes';
  const PREFIX = 'is not an address or prefix: write one such as 192.0.2.7 or 10.0.0.0/8';
  const ADDRESS = 'is not an address: write one of this machine, as 127.0.0.1, 0.0.0.0 or "::"';
  const PATH = 'is not a path: write 1 to 4096 characters without control characters';
  const SERVER = 'is not the address of a resolver: write one, as 192.0.2.53, 192.0.2.53:5353 or "[2001:db8::53]:53"';
  const duration = (min: string, max: string): string =>
    `is not a duration from ${min} to ${max}: write a number with its unit (ms, s, m, h, d), as ${min}`;
  const size = (min: string, max: string): string =>
    `is not a size from ${min} to ${max}: write a whole number with MiB or GiB, as ${min}`;

  test.each<[text: string, ...lines: string[]]>([
    // the file as a whole
    [
      '',
      '1:1: the configuration has no sensor (name of this sensor; part of the identity of every detection, so never change it): add it',
      '1:1: the configuration has no inputs (where packets and flow records come from): add it',
    ],
    ['- sensor', '1:1: a configuration is a mapping of keys to values: begin with "sensor: NAME"'],
    ['just text', '1:1: a configuration is a mapping of keys to values: begin with "sensor: NAME"'],
    ['a: 1\n---\nb: 1', ' the file holds 2 YAML documents: write exactly one, a configuration'],
    ['sensor: s\nsensor: t', '2:1: not readable as YAML: duplicated mapping key: correct the text here'],
    ['a: &x 1\nb: *x', '2:5: not readable as YAML: aliases exceeded maxAliases (0): correct the text here'],
    [`${LEAST}#${'x'.repeat(256 * 1024)}`, ' is larger than 256 KiB, more than a configuration may be: shorten it'],
    // keys nobody knows
    [withKey('thread: 2'), "4:1: there is no key 'thread'; did you mean threads?"],
    [withKey('http: {adress: x}'), "4:8: there is no key 'adress' in http; did you mean address?"],
    [withKey('log: {colour_of_it: x}'), "4:7: there is no key 'colour_of_it' in log; there are level, format"],
    [
      withKey('log: {__proto__: 1, constructor: 1}'),
      "4:7: there is no key '__proto__' in log; there are level, format",
      "4:21: there is no key 'constructor' in log; there are level, format",
    ],
    [
      withInput('{name: a, kind: pipe, path: p, port: 3}'),
      "3:36: there is no key 'port' in inputs[0]; did you mean point?",
    ],
    [`${LEAST}points: [{name: x, net: inside}]\n`, "4:20: there is no key 'net' in points[0]; did you mean nat?"],
    // kinds of values
    [LEAST.replace('sensor: s', 'sensor: 1'), `1:9: sensor: 1 ${TITLE}`],
    [LEAST.replace('sensor: s', 'sensor: "a  b"'), `1:9: sensor: 'a  b' ${TITLE}`],
    [withKey('threads: 0'), '4:10: threads: 0 is not a whole number from 1 to 64: write one of these'],
    [withKey('threads: 1.5'), '4:10: threads: 1.5 is not a whole number from 1 to 64: write one of these'],
    [withKey('threads: two'), "4:10: threads: 'two' is not a whole number from 1 to 64: write one of these"],
    [withKey('threads: [2]'), '4:10: threads: a list is not a whole number from 1 to 64: write one of these'],
    [withKey('watch: on'), "4:8: watch: 'on' is not true or false: write one of these"],
    [withKey('state_directory: ""'), `4:18: state_directory: '' ${PATH}`],
    [withKey('detections_file: "a\\nb"'), `4:18: detections_file: 'a\\nb' ${PATH}`],
    [withKey('limits: off'), '4:9: limits: \'off\' is not a mapping: write "key: value" lines below it'],
    [withKey('http: 9100'), '4:7: http: 9100 is not a mapping: write "key: value" lines below it, or off'],
    [
      withKey('http: {port: 65536}'),
      '4:14: http.port: 65536 is not a whole number from 0 to 65535: write one of these',
    ],
    [withKey('http: {address: localhost}'), `4:17: http.address: 'localhost' ${ADDRESS}`],
    [withKey('http: {address: 127.1}'), `4:17: http.address: 127.1 ${ADDRESS}`],
    [withKey('limits: {reassembly: 12}'), `4:22: limits.reassembly: 12 ${size('1MiB', '16GiB')}`],
    [withKey('limits: {reassembly: 32MB}'), `4:22: limits.reassembly: '32MB' ${size('1MiB', '16GiB')}`],
    [withKey('limits: {reassembly: 17GiB}'), `4:22: limits.reassembly: '17GiB' ${size('1MiB', '16GiB')}`],
    [withKey('timeouts: {flow_idle: 30}'), `4:23: timeouts.flow_idle: 30 ${duration('10s', '1d')}`],
    [withKey('timeouts: {flow_idle: 9s}'), `4:23: timeouts.flow_idle: '9s' ${duration('10s', '1d')}`],
    [withKey('checkpoint: {interval: 1h}'), `4:24: checkpoint.interval: '1h' ${duration('1s', '10m')}`],
    [
      withKey('overload: {least_share: 0}'),
      '4:25: overload.least_share: 0 is not a number from 0.001 to 1: write one of these',
    ],
    [
      withKey('overload: {least_share: .inf}'),
      '4:25: overload.least_share: Infinity is not a number from 0.001 to 1: write one of these',
    ],
    [
      withKey('log: {level: loud}'),
      "4:14: log.level: 'loud' is not one of debug, info, warn, error: write one of these",
    ],
    [
      withKey('signatures: {only: stratum-v1.*}'),
      '4:20: signatures.only: \'stratum-v1.*\' is not a list of 0 to 1,000 entries: write [] or one "- " line each',
    ],
    [
      withKey('signatures: {without: [A b]}'),
      "4:24: signatures.without[0]: 'A b' is not an id of a signature or a prefix: write one, as stratum-v1.submit or cryptonote.*",
    ],
    [withKey('signatures: {paths: [null]}'), `4:22: signatures.paths[0]: nothing ${PATH}`],
    [
      withKey('resolver: {rate: 5}'),
      '4:11: resolver has no servers (resolvers to ask for the addresses of listed pools; no others are asked): add it',
    ],
    [
      withKey('resolver: {servers: []}'),
      '4:21: resolver.servers: a list is not a list of 1 to 8 entries: write […] or one "- " line each',
    ],
    [
      withKey('resolver: {servers: ["192.0.2.1:0", dns.example, "[2001:db8::1"]}'),
      `4:22: resolver.servers[0]: '192.0.2.1:0' ${SERVER}`,
      `4:37: resolver.servers[1]: 'dns.example' ${SERVER}`,
      `4:50: resolver.servers[2]: '[2001:db8::1' ${SERVER}`,
    ],
    [withKey('ledger: {actor: "\\u202eevil"}'), `4:17: ledger.actor: '\\u202eevil' ${TITLE}`],
    // points
    [withKey('points: {}'), '4:9: points: a mapping is not a list of at most 256 entries: begin each with "- name:"'],
    [withKey('points: [border]'), '4:10: points[0]: \'border\' is not a mapping: write "key: value" lines below it'],
    [withKey('points: [{nat: inside}]'), '4:10: points[0] has no name (name of the observation point): add it'],
    [
      withKey('points: [{name: tap, nat: both, home: [10/8]}]'),
      "4:27: points[0].nat: 'both' is not one of inside, outside, none: write one of these",
      `4:40: points[0].home[0]: '10/8' ${PREFIX}`,
    ],
    [withKey('points: [{name: tap, clock_error: 2d}]'), `4:35: points[0].clock_error: '2d' ${duration('0s', '1d')}`],
    // inputs
    ['sensor: s\ninputs: []', '2:9: inputs: a list is not a list of 1 to 256 inputs: begin each with "- name:"'],
    [withInput('3'), '3:5: inputs[0]: 3 is not a mapping: begin each input with "- name:"'],
    [withInput('{name: a}'), '3:5: inputs[0] has no kind: add one of live, pipe, spool, collector, flow-log'],
    [
      withInput('{name: a, kind: tap}'),
      "3:21: inputs[0].kind: 'tap' is not a kind of input: write one of live, pipe, spool, collector, flow-log",
    ],
    [
      withInput('{name: a, kind: [live]}'),
      '3:21: inputs[0].kind: a list is not a kind of input: write one of live, pipe, spool, collector, flow-log',
    ],
    [
      withInput('{kind: live}'),
      '3:5: inputs[0] has no name (name of the input, in metrics and logs): add it',
      '3:5: inputs[0] has no interface (interface to capture from): add it',
    ],
    [withInput('{name: A, kind: pipe, path: p}'), `3:12: inputs[0].name: 'A' ${NAME}`],
    [withInput(`{name: ${'a'.repeat(64)}, kind: pipe, path: p}`), `3:12: inputs[0].name: '${'a'.repeat(59)}…' ${NAME}`],
    [withInput('{name: a, kind: pipe, path: p, point: a b}'), `3:43: inputs[0].point: 'a b' ${NAME}`],
    [
      withInput('{name: a, kind: live, interface: "-w"}'),
      '3:38: inputs[0].interface: \'-w\' is not an interface: write its name, at most 15 characters, as eth1 ("ip link" lists them)',
    ],
    [
      withInput('{name: a, kind: live, interface: e, filter: "a\\0"}'),
      "3:49: inputs[0].filter: 'a\\x00' is not a packet filter: write an expression of pcap-filter(7) on one line, at most 4096 characters",
    ],
    [
      withInput('{name: a, kind: live, interface: e, snaplen: 40}'),
      '3:50: inputs[0].snaplen: 40 is not a whole number from 96 to 262144: write one of these',
    ],
    [
      withInput('{name: a, kind: pipe}'),
      '3:5: inputs[0] has no path (FIFO into which a program writes a capture; `-` is standard input): add it',
    ],
    [
      withInput('{name: a, kind: spool, directory: d, pattern: x/y}'),
      '3:51: inputs[0].pattern: \'x/y\' is not a pattern of file names: write one without "/", as border-*.pcap*',
    ],
    [
      withInput('{name: a, kind: collector, port: 0, exporters: []}'),
      '3:38: inputs[0].port: 0 is not a whole number from 1 to 65535: write one of these',
      '3:52: inputs[0].exporters: a list is not a list of 1 to 1,000 entries: write […] or one "- " line each',
    ],
    [
      withInput('{name: a, kind: collector, port: 1, exporters: [1.2.3, fe80::1%eth0]}'),
      `3:53: inputs[0].exporters[0]: '1.2.3' ${PREFIX}`,
      `3:60: inputs[0].exporters[1]: 'fe80::1%eth0' ${PREFIX}`,
    ],
    [
      withInput('{name: a, kind: collector, port: 1}'),
      '3:5: inputs[0] has no exporters (exporters that may send; datagrams of all others are only counted): add it',
    ],
    [withInput('{name: a, kind: flow-log, path: p}'), '3:5: inputs[0] has no format (what it is): add it'],
    [
      withInput('{name: a, kind: flow-log, path: p, format: csv}'),
      "3:48: inputs[0].format: 'csv' is not one of ipfix, nfdump-csv, nfdump-json, zeek, eve, goflow2: write one of these",
    ],
    [
      withInput('{name: a, kind: flow-log, path: p, format: eve, sampling_rate: 0}'),
      '3:68: inputs[0].sampling_rate: 0 is not a whole number from 1 to 2147483647: write one of these',
    ],
  ])('%s', (text, ...lines) => {
    expect(faults(text).map((line) => line.replace(`${FILE}: `, ' '))).toEqual(lines);
  });

  test('are listed from top to bottom, thirty at most, and the others are counted', () => {
    const many = Array.from({ length: 40 }, (_, i) => `k${i}: 1`).join('\n');
    const lines = faults(`${LEAST}${many}\n`);
    expect(lines).toHaveLength(MAX_FAULTS + 1);
    expect(lines[0]).toMatch(/^4:1: /);
    expect(lines[29]).toMatch(/^33:1: /);
    expect(lines[30]).toBe('and 10 more faults');
    const lots = Array.from({ length: 5000 }, (_, i) => `k${i}: 1`).join('\n');
    expect(faults(`${LEAST}${lots}\n`).slice(29)).toEqual([lines[29], 'and 4970 more faults']);
  });
});
