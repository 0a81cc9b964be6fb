/** Numbers, sizes and times as people read them. All times are ISO 8601 UTC strings as in the JSON contract. */

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

/** Three significant digits with an SI prefix: 95.2 T. */
export function siParts(value: number): { digits: string; prefix: string; scale: number } {
  if (!Number.isFinite(value) || value <= 0) return { digits: '0', prefix: '', scale: 1 };
  let step = Math.max(0, Math.min(PREFIXES.length - 1, Math.floor(Math.log10(value) / 3)));
  // 999.6 must become 1.00 k, not 1000.
  if (step < PREFIXES.length - 1 && Number((value / 1000 ** step).toPrecision(3)) >= 1000) step++;
  const scale = 1000 ** step;
  return { digits: significant(value / scale), prefix: PREFIXES[step] ?? '', scale };
}

function significant(value: number): string {
  if (value >= 1000) return String(Math.round(value));
  if (value < 0.001) return value.toExponential(2);
  return value.toPrecision(3);
}

/** A rate with its unit: `95.2 TH/s`; a unit that starts with a space stands apart from the prefix: `6.10 M packets/s`. */
export function formatRate(value: number, unit: string): string {
  const { digits, prefix } = siParts(value);
  return prefix === '' ? `${digits} ${unit.trimStart()}` : `${digits} ${prefix}${unit}`;
}

/**
 * A rate with its limits in the same unit: `95.2 ±12 TH/s`; where one limit is more than twice as far as the other, as after
 * few shares, both: `17.1 -16+78 MH/s`.
 */
export function formatRange(low: number, mid: number, high: number, unit: string): string {
  const { digits, prefix, scale } = siParts(mid);
  const [below, above] = [(mid - low) / scale, (high - mid) / scale];
  const spread = Math.max(below, above);
  if (!(spread > 0)) return `${digits} ${prefix}${unit}`;
  const limits = spread > 2 * Math.min(below, above) ? `-${short(below)}+${short(above)}` : `±${short(spread)}`;
  return `${digits} ${limits} ${prefix}${unit}`;
}

function short(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(Math.max(0, value).toPrecision(2)));
}

/** Bytes with a decimal prefix: `12.3 MB`, `812 B`. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${Math.round(bytes)} B` : formatRate(bytes, 'B');
}

/** Whole number with thousands separated: `1,234,567`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A length of time: `4.2 s`, `3 min 12 s`, `5 h 02 min`, `12 d 3 h`. */
export function formatDuration(seconds: number): string {
  if (!(seconds >= 0)) return '0 s';
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/**
 * Two times as one short text, the second without what it shares: `2024-05-01 10:00–10:20`. To the second only where
 * both lie in the same minute.
 */
export function formatSpan(first: string, last: string): string {
  const from = formatTime(first);
  const to = formatTime(last);
  if (from === to) return from;
  if (from.slice(0, 16) === to.slice(0, 16)) return `${from}–${to.slice(11)}`;
  const shared = from.slice(0, 10) === to.slice(0, 10) ? 11 : from.slice(0, 4) === to.slice(0, 4) ? 5 : 0;
  return `${from.slice(0, 16)}–${to.slice(shared, 16)}`;
}

/** A time to the second: `2024-05-01 10:00:03`. */
export function formatTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}

/** Address or host and port as one text; an IPv6 address in brackets. */
export function endpoint(host: string, port: number | null): string {
  if (port === null) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
