/**
 * Chinese addresses as text: split into levels, compared, and keyed to the site. The order of levels is that of the national
 * practice for address coding (GB/T 23705-2009). A key is made only where a house can be told from its neighbour.
 */
import { type AddressParts, addressParts } from './address-parts.ts';
import { type Remark, regionOfText } from './address-region.ts';
import type { Divisions } from './divisions.ts';
import { arabicDigits, compact, simplify } from './text.ts';

export type { Remark } from './address-region.ts';

/** Finest level that an address names. A park or a village without a number is as coarse as a road. */
export type AddressPrecision =
  | 'room'
  | 'building'
  | 'number'
  | 'road'
  | 'township'
  | 'county'
  | 'city'
  | 'province'
  | 'none';

export interface ParsedAddress extends AddressParts {
  /** GB/T 2260 code of the finest division named, as coded today where that is known; null where none is. */
  readonly region_code: string | null;
  /** The first 512 characters as they came. */
  readonly raw: string;
  readonly precision: AddressPrecision;
  readonly contradictions: readonly Remark[];
}

/** The text that is split: NFKC, no spaces, simplified characters of the small table. Twice is the same as once. */
export function normaliseAddress(raw: string): string {
  return simplify(compact(raw))
    .replace(/[—–―−‐‑]/g, '-')
    .replace(/[~～〜]/g, '~')
    .replace(/[＃♯]/g, '#');
}

function precisionOf(parts: AddressParts, region: string | null, divisions: Divisions): AddressPrecision {
  const named = parts.building !== null && /\p{Script=Han}{2}/u.test(parts.building.replace(/[号#]?楼|厂房|仓库/g, ''));
  const anchored = [parts.road, parts.park, parts.village, parts.township].some((part) => part !== null) || named;
  if (anchored) {
    if (parts.room !== null) return 'room';
    if (parts.building !== null || parts.unit !== null || parts.floor !== null) return 'building';
    if (parts.number !== null) return 'number';
    if (parts.road !== null || parts.park !== null || parts.village !== null) return 'road';
    return 'township';
  }
  const level = region === null ? null : divisions.byCode(region)?.level;
  return level === 'zone' ? 'county' : (level ?? 'none');
}

/**
 * Splits an address. `given` is the region code that the source states beside the text: it fills in what the text leaves
 * out and is reported, not believed, where the text says otherwise. Reads the first 512 characters, never throws.
 */
export function parseAddress(raw: string, divisions: Divisions, given: string | null = null): ParsedAddress {
  const text = normaliseAddress(raw);
  const contradictions: Remark[] = [];
  const stated = given === null || given.trim() === '' ? null : given.trim();
  const known = stated !== null && /^\d{6}/.test(stated) ? divisions.byCode(stated) : null;
  if (stated !== null && !known) {
    contradictions.push({ code: 'region_code_unknown', text: `region code ${stated.slice(0, 20)} stands in no table` });
  }
  const code = known ? (divisions.current(known.code) ?? known) : null;
  const region = regionOfText(text, divisions, code);
  contradictions.push(...region.contradictions);
  const parts = addressParts(text.slice(region.end));
  let final = region.division ?? code;
  if (region.division && code) {
    if (!divisions.compatible(region.division.code, code.code)) {
      const said = divisions.path(code.code) ?? code.code;
      const written = divisions.path(region.division.code) ?? region.division.code;
      const words = `region code ${code.code} is ${said}, the text says ${written}`;
      contradictions.push({ code: 'region_code_differs', text: words });
    } else if (depth(code.code) > depth(region.division.code)) {
      final = code;
    }
  }
  const region_code = final?.code ?? null;
  return {
    region_code,
    ...parts,
    raw: raw.slice(0, 512).toWellFormed(),
    precision: precisionOf(parts, region_code, divisions),
    contradictions,
  };
}

function depth(code: string): number {
  return code.endsWith('0000') ? 2 : code.endsWith('00') ? 4 : 6;
}

/** One form of a part for comparing: Arabic digits, one word for each kind of house and floor. */
function canonical(name: keyof AddressParts, text: string | null): string | null {
  if (text === null) return null;
  const plain = arabicDigits(text.toUpperCase());
  switch (name) {
    case 'number':
      return (
        plain
          .replace(/号院|号/g, '')
          .replace(/[~至]/g, '-')
          .replace(/附|之/g, '附') || null
      );
    case 'building':
      return plain.replace(/号厂房|#厂房/g, '厂房').replace(/号楼|#楼|栋楼|栋|幢|座|#/g, '栋');
    case 'floor':
      return plain
        .replace(/^(?:地下|负|B)(?=\d)/, '-')
        .replace(/^F/, '')
        .replace(/[层楼F]$/, '')
        .replace(/[~至]/g, '-');
    case 'room':
      return plain.replace(/号?(?:室|房间|房)$/, '');
    case 'park':
      return plain.replace(/园区$/, '园');
    case 'township':
      return plain.replace(/办事处$|人民政府$/, '');
    case 'village':
      return plain.replace(/(?:村民委员会|村委会|行政村)/, '村').replace(/居委会/, '社区');
    default:
      return plain;
  }
}

const COMPARED = ['township', 'village', 'park', 'road', 'number', 'building', 'unit', 'floor', 'room'] as const;

/** Cities and districts in which a road name means one road: a prefecture or finer, or a municipality. */
function isLocal(region: string | null): region is string {
  return region !== null && (!region.endsWith('0000') || /^(?:11|12|31|50)/.test(region));
}

/**
 * Whether two addresses are one: every level that both name agrees, their regions lie in each other, and they share at
 * least road (or village, or park) and number, or park and building. An address without a region equals none.
 */
export function sameAddress(a: ParsedAddress, b: ParsedAddress): boolean {
  if (!isLocal(a.region_code) || !isLocal(b.region_code)) return false;
  const least = Math.min(depth(a.region_code), depth(b.region_code));
  if (a.region_code.slice(0, least) !== b.region_code.slice(0, least)) return false;
  const shared = new Set<string>();
  for (const name of COMPARED) {
    const [left, right] = [canonical(name, a[name]), canonical(name, b[name])];
    if (left === null || right === null) continue;
    if (left !== right) return false;
    shared.add(name);
  }
  if (shared.has('park') && shared.has('building')) return true;
  return shared.has('number') && (shared.has('road') || shared.has('village') || shared.has('park'));
}

/**
 * A stable key for "the same site": region, town (not the street office, which people leave out), road and number, or park
 * (or village) and number, or park and building; with the building. Floor and room are within the site. Null where the
 * address is too coarse to tell a house from its neighbour.
 */
export function siteKey(address: ParsedAddress): string | null {
  if (!isLocal(address.region_code)) return null;
  const part = (name: keyof AddressParts): string => canonical(name, address[name]) ?? '';
  const numbered = address.number !== null;
  const street = numbered ? part('road') || part('park') || part('village') : '';
  const place = street || (address.building === null ? '' : part('park'));
  if (place === '') return null;
  const town = /[镇乡]$|苏木$/.test(part('township')) ? part('township') : '';
  return [address.region_code, town, place, part('number'), part('building')].join('/');
}
