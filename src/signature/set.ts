/** The compiled, immutable set of signatures, and the index that keeps its cost per message bounded. */
import { Automaton } from '../common/automaton.ts';
import type { JsonMessage, Message } from '../protocol/message.ts';
import { MAX_SIGNATURES, MAX_WORDS } from './limits.ts';
import { requiredLiterals } from './literals.ts';
import { compileMatch, compileStart, type MessageTest, messageKinds, type StartPredicate } from './match.ts';
import { type Signature, SignatureError, type SignatureFault, type SignatureSet, type StartTest } from './types.ts';
import { parsePath } from './value.ts';

interface Entry {
  readonly signature: Signature;
  readonly holds: MessageTest;
  /** Place in the order of ids, so that hits come out the same whatever list they came from. */
  readonly order: number;
}

/**
 * Takes signatures that passed the loader, with different ids; their order never matters. Throws a SignatureError where
 * they are more than a set may hold, or their literals more than the table for them.
 */
export function createSignatureSet(signatures: Iterable<Signature>): SignatureSet {
  return new CompiledSet(signatures);
}

// Each signature is tried only on messages that have the method or the member it asks for, so a message costs a few
// look-ups and the handful of signatures filed under them, however many signatures there are.
class CompiledSet implements SignatureSet {
  readonly signatures: readonly Signature[];
  readonly #byId: ReadonlyMap<string, Signature>;
  readonly #byMethod: ReadonlyMap<string, readonly Entry[]>;
  readonly #byMember: readonly (readonly [string, readonly Entry[]])[];
  readonly #byFrame: ReadonlyMap<number, readonly Entry[]>;
  readonly #byKind: ReadonlyMap<Message['kind'], readonly Entry[]>;
  /** Tests of first payloads, and the bytes with which one of them may begin. */
  readonly #starts: readonly StartPredicate[];
  readonly #firstBytes: Uint8Array;
  readonly #stable: ReadonlySet<string>;
  readonly #drafts: ReadonlySet<string>;
  readonly #onHead: readonly Entry[];
  readonly #onAnyJson: readonly Entry[];
  /** Literals of which every JSON signature needs one; null where some signature needs none. */
  readonly #literals: Automaton | null;

  constructor(signatures: Iterable<Signature>) {
    this.signatures = Object.freeze([...signatures].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)));
    const byId = new Map<string, Signature>();
    const byMethod = new Map<string, Entry[]>();
    const byMember = new Map<string, Entry[]>();
    const byFrame = new Map<number, Entry[]>();
    const byKind = new Map<Message['kind'], Entry[]>();
    const onHead: Entry[] = [];
    const onAnyJson: Entry[] = [];
    if (this.signatures.length > MAX_SIGNATURES) throw new SignatureError([tooMany(this.signatures)]);
    const literals: (readonly string[])[] = [];
    let untold = false;
    for (const [order, signature] of this.signatures.entries()) {
      byId.set(signature.id, signature);
      if (signature.status === 'retired') continue;
      const entry: Entry = { signature, holds: compileMatch(signature), order };
      const kinds = messageKinds(signature.match);
      if (kinds.includes('http')) onHead.push(entry);
      else if (!kinds.includes('json') && !kinds.includes('sv2')) for (const kind of kinds) file(byKind, kind, entry);
      else if (kinds.includes('sv2')) for (const type of frameTypes(signature)) file(byFrame, type, entry);
      else fileJson(signature, entry, byMethod, byMember, onAnyJson);
      // Conditions on the HTTP head alone are tried on the head, whatever the body.
      if (!kinds.includes('json') || kinds.includes('http')) continue;
      const needed = requiredLiterals(signature.match);
      if (needed === null) untold = true;
      else literals.push(needed);
    }
    this.#byId = byId;
    this.#byMethod = byMethod;
    this.#byMember = [...byMember];
    this.#byFrame = byFrame;
    const starts = (byKind.get('start') ?? []).map(({ signature }) => startsOf(signature));
    this.#starts = starts.flatMap((tests) => tests.slice(0, 1).map(compileStart));
    this.#firstBytes = firstBytesOf(starts);
    this.#byKind = byKind;
    this.#stable = dialectsOf(this.signatures, 'stable');
    this.#drafts = dialectsOf(this.signatures, 'draft');
    this.#onHead = onHead;
    this.#onAnyJson = onAnyJson;
    // Also made where it is not used, so that a part of the set never needs more than the whole was granted.
    const automaton = automatonOf(literals, this.signatures);
    this.#literals = untold ? null : automaton;
    Object.freeze(this);
  }

  match(message: Message, hits: Signature[]): void {
    const found: Entry[] = [];
    if (message.kind === 'sv2') {
      collect(this.#byFrame.get(message.type), message, found);
    } else if (message.kind !== 'json' && message.kind !== 'http') {
      collect(this.#byKind.get(message.kind), message, found);
    } else {
      if (message.http !== null) collect(this.#onHead, message, found);
      if (message.kind === 'json') this.#matchJson(message, found);
    }
    if (found.length > 1) found.sort((a, b) => a.order - b.order);
    for (let i = 0; i < found.length; i++) hits.push(found[i]!.signature);
  }

  #matchJson(message: JsonMessage, found: Entry[]): void {
    if (message.method !== null) collect(this.#byMethod.get(message.method), message, found);
    for (let i = 0; i < this.#byMember.length; i++) {
      const [key, entries] = this.#byMember[i]!;
      if (Object.hasOwn(message.value, key)) collect(entries, message, found);
    }
    collect(this.#onAnyJson, message, found);
  }

  mayStart(bytes: Uint8Array, off: number, end: number): boolean {
    if (this.#firstBytes[bytes[off] as number] === 0) return false;
    for (let i = 0; i < this.#starts.length; i++) if (this.#starts[i]!(bytes, off, end, end - off)) return true;
    return false;
  }

  mayMatch(bytes: Uint8Array, off: number, end: number): boolean {
    return this.#literals === null || this.#literals.occursIn(bytes, off, end);
  }

  isDraft(dialect: string): boolean {
    return this.#drafts.has(dialect) && !this.#stable.has(dialect);
  }

  byId(id: string): Signature | undefined {
    return this.#byId.get(id);
  }

  without(ids: Iterable<string>): SignatureSet {
    const named = this.#known(ids);
    return new CompiledSet(this.signatures.filter((signature) => !named.has(signature.id)));
  }

  only(ids: Iterable<string>): SignatureSet {
    const named = this.#known(ids);
    return new CompiledSet(this.signatures.filter((signature) => named.has(signature.id)));
  }

  // A slip in an id must not pass in silence: it would switch off nothing, or everything.
  #known(ids: Iterable<string>): ReadonlySet<string> {
    const named = new Set(ids);
    const faults = [...named]
      .filter((id) => !this.#byId.has(id))
      .map((id) => ({
        file: id,
        line: 0,
        column: 0,
        message: 'no signature has this id: compare it with the list of signatures',
      }));
    if (faults.length > 0) throw new SignatureError(faults);
    return named;
  }
}

function automatonOf(literals: readonly (readonly string[])[], signatures: readonly Signature[]): Automaton {
  try {
    // A backslash may hide any literal behind an escape. Every word ends in a state of its own: with too many of them the
    // table need not be tried.
    const words = new Set(literals.flat()).add('\\');
    if (words.size > MAX_WORDS)
      throw new RangeError(`${words.size} different texts, the table has room for ${MAX_WORDS}`);
    return new Automaton(words);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SignatureError([tooLong(error.message, signatures)]);
  }
}

function tooMany(signatures: readonly Signature[]): SignatureFault {
  const message = `${signatures.length} signatures are more than the ${MAX_SIGNATURES} that one set may hold: load fewer of them`;
  return { file: 'signatures', line: 0, column: 0, message };
}

/** Names the signature whose literals take the most room, because that one is best made shorter. */
function tooLong(reason: string, signatures: readonly Signature[]): SignatureFault {
  let longest: Signature | null = null;
  let most = -1;
  for (const signature of signatures) {
    const words = signature.status === 'retired' ? null : requiredLiterals(signature.match);
    const characters = words?.reduce((sum, word) => sum + word.length, 0) ?? 0;
    if (characters <= most) continue;
    longest = signature;
    most = characters;
  }
  const message = `the texts that the signatures look for do not fit together (${reason}), and this signature has the most of them: give it fewer or shorter methods and values, or load fewer signatures`;
  return { file: longest?.file ?? 'signatures', line: longest?.line ?? 0, column: 1, message };
}

/** The tests of first payloads that must hold for a signature; the first of them is tried before all else. */
function startsOf(signature: Signature): StartTest[] {
  return signature.match.all.flatMap((condition) => ('start' in condition ? [condition.start] : []));
}

/** Marks the bytes with which a payload may begin for one of the tests to hold. */
function firstBytesOf(starts: readonly (readonly StartTest[])[]): Uint8Array {
  const marks = new Uint8Array(256);
  for (const [first] of starts) {
    const wanted = first?.offset === 0 ? Number.parseInt(first.hex.slice(0, 2), 16) : 0;
    const mask = first?.offset === 0 ? Number.parseInt(first.mask?.slice(0, 2) ?? 'ff', 16) : 0;
    for (let byte = 0; byte < 256; byte++) if ((byte & mask) === wanted) marks[byte] = 1;
  }
  return marks;
}

function dialectsOf(signatures: readonly Signature[], status: Signature['status']): ReadonlySet<string> {
  return new Set(signatures.flatMap((s) => (s.status === status && s.dialect !== null ? [s.dialect] : [])));
}

function collect(entries: readonly Entry[] | undefined, message: Message, found: Entry[]): void {
  if (entries === undefined) return;
  for (let i = 0; i < entries.length; i++) if (entries[i]!.holds(message)) found.push(entries[i]!);
}

function file<K>(index: Map<K, Entry[]>, key: K, entry: Entry): void {
  const entries = index.get(key);
  if (entries === undefined) index.set(key, [entry]);
  else entries.push(entry);
}

function fileJson(
  signature: Signature,
  entry: Entry,
  byMethod: Map<string, Entry[]>,
  byMember: Map<string, Entry[]>,
  onAnyJson: Entry[],
): void {
  for (const condition of signature.match.all) {
    if (!('method' in condition)) continue;
    for (const method of new Set(condition.method)) file(byMethod, method, entry);
    return;
  }
  for (const condition of signature.match.all) {
    if (!('member' in condition) || condition.present === false) continue;
    file(byMember, String(parsePath(condition.member)?.[0]), entry);
    return;
  }
  onAnyJson.push(entry);
}

/** Frame types that a signature can hold on: those of its first `sv2` condition, or every type. */
function frameTypes(signature: Signature): readonly number[] {
  for (const condition of signature.match.all) {
    if ('sv2' in condition)
      return typeof condition.sv2.type === 'number' ? [condition.sv2.type] : [...new Set(condition.sv2.type)];
  }
  return Array.from({ length: 256 }, (_, type) => type);
}
