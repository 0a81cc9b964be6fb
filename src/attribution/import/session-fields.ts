/** Cells and columns shared by the session, lease and NAT layouts: addresses, ports, protocols, realms, rows and faults. */
import ipaddr from 'ipaddr.js';
import type { AddressKind, AddressRow, Span } from '../types.ts';
import type { Context, Head, Verdict } from './layout.ts';

export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

const CELL_LENGTH = 256;

/**
 * One address in canonical text (IPv4 dotted decimal without leading zeros, IPv6 as RFC 5952, IPv4-mapped as IPv4), or
 * null. Zone ids and ports do not belong to an address.
 */
export function canonicalAddress(text: string): string | null {
  if (text.length < 2 || text.length > 45) return null;
  if (!text.includes(':')) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
    return text;
  }
  const address = text.includes('%') ? null : parsedIpv6(text);
  if (address === null) return null;
  return canonicalIpv6(address);
}

function canonicalIpv6(address: ipaddr.IPv6): string {
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** An address, or a prefix with its host bits ignored, as first and last address in canonical text; or null. */
export function addressRange(text: string): AddressRange | null {
  const slash = text.indexOf('/');
  if (slash < 0) {
    const one = canonicalAddress(text);
    return one === null ? null : { first: one, last: one };
  }
  const base = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits) || base.length > 45) return null;
  const length = Number(bits);
  if (base.includes(':')) {
    if (length > 128 || base.includes('%')) return null;
    const address = parsedIpv6(base);
    if (address === null) return null;
    const { parts } = address;
    const kept = (index: number): number => (0xffff << Math.min(16, Math.max(0, 16 * (index + 1) - length))) & 0xffff;
    const first = canonicalIpv6(new ipaddr.IPv6(parts.map((part, index) => part & kept(index))));
    const last = canonicalIpv6(new ipaddr.IPv6(parts.map((part, index) => part | (kept(index) ^ 0xffff))));
    // `::/80` ends among the IPv4-mapped addresses without starting there.
    return first.includes(':') === last.includes(':') ? { first, last } : null;
  }
  if (length > 32 || !ipaddr.IPv4.isValidFourPartDecimal(base)) return null;
  const cidr = `${base}/${length}`;
  return {
    first: ipaddr.IPv4.networkAddressFromCIDR(cidr).toString(),
    last: ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString(),
  };
}

function parsedIpv6(text: string): ipaddr.IPv6 | null {
  try {
    return ipaddr.IPv6.parse(text);
  } catch {
    return null;
  }
}

/** Is this canonical address one that means something else in each network: RFC 1918, 100.64/10, link-local, fc00::/7? */
export function isPrivateAddress(address: string): boolean {
  if (address.includes(':')) return /^(f[cd]|fe[89ab])[0-9a-f]{2}:/.test(address);
  const dot = address.indexOf('.');
  const a = Number(address.slice(0, dot));
  const b = Number(address.slice(dot + 1, address.indexOf('.', dot + 1)));
  if (a === 10) return true;
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 192) return b === 168;
  if (a === 100) return b >= 64 && b <= 127;
  return a === 169 && b === 254;
}

/** A port 0 – 65535 in decimal, or null. */
export function portNumber(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port > 65535 ? null : port;
}

/** `1024`, `1024-2047`, `1024~2047`, `1024:2047`, or two cells; null where it is none or upside down. */
export function portRange(text: string, last: string = ''): readonly [number, number] | null {
  const found = /^(\d{1,5})(?:\s*[-~–:]\s*(\d{1,5}))?$/.exec(text);
  if (found === null) return null;
  const from = portNumber(found[1] ?? '');
  const to = portNumber(found[2] ?? (last === '' ? (found[1] ?? '') : last));
  return from === null || to === null || to < from ? null : [from, to];
}

const PROTOCOLS: Readonly<Record<string, 'tcp' | 'udp' | 'icmp'>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmp',
  icmp: 'icmp',
  icmpv6: 'icmp',
  tcp: 'tcp',
  udp: 'udp',
};

/** Protocol by name or number; null for all (empty, 0, any, `-`); undefined for one this registry does not keep. */
export function protocolName(text: string): 'tcp' | 'udp' | 'icmp' | null | undefined {
  const key = text.toLowerCase();
  if (key === '' || key === '0' || key === 'any' || key === 'all' || key === '-' || key === 'ip') return null;
  return Object.hasOwn(PROTOCOLS, key) ? PROTOCOLS[key] : undefined;
}

/** A cell for `extra`, `account` or `sealed`: control characters out, at most 256 characters, null where nothing is left. */
export function plain(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const kept = text
    .slice(0, 4 * CELL_LENGTH)
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .trim();
  if (kept === '' || kept === '-' || /^null$/i.test(kept)) return null;
  // Never half a surrogate pair: such text has no UTF-8.
  return kept.slice(0, CELL_LENGTH).toWellFormed();
}

/** The fields that are there. */
export function present(fields: Readonly<Record<string, string | null>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== null) kept[name] = value;
  return kept;
}

/** Like `present`, but null where nothing is there. */
export function sealedFields(fields: Readonly<Record<string, string | null>>): Record<string, string> | null {
  const kept = present(fields);
  return Object.keys(kept).length === 0 ? null : kept;
}

/**
 * Realm names as the registry uses them: what a source calls a NAS, VRF, city or device goes through the setting
 * `realm-map` (`12=BNG-A;vrf:13=BNG-B`), else stays; a source that names none gets the setting `realm`.
 */
export function realmNames(context: Context): (raw: string | null) => string | null {
  const map = new Map<string, string>();
  for (const pair of (context.settings['realm-map'] ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0) map.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  const fallback = plain(context.settings['realm']);
  return (raw) => (raw === null ? fallback : (map.get(raw) ?? raw));
}

/** A positive whole number from the settings, or the default. */
export function numberSetting(context: Context, name: string, fallback: number, least: number, most: number): number {
  const text = context.settings[name];
  if (text === undefined || !/^\d{1,9}$/.test(text)) return fallback;
  return Math.min(most, Math.max(least, Number(text)));
}

/** What an address row of these layouts says beyond its defaults. */
export interface RowParts {
  readonly kind: AddressKind;
  readonly range: AddressRange;
  readonly valid: Span;
  readonly ports?: readonly [number, number] | null;
  readonly protocol?: 'tcp' | 'udp' | 'icmp' | null;
  readonly realm?: string | null;
  readonly endInferred?: boolean;
  readonly account?: string | null;
  readonly inside?: AddressRow['inside'];
  readonly natRule?: AddressRow['natRule'];
  readonly use?: AddressRow['use'];
  readonly extra?: Readonly<Record<string, string>>;
  readonly sealed?: AddressRow['sealed'];
}

/** A whole row: what these sources never know is null. */
export function addressRow(context: Context, parts: RowParts): AddressRow {
  return {
    family: 'address',
    kind: parts.kind,
    first: parts.range.first,
    last: parts.range.last,
    ports: parts.ports ?? null,
    protocol: parts.protocol ?? null,
    realm: parts.realm ?? null,
    valid: parts.valid,
    endInferred: parts.endInferred ?? false,
    clockError: context.clockError,
    use: parts.use === undefined ? 'dynamic' : parts.use,
    service: null,
    account: parts.account ?? null,
    inside: parts.inside ?? null,
    natRule: parts.natRule ?? null,
    party: null,
    places: [],
    checked: null,
    extra: parts.extra ?? {},
    sealed: parts.sealed ?? null,
  };
}

/** Reports a row that could not be taken. `shown` is the offending text: shortened and quoted it stands for `{}`. */
export function fault(context: Context, row: number, reason: string, message: string, shown?: string): void {
  const quoted = shown === undefined ? '' : `: ${JSON.stringify(shown.slice(0, 60).toWellFormed())}`;
  context.fault({ row, reason, code: null, message: message.replace('{}', () => quoted) });
}

/** Why a piece of the input gives no row; `shown` is the offending text. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
  readonly shown?: string;
}

/** A problem; where `shown` is given it stands quoted for `{}` in the message. */
export function problem(reason: string, message: string, shown?: string): Problem {
  return shown === undefined ? { reason, message } : { reason, message, shown };
}

/** Rows of one piece of the input, or why there are none. */
export type Outcome = readonly AddressRow[] | Problem;

/** Hands rows on, or reports the problem. */
export function give(context: Context, row: number, outcome: Outcome): void {
  if ('reason' in outcome) fault(context, row, outcome.reason, outcome.message, outcome.shown);
  else for (const value of outcome) context.row(row, value);
}

/** Field name → headings it goes by, any case, width and spacing. */
export type Columns = Readonly<Record<string, readonly string[]>>;

/** A heading as it is compared: NFKC, lower case, without spaces, underscores, hyphens and what stands in brackets. */
export function headingKey(text: string): string {
  return text
    .slice(0, CELL_LENGTH)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\([^()]*\)/g, '')
    .replace(/[\s_\-.]/g, '');
}

/** Field name → column; fields that are not there are missing from the map. The first of two equal headings wins. */
export function columnsOf(header: readonly string[], columns: Columns): Map<string, number> {
  const byKey = new Map<string, string>();
  for (const [field, names] of Object.entries(columns)) for (const name of names) byKey.set(headingKey(name), field);
  const found = new Map<string, number>();
  for (const [index, cell] of header.entries()) {
    const field = byKey.get(headingKey(cell));
    if (field !== undefined && !found.has(field)) found.set(field, index);
  }
  return found;
}

/** Finds the row with the headings: every field of `needed` must be there (`a|b`: one of them). */
export function detectTable(head: Head, columns: Columns, needed: readonly string[]): Verdict {
  let best: Verdict = { score: 0, because: 'no headings of this layout' };
  for (const [index, cells] of head.rows.entries()) {
    const found = columnsOf(cells, columns);
    const missing = needed.filter((field) => !field.split('|').some((name) => found.has(name)));
    const have = needed.length - missing.length;
    const score =
      missing.length === 0 ? Math.min(98, 60 + 3 * found.size) : have < 2 ? 0 : Math.floor((49 * have) / needed.length);
    if (score <= best.score) continue;
    const names = [...found.values()].slice(0, 4).map((column) => cells[column]);
    best = {
      score,
      because: `headings ${names.join(', ')}`,
      header: index,
      missing: missing.map((m) => labelOf(m, columns)),
    };
  }
  return best;
}

function labelOf(needed: string, columns: Columns): string {
  return needed
    .split('|')
    .map((field) => columns[field]?.[0] ?? field)
    .join(' or ');
}

/** Reads a named cell of a row, '' where the column or the cell is not there. */
export function cellReader(
  header: readonly string[],
  columns: Columns,
): (cells: readonly string[], field: string) => string {
  const found = columnsOf(header, columns);
  return (cells, field) => {
    const index = found.get(field);
    return index === undefined ? '' : (cells[index] ?? '').trim();
  };
}
