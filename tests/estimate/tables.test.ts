import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEfficiency } from '../../src/estimate/efficiency.ts';
import { parseSurcharge } from '../../src/estimate/surcharge-table.ts';
import { dayNumber, dayText } from '../../src/estimate/tables.ts';
import { type EnergyTables, parseEnergyTables } from '../../src/estimate/tables-energy.ts';
import { parsePue, parseScale } from '../../src/estimate/tables-site.ts';
import { shippedText, shippedTexts } from './energy-tables.ts';

const NAMES: readonly (keyof EnergyTables)[] = ['hardware', 'efficiency', 'pue', 'scale', 'surcharge'];

describe('the tables that ship', () => {
  test('have no fault', () => {
    expect(parseEnergyTables(shippedTexts()).faults).toEqual([]);
  });

  test('carry version, date and source in every row', () => {
    for (const name of NAMES) {
      const lines = shippedText(name).text.split('\n');
      const heading = lines.find((line) => !line.startsWith('#'))?.split(',') ?? [];
      expect(heading).toEqual(expect.arrayContaining(['version', 'date', 'source']));
    }
  });

  test('name the 31 provinces, the Corps and the national default', () => {
    const { table } = parseSurcharge(shippedText('surcharge').text, 'surcharge.csv');
    const own = [...table.byRegion.keys()];
    expect(own).toHaveLength(33);
    expect(own.filter((code) => /^\d{2}$/.test(code))).toHaveLength(31);
    expect(own).toEqual(expect.arrayContaining(['CN', 'XPCC']));
  });

  test('give the same version for the same text, whatever its line ends', () => {
    const { text } = shippedText('pue');
    const version = parsePue(text, 'pue.csv').table.version;
    expect(version).toMatch(/^2026\.11\+[0-9a-f]{8}$/);
    expect(parsePue(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'x').table.version).toBe(version);
    expect(parsePue(text.replace('1.40', '1.41'), 'x').table.version).not.toBe(version);
  });
});

describe('replaced tables', () => {
  const messages = (parsed: { readonly faults: readonly { readonly line: number; readonly message: string }[] }) =>
    parsed.faults.map(({ line, message }) => `${line}: ${message}`);

  test('lack columns', () => {
    expect(messages(parsePue('site,quantity,low,mid\n', 'pue.csv'))[0]).toBe(
      '1: lacks the columns high, remark, version, date, source: add them to the heading',
    );
    expect(messages(parseScale('', 'scale.csv'))[0]).toMatch(/^0: is empty: begin with kind,key/);
  });

  test('have bands out of order, numbers that are none, rows that overlap', () => {
    const heading = 'algorithm,unit,valid_from,valid_to,condition,low,mid,high,basis,version,date,source,remark\n';
    const row = (cells: string): string[] => messages(parseEfficiency(`${heading}${cells}`, 'e.csv'));
    expect(row('a,J/TH,,,,3,2,1,fleet,1,2026-01-01,s,')).toEqual([
      '2: low, mid and high are not in order of size: sort them',
    ]);
    expect(row('a,J/TH,,,,1,2,NaN,fleet,1,2026-01-01,s,')[0]).toMatch(/^2: high is "NaN": write a number from/);
    expect(row('a,J/TH,2026-02-30,,,1,2,3,fleet,1,2026-01-01,s,')[0]).toMatch(/^2: valid_from is "2026-02-30"/);
    expect(row('a,J/TH,2026-02,2026-01,,1,2,3,fleet,1,2026-01-01,s,')[0]).toMatch(/^2: valid_from lies after/);
    const two = 'a,J/TH,,2026-05,,1,2,3,fleet,1,2026-01-01,s,\na,J/TH,2026-05-31,,,1,2,3,fleet,1,2026-01-01,s,';
    expect(row(two)).toEqual(['3: overlaps in time with the row of line 2: end one before the other']);
    expect(row(two.replace('05-31', '06-01'))).toEqual([]);
    expect(row('a,J/TH,,,,1,2,3,fleet,,2026-01-01,,')).toEqual([
      '2: version is empty: fill it in',
      '2: source is empty: fill it in',
    ]);
  });

  test('lack figures: built-in ones stand in, and the fault names them', () => {
    const text = shippedText('scale').text.replace(/^marginal.*\n/m, '');
    const { table, faults } = parseScale(text, 'scale.csv');
    expect(faults).toEqual([
      { file: 'scale.csv', line: 0, message: 'lacks marginal passive: add rows; built-in figures stand in' },
    ]);
    expect(table.figures.get('marginal passive')?.mid).toBe(0.6);
    const pue = parsePue(shippedText('pue').text.replace(/^office,pue.*\n/m, ''), 'pue.csv');
    expect(messages(pue)).toEqual(['0: lacks pue of office: add rows']);
  });

  test('have aliases that lead nowhere', () => {
    const texts = shippedTexts();
    const text = texts.scale.text.replace('alias,kawpow,kawpow', 'alias,kawpow,kowpow');
    expect(messages(parseEnergyTables({ ...texts, scale: { ...texts.scale, text } }))[0]).toMatch(
      /^0: alias kawpow points to kowpow, which efficiency.csv does not have/,
    );
  });

  test('lack the national rate', () => {
    const text = shippedText('surcharge').text.replace(/^CN,.*\n/m, '');
    expect(messages(parseSurcharge(text, 's'))[0]).toMatch(/^0: lacks the row CN/);
  });

  test('end in a quote that never closes: what came before is read, the place is named', () => {
    const { text } = shippedText('pue');
    const { table, faults } = parsePue(`${text}office,pue,1,1,1,1,2026-01-01,"never closed\n`, 'pue.csv');
    expect(table.pue.data_centre.mid).toBe(1.4);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.message).toMatch(/^is no CSV from here on/);
  });

  test('are anything: never a throw, faults bounded', () => {
    const texts = shippedTexts();
    const sample = fc.constantFrom(...NAMES);
    const edit = fc.tuple(
      sample,
      fc.nat(20_000),
      fc.nat(200),
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', ',', '\n', '\u0000', '#')),
    );
    fc.assert(
      fc.property(edit, ([name, at, cut, put]) => {
        const { text, fileName } = texts[name];
        const place = at % text.length;
        const changed = text.slice(0, place) + put + text.slice(place + cut);
        const { faults } = parseEnergyTables({ ...texts, [name]: { text: changed, fileName } });
        expect(faults.length).toBeLessThan(600);
      }),
      { seed: 8, numRuns: 300 },
    );
    expect(parsePue('x'.repeat(9_000_000), 'pue.csv').faults[0]?.message).toMatch(/characters where/);
    const many = parsePue(
      `site,quantity,low,mid,high,version,date,source,remark\n${'a,b\n'.repeat(60_000)}`,
      'pue.csv',
    );
    expect(many.faults.length).toBeLessThan(110);
    const wide = Array.from({ length: 9000 }, (_, n) => `c${n}`).join();
    expect(parsePue(wide, 'pue.csv').faults[0]?.message).toMatch(/^names 9000 columns/);
  });
});

test('days', () => {
  expect(dayNumber('1970-01-02')).toBe(1);
  expect(dayText(dayNumber('2024-02-29') ?? 0)).toBe('2024-02-29');
  for (const text of ['2023-02-29', '2023-2-1', '', '20230201', '1899-12-31', '2023-13-01'])
    expect(dayNumber(text)).toBeNull();
});
