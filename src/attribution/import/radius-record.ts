/**
 * One RADIUS accounting record out of the attributes of a FreeRADIUS detail block. Attributes: RFC 2866, 2869 (gigawords,
 * Event-Timestamp, NAS-Port-Id), 3162, 4818 and 6911 (IPv6).
 */
import { type AddressRange, addressRange, canonicalAddress, type Problem, plain, problem } from './session-fields.ts';
import { timeOf } from './session-time.ts';
import type { Clock } from './syslog-header.ts';

export type RadiusStatus = 'start' | 'stop' | 'interim' | 'on' | 'off';

/** An address of a record and the attribute it came from. */
export interface RadiusAddress extends AddressRange {
  readonly attribute: string;
}

export interface RadiusRecord {
  readonly status: RadiusStatus;
  /** When it happened, microseconds since the epoch. */
  readonly time: number;
  readonly nas: string;
  /** Empty for Accounting-On and -Off. */
  readonly session: string;
  readonly user: string | null;
  readonly addresses: readonly RadiusAddress[];
  /** Acct-Session-Time in microseconds, or null. */
  readonly duration: number | null;
  /** Acct-Interim-Interval in microseconds, or null. */
  readonly interval: number | null;
  readonly octetsIn: number | null;
  readonly octetsOut: number | null;
  readonly extra: Readonly<Record<string, string | null>>;
  readonly sealed: Readonly<Record<string, string | null>>;
}

const STATUS: Readonly<Record<string, RadiusStatus>> = {
  start: 'start',
  '1': 'start',
  stop: 'stop',
  '2': 'stop',
  'interim-update': 'interim',
  alive: 'interim',
  '3': 'interim',
  'accounting-on': 'on',
  '7': 'on',
  'accounting-off': 'off',
  '8': 'off',
};

const ADDRESS_ATTRIBUTES = ['framed-ip-address', 'framed-ipv6-prefix', 'delegated-ipv6-prefix', 'framed-ipv6-address'];

/** The attributes a record is made of; all others (passwords among them) are not kept. */
export const RADIUS_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...ADDRESS_ATTRIBUTES,
  'acct-status-type',
  'acct-session-id',
  'acct-session-time',
  'acct-delay-time',
  'acct-interim-interval',
  'acct-input-octets',
  'acct-output-octets',
  'acct-input-gigawords',
  'acct-output-gigawords',
  'acct-terminate-cause',
  'called-station-id',
  'calling-station-id',
  'class',
  'event-timestamp',
  'nas-identifier',
  'nas-ip-address',
  'nas-ipv6-address',
  'nas-port',
  'nas-port-id',
  'nas-port-type',
  'timestamp',
  'user-name',
]);

/**
 * Access line out of a NAS-Port-Id or circuit id as carriers write it, `eth 3/1/2:1024.2035 OLT-ZW-01/0/0/5/0/12`:
 * uplink port, outer and inner VLAN, access node and its port. Empty where the text is another.
 */
export function accessLine(text: string): Record<string, string> {
  const found =
    /^([A-Za-z]{2,16}) ?(\d{1,4}(?:\/\d{1,4}){1,3}):(\d{1,4})\.(\d{1,4})(?: ([^\s/]{1,64})\/(\d{1,6}(?:[/:.]\d{1,6}){1,6}))?/.exec(
      text,
    );
  if (found === null) return {};
  const line: Record<string, string> = { uplink_port: found[2] ?? '', svlan: found[3] ?? '', cvlan: found[4] ?? '' };
  if (found[5] !== undefined) line['access_node'] = found[5];
  if (found[6] !== undefined) line['access_port'] = found[6];
  return line;
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Bytes of a direction: gigawords × 2³² + octets (RFC 2869 section 5.1). */
function octets(low: string | undefined, high: string | undefined): number | null {
  const bytes = wholeNumber(low);
  if (bytes === null) return null;
  const total = (wholeNumber(high) ?? 0) * 2 ** 32 + bytes;
  return Number.isSafeInteger(total) ? total : null;
}

/**
 * The record of a block. `received` is the text of its first line, `attributes` the values by lower-case name. Event
 * time: Event-Timestamp, else receipt (Timestamp, else the first line) minus Acct-Delay-Time.
 */
export function radiusRecord(
  received: string,
  attributes: ReadonlyMap<string, readonly string[]>,
  clock: Clock,
): RadiusRecord | Problem {
  const of = (name: string): string | undefined => attributes.get(name)?.[0];
  const statusText = of('acct-status-type') ?? '';
  const status = STATUS[statusText.toLowerCase()];
  if (status === undefined)
    return problem('bad_status', 'Acct-Status-Type{} is none of Start, Stop, Interim, On, Off', statusText);
  const nas = plain(of('nas-identifier')) ?? plain(of('nas-ip-address')) ?? plain(of('nas-ipv6-address'));
  if (nas === null) return problem('no_nas', 'the record names no NAS; it needs NAS-Identifier or NAS-IP-Address');
  const event = of('event-timestamp');
  const delay = (wholeNumber(of('acct-delay-time')) ?? 0) * 1_000_000;
  const receipt = timeOf(of('timestamp') ?? '', clock.zone, clock.now) ?? timeOf(received, clock.zone, clock.now);
  const time =
    (event === undefined ? null : timeOf(event, clock.zone, clock.now)) ?? (receipt === null ? null : receipt - delay);
  if (time === null || time < 0)
    return problem('bad_time', 'neither Event-Timestamp nor the time of the block{} can be read', received);
  const session = plain(of('acct-session-id')) ?? '';
  if (session === '' && status !== 'on' && status !== 'off')
    return problem('no_session', 'the record has no Acct-Session-Id');

  const addresses: RadiusAddress[] = [];
  for (const attribute of ADDRESS_ATTRIBUTES) {
    for (const text of attributes.get(attribute) ?? []) {
      const range = attribute.endsWith('-prefix') ? addressRange(text) : single(text);
      if (range === null) return problem('bad_address', `${attribute}{} is no address; the record is damaged`, text);
      // A NAS that leaves the address to the user, or has none yet, writes these (RFC 2865 section 5.8).
      if (range.first === '0.0.0.0' || range.first === '255.255.255.255' || range.first === '255.255.255.254') continue;
      addresses.push({ attribute, ...range });
    }
  }
  const seconds = wholeNumber(of('acct-session-time'));
  const interval = wholeNumber(of('acct-interim-interval'));
  const portId = plain(of('nas-port-id'));
  return {
    status,
    time,
    nas,
    session,
    user: plain(of('user-name')),
    addresses,
    duration: seconds === null ? null : seconds * 1_000_000,
    interval: interval === null || interval === 0 ? null : interval * 1_000_000,
    octetsIn: octets(of('acct-input-octets'), of('acct-input-gigawords')),
    octetsOut: octets(of('acct-output-octets'), of('acct-output-gigawords')),
    extra: {
      nas,
      nas_port: plain(of('nas-port')),
      nas_port_type: plain(of('nas-port-type')),
      nas_port_id: portId,
      ...(portId === null ? {} : accessLine(portId)),
      class: plain(of('class')),
      terminate_cause: plain(of('acct-terminate-cause')),
    },
    sealed: { calling_station: plain(of('calling-station-id')), called_station: plain(of('called-station-id')) },
  };
}

function single(text: string): AddressRange | null {
  const address = canonicalAddress(text);
  return address === null ? null : { first: address, last: address };
}
