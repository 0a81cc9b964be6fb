/**
 * Codes of organisations and their checks: the unified social credit code (GB 32100-2015), the organisation code inside it
 * (GB 11714-1997), and the registration number of 15 digits that came before (check digit ISO 7064, MOD 11,10).
 */
import { STATE_PREFIXES, type UsccKind, usccCategory } from './uscc-category.ts';

/** GB 32100-2015: 31 symbols, no I, O, S, V, Z; the value of a symbol is its position. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** 3^(i-1) mod 31. All differ from their neighbours, so a swap of neighbours is always caught. */
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/** GB 11714-1997: here the letters are A = 10 … Z = 35, another table than the one above. */
const ORGANISATION_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];
/** What a letter outside the alphabet was probably meant to be. */
const LOOK_ALIKES: Readonly<Record<string, string>> = { O: '0', I: '1', S: '5', V: 'U', Z: '2' };
const MAX_CODE = 64;

export type CodeCheck = 'empty' | 'length' | 'symbol' | 'placeholder' | 'organisation_code' | 'check_character';

export interface CodeFault {
  readonly check: CodeCheck;
  /** Position in the normalised code, from 1; null where the fault has none. */
  readonly position: number | null;
  /** The character that would pass, where it can be computed, or the one probably meant. */
  readonly expected: string | null;
  readonly message: string;
}

export interface UsccParts {
  readonly department: string;
  readonly category: string;
  readonly kind: UsccKind;
  /** GB/T 2260 code of the authority that registered; says nothing about the site. */
  readonly authorityRegion: string;
  readonly organisationCode: string;
}

export interface UsccCheck {
  readonly valid: boolean;
  /** Normalised: NFKC, upper case, no spaces or hyphens; at most 64 characters. */
  readonly code: string;
  /** Checks that failed, in the order of the code; empty where `valid`. */
  readonly faults: readonly CodeFault[];
  /** Null where length or symbols are wrong. */
  readonly parts: UsccParts | null;
  readonly kind: UsccKind;
  /** Organ, institution, mass organisation or military (11, 12, 13, A1); only ever true for a valid code. */
  readonly stateUnit: boolean;
  /** A valid code made by reading O as 0, I as 1 and so on; null where there is none. */
  readonly suggestion: string | null;
}

/** NFKC, upper case, without spaces, invisible marks, hyphens and dashes. */
export function normaliseCode(text: string): string {
  const once = text
    .slice(0, 4 * MAX_CODE)
    .toWellFormed()
    .normalize('NFKC')
    .toUpperCase();
  // Upper case may come out decomposed (U+1FD7).
  const marks = /[\s\p{Cc}\p{Cf}\p{Zs}\p{Pd}\u2212]+/gu;
  return once.normalize('NFKC').replace(marks, '').slice(0, MAX_CODE).toWellFormed();
}

function organisationCheck(eight: string): string {
  let sum = 0;
  for (let i = 0; i < 8; i++)
    sum += ORGANISATION_ALPHABET.indexOf(eight[i] ?? '') * (ORGANISATION_WEIGHTS[i] as number);
  const check = 11 - (sum % 11);
  return check === 10 ? 'X' : check === 11 ? '0' : String(check);
}

function usccCheckCharacter(code: string): string {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += ALPHABET.indexOf(code[i] ?? '') * (WEIGHTS[i] as number);
  return ALPHABET[(31 - (sum % 31)) % 31] as string;
}

function lengthFault(code: string, wanted: number, name: string): CodeFault | null {
  if (code === '') return { check: 'empty', position: null, expected: null, message: `${name}: empty` };
  if (code.length === wanted) return null;
  const message = `${name}: ${code.length} characters instead of ${wanted}`;
  return { check: 'length', position: null, expected: null, message };
}

function symbolFaults(code: string): CodeFault[] {
  const faults: CodeFault[] = [];
  for (let i = 0; i < 18; i++) {
    const sign = code[i] ?? '';
    const digitsOnly = i >= 2 && i < 8;
    if (digitsOnly ? /^\d$/.test(sign) : ALPHABET.includes(sign)) continue;
    const meant = LOOK_ALIKES[sign];
    const expected = meant === undefined || (digitsOnly && meant === 'U') ? null : meant;
    const hint = expected === null ? '' : `; ${expected}?`;
    const rule = digitsOnly ? 'positions 3 to 8 are digits' : 'not in the alphabet of the code';
    const message = `position ${i + 1}: "${sign}" ${rule}${hint}`.toWellFormed();
    faults.push({ check: 'symbol', position: i + 1, expected, message });
  }
  return faults;
}

function checkFaults(code: string): CodeFault[] {
  const faults: CodeFault[] = [];
  if (/^(.)\1{17}$/.test(code)) {
    const message = 'eighteen times the same character: a placeholder, not a code';
    faults.push({ check: 'placeholder', position: null, expected: null, message });
  }
  const inner = organisationCheck(code.slice(8, 16));
  if (code[16] !== inner) {
    const message = `position 17: organisation code ${code.slice(8, 16)} needs ${inner}, not ${code[16]}`;
    faults.push({ check: 'organisation_code', position: 17, expected: inner, message });
  }
  const outer = usccCheckCharacter(code);
  if (code[17] !== outer) {
    const message = `position 18: check character must be ${outer}, not ${code[17]}`;
    faults.push({ check: 'check_character', position: 18, expected: outer, message });
  }
  return faults;
}

/**
 * Checks and explains a unified social credit code (GB 32100-2015). Both checks are made and each that fails is named:
 * typing errors often break only one. Never throws, whatever the text.
 */
export function checkUscc(text: string): UsccCheck {
  const code = normaliseCode(text);
  const wrong = (faults: readonly CodeFault[], suggestion: string | null): UsccCheck => ({
    valid: false,
    code,
    faults,
    parts: null,
    kind: 'unknown',
    stateUnit: false,
    suggestion,
  });
  const length = lengthFault(code, 18, 'unified social credit code');
  if (length) return wrong([length], null);
  const symbols = symbolFaults(code);
  if (symbols.length > 0) {
    const meant = code.replace(/[OISVZ]/g, (sign) => LOOK_ALIKES[sign] as string);
    const passes = symbolFaults(meant).length === 0 && checkFaults(meant).length === 0;
    return wrong(symbols, passes ? meant : null);
  }
  const faults = checkFaults(code);
  const { department, category, kind } = usccCategory(code.slice(0, 2));
  const valid = faults.length === 0;
  return {
    valid,
    code,
    faults,
    parts: { department, category, kind, authorityRegion: code.slice(2, 8), organisationCode: code.slice(8, 17) },
    kind,
    stateUnit: valid && STATE_PREFIXES.includes(code.slice(0, 2)),
    suggestion: null,
  };
}

export interface OrganisationCodeCheck {
  readonly valid: boolean;
  /** Nine characters without the hyphen. */
  readonly code: string;
  /** `XXXXXXXX-X`; null where the length is wrong. */
  readonly text: string | null;
  readonly faults: readonly CodeFault[];
}

/**
 * Checks an organisation code of nine characters, with or without its hyphen (GB 11714-1997; positions 9 to 17 of the
 * unified code). The check is a sum mod 11 over values up to 35, so it misses errors whose values differ by 11 or 22.
 */
export function checkOrganisationCode(text: string): OrganisationCodeCheck {
  const code = normaliseCode(text);
  const length = lengthFault(code, 9, 'organisation code');
  if (length) return { valid: false, code, text: null, faults: [length] };
  const faults: CodeFault[] = [];
  for (let i = 0; i < 9; i++) {
    const sign = code[i] ?? '';
    if (i < 8 ? ORGANISATION_ALPHABET.includes(sign) : /^[\dX]$/.test(sign)) continue;
    const rule = i < 8 ? 'neither digit nor letter' : 'the check character is a digit or X';
    faults.push({ check: 'symbol', position: i + 1, expected: null, message: `position ${i + 1}: "${sign}" ${rule}` });
  }
  if (faults.length === 0) {
    const expected = organisationCheck(code.slice(0, 8));
    if (/^0{9}$/.test(code)) {
      faults.push({ check: 'placeholder', position: null, expected: null, message: 'nine zeros: a placeholder' });
    } else if (code[8] !== expected) {
      const message = `position 9: check character must be ${expected}, not ${code[8]}`;
      faults.push({ check: 'check_character', position: 9, expected, message });
    }
  }
  return { valid: faults.length === 0, code, text: `${code.slice(0, 8)}-${code.slice(8)}`, faults };
}

export interface RegistrationNumberCheck {
  readonly valid: boolean;
  readonly number: string;
  /** First six digits: the authority that registered; null where the length is wrong. */
  readonly authorityRegion: string | null;
  readonly faults: readonly CodeFault[];
}

/** Checks a business registration number of 15 digits, in use before 2015 (ISO 7064, MOD 11,10 over 14 digits). */
export function checkRegistrationNumber(text: string): RegistrationNumberCheck {
  const number = normaliseCode(text);
  const length = lengthFault(number, 15, 'registration number');
  if (length) return { valid: false, number, authorityRegion: null, faults: [length] };
  const odd = number.search(/[^0-9]/);
  if (odd >= 0) {
    const expected = LOOK_ALIKES[number[odd] ?? ''] ?? null;
    const message = `position ${odd + 1}: "${number[odd]}" is no digit`;
    const fault: CodeFault = { check: 'symbol', position: odd + 1, expected, message };
    return { valid: false, number, authorityRegion: null, faults: [fault] };
  }
  let product = 10;
  for (let i = 0; i < 14; i++) {
    const sum = (product + Number(number[i])) % 10 || 10;
    product = (sum * 2) % 11;
  }
  const expected = String((11 - product) % 10);
  const faults: CodeFault[] = [];
  if (/^0{15}$/.test(number)) {
    faults.push({ check: 'placeholder', position: null, expected: null, message: 'fifteen zeros: a placeholder' });
  } else if (number[14] !== expected) {
    const message = `position 15: check digit must be ${expected}, not ${number[14]}`;
    faults.push({ check: 'check_character', position: 15, expected, message });
  }
  return { valid: faults.length === 0, number, authorityRegion: number.slice(0, 6), faults };
}
