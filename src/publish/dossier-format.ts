/** Values as a dossier shows them. Whatever comes in, something harmless comes out. */
import { html, type Markup, raw, text } from './html.ts';

/** A list, whatever a field set left of it. */
export function listOf<T>(value: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [];
}

export function numberText(value: unknown, digits = 0): string {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return grouped(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return '';
  return grouped(value.toFixed(Math.abs(value) >= 100 ? 0 : digits));
}

/** Groups of three, decimal point: the same in both languages. */
function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'];

/** 95.2 TH/s; rates come in base units. */
export function rateText(value: unknown, unit: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return '';
  let left = value;
  let step = 0;
  while (left >= 1000 && step < PREFIXES.length - 1) {
    left /= 1000;
    step++;
  }
  const name = typeof unit === 'string' ? unit.slice(0, 12) : '';
  const figure = left >= 100 ? left.toFixed(0) : left >= 10 ? left.toFixed(1) : left.toFixed(2);
  return `${figure} ${PREFIXES[step]}${name}`;
}

/** 3 d 4 h; seconds. */
export function spanText(seconds: unknown): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return '';
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts = [
    days > 0 ? `${days} d` : '',
    hours > 0 ? `${hours} h` : '',
    days === 0 && minutes > 0 ? `${minutes} min` : '',
  ];
  return parts.filter((part) => part !== '').join(' ') || `${Math.floor(seconds)} s`;
}

const ISO = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,9})?Z$/;
/** China Standard Time has no summer time since 1991. */
const CHINA = 8 * 3_600_000;

/** An exact time in UTC and in UTC+8, one below the other; a text that is no such time stays as it is. */
export function bothTimes(iso: unknown): Markup {
  const lines = timeLines(iso);
  if (lines === null) return text(iso, 40);
  return html`<span class="time">${lines[0]}</span><br><span class="time">${lines[1]}</span>`;
}

/** The two times as text; null for what is no time. */
export function timeLines(iso: unknown): readonly [utc: string, china: string] | null {
  const parts = typeof iso === 'string' ? ISO.exec(iso) : null;
  const time = typeof iso === 'string' && parts !== null ? Date.parse(iso) : Number.NaN;
  if (parts === null || Number.isNaN(time)) return null;
  const [, day, clock, fraction = ''] = parts;
  const local = new Date(time + CHINA).toISOString();
  return [`${day} ${clock}${fraction} UTC`, `${local.slice(0, 10)} ${local.slice(11, 19)}${fraction} UTC+8`];
}

/** From and to on one line, in UTC and in UTC+8; the day of the end where it is another. */
export function timeRange(first: unknown, last: unknown): Markup {
  const from = timeLines(first);
  const to = timeLines(last);
  if (from === null || to === null) return html`${bothTimes(first)}<br>${bothTimes(last)}`;
  const lines = [0, 1].map((zone) => {
    const [day = '', clock = ''] = (from[zone] ?? '').split(' ');
    const [lastDay = '', lastClock = '', name = ''] = (to[zone] ?? '').split(' ');
    return `${day} ${clock} – ${lastDay === day ? '' : `${lastDay} `}${lastClock} ${name}`;
  });
  return html`<span class="time">${lines[0]}</span><br><span class="time">${lines[1]}</span>`;
}

/** Values one after the other, the first `most`; the rest is counted. */
export function several(values: readonly unknown[], most = 12, separator = '、'): Markup {
  const shown = values.slice(0, most).map((value, at) => html`${at === 0 ? '' : separator}${value}`);
  const left = values.length - Math.min(values.length, most);
  return left > 0 ? html`${shown} … (+${left})` : html`${shown}`;
}

/** Hex digests break anywhere. */
export function digest(name: string, value: unknown): Markup {
  return typeof value === 'string' && value !== ''
    ? html`<span class="digest">${name} ${text(value, 64)}</span>`
    : raw('');
}

/** Members of an entry's detail on one line. */
export function detailText(detail: unknown): Markup {
  if (typeof detail !== 'object' || detail === null) return text(detail, 200);
  const parts = Object.entries(detail)
    .slice(0, 12)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => html`<span class="pair"><b>${text(name, 40)}</b> ${text(value, 160)}</span> `);
  return html`${parts}`;
}
