/** DNS messages (RFC 1035 §4) with compressed names; over TCP with their length in front (RFC 7766 §8). */

import { concat, u8, u16be, u32be, utf8 } from './bytes.ts';
import { addressBytes } from './packet.ts';

export const DNS_A = 1;
export const DNS_CNAME = 5;
export const DNS_AAAA = 28;
export const DNS_HTTPS = 65;

export interface DnsRecord {
  /** Owner; the end of the CNAME chain (or the name asked for) by default. */
  readonly name?: string;
  readonly ttl?: number;
  /** An address as text gives an A or AAAA record; or a record of another kind, its data already encoded. */
  readonly data: string | { readonly type: number; readonly class?: number; readonly data: Uint8Array };
}

export interface DnsResponseOptions {
  /** Type asked for; A by default. */
  readonly type?: number;
  /** Response code; 0 by default. */
  readonly rcode?: number;
  /** Names that the name asked for is an alias of, one after the other. */
  readonly chain?: readonly string[];
  /** Of the CNAME records, seconds. */
  readonly chainTtl?: number;
  /** Names in full, without pointers. */
  readonly uncompressed?: boolean;
  /** Adds the OPT record of EDNS (RFC 6891). */
  readonly edns?: boolean;
}

/** Labels of a name without pointers. */
export function plainName(name: string): Uint8Array {
  const labels = name === '' ? [] : name.split('.').map(utf8);
  return concat(...labels.flatMap((label) => [u8(label.length), label]), u8(0));
}

/** Builds a message name by name and remembers where each ending of a name stands. */
class Writer {
  bytes: Uint8Array;
  private readonly places = new Map<string, number>();
  private readonly compress: boolean;

  constructor(header: Uint8Array, compress: boolean) {
    this.bytes = header;
    this.compress = compress;
  }

  put(...pieces: readonly Uint8Array[]): void {
    this.bytes = concat(this.bytes, ...pieces);
  }

  name(name: string): void {
    let rest = name;
    while (rest !== '') {
      const known = this.places.get(rest.toLowerCase());
      if (known !== undefined) {
        this.put(u16be(0xc000 | known));
        return;
      }
      if (this.compress && this.bytes.length < 0x4000) this.places.set(rest.toLowerCase(), this.bytes.length);
      const dot = rest.indexOf('.');
      const label = utf8(dot < 0 ? rest : rest.slice(0, dot));
      this.put(u8(label.length), label);
      rest = dot < 0 ? '' : rest.slice(dot + 1);
    }
    this.put(u8(0));
  }

  /** Type to data; `write` puts the data. */
  record(owner: string, type: number, kind: number, ttl: number, write: () => void): void {
    this.name(owner);
    this.put(u16be(type), u16be(kind), u32be(ttl), u16be(0));
    const at = this.bytes.length;
    write();
    this.bytes.set(u16be(this.bytes.length - at), at - 2);
  }
}

const OPT = concat(u8(0), u16be(41), u16be(1232), u32be(0), u16be(0));

/** A recursive query of class IN. */
export function dnsQuery(id: number, name: string, type: number = DNS_A): Uint8Array {
  const header = concat(...[id, 0x0100, 1, 0, 0, 0].map(u16be));
  return concat(header, plainName(name), u16be(type), u16be(1));
}

/** The answer of a recursive resolver; `answers` are addresses as text, or whole records. */
export function dnsResponse(
  id: number,
  name: string,
  answers: readonly (string | DnsRecord)[],
  options: DnsResponseOptions = {},
): Uint8Array {
  const chain = options.chain ?? [];
  const counts = [1, chain.length + answers.length, 0, options.edns === true ? 1 : 0];
  const header = concat(...[id, 0x8180 | (options.rcode ?? 0), ...counts].map(u16be));
  const writer = new Writer(header, options.uncompressed !== true);
  writer.name(name);
  writer.put(u16be(options.type ?? DNS_A), u16be(1));
  let owner = name;
  for (const target of chain) {
    writer.record(owner, DNS_CNAME, 1, options.chainTtl ?? 300, () => writer.name(target));
    owner = target;
  }
  for (const answer of answers) {
    const record: DnsRecord = typeof answer === 'string' ? { data: answer } : answer;
    const { data } = record;
    const bytes = typeof data === 'string' ? addressBytes(data) : data.data;
    const type = typeof data === 'string' ? (bytes.length === 4 ? DNS_A : DNS_AAAA) : data.type;
    const kind = typeof data === 'string' ? 1 : (data.class ?? 1);
    writer.record(record.name ?? owner, type, kind, record.ttl ?? 60, () => writer.put(bytes));
  }
  if (options.edns === true) writer.put(OPT);
  return writer.bytes;
}

/** Data of an HTTPS or SVCB record (RFC 9460 §2.2) with address hints; target '' = the owner itself. */
export function serviceData(priority: number, target: string, hints: readonly string[]): Uint8Array {
  const addresses = hints.map(addressBytes);
  const parameter = (key: number, values: readonly Uint8Array[]): Uint8Array => {
    const value = concat(...values);
    return value.length === 0 ? value : concat(u16be(key), u16be(value.length), value);
  };
  const alpn = parameter(1, [u8(2), utf8('h2')]);
  const four = parameter(
    4,
    addresses.filter(({ length }) => length === 4),
  );
  const six = parameter(
    6,
    addresses.filter(({ length }) => length === 16),
  );
  return concat(u16be(priority), plainName(target), alpn, four, six);
}

/** Messages one after the other as one direction of a TCP connection carries them. */
export function dnsOverTcp(...messages: readonly Uint8Array[]): Uint8Array {
  return concat(...messages.flatMap((message) => [u16be(message.length), message]));
}
