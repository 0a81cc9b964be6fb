/**
 * NAT events in IPFIX (RFC 8158) and NetFlow v9, out of a file of messages: sessions, bindings and port blocks, paired
 * into rows. Element numbers: https://www.iana.org/assignments/ipfix
 */
import ipaddr from 'ipaddr.js';
import { type FlowRecord, plausibleMessage, readFlowRecords } from './ipfix-message.ts';
import { fitsProfile, type NatEventSigns, type NatProfile, natEventMeaning, profileOf } from './ipfix-profile.ts';
import type { BytesLayout, Context, Head, Reader, Verdict } from './layout.ts';
import { type NatEvent, pairNatEvents } from './nat-pairing.ts';
import { fault, present, protocolName, realmNames } from './session-fields.ts';

const PROTOCOL = 4;
const SOURCE_PORT = 7;
const SOURCE_V4 = 8;
const DESTINATION_PORT = 11;
const DESTINATION_V4 = 12;
const SOURCE_V6 = 27;
const DESTINATION_V6 = 28;
const POST_NAT_SOURCE_V4 = 225;
const POST_NAT_SOURCE_PORT = 227;
const ORIGIN_REALM = 229;
const NAT_EVENT = 230;
const INGRESS_VRF = 234;
const POST_NAT_SOURCE_V6 = 281;
const POOL_ID = 283;
const POOL_NAME = 284;
const OBSERVED_SECONDS = 322;
const OBSERVED_MS = 323;
const PORT_FIRST = 361;
const PORT_LAST = 362;
const PORT_STEP = 363;
const PORT_COUNT = 364;
const WANTED: ReadonlySet<number> = new Set([
  PROTOCOL,
  SOURCE_PORT,
  SOURCE_V4,
  DESTINATION_PORT,
  DESTINATION_V4,
  SOURCE_V6,
  DESTINATION_V6,
  POST_NAT_SOURCE_V4,
  POST_NAT_SOURCE_PORT,
  ORIGIN_REALM,
  NAT_EVENT,
  INGRESS_VRF,
  POST_NAT_SOURCE_V6,
  POOL_ID,
  POOL_NAME,
  OBSERVED_SECONDS,
  OBSERVED_MS,
  PORT_FIRST,
  PORT_LAST,
  PORT_STEP,
  PORT_COUNT,
]);
/** Events held per exporter until one tells its profile. */
const HELD = 10_000;
const MAX_EXPORTERS = 1024;

/** IPFIX or NetFlow v9 NAT events. */
export const ipfixNatLayout: BytesLayout = {
  id: 'nat-ipfix',
  title: 'CGNAT events in IPFIX (RFC 8158) or NetFlow v9',
  input: 'bytes',
  detect,
  open,
};

function detect(head: Head): Verdict {
  const { bytes } = head;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!plausibleMessage(view, 0, bytes.length)) return { score: 0, because: 'no IPFIX message at the front' };
  const version = view.getUint16(0);
  return { score: 90, because: version === 10 ? 'an IPFIX message at the front' : 'a NetFlow v9 packet at the front' };
}

/** An unsigned number of up to 8 bytes, null where there is none or it is too great. */
function numberOf(bytes: Uint8Array | undefined): number | null {
  if (bytes === undefined || bytes.length === 0 || bytes.length > 8) return null;
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : null;
}

function addressOf(v4: Uint8Array | undefined, v6: Uint8Array | undefined): string | null {
  if (v4?.length === 4 && v4.some((byte) => byte !== 0)) return `${v4[0]}.${v4[1]}.${v4[2]}.${v4[3]}`;
  if (v6?.length !== 16 || !v6.some((byte) => byte !== 0)) return null;
  const address = ipaddr.fromByteArray([...v6]);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** A NAT record with its numbers read; what it means depends on the profile. */
interface Held extends NatEventSigns {
  readonly time: number;
  readonly insideAddress: string | null;
  readonly outside: string | null;
  readonly port: number | null;
  readonly block: readonly [number, number] | null;
  readonly step: number;
  readonly protocol: string;
  readonly vrf: number;
  readonly discriminator: string;
  readonly extra: Readonly<Record<string, string | null>>;
  readonly row: number;
}

function heldOf(record: FlowRecord, event: number, row: number): Held {
  const { values } = record;
  const number = (element: number): number | null => numberOf(values.get(element));
  const insideAddress = addressOf(values.get(SOURCE_V4), values.get(SOURCE_V6));
  const outside = addressOf(values.get(POST_NAT_SOURCE_V4), values.get(POST_NAT_SOURCE_V6));
  const first = number(PORT_FIRST);
  const count = number(PORT_COUNT);
  const last = number(PORT_LAST) ?? (first !== null && count !== null && count > 0 ? first + count - 1 : null);
  const seconds = number(OBSERVED_SECONDS);
  const ms = number(OBSERVED_MS);
  const observed = ms !== null && ms > 0 ? ms * 1000 : seconds !== null && seconds > 0 ? seconds * 1_000_000 : null;
  const destination = addressOf(values.get(DESTINATION_V4), values.get(DESTINATION_V6));
  const poolName = values.get(POOL_NAME);
  const origin = number(ORIGIN_REALM);
  const port = number(POST_NAT_SOURCE_PORT);
  return {
    event,
    row,
    inside: insideAddress === null ? 0 : insideAddress.includes(':') ? 6 : 4,
    outsidePort: port !== null && port > 0,
    portBlock: first !== null && last !== null && (last > 0 || first > 0),
    time: observed !== null && Number.isSafeInteger(observed) ? observed : record.exported,
    insideAddress,
    outside,
    port,
    block: first !== null && last !== null && last >= first && last <= 65535 ? [first, last] : null,
    step: number(PORT_STEP) ?? 1,
    protocol: String(number(PROTOCOL) ?? ''),
    vrf: number(INGRESS_VRF) ?? 0,
    discriminator: `${number(SOURCE_PORT) ?? ''} ${destination ?? ''} ${number(DESTINATION_PORT) ?? ''}`,
    extra: {
      observation_domain: String(record.domain),
      pool_id: number(POOL_ID)?.toString() ?? null,
      pool: poolName === undefined ? null : printable(poolName),
      origin: origin === 1 ? 'private' : origin === 2 ? 'public' : null,
    },
  };
}

function printable(bytes: Uint8Array): string | null {
  const text = String.fromCharCode(...[...bytes.subarray(0, 64)].filter((byte) => byte >= 0x20 && byte < 0x7f)).trim();
  return text === '' ? null : text;
}

interface Exporter {
  profile: NatProfile | null;
  because: string;
  held: Held[];
  misfits: number;
}

function open(context: Context): Reader<Uint8Array> {
  const wish = context.settings['nat-profile'];
  const given: NatProfile | null = wish === 'rfc8158' || wish === 'draft' ? wish : null;
  const realmOf = realmNames(context);
  const pairing = pairNatEvents(context);
  const exporters = new Map<string, Exporter>();
  const counted = new Map<string, number>();
  const count = (what: string): void => {
    counted.set(what, (counted.get(what) ?? 0) + 1);
  };
  let row = 0;
  let nameless = 0;

  const take = (held: Held, profile: NatProfile, exporter: Exporter): void => {
    const meant = natEventMeaning(profile, held.event);
    if (meant === null || !fitsProfile(profile, held)) {
      exporter.misfits++;
      fault(
        context,
        held.row,
        'profile_mismatch',
        `natEvent ${held.event} does not fit the profile ${profile}; if most do not, give the other with nat-profile`,
      );
      return;
    }
    if (meant.action === null || meant.kind === 'address') {
      count(meant.kind);
      return;
    }
    const ports = meant.kind === 'block' ? held.block : held.port === null ? null : ([held.port, held.port] as const);
    const protocol = protocolName(held.protocol);
    if (
      held.outside === null ||
      held.insideAddress === null ||
      ports === null ||
      (meant.kind === 'block' && held.step > 1)
    ) {
      fault(
        context,
        held.row,
        'incomplete_event',
        'a NAT event without outside address, inside address or contiguous ports names nobody',
      );
      return;
    }
    if (protocol === undefined) {
      count('protocol not kept');
      return;
    }
    const realm = realmOf(held.vrf === 0 ? null : `vrf:${held.vrf}`);
    if (realm === null) nameless++;
    const event: NatEvent = {
      action: meant.action,
      time: held.time,
      started: null,
      outside: held.outside,
      ports,
      protocol,
      inside: held.insideAddress,
      realm,
      account: null,
      discriminator: meant.kind === 'block' ? '' : `${meant.kind} ${held.discriminator}`,
      extra: present(held.extra),
      row: held.row,
    };
    pairing.add(event);
  };

  const decide = (exporter: Exporter, profile: NatProfile, because: string): void => {
    exporter.profile = profile;
    exporter.because = because;
    for (const held of exporter.held) take(held, profile, exporter);
    exporter.held = [];
  };

  const reader = readFlowRecords(WANTED, {
    record(record) {
      row++;
      const event = numberOf(record.values.get(NAT_EVENT));
      if (event === null || event === 0) {
        count('records without natEvent');
        return;
      }
      const key = `${record.version === 10 ? 'domain' : 'source id'} ${record.domain}`;
      let exporter = exporters.get(key);
      if (exporter === undefined) {
        if (exporters.size >= MAX_EXPORTERS) {
          fault(
            context,
            row,
            'too_many_exporters',
            `more than ${MAX_EXPORTERS} observation domains in one file; split the file`,
          );
          return;
        }
        exporter = { profile: given, because: 'given', held: [], misfits: 0 };
        exporters.set(key, exporter);
      }
      const held = heldOf(record, event, row);
      if (exporter.profile !== null) {
        take(held, exporter.profile, exporter);
        return;
      }
      exporter.held.push(held);
      const profile = profileOf(held);
      if (profile !== null) decide(exporter, profile, `natEvent ${event} with these fields is its alone`);
      else if (exporter.held.length >= HELD) decide(exporter, 'rfc8158', 'nothing tells the profiles apart');
    },
    damage: (reason, message) => fault(context, row, reason, message),
  });

  return {
    feed: (piece) => reader.feed(piece),
    end() {
      const counts = reader.end();
      for (const [key, exporter] of exporters) {
        if (exporter.profile === null) decide(exporter, 'rfc8158', 'nothing tells the profiles apart');
        context.note(`${key}: natEvent numbers of profile ${exporter.profile} (${exporter.because})`);
      }
      pairing.end();
      for (const [what, number] of counted) context.note(`${number} events counted only: ${what}`);
      if (counts.withoutTemplate > 0) {
        context.note(`${counts.withoutTemplate} data sets without their template: begin the file earlier`);
      }
      if (nameless > 0)
        context.note(`${nameless} events name no VRF: give the realm of their inside addresses with the setting realm`);
    },
  };
}
