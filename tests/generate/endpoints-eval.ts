/**
 * Measures the rule by which a name makes a mining endpoint (docs/endpoints.md), through the whole engine: each name is the
 * server name of a TLS conversation of six minutes, and what counts is what the engine says of it.
 * Usage: npx node tests/generate/endpoints-eval.ts [--names FILE]     one name a line, none of which may be found
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectBytes } from '../engine/run.ts';
import { ORDINARY } from '../signature/endpoint-ordinary.ts';
import { conversation, type TimedMessage } from './conversation.ts';
import {
  nearMisses,
  POOL_LANGUAGE_LABELS,
  POOL_PAGES,
  POOL_SERVICE_LABELS,
  POOL_SITE_LABELS,
  PUBLIC_SUFFIX_EDGES,
} from './endpoints-eval-names.ts';
import { createRandom } from './random.ts';
import type { RawFrame } from './wire/frame.ts';
import * as tls from './wire/tls.ts';

const LISTS = join(import.meta.dirname, '..', '..', 'signatures', 'endpoints');
/** 20 April 2024, 00:10:00 UTC, microseconds. */
const START = 1_713_571_800_000_000;
/** Ports that mining with TLS is met on, and 443, where web sites are. */
export const PORTS: readonly number[] = [443, 3333, 14433, 50001];
/** Conversations of one run of the engine: well below the capacity of its flow table. */
const BATCH = 250;
/** Payload packets from each side, and seconds. */
const PACKETS = 25;
const SECONDS = 360;

export interface Question {
  readonly name: string;
  readonly port: number;
}

export type Answer = 'confirmed' | 'probable' | 'suspected' | 'nothing';

/** A listed mining endpoint: its name and the ports listed for it. */
export interface Listed {
  readonly name: string;
  readonly ports: readonly number[];
  /** A domain without ports: mining happens below it, and its bare name is no endpoint. */
  readonly onlyBelow: boolean;
}

/** Handshake, then records of the sizes of jobs and shares: one pair each quarter of a minute. */
function messagesOf(name: string): TimedMessage[] {
  const rng = createRandom(1);
  const messages: TimedMessage[] = [
    { from: 'client', at: 0.04, bytes: tls.clientHello(rng, { sni: name }) },
    { from: 'server', at: 0.08, bytes: tls.serverHello(rng) },
  ];
  const pairs = PACKETS - 1;
  for (let n = 0; n < pairs; n++) {
    const at = 0.12 + (n * (SECONDS - 1)) / (pairs - 1);
    messages.push({ from: 'client', at, bytes: tls.applicationRecord(rng, n === 0 ? 69 : 140) });
    messages.push({ from: 'server', at: at + 0.05, bytes: tls.applicationRecord(rng, 83) });
  }
  return messages;
}

/** Conversations by the length of the name: those of one length differ in name, addresses and ports alone. */
const templates = new Map<number, RawFrame[]>();

function templateOf(length: number): RawFrame[] {
  let frames = templates.get(length);
  if (frames === undefined) {
    const [client, server] = [
      { ip: '10.20.0.0', port: 40_000 },
      { ip: '203.0.113.1', port: 443 },
    ];
    const messages = messagesOf('x'.repeat(length));
    frames = conversation({ client, server, start: START, close: 'none', messages });
    templates.set(length, frames);
  }
  return frames;
}

// Offsets into a frame of Ethernet and IPv4 without options, RFC 791 §3.1 and RFC 9293 §3.1.
const [SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT] = [26, 30, 34, 36];
/** Header of a classic pcap file and of its records, draft-ietf-opsawg-pcap §4 and §5. */
const [FILE_HEADER, RECORD_HEADER] = [24, 16];

/**
 * A capture of TLS conversations of six minutes with 25 packets of payload from each side, all at the same time; question
 * `i` has the client 10.20.0.0 + `i`. Frames are copies of a template, so their checksums do not hold; the engine reads none.
 */
export function captureOf(questions: readonly Question[]): Uint8Array {
  const conversations = questions.map(({ name }) => templateOf(name.length));
  const size = conversations.flat().reduce((sum, { data }) => sum + RECORD_HEADER + data.length, FILE_HEADER);
  const out = Buffer.alloc(size);
  [0xa1b2c3d4, 0x00040002, 0, 0, 65_535, 1].forEach((word, i) => void out.writeUInt32LE(word, i * 4));
  let at = FILE_HEADER;
  const count = conversations[0]?.length ?? 0;
  for (let k = 0; k < count; k++) {
    for (const [i, { name, port }] of questions.entries()) {
      // Names of every length give the same number of frames at the same times.
      const frame = (conversations[i] as RawFrame[])[k] as RawFrame;
      out.writeUInt32LE(Math.floor(frame.time / 1e6), at);
      out.writeUInt32LE(frame.time % 1e6, at + 4);
      out.writeUInt32LE(frame.data.length, at + 8);
      out.writeUInt32LE(frame.data.length, at + 12);
      at += RECORD_HEADER;
      out.set(frame.data, at);
      const sent = frame.from === 'client';
      out.writeUInt16BE(i, at + (sent ? SOURCE : DESTINATION) + 2);
      out.writeUInt16BE(port, at + (sent ? DESTINATION_PORT : SOURCE_PORT));
      if (frame.message === 0) out.write(name, out.indexOf('x'.repeat(name.length), at, 'latin1'), 'latin1');
      at += frame.data.length;
    }
  }
  return out;
}

/** What the engine says of each conversation: the surest of its detections. */
export function ask(questions: readonly Question[]): Answer[] {
  const order: readonly Answer[] = ['nothing', 'suspected', 'probable', 'confirmed'];
  const answers: Answer[] = questions.map(() => 'nothing');
  for (let from = 0; from < questions.length; from += BATCH) {
    const batch = questions.slice(from, from + BATCH);
    const { detections, summary } = detectBytes([captureOf(batch)]);
    if (summary.flows !== batch.length) throw new Error(`${summary.flows} flows, not ${batch.length}`);
    for (const { miner, confidence } of detections) {
      const [, , c = 0, d = 0] = miner.ip.split('.').map(Number);
      const index = from + c * 256 + d;
      const answer = answers[index];
      if (answer === undefined) throw new Error(`a detection of ${miner.ip}, which is no client`);
      if (order.indexOf(confidence) > order.indexOf(answer)) answers[index] = confidence;
    }
  }
  return answers;
}

/** Rows of a list by the columns of its first line (RFC 4180, no line break inside quotes). */
function records(file: string): Readonly<Record<string, string>>[] {
  const lines = readFileSync(join(LISTS, file), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'));
  const rows = lines.map((line) =>
    [...line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''),
  );
  const [columns = [], ...rest] = rows;
  return rest.map((cells) => Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])));
}

const HOSTS = records('hosts.csv');
const POOLS = records('pools.csv');
const list = (cell: string | undefined): string[] => (cell ?? '').split(';').filter(Boolean);
const isMining = (row: Readonly<Record<string, string>>): boolean => /^(?:stratum|proxy)$/.test(row['role'] ?? '');

/** Every name of hosts.csv with role stratum, kind host or domain, and confidence high or medium; its rows together. */
export function listedEndpoints(): Listed[] {
  const found = new Map<string, { ports: number[]; domain: boolean; host: boolean }>();
  for (const row of HOSTS) {
    const { kind = '', value = '', role, confidence = '' } = row;
    if (role !== 'stratum' || !/^(?:host|domain)$/.test(kind) || !/^(?:high|medium)$/.test(confidence)) continue;
    const entry = found.get(value) ?? { ports: [], domain: false, host: false };
    entry.ports.push(...list(row['ports']).map(Number));
    if (kind === 'domain') entry.domain = true;
    else entry.host = true;
    found.set(value, entry);
  }
  return [...found].map(([name, { ports, domain, host }]) => ({
    name,
    ports: [...new Set(ports)],
    onlyBelow: domain && !host && ports.length === 0,
  }));
}

/** Domains of pools.csv below which every name is taken for an endpoint. */
export function suffixDomains(): string[] {
  return [...new Set(POOLS.flatMap((pool) => list(pool['suffix_domains'])))];
}

/** First labels of the kind that pools give to mining hosts. */
const MINING_LABELS: readonly string[] = ['eu7-new', 'stratum-x', 'asia9', 'ss9', 'btc-us9', 'node9.eu', 'proxy7'];

/** Invented names below each of them. */
export function unlistedEndpoints(): string[] {
  const listed = new Set(HOSTS.map((row) => row['value']));
  return suffixDomains()
    .flatMap((domain) => MINING_LABELS.map((label) => `${label}.${domain}`))
    .filter((name) => !listed.has(name));
}

/** Whether the list means a name to be an endpoint, told from the files alone: nothing here comes from the program. */
function isMeant(): (name: string) => boolean {
  const exact = new Set(HOSTS.filter(isMining).map((row) => row['value'] ?? ''));
  const above = new Set(
    HOSTS.filter((row) => isMining(row) && row['kind'] === 'domain').map((row) => row['value'] ?? ''),
  );
  for (const domain of suffixDomains()) above.add(domain);
  return (name) => {
    if (exact.has(name)) return true;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (above.has(name.slice(dot + 1))) return true;
    }
    return false;
  };
}

/** Names that nothing may be found under: ordinary ones, web sites of pools, and names that resemble listed ones. */
export function negativeNames(): string[] {
  const mining = HOSTS.filter(isMining).map((row) => row['value'] ?? '');
  const listed = new Set(mining);
  const domains = [...new Set(POOLS.flatMap((p) => [...list(p['suffix_domains']), ...list(p['other_domains'])]))];
  const sites = domains.flatMap((domain) =>
    POOL_SITE_LABELS.map((label) => (label === '' ? domain : `${label}.${domain}`)),
  );
  const web = HOSTS.filter((row) => /^(?:web|api)$/.test(row['role'] ?? '')).map((row) => row['value'] ?? '');
  const meant = isMeant();
  const near = nearMisses([...listed, ...domains], createRandom(77)).filter((name) => !meant(name));
  const own = [...sites, ...web].filter((name) => !listed.has(name));
  return [...new Set([...ORDINARY, ...PUBLIC_SUFFIX_EDGES, ...own, ...near])];
}

/** Pages and interfaces of pools, which port 443 must not make more than suspected; those that are listed as endpoints too. */
export function pageNames(): string[] {
  const listed = new Set(HOSTS.filter(isMining).map((row) => row['value'] ?? ''));
  const domains = suffixDomains();
  const services = domains.flatMap((domain) => POOL_SERVICE_LABELS.map((label) => `${label}.${domain}`));
  const languages = domains
    .filter((domain) => domain.split('.').length === 2)
    .flatMap((domain) => POOL_LANGUAGE_LABELS.map((label) => `${label}.${domain}`));
  return [...new Set([...POOL_PAGES, ...[...services, ...languages].filter((name) => !listed.has(name))])];
}

/** A port of `ports` that is not among `own`, another one for each `n`. */
export function foreignPort(own: readonly number[], n: number): number {
  for (let i = 0; i < PORTS.length; i++) {
    const port = PORTS[(n + i) % PORTS.length] as number;
    if (!own.includes(port)) return port;
  }
  return 49_998;
}

/** Counts of answers as one line, and up to `show` of the names that answered otherwise than `wanted`. */
function report(title: string, questions: readonly Question[], wanted: Answer, show = 12): void {
  const answers = ask(questions);
  const counts = new Map<Answer, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const share = (100 * (counts.get(wanted) ?? 0)) / Math.max(1, questions.length);
  const text = [...counts].map(([answer, count]) => `${answer} ${count}`).join(', ');
  process.stdout.write(`${title}: ${questions.length} names, ${share.toFixed(2)} % ${wanted} (${text})\n`);
  questions
    .filter((_, i) => answers[i] !== wanted)
    .slice(0, show)
    .forEach(({ name, port }) => void process.stdout.write(`    ${name} port ${port}\n`));
}

if (import.meta.main) {
  const at = process.argv.indexOf('--names');
  const listed = listedEndpoints().filter((one) => !one.onlyBelow);
  const below = listedEndpoints().filter((one) => one.onlyBelow);
  for (const port of PORTS) {
    report(
      `listed, port ${port}, their own or not`,
      listed.map(({ name }) => ({ name, port })),
      'probable',
    );
  }
  const known = listed.filter(({ ports }) => ports.length > 0);
  report(
    'listed, a port of their own',
    known.map(({ name, ports }, n) => ({ name, port: ports[n % ports.length]! })),
    'probable',
  );
  report(
    'below domains without ports',
    below.map(({ name }, n) => ({ name: `eu7-new.${name}`, port: foreignPort([], n) })),
    'probable',
  );
  report(
    'unlisted below pool domains',
    unlistedEndpoints().map((name, n) => ({ name, port: foreignPort([], n) })),
    'probable',
  );
  report(
    'pages of pools, port 443',
    pageNames().map((name) => ({ name, port: 443 })),
    'nothing',
  );
  const negatives = negativeNames();
  for (const port of [443, 3333])
    report(
      `negatives, port ${port}`,
      negatives.map((name) => ({ name, port })),
      'nothing',
      40,
    );
  const file = at < 0 ? undefined : process.argv[at + 1];
  if (file !== undefined) {
    const names = [
      ...new Set(
        readFileSync(file, 'utf8')
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
      ),
    ];
    report(
      `names of ${file}, port 443`,
      names.map((name) => ({ name, port: 443 })),
      'nothing',
      100,
    );
  }
}
