/** Sentences of a lead in both languages, and values that its entries name by code. */
import { DETAILS, ENERGY, FLAG_RULES, GRADES, type Phrase, REMARKS, SURCHARGE } from './phrases.ts';
import { REMARK_TERMS, type Term } from './terms.ts';

export type PhraseKind = 'because' | 'remark' | 'energy' | 'surcharge' | 'flag';

const KINDS: Readonly<Record<PhraseKind, readonly Phrase[]>> = {
  because: GRADES,
  remark: REMARKS,
  energy: ENERGY,
  surcharge: SURCHARGE,
  flag: FLAG_RULES,
};

/** Longer texts are not the program's own. */
const MOST = 2000;

/** What stands for `$1`, `$2` … in a text, or null where the text is another. One pass, so that no text makes it slow. */
function detailsOf(template: string, text: string): readonly string[] | null {
  const pieces = template.split(/\$\d/);
  const [head = ''] = pieces;
  if (!text.startsWith(head)) return null;
  const details: string[] = [];
  let at = head.length;
  for (const [index, piece] of pieces.entries()) {
    if (index === 0) continue;
    const last = index === pieces.length - 1;
    const end = last ? (text.endsWith(piece) ? text.length - piece.length : -1) : text.indexOf(piece, at);
    if (end <= at) return null;
    details.push(text.slice(at, end));
    at = end + piece.length;
  }
  return at === text.length ? details : null;
}

function translated(phrases: readonly Phrase[], text: string): string | null {
  if (text.length > MOST) return null;
  for (const [en, zh] of phrases) {
    const details = detailsOf(en, text);
    if (details === null) continue;
    return zh.replace(/\$(\d)/g, (_, n: string) => {
      const detail = details[Number(n) - 1] ?? '';
      return phrases === DETAILS ? detail : (translated(DETAILS, detail) ?? detail);
    });
  }
  return null;
}

/** Reasons stand one after the other, parted by `; `, which a reason may have inside as well. */
function reasons(because: string): string {
  const parts = because.length > MOST ? [because] : because.split('; ');
  const out: string[] = [];
  for (let at = 0; at < parts.length; ) {
    let taken = 1;
    let zh = translated(GRADES, parts[at] as string);
    for (let more = 2; zh === null && more <= 3 && at + more <= parts.length; more++) {
      zh = translated(GRADES, parts.slice(at, at + more).join('; '));
      if (zh !== null) taken = more;
    }
    out.push(zh ?? (parts[at] as string));
    at += taken;
  }
  return out.join('；');
}

/**
 * A sentence of the program in both languages. What it does not know, such as a person's own words, stays as it is in both.
 * `kind`: where it stands. Total.
 */
export function phraseOf(kind: PhraseKind, text: string): Term {
  if (kind === 'because') return { en: text, zh: reasons(text) };
  // Notes of the surcharge carry their code in front; `remark` is that of the table's row.
  const words = kind === 'surcharge' ? text.replace(/^[a-z_]{1,40}: /, '') : text;
  return { en: words, zh: translated(KINDS[kind], words) ?? words };
}

/** A remark in both languages: its sentence with details, else the short term of its code where the text is not a person's. */
export function remarkOf({ code, text }: { readonly code: string; readonly text: string }): Term {
  const short = Object.hasOwn(REMARK_TERMS, code) ? REMARK_TERMS[code] : undefined;
  if (short !== undefined && (text === short.zh || text === short.en || text === '')) return short;
  const zh = text.length > MOST ? null : translated(REMARKS, text);
  if (zh !== null) return { en: text, zh };
  // Words nobody translated: the code says at least what kind of remark it is.
  return short === undefined || code === 'other' ? { en: text, zh: text } : { en: text, zh: `${short.zh}：${text}` };
}
