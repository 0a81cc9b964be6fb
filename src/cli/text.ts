import stringWidth from 'string-width';

/** Control, format, surrogate, private, unassigned characters and line separators: nothing a terminal may act upon. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** More than four combining marks in a row only serve to overwrite the lines above. */
const MARKS = /(\p{M}{4})\p{M}+/gu;
const PLAIN = /^[\x20-\x7e]*$/;
/** Longest text worth measuring; everything from the network is cut here first. */
const MAX_TEXT = 8192;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside in a form that is safe to print: control characters, ANSI escapes, bidirectional overrides and
 * other invisible characters become `\x1b`, `\u202e` and the like. At most 8192 characters.
 */
export function visible(text: string): string {
  if (text.length <= MAX_TEXT && PLAIN.test(text)) return text;
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return cut.replace(HIDDEN, escapeCharacter).replace(MARKS, '$1…');
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Columns a text takes in a terminal; 矿池 takes four. */
export function textWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** Text filled with spaces to `width` columns, on the right or, for numbers, on the left. */
export function pad(text: string, width: number, right = false): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return right ? fill + text : text + fill;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Text of at most `width` columns (at least 1): what does not fit leaves an ellipsis, of which `tailShare` of the room comes
 * after; 0 cuts the end off.
 */
export function shorten(text: string, width: number, tailShare = 0.4): string {
  if (textWidth(text) <= width) return text;
  const parts = Array.from(segmenter.segment(text), (part) => part.segment);
  const head: string[] = [];
  const tail: string[] = [];
  const tailRoom = Math.floor((width - 1) * tailShare);
  let room = width - 1 - tailRoom;
  let from = 0;
  for (; from < parts.length; from++) {
    const part = parts[from] ?? '';
    if (textWidth(part) > room) break;
    room -= textWidth(part);
    head.push(part);
  }
  // A head that ended on a wide character leaves a column to the tail, but an end cut off stays cut off.
  room = tailShare === 0 ? 0 : room + tailRoom;
  for (let at = parts.length - 1; at >= from; at--) {
    const part = parts[at] ?? '';
    if (textWidth(part) > room) break;
    room -= textWidth(part);
    tail.push(part);
  }
  return `${head.join('')}…${tail.reverse().join('')}`;
}

const SHELL_SAFE = /^[\w@%+=:,./-]+$/;

/** A word that a POSIX shell reads back as `text`; control characters in bash's `$'…'` form, never raw. */
export function shellWord(text: string): string {
  const safe = text.startsWith('-') ? `./${text}` : text;
  if (SHELL_SAFE.test(safe)) return safe;
  if (safe.search(HIDDEN) < 0) return `'${safe.replaceAll("'", `'\\''`)}'`;
  return `$'${safe.replace(/[\\']/g, '\\$&').replace(HIDDEN, shellEscape)}'`;
}

function shellEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
