/** Reports out of JSON: X-ARF versions 3 and 4 (https://github.com/xarf/xarf-spec) and alerts in Suricata's EVE format. */
import { parseTime } from './inbound-time.ts';
import { type Faults, type InboundOptions, type InboundReport, MAX_REPORTS, shown } from './inbound-types.ts';
import { blanked, referenceOf, seal, sealedOf, textOf } from './inbound-value.ts';
import { addressOf, whole } from './stix-value.ts';

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member by the first of its names that is there; names of X-ARF 3 differ in case between senders. */
function member(value: Json, ...names: readonly string[]): unknown {
  for (const name of names) if (Object.hasOwn(value, name)) return value[name];
  return undefined;
}

function text(value: unknown, limit = 256): string | null {
  return typeof value === 'string' ? textOf(value, limit) : typeof value === 'number' ? String(value) : null;
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

const MAIL_DATE = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}$/;

/** ISO 8601 or, as older senders write, the date of a mail with its zone; UTC without one. */
function time(value: unknown): number | null {
  const given = text(value, 60);
  if (given === null) return null;
  if (!MAIL_DATE.test(given)) return parseTime(given, 0, 'first');
  const at = Date.parse(given);
  return Number.isNaN(at) ? null : at * 1000;
}

function port(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return whole(typeof number === 'number' ? number : null, 0, 65_535) ?? null;
}

function protocol(value: unknown): 'tcp' | 'udp' | null {
  const name = text(value, 16)?.toLowerCase();
  return name === 'tcp' || name === 'udp' ? name : null;
}

/** `host:port` of the other end; null where it is not named. */
function endpoint(host: unknown, number: unknown): string | null {
  const name = text(host, 253);
  if (name === null) return null;
  const at = port(number);
  const shape = addressOf(name)?.family === 6 ? `[${name}]` : name;
  return at === null ? name : `${shape}:${at}`;
}

const EMPTY = {
  received: null,
  protocol: null,
  last: null,
  pool: null,
  coin: null,
  subject: null,
  place: null,
  region: null,
  count: null,
} as const;

export function isXarf(record: Json): boolean {
  return Object.hasOwn(record, 'xarf_version') || (isObject(record['Report']) && isObject(record['ReporterInfo']));
}

/** One X-ARF report, or why it cannot be taken. Evidence is counted, never decoded. */
export function readXarf(record: Json, options: InboundOptions): InboundReport | { readonly fault: string } {
  return Object.hasOwn(record, 'xarf_version') ? readXarf4(record, options) : readXarf3(record, options);
}

function readXarf4(record: Json, options: InboundOptions): InboundReport | { readonly fault: string } {
  const version = text(record['xarf_version'], 16) ?? '';
  if (!/^4\./.test(version)) return { fault: `X-ARF version "${shown(version)}" is not known: 3 and 4 are` };
  const reporter = object(record['reporter']);
  const tags = Array.isArray(record['tags']) ? record['tags'].slice(0, 32).flatMap((tag) => text(tag, 64) ?? []) : [];
  const said = [
    `${text(record['category'], 64) ?? '?'}/${text(record['type'], 64) ?? '?'}`,
    text(record['description'], 2048),
    tags.length > 0 ? `tags: ${tags.join(', ')}` : null,
    typeof record['confidence'] === 'number' ? `confidence: ${record['confidence']}` : null,
    evidence(record['evidence']),
  ];
  return finish(
    {
      ip: record['source_identifier'],
      port: record['source_port'],
      at: record['timestamp'],
      first: member(record, 'first_seen'),
      last: member(record, 'last_seen'),
      protocol: record['protocol'],
      pool: endpoint(record['destination_ip'], record['destination_port']),
      id: record['report_id'],
      source: text(reporter['org'], 128) ?? text(reporter['domain'], 128),
      said,
      contacts: {
        reporter_contact: text(reporter['contact']),
        sender_contact: text(object(record['sender'])['contact']),
      },
    },
    options,
  );
}

function readXarf3(record: Json, options: InboundOptions): InboundReport | { readonly fault: string } {
  const reporter = object(record['ReporterInfo']);
  const report = object(record['Report']);
  const source = object(report['Source']);
  const said = [
    `${text(report['ReportClass'], 64) ?? '?'}/${text(report['ReportType'], 64) ?? '?'}`,
    text(member(report, 'Description', 'AdditionalInformation'), 2048),
    evidence(member(report, 'Attachment', 'Attachments', 'Samples')),
  ];
  return finish(
    {
      ip: member(report, 'SourceIp', 'SourceIP') ?? member(source, 'IP', 'Ip', 'Value'),
      port: member(report, 'SourcePort') ?? member(source, 'Port'),
      at: report['Date'],
      first: undefined,
      last: undefined,
      protocol: member(report, 'TransportProtocol', 'Protocol'),
      pool: endpoint(member(report, 'DestinationIp', 'DestinationIP'), report['DestinationPort']),
      id: member(report, 'ReportID', 'ReportId') ?? member(record, 'ReportID', 'ReportId'),
      source: text(reporter['ReporterOrg'], 128) ?? text(reporter['ReporterOrgDomain'], 128),
      said,
      contacts: {
        reporter_name: text(reporter['ReporterContactName']),
        reporter_contact: text(member(reporter, 'ReporterContactEmail', 'ReporterOrgEmail')),
        reporter_phone: text(reporter['ReporterContactPhone']),
      },
    },
    options,
  );
}

function evidence(value: unknown): string | null {
  return Array.isArray(value) && value.length > 0 ? `evidence: ${value.length}` : null;
}

interface Found {
  readonly ip: unknown;
  readonly port: unknown;
  readonly at: unknown;
  readonly first: unknown;
  readonly last: unknown;
  readonly protocol: unknown;
  readonly pool: string | null;
  readonly id: unknown;
  readonly source: string | null;
  readonly said: readonly (string | null)[];
  readonly contacts: Readonly<Record<string, string | null>>;
}

function finish(found: Found, options: InboundOptions): InboundReport | { readonly fault: string } {
  const ip = addressOf(text(found.ip, 64));
  if (ip === undefined || ip.prefix) {
    return {
      fault: `the source "${shown(text(found.ip) ?? '')}" is no IP address; only reports about one can be taken`,
    };
  }
  const at = time(found.at);
  if (at === null) return { fault: `the time "${shown(text(found.at) ?? '')}" is none: ISO 8601 is expected` };
  const sealed: Record<string, string> = {};
  for (const [name, value] of Object.entries(found.contacts)) seal(sealed, name, value);
  const said = found.said.filter((part) => part !== null).join('; ');
  const open = blanked(said);
  if (open !== said) seal(sealed, 'text', textOf(said));
  const first = time(found.first) ?? at;
  const last = time(found.last);
  const report = {
    ...EMPTY,
    kind: 'xarf' as const,
    source: textOf(options.source, 128) ?? found.source ?? 'xarf',
    received: at,
    ip: ip.value,
    port: port(found.port),
    protocol: protocol(found.protocol),
    first,
    last: last === null || last < first ? null : last,
    pool: found.pool,
    text: textOf(open),
    sealed: sealedOf(sealed),
  };
  return { ...report, reference: text(found.id, 128) ?? referenceOf(report) };
}

const MINING =
  /coin[-_ ]?min|crypto[-_ ]?(?:currency)?[-_ ]?(?:coin)?[-_ ]?min|cryptojack|stratum|\bminers?\b|\bmining\b|xmrig|poolprint|挖矿|矿池|矿机/i;

/** Alerts of one conversation and signature of one day (UTC) become one report with first, last and count. */
export class EveReports {
  readonly #options: InboundOptions;
  readonly #faults: Faults;
  readonly #groups = new Map<string, InboundReport>();
  #full = false;
  skipped = 0;

  constructor(options: InboundOptions, faults: Faults) {
    this.#options = options;
    this.#faults = faults;
  }

  add(record: Json, row: number): void {
    const alert = object(record['alert']);
    if (record['event_type'] !== 'alert' || !speaksOfMining(alert)) {
      this.skipped++;
      return;
    }
    const at = time(record['timestamp']);
    const ends = minerAndPool(record, alert);
    if (at === null) {
      this.#faults.add(row, 'bad_time', `timestamp "${shown(text(record['timestamp']) ?? '')}" is no time`);
    } else if (ends === null) {
      this.#faults.add(row, 'bad_address', `src_ip "${shown(text(record['src_ip']) ?? '')}" is no IP address`);
    } else this.#group(record, alert, at, ends, row);
  }

  #group(record: Json, alert: Json, at: number, { miner, pool }: Ends, row: number): void {
    const report = {
      ...EMPTY,
      kind: 'eve' as const,
      source: textOf(this.#options.source, 128) ?? text(record['host'], 128) ?? 'eve',
      ip: miner.ip,
      port: miner.port,
      protocol: protocol(record['proto']),
      first: null,
      pool: endpoint(pool.ip, pool.port),
      text: textOf(`${text(alert['signature']) ?? 'alert'} (${text(alert['signature_id']) ?? '?'})`),
      sealed: null,
    };
    // The day keeps apart what a lease or a mapping of ports may have given to somebody else.
    const reference = referenceOf({ ...report, last: Math.floor(at / 86_400e6), first: null });
    const earlier = this.#groups.get(reference);
    if (earlier === undefined && this.#groups.size >= MAX_REPORTS) {
      if (!this.#full) this.#faults.add(row, 'too_many', `more than ${MAX_REPORTS} reports in one file: split it`);
      this.#full = true;
      return;
    }
    const first = Math.min(at, earlier?.first ?? at);
    const last = Math.max(at, earlier?.last ?? at);
    this.#groups.set(reference, { ...report, reference, first, last, count: (earlier?.count ?? 0) + 1 });
  }

  reports(): InboundReport[] {
    return [...this.#groups.values()];
  }
}

function speaksOfMining(alert: Json): boolean {
  const metadata = object(alert['metadata']);
  const tags = [metadata['tag'], metadata['malware_family'], metadata['former_category']].flat().slice(0, 32);
  return [alert['signature'], alert['category'], ...tags].some((value) => MINING.test(text(value, 512) ?? ''));
}

interface End {
  readonly ip: string;
  readonly port: number | null;
}
interface Ends {
  readonly miner: End;
  readonly pool: { readonly ip: string | null; readonly port: number | null };
}

/**
 * Which end mines. A rule may have matched the pool's answer, so `src_ip` alone says nothing. In this order: what lines of our
 * own say; who opened the conversation (`flow.src_ip`, `direction`); the end with the port of a client; `alert.source`.
 */
function minerAndPool(record: Json, alert: Json): Ends | null {
  const source = end(record['src_ip'], record['src_port']);
  const target = end(record['dest_ip'], record['dest_port']);
  if (source === null) return null;
  if (target === null) return { miner: source, pool: { ip: null, port: port(record['dest_port']) } };
  const own = object(alert['metadata'])['poolprint_miner'];
  const said = addressOf(text(Array.isArray(own) ? own[0] : own, 64))?.value;
  const opener = addressOf(text(object(record['flow'])['src_ip'], 64))?.value;
  for (const ip of [said, opener]) {
    if (ip === source.ip) return { miner: source, pool: target };
    if (ip === target.ip) return { miner: target, pool: source };
  }
  const direction = record['direction'];
  const ephemeral = (port: number | null): boolean => port !== null && port >= 32_768;
  const backwards =
    direction === 'to_client' ||
    (direction !== 'to_server' &&
      (ephemeral(source.port) === ephemeral(target.port)
        ? addressOf(text(object(alert['source'])['ip'], 64))?.value === target.ip
        : ephemeral(target.port)));
  return backwards ? { miner: target, pool: source } : { miner: source, pool: target };
}

function end(ip: unknown, number: unknown): End | null {
  const address = addressOf(text(ip, 64));
  return address === undefined || address.prefix ? null : { ip: address.value, port: port(number) };
}
