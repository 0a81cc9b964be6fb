/**
 * NAT messages in syslog, one function per vendor's shape: structured data of draft-ietf-behave-syslog-nat-logging,
 * Fortinet, Juniper, and the bracketed user log of Cisco and of carriers' templates. What is not verified is said in
 * docs/registry-sessions.md.
 */
import type { NatEvent } from './nat-pairing.ts';
import { canonicalAddress, type Problem, plain, portRange, present, problem, protocolName } from './session-fields.ts';
import { timeOf } from './session-time.ts';
import type { Clock, SyslogHeader } from './syslog-header.ts';

/** A NAT event without the row it stands in; `realm` is what the message itself calls the realm or device. */
export type NatRecord = Omit<NatEvent, 'row'>;

/** The events of one line, why it gives none, or null where it is not of this shape. */
export type ShapeResult = readonly NatRecord[] | Problem | null;
export type Shape = (line: string, header: SyslogHeader, clock: Clock) => ShapeResult;

/** Values as messages give them; everything is checked here. */
export interface Raw {
  readonly action: NatRecord['action'];
  readonly time: number | null;
  readonly started?: number | null;
  readonly inside: string;
  readonly outside: string;
  readonly firstPort: string;
  readonly lastPort?: string;
  readonly protocol?: string;
  readonly realm: string | null;
  readonly discriminator?: string;
  readonly extra: Readonly<Record<string, string | null>>;
}

/** Checks the values of a message: one event, or the first thing that is wrong. */
export function natRecord(raw: Raw): ShapeResult {
  const inside = canonicalAddress(raw.inside);
  const outside = canonicalAddress(raw.outside);
  const ports = portRange(raw.firstPort, raw.lastPort ?? '');
  const protocol = protocolName(raw.protocol ?? '');
  if (raw.time === null)
    return problem('bad_time', 'the message has no time that can be read; check the time format of the log');
  if (inside === null) return problem('bad_address', 'the inside address{} is none; the line is damaged', raw.inside);
  if (outside === null)
    return problem('bad_address', 'the outside address{} is none; the line is damaged', raw.outside);
  if (ports === null)
    return problem('bad_ports', 'the ports{} are none; the line is damaged', `${raw.firstPort}-${raw.lastPort ?? ''}`);
  if (protocol === undefined)
    return problem('bad_protocol', 'protocol{} is none this registry keeps', raw.protocol ?? '');
  const started = raw.started ?? null;
  return [
    {
      action: raw.action,
      time: raw.time,
      started: started !== null && started <= raw.time ? started : null,
      outside,
      ports,
      protocol,
      inside,
      realm: plain(raw.realm),
      account: null,
      discriminator: raw.discriminator ?? '',
      extra: present(raw.extra),
    },
  ];
}

const STRUCTURED = /\b(SADD|SDEL|APMADD|APMDEL) \[(?:nsess|napmap)\b/;

/** SADD, SDEL, APMADD, APMDEL with `[nsess …]` and `[napmap …]` (also written by FD.io VPP). */
export const structuredShape: Shape = (line, header) => {
  const found = STRUCTURED.exec(line);
  if (found === null) return null;
  const data = new Map<string, string>();
  for (const pair of line.slice(found.index).matchAll(/ ([A-Z0-9]{1,16})="((?:[^"\\]|\\.)*)"/g)) {
    if (!data.has(pair[1] ?? '')) data.set(pair[1] ?? '', pair[2] ?? '');
  }
  const of = (name: string): string => data.get(name) ?? '';
  // Behind DS-Lite the tunnel's end is the subscriber; the IPv4 address inside is everybody's.
  const tunnel = of('SV6ENC');
  const vlan = of('SVLAN');
  return natRecord({
    action: found[1] === 'SADD' || found[1] === 'APMADD' ? 'begin' : 'end',
    time: header.time,
    inside: tunnel === '' ? of('ISADDR') : tunnel,
    outside: of('XSADDR'),
    firstPort: of('XSPORT'),
    protocol: of('PROTO'),
    realm: vlan === '' || vlan === '0' ? header.host : `vlan:${vlan}`,
    discriminator: `${of('ISPORT')} ${of('XDADDR')} ${of('XDPORT')}`,
    extra: {
      device: plain(header.host),
      subscriber_index: plain(of('SSUBIX')),
      inside_ipv4: tunnel === '' ? null : plain(of('ISADDR')),
    },
  });
};

/** Words of `action`, `logdesc` and `msg`; the numbers are the message ids of the log reference. */
function fortinetAction(values: ReadonlyMap<string, string>): NatRecord['action'] | null {
  const id = (values.get('logid') ?? '').slice(-5);
  if (id === '22016') return 'end';
  if (id === '22024') return 'interim';
  const words = `${values.get('action') ?? ''} ${values.get('logdesc') ?? ''} ${values.get('msg') ?? ''}`.toLowerCase();
  if (words.includes('interim')) return 'interim';
  if (/dealloc|de-alloc|releas|delet|free/.test(words)) return 'end';
  return /alloc|creat|new/.test(words) ? 'begin' : null;
}

/** Fortinet IP pool port blocks, `key=value`: action, saddr, nat, portbegin, portend, poolname, eventtime, duration. */
export const fortinetShape: Shape = (line, header, clock) => {
  if (!line.includes('portbegin=') || !line.includes('saddr=')) return null;
  const values = new Map<string, string>();
  for (const pair of line.matchAll(/(?:^|[\s,>])([a-z]{1,20})=(?:"([^"]*)"|([^\s",]*))/g)) {
    values.set(pair[1] ?? '', pair[2] ?? pair[3] ?? '');
  }
  const of = (name: string): string => values.get(name) ?? '';
  const action = fortinetAction(values);
  if (action === null)
    return problem('unknown_action', 'neither allocation, release nor interim{}; the line is not taken', of('action'));
  const zone = of('tz') === '' ? '' : ` ${of('tz')}`;
  const time =
    timeOf(of('eventtime'), clock.zone, clock.now) ??
    timeOf(`${of('date')} ${of('time')}${zone}`, clock.zone, clock.now) ??
    header.time;
  const duration = /^\d{1,9}$/.test(of('duration')) ? Number(of('duration')) * 1_000_000 : null;
  const device = plain(of('devid')) ?? plain(of('devname')) ?? plain(header.host);
  const domain = plain(of('vd'));
  return natRecord({
    action,
    time,
    started: action !== 'begin' && duration !== null && time !== null ? time - duration : null,
    inside: of('saddr'),
    outside: of('nat'),
    firstPort: of('portbegin'),
    lastPort: of('portend'),
    realm: domain === null || domain === 'root' ? device : `${device ?? ''}/${domain}`,
    extra: { device, pool: plain(of('poolname')) },
  });
};

const JUNIPER =
  /NAT_PORT_BLOCK_(ALLOC|RELEASE|ACTIVE): {0,4}([0-9a-fA-F:.]{2,45}) -> ([0-9a-fA-F:.]{2,45}):(\d{1,5})-(\d{1,5})(?: 0x([0-9a-fA-F]{8})\b)?/;

/** Juniper secured port blocks: allocation, release, and ACTIVE again and again while there is traffic. */
export const juniperShape: Shape = (line, header, clock) => {
  if (!line.includes('NAT_PORT_BLOCK_')) return null;
  const found = JUNIPER.exec(line);
  if (found === null)
    return problem('damaged_line', 'a port-block message without `inside -> outside:first-last`; the line is damaged');
  const time =
    header.time ?? timeOf(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/.exec(line)?.[0] ?? '', clock.zone, clock.now);
  // The number at the end is taken for the time of allocation only where it can be one.
  const stamp = found[6] === undefined ? 0 : Number.parseInt(found[6], 16) * 1_000_000;
  const started = time !== null && stamp > 946_684_800_000_000 && stamp <= time ? stamp : null;
  const action = found[1] === 'ALLOC' ? 'begin' : found[1] === 'RELEASE' ? 'end' : 'interim';
  return natRecord({
    action,
    time,
    started: action === 'begin' ? null : started,
    inside: found[2] ?? '',
    outside: found[3] ?? '',
    firstPort: found[4] ?? '',
    lastPort: found[5] ?? '',
    realm: header.host,
    extra: { device: plain(header.host), service_set: plain(/\{([^{}]{1,64})\}/.exec(line)?.[1]) },
  });
};

const YEAR_FIRST = /\b\d{4} [A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}\b/;

/** `[UserbasedA - 10.0.0.1 VRF - 203.0.113.1 - 1024 2047]`, A allocated, W withdrawn; several in one line. */
export const userbasedShape: Shape = (line, header, clock) => {
  if (!line.includes('UserbasedA') && !line.includes('UserbasedW')) return null;
  // A relay puts its own time before the device's.
  const own = YEAR_FIRST.exec(line);
  const time = (own === null ? null : timeOf(own[0], clock.zone, clock.now)) ?? header.time;
  const records: NatRecord[] = [];
  for (const entry of line.matchAll(/Userbased([AW])\b([^\][]{1,256})/g)) {
    const words = (entry[2] ?? '').split(/[\s[]+/).filter((word) => word !== '' && word !== '-');
    const at = words.findIndex((word) => canonicalAddress(word) !== null);
    const out = words.findIndex((word, index) => index > at && canonicalAddress(word) !== null);
    if (at < 0 || out < 0)
      return problem('damaged_line', 'a user log without inside and outside address; the line is damaged');
    const numbers = words.slice(out + 1).filter((word) => /^\d{1,5}$/.test(word));
    const vrf = words.slice(at + 1, out).join(' ');
    const record = natRecord({
      action: entry[1] === 'A' ? 'begin' : 'end',
      time,
      inside: words[at] ?? '',
      outside: words[out] ?? '',
      firstPort: numbers[0] ?? '',
      lastPort: numbers[1] ?? '',
      realm: vrf === '' ? header.host : `vrf:${vrf}`,
      extra: { device: plain(header.host), vrf: plain(vrf) },
    });
    if (record === null || 'reason' in record) return record;
    records.push(...record);
  }
  return records.length === 0 ? problem('damaged_line', 'a user log without an entry; the line is damaged') : records;
};
