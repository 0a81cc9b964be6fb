/** Text of strangers on one line of a terminal. */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** At most 400 characters; what cannot be seen as `\u{202e}`. */
export function escapeForLine(text: string): string {
  const cut = text.length > 400 ? `${text.slice(0, 400)}…` : text;
  return cut.replace(HIDDEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
