/** Canonical JSON (RFC 8785): one text for one value, so that equal content has equal digests. */
import canonicalize from 'canonicalize';

/** A copy without what RFC 8785 refuses: lone surrogates become U+FFFD; NaN and infinities null, as in plain JSON. */
function tidy(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(tidy);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toWellFormed(), tidy(member)]));
}

/**
 * The canonical text of a JSON value: members sorted by UTF-16 code units, no white space, numbers as ECMAScript prints
 * them (RFC 8785 section 3.2). Input of strangers may hold lone surrogates, which the RFC refuses: they count as U+FFFD.
 * Throws a TypeError for what is no JSON value at all (undefined, a function, a bigint).
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch {
    text = canonicalize(tidy(value));
  }
  if (text === undefined) throw new TypeError('no JSON value');
  return text;
}
