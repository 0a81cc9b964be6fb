/** Values of reports: addresses, ports, protocols, counts, and what points to a natural person. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../common/canonical-json.ts';
import { type InboundReport, MAX_TEXT } from './inbound-types.ts';
import { addressOf, whole } from './stix-value.ts';

/** Addresses that one cell may name. */
const MAX_ADDRESSES = 64;

export interface Socket {
  readonly ip: string;
  readonly port: number | null;
}

/**
 * The addresses of a cell: one or several, each with or without port, also with the full-width signs and the brackets
 * (`198.51.100[.]7`) by which people keep them from becoming links. A text that is no list of single addresses: why not.
 */
export function socketsOf(cell: string): readonly Socket[] | { readonly fault: string } {
  if (cell.length > 8192) return { fault: 'the cell is longer than 8192 characters' };
  const plain = cell
    .normalize('NFKC')
    .replaceAll(/[[(]\.[\])]/g, '.')
    .replaceAll('。', '.');
  const parts = plain.split(/[\s,;、|]+/).filter((part) => part !== '');
  if (parts.length > MAX_ADDRESSES) return { fault: `more than ${MAX_ADDRESSES} addresses in one cell` };
  const found: Socket[] = [];
  for (const part of parts) {
    if (/[/~*]/.test(part) || /\d-\d/.test(part)) return { fault: 'a range or prefix stands for many lines' };
    const socket = socketOf(part);
    if (socket === null) return { fault: 'no IP address' };
    found.push(socket);
  }
  return found;
}

function socketOf(text: string): Socket | null {
  const alone = addressOf(text);
  if (alone !== undefined) return { ip: alone.value, port: null };
  const match = /^(?:\[([^\]]{2,45})\]|([^:]{7,15}))(?::(\d{1,5}))?$/.exec(text);
  const address = addressOf(match?.[1] ?? match?.[2]);
  if (match === null || address === undefined) return null;
  const port = match[3] === undefined ? null : whole(Number(match[3]), 0, 65_535);
  return port === undefined ? null : { ip: address.value, port };
}

/** A port; null for none given, undefined for what is no port. */
export function portOf(cell: string): number | null | undefined {
  const text = cell.normalize('NFKC').trim().replace(/\.0$/, '');
  if (text === '') return null;
  return /^\d{1,5}$/.test(text) ? whole(Number(text), 0, 65_535) : undefined;
}

export function countOf(cell: string): number | null {
  const text = cell
    .normalize('NFKC')
    .trim()
    .replace(/(?:\.0|次)$/, '');
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}

export function protocolOf(cell: string): 'tcp' | 'udp' | null {
  const text = cell.normalize('NFKC').trim().toLowerCase();
  if (text === '6' || /^tcp/.test(text)) return 'tcp';
  return text === '17' || /^(?:udp|quic)/.test(text) ? 'udp' : null;
}

/** A text of a stranger: no control characters, well formed, bounded; null where nothing is left. */
export function textOf(cell: string | null | undefined, limit: number = MAX_TEXT): string | null {
  if (typeof cell !== 'string') return null;
  const text = cell
    .slice(0, limit)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+/g, ' ')
    .toWellFormed()
    .trim();
  return text === '' ? null : text;
}

const PHONE = /(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)/g;
const LANDLINE = /(?<!\d)0\d{2,3}[- ]\d{7,8}(?!\d)/g;
const CITIZEN = /(?<!\d)[1-9]\d{16}[\dXx](?![\dA-Za-z])/g;
const MAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}/g;

/** The text with phone, id and mail numbers of people blanked out. */
export function blanked(text: string): string {
  return text.replace(CITIZEN, '***').replace(PHONE, '***').replace(LANDLINE, '***').replace(MAIL, '***');
}

const ORGANISATION_WORD =
  /超市|市场|商城|大厦|广场|小区|物业|公寓|科技|网络|电子|能源|矿业|数据|电力|通信|移动|联通|电信|中心|集团/u;
const ORGANISATION_END = /[司厂局院校社站店部所队委会行馆团府村处矿场园库房网台室组铺]$/u;

/** Two to four Chinese characters without a mark of an organisation, or two names with a dot between. */
export function looksLikePerson(name: string): boolean {
  if (name.length > 24) return false;
  if (/^\p{Script=Han}{1,8}[·•.]\p{Script=Han}{1,12}$/u.test(name) || /(?:先生|女士|同志)$/u.test(name)) return true;
  return /^\p{Script=Han}{2,4}$/u.test(name) && !ORGANISATION_WORD.test(name) && !ORGANISATION_END.test(name);
}

/** Sets also a name such as `__proto__` as an ordinary property. */
export function seal(target: Record<string, string>, name: string, value: string | null): void {
  if (value === null) return;
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

export function sealedOf(fields: Record<string, string>): Readonly<Record<string, string>> | null {
  return Object.keys(fields).length === 0 ? null : fields;
}

/**
 * A reference for a report without number of its own: a digest of what it says, except for what grows when the same thing
 * is reported again (the last time, the count), so that a newer list brings it up to date.
 */
export function referenceOf(report: Omit<InboundReport, 'reference'>): string {
  // Sealed fields stay out: a digest in the chain would outlive their purge.
  const { last, count, received, sealed, ...said } = report;
  const content = said.first === null ? { ...said, last, received } : said;
  return `h-${createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 24)}`;
}
