/** Conditions of a signature turned into one function over a message, and the rules that say which may stand together. */
import type { HttpHead, Message } from '../protocol/message.ts';
import type { BytesTest, Condition, Match, Signature } from './types.ts';
import { bounds, compileValueTest, type Predicate, parsePath, valueAt } from './value.ts';

/** Answers whether a message fulfils a condition or a whole signature. Total: never throws. */
export type MessageTest = (message: Message) => boolean;

type MessageKind = Message['kind'];
const ALL_KINDS: readonly MessageKind[] = ['json', 'http', 'sv2'];

/** Message kinds on which a condition can hold at all. */
function kindsOf(condition: Condition): readonly MessageKind[] {
  if ('method' in condition || 'member' in condition || 'ws_path' in condition) return ['json'];
  if ('sv2' in condition || 'payload' in condition) return ['sv2'];
  return ['json', 'http'];
}

/** Message kinds on which the whole signature can hold: those common to all its conditions. */
export function messageKinds(match: Match): readonly MessageKind[] {
  const conditions = [...match.all, ...match.any, ...match.none];
  return ALL_KINDS.filter((kind) => conditions.every((condition) => kindsOf(condition).includes(kind)));
}

/**
 * What the schema cannot see in one condition: paths, ranges upside down, tests that say nothing.
 * Returns the fault (what, why, what to do), or null.
 */
export function conditionFault(condition: Condition): string | null {
  if ('member' in condition && parsePath(condition.member) === null) {
    return `member "${condition.member}" is no path: write names joined by dots and indices in brackets, as params[1].algo`;
  }
  if ('header' in condition && condition.header !== condition.header.toLowerCase()) {
    return `header "${condition.header}" would never hold, because header names are kept in lower case: write it so`;
  }
  if ('method' in condition) return null;
  if ('sv2' in condition) return countFault('length', condition.sv2.length);
  if ('payload' in condition) return bytesFault(condition.payload);
  const test: Record<string, unknown> = { ...('ws_path' in condition ? condition.ws_path : condition) };
  if (!Object.keys(test).some((key) => !NO_TEST.has(key))) {
    return 'the condition tests nothing: add a test such as present: true';
  }
  if (test['present'] === false && Object.keys(test).some((key) => !NO_TEST.has(key) && key !== 'present')) {
    return 'present: false cannot stand with other tests, because nothing is there to test: remove one side';
  }
  if (test['prefix'] !== undefined && test['hex'] === undefined) return 'prefix means nothing without hex: add hex';
  for (const key of ['items', 'hex', 'length', 'range']) {
    const fault = countFault(key, test[key]);
    if (fault !== null) return fault;
  }
  return null;
}
const NO_TEST: ReadonlySet<string> = new Set(['member', 'header', 'http', 'prefix']);

function bytesFault({ hex, mask }: BytesTest): string | null {
  if (mask === undefined) return null;
  if (mask.length !== hex.length) return `mask and hex differ in length: write ${hex.length} digits of mask`;
  const wanted = Buffer.from(hex, 'hex');
  const kept = Buffer.from(mask, 'hex');
  if (wanted.every((byte, i) => (byte & ~kept[i]!) === 0)) return null;
  return 'hex has bits that the mask removes, so it never holds: clear them in hex';
}

function countFault(key: string, value: unknown): string | null {
  if (!Array.isArray(value) || value[0] <= value[1]) return null;
  return `${key} [${value[0]}, ${value[1]}] holds for nothing: put the smaller number first`;
}

/** One function for a whole signature, its transports included. */
export function compileMatch(signature: Signature): MessageTest {
  const { transports } = signature;
  const all = signature.match.all.map(compileCondition);
  const any = signature.match.any.map(compileCondition);
  const none = signature.match.none.map(compileCondition);
  return (message) => {
    if (!transports.includes(message.transport)) return false;
    for (let i = 0; i < all.length; i++) if (!all[i]!(message)) return false;
    for (let i = 0; i < none.length; i++) if (none[i]!(message)) return false;
    if (any.length === 0) return true;
    for (let i = 0; i < any.length; i++) if (any[i]!(message)) return true;
    return false;
  };
}

function compileCondition(condition: Condition): MessageTest {
  if ('method' in condition) {
    const methods = new Set(condition.method);
    return (message) => message.kind === 'json' && message.method !== null && methods.has(message.method);
  }
  if ('member' in condition) {
    const steps = parsePath(condition.member) ?? [];
    const holds = compileValueTest(condition);
    return (message) => message.kind === 'json' && holds(valueAt(message.value, steps));
  }
  if ('header' in condition) {
    const name = condition.header;
    return onHead(compileValueTest(condition), (head) => head.headers.get(name));
  }
  if ('http' in condition) {
    const field = condition.http;
    return onHead(compileValueTest(condition), (head) => head[field]);
  }
  if ('ws_path' in condition) {
    const holds = compileValueTest(condition.ws_path);
    return (message) => message.kind === 'json' && holds(message.wsPath ?? undefined);
  }
  if ('sv2' in condition) {
    const { type, extension, channel } = condition.sv2;
    const types = new Set(typeof type === 'number' ? [type] : type);
    const [min, max] = bounds(condition.sv2.length ?? [0, Number.MAX_SAFE_INTEGER]);
    return (message) =>
      message.kind === 'sv2' &&
      types.has(message.type) &&
      (extension === undefined || message.extension === extension) &&
      (channel === undefined || message.channel === channel) &&
      message.payload.length >= min &&
      message.payload.length <= max;
  }
  const { offset } = condition.payload;
  const bytes = Uint8Array.from(Buffer.from(condition.payload.hex, 'hex'));
  const mask = Uint8Array.from(Buffer.from(condition.payload.mask ?? 'ff'.repeat(bytes.length), 'hex'));
  return (message) => message.kind === 'sv2' && bytesAt(message.payload, offset, bytes, mask);
}

function onHead(holds: Predicate, read: (head: HttpHead) => unknown): MessageTest {
  return (message) => message.kind !== 'sv2' && message.http !== null && holds(read(message.http));
}

function bytesAt(payload: Uint8Array, offset: number, bytes: Uint8Array, mask: Uint8Array): boolean {
  if (payload.length - offset < bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if ((payload[offset + i]! & mask[i]!) !== bytes[i]) return false;
  return true;
}
