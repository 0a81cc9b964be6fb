/**
 * Fingerprints of a ClientHello: JA3 (https://github.com/salesforce/ja3) and JA4
 * (https://github.com/FoxIO-LLC/ja4, technical_details/JA4.md).
 */
import { md5Hex, sha256Hex } from './ja-hash.ts';
import { EXTENSION_ALPN, EXTENSION_SERVER_NAME } from './tls-wire.ts';

/** Fields of a ClientHello in the order in which they were sent, all without GREASE values. */
export interface HelloFields {
  readonly legacyVersion: number;
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly versions: readonly number[];
  /** First protocol of ALPN, one character per byte; null without. */
  readonly protocol: string | null;
}

/** `t` TLS over TCP, `q` QUIC. */
export type JaTransport = 't' | 'q';

const NO_VALUES = '000000000000';
const VERSION_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
]);

/** Decimal values of the five lists, `-` within a list, `,` between lists. */
export function ja3TextOf(f: HelloFields): string {
  return [
    f.legacyVersion,
    f.ciphers.join('-'),
    f.extensions.join('-'),
    f.groups.join('-'),
    f.pointFormats.join('-'),
  ].join(',');
}

/** 32 hexadecimal digits. */
export function ja3Of(text: string): string {
  return md5Hex(text);
}

/** 36 characters, as `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
export function ja4Of(f: HelloFields, transport: JaTransport): string {
  const named = f.extensions.includes(EXTENSION_SERVER_NAME);
  const version = f.versions.length > 0 ? f.versions.reduce((a, b) => Math.max(a, b)) : f.legacyVersion;
  const counts = count(f.ciphers.length) + count(f.extensions.length);
  const head = `${transport}${VERSION_NAMES.get(version) ?? '00'}${named ? 'd' : 'i'}${counts}${ends(f.protocol)}`;
  // These two stand in the first part already: the rest shall not change with the server's name.
  const listed = f.extensions.filter((type) => type !== EXTENSION_SERVER_NAME && type !== EXTENSION_ALPN);
  let tail = sortedHex(listed);
  if (tail !== '' && f.signatureAlgorithms.length > 0) tail += `_${hexList(f.signatureAlgorithms)}`;
  return `${head}_${short(sortedHex(f.ciphers))}_${short(tail)}`;
}

function count(value: number): string {
  return String(Math.min(value, 99)).padStart(2, '0');
}

/** First and last character of a protocol name; of its hexadecimal form where one of them is no letter or digit. */
function ends(protocol: string | null): string {
  if (protocol === null || protocol === '') return '00';
  let text = protocol;
  if (!isAlphanumeric(text.charCodeAt(0)) || !isAlphanumeric(text.charCodeAt(text.length - 1)))
    text = Buffer.from(protocol, 'latin1').toString('hex');
  return text.charAt(0) + text.charAt(text.length - 1);
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function sortedHex(values: readonly number[]): string {
  return hexList([...values].sort((a, b) => a - b));
}

function hexList(values: readonly number[]): string {
  return values.map((value) => value.toString(16).padStart(4, '0')).join(',');
}

function short(text: string): string {
  return text === '' ? NO_VALUES : sha256Hex(text).slice(0, 12);
}
