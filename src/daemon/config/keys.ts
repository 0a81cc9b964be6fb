/** Every key of the configuration, once: the schema, the published JSON Schema, the page, overrides and `config show` follow. */
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';
import { LOG_FORMATS } from '../../flowrecord/record.ts';
import {
  choice,
  decimal,
  duration,
  flag,
  type Kind,
  type LeafTable,
  type Leaves,
  leaf,
  list,
  looseLeaves,
  maybe,
  needed,
  path,
  prefix,
  size,
  text,
  whole,
} from './leaf.ts';
import type {
  CollectorInputConfig,
  DaemonConfig,
  FlowLogInputConfig,
  InputConfig,
  LiveInputConfig,
  PipeInputConfig,
  PointConfig,
  SpoolInputConfig,
} from './types.ts';

const MANY = 1000;

/** Names of inputs and observation points are label values of metrics and parts of file names. */
const LABEL =
  'a name: write 1 to 63 of a-z, 0-9, "_", "." and "-", beginning with a letter or digit, numbers in quotes';
const label = text('name (`a-z 0-9 _ . -`)', LABEL, /^[a-z0-9][a-z0-9_.-]{0,62}$/);

/** Sensors and realms, as `replay` takes them. */
const TITLE = 'a name: write 1 to 64 printable characters with single spaces between words, numbers in quotes';
const TITLE_SHAPE = /^(?=.{1,64}$)[\p{L}\p{M}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u;
const title = text('name', TITLE, TITLE_SHAPE);

const INTERFACE = 'an interface: write its name, at most 15 characters, as eth1 ("ip link" lists them)';
const device = text('interface', INTERFACE, /^(?!-)[^\s/\u0000-\u001f]{1,15}$/);

const FILTER = 'a packet filter: write an expression of pcap-filter(7) on one line, at most 4096 characters';
const filter = text('pcap-filter(7)', FILTER, /^[^\u0000-\u001f\u007f]{1,4096}$/);

const PATTERN = 'a pattern of file names: write one without "/", as border-*.pcap*';
const pattern = text('glob', PATTERN, /^[^/\u0000-\u001f\u007f]{1,255}$/);

const ID = 'an id of a signature or a prefix: write one, as stratum-v1.submit or cryptonote.*';
const id = text('signature id or prefix', ID, /^[a-z0-9][a-z0-9.-]{0,79}\*?$/);

const isAddress = (value: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(value) ||
  (value.includes(':') && !value.includes('%') && ipaddr.IPv6.isValid(value));

function addressKind(words: string, wanted: string, fits: (value: string) => boolean): Kind<string> {
  const shape = text(words, wanted, /^[0-9A-Fa-f:.[\]]{2,60}$/);
  return { ...shape, schema: v.pipe(shape.schema, v.check(fits, wanted)) };
}
const address = addressKind(
  'address',
  'an address: write one of this machine, as 127.0.0.1, 0.0.0.0 or "::"',
  isAddress,
);

/** `ADDRESS`, `ADDRESS:PORT` or `[IPV6]:PORT`. */
function isServer(value: string): boolean {
  if (isAddress(value)) return true;
  const [, six, four, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(value) ?? [];
  return isAddress(six ?? four ?? '') && Number(port) >= 1 && Number(port) <= 65_535;
}
const server = addressKind(
  'address, with an optional port',
  'the address of a resolver: write one, as 192.0.2.53, 192.0.2.53:5353 or "[2001:db8::53]:53"',
  isServer,
);

/** What stands at the top. */
export const TOP: LeafTable = looseLeaves<
  Pick<DaemonConfig, 'sensor' | 'threads' | 'stateDirectory' | 'detectionsFile' | 'watch'>
>({
  sensor: needed(title, 'name of this sensor; part of the identity of every detection, so never change it', 'restart'),
  threads: leaf(whole(1, 64), 1, 'worker threads that share the packets', 'restart'),
  state_directory: needed(
    path,
    'folder for what must survive a restart; made where it is missing',
    'restart',
    '$STATE_DIRECTORY, else /var/lib/poolprint',
  ),
  detections_file: maybe(path, 'one JSON detection a line is appended to this file', 'live'),
  watch: leaf(flag, true, 'reload when signatures, registry or this file change, not only on SIGHUP', 'live'),
});

/** A section: its keys, whether `off` switches it off, and what it is where it is not written. */
export interface Section {
  readonly keys: LeafTable;
  readonly meaning: string;
  /** `off` may stand instead of the keys. */
  readonly optional: boolean;
  /** Whether it is off unless it is written. */
  readonly off: boolean;
}

type Part<K extends keyof DaemonConfig> = Leaves<NonNullable<DaemonConfig[K]>>;
const section = (keys: LeafTable, meaning: string, optional = false, off = false): Section => ({
  keys,
  meaning,
  optional,
  off,
});

const signatures: Part<'signatures'> = {
  paths: leaf(list(path, 0, MANY), [], 'folders or files of signatures instead of those that come along', 'live'),
  endpoints: leaf(list(path, 0, MANY), [], 'CSV files of pool endpoints beside the list that comes along', 'live'),
  only: leaf(list(id, 0, MANY), [], 'use these signatures and no others', 'live'),
  without: leaf(list(id, 0, MANY), [], 'leave out these signatures', 'live'),
};
const ledger: Part<'ledger'> = {
  path: needed(path, 'the ledger; made where it is missing', 'restart', 'poolprint.ledger in state_directory'),
  actor: leaf(
    text('name', TITLE, TITLE_SHAPE),
    'poolprint',
    'name under which the ledger notes what came in',
    'restart',
  ),
  reference: maybe(path, 'folder with tables that replace those of the same name in signatures/reference', 'live'),
  mmdb: leaf(list(path, 0, 16), [], 'databases in MaxMind format, as hints only', 'live'),
  evidence: leaf(flag, true, 'keep the packets behind detections with them', 'restart'),
};
const limits: Part<'limits'> = {
  flows: leaf(whole(1024, 16_777_216), 393_216, 'flows alive at once per observation point', 'restart'),
  conversations: leaf(whole(64, 1_048_576), 16_384, 'conversations read at once per observation point', 'restart'),
  reassembly: leaf(size('1MiB', '16GiB'), '32MiB', 'bytes that streams hold back, per observation point', 'restart'),
  record_conversations: leaf(
    whole(1024, 16_777_216),
    1_048_576,
    'conversations of flow records kept at once per observation point',
    'restart',
  ),
  keys: leaf(
    whole(1000, 10_000_000),
    50_000,
    'miner, pool and dialect kept apart at once per point and day',
    'restart',
  ),
};
const timeouts: Part<'timeouts'> = {
  flow_idle: leaf(duration('10s', '1d'), '15m', 'a flow silent for so long has ended', 'restart'),
  flow_active: leaf(
    duration('1m', '1d'),
    '1h',
    'a flow that carries no mining is looked at afresh after so long',
    'restart',
  ),
  record_conversation_idle: leaf(
    duration('1m', '1d'),
    '1h',
    'a conversation without flow records for so long has ended',
    'restart',
  ),
};
const overload: Part<'overload'> = {
  enabled: leaf(flag, true, 'shed load where input outruns the program, instead of losing packets blindly', 'live'),
  lag: leaf(duration('100ms', '10m'), '2s', 'live input further behind than this sheds', 'live'),
  least_share: leaf(decimal(0.001, 1), 0.05, 'at least this share of flows is looked at', 'live'),
};
const checkpoint: Part<'checkpoint'> = {
  interval: leaf(duration('1s', '10m'), '2s', 'time between checkpoints: what a crash can lose of live input', 'live'),
};
const report: Part<'report'> = {
  interval: leaf(duration('1s', '1h'), '10s', 'time between looks for new and changed detections', 'live'),
};
const http: Part<'http'> = {
  address: leaf(address, '127.0.0.1', 'address at which /metrics, /healthz, /readyz and /status answer', 'restart'),
  port: leaf(whole(0, 65_535), 9477, 'its port; 0 takes any that is free', 'restart'),
  status_public: leaf(flag, false, 'answer /status, which names addresses, to other machines too', 'restart'),
};
const resolver: Part<'resolver'> = {
  servers: needed(
    list(server, 1, 8),
    'resolvers to ask for the addresses of listed pools; no others are asked',
    'live',
  ),
  interval: leaf(duration('1m', '7d'), '6h', 'every listed name is asked once in this time', 'live'),
  rate: leaf(decimal(0.01, 1000), 5, 'most questions a second', 'live'),
  timeout: leaf(duration('100ms', '30s'), '3s', 'wait for an answer', 'live'),
};
const log: Part<'log'> = {
  level: leaf(choice(['debug', 'info', 'warn', 'error']), 'info', 'least level that is logged', 'live'),
  format: leaf(
    choice(['json', 'text']),
    'json',
    'JSON lines for journald and collectors, or text for people',
    'restart',
  ),
};

/** Sections by name, in the order of the page. */
export const SECTIONS: Readonly<Record<string, Section>> = {
  signatures: section(looseLeaves(signatures), 'what is looked for'),
  ledger: section(looseLeaves(ledger), 'where detections become leads', true, true),
  limits: section(looseLeaves(limits), 'bounds of memory'),
  timeouts: section(looseLeaves(timeouts), 'when something counts as over'),
  overload: section(looseLeaves(overload), 'what happens when there is too much'),
  checkpoint: section(looseLeaves(checkpoint), 'what survives a crash'),
  report: section(looseLeaves(report), 'when detections are told'),
  http: section(looseLeaves(http), 'metrics, health and status', true),
  resolver: section(looseLeaves(resolver), 'look-ups of the names of listed pools', true, true),
  log: section(looseLeaves(log), 'the log on standard error'),
};

/** Keys of an entry of `points`. */
export const POINT: LeafTable = looseLeaves<PointConfig>({
  name: needed(label, 'name of the observation point', 'restart'),
  nat: leaf(choice(['inside', 'outside', 'none']), 'none', 'where it stands to address translation', 'restart'),
  realm: maybe(title, 'name of the network in which its private addresses are unique', 'restart'),
  clock_error: leaf(duration('0s', '1d'), '0s', 'error of the clock of its captures', 'restart'),
  home: leaf(list(prefix, 0, MANY), [], 'prefixes of your own customers', 'restart'),
});

const base: Leaves<Pick<InputConfig, 'name' | 'point'>> = {
  name: needed(label, 'name of the input, in metrics and logs', 'live'),
  point: needed(
    label,
    'observation point; inputs that share one see the same traffic',
    'live',
    'the name of the input',
  ),
};
const pathOrDash = (meaning: string, given: string | null): Leaves<{ path: string }>['path'] =>
  needed(path, meaning, 'live', given);
const samplingRate = maybe(
  whole(1, 2 ** 31 - 1),
  'one of so many packets was looked at, where the exporter does not say',
  'live',
);

const live: Leaves<Omit<LiveInputConfig, 'kind'>> = {
  ...base,
  interface: needed(device, 'interface to capture from', 'live'),
  program: leaf(
    choice(['auto', 'tcpdump', 'dumpcap']),
    'auto',
    'capture program; `auto` takes tcpdump where it may capture, else dumpcap',
    'live',
  ),
  filter: maybe(filter, 'capture only what matches', 'live'),
  snaplen: leaf(whole(96, 262_144), 65_535, 'bytes kept of a packet', 'live'),
  buffer: leaf(size('1MiB', '4GiB'), '64MiB', 'capture buffer in the kernel', 'live'),
  promiscuous: leaf(flag, true, 'take packets for other machines too', 'live'),
};
const pipe: Leaves<Omit<PipeInputConfig, 'kind'>> = {
  ...base,
  path: pathOrDash(
    'FIFO into which a program writes a capture; `-` is standard input',
    'capture-NAME.pcap in $RUNTIME_DIRECTORY, where that is set',
  ),
};
const spool: Leaves<Omit<SpoolInputConfig, 'kind'>> = {
  ...base,
  directory: needed(path, 'folder with rotated files', 'live'),
  pattern: leaf(pattern, '*', 'names of the files to read', 'live'),
  format: leaf(choice(['capture', ...LOG_FORMATS]), 'capture', 'what the files are', 'live'),
  when_done: leaf(choice(['keep', 'move', 'delete']), 'keep', 'what happens to a file that has been read', 'live'),
  move_to: maybe(path, 'folder for files that have been read, with when_done: move', 'live'),
  settle: leaf(duration('1s', '1d'), '30s', 'a file that has not grown for so long is complete', 'live'),
  rescan: leaf(duration('1s', '1h'), '5s', 'time between looks through the folder', 'live'),
  sampling_rate: samplingRate,
};
const collector: Leaves<Omit<CollectorInputConfig, 'kind'>> = {
  ...base,
  address: leaf(address, '0.0.0.0', 'address to listen at', 'live'),
  port: needed(whole(1, 65_535), 'UDP port to listen at', 'live'),
  protocols: leaf(
    list(choice(['netflow', 'ipfix', 'sflow']), 1, 3),
    ['netflow', 'ipfix', 'sflow'],
    'what is taken; netflow is v5 and v9',
    'live',
  ),
  exporters: needed(list(prefix, 1, MANY), 'exporters that may send; datagrams of all others are only counted', 'live'),
  sampling_rate: samplingRate,
  buffer: leaf(size('1MiB', '1GiB'), '16MiB', 'receive buffer of the socket', 'live'),
  template_timeout: leaf(duration('1m', '7d'), '1h', 'a template not refreshed for so long is forgotten', 'live'),
  clock_tolerance: leaf(
    duration('0s', '7d'),
    '10m',
    'times of flows that ended further from their arrival are put right; 0s = never, for flows sent again later',
    'live',
  ),
};
const flowLog: Leaves<Omit<FlowLogInputConfig, 'kind'>> = {
  ...base,
  path: pathOrDash('file or FIFO; `-` is standard input', null),
  format: needed(choice(LOG_FORMATS), 'what it is', 'live'),
  follow: leaf(flag, false, 'go on with what is appended, as tail -F does', 'live'),
  sampling_rate: samplingRate,
};

/** Keys of an entry of `inputs` by its kind, without `kind` itself. */
export const INPUTS: Readonly<Record<InputConfig['kind'], LeafTable>> = {
  live: looseLeaves(live),
  pipe: looseLeaves(pipe),
  spool: looseLeaves(spool),
  collector: looseLeaves(collector),
  'flow-log': looseLeaves(flowLog),
};
