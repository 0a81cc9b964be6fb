import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { industrySections, lookupCode, parseCodes } from '../../src/identifier/codes.ts';
import { parseNamePatterns, siteFlags, stateOwned } from '../../src/identifier/flags.ts';
import { CODES, PATTERNS, referenceText } from './tables.ts';

const TABLES = { codes: CODES, patterns: PATTERNS };

describe('code tables', () => {
  test('are read without faults and say their source in every row', () => {
    expect(CODES.faults).toEqual([]);
    expect(CODES.version).not.toBe('');
    expect(CODES.rows.length).toBeGreaterThan(140);
    for (const row of CODES.rows) expect(row.version !== '' && row.source !== '', JSON.stringify(row)).toBe(true);
  });

  test.each<[string, string | null, string, string | null, string | null, string[]]>([
    ['nature', null, '4', '4', '企业', ['enterprise']],
    ['nature', 'X', '4', '4', '企业', ['enterprise']],
    ['nature', 'Y', '2', '2', '政府机关', ['state_unit']],
    ['nature', null, '国防机构', '1', '军队/国防机构', ['state_unit', 'military']],
    ['nature', 'X', '8', '8', '个体工商户', []],
    ['nature', 'Z', '7', '7', '民办非企业', []],
    ['nature', 'X', '99', '99', '未知', ['unknown']],
    ['nature', 'Y', '17', '17', '医疗机构', []],
    ['nature', 'ISMS', '999', '999', '其他', []],
    ['nature', null, ' 企 业 ', '4', '企业', ['enterprise']],
    ['nature', null, '０４', '4', '企业', ['enterprise']],
    ['category', null, '2', '2', 'IDC', ['data_centre']],
    ['category', null, 'idc', '2', 'IDC', ['data_centre']],
    ['category', null, '11', '11', '电信业务经营者', ['licence_needed']],
    ['id_type', 'filing', '9', '9', '组织机构代码证', []],
    ['id_type', 'ISMS', '9', '9', '台胞证', ['personal']],
    ['id_type', null, '2', '2', '身份证', ['personal']],
    ['id_type', null, '统一社会信用代码', null, '统一社会信用代码', ['uscc']],
    ['use_mode', null, '0', '0', '静态', ['static']],
    ['use_mode', null, '动态', '1', '动态', ['dynamic']],
    ['use_mode', 'line', '3', '3', '专线', ['line']],
    ['service_type', 'filing', '7', '7', 'IDC服务类', ['data_centre']],
    ['service_type', 'ISMS', '3', '3', 'IDC业务', ['data_centre']],
    ['industry_class', '2017', '6550', '6550', '信息处理和存储支持服务', ['data_centre']],
  ])('%s %s %s', (table, variant, asked, code, name, flags) => {
    expect(lookupCode(CODES, table, variant, asked)).toMatchObject({ known: true, reason: null, code, name, flags });
  });

  test.each<[string, string | null, string | null, string]>([
    ['nature', null, '8', 'ambiguous'],
    ['nature', 'Y', '8', 'unknown'],
    ['nature', 'X', '17', 'unknown'],
    ['nature', null, '21', 'unknown'],
    ['id_type', null, '9', 'ambiguous'],
    ['service_type', null, '3', 'ambiguous'],
    ['use_mode', null, '3', 'ambiguous'],
    ['use_mode', 'X', '3', 'unknown'],
    ['nature', 'X', '', 'empty'],
    ['nature', 'X', null, 'empty'],
    ['no_table', null, '1', 'unknown'],
    ['nature', null, '火星', 'unknown'],
  ])('%s %s %s stays unknown: %s', (table, variant, asked, reason) => {
    expect(lookupCode(CODES, table, variant, asked)).toMatchObject({
      known: false,
      reason,
      code: null,
      name: null,
      flags: [],
    });
  });

  test('industry numbers follow the sections of 2002, which moved in 2017', () => {
    const sections = (code: string): unknown => industrySections(lookupCode(CODES, 'industry', null, code));
    expect(sections('6')).toEqual({ 2002: 'F', 2017: 'G' });
    expect(sections('7')).toEqual({ 2002: 'G', 2017: 'I' });
    expect(sections('8')).toEqual({ 2002: 'H', 2017: 'F' });
    expect(sections('9')).toEqual({ 2002: 'I', 2017: 'H' });
    expect(sections('信息传输、计算机服务和软件业')).toEqual({ 2002: 'G', 2017: 'I' });
    expect(sections('信息传输，计算机服务和软件')).toEqual({ 2002: 'G', 2017: 'I' });
    for (const code of [1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]) {
      const letter = 'ABCDEFGHIJKLMNOPQRST'[code - 1];
      expect(sections(String(code))).toEqual({ 2002: letter, 2017: letter });
    }
    expect(sections('999')).toBe(null);
  });

  test('a table of the user, and one that is none', () => {
    const own = parseCodes(
      'table,variant,code,name,flag,version,source\nnature,OWN,7,示例性质,state_unit,1,own\nnature,,,,,1,own\n',
    );
    expect(own.faults.map(({ line }) => line)).toEqual([3]);
    expect(own.lookup('nature', 'OWN', '7').flags).toEqual(['state_unit']);
    expect(parseCodes('x').faults[0]?.message).toMatch(/codes\.csv: column table, /);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, asked) => {
        parseCodes(text);
        parseNamePatterns(text);
        lookupCode(CODES, asked, asked, asked);
      }),
    );
  });
});

describe('state-owned', () => {
  test.each<[string, Parameters<typeof stateOwned>[0], 'state_unit' | 'soe' | 'hint' | null, string | null]>([
    ['code of an organ', { uscc: '11640000000000238U' }, 'state_unit', 'uscc_prefix:11'],
    ['code of an institution', { uscc: '12330300000000123R', nature: '4' }, 'state_unit', 'uscc_prefix:12'],
    ['invalid code says nothing', { uscc: '12330300000000124R' }, null, null],
    ['code of an enterprise says nothing', { uscc: '91441900MA00TE1T7H', nature: '4' }, null, null],
    ['filing nature', { nature: '3', natureVariant: 'X' }, 'state_unit', 'filing_nature:3'],
    ['filing nature as text', { nature: '政府机关' }, 'state_unit', 'filing_nature:2'],
    ['nature before type', { nature: '1', typeText: '国有独资' }, 'state_unit', 'filing_nature:1'],
    ['enterprise type', { nature: '4', typeText: '有限责任公司(国有独资)' }, 'soe', 'enterprise_type:国有独资'],
    ['enterprise type 国有控股', { typeText: '股份有限公司（国有控股）' }, 'soe', 'enterprise_type:国有控股'],
    ['not state-owned', { typeText: '有限责任公司(非国有控股)' }, null, null],
    ['statistical code', { typeText: '151' }, 'soe', 'registration_type:151'],
    ['type before list', { typeText: '全民所有制', listed: true }, 'soe', 'enterprise_type:全民所有制'],
    ['list', { listed: true, name: '示例大学' }, 'soe', 'soe_list'],
    ['name', { name: '示例市第一人民医院' }, 'hint', 'name_pattern:医院'],
    ['name within', { name: '示例县人民政府信息办' }, 'hint', 'name_pattern:人民政府'],
    ['a word in the middle is no suffix', { name: '示例大学城餐饮有限公司' }, null, null],
    ['nothing', {}, null, null],
  ])('%s', (_, input, flag, rule) => expect(stateOwned(input, TABLES)).toEqual({ flag, rule, contradicts: null }));

  test('a filing that says state unit about the code of an enterprise keeps the contradiction', () => {
    expect(stateOwned({ uscc: '91441900MA00TE1T7H', nature: '3' }, TABLES)).toEqual({
      flag: 'state_unit',
      rule: 'filing_nature:3',
      contradicts: 'uscc_prefix:91',
    });
  });
});

describe('flags of a site', () => {
  test.each<[string, Parameters<typeof siteFlags>[0], string[]]>([
    ['tariff', { tariff: 'residential' }, ['residential_tariff fact tariff:residential']],
    ['commercial tariff', { tariff: 'commercial' }, []],
    ['service of a data centre', { service: '7', serviceVariant: 'filing' }, ['data_centre fact service_type:7']],
    ['number without its table', { service: '3' }, []],
    ['number without its table', { service: '7' }, []],
    ['declared activity', { industryClass: '6550' }, ['data_centre hint cover_activity:6550']],
    ['declared activity', { industryClass: '6540' }, ['data_centre hint cover_activity:6540']],
    ['declared activity', { industryClass: '6450' }, ['data_centre hint cover_activity:6450']],
    ['other activity', { industryClass: '0111' }, []],
    ['park of the address', { park: '示例科技园' }, ['park fact address:park']],
    ['words', { address: '示例云谷路1号' }, ['data_centre hint name_pattern:云谷']],
    ['power plant', { address: '示例水电站旁' }, ['power_plant hint name_pattern:水电站']],
    ['category', { category: 'IDC' }, ['data_centre hint category:2']],
    [
      'the stronger rule stands',
      { service: '7', serviceVariant: 'filing', category: '2', name: '示例数据中心' },
      ['data_centre fact service_type:7'],
    ],
    ['nothing', {}, []],
  ])('%s', (_, input, flags) => {
    expect(siteFlags(input, TABLES).map(({ flag, strength, rule }) => `${flag} ${strength} ${rule}`)).toEqual(flags);
  });

  test('patterns are plain text of known kinds', () => {
    expect(PATTERNS.faults).toEqual([]);
    expect(referenceText('name-patterns.csv')).not.toMatch(/[\\*+?]/);
    const own = parseNamePatterns('kind,match,pattern\npark,contains,.*\npark,regex,园\nplace,suffix,园\n');
    expect(own.faults.map(({ line }) => line)).toEqual([3, 4]);
    expect(own.match('park', '示例园')).toBe(null);
    expect(own.match('park', 'a.*b')).toBe('.*');
  });
});
