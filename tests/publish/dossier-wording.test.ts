/** Sentences of the program in Chinese: held against the tables they come from, so that none is forgotten. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GRADE_CAPS, GRADE_RULES, type GradeCapName, type GradeRuleName, grade } from '../../src/attribution/grade.ts';
import {
  CONTRADICTION_CODES,
  type ContradictionCode,
  MISSING_CODES,
  type MissingCode,
  Remarks,
} from '../../src/attribution/resolve-remarks.ts';
import { ENERGY, FLAG_RULES, GRADES, REMARKS, SURCHARGE } from '../../src/common/phrases.ts';
import { REMARK_TERMS } from '../../src/common/terms.ts';
import { phraseOf, remarkOf } from '../../src/common/wording.ts';
import type { DossierLead } from '../../src/publish/dossier.ts';
import { dossierHtml } from '../../src/publish/dossier.ts';
import { PLACE_LIMITS } from '../../src/publish/dossier-places.ts';
import { dossierOptions, poorLead, richLead } from './dossier-sample.ts';

const source = (path: string): string =>
  readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8').replace(/' \+\s+'/g, '');
const shown = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
/** Three English words one after the other. */
const ENGLISH = /[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}/;

describe('reasons of grades', () => {
  test.each(Object.keys(GRADE_RULES) as GradeRuleName[])('%s', (name) => {
    const { because } = grade(name, []);
    const { zh, en } = phraseOf('because', because);
    expect(zh).toMatch(/\p{Script=Han}{2}/u);
    expect(zh).not.toMatch(ENGLISH);
    expect(en).toBe(because);
  });

  test.each(Object.keys(GRADE_CAPS) as GradeCapName[])('line-verified under %s', (cap) => {
    const { because } = grade('line-verified', [cap]);
    expect(phraseOf('because', because).zh).not.toMatch(ENGLISH);
    // A rule with a semicolon of its own, and two bounds behind it.
    const long = `${GRADE_RULES['line-unconfirmed'][3]}; ${GRADE_CAPS[cap][3]}; ${GRADE_CAPS.code_missing[3]}`;
    expect(phraseOf('because', long).zh.split('；')).toHaveLength(3);
    expect(phraseOf('because', long).zh).not.toMatch(ENGLISH);
  });

  test('what nobody knows stays', () => {
    const because = 'several subscribers fit; 某人的话; no credit code';
    expect(phraseOf('because', because).zh).toBe('符合条件的用户不止一个；某人的话；无统一社会信用代码');
    expect(phraseOf('because', ';'.repeat(5000)).zh).toBe(';'.repeat(5000));
  });
});

describe('remarks', () => {
  const details = ['198.51.100.7 port 4000', '2026-11-03T23:53:05Z', '2026-11-04T00:00:00Z'];
  test.each(MISSING_CODES)('missing: %s', (code) => {
    const remarks = new Remarks();
    remarks.missing(code as MissingCode, ...details);
    check(remarks.lists().missing[0] as { code: string; text: string });
  });

  test.each(CONTRADICTION_CODES)('contradiction: %s', (code) => {
    const remarks = new Remarks();
    remarks.contradiction(code as ContradictionCode, ...details);
    check(remarks.lists().contradictions[0] as { code: string; text: string });
  });

  function check(remark: { code: string; text: string }): void {
    const { zh, en } = remarkOf(remark);
    expect(Object.hasOwn(REMARK_TERMS, remark.code), remark.code).toBe(true);
    expect(en).toBe(remark.text);
    expect(zh).not.toMatch(ENGLISH);
    for (const detail of details) {
      if (remark.text.includes(detail)) expect(zh).toContain(detail.replace(' port ', '端口'));
    }
  }

  test.each(['ledger/fields.ts', 'ledger/casebook.ts', 'ledger/view.ts', 'ledger/recur.ts', 'ledger/silence.ts'])(
    'those of %s',
    (path) => {
      const found = [...source(path).matchAll(/(?:code|remark): '(\w+)',\s+text:\s+['`]([^'`]+)['`]/g)];
      expect(found.length).toBeGreaterThan(0);
      for (const [, code = '', words = ''] of found) {
        const text = words.replace(/\$\{[^}]*\}/g, '12');
        expect(remarkOf({ code, text }).zh, text).not.toMatch(ENGLISH);
        expect(Object.hasOwn(REMARK_TERMS, code), code).toBe(true);
      }
    },
  );

  test('short terms, words of persons and unknown codes', () => {
    const { need_realm: term } = REMARK_TERMS;
    expect(remarkOf({ code: 'need_realm', text: term?.zh ?? '' })).toBe(term);
    expect(remarkOf({ code: 'need_realm', text: 'Somebody else wrote this.' }).zh).toBe(
      `${term?.zh}：Somebody else wrote this.`,
    );
    expect(remarkOf({ code: 'unheard_of', text: '人工说明' })).toEqual({ en: '人工说明', zh: '人工说明' });
    expect(remarkOf({ code: 'constructor', text: 'x' }).zh).toBe('x');
  });
});

describe('notes of estimates', () => {
  /** Texts of notes in a file, every `${…}` a detail of its own. */
  function texts(path: string): string[] {
    const words = [...source(path).matchAll(/(?:text|reason)(?:: string)?(?: =|:)\s+(['`])((?:(?!\1).)+)\1/g)];
    return words.map(([, , text = '']) => text.replace(/\$\{why\}/g, '').replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '12'));
  }

  test.each(['energy-notes', 'energy-input', 'energy-power', 'energy'])('those of %s.ts', (file) => {
    const found = texts(`estimate/${file}.ts`).filter((text) => / \w+ /.test(text) && !/^12: /.test(text));
    expect(found.length).toBeGreaterThan(1);
    for (const text of found) expect(phraseOf('energy', text).zh, text).not.toMatch(ENGLISH);
  });

  test('those of the surcharge', () => {
    const found = [
      ...source('estimate/surcharge.ts').matchAll(/[`']([a-z_]+): ((?:(?![`']\)|[`'],\n)[\s\S])+?)[`'](?=\)|,\n)/g),
    ];
    const notes = found.map(([, code, text = '']) => `${code}: ${text.replace(/\$\{[^}]*\}/g, '12')}`);
    expect(notes.length).toBeGreaterThan(12);
    for (const note of notes.filter((each) => !/^(?:remark|code):/.test(each))) {
      expect(phraseOf('surcharge', note).zh, note).not.toMatch(ENGLISH);
      expect(phraseOf('surcharge', note).en, note).not.toMatch(/^[a-z_]+: /);
    }
  });

  test('remarks of the surcharge table', () => {
    const file = readFileSync(new URL('../../signatures/reference/surcharge.csv', import.meta.url), 'utf8');
    const rows = file.split('\n').filter((line) => /^(?:CN|XPCC|\d+),/.test(line));
    for (const row of rows) {
      const remark = /,(?:"([^"]*)"|([^,"]*))$/.exec(row);
      const text = remark?.[1] ?? remark?.[2] ?? '';
      if (text !== '') expect(phraseOf('surcharge', `remark: ${text}`).zh, text).not.toMatch(ENGLISH);
    }
  });
});

test('rules of flags', () => {
  expect(phraseOf('flag', 'site power 410.75 kW >= 100 kW (metered)').zh).toBe('场所功率410.75 kW，达到100 kW（实测）');
  expect(phraseOf('flag', 'sha256d 23720100000000000 H/s >= 10000000000000000 H/s').zh).toContain('sha256d算力');
  const rules = [...source('identifier/flags.ts').matchAll(/[`']([a-z_]+:(?:[a-z_]+|\$\{[^}]*\})|soe_list)[`']/g)];
  expect(rules.length).toBeGreaterThan(12);
  for (const [, rule = ''] of rules) {
    expect(phraseOf('flag', rule.replace(/\$\{[^}]*\}/, '12')).zh, rule).toMatch(/\p{Script=Han}{2}/u);
  }
});

test('no sentence stands twice, and each keeps its details', () => {
  for (const phrases of [GRADES, REMARKS, ENERGY, SURCHARGE, FLAG_RULES]) {
    expect(new Set(phrases.map(([en]) => en)).size).toBe(phrases.length);
    for (const [en, zh] of phrases) {
      const numbers = (text: string): string[] => (text.match(/\$\d/g) ?? []).sort();
      expect(numbers(zh), en).toEqual(numbers(en));
    }
  }
});

describe('in a dossier', () => {
  const party = {
    ...(richLead().subject as NonNullable<DossierLead['subject']>),
    because: grade('line-verified', []).because,
  };
  const lead = richLead({
    subject: party,
    parties: [party],
    missing: [{ code: 'not_observed', text: 'Not observed since the last traffic: silence says nothing.' }],
    contradictions: [{ code: 'code_invalid', text: 'The code 91640500MA00000000 does not pass its checks.' }],
    flags: [{ flag: 'bitcoin', rule: 'coin BTC in the detections' }],
  });

  test('Chinese has no English sentence, both have both', () => {
    const words = ['silence says nothing', 'does not pass its checks', 'coin BTC in the detections', 'confirmed since'];
    const zh = shown(dossierHtml(lead, dossierOptions()));
    const both = shown(dossierHtml(lead, dossierOptions({ lang: 'both' })));
    for (const english of words) {
      expect(zh).not.toContain(english);
      expect(both).toContain(english);
    }
    for (const chinese of ['没有流量不说明已经停止', '校验不通过', '检出记录中的币种为BTC', '资源系统登记的静态线路']) {
      expect(zh).toContain(chinese);
      expect(both).toContain(chinese);
    }
  });

  test('grades of places keep the limits of the grading table', () => {
    expect(PLACE_LIMITS).toEqual({
      filing: GRADE_CAPS.address_filing[2],
      registered: GRADE_CAPS.address_registered[2],
      gateway: GRADE_CAPS.address_gateway[2],
    });
    const page = shown(dossierHtml(richLead(), dossierOptions()));
    expect(page).toMatch(/地点 装机地址：宁夏回族自治区 中卫市 沙坡头区（640502） \S+ 3号楼2层B07机柜 高 75/);
    expect(page).toMatch(/备案地址 640500 中卫市虚构街22号 中 55/);
    expect(page).toMatch(/用电地址 宁夏回族自治区 中卫市 沙坡头区（640502） \S+ 中 60/);
    expect(page).toMatch(/住所 \S+ \S+ \S+ 中卫市沙坡头区虚构路1号 低 30/);
  });

  test('a filing address without a region is not given that of the lead', () => {
    const places = [{ kind: 'filing' as const, region: null, text: '虚构街22号', detail: null }];
    const page = shown(dossierHtml(richLead({ places }), dossierOptions()));
    expect(page).toMatch(/地点 备案地址： 虚构街22号 中 55 线索所在区划：宁夏/);
    expect(page).toMatch(/备案地址 — 虚构街22号 中 55/);
  });

  test('an unattributed lead leads to no door', () => {
    const { addresses } = richLead();
    const unknown = {
      ...poorLead(),
      addresses,
      region: '640502',
      category: 'new' as const,
      places: [{ kind: 'filing' as const, region: '640502', text: '虚构运营商大楼8号', detail: null }],
    };
    const page = shown(dossierHtml(unknown, dossierOptions()));
    const [summary = ''] = page.split('二、地址');
    expect(summary).toContain('不得据此上门核查');
    expect(summary).toContain('203.0.113.20');
    expect(summary).not.toContain('虚构运营商大楼8号');
    expect(summary).not.toContain('备案地址');
    expect(page).toContain('不是使用人的地址');
    expect(page).not.toContain('实行差别电价');
    expect(page).toContain('将监测线索落实到IP地址');
  });
});

describe('the history', () => {
  const entry = (seq: number, time: string, action: string, detail: Record<string, unknown>) => ({
    ...{ seq, time, actor: '示例值班员（虚构）', action, detail },
  });

  test('entries of one act share a row; ids are short, digests that stand nowhere else are whole', () => {
    const time = '2026-10-21T02:00:00.500000Z';
    const detection = 'd'.repeat(64);
    const history = [
      entry(7, time, 'detection.recorded', { detection, parts: ['e'.repeat(64)] }),
      entry(8, time, 'evidence.recorded', { detection, sha256: 'a1'.repeat(32), bytes: 5 }),
      entry(9, time, 'lead.opened', { key: { subject: 'acct:k1' }, activity: 'mining' }),
      entry(11, '2026-10-22T02:00:00.000000Z', 'lead.sent', { department: 'cac', sha256: 'f'.repeat(64) }),
      entry(12, '2026-10-22T03:00:00.000000Z', 'lead.status', { status: 'true', previous: 'open' }),
    ];
    const text = shown(dossierHtml(richLead(), dossierOptions({ history })));
    expect(text.match(/2026-10-21 10:00:00\.5 /g)).toHaveLength(2);
    expect(text).toContain(`7 检出入库 检出 ${'d'.repeat(12)}… 内容校验 ${'e'.repeat(12)}…`);
    expect(text).toContain(`SHA256 ${'a1'.repeat(6)}… 字节 5`);
    expect(text).not.toContain('acct:k1');
    expect(text).toContain(`移交 部门 网信、通信管理 SHA256 ${'f'.repeat(64)}`);
    expect(text).toContain('待核 → 属实');
  });

  test('what several leads share stands once', () => {
    const value = '[null,"198.51.100.0/24"]';
    const links = ['La', 'Lb'].map((lead) => ({ lead, kind: 'range', value }));
    const text = shown(dossierHtml(richLead({ links }), dossierOptions()));
    expect(text).toContain('同一地址段 198.51.100.0/24 La 、 Lb');
  });
});

test('signatures on one message share its row, and it is quoted to 200 characters', () => {
  const [first] = dossierOptions().indications?.[0]?.indications ?? [];
  if (first === undefined) throw new Error('the sample has no indication');
  const row = (signature: string) => ({ ...first, signature, excerpt: `{"long":"${'z'.repeat(500)}"}` });
  const indications = [{ id: 'x', indications: [row('one.sample'), row('two.sample')] }];
  const page = dossierHtml(richLead({ detections: [] }), dossierOptions({ indications }));
  expect(page.match(/class="message"/g)).toHaveLength(1);
  expect(page).toContain('one.sample v');
  expect(page).toContain('two.sample v');
  expect(page).not.toContain('z'.repeat(200));
  expect(page).toContain('z'.repeat(180));
});
