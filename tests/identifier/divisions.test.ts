import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divisionStem } from '../../src/identifier/division-name.ts';
import { parseDivisions } from '../../src/identifier/divisions.ts';
import { parseProvinces, parseReportingUnits } from '../../src/identifier/regions.ts';
import { DIVISIONS, referenceText } from './tables.ts';

const PROVINCES = parseProvinces(referenceText('grid.csv'));
const UNITS = parseReportingUnits(referenceText('reporting-units.csv'));
const HEAD = 'code,name,level,parent,valid_from,valid_to,successor,source\n';

describe('the table that ships', () => {
  test('is whole: version, 34 provinces, no faults, every parent and successor there', () => {
    expect(DIVISIONS.version).toMatch(/^\d{4}\.\d{2}$/);
    expect(DIVISIONS.faults).toEqual([]);
    expect(DIVISIONS.size).toBeGreaterThan(4000);
    const lines = referenceText('divisions.csv')
      .split('\n')
      .filter((line) => /^\d{6},/.test(line));
    expect(lines.filter((line) => line.includes(',province,'))).toHaveLength(34);
    for (const line of lines) {
      const [code, , level, parent, , , successor] = line.split(',') as [string, ...string[]];
      if (level !== 'province') expect(DIVISIONS.byCode(parent ?? ''), line).not.toBe(null);
      if (successor) expect(DIVISIONS.byCode(successor), line).not.toBe(null);
      expect(DIVISIONS.path(code), line).toMatch(/^\S/);
    }
  });

  test('says sources and licences above its rows', () => {
    expect(referenceText('divisions.csv')).toMatch(/^#[^\n]*\n# version: [^\n]*\n# date: [^\n]*\n# sources: [^\n]*MIT/);
  });
});

describe('codes', () => {
  test.each([
    ['441302', '广东省 惠州市 惠城区'],
    ['440000', '广东省'],
    ['44', '广东省'],
    ['441302001003', '广东省 惠州市 惠城区'],
    ['110108', '北京市 海淀区'],
    ['500236', '重庆市 奉节县'],
    ['429004', '湖北省 仙桃市'],
    ['659001', '新疆维吾尔自治区 石河子市'],
    ['441900', '广东省 东莞市'],
    ['640502', '宁夏回族自治区 中卫市 沙坡头区'],
    ['320571', '江苏省 苏州市 苏州工业园区'],
    ['999999', null],
    ['', null],
    ['x', null],
  ])('%s is %s', (code, path) => expect(DIVISIONS.path(code)).toBe(path));

  test('14 and 61 are two provinces', () => {
    expect(DIVISIONS.nameOf('14')).toBe('山西省');
    expect(DIVISIONS.nameOf('61')).toBe('陕西省');
    expect(DIVISIONS.find('山西', null, null).code).toBe('140000');
    expect(DIVISIONS.find('陕西', null, null).code).toBe('610000');
    expect(DIVISIONS.find('山西省', '西安市', '雁塔区')).toMatchObject({ code: '140000' });
    expect(DIVISIONS.find('山西省', '西安市', null).contradictions).toEqual(['西安市 is not in 山西省']);
    expect([PROVINCES.get('140100')?.english, PROVINCES.get('610100')?.english]).toEqual(['Shanxi', 'Shaanxi']);
  });

  test('吉林省 and 吉林市, 河北 and 湖北', () => {
    expect(DIVISIONS.find('吉林', '吉林', '船营').code).toBe('220204');
    expect(DIVISIONS.find('吉林省', null, null).code).toBe('220000');
    expect(DIVISIONS.find(null, '吉林市', null).code).toBe('220200');
    expect(DIVISIONS.find('河北', '石家庄', null).code).toBe('130100');
    expect(DIVISIONS.find('湖北', '石家庄', null)).toMatchObject({
      code: '420000',
      contradictions: ['石家庄 is not in 湖北省'],
    });
  });

  test('names change with time', () => {
    expect(DIVISIONS.nameOf('130502', '2016-08')).toBe('桥东区');
    expect(DIVISIONS.nameOf('130502', '2022-01-01')).toBe('襄都区');
    expect(DIVISIONS.nameOf('110118', '2010-01')).toBe(null);
    expect(DIVISIONS.nameOf('110228', '2010-01')).toBe('密云县');
    expect(DIVISIONS.nameOf('110228', '2020-01')).toBe(null);
  });

  test.each<[string, string | undefined, string]>([
    ['110228', '110118', 'county made a district'],
    ['142301', '141181', 'prefecture made a city, all codes new'],
    ['469003', '460400', 'county-level city made a prefecture-level one'],
    ['350403', '350404', 'same name, new code'],
    ['130682', '130682', 'went to another code and came back'],
    ['441302', '441302', 'unchanged'],
    ['330103', undefined, 'merged under another name: nothing is guessed'],
  ])('%s goes on as %s: %s', (code, now) => expect(DIVISIONS.current(code)?.code).toBe(now));

  test('a code given to another division does not lead there', () => {
    // 469025 was 定安县 until 2007, then 白沙黎族自治县.
    expect(DIVISIONS.byCode('469025', '2006-01')).toMatchObject({ name: '定安县', successor: '469021' });
    expect(DIVISIONS.current('469025')?.name).toBe('白沙黎族自治县');
    expect(DIVISIONS.find('海南省', null, '定安县').code).toBe('469021');
  });

  test('compatible: one lies in the other, old codes count as their successors', () => {
    expect(DIVISIONS.compatible('440000', '441302')).toBe(true);
    expect(DIVISIONS.compatible('110228', '110118')).toBe(true);
    expect(DIVISIONS.compatible('110000', '110118')).toBe(true);
    expect(DIVISIONS.compatible('441302', '441303')).toBe(false);
    expect(DIVISIONS.compatible('441302', '999999')).toBe(false);
  });

  test('provinceOf', () => {
    expect(DIVISIONS.provinceOf('641200')?.name).toBe('宁夏回族自治区');
    expect(DIVISIONS.provinceOf('XPCC')).toBe(null);
  });
});

describe('find', () => {
  test.each<[string | null, string | null, string | null, string | null, boolean]>([
    ['广东省', '惠州市', '惠城区', '441302', false],
    ['广东', '惠州', '惠城', '441302', false],
    ['广东省', null, '惠城区', '441302', true],
    [null, null, '惠城区', '441302', true],
    [null, '惠州市', '惠城区', '441302', true],
    ['北京市', '北京市', '海淀区', '110108', false],
    ['北京市', '市辖区', '海淀区', '110108', false],
    ['重庆市', '县', '奉节县', '500236', false],
    ['湖北省', '仙桃市', null, '429004', false],
    ['湖北省', '省直辖县级行政区划', '仙桃市', '429004', false],
    ['宁夏', '中卫市', '沙坡头区', '640502', false],
    ['北京市', null, '密云县', '110118', false],
    ['新疆维吾尔自治区', '伊犁', null, '654000', false],
    ['', ' ', null, null, false],
  ])('%s %s %s is %s', (province, city, county, code, inferred) => {
    expect(DIVISIONS.find(province, city, county)).toMatchObject({ code, inferred, contradictions: [] });
  });

  test('a county name that many have is not guessed', () => {
    const found = DIVISIONS.find(null, null, '朝阳区');
    expect(found.code).toBe(null);
    expect(found.candidates).toContain('110105');
    expect(found.candidates.length).toBeGreaterThan(1);
    expect(DIVISIONS.find('北京', null, '朝阳区').code).toBe('110105');
  });

  test('never throws', () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('广东', '县', '市'),
    );
    fc.assert(fc.property(cell, cell, cell, (a, b, c) => void DIVISIONS.find(a, b, c)));
  });
});

describe('a table of the user', () => {
  test('replaces the rows; bad rows are named and left out', () => {
    const own = parseDivisions(
      `${HEAD}440000,广东省,province,,,,,own\n44x,坏,county,,,,,own\n441300,惠州市,town,440000,,,,own\n441300,惠州市,city,440000,2020,,,own\n441300,惠州市,city,440000,,,,own\n`,
    );
    expect(own.size).toBe(2);
    expect(own.faults.map(({ line }) => line)).toEqual([3, 4, 5]);
    expect(own.faults[0]?.message).toMatch(/line 3: code is not six digits/);
    expect(own.path('441300')).toBe('广东省 惠州市');
  });

  test.each([
    ['empty', ''],
    ['another file', 'a,b\n1,2\n'],
    ['an open quote', `${HEAD}"440000,广东省`],
    ['bytes', '\u0000\u0001\ufffd,"\n"'],
  ])('%s: no rows and one fault', (_, text) => {
    const own = parseDivisions(text);
    expect(own.size).toBe(0);
    expect(own.faults.length).toBe(1);
    expect(own.faults[0]?.message).toMatch(/^divisions\.csv/);
  });

  test('successors in a circle and parents in a circle end', () => {
    const own = parseDivisions(
      `${HEAD}440001,甲县,county,440002,,2010-01,440002,own\n440002,乙县,county,440001,,2010-01,440001,own\n`,
    );
    expect(own.current('440001')).toBe(null);
    expect(own.path('440001')?.length).toBeLessThan(60);
    expect(own.compatible('440001', '440003')).toBe(false);
  });
});

test.each([
  ['延边朝鲜族自治州', '延边'],
  ['黔西南布依族苗族自治州', '黔西南'],
  ['西双版纳傣族自治州', '西双版纳'],
  ['克孜勒苏柯尔克孜自治州', '克孜勒苏'],
  ['巴音郭楞蒙古自治州', '巴音郭楞'],
  ['红河哈尼族彝族自治州', '红河'],
  ['内蒙古自治区', '内蒙古'],
  ['广西壮族自治区', '广西'],
  ['新疆维吾尔自治区', '新疆'],
  ['香港特别行政区', '香港'],
  ['锡林郭勒盟', '锡林郭勒'],
  ['惠州市', '惠州'],
  ['沙县', '沙县'],
])('%s for short: %s', (name, stem) => expect(divisionStem(name)).toBe(stem));

describe('provinces and reporting units', () => {
  test('34 provinces with English name, ISO code and grid company', () => {
    expect(PROVINCES.faults).toEqual([]);
    expect(PROVINCES.all).toHaveLength(34);
    expect(new Set(PROVINCES.all.map(({ iso }) => iso)).size).toBe(34);
    for (const { code, name } of PROVINCES.all) expect(DIVISIONS.nameOf(code)).toBe(name);
    expect(PROVINCES.get('441302')).toMatchObject({ english: 'Guangdong', iso: 'CN-GD', gridIds: ['southern_grid'] });
    expect(PROVINCES.get('CN-NM')?.gridIds).toEqual(['inner_mongolia_power', 'state_grid']);
    expect(PROVINCES.get('71')?.gridIds).toEqual([]);
    expect(PROVINCES.get('xx')).toBe(null);
  });

  test('31 provinces and the Corps report', () => {
    expect(UNITS.faults).toEqual([]);
    expect(UNITS.all).toHaveLength(32);
    expect(UNITS.get('XPCC')).toMatchObject({ name: '新疆生产建设兵团', province: '65' });
    expect(UNITS.forRegion('659001').map(({ unit }) => unit)).toEqual(['65', 'XPCC']);
    expect(UNITS.forRegion('710000')).toEqual([]);
  });
});
