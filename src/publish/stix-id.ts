/** Identifiers of STIX objects, all derived from content: equal content has equal ids wherever it is written. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../common/canonical-json.ts';

/** Namespace for cyber-observable objects (STIX 2.1, section 2.9). */
const OBSERVABLES = '00abedb4-aa42-466c-9c01-fed23315a9b7';
/** Namespace of our own for domain and relationship objects and bundles. */
const OWN = '5d1f0b52-93a4-5c3e-8f27-64c0b9a7d3e1';

/** UUID version 5 (RFC 9562 section 5.5) of a name within a namespace. */
export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8');
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Id of a cyber-observable: UUIDv5 over the canonical JSON of its id-contributing properties, as the specification says. */
export function observableId(type: string, contributing: object): string {
  return `${type}--${uuid5(OBSERVABLES, canonicalJson(contributing))}`;
}

/**
 * Id of any other object, from what it is known by. The specification recommends random UUIDs (version 4) here; derived ones
 * make the same leads the same bytes and an object written again a new version instead of a second object.
 */
export function objectId(type: string, known: object): string {
  return `${type}--${uuid5(OWN, canonicalJson({ type, known }))}`;
}
