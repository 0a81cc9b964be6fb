/** What changed between two sets of signatures, and whether the promises about ids and versions were kept. */
import type { Condition, Match, Signature } from './types.ts';

/** A signature that both sets have and that is not the same in both. */
export interface SignatureChange {
  readonly id: string;
  readonly before: Signature;
  readonly after: Signature;
  /** Members that changed what the signature matches or proves, in alphabetical order. */
  readonly meaning: readonly string[];
  /** Members that changed for readers and testers only. */
  readonly texts: readonly string[];
}

/**
 * A promise that was broken: an id that is gone although ids are stable for ever, a meaning that changed under the same
 * version, a version that went down.
 */
export interface CareFault {
  readonly id: string;
  readonly reason: 'removed' | 'unversioned' | 'lowered';
}

export interface SignatureDiff {
  /** All lists are sorted by id. */
  readonly added: readonly Signature[];
  readonly removed: readonly Signature[];
  readonly changed: readonly SignatureChange[];
  /** Signatures that are the same in both; file and line may differ. */
  readonly unchanged: number;
  readonly faults: readonly CareFault[];
}

/** A condition that only one of two matches has; `sign` is `-` for the older, `+` for the newer. */
export interface ConditionChange {
  readonly part: 'all' | 'any' | 'none';
  readonly sign: '-' | '+';
  readonly condition: Condition;
}

/** Where a signature lies says nothing about it. */
const PLACE: ReadonlySet<string> = new Set(['id', 'file', 'line']);
const TEXTS: ReadonlySet<string> = new Set(['title', 'lookAlikes', 'references', 'tests']);
/** Shown by themselves: a status needs no new version, because the weight says what a signature proves. */
const APART: ReadonlySet<string> = new Set(['version', 'status']);

/** Lists whose order means nothing, and of which a single value may stand for a list of one. */
const SETS: ReadonlySet<string> = new Set(
  'all any none method in type transports coins source role confidence'.split(' '),
);
/** Counts, of which `5` means the same as `[5, 5]`. */
const COUNTS: ReadonlySet<string> = new Set('items hex length seconds sent received shares'.split(' '));

/** Compares two sets of signatures, each with different ids; their order never matters. */
export function diffSignatures(before: Iterable<Signature>, after: Iterable<Signature>): SignatureDiff {
  const old = new Map([...before].map((signature) => [signature.id, signature]));
  const now = new Map([...after].map((signature) => [signature.id, signature]));
  const added = [...now.values()].filter(({ id }) => !old.has(id)).sort(byId);
  const removed = [...old.values()].filter(({ id }) => !now.has(id)).sort(byId);
  const changed: SignatureChange[] = [];
  const faults: CareFault[] = removed.map(({ id }) => ({ id, reason: 'removed' }));
  let unchanged = 0;
  for (const signature of [...old.values()].sort(byId)) {
    const other = now.get(signature.id);
    if (other === undefined) continue;
    const change = changeOf(signature, other);
    if (change === null) {
      unchanged++;
      continue;
    }
    changed.push(change);
    if (other.version < signature.version) faults.push({ id: signature.id, reason: 'lowered' });
    else if (change.meaning.length > 0 && other.version === signature.version)
      faults.push({ id: signature.id, reason: 'unversioned' });
  }
  return { added, removed, changed, unchanged, faults: faults.sort(byId) };
}

/** Conditions that one of two matches has and the other has not, the older ones first. */
export function conditionChanges(before: Match, after: Match): ConditionChange[] {
  return (['all', 'any', 'none'] as const).flatMap((part) => {
    const old = keysOf(before[part]);
    const now = keysOf(after[part]);
    const missing = (sign: '-' | '+', list: readonly Condition[], other: ReadonlySet<string>): ConditionChange[] =>
      list.filter((condition) => !other.has(keyOf(condition))).map((condition) => ({ part, sign, condition }));
    return [...missing('-', before[part], now), ...missing('+', after[part], old)];
  });
}

function changeOf(before: Signature, after: Signature): SignatureChange | null {
  const a: Readonly<Record<string, unknown>> = { ...before };
  const b: Readonly<Record<string, unknown>> = { ...after };
  const differing = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => !PLACE.has(name) && keyOf(a[name], name) !== keyOf(b[name], name))
    .sort();
  if (differing.length === 0) return null;
  return {
    id: before.id,
    before,
    after,
    // A member that is not known as a text counts as meaning, so that a new one cannot slip through.
    meaning: differing.filter((name) => !TEXTS.has(name) && !APART.has(name)),
    texts: differing.filter((name) => TEXTS.has(name)),
  };
}

function keysOf(conditions: readonly Condition[]): ReadonlySet<string> {
  return new Set(conditions.map((condition) => keyOf(condition)));
}

function keyOf(value: unknown, name = ''): string {
  return JSON.stringify(canonical(value, name)) ?? '';
}

/** The same for any two ways of writing the same thing. Nesting is bounded, because the loader bounds it. */
function canonical(value: unknown, name: string): unknown {
  if (SETS.has(name)) {
    const items = Array.isArray(value) ? value : [value];
    return [...new Set(items.map((item) => JSON.stringify(canonical(item, ''))))].sort();
  }
  if (COUNTS.has(name) && typeof value === 'number') return [value, value];
  if (Array.isArray(value)) return value.map((item) => canonical(item, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([key, part]) => !isDefault(key, part))
    .map(([key, part]) => [key, canonical(part, key)])
    .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
}

function isDefault(name: string, value: unknown): boolean {
  if (value === undefined || (name === 'prefix' && value === 'none')) return true;
  return name === 'mask' && typeof value === 'string' && /^f+$/.test(value);
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
