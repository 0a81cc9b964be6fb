/**
 * The registry: what operators and regulators have on addresses, lines, sites and meters, brought to one shape, and the
 * answer to "who had this address then". Times are microseconds since the epoch (UTC), intervals half-open.
 */

/** From (inclusive) to (exclusive); `to` null is open. */
export interface Span {
  readonly from: number;
  readonly to: number | null;
}

/** Sources whose rows say who had an address. */
export const ADDRESS_KINDS = [
  'filing', // IP-address filing, any of its layouts
  'isms', // user table of the data-centre information security system
  'resource', // resource-system dump of an operator
  'house', // house segment table of a data centre
  'colocation', // customer list of a data centre
  'session', // BRAS or RADIUS session of a subscriber
  'lease', // DHCP lease
  'nat_session', // CGNAT, one mapping of one port
  'nat_block', // CGNAT, block of ports
  'nat_rule', // CGNAT, deterministic parameters (RFC 7422)
  'geofeed', // RFC 8805: city of a prefix, never a subscriber
] as const;
export type AddressKind = (typeof ADDRESS_KINDS)[number];

/** Sources that say something about a subscriber, a site or a meter; no address of the network in them. */
export const SITE_KINDS = ['customer', 'power_account', 'meter_reading', 'machine'] as const;
export type SiteKind = (typeof SITE_KINDS)[number];
export type RegistryKind = AddressKind | SiteKind;

export type UseMode = 'static' | 'dynamic' | 'reserved' | 'line';
/** Kinds of physical address; never merged with each other. */
export type PlaceKind = 'registered' | 'filing' | 'install' | 'power' | 'gateway' | 'site';

/** A physical address as a source gives it. */
export interface Place {
  readonly kind: PlaceKind;
  /** GB/T 2260 code of six digits, or null. */
  readonly region: string | null;
  /** As written; null where only a region is known. */
  readonly text: string | null;
  /** Room, rack and the like within the place, where the source has them apart. */
  readonly detail: string | null;
}

/** The holder as a source gives it. A natural person has `person` true, and name and number only in sealed fields. */
export interface Party {
  readonly name: string | null;
  /** Unified social credit code or organisation code as written, upper case, unchecked. */
  readonly code: string | null;
  readonly person: boolean;
  /** Codes as the source gives them, with the code table they belong to (signatures/reference/codes.csv): '4', '国有独资' … */
  readonly nature: string | null;
  readonly category: string | null;
  readonly industry: string | null;
  readonly licence: string | null;
}

/** Fields that may point to a natural person; kept apart, readable only with a document, purgeable. */
export type Sealed = Readonly<Record<string, string>>;

/** RFC 7422: inside addresses mapped onto outside ports without a log. */
export interface NatRule {
  readonly insideFirst: string;
  readonly insideLast: string;
  readonly insideRealm: string | null;
  /** First port handed out; ports below are reserved. */
  readonly firstPort: number;
  readonly portsPerUser: number;
  /** How many inside addresses share one outside address (C). */
  readonly ratio: number;
  /** `sequential`: user i of an address has the i-th block. `round_robin`: port = firstPort + i + k × ratio. */
  readonly order: 'sequential' | 'round_robin';
}

/** One row that says who had addresses first … last (and ports, protocol) in a time. */
export interface AddressRow {
  readonly family: 'address';
  readonly kind: AddressKind;
  /** Canonical text, both of one family, inclusive. */
  readonly first: string;
  readonly last: string;
  /** Inclusive, or null for all. */
  readonly ports: readonly [number, number] | null;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | null;
  /** Realm of private addresses (BNG, VRF, city); null for public ones. */
  readonly realm: string | null;
  readonly valid: Span;
  /** The end is not in the source: the last sign of life plus an interval. */
  readonly endInferred: boolean;
  /** Error of the source's clock, seconds. */
  readonly clockError: number;
  readonly use: UseMode | null;
  /** Application service type as the source gives it ('7' = data centre). */
  readonly service: string | null;
  /** Subscriber account, circuit or product instance: joins `customer` rows. */
  readonly account: string | null;
  /** Inside address behind a CGNAT row. */
  readonly inside: { readonly address: string; readonly realm: string | null } | null;
  readonly natRule: NatRule | null;
  readonly party: Party | null;
  readonly places: readonly Place[];
  /** When the source last verified the row. */
  readonly checked: number | null;
  /** The rest worth showing, without personal data: device, port, rack, cell, operator reference … */
  readonly extra: Readonly<Record<string, string>>;
  readonly sealed: Sealed | null;
}

/** One row about a customer, a power account, a meter or machines. `key` is what it is known by in its source. */
export interface SiteRow {
  readonly family: 'site';
  readonly kind: SiteKind;
  /** customer: account; power_account and meter_reading: 户号; machine: inventory number or model and place. */
  readonly key: string;
  readonly valid: Span;
  readonly account: string | null;
  readonly party: Party | null;
  readonly places: readonly Place[];
  readonly meter: {
    /** Energy in the span `valid`, kWh. */
    readonly kwh: number | null;
    /** Contracted capacity, kVA; tariff: 居民 residential, 一般工商业 commercial, 大工业 industrial. */
    readonly capacityKva: number | null;
    readonly tariff: 'residential' | 'commercial' | 'industrial' | null;
    readonly supply: 'public' | 'dedicated' | 'captive' | null;
  } | null;
  readonly machine: { readonly model: string; readonly count: number; readonly watts: number | null } | null;
  readonly checked: number | null;
  readonly extra: Readonly<Record<string, string>>;
  readonly sealed: Sealed | null;
}

export type RegistryRow = AddressRow | SiteRow;

/** A row of the input that could not be taken: where, what, why, what to do; one line each. */
export interface RowFault {
  /** Row of the file counted from 1 with the header, or the record's number in XML and binary files. */
  readonly row: number;
  /** Machine-readable reason, and the return code of the filing interface where it has one (2006 …). */
  readonly reason: string;
  readonly code: string | null;
  readonly message: string;
}

/** What an importer found out about its input before the first row. */
export interface SourceShape {
  /** Id of the layout, e.g. `filing-b`. */
  readonly layout: string;
  readonly encoding: string;
  /** Why this layout: the header cells or marks that decided. */
  readonly because: string;
}

/** A row of the registry with what the registry itself knows of it. */
export interface StoredRow<R extends RegistryRow = RegistryRow> {
  readonly id: number;
  /** SHA-256 (hex) of the row's canonical content. */
  readonly digest: string;
  /** Name of the import it came from. */
  readonly source: string;
  readonly row: number;
  readonly recordedAt: number;
  readonly supersededAt: number | null;
  readonly value: R;
}

export type Vantage = 'inside' | 'outside' | 'none';

/** What was seen, and from where. */
export interface Observation {
  readonly ip: string;
  readonly port: number | null;
  readonly protocol: 'tcp' | 'udp';
  readonly from: number;
  readonly to: number;
  readonly nat: Vantage;
  readonly realm: string | null;
  /** Error of the sensor's clock, seconds. */
  readonly clockError: number;
  /** The opening of the conversation was seen, so `from` is its true start. */
  readonly opened: boolean;
}

export type Role =
  | 'ip_holder'
  | 'access_provider'
  | 'filing_unit'
  | 'line_subscriber'
  | 'site_operator'
  | 'power_account_holder'
  | 'beneficiary';

/** Grades 0 – 100: ≥ 90 确认, 70 – 89 高, 40 – 69 中, 1 – 39 低, 0 无法归属. */
export interface Grades {
  readonly subscriber: number;
  readonly enterprise: number;
  readonly address: number;
}

export interface Proof {
  readonly kind: RegistryKind;
  readonly source: string;
  readonly row: number;
  readonly digest: string;
  readonly recordedAt: number;
}

/** One party in one role, with its places and what speaks for it. */
export interface Candidate {
  readonly role: Role;
  /** Stable key: `uscc:9144…`, `acct:k7730011`, `name:<normalised>`; never a natural person's name. */
  readonly subject: string;
  readonly name: string | null;
  /** Valid unified social credit code, or null. */
  readonly uscc: string | null;
  readonly person: boolean;
  readonly places: readonly Place[];
  readonly valid: Span;
  readonly proofs: readonly Proof[];
  readonly grades: Grades;
  /** Why these grades, in the words of the grading table. */
  readonly because: string;
  readonly party: Party | null;
  readonly account: string | null;
}

/** Where an address block is said to be; sends a lead to a province, is never an address. */
export interface GeoHint {
  /** `geofeed NAME`, `mmdb TYPE DATE`. */
  readonly source: string;
  readonly country: string | null;
  /** GB/T 2260 code or ISO 3166-2 code, as the source has it. */
  readonly region: string | null;
  readonly city: string | null;
  readonly asn: number | null;
  /** Holder of the autonomous system. */
  readonly organisation: string | null;
}

/** The answer about one observation. `overall` is the least of the three grades of the best candidate, 0 without one. */
export interface Attribution {
  readonly observed: Observation;
  /** Best first within each role. Two subscribers that fit within the clock error both stand here, capped: no guess. */
  readonly candidates: readonly Candidate[];
  /** The candidate to act upon: unambiguous, graded above 0, in a role that names who is behind the address; or null. */
  readonly best: Candidate | null;
  readonly overall: number;
  /** Codes of what is missing and of what contradicts, each with its words: `need_source_port` … */
  readonly missing: readonly Remark[];
  readonly contradictions: readonly Remark[];
  /** Absent or empty where nothing is known of the block. */
  readonly hints?: readonly GeoHint[];
}

export interface Remark {
  readonly code: string;
  readonly text: string;
}
