/**
 * The timeline of a lead as SVG: detections per day, time observed and not, changes of status. Patterns and greys, so that
 * it survives a black and white printer. Made of numbers and of labels that the caller gives as words of the program.
 */
import { escapeText } from './html.ts';

export interface ChartInput {
  /** UTC days (YYYY-MM-DD) of detections, one each. */
  readonly days: readonly string[];
  /** Spans observed, milliseconds since the epoch; null where it is not known when anybody looked. */
  readonly observed: readonly (readonly [from: number, to: number])[] | null;
  /** Changes of status, milliseconds. */
  readonly changes: readonly { readonly time: number; readonly label: string }[];
  readonly words: {
    readonly detections: string;
    readonly observed: string;
    readonly unobserved: string;
    readonly status: string;
    readonly perDays: (days: number) => string;
  };
}

const DAY = 86_400_000;
/** Told apart by lightness: nearly black, middle grey, hatched white. */
const BAR = '#222';
const SEEN = '#808080';
const MARK = '#000';
const FONT = 10.5;
const WIDTH = 700;
const LEFT = 34;
const RIGHT = 10;
const TOP = 34;
const PLOT = 72;
const STRIP = 12;
const MOST_BARS = 120;
const MOST_CHANGES = 12;
/** A span of years in which nothing can be told apart; what lies before its end is not drawn. */
const MOST_DAYS = 3660;

/** The chart, or null where there is no day to show. */
export function timelineChart(input: ChartInput): string | null {
  const days = input.days
    .map((day) => Date.parse(`${day.slice(0, 10)}T00:00:00Z`))
    .filter((time) => Number.isFinite(time));
  const changes = input.changes.filter(({ time }) => Number.isFinite(time)).slice(-MOST_CHANGES);
  const times = [...days, ...changes.map(({ time }) => Math.floor(time / DAY) * DAY)];
  if (times.length === 0) return null;
  const last = times.reduce((a, b) => Math.max(a, b)) + DAY;
  const first = Math.max(
    times.reduce((a, b) => Math.min(a, b)),
    last - MOST_DAYS * DAY,
  );
  const perBar = Math.ceil((last - first) / DAY / MOST_BARS);
  const bars = new Array<number>(Math.ceil((last - first) / DAY / perBar)).fill(0);
  for (const time of days) {
    const at = Math.floor((time - first) / DAY / perBar);
    if (at >= 0) bars[at] = (bars[at] ?? 0) + 1;
  }
  const end = first + bars.length * perBar * DAY;
  const scale = (WIDTH - LEFT - RIGHT) / (end - first);
  const x = (time: number): number => LEFT + (Math.min(Math.max(time, first), end) - first) * scale;
  const parts = [
    frame(),
    strip(input, x, first, end),
    columns(bars, (at) => x(first + at * perBar * DAY), perBar * DAY * scale),
    axis(first, end, x),
    marks(changes, x),
    legend(input, perBar),
  ];
  const height = TOP + PLOT + STRIP + 50;
  return (
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" xmlns="http://www.w3.org/2000/svg">` +
    '<defs><pattern id="gap" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
    '<rect width="5" height="5" fill="#fff"/><line x1="0" y1="0" x2="0" y2="5" stroke="#777" stroke-width="1"/>' +
    `</pattern></defs>${parts.join('')}</svg>`
  );
}

const n = (value: number): string => String(Math.round(value * 100) / 100);

function frame(): string {
  const bottom = TOP + PLOT;
  return (
    `<line x1="${LEFT}" y1="${TOP}" x2="${LEFT}" y2="${bottom}" stroke="#333"/>` +
    `<line x1="${LEFT}" y1="${bottom}" x2="${WIDTH - RIGHT}" y2="${bottom}" stroke="#333"/>`
  );
}

/** Hatched where nobody looked. */
function strip({ observed }: ChartInput, x: (time: number) => number, first: number, end: number): string {
  const y = TOP + PLOT + 4;
  const box = (from: number, to: number, fill: string): string =>
    `<rect x="${n(from)}" y="${y}" width="${n(Math.max(to - from, 1.2))}" height="${STRIP}" fill="${fill}"/>`;
  const outline = `<rect x="${n(x(first))}" y="${y}" width="${n(x(end) - x(first))}" height="${STRIP}" fill="none" stroke="#555"/>`;
  const seen = joined(observed ?? []).filter(([from, to]) => to > first && from < end);
  return box(x(first), x(end), 'url(#gap)') + seen.map(([from, to]) => box(x(from), x(to), SEEN)).join('') + outline;
}

/** Spans that touch are one; at most as many as can be told apart. */
function joined(spans: readonly (readonly [number, number])[]): [number, number][] {
  const out: [number, number][] = [];
  const sorted = spans.filter(([a, b]) => Number.isFinite(a) && b >= a).sort((a, b) => a[0] - b[0]);
  for (const [from, to] of sorted) {
    const before = out.at(-1);
    // A gap of less than an hour is not seen on paper.
    if (before !== undefined && from - before[1] < DAY / 24) before[1] = Math.max(before[1], to);
    else out.push([from, to]);
  }
  return out.slice(0, 2000);
}

function columns(bars: readonly number[], at: (bar: number) => number, width: number): string {
  const most = bars.reduce((a, b) => Math.max(a, b), 1);
  const out = bars.map((count, bar) => {
    if (count === 0) return '';
    const height = Math.max((count / most) * (PLOT - 6), 2);
    const gap = Math.min(width * 0.15, 2);
    const wide = Math.min(width - 2 * gap, 26);
    const left = at(bar) + (width - wide) / 2;
    return `<rect x="${n(left)}" y="${n(TOP + PLOT - height)}" width="${n(wide)}" height="${n(height)}" fill="${BAR}"/>`;
  });
  const label = (value: number, y: number): string =>
    `<text x="${LEFT - 4}" y="${n(y)}" font-size="${FONT}" text-anchor="end">${value}</text>`;
  return out.join('') + label(most, TOP + 10) + label(0, TOP + PLOT);
}

function axis(first: number, end: number, x: (time: number) => number): string {
  const days = (end - first) / DAY;
  const step = Math.ceil(days / 7);
  const y = TOP + PLOT + STRIP + 8;
  let out = '';
  for (let day = 0; day < days; day += step) {
    const time = first + day * DAY;
    const middle = x(time + DAY / 2);
    const anchor = middle > WIDTH - 45 ? 'end' : middle < LEFT + 30 ? 'start' : 'middle';
    const name = new Date(time).toISOString().slice(0, 10);
    out += `<line x1="${n(middle)}" y1="${y}" x2="${n(middle)}" y2="${y + 4}" stroke="#333"/>`;
    out += `<text x="${n(middle)}" y="${y + 15}" font-size="${FONT}" text-anchor="${anchor}">${name}</text>`;
  }
  return out;
}

/** A numbered flag for each change, so that labels never lie over each other; the legend has the words. */
function marks(changes: ChartInput['changes'], x: (time: number) => number): string {
  let before = Number.NEGATIVE_INFINITY;
  let level = 0;
  return changes
    .map(({ time }, at) => {
      const place = x(time);
      level = place - before < 12 ? (level + 1) % 3 : 0;
      before = place;
      const y = TOP - 6 - level * 11;
      return (
        `<line x1="${n(place)}" y1="${y}" x2="${n(place)}" y2="${TOP + PLOT}" stroke="${MARK}" stroke-dasharray="3 2"/>` +
        `<circle cx="${n(place)}" cy="${y}" r="5.4" fill="#fff" stroke="${MARK}"/>` +
        `<text x="${n(place)}" y="${y + 3}" font-size="9" text-anchor="middle" fill="${MARK}">${at + 1}</text>`
      );
    })
    .join('');
}

function legend({ words }: ChartInput, perBar: number): string {
  const y = TOP + PLOT + STRIP + 42;
  const items: readonly [fill: string, label: string][] = [
    [BAR, words.perDays(perBar)],
    [SEEN, words.observed],
    ['url(#gap)', words.unobserved],
    ['', words.status],
  ];
  let place = LEFT;
  let out = '';
  for (const [fill, label] of items) {
    out +=
      fill === ''
        ? `<circle cx="${place + 5}" cy="${y - 3.5}" r="4.6" fill="#fff" stroke="${MARK}"/>`
        : `<rect x="${place}" y="${y - 8}" width="10" height="9" fill="${fill}" stroke="#555" stroke-width=".5"/>`;
    out += `<text x="${place + 14}" y="${y}" font-size="${FONT}">${escapeText(label)}</text>`;
    // A Chinese character is as wide as the font is high, a Latin one about half.
    place += 26 + [...label].reduce((sum, c) => sum + (c > '\u2e7f' ? FONT : FONT * 0.56), 0);
  }
  return out;
}
