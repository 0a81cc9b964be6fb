/**
 * Where an address block is said to be: geofeeds (RFC 8805) and databases in MaxMind's format. A hint sends a lead to the
 * right province and catches contradictions; it is never an address and never names a user.
 */
import { Buffer } from 'node:buffer';
import { Reader, type Response } from 'mmdb-lib';
import type { AddressRow, GeoHint, StoredRow } from './types.ts';

/** A source of hints: from canonical text of an address, null where it knows nothing. Never throws. */
export type HintSource = (ip: string) => GeoHint | null;

/** One line for people: which file, why, what to do. */
export class HintError extends Error {}

const LONGEST = 120;

function textAt(value: unknown, ...path: readonly (string | number)[]): string | null {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return null;
    at = (at as Record<string | number, unknown>)[step];
  }
  return typeof at === 'string' && at.trim() !== '' ? at.slice(0, LONGEST).toWellFormed() : null;
}

function nameAt(value: unknown, ...path: readonly (string | number)[]): string | null {
  return textAt(value, ...path, 'names', 'zh-CN') ?? textAt(value, ...path, 'names', 'en');
}

/**
 * Hints of a database in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), read whole into memory by the caller;
 * `name` is its file's. City, country and ASN databases are understood, whoever made them. Probes it before use; throws a
 * HintError for a file that is none or is damaged.
 */
export function openMmdb(bytes: Uint8Array, name: string): HintSource {
  let reader: Reader<Response>;
  const damaged = (why: string): HintError =>
    new HintError(`${name}: not a readable MaxMind database (${why}); fetch it again or leave the option out`);
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    reader = new Reader<Response>(buffer);
    const { searchTreeSize, nodeCount, ipVersion } = reader.metadata;
    if (!(nodeCount > 0 && searchTreeSize > 0 && searchTreeSize < bytes.byteLength))
      throw new Error('sizes do not fit');
    for (const probe of [
      '192.0.2.1',
      '8.8.8.8',
      '223.255.255.1',
      ...(ipVersion === 6 ? ['2001:db8::1', '2400::1'] : []),
    ]) {
      reader.get(probe);
    }
  } catch (error) {
    throw damaged((error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, LONGEST) ?? '');
  }
  const built = reader.metadata.buildEpoch;
  const source = `mmdb ${reader.metadata.databaseType} ${built instanceof Date && !Number.isNaN(built.getTime()) ? built.toISOString().slice(0, 10) : ''}`;
  const six = reader.metadata.ipVersion === 6;
  return (ip) => {
    if (ip.includes(':') && !six) return null;
    let found: unknown;
    try {
      found = reader.get(ip);
    } catch {
      // A damaged branch that the probes did not meet: no hint.
      return null;
    }
    if (typeof found !== 'object' || found === null) return null;
    return mmdbHint(found, source.trim());
  };
}

function mmdbHint(found: unknown, source: string): GeoHint | null {
  const record = found as Record<string, unknown>;
  const number = record['autonomous_system_number'] ?? record['asn'];
  const asn =
    typeof number === 'number' ? number : Number(/^(?:AS)?(\d{1,10})$/.exec(String(number ?? ''))?.[1] ?? Number.NaN);
  const country = textAt(found, 'country', 'iso_code') ?? textAt(found, 'country_code') ?? textAt(found, 'country');
  const subdivision = textAt(found, 'subdivisions', 0, 'iso_code');
  const hint: GeoHint = {
    source,
    country,
    region: subdivision === null || country === null ? textAt(found, 'state1') : `${country}-${subdivision}`,
    city: nameAt(found, 'city') ?? textAt(found, 'city'),
    asn: Number.isSafeInteger(asn) ? asn : null,
    organisation:
      textAt(found, 'autonomous_system_organization') ?? textAt(found, 'as_name') ?? textAt(found, 'organization'),
  };
  const { country: c, region, city, asn: a, organisation } = hint;
  return c === null && region === null && city === null && a === null && organisation === null ? null : hint;
}

/** The hint of a geofeed's row: what the operator declares of the prefix. */
export function geofeedHint(stored: StoredRow<AddressRow>): GeoHint {
  const { extra, places } = stored.value;
  const cell = (name: string): string | null => (extra[name] === undefined || extra[name] === '' ? null : extra[name]);
  return {
    source: `geofeed ${stored.source}`,
    country: cell('country'),
    region: places[0]?.region ?? cell('region'),
    city: cell('city'),
    asn: null,
    organisation: null,
  };
}

/** GB/T 2260 codes of ISO 3166-2:CN (letters since 2017, digits before). */
const PROVINCES =
  'BJ11 TJ12 HE13 SX14 NM15 LN21 JL22 HL23 SH31 JS32 ZJ33 AH34 FJ35 JX36 SD37 HA41 HB42 HN43 GD44 GX45 HI46 CQ50 SC51 GZ52 YN53 XZ54 SN61 GS62 QH63 NX64 XJ65 TW71 HK81 MO82';

/** The leading digits of a GB/T 2260 code that a hint's region means: 2 for a province, 4 with its city; null if unknown. */
export function hintRegion(hint: GeoHint): string | null {
  if (hint.region === null) return null;
  if (/^\d{6}$/.test(hint.region))
    return hint.region.endsWith('0000') ? hint.region.slice(0, 2) : hint.region.slice(0, 4);
  const code = /^CN-(\d\d|[A-Z]{2})$/i.exec(hint.region)?.[1]?.toUpperCase();
  if (code === undefined) return null;
  return /^\d/.test(code) ? code : (new RegExp(`${code}(\\d\\d)`).exec(PROVINCES)?.[1] ?? null);
}
