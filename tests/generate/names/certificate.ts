/** Certificates in DER (RFC 5280 §4.1) whose key and signature are random bytes: they are read, never verified. */
import type { Random } from '../random.ts';
import { concat, fromHex, u8, u16be, utf8 } from '../wire/bytes.ts';

/** Attribute types of a name (RFC 5280 appendix A.1), OID content in hexadecimal. */
const ATTRIBUTES = { CN: '550403', C: '550406', L: '550407', ST: '550408', O: '55040a' } as const;

export interface CertificateOptions {
  /** Attributes of subject and issuer in their order. */
  readonly name: readonly (readonly [keyof typeof ATTRIBUTES, string])[];
  /** Subject alternative names (DNS names); makes it version 3. */
  readonly names?: readonly string[];
  /** UTCTime, YYMMDDHHMMSSZ. */
  readonly from?: string;
  readonly to?: string;
}

function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const bytes = concat(...content);
  if (bytes.length < 0x80) return concat(u8(tag, bytes.length), bytes);
  const length = bytes.length < 0x100 ? u8(0x81, bytes.length) : concat(u8(0x82), u16be(bytes.length));
  return concat(u8(tag), length, bytes);
}

const oid = (hex: string): Uint8Array => der(0x06, fromHex(hex));
const SHA256_WITH_RSA = der(0x30, oid('2a864886f70d01010b'), der(0x05));
const RSA = der(0x30, oid('2a864886f70d010101'), der(0x05));
const SUBJECT_ALT_NAME = '551d11';

/** A self-signed certificate with an RSA key of 2048 bits. */
export function selfSigned(rng: Random, options: CertificateOptions): Uint8Array {
  const set = ([type, text]: readonly [keyof typeof ATTRIBUTES, string]): Uint8Array =>
    der(0x31, der(0x30, oid(ATTRIBUTES[type]), der(type === 'C' ? 0x13 : 0x0c, utf8(text))));
  const name = der(0x30, ...options.name.map(set));
  const validity = der(
    0x30,
    der(0x17, utf8(options.from ?? '240101000000Z')),
    der(0x17, utf8(options.to ?? '340101000000Z')),
  );
  // The leading bit of a positive number is clear.
  const modulus = concat(u8(0, 0xc1), rng.bytes(255));
  const key = der(0x30, der(0x02, modulus), der(0x02, u8(1, 0, 1)));
  const alternatives = (options.names ?? []).map((text) => der(0x82, utf8(text)));
  const extensions = der(0xa3, der(0x30, der(0x30, oid(SUBJECT_ALT_NAME), der(0x04, der(0x30, ...alternatives)))));
  const signed = der(
    0x30,
    ...(alternatives.length > 0 ? [der(0xa0, der(0x02, u8(2)))] : []),
    der(0x02, concat(u8(0x2f), rng.bytes(7))),
    SHA256_WITH_RSA,
    name,
    validity,
    name,
    der(0x30, RSA, der(0x03, u8(0), key)),
    ...(alternatives.length > 0 ? [extensions] : []),
  );
  return der(0x30, signed, SHA256_WITH_RSA, der(0x03, u8(0), rng.bytes(256)));
}
