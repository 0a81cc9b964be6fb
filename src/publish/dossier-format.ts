/** Values as a dossier shows them. Whatever comes in, something harmless comes out. */
import type { Term } from '../common/terms.ts';
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

/** 3 d 4 h, 3天4小时; seconds. */
export function spanText(seconds: unknown): Term {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return { en: '', zh: '' };
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts: [value: number, en: string, zh: string][] = [
    [days, 'd', '天'],
    [hours, 'h', '小时'],
    [days === 0 ? minutes : 0, 'min', '分钟'],
  ];
  const shown = parts.filter(([value]) => value > 0);
  if (shown.length === 0) shown.push([Math.floor(seconds), 's', '秒']);
  return {
    en: shown.map(([value, en]) => `${value} ${en}`).join(' '),
    zh: shown.map(([value, , zh]) => `${value}${zh}`).join(''),
  };
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

/** A time in UTC+8 on one line, without noughts at its end; the column says which zone. What is no time stays as it is. */
export function localTime(iso: unknown): Markup {
  const lines = timeLines(iso);
  if (lines === null) return text(iso, 40);
  const [day = '', clock = ''] = lines[1].split(' ');
  return html`<span class="time">${day} ${clock.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')}</span>`;
}

/** From and to on one line, in UTC and in UTC+8; the day of the end where it is another. */
export function timeRange(first: unknown, last: unknown): Markup {
  const from = timeLines(first);
  const to = timeLines(last);
  if (from === null || to === null) return html`${bothTimes(first)}<br>${bothTimes(last)}`;
  // A line breaks between the two times and nowhere else.
  const lines = [0, 1].map((zone) => {
    const [day = '', clock = ''] = (from[zone] ?? '').split(' ');
    const [lastDay = '', lastClock = '', name = ''] = (to[zone] ?? '').split(' ');
    const end = `${lastDay === day ? '' : `${lastDay} `}${lastClock} ${name}`;
    return html`<span class="time">${day} ${clock} –</span> <span class="time">${end}</span>`;
  });
  return html`${lines[0]}<br>${lines[1]}`;
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

/** What is shared within a realm is a JSON list of the realm and the value. */
export function linkValue(value: unknown): string {
  if (typeof value !== 'string') return '';
  if (!value.startsWith('[') || value.length > 400) return value;
  try {
    const parts: unknown = JSON.parse(value);
    return Array.isArray(parts) ? parts.filter((part) => typeof part === 'string' && part !== '').join(' ') : value;
  } catch {
    return value;
  }
}
