/** Paths into a JSON value and tests of what stands there, turned into functions once, when signatures are loaded. */
import type { Count, ValueTest, ValueType } from './types.ts';

/** Answers whether a value passes; `undefined` stands for an absent value. Total: never throws, whatever the value. */
export type Predicate = (value: unknown) => boolean;

/** Deepest path a signature may name. */
const MAX_STEPS = 8;
const STEP = /(?:^|\.)([A-Za-z0-9_-]+)|\[(\d{1,4})\]|\["([^"\]]{1,64})"\]/y;

/**
 * Reads a path such as `params[1].algo`: names joined by dots, indices in brackets, starting with a name;
 * a name with dots in it is written `result["version-rolling.mask"]`. Returns its steps, or null where the text is no path.
 */
export function parsePath(path: string): readonly (string | number)[] | null {
  const steps: (string | number)[] = [];
  if (path.startsWith('.')) return null;
  STEP.lastIndex = 0;
  let at = 0;
  while (at < path.length) {
    const found = STEP.exec(path);
    if (found === null || steps.length === MAX_STEPS) return null;
    if (found[1] !== undefined) steps.push(found[1]);
    else if (steps.length === 0) return null;
    else steps.push(found[3] ?? Number(found[2]));
    at = STEP.lastIndex;
  }
  return steps.length === 0 ? null : steps;
}

/** Value at the end of `steps`, `undefined` where a step leads nowhere. Only own members count, so no prototype leaks in. */
export function valueAt(root: unknown, steps: readonly (string | number)[]): unknown {
  let value = root;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (typeof step === 'number') {
      if (!Array.isArray(value)) return undefined;
      value = value[step];
    } else {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
        return undefined;
      value = (value as Record<string, unknown>)[step];
    }
  }
  return value;
}

/** Lower and upper bound of an exact count or a range. */
export function bounds(count: Count): readonly [number, number] {
  return typeof count === 'number' ? [count, count] : count;
}

/** Makes one predicate of all the tests given; holds for no absent value unless `present: false` is the test. */
export function compileValueTest(test: ValueTest): Predicate {
  const parts: Predicate[] = [];
  if (test.type !== undefined) parts.push(typeIn(typeof test.type === 'string' ? [test.type] : test.type));
  if (test.in !== undefined) parts.push(valueIn(test.in));
  if (test.items !== undefined) parts.push(sized(test.items, (value) => (Array.isArray(value) ? value.length : -1)));
  if (test.length !== undefined)
    parts.push(sized(test.length, (value) => (typeof value === 'string' ? value.length : -1)));
  if (test.hex !== undefined) parts.push(hexadecimal(test.hex, test.prefix ?? 'none'));
  if (test.starts_with !== undefined) parts.push(textual(test.starts_with, (value, part) => value.startsWith(part)));
  if (test.ends_with !== undefined) parts.push(textual(test.ends_with, (value, part) => value.endsWith(part)));
  if (test.contains !== undefined) parts.push(textual(test.contains, (value, part) => value.includes(part)));
  if (test.range !== undefined) parts.push(ranged(test.range));
  if (test.every !== undefined) parts.push(everyElement(compileValueTest(test.every)));
  if (test.present === false) return (value) => value === undefined;
  return (value) => {
    if (value === undefined) return false;
    for (let i = 0; i < parts.length; i++) if (!parts[i]!(value)) return false;
    return true;
  };
}

/** JSON type of a parsed value. */
function typeOf(value: unknown): ValueType | null {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'object' ? type : null;
}

function typeIn(types: readonly ValueType[]): Predicate {
  return (value) => {
    const type = typeOf(value);
    return type !== null && types.includes(type);
  };
}

function valueIn(values: readonly (string | number | boolean | null)[]): Predicate {
  const wanted = new Set<unknown>(values);
  return (value) => wanted.has(value);
}

function sized(count: Count, size: (value: unknown) => number): Predicate {
  const [min, max] = bounds(count);
  return (value) => {
    const length = size(value);
    return length >= 0 && length >= min && length <= max;
  };
}

function ranged(range: readonly [number, number]): Predicate {
  const [min, max] = range;
  return (value) => typeof value === 'number' && value >= min && value <= max;
}

function textual(part: string, holds: (value: string, part: string) => boolean): Predicate {
  return (value) => typeof value === 'string' && holds(value, part);
}

function everyElement(element: Predicate): Predicate {
  return (value) => Array.isArray(value) && value.every(element);
}

function hexadecimal(count: Count, prefix: 'none' | 'required' | 'optional'): Predicate {
  const [min, max] = bounds(count);
  return (value) => {
    if (typeof value !== 'string') return false;
    const prefixed = value.startsWith('0x');
    if (prefixed ? prefix === 'none' : prefix === 'required') return false;
    const start = prefixed ? 2 : 0;
    const digits = value.length - start;
    // The length is tested first: it is cheap, and bounds the loop.
    return digits >= min && digits <= max && isHex(value, start);
  };
}

function isHex(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const lower = c | 0x20;
    if (!((c >= 0x30 && c <= 0x39) || (lower >= 0x61 && lower <= 0x66))) return false;
  }
  return true;
}
