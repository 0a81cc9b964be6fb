/** All addresses are invented; the divisions in them are real. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  normaliseAddress,
  type ParsedAddress,
  parseAddress,
  sameAddress,
  siteKey,
} from '../../src/identifier/address-text.ts';
import { TABLE } from './addresses.ts';
import { DIVISIONS } from './tables.ts';

const parse = (raw: string, given: string | null = null): ParsedAddress => parseAddress(raw, DIVISIONS, given);
const key = (raw: string, given: string | null = null): string | null => siteKey(parse(raw, given));

describe('parseAddress', () => {
  test.each(TABLE)('%s', (raw, parts) => {
    const { raw: kept, contradictions, ...rest } = parse(raw);
    const named = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
    expect(named).toEqual(parts);
    expect(kept).toBe(raw);
    expect(contradictions).toEqual([]);
  });

  test('the table is as long as promised', () => expect(TABLE.length).toBeGreaterThanOrEqual(40));

  test('the same with dashes and signs of other kinds', () => {
    expect(parse('惠城区云谷路１－３号').number).toBe('1-3号');
    expect(parse('惠城区云谷路1号3＃楼').building).toBe('3#楼');
  });
});

describe('contradictions', () => {
  test('a city outside its province: the text stays as written, the first name counts', () => {
    const found = parse('山西省西安市雁塔区示例路1号');
    expect(found.region_code).toBe('140000');
    expect(found.contradictions[0]).toEqual({ code: 'region_not_inside', text: '西安市 is not in 山西省' });
    expect(siteKey(found)).toBe(null);
    expect(parse('陕西省西安市雁塔区示例路1号')).toMatchObject({ region_code: '610113', contradictions: [] });
  });

  test('a code that says otherwise is reported, not believed', () => {
    const found = parse('广东省惠州市惠城区云谷路1号', '640502');
    expect(found.region_code).toBe('441302');
    expect(found.contradictions).toEqual([
      {
        code: 'region_code_differs',
        text: 'region code 640502 is 宁夏回族自治区 中卫市 沙坡头区, the text says 广东省 惠州市 惠城区',
      },
    ]);
  });

  test.each<[string, string | null, string | null, number]>([
    ['云谷路1号', '640502', '640502', 0],
    ['惠州市云谷路1号', '441302', '441302', 0],
    ['惠城区云谷路1号', '440000', '441302', 0],
    ['惠城区云谷路1号', '441300', '441302', 0],
    ['密云县示例路1号', '110228', '110118', 0],
    ['惠城区云谷路1号', '999999', '441302', 1],
    ['惠城区云谷路1号', 'abc', '441302', 1],
    ['惠城区云谷路1号', '', '441302', 0],
    ['朝阳区示例路1号', null, null, 1],
    ['朝阳区示例路1号', '110000', '110105', 0],
    ['朝阳区示例路1号', '220100', '220104', 0],
  ])('%s with code %s is in %s, %i remarks', (raw, given, region, remarks) => {
    const found = parse(raw, given);
    expect(found.region_code).toBe(region);
    expect(found.contradictions).toHaveLength(remarks);
    expect(found).toMatchObject({ number: '1号' });
  });
});

describe('siteKey', () => {
  const SAME: readonly (readonly string[])[] = [
    [
      '广东省惠州市惠城区云谷路1号2号楼3层',
      '广东惠州惠城区云谷路1号2号楼三层',
      '惠城区云谷路１号２号楼',
      '惠城区云谷路一号二号楼5层',
      '广东省惠州市广东省惠州市惠城区云谷路1号2栋',
      '广东省惠州市惠城区 云谷路 1號 2＃樓',
      '广东省惠州市惠城区云谷路01号2幢301室',
      '惠城区示例街道云谷路1号2号楼',
      '惠城区云谷产业园云谷路1号2号楼',
    ],
    ['宁夏中卫市沙坡头区示例产业园2号楼', '沙坡头区示例产业园区二号楼三层机房', '中卫市沙坡头区示例产业园2栋1层'],
    ['北京市北京市密云县示例路8号', '北京市密云区示例路8号', '北京密云区示例路八号'],
    ['汶川县示例镇示例村12号', '四川省阿坝藏族羌族自治州汶川县示例镇示例村十二号'],
  ];
  test.each(SAME)('%s and its spellings are one site', (...spellings) => {
    const keys = spellings.map((spelling) => key(spelling));
    expect(keys[0]).not.toBe(null);
    expect(new Set(keys).size, keys.join('  ')).toBe(1);
  });

  test.each([
    ['another number', '惠城区云谷路1号2号楼', '惠城区云谷路11号2号楼'],
    ['another house', '惠城区云谷路1号2号楼', '惠城区云谷路1号3号楼'],
    ['another road', '惠城区云谷路1号', '惠城区云谷东路1号'],
    ['another county', '惠城区云谷路1号', '惠阳区云谷路1号'],
    ['another town of the county', '汶川县示例镇中心路1号', '汶川县样例镇中心路1号'],
    ['a hall is no house', '惠城区云谷路1号2号楼', '惠城区云谷路1号2号厂房'],
    ['annex', '惠城区云谷路1号', '惠城区云谷路1号附2号'],
  ])('%s is another site', (_, a, b) => {
    expect(key(a)).not.toBe(null);
    expect(key(b)).not.toBe(null);
    expect(key(a)).not.toBe(key(b));
    expect(sameAddress(parse(a), parse(b))).toBe(false);
  });

  test.each([
    '云谷路1号',
    '广东省云谷路1号',
    '惠城区',
    '惠城区云谷路',
    '惠城区云谷路2号楼',
    '惠城区云谷产业园',
    '汶川县示例镇水电站旁东侧500米',
    '惠城区云谷路1号旁',
    '',
  ])('%s is too coarse', (raw) => expect(key(raw)).toBe(null));

  test('the stated code gives the region that the text leaves out', () => {
    expect(key('云谷路1号2号楼', '441302')).toBe(key('广东省惠州市惠城区云谷路1号2号楼'));
  });
});

describe('sameAddress', () => {
  test.each([
    ['floor left out', '惠城区云谷路1号2号楼3层', '惠城区云谷路1号2号楼', true],
    ['county left out', '惠州市云谷路1号', '惠州市惠城区云谷路1号', true],
    ['house left out', '惠城区云谷路1号', '惠城区云谷路1号2号楼', true],
    ['other floor', '惠城区云谷路1号3层', '惠城区云谷路1号4层', false],
    ['floor in other writing', '惠城区云谷路1号三楼', '惠城区云谷路1号3F', true],
    ['only the road', '惠城区云谷路', '惠城区云谷路', false],
    ['park and house', '惠城区云谷产业园2号楼', '惠城区云谷产业园2栋1层', true],
    ['park alone', '惠城区云谷产业园', '惠城区云谷产业园', false],
    ['no region', '云谷路1号', '云谷路1号', false],
    ['one without region', '云谷路1号', '惠城区云谷路1号', false],
  ])('%s', (_, a, b, same) => {
    expect(sameAddress(parse(a), parse(b))).toBe(same);
    expect(sameAddress(parse(b), parse(a))).toBe(same);
  });
});

describe('properties', () => {
  const pieces = fc.constantFrom(
    ...'广东省 惠州市 惠城区 北京市 朝阳区 云谷路 1号 2号楼 三层 301室 示例镇 示例村 产业园 A座 旁 （ ） ( ) 号 路 街道 市辖区 - # ， 東 號 東側500米 １２ 一百零一'.split(
      ' ',
    ),
  );
  const joined = fc.array(pieces, { maxLength: 40 }).map((list) => list.join(''));
  const text = fc.oneof(
    joined,
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
  );

  test('never throws, and every part comes from the text', () => {
    fc.assert(
      fc.property(text, fc.option(fc.oneof(fc.constant('441302'), fc.string({ maxLength: 12 }))), (raw, given) => {
        const found = parse(raw, given);
        siteKey(found);
        expect(sameAddress(found, found) || siteKey(found) === null).toBe(true);
        const plain = normaliseAddress(raw).toUpperCase();
        const { region_code, precision, contradictions, raw: kept, free_text, ...parts } = found;
        for (const part of Object.values(parts)) {
          for (const sign of part ?? '') expect(plain).toContain(sign);
        }
        expect(kept.length).toBeLessThanOrEqual(512);
      }),
      { numRuns: 500 },
    );
  });

  test('normalising twice is normalising once, and parses alike', () => {
    fc.assert(
      fc.property(text, (raw) => {
        const once = normaliseAddress(raw);
        expect(normaliseAddress(once)).toBe(once);
        expect(once.length).toBeLessThanOrEqual(512);
        expect(siteKey(parse(once))).toBe(siteKey(parse(raw)));
      }),
      { numRuns: 500 },
    );
  });

  const CHINESE = [...'零一二三四五六七八九'];
  const chinese = (n: number): string =>
    n < 10
      ? (CHINESE[n] ?? '')
      : n < 20
        ? `十${n % 10 ? CHINESE[n % 10] : ''}`
        : `${CHINESE[Math.floor(n / 10)]}十${n % 10 ? CHINESE[n % 10] : ''}`;
  const wide = (raw: string): string =>
    raw.replace(/[0-9A-Z#]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));

  test('the key is the same in every way of writing', () => {
    const number = fc.integer({ min: 1, max: 99 });
    const region = fc.constantFrom(
      ['广东省惠州市惠城区', '惠城区', '广东惠州惠城区', '广东省惠州市广东省惠州市惠城区'],
      ['北京市海淀区', '北京市北京市海淀区', '北京市市辖区海淀区', '北京海淀区'],
      ['湖北省仙桃市', '仙桃市', '湖北仙桃市', '湖北省省直辖县级行政区划仙桃市'],
    );
    const house = fc.constantFrom('号楼', '栋', '幢', '#楼', '座', '#');
    fc.assert(
      fc.property(
        number,
        number,
        number,
        region,
        fc.nat(3),
        house,
        fc.boolean(),
        (no, hall, floor, regions, at, word, tail) => {
          const base = `${regions[0]}云谷路${no}号${hall}号楼`;
          const others = [
            `${regions[at]}云谷路${no}号${hall}${word}${tail ? `${floor}层` : ''}`,
            `${regions[at]}云谷路${chinese(no)}号${chinese(hall)}号楼${tail ? `${chinese(floor)}楼` : ''}`,
            wide(base),
            [...base].join(' '),
            base.replaceAll('号', '號'),
          ];
          for (const other of others) expect(key(other), other).toBe(key(base));
          expect(key(base)).not.toBe(null);
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ['one sign', '一'.repeat(100_000)],
    ['roads', '路'.repeat(100_000)],
    ['towns', '示例镇'.repeat(50_000)],
    ['brackets', '('.repeat(100_000)],
    ['digits', '1'.repeat(100_000)],
    ['parks', '产业园'.repeat(50_000)],
  ])('a hundred thousand characters are cut: %s', (_, raw) => {
    const found = parse(raw);
    expect(found.raw).toHaveLength(512);
    for (const part of Object.values(found)) if (typeof part === 'string') expect(part.length).toBeLessThanOrEqual(600);
  });
});
