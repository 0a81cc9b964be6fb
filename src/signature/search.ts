/** Finds signatures by words, by ids and prefixes of ids, and the id that was meant by a slip. */
import type { Signature } from './types.ts';

/** Parts of a signature that are searched, the most telling first. */
export const SEARCH_FIELDS = ['id', 'title', 'dialect', 'coins', 'literals', 'look_alikes', 'references'] as const;
export type SearchField = (typeof SEARCH_FIELDS)[number];

/** A signature in which every word was found, and the parts in which one was. */
export interface SignatureHit {
  readonly signature: Signature;
  readonly fields: readonly SearchField[];
}

/** Tests of a value whose text names a type or a form, not something that stands in a message. */
const FORMS: ReadonlySet<string> = new Set(['type', 'prefix']);
/** Deeper than the loader lets a match be. */
const MAX_DEPTH = 24;

/**
 * Signatures that have every word somewhere, retired ones included. Upper and lower case and full-width forms are the
 * same; a word may be part of a longer one, which is what Chinese needs. No words: no hits. The order is that of the
 * most telling part with a hit, then of the ids.
 */
export function searchSignatures(signatures: Iterable<Signature>, words: readonly string[]): SignatureHit[] {
  const wanted = words.map(folded).filter((word) => word !== '');
  if (wanted.length === 0) return [];
  const hits: SignatureHit[] = [];
  for (const signature of signatures) {
    const texts = textsOf(signature);
    if (!wanted.every((word) => texts.some(([, text]) => text.includes(word)))) continue;
    const fields = texts.filter(([, text]) => wanted.some((word) => text.includes(word))).map(([field]) => field);
    hits.push({ signature, fields });
  }
  return hits.sort(
    (a, b) => rank(a) - rank(b) || (a.signature.id < b.signature.id ? -1 : a.signature.id > b.signature.id ? 1 : 0),
  );
}

function rank({ fields }: SignatureHit): number {
  return SEARCH_FIELDS.indexOf(fields[0] ?? 'references');
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}

function textsOf(signature: Signature): [SearchField, string][] {
  const { id, title, dialect, coins, algorithm, match, lookAlikes, references } = signature;
  const texts: Record<SearchField, readonly string[]> = {
    id: [id],
    title: [title.en, title.zh],
    dialect: dialect === null ? [] : [dialect],
    coins: algorithm === null ? coins : [...coins, algorithm],
    literals: literalsOf(match),
    look_alikes: [lookAlikes.en, lookAlikes.zh],
    references,
  };
  // A line break between the texts keeps a word from being found across two of them.
  return SEARCH_FIELDS.map((field) => [field, texts[field].map(folded).join('\n')]);
}

/** Methods, members, header names, values and other texts that conditions name. */
export function literalsOf(match: unknown): string[] {
  const found: string[] = [];
  gather(match, 0, found);
  return found;
}

function gather(value: unknown, depth: number, found: string[]): void {
  if (typeof value === 'string' || typeof value === 'number') found.push(String(value));
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  for (const [key, part] of Object.entries(value)) if (!FORMS.has(key)) gather(part, depth + 1, found);
}

/** What ids and prefixes such as `cryptonote.*` stand for. */
export interface ResolvedIds {
  /** Ids that exist, in the order of `ids`, each once. */
  readonly ids: readonly string[];
  /** What fits nothing, each with the nearest id or prefix, or null where none is near. */
  readonly unknown: readonly { readonly text: string; readonly nearest: string | null }[];
}

const PREFIX_END = '.*';

/** Resolves ids, and prefixes that end in `.*`, against the ids that exist. */
export function resolveIds(ids: readonly string[], given: Iterable<string>): ResolvedIds {
  const existing = new Set(ids);
  const named = new Set<string>();
  const unknown: { text: string; nearest: string | null }[] = [];
  for (const text of new Set(given)) {
    const found = text.endsWith(PREFIX_END)
      ? ids.filter((id) => text.length > PREFIX_END.length && id.startsWith(text.slice(0, -1)))
      : existing.has(text)
        ? [text]
        : [];
    for (const id of found) named.add(id);
    if (found.length === 0) unknown.push({ text, nearest: nearestName(text, [...ids, ...prefixesOf(ids)]) });
  }
  return { ids: ids.filter((id) => named.has(id)), unknown };
}

function prefixesOf(ids: readonly string[]): string[] {
  return [...new Set(ids.map((id) => `${id.slice(0, id.indexOf('.'))}${PREFIX_END}`))];
}

/** Longest text that is compared; no id that people type is longer. */
const MAX_COMPARED = 80;

/**
 * The name that `text` was probably meant to be: the one with the fewest letters to change, at most a third of them;
 * else one of which `text` is a part. Null where there is none.
 */
export function nearestName(text: string, names: readonly string[]): string | null {
  const wanted = text.toLowerCase().slice(0, MAX_COMPARED);
  if (wanted === '') return null;
  let best: string | null = null;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    if (Math.abs(Math.min(name.length, MAX_COMPARED) - wanted.length) >= least) continue;
    const distance = editDistance(wanted, name.toLowerCase().slice(0, MAX_COMPARED));
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  if (best !== null || wanted.length < 3) return best;
  const stem = wanted.endsWith(PREFIX_END) ? wanted.slice(0, -PREFIX_END.length) : wanted;
  const candidates = names.filter((name) => name.toLowerCase().includes(stem));
  // A whole part of an id (`login`, `cryptonote`) tells more than a piece of one, and a prefix holds all its ids.
  const whole = candidates.filter((name) => name.toLowerCase().split('.').includes(stem));
  return whole.find((name) => name.endsWith(PREFIX_END)) ?? whole[0] ?? candidates[0] ?? null;
}

/** Letters to insert, remove or replace (Levenshtein), over two rows of the table. Both texts are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
