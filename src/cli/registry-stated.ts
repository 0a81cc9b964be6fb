/** Rows of an import with what the command states of their source, and with the divisions that their texts name. */
import { LRUCache } from 'lru-cache';
import { addressWordsOf, isPrivateAddress } from '../attribution/index-address.ts';
import type { AddressRow, Place, PlaceKind, RegistryKind, RegistryRow, SiteRow } from '../attribution/types.ts';
import { regionOfText } from '../identifier/address-region.ts';
import type { Divisions } from '../identifier/divisions.ts';
import { compact, simplify } from '../identifier/text.ts';
import { textOf } from './context.ts';
import { UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { visible } from './text.ts';

export interface Statement {
  /** Seconds; for rows that do not tell their own. */
  readonly clockError: number;
  /** Realm of private addresses that name none. */
  readonly realm: string | null;
  /** Whose accounts they are. */
  readonly carrier: string | null;
  readonly divisions: Divisions;
}

/** A row with what was stated. */
export type Stated = (value: RegistryRow) => RegistryRow;

const MAX_CARRIER = 40;
/** Texts whose division is remembered: one address stands in many rows. */
const KEPT_TEXTS = 20_000;
/** Sources whose fields 所在地区, 所属地市, 区划代码 say where the place is. */
const LOCATED: ReadonlySet<RegistryKind> = new Set(['filing', 'resource', 'isms', 'customer', 'power_account']);
/** Places that such fields are about; the registered office and the gateway may lie elsewhere. */
const MEANT: ReadonlySet<PlaceKind> = new Set(['filing', 'install', 'site', 'power']);

/** `--carrier`, or null. Throws UsageError: `/` stands between carrier and account. */
export function carrierOf(given: GivenArguments): string | null {
  const name = textOf(given, 'carrier')?.normalize('NFC').trim() ?? null;
  if (name === null) return null;
  if (name === '' || name.includes('/') || name.length > MAX_CARRIER || visible(name) !== name) {
    throw new UsageError(
      `--carrier: '${visible(name.slice(0, MAX_CARRIER))}' is no name of up to ${MAX_CARRIER} characters without '/'`,
    );
  }
  return name;
}

/** A function for the rows of one import; pure. */
export function statedRows(statement: Statement): Stated {
  const located = locator(statement.divisions);
  return (value) => {
    const row = located(value);
    return row.family === 'address' ? statedAddress(row, statement) : statedSite(row, statement);
  };
}

function statedAddress(value: AddressRow, { clockError, realm, carrier }: Statement): AddressRow {
  const placed = realm !== null && value.realm === null && isPrivate(value.first);
  const { inside } = value;
  const behind = realm !== null && inside !== null && inside.realm === null && isPrivate(inside.address);
  const owned = carrier !== null && value.account !== null;
  if (!placed && !behind && !owned && (clockError === 0 || value.clockError !== 0)) return value;
  return {
    ...value,
    realm: placed ? realm : value.realm,
    inside: behind ? { ...inside, realm } : inside,
    clockError: value.clockError || clockError,
    account: scoped(value.account, carrier),
  };
}

/** A customer is known by his account. The number of a power account (户号) is the power company's, not the carrier's. */
function statedSite(value: SiteRow, { carrier }: Statement): SiteRow {
  if (carrier === null || (value.kind !== 'customer' && value.account === null)) return value;
  const key = value.kind === 'customer' ? `${carrier}/${value.key}` : value.key;
  return { ...value, key, account: scoped(value.account, carrier) };
}

function scoped(account: string | null, carrier: string | null): string | null {
  return account === null || carrier === null ? account : `${carrier}/${account}`;
}

function isPrivate(address: string): boolean {
  const words = addressWordsOf(address);
  return words !== null && isPrivateAddress(words);
}

/** Gives places without a code that of the division which the row names beside them, or which their own text begins with. */
function locator(divisions: Divisions): (value: RegistryRow) => RegistryRow {
  const named = new LRUCache<string, { readonly code: string | null }>({ max: KEPT_TEXTS });
  const remembered = (key: string, find: () => string | null): string | null => {
    const known = named.get(key);
    if (known !== undefined) return known.code;
    const code = find();
    named.set(key, { code });
    return code;
  };
  const begun = (text: string): string | null => {
    const { division, contradictions } = regionOfText(simplify(compact(text)), divisions, null);
    return contradictions.length === 0 ? (division?.code ?? null) : null;
  };
  const ofText = (text: string): string | null => remembered(text, () => begun(text));
  const ofFields = ({ kind, extra }: RegistryRow): string | null => {
    const words = kind === 'resource' ? [extra['city'] ?? '', extra['county'] ?? ''] : fieldsOf(extra['region'] ?? '');
    const [first = '', second = '', third = ''] = kind === 'resource' ? ['', ...words] : words;
    if (first + second + third === '') return null;
    return remembered(JSON.stringify([first, second, third]), () => {
      const code = [third, second, first].find((word) => /^\d{6}$/.test(word));
      if (code !== undefined) return divisions.byCode(code)?.code ?? null;
      const found = divisions.find(first, second, third).code;
      return found ?? (second === '' && third === '' ? begun(first) : null);
    });
  };
  return (value) => {
    if (!LOCATED.has(value.kind) || value.places.every(({ region, kind }) => region !== null || !MEANT.has(kind))) {
      return value;
    }
    const beside = ofFields(value);
    const places = value.places.map((place: Place): Place => {
      if (place.region !== null || !MEANT.has(place.kind)) return place;
      const own = place.text === null ? null : ofText(place.text);
      // The place's own words are nearer to it, unless what stands beside them is the finer of the two.
      const finer = own !== null && beside !== null && divisions.compatible(own, beside) && beside > own;
      return { ...place, region: own === null || finer ? beside : own };
    });
    return { ...value, places };
  };
}

/** 省 市 县, however they are kept apart. */
function fieldsOf(text: string): string[] {
  return text.split(/[\s\-/|>,，、]+/u).filter((word) => word !== '');
}
