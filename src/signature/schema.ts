/**
 * The shape of a signature file, as strict schemas: unknown keys, wrong types and missing members are faults. The same
 * schemas give the published signatures/schema.json, so editors and the loader cannot disagree.
 */
import * as v from 'valibot';
import { NAME_SOURCES, START_BYTES } from '../protocol/message.ts';
import {
  MAX_COINS,
  MAX_CONDITIONS,
  MAX_ENTRIES,
  MAX_ENTRY,
  MAX_ID,
  MAX_PART,
  MAX_PATH,
  MAX_REFERENCE,
  MAX_REFERENCES,
  MAX_TEST_TEXT,
  MAX_TESTS,
} from './limits.ts';
import {
  BINARY_PROTOCOLS,
  KINDS,
  SENDERS,
  STATUSES,
  TEST_INPUTS,
  TLS_FIELDS,
  TRANSPORTS,
  VALUE_TYPES,
} from './types.ts';

type Entries = Record<string, v.GenericSchema>;

/** Message of an unknown key → the keys allowed there, because a strict object reports only its first unknown key. */
export const ALLOWED_KEYS: Map<string, ReadonlySet<string>> = new Map();

function strict<const T extends Entries>(
  what: string,
  entries: T,
): v.StrictObjectSchema<T, (issue: ObjectIssue) => string> {
  const keys = Object.keys(entries);
  const unknown = `is not a member of ${what}; allowed are ${keys.join(', ')}: correct or remove it`;
  ALLOWED_KEYS.set(unknown, new Set(keys));
  return v.strictObject(entries, (issue: ObjectIssue) => {
    if (issue.expected === 'never') return unknown;
    if (issue.expected?.startsWith('"')) return `${what} has no ${issue.expected}: add it`;
    return `${what} must be a mapping, not ${issue.received}`;
  });
}
type ObjectIssue = v.StrictObjectIssue;

const text = (what: string, max?: number): v.GenericSchema<string> => {
  const some = v.pipe(v.string(`${what} must be text`), v.minLength(1, `${what} must not be empty`));
  return max === undefined ? some : v.pipe(some, v.maxLength(max, tooLong(what, max)));
};
const tooLong = (what: string, max: number): string =>
  `${what} is longer than ${max} characters, more than a signature may cost: shorten it`;
const integer = (what: string, min: number, max: number): v.GenericSchema<number> => {
  const message = `${what} must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};
const oneOf = <const T extends readonly string[]>(what: string, options: T): v.GenericSchema<T[number]> =>
  v.picklist(options, `${what} must be one of ${options.join(', ')}`);
const listOf = <T>(what: string, item: v.GenericSchema<T>, max: number): v.GenericSchema<T[]> =>
  v.pipe(
    v.array(item, `${what} must be a list`),
    v.minLength(1, `${what} needs at least 1 element`),
    v.maxLength(max, `${what} has more than ${max} elements, more than a signature may cost: split the signature`),
  );

const MAX_COUNT = 16_777_215;
const count = (what: string): v.GenericSchema<number | [number, number]> => {
  const one = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_COUNT));
  return v.union([one, v.strictTuple([one, one])], `${what} must be a whole number or [min, max], up to ${MAX_COUNT}`);
};
const type = oneOf('type', VALUE_TYPES);
const literal = v.union(
  [v.pipe(v.string(), v.maxLength(MAX_ENTRY, tooLong('a text of in', MAX_ENTRY))), v.number(), v.boolean(), v.null()],
  'in must list plain values',
);

const TYPES = `type must be one or a list of ${VALUE_TYPES.join(', ')}`;
const textTests = {
  present: v.exactOptional(v.boolean('present must be true or false')),
  in: v.exactOptional(listOf('in', literal, MAX_ENTRIES)),
  hex: v.exactOptional(count('hex')),
  prefix: v.exactOptional(oneOf('prefix', ['none', 'required', 'optional'])),
  length: v.exactOptional(count('length')),
  starts_with: v.exactOptional(text('starts_with', MAX_PART)),
  ends_with: v.exactOptional(text('ends_with', MAX_PART)),
  contains: v.exactOptional(text('contains', MAX_PART)),
} as const;
const valueTests = {
  ...textTests,
  type: v.exactOptional(
    v.union([type, v.pipe(v.array(type), v.minLength(1, TYPES), v.maxLength(VALUE_TYPES.length, TYPES))], TYPES),
  ),
  items: v.exactOptional(count('items')),
  range: v.exactOptional(v.strictTuple([v.number(), v.number()], 'range must be [min, max]')),
} as const;
const elementTest = strict('an every test', valueTests);

const method = strict('a method condition', { method: listOf('method', text('method', MAX_PART), MAX_ENTRIES) });
const member = strict('a member condition', {
  member: text('member', MAX_PATH),
  ...valueTests,
  every: v.exactOptional(elementTest),
});
const header = strict('a header condition', { header: text('header', MAX_PART), ...textTests });
const http = strict('an http condition', {
  http: oneOf('http', ['method', 'target', 'status', 'kind']),
  ...textTests,
  range: valueTests.range,
});
const wsPath = strict('a ws_path condition', { ws_path: strict('a ws_path test', textTests) });
const bytes = (what: string): v.GenericSchema<string> => {
  const message = `${what} must be 1 to 64 bytes in lower-case hexadecimal, in quotes`;
  return v.pipe(v.string(message), v.regex(/^(?:[0-9a-f]{2}){1,64}$/, message));
};
const BYTES = 'sv2 type must be a byte or a list of at most 256 bytes';
const byte = integer('sv2 type', 0, 255);
const sv2 = strict('an sv2 condition', {
  sv2: strict('an sv2 test', {
    type: v.union([byte, v.pipe(v.array(byte), v.minLength(1, BYTES), v.maxLength(256, BYTES))], BYTES),
    extension: v.exactOptional(integer('sv2 extension', 0, 0x7fff)),
    channel: v.exactOptional(v.boolean('sv2 channel must be true or false')),
    length: v.exactOptional(count('sv2 length')),
  }),
});
const payload = strict('a payload condition', {
  payload: strict('a payload test', {
    offset: integer('payload offset', 0, 65_535),
    hex: bytes('payload hex'),
    mask: v.exactOptional(bytes('payload mask')),
  }),
});
const tls = strict('a tls condition', { tls: oneOf('tls', TLS_FIELDS), ...valueTests });
const flag = (what: string): v.GenericSchema<boolean> => v.boolean(`${what} must be true or false`);
const ROLES = ['stratum', 'proxy', 'web', 'api', 'unknown'] as const;
const CONFIDENCES = ['high', 'medium', 'low', 'user'] as const;
const endpoint = strict('an endpoint condition', {
  endpoint: strict('an endpoint test', {
    source: listOf('source', oneOf('source', NAME_SOURCES), NAME_SOURCES.length),
    evidence: v.exactOptional(oneOf('evidence', ['stratum', 'weak', 'none'])),
    own_port: v.exactOptional(flag('own_port')),
    port: v.exactOptional(count('port')),
    ambiguous: v.exactOptional(flag('ambiguous')),
    role: v.exactOptional(listOf('role', oneOf('role', ROLES), ROLES.length)),
    confidence: v.exactOptional(listOf('confidence', oneOf('confidence', CONFIDENCES), CONFIDENCES.length)),
    in: v.exactOptional(listOf('in', text('in', MAX_ENTRY), MAX_ENTRIES)),
    below: v.exactOptional(text('below', MAX_PART)),
  }),
});
const flow = strict('a flow condition', {
  flow: strict('a flow test', {
    seconds: v.exactOptional(count('seconds')),
    sent: v.exactOptional(count('sent')),
    received: v.exactOptional(count('received')),
    named: v.exactOptional(flag('named')),
  }),
});
const binary = strict('a binary condition', {
  binary: strict('a binary test', {
    protocol: oneOf('protocol', BINARY_PROTOCOLS),
    shares: v.exactOptional(count('shares')),
  }),
});
const start = strict('a start condition', {
  start: strict('a start test', {
    offset: integer('start offset', 0, START_BYTES - 1),
    hex: bytes('start hex'),
    mask: v.exactOptional(bytes('start mask')),
    length: v.exactOptional(count('start length')),
  }),
});
const conditions = {
  method,
  member,
  header,
  http,
  ws_path: wsPath,
  sv2,
  payload,
  start,
  tls,
  endpoint,
  flow,
  binary,
} as const;
const anyCondition = v.union(Object.values(conditions));
const noCondition = v.any();

// A union would answer every slip with "no alternative fits"; the key that names the condition picks the one meant.
export const conditionSchema: v.GenericSchema = v.lazy((input: unknown) => {
  if (input === undefined) return anyCondition;
  for (const [key, schema] of Object.entries(conditions)) {
    if (typeof input === 'object' && input !== null && Object.hasOwn(input, key)) return schema as v.GenericSchema;
  }
  return v.pipe(
    noCondition,
    v.check(() => false, `a condition must be a mapping with one of ${Object.keys(conditions).join(', ')}`),
  );
});

const HAN = /[\u3400-\u9fff]/;
const bilingual = (what: string): v.GenericSchema<{ en: string; zh: string }> =>
  strict(what, {
    en: text(`${what}.en`),
    zh: v.pipe(text(`${what}.zh`), v.regex(HAN, `${what}.zh must be written in Chinese`)),
  });

const expectation = { expect: oneOf('expect', ['indication', 'none']) } as const;
const tests = Object.fromEntries(
  TEST_INPUTS.map((input) => [
    input,
    strict(`a ${input} test`, { [input]: text(input, MAX_TEST_TEXT), ...expectation }),
  ]),
);
const anyTest = v.union(Object.values(tests));
export const testSchema: v.GenericSchema = v.lazy((input: unknown) => {
  if (input === undefined) return anyTest;
  for (const [key, schema] of Object.entries(tests)) {
    if (typeof input === 'object' && input !== null && Object.hasOwn(input, key)) return schema as v.GenericSchema;
  }
  return v.pipe(
    noCondition,
    v.check(() => false, `a test must be a mapping with one of ${TEST_INPUTS.join(', ')} and expect`),
  );
});

const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const name = (what: string): v.GenericSchema<string> =>
  v.pipe(text(what, MAX_ID), v.regex(NAME, `${what} must be lower-case words joined by hyphens`));

/** One signature as it stands in a file. */
export const signatureSchema: v.GenericSchema<SignatureInput> = strict('a signature', {
  id: v.pipe(
    text('id', MAX_ID),
    v.regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'id must be dialect.message in lower case, as stratum-v1.notify'),
  ),
  version: integer('version', 1, 1_000_000),
  status: oneOf('status', STATUSES),
  kind: oneOf('kind', KINDS),
  title: bilingual('title'),
  dialect: v.nullable(name('dialect')),
  from: v.nullable(oneOf('from', SENDERS)),
  transports: listOf('transports', oneOf('transports', TRANSPORTS), TRANSPORTS.length),
  match: strict('match', {
    all: v.exactOptional(listOf('all', conditionSchema, MAX_CONDITIONS)),
    any: v.exactOptional(listOf('any', conditionSchema, MAX_CONDITIONS)),
    none: v.exactOptional(listOf('none', conditionSchema, MAX_CONDITIONS)),
  }),
  weight: v.pipe(
    v.number('weight must be a number'),
    v.gtValue(0, 'weight must be above 0'),
    v.maxValue(1, 'weight must be at most 1'),
  ),
  family: v.exactOptional(name('family')),
  against: v.exactOptional(v.boolean('against must be true or false')),
  coins: v.exactOptional(listOf('coins', text('coins', MAX_PART), MAX_COINS)),
  algorithm: v.exactOptional(text('algorithm', MAX_ID)),
  look_alikes: bilingual('look_alikes'),
  references: listOf(
    'references',
    v.pipe(text('references', MAX_REFERENCE), v.regex(/^https:\/\/[^\s]+$/, 'references must be https addresses')),
    MAX_REFERENCES,
  ),
  tests: listOf('tests', testSchema, MAX_TESTS),
}) as v.GenericSchema as v.GenericSchema<SignatureInput>;

/** A signature file: a list of signatures. */
export const signatureFileSchema: v.GenericSchema<SignatureInput[]> = v.array(signatureSchema);

/** A signature after the schema has let it pass; the members of `match` and `tests` are checked shapes of `types.ts`. */
export interface SignatureInput {
  id: string;
  version: number;
  status: (typeof STATUSES)[number];
  kind: (typeof KINDS)[number];
  title: { en: string; zh: string };
  dialect: string | null;
  from: (typeof SENDERS)[number] | null;
  transports: (typeof TRANSPORTS)[number][];
  match: { all?: unknown[]; any?: unknown[]; none?: unknown[] };
  weight: number;
  family?: string;
  against?: boolean;
  coins?: string[];
  algorithm?: string;
  look_alikes: { en: string; zh: string };
  references: string[];
  tests: Record<string, string>[];
}
