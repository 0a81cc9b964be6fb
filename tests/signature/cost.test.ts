/**
 * No signature can make a message cost more than a bound that follows from the signature itself: the work is counted on
 * values that count every look at them, for the worst signatures that the language allows.
 */
import { describe, expect, test } from 'vitest';
import type { JsonMessage, Message } from '../../src/protocol/message.ts';
import {
  MAX_CONDITIONS,
  MAX_CONDITIONS_TOGETHER,
  MAX_ID,
  MAX_LITERALS,
  MAX_PATH_STEPS,
  MAX_TESTS,
} from '../../src/signature/limits.ts';
import { requiredLiterals } from '../../src/signature/literals.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { compileMatch } from '../../src/signature/match.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import type { Signature } from '../../src/signature/types.ts';
import { fileOf, readFile, signaturesOf } from './build.ts';

const MAX_STEPS = MAX_PATH_STEPS;
/** Looks at one step of a path: is it an own member, and what is it. */
const LOOKS_PER_STEP = 2;

/** A value of which every look at a member, at any depth, is counted in `counter.looks`. */
function counted<T extends object>(target: T, counter: { looks: number }): T {
  return new Proxy(target, {
    get(object, key) {
      counter.looks++;
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value === 'function') return value.bind(counted(object, counter));
      return typeof value === 'object' && value !== null ? counted(value, counter) : value;
    },
    has(object, key) {
      counter.looks++;
      return Reflect.has(object, key);
    },
    getOwnPropertyDescriptor(object, key) {
      counter.looks++;
      return Reflect.getOwnPropertyDescriptor(object, key);
    },
  });
}

const place = { input: 0, packet: 1, time: 0, from: 0, to: 0 };

function messageOf(value: Record<string, unknown>, method: string | null = null): JsonMessage {
  return {
    kind: 'json',
    side: 0,
    place,
    transport: 'tcp',
    value,
    method,
    id: null,
    http: null,
    wsPath: null,
    text: '',
  };
}

function matchOf(match: unknown): Signature {
  return signaturesOf({ match })[0] as Signature;
}

/** Looks at a message's value by one signature, and whether it held. */
function looks(signature: Signature, value: Record<string, unknown>): [looks: number, held: boolean] {
  const counter = { looks: 0 };
  const held = compileMatch(signature)(messageOf(counted(value, counter)));
  return [counter.looks, held];
}

/** `a.a.a…` to the depth given, with a value at the end. */
function nested(depth: number, end: unknown): Record<string, unknown> {
  let value: unknown = end;
  for (let i = 0; i < depth; i++) value = { a: value };
  return value as Record<string, unknown>;
}
const DEEP = Array(MAX_STEPS).fill('a').join('.');

test('the counter counts', () => {
  const [one] = looks(matchOf({ all: [{ member: 'a', present: true }] }), { a: 1 });
  expect(one).toBe(LOOKS_PER_STEP);
  expect(looks(matchOf({ all: [{ member: 'b', present: true }] }), { a: 1 })[0]).toBe(1);
});

describe('conditions', () => {
  test.each(['all', 'any', 'none'] as const)('of %s are each tried at most once, at most eight steps deep', (part) => {
    for (const count of [1, 8, MAX_CONDITIONS]) {
      // The end of the path is a text that no condition but a failing one looks at twice, so all of them are tried.
      const test = part === 'all' ? { present: true } : { in: ['never'] };
      const conditions = Array.from({ length: count }, () => ({ member: DEEP, ...test }));
      const first = { member: 'a', present: true };
      const signature = matchOf(part === 'all' ? { all: conditions } : { all: [first], [part]: conditions });
      const [seen, held] = looks(signature, nested(MAX_STEPS, 'x'));
      expect(held).toBe(part !== 'any');
      const extra = part === 'all' ? 0 : LOOKS_PER_STEP;
      expect(seen).toBe(count * MAX_STEPS * LOOKS_PER_STEP + extra);
    }
  });

  test('stop at the first that fails', () => {
    const later = Array.from({ length: 31 }, () => ({ member: DEEP, present: true }));
    const signature = matchOf({ all: [{ member: 'b', present: true }, ...later] });
    expect(looks(signature, nested(MAX_STEPS, 'x'))).toEqual([1, false]);
  });

  test('a longer path is refused, and a deeper message costs nothing more', () => {
    const text = fileOf({ match: { all: [{ member: `${DEEP}.a`, present: true }] } });
    expect(readFile(text).faults.map(({ message }) => message)).toEqual([
      `member has ${MAX_STEPS + 1} steps, more than the ${MAX_STEPS} that a message may cost: name a member nearer to the top`,
    ]);
    const signature = matchOf({ all: [{ member: DEEP, present: true }] });
    expect(looks(signature, nested(40, 'x'))[0]).toBe(looks(signature, nested(MAX_STEPS, 'x'))[0]);
  });
});

test('the dearest signature that loads looks as often as the limits say, and no more', () => {
  const condition = { member: DEEP, present: true };
  const all = Array.from({ length: MAX_CONDITIONS }, () => condition);
  const any = Array.from({ length: MAX_CONDITIONS_TOGETHER - MAX_CONDITIONS }, () => ({ member: DEEP, in: ['never'] }));
  const [seen, held] = looks(matchOf({ all, any }), nested(MAX_STEPS, 'x'));
  expect(held).toBe(false);
  expect(seen).toBe(MAX_CONDITIONS_TOGETHER * MAX_STEPS * LOOKS_PER_STEP);
});

describe('every', () => {
  test('looks at each element once, and stops at the first that fails', () => {
    const signature = matchOf({
      all: [{ member: 'list', every: { type: 'string', length: [1, 64], in: ['x', 'y'] } }],
    });
    for (const length of [0, 10, 1000]) {
      const [seen, held] = looks(signature, { list: Array(length).fill('x') });
      expect(held).toBe(true);
      expect(seen).toBeLessThanOrEqual(LOOKS_PER_STEP + 3 + 2 * length);
      expect(seen).toBeGreaterThanOrEqual(length);
    }
    const failing = looks(signature, { list: [1, ...Array(1000).fill('x')] });
    expect(failing[1]).toBe(false);
    expect(failing[0]).toBeLessThan(10);
  });

  test('cannot stand inside every, so the cost stays linear in the message', () => {
    const inner = { every: { type: 'string' } };
    const { faults } = readFile(fileOf({ match: { all: [{ member: 'list', every: inner }] } }));
    expect(faults.map(({ message }) => message)).toContainEqual(expect.stringContaining('"every" is not a member'));
  });

  test('behind a number of items looks at no longer list', () => {
    const signature = matchOf({ all: [{ member: 'list', items: [0, 5], every: { type: 'string' } }] });
    expect(looks(signature, { list: Array(1000).fill('x') })[0]).toBeLessThan(10);
  });
});

describe('bytes of a frame', () => {
  const payload = (length: number) => ({ payload: { offset: 0, hex: '00'.repeat(length) } });

  test('at most 64 of them are compared by a condition', () => {
    const signature = matchOf({ all: [payload(64)] });
    const counter = { looks: 0 };
    const message: Message = {
      kind: 'sv2',
      side: 0,
      place,
      transport: 'tcp',
      extension: 0,
      channel: false,
      type: 0,
      payload: counted(new Uint8Array(60_000), counter),
      text: '',
    };
    expect(compileMatch(signature)(message)).toBe(true);
    expect(counter.looks).toBe(64 + 1);
    expect(readFile(fileOf({ match: { all: [payload(65)] } })).faults).not.toEqual([]);
  });
});

describe('a set', () => {
  test('tries a message only on the signatures of its method', () => {
    const condition = { member: 'params', present: true };
    const others = Array.from({ length: 300 }, (_, i) => ({
      id: `demo.m${i}`,
      match: { all: [{ method: [`m${i}`] }, condition, condition, condition] },
    }));
    const set = createSignatureSet(signaturesOf(...others));
    const work = (method: string): number => {
      const counter = { looks: 0 };
      set.match(messageOf(counted({ method, params: [] }, counter), method), []);
      return counter.looks;
    };
    expect(work('m7')).toBe(3 * LOOKS_PER_STEP);
    expect(work('other')).toBe(0);
  });

  test('looks once for each different first member, however many signatures ask for it', () => {
    const byMember = Array.from({ length: 300 }, (_, i) => ({
      id: `demo.m${i}`,
      match: { all: [{ member: i % 2 === 0 ? 'even.x' : 'odd.x', present: true }] },
    }));
    const set = createSignatureSet(signaturesOf(...byMember));
    const counter = { looks: 0 };
    set.match(messageOf(counted({ id: 1 }, counter)), []);
    expect(counter.looks).toBe(2);
  });

  test('reads each byte of a line at most once before it is parsed, however many and long the literals', () => {
    const words = Array.from({ length: 60 }, (_, i) => `${String.fromCharCode(97 + (i % 26))}`.repeat(i + 1));
    const many = words.map((word, i) => ({ id: `demo.m${i}`, match: { all: [{ method: [word] }] } }));
    const set = createSignatureSet(signaturesOf(...many));
    // Beginnings of literals all along, and never a whole one.
    const line = new TextEncoder().encode(`"${'a'.repeat(40)}`.repeat(1000));
    const counter = { looks: 0 };
    expect(set.mayMatch(counted(line, counter), 0, line.length)).toBe(false);
    expect(counter.looks).toBe(line.length);
  });
});

test('the signatures that come along stay far below any limit worth setting', () => {
  // A word takes one state of the table for each of its beginnings that no other word shares.
  const states = new Set<string>();
  for (const { id, match, tests } of loadSignatures().signatures) {
    const conditions = [...match.all, ...match.any, ...match.none];
    expect(conditions.length, `conditions of ${id}`).toBeLessThanOrEqual(MAX_CONDITIONS_TOGETHER / 2);
    expect(id.length, id).toBeLessThanOrEqual(MAX_ID / 2);
    expect(tests.length, `tests of ${id}`).toBeLessThanOrEqual(MAX_TESTS / 2);
    const words = requiredLiterals(match) ?? [];
    expect(words.length, `literals of ${id}`).toBeLessThanOrEqual(MAX_LITERALS / 2);
    for (const word of words) {
      expect(word.length, word).toBeLessThanOrEqual(80);
      for (let end = 0; end <= word.length; end++) states.add(word.slice(0, end));
    }
  }
  // Of 8192; a set that needs more does not load at all.
  expect(states.size).toBeLessThan(6000);
});
