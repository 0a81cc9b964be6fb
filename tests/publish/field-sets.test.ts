import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEPARTMENT_TERMS } from '../../src/common/terms.ts';
import { DEPARTMENTS, departmentOf, HandOverError, parseFieldSets } from '../../src/publish/field-sets.ts';

const TEXT = readFileSync(join(import.meta.dirname, '..', '..', 'signatures/reference/field-sets.csv'), 'utf8');
/** The table with a cell of a row replaced. */
const changed = (row: string, from: string, to: string): string =>
  TEXT.split('\n')
    .map((line) => (line.startsWith(`${row},`) ? line.replace(from, to) : line))
    .join('\n');

describe('the field-set table', () => {
  test('is read with its version; names in both languages', () => {
    const sets = parseFieldSets(TEXT);
    expect(sets).toMatchObject({ version: '2026.11', date: '2026-11-22' });
    expect(sets.names.power_account).toEqual({ zh: '电力户号', en: 'power account number' });
    expect(Object.keys(sets.departments)).toEqual(Object.keys(DEPARTMENT_TERMS));
  });

  test.each([
    [
      'a word that is no level',
      changed('address', 'full,full,reduced', 'full,ful,reduced'),
      /address for cac is "ful"; it may be/,
    ],
    [
      'a level that the field cannot have',
      changed('enterprise', 'full', 'reduced'),
      /enterprise for ndrc is "reduced"/,
    ],
    ['persons to anybody but the police', changed('person', ',none,none', ',document,none'), /police alone/],
    ['persons in full', changed('person', 'document', 'full'), /person for police is "full"/],
    ['a row too few', TEXT.replace(/^ip,.*\n/m, ''), /no row for ip/],
    ['a row twice', `${TEXT}${TEXT.split('\n').find((line) => line.startsWith('ip,'))}\n`, /a second time/],
    ['a field that is none', `${TEXT}face,,,${'none,'.repeat(10)},,,\n`, /unknown field "face"/],
    ['no version', TEXT.replace('# version: 2026.11\n', ''), /no line "# version/],
    ['a department too few', TEXT.replaceAll('carrier,version', 'carriage,version'), /carrier missing/],
    ['nothing', '', /missing/],
  ])('sends nothing with %s', (_, text, message) => {
    expect(() => parseFieldSets(text)).toThrow(HandOverError);
    expect(() => parseFieldSets(text)).toThrow(message);
  });

  test('an error is one line with exit code 2', () => {
    for (const broken of ['', '"', changed('ip', 'full', '"a\nb"')]) {
      try {
        parseFieldSets(broken);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ name: 'HandOverError', exitCode: 2 });
        expect((error as Error).message).not.toMatch(/[\r\n]/);
      }
    }
  });

  test('any text is a table or a HandOverError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(TEXT.length), (noise, at) => {
        try {
          parseFieldSets(TEXT.slice(0, at) + noise + TEXT.slice(at));
        } catch (error) {
          expect(error).toBeInstanceOf(HandOverError);
        }
      }),
    );
  });

  test('departments by name', () => {
    for (const department of DEPARTMENTS) expect(departmentOf(department)).toBe(department);
    expect(() => departmentOf('toString')).toThrow(/unknown department "toString"; known are ndrc/);
  });
});
