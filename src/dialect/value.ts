/** Readers for values of parsed JSON whose shape is not to be trusted. */

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

export function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The id of a job or request as text, whether it came as text or as a number; null where it is neither. */
export function idText(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : asText(value);
}

/** A hex string of `min` to `max` digits, with or without 0x. */
export function isHex(value: unknown, min: number, max: number = min): value is string {
  if (typeof value !== 'string') return false;
  const from = value.startsWith('0x') || value.startsWith('0X') ? 2 : 0;
  const digits = value.length - from;
  if (digits < min || digits > max) return false;
  for (let i = from; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70))) return false;
  }
  return true;
}

/** The number a hex string stands for, as a double (big values lose low bits); NaN where it is none. */
export function hexNumber(value: unknown): number {
  if (!isHex(value, 1, 128)) return Number.NaN;
  const digits = value.startsWith('0x') || value.startsWith('0X') ? value.slice(2) : value;
  let n = 0;
  for (let i = 0; i < digits.length; i += 8) {
    const part = digits.slice(i, i + 8);
    n = n * 16 ** part.length + Number.parseInt(part, 16);
  }
  return n;
}

/** Expected hashes per share for a 256-bit big-endian target: 2^256 / target; NaN where the target is unusable. */
export function targetToHashes(value: unknown): number {
  const target = hexNumber(value);
  return target > 0 ? 2 ** 256 / target : Number.NaN;
}

/** A finite number given as a number or a numeric string. */
export function asNumber(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value === 'string' && value.length > 0 && value.length < 40) {
    const n = Number(value);
    return Number.isFinite(n) ? n : Number.NaN;
  }
  return Number.NaN;
}

/** A port, as a number or as text. */
export function isPort(value: unknown): boolean {
  const n = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof n === 'number' && Number.isInteger(n) && n > 0 && n < 65536;
}
