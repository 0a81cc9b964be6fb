import { MAX_LITERALS } from './limits.ts';
import type { Condition, Match, ValueTest } from './types.ts';
import { parsePath } from './value.ts';

/** Members that any JSON-RPC message has: as literals they tell next to nothing. */
const COMMON: ReadonlySet<string> = new Set(['result', 'params', 'id', 'method', 'error', 'jsonrpc']);

/**
 * Texts of which one must occur in a JSON message for the match to hold: what is tried before a message is parsed at all.
 * Null where nothing can be said, so that every message must be tried. More than MAX_LITERALS of them only where no
 * condition is content with fewer.
 */
export function requiredLiterals(match: Match): readonly string[] | null {
  const candidates = match.all.flatMap((condition) => {
    const found = literalsOf(condition);
    return found === null ? [] : [found];
  });
  const any = match.any.map(literalsOf);
  if (any.length > 0 && any.every((found) => found !== null)) {
    candidates.push({
      words: any.flatMap((found) => found?.words ?? []),
      telling: any.every((found) => found?.telling),
    });
  }
  const few = candidates.filter(({ words }) => words.length <= MAX_LITERALS);
  const best = few.find((c) => c.telling) ?? few[0] ?? candidates[0];
  return best?.words ?? null;
}

interface Literals {
  readonly words: readonly string[];
  /** More than a member that every message has. */
  readonly telling: boolean;
}

function literalsOf(condition: Condition): Literals | null {
  if ('method' in condition) {
    return { words: condition.method.map(quoted), telling: condition.method.every((name) => !COMMON.has(name)) };
  }
  if (!('member' in condition)) return null;
  if (condition.present === false) return null;
  const inner = valueLiterals(condition);
  if (inner !== null) return inner;
  const list = listLiterals(condition);
  if (list !== null) return list;
  const names = (parsePath(condition.member) ?? []).filter((step) => typeof step === 'string');
  const name = names.findLast((step) => !COMMON.has(step)) ?? names[names.length - 1];
  return name === undefined ? null : { words: [quoted(name)], telling: !COMMON.has(name) };
}

/**
 * A list under a member that every message has: many have the member, few a list there. As JSON is usually written, and
 * whatever has a blank before the colon or several after it.
 */
function listLiterals(condition: { readonly member: string } & ValueTest): Literals | null {
  const [name, index] = parsePath(condition.member) ?? [];
  if (typeof name !== 'string' || !COMMON.has(name) || !isPlain(name)) return null;
  const isList = typeof index === 'number' || (index === undefined && condition.items !== undefined);
  if (!isList) return null;
  const words = [':[', ': [', ' ', ':\t', ':  '].map((after) => `"${name}"${after}`);
  return { words, telling: true };
}

function valueLiterals(test: ValueTest): Literals | null {
  if (test.in?.every((value) => typeof value === 'string'))
    return { words: test.in.map((value) => quoted(String(value))), telling: true };
  if (test.contains !== undefined && isPlain(test.contains)) return { words: [test.contains], telling: true };
  if (test.starts_with !== undefined && isPlain(test.starts_with))
    return { words: [`"${test.starts_with}`], telling: true };
  if (test.hex !== undefined && test.prefix === 'required') return { words: ['"0x', '"0X'], telling: true };
  return test.every === undefined ? null : valueLiterals(test.every);
}

/** As it stands in JSON without escapes; messages with escapes are parsed in any case. */
function quoted(text: string): string {
  return isPlain(text) ? `"${text}"` : '\\';
}

/** Characters that JSON writes in one way only, unless with a backslash. */
function isPlain(text: string): boolean {
  return text.length > 0 && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}
