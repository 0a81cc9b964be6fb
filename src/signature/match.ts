/** Conditions of a signature turned into one function over a message, and the rules that say which may stand together. */
import { type HttpHead, type Message, START_BYTES, type TlsMessage } from '../protocol/message.ts';
import type { BytesTest, Condition, EndpointTest, FlowTest, Match, Signature, StartTest, TlsField } from './types.ts';
import { bounds, compileValueTest, type Predicate, parsePath, valueAt } from './value.ts';

/** Answers whether a message fulfils a condition or a whole signature. Total: never throws. */
export type MessageTest = (message: Message) => boolean;

type MessageKind = Message['kind'];
const ALL_KINDS: readonly MessageKind[] = ['json', 'http', 'sv2', 'tls', 'name', 'flow', 'binary', 'start'];

/** Message kinds on which a condition can hold at all. */
function kindsOf(condition: Condition): readonly MessageKind[] {
  if ('method' in condition || 'member' in condition || 'ws_path' in condition) return ['json'];
  if ('sv2' in condition || 'payload' in condition) return ['sv2'];
  if ('start' in condition) return ['start'];
  if ('tls' in condition) return ['tls'];
  if ('endpoint' in condition) return ['name'];
  if ('flow' in condition) return ['flow'];
  if ('binary' in condition) return ['binary'];
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
  if ('start' in condition) return bytesFault(condition.start) ?? countFault('length', condition.start.length);
  if ('endpoint' in condition) return countFault('port', condition.endpoint.port);
  if ('flow' in condition) return flowFault(condition.flow);
  if ('binary' in condition) return countFault('shares', condition.binary.shares);
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
const NO_TEST: ReadonlySet<string> = new Set(['member', 'header', 'http', 'tls', 'prefix']);

function bytesFault({ hex, mask }: BytesTest): string | null {
  if (mask === undefined) return null;
  if (mask.length !== hex.length) return `mask and hex differ in length: write ${hex.length} digits of mask`;
  const wanted = Buffer.from(hex, 'hex');
  const kept = Buffer.from(mask, 'hex');
  if (wanted.every((byte, i) => (byte & ~kept[i]!) === 0)) return null;
  return 'hex has bits that the mask removes, so it never holds: clear them in hex';
}

function flowFault(test: FlowTest): string | null {
  if (Object.keys(test).length === 0) return 'the condition tests nothing: add seconds, sent, received or named';
  return countFault('seconds', test.seconds) ?? countFault('sent', test.sent) ?? countFault('received', test.received);
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
    // Names and shapes are of the conversation, however it is carried.
    if (message.kind !== 'name' && message.kind !== 'flow' && !transports.includes(message.transport)) return false;
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
  if ('start' in condition) {
    const holds = compileStart(condition.start);
    return (message) => message.kind === 'start' && holds(message.payload, 0, message.payload.length, message.length);
  }
  if ('tls' in condition) {
    const field = condition.tls;
    const holds = compileValueTest(condition);
    return (message) => message.kind === 'tls' && holds(tlsField(message.tls, field));
  }
  if ('endpoint' in condition) return compileEndpoint(condition.endpoint);
  if ('flow' in condition) return compileFlow(condition.flow);
  if ('binary' in condition) {
    const { protocol } = condition.binary;
    const [min, max] = bounds(condition.binary.shares ?? [0, Number.MAX_SAFE_INTEGER]);
    return (message) => {
      if (message.kind !== 'binary' || message.protocol !== protocol) return false;
      const shares = message.value['shares'];
      const count = typeof shares === 'number' ? shares : 0;
      return count >= min && count <= max;
    };
  }
  const { offset } = condition.payload;
  const bytes = Uint8Array.from(Buffer.from(condition.payload.hex, 'hex'));
  const mask = Uint8Array.from(Buffer.from(condition.payload.mask ?? 'ff'.repeat(bytes.length), 'hex'));
  return (message) => message.kind === 'sv2' && bytesAt(message.payload, offset, message.payload.length, bytes, mask);
}

function compileEndpoint(test: EndpointTest): MessageTest {
  const sources = new Set(test.source);
  const roles = test.role && new Set<string | null>(test.role);
  const confidences = test.confidence && new Set<string | null>(test.confidence);
  const names = test.in && new Set(test.in);
  const [lowest, highest] = bounds(test.port ?? [0, 65_535]);
  const below = test.below === undefined ? null : `.${test.below}`;
  return (message) => {
    if (message.kind !== 'name' || !sources.has(message.source)) return false;
    const { endpoint, name } = message;
    return (
      (test.evidence === undefined || endpoint.evidence === test.evidence) &&
      (test.own_port === undefined || endpoint.ownPort === test.own_port) &&
      (test.ambiguous === undefined || endpoint.ambiguous === test.ambiguous) &&
      message.port >= lowest &&
      message.port <= highest &&
      (roles === undefined || roles.has(endpoint.role)) &&
      (confidences === undefined || confidences.has(endpoint.confidence)) &&
      (names === undefined || names.has(name)) &&
      (below === null || name.endsWith(below))
    );
  };
}

function compileFlow(test: FlowTest): MessageTest {
  const none = [0, Number.MAX_SAFE_INTEGER] as const;
  const seconds = bounds(test.seconds ?? none);
  const sent = bounds(test.sent ?? none);
  const received = bounds(test.received ?? none);
  return (message) =>
    message.kind === 'flow' &&
    message.seconds >= seconds[0] &&
    message.seconds <= seconds[1] &&
    message.sent >= sent[0] &&
    message.sent <= sent[1] &&
    message.received >= received[0] &&
    message.received <= received[1] &&
    (test.named === undefined || message.named === test.named);
}

/** The member of a handshake that a condition names; undefined where this part of the handshake has none. */
function tlsField(tls: TlsMessage['tls'], field: TlsField): unknown {
  if (field === 'what') return tls.what;
  if (tls.what === 'client-hello') {
    switch (field) {
      case 'sni':
        return tls.sni ?? undefined;
      case 'alpn':
        return tls.alpn.join(',');
      case 'ja3':
        return tls.ja3;
      case 'ja4':
        return tls.ja4;
      default:
        return undefined;
    }
  }
  if (tls.what === 'server-hello') return field === 'alpn' ? (tls.alpn ?? undefined) : undefined;
  switch (field) {
    case 'names':
      return tls.names.join(',');
    case 'common_name':
      return tls.commonName ?? undefined;
    case 'organisation':
      return tls.organisation ?? undefined;
    case 'issuer':
      return tls.issuerCommonName ?? undefined;
    case 'self_issued':
      return tls.selfIssued;
    case 'x509_version':
      return tls.x509Version;
    case 'valid_days':
      return Number.isNaN(tls.notAfter - tls.notBefore) ? undefined : (tls.notAfter - tls.notBefore) / 86_400;
    default:
      return undefined;
  }
}

function onHead(holds: Predicate, read: (head: HttpHead) => unknown): MessageTest {
  return (message) =>
    (message.kind === 'json' || message.kind === 'http') && message.http !== null && holds(read(message.http));
}

/** Tests the payload [off, end), of which `length` bytes were sent, in place. */
export type StartPredicate = (payload: Uint8Array, off: number, end: number, length: number) => boolean;

export function compileStart(test: StartTest): StartPredicate {
  const bytes = Uint8Array.from(Buffer.from(test.hex, 'hex'));
  const mask = Uint8Array.from(Buffer.from(test.mask ?? 'ff'.repeat(bytes.length), 'hex'));
  const [min, max] = bounds(test.length ?? [0, Number.MAX_SAFE_INTEGER]);
  return (payload, off, end, length) =>
    length >= min &&
    length <= max &&
    bytesAt(payload, off + test.offset, Math.min(end, off + START_BYTES), bytes, mask);
}

function bytesAt(payload: Uint8Array, at: number, end: number, bytes: Uint8Array, mask: Uint8Array): boolean {
  if (end - at < bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if ((payload[at + i]! & mask[i]!) !== bytes[i]) return false;
  return true;
}
