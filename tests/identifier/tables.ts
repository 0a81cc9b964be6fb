/** The reference tables that ship, read once for all tests of identifiers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CodeTable, parseCodes } from '../../src/identifier/codes.ts';
import { type Divisions, parseDivisions } from '../../src/identifier/divisions.ts';
import { type NamePatterns, parseNamePatterns } from '../../src/identifier/flags.ts';

export function referenceText(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', '..', 'signatures', 'reference', name), 'utf8');
}

export const DIVISIONS: Divisions = parseDivisions(referenceText('divisions.csv'));
export const CODES: CodeTable = parseCodes(referenceText('codes.csv'));
export const PATTERNS: NamePatterns = parseNamePatterns(referenceText('name-patterns.csv'));
