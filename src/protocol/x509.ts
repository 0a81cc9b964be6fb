/** X.509 certificates (RFC 5280 §4.1), as far as they name a server. */
import type { TlsCertificate } from './tls-types.ts';
import { hostNameEnd } from './tls-wire.ts';
import { DerReader, DerTag, derText, derTime } from './x509-der.ts';

const MAX_NAMES = 64;
/** Attributes of a name, extensions, and alternative names that are looked at. */
const MAX_ATTRIBUTES = 64;
const MAX_EXTENSIONS = 64;
const MAX_ALTERNATIVES = 1024;
const MAX_SERIAL = 64;

// Context-specific tags of TBSCertificate and GeneralName.
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;

// Object identifiers, as encoded: 2.5.4.3, 2.5.4.10, 2.5.4.11, 2.5.29.17.
const COMMON_NAME = [0x55, 0x04, 0x03];
const ORGANISATION = [0x55, 0x04, 0x0a];
const ORGANISATIONAL_UNIT = [0x55, 0x04, 0x0b];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];

const STAR = 0x2a;
const DOT = 0x2e;

interface Name {
  /** The last one, the most specific (RFC 6125 §2.3). */
  commonName: string | null;
  /** The first ones. */
  organisation: string | null;
  organisationalUnit: string | null;
}

/**
 * A certificate in DER at [off, end). Reads nothing outside; null where the structure is damaged up to the subject. The key
 * and the signature are not looked at, damaged extensions give no names.
 */
export function parseCertificate(bytes: Uint8Array, off: number, end: number): TlsCertificate | null {
  const outer = new DerReader(bytes, off, end);
  if (!outer.read(DerTag.Sequence)) return null;
  const certificate = outer.inside();
  if (!certificate.read(DerTag.Sequence)) return null;
  const body = certificate.inside();
  let version = 1;
  if (body.read(VERSION)) {
    const number = body.inside();
    if (!number.read(DerTag.Integer) || number.stop - number.start !== 1) return null;
    version = (bytes[number.start] as number) + 1;
  }
  if (!body.read(DerTag.Integer)) return null;
  const serial = serialOf(bytes, body.start, body.stop);
  if (!body.read(DerTag.Sequence)) return null; // signature algorithm
  if (!body.read(DerTag.Sequence)) return null;
  const issuer = readName(body.inside());
  const issuerOff = body.at;
  const issuerEnd = body.stop;
  if (!body.read(DerTag.Sequence)) return null;
  const validity = body.inside();
  const notBefore = validity.read() ? derTime(validity) : Number.NaN;
  const notAfter = validity.read() ? derTime(validity) : Number.NaN;
  if (!body.read(DerTag.Sequence)) return null;
  const subject = readName(body.inside());
  const selfIssued = sameBytes(bytes, issuerOff, issuerEnd, body.at, body.stop);
  const names = new Set<string>();
  while (body.read()) if (body.tag === EXTENSIONS) readExtensions(body.inside(), names);
  const common = subject.commonName === null ? null : hostName(Buffer.from(subject.commonName, 'utf8'));
  // A common name is free text: one label alone is taken for a host only where it can be nothing else.
  if (common !== null && names.size < MAX_NAMES && isFit(subject.commonName as string)) names.add(common);
  return {
    what: 'certificate',
    names: [...names],
    commonName: subject.commonName,
    organisation: subject.organisation,
    organisationalUnit: subject.organisationalUnit,
    issuerCommonName: issuer.commonName,
    selfIssued,
    x509Version: version,
    serial,
    notBefore,
    notAfter,
  };
}

/** RFC 5280 §4.1.2.4: a sequence of sets of pairs of object identifier and text. */
function readName(sets: DerReader): Name {
  const name: Name = { commonName: null, organisation: null, organisationalUnit: null };
  let left = MAX_ATTRIBUTES;
  while (left > 0 && sets.read(DerTag.Set)) {
    left--; // an empty set counts as well
    const pairs = sets.inside();
    while (left > 0 && pairs.read(DerTag.Sequence)) {
      left--;
      const pair = pairs.inside();
      if (!pair.read(DerTag.Oid)) continue;
      const isCommon = pair.is(COMMON_NAME);
      const isOrganisation = pair.is(ORGANISATION);
      if (!isCommon && !isOrganisation && !pair.is(ORGANISATIONAL_UNIT)) continue;
      const text = pair.read() ? derText(pair) : null;
      if (text === null) continue;
      if (isCommon) name.commonName = text;
      else if (isOrganisation) name.organisation ??= text;
      else name.organisationalUnit ??= text;
    }
  }
  return name;
}

/** RFC 5280 §4.1.2.9 and §4.2.1.6: adds the dNSName entries of the first subjectAltName. */
function readExtensions(content: DerReader, names: Set<string>): void {
  if (!content.read(DerTag.Sequence)) return;
  const list = content.inside();
  for (let i = 0; i < MAX_EXTENSIONS && list.read(DerTag.Sequence); i++) {
    const extension = list.inside();
    if (!extension.read(DerTag.Oid) || !extension.is(SUBJECT_ALT_NAME)) continue;
    extension.read(DerTag.Boolean);
    if (!extension.read(DerTag.OctetString)) return;
    const value = extension.inside();
    if (!value.read(DerTag.Sequence)) return;
    const alternatives = value.inside();
    for (let n = 0; n < MAX_ALTERNATIVES && names.size < MAX_NAMES && alternatives.read(); n++) {
      if (alternatives.tag !== DNS_NAME) continue;
      const name = hostName(alternatives.bytes.subarray(alternatives.start, alternatives.stop));
      if (name !== null) names.add(name);
    }
    return;
  }
}

/** A host name in lower case without a final dot, `*.` before it allowed; null where it is none. */
function hostName(bytes: Uint8Array): string | null {
  const off = bytes.length > 2 && bytes[0] === STAR && bytes[1] === DOT ? 2 : 0;
  const end = hostNameEnd(bytes, off, bytes.length);
  if (end < 0) return null;
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1').toLowerCase();
}

function isFit(commonName: string): boolean {
  return commonName.includes('.') || commonName.toLowerCase() === 'localhost';
}

function serialOf(bytes: Uint8Array, off: number, end: number): string {
  const from = end - off > 1 && bytes[off] === 0 ? off + 1 : off;
  const to = Math.min(end, from + MAX_SERIAL);
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('hex');
}

function sameBytes(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false;
  for (let i = 0; i < aEnd - a; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
