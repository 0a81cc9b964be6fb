/**
 * The chain of entries: a header a link, with salted digests of its parts, so that a part may be erased while the chain
 * still verifies. Twice over, with SHA-256 for tools abroad and SM3 (GB/T 32905) for authorities at home.
 */
import { createHash, hash } from 'node:crypto';
import { canonicalJson } from '../common/canonical-json.ts';
import type { NewEntry } from './store.ts';

/** Hex digests of the same bytes. */
export interface Digests {
  readonly sha256: string;
  readonly sm3: string;
}

/** The state after entry `seq`; 0 and zero bytes before the first. */
export interface Head extends Digests {
  readonly seq: number;
}

/** What is linked: canonical JSON of exactly these members. */
export interface EntryHeader {
  readonly seq: number;
  readonly time: number;
  readonly actor: string;
  readonly action: string;
  readonly lead: string | null;
  readonly detail: Digests;
  readonly personal: Digests | null;
  /** Of the list of records the transaction wrote, see `content` in `sqlite/manifest.ts`; null where none. */
  readonly content: Digests | null;
}

/** A part of an entry: canonical JSON, hidden behind a salt while only its digests are known. */
export interface Part {
  readonly salt: Uint8Array;
  readonly text: string;
}

export interface SealedEntry {
  readonly header: EntryHeader;
  readonly detail: Part;
  readonly personal: Part | null;
  readonly content: Part | null;
  readonly head: Head;
}

export const GENESIS: Head = { seq: 0, sha256: '0'.repeat(64), sm3: '0'.repeat(64) };
/** Bytes of a salt: as hard to guess as the digest's preimage for anything a person can have as a name or number. */
export const SALT_BYTES = 16;

const HEX_DIGEST = /^[0-9a-f]{64}$/;

/** Digests of salt ‖ text, hex. */
export function partDigests(part: Part): Digests {
  const text = Buffer.from(part.text, 'utf8');
  const bytes = Buffer.concat([part.salt, text]);
  return { sha256: hash('sha256', bytes), sm3: createHash('sm3').update(bytes).digest('hex') };
}

/** Digests of bytes as they are, hex. */
export function plainDigests(bytes: Uint8Array): Digests {
  return { sha256: hash('sha256', bytes), sm3: createHash('sm3').update(bytes).digest('hex') };
}

/** The next link: h(i) = H(h(i-1) ‖ canonical(header(i))), once with each digest. */
export function link(previous: Digests, header: EntryHeader): Head {
  const text = canonicalJson(header);
  const next = (name: 'sha256' | 'sm3'): string =>
    createHash(name).update(Buffer.from(previous[name], 'hex')).update(text, 'utf8').digest('hex');
  return { seq: header.seq, sha256: next('sha256'), sm3: next('sm3') };
}

function makePart(value: unknown, random: (bytes: number) => Uint8Array): Part {
  return { salt: random(SALT_BYTES), text: canonicalJson(value) };
}

/** The entry that follows `head`. `content` lists what the transaction wrote, or is null. */
export function sealEntry(
  head: Head,
  entry: NewEntry,
  content: Readonly<Record<string, unknown>> | null,
  random: (bytes: number) => Uint8Array,
): SealedEntry {
  const detail = makePart(entry.detail, random);
  const personal = entry.personal === null ? null : makePart(entry.personal, random);
  const listed = content === null ? null : makePart(content, random);
  const header: EntryHeader = {
    seq: head.seq + 1,
    time: entry.time,
    // Text columns hold UTF-8, which has no lone surrogates: what is linked is what is stored.
    actor: entry.actor.toWellFormed(),
    action: entry.action.toWellFormed(),
    lead: entry.lead?.toWellFormed() ?? null,
    detail: partDigests(detail),
    personal: personal === null ? null : partDigests(personal),
    content: listed === null ? null : partDigests(listed),
  };
  return { header, detail, personal, content: listed, head: link(head, header) };
}

/** True for a digest as the chain writes it. */
export function isHexDigest(text: unknown): text is string {
  return typeof text === 'string' && HEX_DIGEST.test(text);
}
