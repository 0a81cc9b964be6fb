import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CodeCheck,
  checkOrganisationCode,
  checkRegistrationNumber,
  checkUscc,
} from '../../src/identifier/uscc.ts';
import type { UsccKind } from '../../src/identifier/uscc-category.ts';

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** The standard's example first; the others are invented. */
const VALID: readonly (readonly [code: string, kind: UsccKind, state: boolean])[] = [
  ['91350100M000100Y43', 'enterprise', false],
  ['91441900MA00TE1T7H', 'enterprise', false],
  ['916405020000000783', 'enterprise', false],
  ['91650109MA00TE2T3Q', 'enterprise', false],
  ['91440000MA00TE4T6L', 'enterprise', false],
  ['92211202MAFAKE019L', 'individual_business', false],
  ['12330300000000123R', 'institution', true],
  ['11640000000000238U', 'state_organ', true],
  ['52110000000000342T', 'private_non_enterprise', false],
];
const codes = fc.constantFrom(...VALID.map(([code]) => code));
const failed = (text: string): CodeCheck[] => checkUscc(text).faults.map(({ check }) => check);

describe('unified social credit code', () => {
  test.each(VALID)('%s is valid: %s', (code, kind, stateUnit) => {
    expect(checkUscc(code)).toMatchObject({ valid: true, code, faults: [], kind, stateUnit, suggestion: null });
  });

  test('the worked example: both check characters are computed', () => {
    expect(checkUscc('91441900MA00TE1T7H').parts).toEqual({
      department: '市场监管（原工商）',
      category: '企业',
      kind: 'enterprise',
      authorityRegion: '441900',
      organisationCode: 'MA00TE1T7',
    });
    expect(checkUscc('91441900MA00TE1T7A').faults).toMatchObject([{ check: 'check_character', expected: 'H' }]);
    // 6 for 7 as the inner check breaks the outer as well; the outer then names what it would have to be.
    expect(failed('91441900MA00TE1T6H')).toEqual(['organisation_code', 'check_character']);
    expect(checkUscc('91441900MA00TE1T6H').faults[0]).toMatchObject({ position: 17, expected: '7' });
  });

  test('one check alone may fail, and it is named', () => {
    // Inner check wrong, outer computed over it: 91441900MA00TE1T6 needs another last character.
    const outer = checkUscc('91441900MA00TE1T6H').faults[1]?.expected;
    expect(failed(`91441900MA00TE1T6${outer}`)).toEqual(['organisation_code']);
  });

  test.each<[string, string, CodeCheck[]]>([
    ['empty', '', ['empty']],
    ['only marks', ' -　\u200b', ['empty']],
    ['short', '91441900MA00TE1T7', ['length']],
    ['long', '91441900MA00TE1T7H0', ['length']],
    ['letter in the region', '91A41900MA00TE1T7H', ['symbol']],
    ['two neighbours swapped', '91449100MA00TE1T7H', ['check_character']],
    ['all zeros pass both sums and are no code', '000000000000000000', ['placeholder']],
  ])('%s', (_, text, checks) => {
    expect(failed(text)).toEqual(checks);
    expect(checkUscc(text)).toMatchObject({ valid: false, stateUnit: false });
  });

  test.each([
    ['lower case', '91441900ma00te1t7h'],
    ['full width', '９１４４１９００ＭＡ００ＴＥ１Ｔ７Ｈ'],
    ['spaces and hyphens', ' 914419-00 MA00TE1T\u30007－H\t'],
  ])('is normalised: %s', (_, text) => {
    expect(checkUscc(text)).toMatchObject({ valid: true, code: '91441900MA00TE1T7H' });
  });

  test.each([
    ['O', '0', '914419O0MA00TE1T7H', 7],
    ['I', '1', '9I441900MA00TE1T7H', 2],
    ['Z', '2', '9165010900000000ZX', 17],
    ['S', '5', '91S50100M000100Y43', 3],
    ['V', 'U', '11640000000000238V', 18],
  ])('%s is no symbol of the code: %s?', (sign, meant, code, position) => {
    const { faults, valid, suggestion } = checkUscc(code);
    expect(valid).toBe(false);
    expect(faults[0]).toMatchObject({ check: 'symbol', position, expected: meant });
    expect(faults[0]?.message).toContain(`"${sign}"`);
    expect(faults[0]?.message).toContain(`${meant}?`);
    // A suggestion is made only where it passes both checks.
    if (suggestion !== null) expect(checkUscc(suggestion).valid).toBe(true);
  });

  test('a suggestion is made where reading the letter as its look-alike gives a valid code', () => {
    expect(checkUscc('914419OOMAOOTE1T7H').suggestion).toBe('91441900MA00TE1T7H');
    expect(checkUscc('9I4419OOMAOOTE1T7A').suggestion).toBe(null);
  });

  test('a state unit is named only by a valid code', () => {
    expect(checkUscc('12330300000000123R').stateUnit).toBe(true);
    expect(checkUscc('12330300000000124R').stateUnit).toBe(false);
    expect(checkUscc('12330300000000124R').kind).toBe('institution');
  });

  test('any change of one character is caught', () => {
    for (const [code] of VALID) {
      for (let at = 0; at < 18; at++) {
        for (const sign of ALPHABET) {
          if (sign === code[at]) continue;
          expect(checkUscc(code.slice(0, at) + sign + code.slice(at + 1)).valid).toBe(false);
        }
      }
    }
  });

  test('any swap of unequal neighbours is caught', () => {
    let swaps = 0;
    for (const [code] of VALID) {
      for (let at = 0; at < 17; at++) {
        const [a, b] = [code[at] ?? '', code[at + 1] ?? ''];
        if (a === b) continue;
        swaps++;
        expect(checkUscc(code.slice(0, at) + b + a + code.slice(at + 2)).valid).toBe(false);
      }
    }
    expect(swaps).toBeGreaterThan(80);
  });

  test('any change of one character and any swap is caught in every code that passes', () => {
    const seventeen = fc.tuple(codes, fc.stringMatching(/^\d{6}$/), fc.stringMatching(/^[0-9A-HJ-NPQRTUWXY]{8}$/));
    const made = seventeen.map(([code, region, eight]) => {
      const start = code.slice(0, 2) + region + eight;
      const inner = checkUscc(`${start}00`).faults.find(({ check }) => check === 'organisation_code')?.expected ?? '0';
      const outer = checkUscc(`${start}${inner}0`).faults.find(({ check }) => check === 'check_character')?.expected;
      return start + inner + (outer ?? '0');
    });
    fc.assert(
      fc.property(made, fc.nat(17), fc.constantFrom(...ALPHABET), (code, at, sign) => {
        expect(checkUscc(code).valid).toBe(true);
        if (code[at] !== sign) expect(checkUscc(code.slice(0, at) + sign + code.slice(at + 1)).valid).toBe(false);
        const [a, b] = [code[at], code[at + 1]];
        if (b !== undefined && a !== b) {
          expect(checkUscc(code.slice(0, at) + b + a + code.slice(at + 2)).valid).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, and normalising twice is normalising once', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ unit: 'grapheme', maxLength: 80 }));
    fc.assert(
      fc.property(text, (input) => {
        const first = checkUscc(input);
        expect(first.code.length).toBeLessThanOrEqual(64);
        expect(checkUscc(first.code).code).toBe(first.code);
        checkOrganisationCode(input);
        checkRegistrationNumber(input);
      }),
      // Found: upper case comes out decomposed.
      { examples: [['\u1fd7']] },
    );
  });
});

describe('organisation code', () => {
  test.each([
    ['MA00TE1T-7', 'MA00TE1T-7'],
    ['ma00te1t7', 'MA00TE1T-7'],
    ['00000007-8', '00000007-8'],
    ['MAFAKE01-9', 'MAFAKE01-9'],
  ])('%s is valid', (text, printed) => {
    expect(checkOrganisationCode(text)).toMatchObject({ valid: true, text: printed, faults: [] });
  });

  test('the last one is a digit or X, 10 is X and 11 is 0', () => {
    const made = (eight: string): string => checkOrganisationCode(`${eight}?`).text ?? '';
    expect(made('MA00TE1T')).toBe('MA00TE1T-?');
    const letters = new Set<string>();
    for (let i = 1; i < 200; i++) {
      const eight = String(i).padStart(8, '0');
      const wrong = checkOrganisationCode(`${eight}0`).faults[0]?.expected;
      letters.add(wrong ?? '0');
      expect(checkOrganisationCode(`${eight}${wrong ?? '0'}`).valid).toBe(true);
    }
    expect([...letters].sort().join('')).toBe('0123456789X');
  });

  test.each([
    ['MA00TE1T-6', 'check_character'],
    ['MA00TE1T-A', 'symbol'],
    ['MA00TE1', 'length'],
    ['', 'empty'],
    ['00000000-0', 'placeholder'],
  ])('%s fails: %s', (text, check) => {
    expect(checkOrganisationCode(text).faults[0]?.check).toBe(check);
  });

  test('what the sum mod 11 cannot see: signs whose values differ by 11', () => {
    // 0 and B (11) count the same. The unified code around it catches the same error.
    expect(checkOrganisationCode('MAB0TE1T-7').valid).toBe(true);
    expect(checkUscc('91441900MAB0TE1T7H').valid).toBe(false);
  });

  test('any change of one digit, and any swap of neighbours that are digits, is caught', () => {
    const digits = fc.stringMatching(/^\d{8}$/).filter((eight) => eight !== '00000000');
    fc.assert(
      fc.property(digits, fc.nat(7), fc.integer({ min: 1, max: 9 }), (eight, at, step) => {
        const code = eight + (checkOrganisationCode(`${eight}0`).faults[0]?.expected ?? '0');
        const other = (Number(code[at]) + step) % 10;
        expect(checkOrganisationCode(code.slice(0, at) + other + code.slice(at + 1)).valid).toBe(false);
        const [a, b] = [code[at] ?? '', code[at + 1] ?? ''];
        if (at < 7 && a !== b)
          expect(checkOrganisationCode(code.slice(0, at) + b + a + code.slice(at + 2)).valid).toBe(false);
      }),
    );
  });
});

describe('registration number', () => {
  test('the check digit', () => {
    expect(checkRegistrationNumber('110108000000016')).toMatchObject({ valid: true, authorityRegion: '110108' });
    expect(checkRegistrationNumber('1101 0800 0000 016').valid).toBe(true);
    expect(checkRegistrationNumber('110108000000017').faults).toMatchObject([{ position: 15, expected: '6' }]);
    expect(checkRegistrationNumber('11010800000001O').faults).toMatchObject([{ position: 15, expected: '0' }]);
    expect(checkRegistrationNumber('1101080000000').faults).toMatchObject([{ check: 'length' }]);
  });

  test('any change of one digit is caught', () => {
    for (let at = 0; at < 15; at++) {
      for (let digit = 0; digit < 10; digit++) {
        const number = `110108000000016`;
        if (number[at] === String(digit)) continue;
        expect(checkRegistrationNumber(number.slice(0, at) + digit + number.slice(at + 1)).valid).toBe(false);
      }
    }
  });
});
