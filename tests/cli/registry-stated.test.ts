/** What a command states of its files reaches the rows of every layout, and places get the code of their division. */
import { describe, expect, test } from 'vitest';
import type { AddressRow, Place, RegistryRow } from '../../src/attribution/types.ts';
import { Reference } from '../../src/cli/reference.ts';
import { type Statement, statedRows } from '../../src/cli/registry-stated.ts';
import { csv, imported, TABLES } from '../attribution/import/samples.ts';

const { divisions } = new Reference(null);
const NOTHING: Statement = { clockError: 0, realm: null, carrier: null, divisions };

describe('every layout', () => {
  test.each(Object.keys(TABLES))('%s: error of the clock, carrier, and nothing else', async (id) => {
    const { rows } = await imported(csv(TABLES[id] as readonly (readonly string[])[]));
    const stated = statedRows({ ...NOTHING, clockError: 7, carrier: '甲' });
    const plain = statedRows(NOTHING);
    for (const { value } of rows) {
      const row = stated(value);
      if (row.family === 'address') expect(row.clockError).toBe(7);
      else
        expect(row.key).toBe(
          row.kind === 'customer' ? `甲/${(value as { key: string }).key}` : value.family === 'site' ? value.key : '',
        );
      expect(row.account).toBe(value.account === null ? null : `甲/${value.account}`);
      expect([row.valid, row.party, row.checked]).toEqual([value.valid, value.party, value.checked]);
      expect({ ...plain(value), places: [] }).toEqual({ ...value, places: [] });
    }
  });

  test('a row that tells its own error keeps it; private addresses get the realm', () => {
    const base = { family: 'address', kind: 'nat_block', first: '10.0.0.1', realm: null, clockError: 2, places: [] };
    const row = { ...base, account: null, inside: { address: '100.64.0.1', realm: null } } as unknown as AddressRow;
    const stated = statedRows({ ...NOTHING, clockError: 7, realm: 'r' })(row);
    expect(stated).toMatchObject({ clockError: 2, realm: 'r', inside: { realm: 'r' } });
  });
});

describe('divisions', () => {
  const stated = statedRows(NOTHING);
  const place = (kind: Place['kind'], text: string, region: string | null = null): Place => ({
    ...{ kind, region, text, detail: null },
  });
  const regions = (kind: string, extra: Record<string, string>, ...places: Place[]): (string | null)[] =>
    stated({ family: 'address', kind, extra, places, account: null } as unknown as RegistryRow).places.map(
      ({ region }) => region,
    );

  test.each([
    ['filing', { region: '宁夏回族自治区 中卫市 沙坡头区' }, '640502'],
    ['filing', { region: '宁夏 中卫 沙坡头区' }, '640502'],
    ['filing', { region: '宁夏回族自治区中卫市沙坡头区' }, '640502'],
    ['filing', { region: '宁夏回族自治区 中卫市 示例区' }, '640500'],
    ['filing', { region: '示例省 示例市 示例区' }, null],
    ['resource', { city: '中卫市', county: '沙坡头区' }, '640502'],
    ['resource', { city: '640500', county: '640502' }, '640502'],
    ['resource', { region: '宁夏回族自治区' }, null],
    ['isms', { region: '中卫市沙坡头区' }, '640502'],
    ['session', { region: '宁夏回族自治区 中卫市 沙坡头区' }, null],
    ['filing', {}, null],
  ] as const)('%s %j', (kind, extra, code) => {
    expect(regions(kind, extra, place('filing', '云谷路1号'))).toEqual([code]);
  });

  test('the text of the place itself is nearer, the finer of the two counts, a code that is there stays', () => {
    const beside = { region: '宁夏回族自治区 中卫市 沙坡头区' };
    expect(regions('filing', beside, place('filing', '宁夏银川市兴庆区示例路1号'))).toEqual(['640104']);
    expect(regions('filing', beside, place('filing', '宁夏中卫市示例路1号'))).toEqual(['640502']);
    expect(regions('filing', {}, place('filing', '宁夏中卫市沙坡头区示例路1号'))).toEqual(['640502']);
    expect(regions('filing', beside, place('filing', '宁夏银川市', '110101'))).toEqual(['110101']);
    expect(regions('filing', beside, place('gateway', '某机房'), place('registered', '某路1号'))).toEqual([null, null]);
  });
});
