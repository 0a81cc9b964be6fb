// hot: glanceDns, once per datagram of port 53; readDns for answers and for names of interest.
import { readName } from './dns-name.ts';

/** Header of every message (RFC 1035 §4.1.1). */
export const DNS_HEADER = 12;
/** Root name, type and class: the shortest question. */
const MIN_QUESTION = 5;
/** Records that are looked at in one message, and entries that are made of them: some 40 KiB at most. */
export const MAX_ANSWERS = 64;
const MAX_RECORDS = 256;
/** More than this in a section is no message anybody sends. */
const MAX_SECTION = 4096;

export const DnsType = { A: 1, Cname: 5, Aaaa: 28, Svcb: 64, Https: 65 } as const;
const CLASS_IN = 1;
/** Keys of service parameters (RFC 9460 §14.3.2). */
const IPV4_HINT = 4;
const IPV6_HINT = 6;

/** An address as the packet view holds it: signed 32-bit words in network order; IPv4 uses w0 only and the rest is 0. */
export interface DnsAddress {
  readonly version: 4 | 6;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** One address or alias of an answer section. */
export interface DnsAnswer {
  /** Owner name: lower case, without the last dot. */
  readonly name: string;
  /** A, AAAA, CNAME, SVCB or HTTPS. */
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  /** Of A and AAAA, and of each hint of SVCB and HTTPS; null without. */
  readonly address: DnsAddress | null;
  /** Name that a CNAME, SVCB or HTTPS record leads to; '' without. */
  readonly target: string;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  /** Low four bits of the response code; 0 = no error, 3 = no such name. */
  readonly rcode: number;
  /** The sender cut it short (TC bit). */
  readonly truncated: boolean;
  /** `name` in lower case, without the last dot. */
  readonly question: { readonly name: string; readonly type: number };
  /** At most 64, in the order of the message. An SVCB or HTTPS record gives one entry per address hint, at least one. */
  readonly answers: readonly DnsAnswer[];
  /** The answer section could not be read to its end: malformed, cut off, or longer than the limits. What was good is there. */
  readonly damaged: boolean;
}

const u16 = (bytes: Uint8Array, p: number): number => ((bytes[p] as number) << 8) | (bytes[p + 1] as number);
const i32 = (bytes: Uint8Array, p: number): number => (u16(bytes, p) << 16) | u16(bytes, p + 2);

/** Does [off, end) begin like a DNS query or an answer to one: opcode 0, one question, counts that make sense? */
export function glanceDns(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off < DNS_HEADER + MIN_QUESTION) return false;
  // One question; opcode 0; the bit that is always zero; first label of the name (RFC 1035 §4.1, RFC 2535 §6.1).
  if (bytes[off + 4] !== 0 || bytes[off + 5] !== 1) return false;
  const flags = bytes[off + 2] as number;
  if ((flags & 0x78) !== 0 || ((bytes[off + 3] as number) & 0x40) !== 0 || (bytes[off + 12] as number) > 63)
    return false;
  const answers = u16(bytes, off + 6);
  if ((flags & 0x80) === 0 && answers !== 0) return false;
  return answers <= MAX_SECTION && u16(bytes, off + 8) <= MAX_SECTION && u16(bytes, off + 10) <= MAX_SECTION;
}

/**
 * Reads header, question and answers of the DNS message [off, end) (RFC 1035 §4; AAAA: RFC 3596; SVCB, HTTPS: RFC 9460).
 * Null where it does not look like one or its question cannot be read. Only class IN counts among the answers.
 */
export function readDns(bytes: Uint8Array, off: number, end: number): DnsMessage | null {
  if (!glanceDns(bytes, off, end)) return null;
  const { name, next } = readName(bytes, off, off + DNS_HEADER, end);
  if (next < 0 || end - next < 4) return null;
  const answers: DnsAnswer[] = [];
  const count = u16(bytes, off + 6);
  const whole = count === 0 || readAnswers(bytes, off, next + 4, end, count, name, answers);
  const flags = bytes[off + 2] as number;
  return {
    id: u16(bytes, off),
    response: (flags & 0x80) !== 0,
    rcode: (bytes[off + 3] as number) & 0x0f,
    truncated: (flags & 0x02) !== 0,
    question: { name, type: u16(bytes, next) },
    answers,
    damaged: !whole,
  };
}

/** False where the section does not end as it should. */
function readAnswers(
  bytes: Uint8Array,
  start: number,
  off: number,
  end: number,
  count: number,
  asked: string,
  into: DnsAnswer[],
): boolean {
  let p = off;
  for (let i = 0; i < count; i++) {
    if (i >= MAX_RECORDS || into.length >= MAX_ANSWERS || p >= end) return false;
    let name = asked;
    // Nearly every owner is a pointer to the question.
    if (end - p >= 2 && bytes[p] === 0xc0 && bytes[p + 1] === DNS_HEADER) p += 2;
    else {
      const owner = readName(bytes, start, p, end);
      if (owner.next < 0) return false;
      name = owner.name;
      p = owner.next;
    }
    if (end - p < 10) return false;
    const data = p + 10;
    const length = u16(bytes, p + 8);
    if (length > end - data) return false;
    if (u16(bytes, p + 2) === CLASS_IN) {
      // A time to live with its top bit set counts as zero (RFC 2181 §8).
      const ttl = Math.max(0, i32(bytes, p + 4));
      if (!readRecord(bytes, start, data, data + length, name, u16(bytes, p), ttl, into)) return false;
    }
    p = data + length;
  }
  return true;
}

function readRecord(
  bytes: Uint8Array,
  start: number,
  p: number,
  end: number,
  name: string,
  type: number,
  ttl: number,
  into: DnsAnswer[],
): boolean {
  switch (type) {
    case DnsType.A:
      if (end - p !== 4) return false;
      into.push({ name, type, ttl, address: ipv4(bytes, p), target: '' });
      return true;
    case DnsType.Aaaa:
      if (end - p !== 16) return false;
      into.push({ name, type, ttl, address: ipv6(bytes, p), target: '' });
      return true;
    case DnsType.Cname: {
      const target = readName(bytes, start, p, end);
      if (target.next !== end) return false;
      into.push({ name, type, ttl, address: null, target: target.name });
      return true;
    }
    case DnsType.Svcb:
    case DnsType.Https:
      return readService(bytes, start, p, end, name, type, ttl, into);
    default:
      return true;
  }
}

/** SVCB and HTTPS records (RFC 9460 §2.2): priority, target, then parameters of which the address hints are read. */
function readService(
  bytes: Uint8Array,
  start: number,
  off: number,
  end: number,
  name: string,
  type: number,
  ttl: number,
  into: DnsAnswer[],
): boolean {
  if (end - off < 3) return false;
  const service = readName(bytes, start, off + 2, end);
  if (service.next < 0) return false;
  const before = into.length;
  const target = service.name;
  let p = service.next;
  while (p < end) {
    if (end - p < 4) return false;
    const key = u16(bytes, p);
    const length = u16(bytes, p + 2);
    p += 4;
    if (length > end - p) return false;
    const size = key === IPV4_HINT ? 4 : key === IPV6_HINT ? 16 : 0;
    if (size > 0) {
      if (length % size !== 0) return false;
      for (let at = p; at < p + length && into.length < MAX_ANSWERS; at += size)
        into.push({ name, type, ttl, address: size === 4 ? ipv4(bytes, at) : ipv6(bytes, at), target });
    }
    p += length;
  }
  if (into.length === before) into.push({ name, type, ttl, address: null, target });
  return true;
}

function ipv4(bytes: Uint8Array, p: number): DnsAddress {
  return { version: 4, w0: i32(bytes, p), w1: 0, w2: 0, w3: 0 };
}

function ipv6(bytes: Uint8Array, p: number): DnsAddress {
  return { version: 6, w0: i32(bytes, p), w1: i32(bytes, p + 4), w2: i32(bytes, p + 8), w3: i32(bytes, p + 12) };
}
