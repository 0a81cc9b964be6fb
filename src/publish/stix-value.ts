/**
 * Values as STIX wants them, out of leads that a field set may have emptied: absent rather than null, bounded, well formed.
 */
import ipaddr from 'ipaddr.js';
import type { Lead } from '../ledger/types.ts';

/** The same shape with every field, however deep, missing, null or empty. */
export type Reduced<T> = T extends readonly (infer U)[]
  ? readonly (Reduced<U> | null)[]
  : T extends object
    ? { readonly [K in keyof T]?: Reduced<T[K]> | null | undefined }
    : T;

/** A lead whole or as handed over; `hand_over` says which of its fields hold placeholders. */
export type ReducedLead = Reduced<Lead> & {
  readonly hand_over?: {
    readonly department?: string | null;
    readonly field_set?: string | null;
    readonly document?: string | null;
    readonly withheld?: readonly string[] | null;
  } | null;
};

/** The members of a list that are there. */
export function list<T>(values: readonly (T | null | undefined)[] | null | undefined): T[] {
  return (values ?? []).filter((value): value is T => value !== null && value !== undefined);
}

/** Text on one line without control characters and half characters, bounded; undefined where nothing is left. */
export function plain(value: string | null | undefined, limit = 1024): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, limit * 2)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, limit)
    .toWellFormed();
  return text === '' ? undefined : text;
}

/** Distinct texts in order; undefined without any, since STIX knows no empty lists. */
export function plainList(values: readonly (string | null | undefined)[] | null | undefined): string[] | undefined {
  const texts = new Set(list(values).flatMap((value) => plain(value, 256) ?? []));
  return texts.size === 0 ? undefined : [...texts].sort();
}

/** Without the members that are undefined, so that key order and bytes depend on content alone. */
export function compactObject<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

/** A whole number within limits, or undefined. */
export function whole(value: number | null | undefined, low: number, high: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high ? value : undefined;
}

const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CHINA_MS = 8 * 3_600_000;

/**
 * An ISO time as RFC 3339 with six digits, so that times compare as texts; a day (leads reduced to days have days of China)
 * means its first or last moment. Undefined for what is no time.
 */
export function instant(value: string | null | undefined, edge: 'first' | 'last'): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (DAY.test(value)) {
    const start = Date.parse(`${value}T00:00:00Z`);
    if (Number.isNaN(start) || !isoSeconds(start)?.startsWith(value)) return undefined;
    const seconds = isoSeconds(start - CHINA_MS + (edge === 'first' ? 0 : 86_399_000));
    return seconds === undefined ? undefined : `${seconds}.${edge === 'first' ? '000000' : '999999'}Z`;
  }
  const match = INSTANT.exec(value);
  if (match === null) return undefined;
  const at = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(at) || isoSeconds(at) !== match[1]) return undefined;
  return `${match[1]}.${(match[2] ?? '').padEnd(6, '0').slice(0, 6)}Z`;
}

function isoSeconds(ms: number): string | undefined {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return text.length === 24 ? text.slice(0, 19) : undefined;
}

/** Three digits, as `created` and `modified` need. */
export function millis(time: string): string {
  return `${time.slice(0, 23)}Z`;
}

export function earliest(times: readonly (string | undefined)[]): string | undefined {
  return times.reduce((least, time) => (time !== undefined && (least === undefined || time < least) ? time : least));
}

export function latest(times: readonly (string | undefined)[]): string | undefined {
  return times.reduce((most, time) => (time !== undefined && (most === undefined || time > most) ? time : most));
}

export interface Address {
  readonly family: 4 | 6;
  /** Canonical text, with `/length` for a prefix. */
  readonly value: string;
  readonly prefix: boolean;
}

/** An address or a prefix, IPv6 as in RFC 5952, IPv4-mapped ones as IPv4; undefined for what is none. */
export function addressOf(text: string | null | undefined): Address | undefined {
  if (typeof text !== 'string' || text.length > 64 || text.includes('%')) return undefined;
  try {
    if (!text.includes('/')) {
      if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
      return one(ipaddr.process(text), '');
    }
    if (!text.includes(':') && !ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return undefined;
    const [, length] = ipaddr.parseCIDR(text);
    const network = text.includes(':')
      ? ipaddr.IPv6.networkAddressFromCIDR(text)
      : ipaddr.IPv4.networkAddressFromCIDR(text);
    return one(network, `/${length}`);
  } catch {
    return undefined;
  }
}

function one(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: string): Address {
  if (address instanceof ipaddr.IPv4) {
    return { family: 4, value: `${address.toString()}${prefix}`, prefix: prefix !== '' };
  }
  return { family: 6, value: `${address.toRFC5952String()}${prefix}`, prefix: prefix !== '' };
}
