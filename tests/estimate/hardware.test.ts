import { describe, expect, test } from 'vitest';
import { estimateEnergy } from '../../src/estimate/energy.ts';
import { findMachine, parseHardware } from '../../src/estimate/hardware.ts';
import { codes, input, TABLES } from './energy-tables.ts';

const NONE: ReadonlySet<string> = new Set();

describe('the hardware table', () => {
  test('has all 184 rows: 99 of ASICs, 76 of cards, 9 of processors; 70 machines for SHA-256', () => {
    const { rows } = TABLES.hardware;
    const count = (name: string): number => rows.filter((row) => row.class === name).length;
    expect([rows.length, count('asic'), count('gpu'), count('cpu')]).toEqual([184, 99, 76, 9]);
    expect(rows.filter((row) => row.algorithm === 'sha256d')).toHaveLength(70);
    expect(new Set(rows.map((row) => row.id)).size).toBe(184);
  });

  test.each([
    ['sha256d.antminer-s9-13.5t', 98],
    ['sha256d.antminer-s19-pro', 29.5],
    ['sha256d.antminer-s21', 17.5],
    ['sha256d.whatsminer-m30s-plus-plus', 32.75],
  ])('%s takes %d J/TH', (id, joules) => {
    expect((TABLES.hardware.rows.find((row) => row.id === id)?.joules ?? 0) * 1e12).toBeCloseTo(joules, 1);
  });
});

describe('finding a machine by the name that people write', () => {
  test.each([
    ['Antminer S19', 'sha256d.antminer-s19'],
    ['antminer s19 95T', 'sha256d.antminer-s19'],
    ['Bitmain Antminer S19 (95TH/s)', 'sha256d.antminer-s19'],
    ['蚂蚁矿机S19', 'sha256d.antminer-s19'],
    ['S19 Pro', 'sha256d.antminer-s19-pro'],
    ['S9', 'sha256d.antminer-s9-13.5t'],
    ['S9 14T', 'sha256d.antminer-s9-13.5t'],
    ['神马M30S++', 'sha256d.whatsminer-m30s-plus-plus'],
    ['WhatsMiner M30S+', 'sha256d.whatsminer-m30s-plus'],
    ['Ｍ３０Ｓ', 'sha256d.whatsminer-m30s'],
    ['NVIDIA GeForce RTX 3050', 'ethash.rtx-3050'],
    ['AMD EPYC 7742', 'randomx.epyc-7742'],
    ['T19', 'sha256d.antminer-t19'],
  ])('%s', (model, id) => {
    expect(findMachine(TABLES.hardware, model, NONE)?.rows.map((row) => row.id)).toEqual([id]);
  });

  test.each(['', '   ', 'Antminer', 'Antminer S99', '95T', 'toaster', 'x'.repeat(100_000), '\u0000'])(
    'unknown names stay unknown (%#)',
    (model) => {
      expect(findMachine(TABLES.hardware, model, NONE)).toBeNull();
    },
  );

  test('several variants give a band; the algorithm chooses among those of a card', () => {
    const variants = findMachine(TABLES.hardware, 'S19j Pro', NONE);
    expect(variants?.watts).toEqual({ low: 3050, mid: 3059, high: 3068 });
    const card = findMachine(TABLES.hardware, 'RTX 3080', NONE);
    expect([card?.watts.low, card?.watts.high]).toEqual([200, 220]);
    const kawpow = findMachine(TABLES.hardware, 'RTX 3080', new Set(['kawpow']));
    expect(kawpow?.watts).toEqual({ low: 220, mid: 220, high: 220 });
  });
});

describe('an inventory', () => {
  const made = (model: string, count: number, watts: number | null) =>
    estimateEnergy(input({ machines: [{ model, count, watts }] }), TABLES);

  test('machines at their rating within 10 %', () => {
    const { itKw } = made('Antminer S19', 100, null);
    expect([itKw.low, itKw.mid, itKw.high]).toEqual([292.5, 325, 357.5].map((kw) => expect.closeTo(kw, 9)));
  });

  test('cards with power supply and host: a rig of six to eight draws 0.8 to 2.2 kW', () => {
    const six = made('RTX 3060 Ti', 6, null).itKw.mid;
    const eight = made('RTX 3090', 8, null).itKw.mid;
    expect(six).toBeGreaterThan(0.7);
    expect(eight).toBeLessThan(2.5);
    expect(six).toBeCloseTo((6 * (((105 + 130 + 110) / 3) * 1.1 + 60 / 7)) / 1000, 9);
  });

  test('the power stated wins over the table, and prices models that the table does not know', () => {
    expect(made('Antminer S19', 2, 4000).itKw.mid).toBeCloseTo(8, 9);
    expect(made('Toaster 9000', 2, 1000).itKw.mid).toBeCloseTo(2, 9);
  });

  test('what cannot be priced is named, and the rest is too low', () => {
    const machines = [
      { model: 'Antminer S19', count: 1, watts: null },
      { model: 'Toaster 9000', count: 500, watts: null },
    ];
    const partly = estimateEnergy(input({ machines }), TABLES);
    expect(partly.method).toBe('inventory');
    expect(partly.unestimated?.[0]?.what).toBe('500 × Toaster 9000');
    expect(codes(partly.notes)).toContain('inventory_incomplete');
    const nothing = estimateEnergy(input({ machines: machines.slice(1), connections: 2 }), TABLES);
    expect(nothing.method).toBe('connections');
    expect(nothing.unestimated).toHaveLength(1);
  });
});

test('faults name file, line and what to do; the other rows hold', () => {
  const heading = 'id,algorithm,class,model,hashrate,unit,power_w,release_year,grade,version,date,source,remark';
  const rows = [
    '# a comment',
    heading,
    'a,sha256d,asic,One,1,TH,100,2020,A,1,2026-01-01,here,',
    'a,sha256d,asic,Twice,1,TH,100,2020,A,1,2026-01-01,here,',
    'b,sha256d,abacus,Two,1,TH,100,2020,A,1,2026-01-01,here,',
    'c,sha256d,asic,Three,-1,TH,1e99,2020,A,1,2026-01-01,here,',
    'd,sha256d,asic,Four,1,LightYears,100,2020,A,1,2026-13-01,here,',
    'e,sha256d,asic,Five,1,TH',
  ];
  const { table, faults } = parseHardware(`\ufeff${rows.join('\r\n')}`, 'mine.csv');
  expect(table.rows.map((row) => row.model)).toEqual(['One']);
  expect(faults.map(({ file, line }) => `${file}:${line}`)).toEqual(
    [4, 5, 6, 6, 7, 7, 8].map((line) => `mine.csv:${line}`),
  );
  expect(faults[1]?.message).toBe('class is "abacus": write one of asic, gpu, cpu');
});
