/** All enterprises are invented; codes are the invented ones that pass their checks. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  branchOf,
  compareKey,
  type EnterpriseRecord,
  normaliseName,
  sameEnterprise,
} from '../../src/identifier/enterprise-name.ts';
import { arabicDigits, chineseNumber, simplify, traditionalPairs } from '../../src/identifier/text.ts';
import { DIVISIONS } from './tables.ts';

test.each([
  ['示例数据有限公司', '示例数据有限公司'],
  [' 示例 数据\u3000有限公司\u200b', '示例数据有限公司'],
  ['示例(北京)科技有限公司', '示例（北京）科技有限公司'],
  ['示例〔北京〕科技有限公司', '示例（北京）科技有限公司'],
  ['ＡＢＣ示例有限公司', 'ABC示例有限公司'],
  ['abc示例有限公司', 'ABC示例有限公司'],
  ['示例雲電數據有限公司', '示例云电数据有限公司'],
])('%s is stored as %s', (name, stored) => expect(normaliseName(name)).toBe(stored));

test.each([
  ['广东示例数据有限公司', '示例数据'],
  ['广东省惠州市示例数据有限责任公司', '示例数据'],
  ['惠州示例数据股份有限公司', '示例数据'],
  ['示例数据（惠州）有限公司', '示例数据'],
  ['示例数据（集团）有限公司', '示例数据'],
  ['中国示例数据集团有限公司', '中国示例数据'],
  ['延边示例贸易有限公司', '示例贸易'],
  ['第三示例厂', '第3示例厂'],
  ['北京有限公司', '北京'],
  ['上海路桥示例有限公司', '路桥示例'],
  ['示例数据有限公司惠州分公司', '示例数据/惠州分公司'],
])('key of %s: %s', (name, key) => expect(compareKey(name, DIVISIONS)).toBe(key));

test.each<[string, string | null, string | null]>([
  ['示例数据有限公司惠州分公司', '示例数据有限公司', '惠州分公司'],
  ['示例数据有限公司（惠州分公司）', '示例数据有限公司', '惠州分公司'],
  ['示例银行股份有限公司惠州第三支行', '示例银行股份有限公司', '惠州第三支行'],
  ['示例电信有限公司第一营业部', '示例电信有限公司', '第一营业部'],
  ['示例数据有限公司', null, null],
  ['分公司', null, null],
  ['', null, null],
])('branch in %s: %s', (name, parent, branch) => {
  expect(branchOf(name)).toEqual(parent === null ? null : { parent, branch });
});

const A = '91441900MA00TE1T7H';
const B = '91440000MA00TE4T6L';

test.each<[string, EnterpriseRecord, EnterpriseRecord, string]>([
  ['equal codes, other names', { code: A, name: '甲' }, { code: '91441900ma00te1t7h', name: '乙' }, 'yes uscc'],
  [
    'two valid codes, equal names',
    { code: A, name: '示例有限公司' },
    { code: B, name: '示例有限公司' },
    'no different_code',
  ],
  ['organisation code inside', { code: A }, { code: 'MA00TE1T-7' }, 'yes organisation_code'],
  ['another organisation code', { code: A, name: '示例' }, { code: '00000007-8', name: '示例' }, 'no different_code'],
  [
    'an invalid code is no code',
    { code: A, name: '示例有限公司' },
    { code: `${A.slice(0, 17)}A`, name: '示例有限公司' },
    'yes name',
  ],
  ['equal names in other writing', { name: '示例(北京)有限公司' }, { name: '示例（北京） 有限公司' }, 'yes name'],
  ['branch and parent', { name: '示例数据有限公司' }, { name: '示例数据有限公司惠州分公司' }, 'no branch'],
  [
    'two branches',
    { name: '示例有限公司惠州分公司', region: '441302' },
    { name: '示例有限公司广州分公司', region: '441302' },
    'no none',
  ],
  [
    'key and region',
    { name: '惠州示例数据有限公司', region: '441302' },
    { name: '示例数据有限责任公司', region: '441300' },
    'yes key_and_region',
  ],
  [
    'key, region before and after a change',
    { name: '北京示例数据有限公司', region: '110228' },
    { name: '示例数据有限公司', region: '110118' },
    'yes key_and_region',
  ],
  [
    'key, other region',
    { name: '示例数据有限公司', region: '441302' },
    { name: '示例数据有限责任公司', region: '640502' },
    'no none',
  ],
  ['key, region unknown', { name: '惠州示例数据有限公司' }, { name: '示例数据有限责任公司' }, 'review similar'],
  [
    'key, province alone is too wide',
    { name: '广东示例数据有限公司', region: '440000' },
    { name: '示例数据有限责任公司', region: '440000' },
    'no none',
  ],
  ['alike', { name: '示例算力科技有限公司' }, { name: '示例算力科技发展有限公司' }, 'review similar'],
  ['unlike', { name: '示例数据有限公司' }, { name: '另外农业有限公司' }, 'no none'],
  ['no names', {}, {}, 'no none'],
])('same enterprise: %s', (_, a, b, answer) => {
  const { same, by } = sameEnterprise(a, b, DIVISIONS);
  expect(`${same} ${by}`).toBe(answer);
  expect(sameEnterprise(b, a, DIVISIONS)).toEqual({ same, by });
});

describe('properties', () => {
  const word = fc.constantFrom(...'示例 广东 惠州市 （ ） ( [ 有限公司 分公司 集团 一 十 ß ﬀ 號 ǆ'.split(' '));
  const name = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((list) => list.join('')),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 100 }),
  );

  test('normalising twice is normalising once', () => {
    fc.assert(
      fc.property(name, (input) => {
        const once = normaliseName(input);
        expect(normaliseName(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test('keys and matches never throw, and matching goes both ways', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        compareKey(a, DIVISIONS);
        expect(sameEnterprise({ name: a }, { name: b }, DIVISIONS)).toEqual(
          sameEnterprise({ name: b }, { name: a }, DIVISIONS),
        );
      }),
    );
  });
});

test.each<[string, number | null]>([
  ['三', 3],
  ['十', 10],
  ['十二', 12],
  ['二十', 20],
  ['一百零五', 105],
  ['一百一十', 110],
  ['两千', 2000],
  ['二〇三', 203],
  ['零零七', 7],
  ['百十百', null],
  ['', null],
  ['路', null],
])('%s is %s', (text, value) => expect(chineseNumber(text)).toBe(value));

test('numerals in text, and zeros before numbers', () => {
  expect(arabicDigits('科技八路007号十二层')).toBe('科技8路7号12层');
});

test('the table of traditional characters: one to one, both sides single characters', () => {
  const pairs = traditionalPairs();
  expect(new Set(pairs.map(([traditional]) => traditional)).size).toBe(pairs.length);
  for (const [traditional, simplified] of pairs) {
    expect(simplified).toHaveLength(1);
    expect(simplified).not.toBe(traditional);
    expect(simplify(simplified)).toBe(simplified);
  }
  expect(simplify('遼寧示例號樓')).toBe('辽宁示例号楼');
});
