/** Leads as JSON, one object a line (docs/lead.schema.json). */
import type { Lead } from '../ledger/types.ts';

/** Control and format characters above ASCII that JSON allows raw but a terminal or an editor may act upon, as in json.ts. */
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A lead as one line of JSON without the newline; control characters stand as `\u` escapes, so it is safe to show. */
export function leadJsonLine(lead: Lead): string {
  return JSON.stringify(lead).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
