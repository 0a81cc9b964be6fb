import { describe, expect, test } from 'vitest';
import type { Lead } from '../../src/ledger/types.ts';
import { timelineChart } from '../../src/publish/chart.ts';
import { type DossierLead, dossierHtml } from '../../src/publish/dossier.ts';
import { escapeText } from '../../src/publish/html.ts';
import { dossierOptions, evidenceRow, poorLead, richLead } from './dossier-sample.ts';

/** Text of a page as a reader sees it, tags gone. */
const shown = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');

/** Every tag with its attributes; what a stranger sent must add none. */
const tags = (page: string): Set<string> => new Set(page.match(/<[a-z][^\s>]*/gi));

test('a dossier says who, where, what, how much and how sure', () => {
  const text = shown(dossierHtml(richLead(), dossierOptions()));
  for (const wanted of [
    ...['线索档案', 'L-640502-2026-000123', '中卫示例云算科技有限公司（虚构）', '91640500MA00000000'],
    ...[
      '确认 95',
      '高 75',
      '装机地址',
      '用电地址',
      '备案地址',
      '住所',
      '自然人（已封存）',
      '场所功率',
      '3号楼2层B07机柜',
    ],
    ...[
      'sha256d',
      '7.62 PH/s',
      '9.52 PH/s',
      '12.4 PH/s',
      '227,520',
      '117,552.00',
      '0.5000',
      '示例文件〔2022〕1号（虚构）',
    ],
    ...[
      '2026-10-21 01:14:07.123456 – 2026-11-20 22:59:58.000001 UTC',
      '2026-10-21 09:14:07.123456 – 2026-11-21 06:59:58.000001 UTC+8',
      '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
    ],
    ...[
      'Stratum v1 握手',
      '只有挖矿软件会发送',
      'mining.subscribe',
      'capture.pcap #4',
      '电子数据清单',
      'a1'.repeat(32),
    ],
    ...['b2'.repeat(32), 'NTP, error below 0.1 s', 'signatures 9c1f', '示例网信办（虚构）', '发改运行〔2021〕1283号'],
    ...['加倍', '仅为线索', '不是违法事实的证明', '审核人', 'No meter reading for October 2026.', '0064050200012345'],
  ]) {
    expect(text, wanted).toContain(wanted);
  }
  expect(text).not.toContain('Statement');
});

test('in English, and in both languages', () => {
  const english = shown(dossierHtml(richLead(), dossierOptions({ lang: 'en' })));
  expect(english).toContain('a lead and no proof of an offence');
  expect(english).toContain('natural person (sealed)');
  expect(english).not.toContain('现场核查');
  const both = shown(dossierHtml(richLead(), dossierOptions({ lang: 'both' })));
  expect(both).toContain('摘要 1. Summary');
  expect(both).toContain('自然人（已封存） natural person (sealed)');
});

test('the same input gives the same text', () => {
  expect(dossierHtml(richLead(), dossierOptions())).toBe(dossierHtml(richLead(), dossierOptions()));
});

test('nothing to fetch, nothing to run', () => {
  const page = dossierHtml(richLead(), dossierOptions({ lang: 'both' }));
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'");
  expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|<form|javascript:|@import|url\((?!#gap\))|\son\w+=/i);
  expect(page.match(/https?:\/\/[^"'\s<]+/g)).toEqual(['http://www.w3.org/2000/svg']);
});

describe('texts of strangers', () => {
  const attacks = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</style><script>alert(1)</script>',
    '</title><svg onload=alert(1)>',
    '<!--',
    '&lt;script&gt;',
  ];

  /** Every text of a value replaced, at any depth; keys of code tables too. */
  function poisoned(value: unknown, text: string): unknown {
    if (typeof value === 'string') return text;
    if (Array.isArray(value)) return value.map((item) => poisoned(item, text));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poisoned(item, text)]));
  }

  test.each(attacks)('%s in every field adds no tag', (attack) => {
    const plain = dossierOptions({ lang: 'both' });
    const options = {
      ...(poisoned(plain, attack) as typeof plain),
      ...{ lang: 'both' as const, explain: () => ({ title: { zh: attack, en: attack }, description: null }) },
      ...{ regionName: () => attack, fieldSetNote: attack, sealed: { [attack]: { name: attack, [attack]: attack } } },
    };
    const lead = poisoned(richLead(), attack) as Lead;
    const page = dossierHtml(lead, options);
    const usual = tags(dossierHtml(richLead(), { ...plain, fieldSetNote: 'x' }));
    for (const allowed of ['<p', '<span', '<br', '<b']) usual.add(allowed);
    expect([...tags(page)].filter((tag) => !usual.has(tag))).toEqual([]);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)).toHaveLength(1);
    expect(page).not.toContain('<!--');
    expect(page).not.toMatch(/<[^>]*\son\w+\s*=/i);
    expect(shown(page)).toContain(attack.trim().replace(/\s+/g, ' '));
  });

  test('what cannot be seen is shown, what is long is cut', () => {
    const [account] = richLead().accounts;
    const lead = richLead({
      agents: ['safe\u202egnp.exe\u0000\u200b', 'x'.repeat(10_240), `a${'\u0301'.repeat(500)}`],
      accounts: [{ ...(account as Lead['accounts'][number]), workers: ['\u2066hidden', '\ud800'] }],
    });
    const page = dossierHtml(lead, dossierOptions());
    expect(page).toContain('safe<span class="code">U+202E</span>gnp.exe<span class="code">U+0000</span>');
    expect(page).toContain('<span class="code">U+2066</span>hidden');
    expect(page).toContain('<span class="code">U+D800</span>');
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u200b\u202a-\u202e\u2066-\u2069]/);
    expect(page).not.toContain('x'.repeat(400));
    expect(page).not.toContain('\u0301'.repeat(5));
  });

  test('a lead number cannot leave the style sheet', () => {
    const page = dossierHtml(richLead({ number: '"; } body { display: none } /*' }), dossierOptions());
    expect(page).toContain('content: "线索档案 bodydisplaynone"');
  });
});

describe('natural persons', () => {
  const person = {
    ...{ key: 'acct:k1', role: 'line_subscriber', name: 'INVENTED-NAME', uscc: null, person: true },
    ...{ grades: { subscriber: 80, enterprise: 0, address: 80 }, because: 'session' },
  };

  test('stay sealed even where a name came along by mistake', () => {
    const page = dossierHtml(richLead({ subject: person, parties: [person] }), dossierOptions());
    expect(page).not.toContain('INVENTED-NAME');
    expect(page).not.toContain('acct:k1');
    expect(page).toContain('自然人（已封存）');
  });

  test('are shown from sealed fields that were handed in, for that person alone', () => {
    const other = { ...person, key: 'acct:k2' };
    const sealed = { 'acct:k1': { name: 'OPENED-NAME (invented)', phone: '000-0000' } };
    const text = shown(
      dossierHtml(richLead({ subject: person, parties: [person, other] }), dossierOptions({ sealed })),
    );
    expect(text).toContain('OPENED-NAME (invented)');
    expect(text).toContain('自然人（已封存）');
  });
});

describe('reduced leads', () => {
  const everything = richLead();

  test('nothing known at all', () => {
    const nothing = { history: [], evidence: [], indications: [] };
    for (const lead of [poorLead(), {} as DossierLead]) {
      const text = shown(dossierHtml(lead, dossierOptions(nothing)));
      expect(text).toContain('未归属');
      expect(text).toContain('仅为线索');
      expect(text).not.toMatch(/undefined|NaN|\[object|null/);
    }
  });

  test.each(Object.keys(everything))('without %s', (field) => {
    for (const value of [null, undefined]) {
      const lead = { ...everything, [field]: value } as DossierLead;
      const text = shown(dossierHtml(lead, dossierOptions({ lang: 'both' })));
      expect(text).toContain('L-640502-2026-000123'.slice(0, field === 'number' ? 0 : undefined));
      expect(text).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  test('fields of parts may be gone too', () => {
    const hollow = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(hollow);
      if (typeof value !== 'object' || value === null) return null;
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, hollow(item)]));
    };
    const text = shown(dossierHtml(hollow(everything) as DossierLead, dossierOptions()));
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });
});

test('long lists end with how many are missing', () => {
  const many = Array.from({ length: 700 }, (_, n) => evidenceRow({ evidence_id: `E-${n}` }));
  const text = shown(dossierHtml(richLead(), dossierOptions({ evidence: many })));
  expect(text).toContain('E-499');
  expect(text).not.toContain('E-500 ');
  expect(text).toContain('另有未列出的记录：200');
});

describe('the timeline', () => {
  const words = { detections: 'd', observed: 'o', unobserved: 'u', status: 's', perDays: (n: number) => `per ${n}` };

  test('has a bar a day, and a bar for several days where there are many', () => {
    const few = timelineChart({ days: ['2026-01-01', '2026-01-03'], observed: null, changes: [], words }) ?? '';
    expect(few.match(/fill="#222"\/>/g)).toHaveLength(2);
    expect(few).toContain('per 1');
    const days = Array.from({ length: 1000 }, (_, n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
    const many = timelineChart({ days, observed: null, changes: [], words }) ?? '';
    expect(many).toContain('per 9');
    expect(many.match(/fill="#222"\/>/g)?.length).toBeLessThanOrEqual(120);
  });

  test('time is observed only where it was', () => {
    const at = (text: string): number => Date.parse(text);
    const half = [at('2026-01-01T00:00:00Z'), at('2026-01-03T00:00:00Z')] as const;
    const svg = timelineChart({ days: ['2026-01-01', '2026-01-04'], observed: [half], changes: [], words }) ?? '';
    expect(svg).toContain('<rect x="34" y="110" width="328" height="12" fill="#808080"/>');
    expect(svg).toContain('width="656" height="12" fill="url(#gap)"');
  });

  test('hostile times and labels do no harm', () => {
    expect(
      timelineChart({ days: ['nonsense', ''], observed: null, changes: [{ time: Number.NaN, label: '' }], words }),
    ).toBeNull();
    const svg = timelineChart({
      days: ['0001-01-01', '9999-12-31'],
      observed: [[0, Number.POSITIVE_INFINITY]],
      changes: [],
      words,
    });
    expect(svg?.length).toBeLessThan(60_000);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

test('escaping', () => {
  expect(escapeText(`<a href="x">'&`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;');
  expect(escapeText('😀'.repeat(200), 3)).toBe('😀…');
  expect(escapeText(null)).toBe('');
  expect(escapeText({ a: '<' })).toBe('{&quot;a&quot;:&quot;&lt;&quot;}');
});
