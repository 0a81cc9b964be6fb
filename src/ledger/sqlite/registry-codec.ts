/**
 * Rows of the registry as arrays of values in a fixed order: a third of the bytes and of the time of objects with their
 * names, and the same text for the same content, from which the digest is made. Sealed fields are never in it.
 */
import type {
  AddressKind,
  AddressRow,
  NatRule,
  Party,
  Place,
  PlaceKind,
  RegistryKind,
  RegistryRow,
  SiteKind,
  SiteRow,
  UseMode,
} from '../../attribution/types.ts';

/** Bit of each kind, so that blocks without the kinds asked for are passed over. Stored: never renumber. */
export const KIND_BITS: Readonly<Record<RegistryKind, number>> = {
  filing: 1,
  isms: 2,
  resource: 4,
  house: 8,
  colocation: 16,
  session: 32,
  lease: 64,
  nat_session: 128,
  nat_block: 256,
  nat_rule: 512,
  geofeed: 1024,
  customer: 2048,
  power_account: 4096,
  meter_reading: 8192,
  machine: 16384,
};

type Text = string | null;
type PartyArray = readonly [Text, Text, boolean, Text, Text, Text, Text];
type PlaceArray = readonly [PlaceKind, Text, Text, Text];
type RuleArray = readonly [string, string, Text, number, number, number, NatRule['order']];
type Common = readonly [PartyArray | null, readonly PlaceArray[], number | null, readonly [string, string][]];
type AddressArray = readonly [
  'a',
  ...Common,
  AddressKind,
  string,
  string,
  readonly [number, number] | null,
  AddressRow['protocol'],
  Text,
  number,
  number | null,
  boolean,
  number,
  UseMode | null,
  Text,
  Text,
  readonly [string, Text] | null,
  RuleArray | null,
];
type Meter = NonNullable<SiteRow['meter']>;
type SiteArray = readonly [
  's',
  ...Common,
  SiteKind,
  string,
  number,
  number | null,
  Text,
  readonly [number | null, number | null, Meter['tariff'], Meter['supply']] | null,
  readonly [string, number, number | null] | null,
];
/** A row as stored. */
export type RowArray = AddressArray | SiteArray;

const party = (p: Party | null): PartyArray | null =>
  p && [p.name, p.code, p.person, p.nature, p.category, p.industry, p.licence];
const place = (p: Place): PlaceArray => [p.kind, p.region, p.text, p.detail];
const rule = (r: NatRule | null): RuleArray | null =>
  r && [r.insideFirst, r.insideLast, r.insideRealm, r.firstPort, r.portsPerUser, r.ratio, r.order];

/** Names in the order of their code units: the order in which a source has its columns is no content. */
function pairs(extra: Readonly<Record<string, string>>): [string, string][] {
  const entries = Object.entries(extra);
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function encode(row: RegistryRow): RowArray {
  const common: Common = [party(row.party), row.places.map(place), row.checked, pairs(row.extra)];
  if (row.family === 'site') {
    const { meter: m, machine: c } = row;
    return [
      's',
      ...common,
      row.kind,
      row.key,
      row.valid.from,
      row.valid.to,
      row.account,
      m && [m.kwh, m.capacityKva, m.tariff, m.supply],
      c && [c.model, c.count, c.watts],
    ];
  }
  return [
    'a',
    ...common,
    row.kind,
    row.first,
    row.last,
    row.ports,
    row.protocol,
    row.realm,
    row.valid.from,
    row.valid.to,
    row.endInferred,
    row.clockError,
    row.use,
    row.service,
    row.account,
    row.inside && [row.inside.address, row.inside.realm],
    rule(row.natRule),
  ];
}

/** The text of a row's content, the same for the same content; lone surrogates are escaped, so that it is valid UTF-8. */
export function rowText(row: RegistryRow): string {
  return JSON.stringify(encode(row));
}

const partyOf = (p: PartyArray | null): Party | null =>
  p && { name: p[0], code: p[1], person: p[2], nature: p[3], category: p[4], industry: p[5], licence: p[6] };
const placeOf = (p: PlaceArray): Place => ({ kind: p[0], region: p[1], text: p[2], detail: p[3] });
const ruleOf = (r: RuleArray | null): NatRule | null =>
  r && {
    insideFirst: r[0],
    insideLast: r[1],
    insideRealm: r[2],
    firstPort: r[3],
    portsPerUser: r[4],
    ratio: r[5],
    order: r[6],
  };

function extraOf(list: readonly [string, string][]): Readonly<Record<string, string>> {
  // Computed names and fromEntries make own members of any name, `__proto__` too.
  const [first] = list;
  if (list.length === 1 && first !== undefined) return { [first[0]]: first[1] };
  return Object.fromEntries(list);
}

/** The row again, its sealed fields null. The text must have been checked against its digest. */
export function decodeRow(row: RowArray): RegistryRow {
  if (row[0] === 's') {
    const meter = row[10];
    const machine = row[11];
    return {
      family: 'site',
      kind: row[5],
      key: row[6],
      valid: { from: row[7], to: row[8] },
      account: row[9],
      party: partyOf(row[1]),
      places: row[2].map(placeOf),
      meter: meter && { kwh: meter[0], capacityKva: meter[1], tariff: meter[2], supply: meter[3] },
      machine: machine && { model: machine[0], count: machine[1], watts: machine[2] },
      checked: row[3],
      extra: extraOf(row[4]),
      sealed: null,
    };
  }
  const inside = row[18];
  return {
    family: 'address',
    kind: row[5],
    first: row[6],
    last: row[7],
    ports: row[8],
    protocol: row[9],
    realm: row[10],
    valid: { from: row[11], to: row[12] },
    endInferred: row[13],
    clockError: row[14],
    use: row[15],
    service: row[16],
    account: row[17],
    inside: inside && { address: inside[0], realm: inside[1] },
    natRule: ruleOf(row[19]),
    party: partyOf(row[1]),
    places: row[2].map(placeOf),
    checked: row[3],
    extra: extraOf(row[4]),
    sealed: null,
  };
}
