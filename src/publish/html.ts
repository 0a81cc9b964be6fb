/**
 * HTML for documents that show what strangers sent: every text goes through `escapeText`, and nothing else makes markup of
 * a value. What cannot be seen is shown by its code point, so that a name with an override reads as what it is.
 */

/** Markup; only the functions of this file and templates made with `html` give it. */
export interface Markup {
  readonly markup: string;
}

/** Most characters of one text that are shown. */
export const MAX_SHOWN = 300;
/** Control, format, surrogate, private, unassigned characters and line separators (Unicode general categories). */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** More than four marks on one letter only serve to write over the lines above. */
const MARKS = /(\p{M}{4})\p{M}+/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text safe between tags and inside quoted attributes, cut to `most` characters; whatever the value is. */
export function escapeText(value: unknown, most: number = MAX_SHOWN): string {
  const text = plain(value);
  const cut = text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return cut
    .replace(MARKS, '$1…')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(HIDDEN, (character) => `<span class="code">${codePoint(character)}</span>`);
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

/** Markup that is known to be safe, such as an SVG made of numbers. */
export function raw(markup: string): Markup {
  return { markup };
}

/** A value as markup, cut to `most` characters. */
export function text(value: unknown, most?: number): Markup {
  return raw(escapeText(value, most));
}

function isMarkup(value: unknown): value is Markup {
  return typeof value === 'object' && value !== null && typeof (value as Markup).markup === 'string';
}

function insert(value: unknown): string {
  if (Array.isArray(value)) return value.map(insert).join('');
  return isMarkup(value) ? value.markup : escapeText(value);
}

/** Template: markup goes in as it is, lists one after the other, everything else escaped. */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  let markup = parts[0] ?? '';
  for (const [at, value] of values.entries()) markup += insert(value) + (parts[at + 1] ?? '');
  return { markup };
}

/** A table; the heading is repeated on each page. Cells are markup or values; rows of one table have one length. */
export function table(heads: readonly unknown[], rows: readonly (readonly unknown[])[], kind = ''): Markup {
  const head = html`<thead><tr>${heads.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>`;
  const body = rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`);
  return html`<table class="${kind}">${head}<tbody>${body}</tbody></table>`;
}

/** Names and values one below the other; what has no value is left out. */
export function facts(rows: readonly (readonly [name: unknown, value: unknown])[]): Markup {
  const shown = rows.filter(([, value]) => !isEmpty(value));
  if (shown.length === 0) return raw('');
  const lines = shown.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`);
  return html`<table class="facts"><tbody>${lines}</tbody></table>`;
}

/** The same, two names and values in a row. */
export function pairs(rows: readonly (readonly [name: unknown, value: unknown])[]): Markup {
  const shown = rows.filter(([, value]) => !isEmpty(value));
  if (shown.length === 0) return raw('');
  const cells = shown.map(([name, value], at) => {
    const alone = at === shown.length - 1 && at % 2 === 0;
    return html`<th scope="row">${name}</th><td${raw(alone ? ' colspan="3"' : '')}>${value}</td>`;
  });
  const lines = cells.flatMap((cell, at) => (at % 2 === 0 ? [html`<tr>${cell}${cells[at + 1] ?? ''}</tr>`] : []));
  return html`<table class="facts pairs"><tbody>${lines}</tbody></table>`;
}

/** True for what shows nothing. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.every(isEmpty);
  return isMarkup(value) && value.markup === '';
}
