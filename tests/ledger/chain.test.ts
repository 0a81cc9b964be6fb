/** The chain of entries: what is linked, what is hidden, what a change does to it. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/common/canonical-json.ts';
import { GENESIS, link, partDigests, plainDigests, SALT_BYTES, sealEntry } from '../../src/ledger/chain.ts';
import { entry, START, seededBytes } from './store-samples.ts';

describe('canonical JSON', () => {
  test.each([
    // RFC 8785 section 3.2.2, its own example.
    [
      'the example of the RFC',
      {
        numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
        literals: [null, true, false],
        string: '€$\u000f\nA\'B"\\\\"/',
      },
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
    [
      'names by UTF-16 code units',
      { '\u{1f600}': 1, '\ufb33': 2, '\r': 3, '1': 4 },
      '{"\\r":3,"1":4,"\u{1f600}":1,"\ufb33":2}',
    ],
    ['minus zero', [-0], '[0]'],
    ['lone surrogates, which the RFC refuses', { 'a\ud800': 'b\udc00' }, '{"a\ufffd":"b\ufffd"}'],
    ['what is no number', [Number.NaN, Infinity, '\ud800'], '[null,null,"\ufffd"]'],
  ])('%s', (_name, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('no JSON value: an error', () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });
});

test('SM3 is that of the standard', () => {
  // GB/T 32905-2016 annex A.1.
  expect(plainDigests(Buffer.from('abc')).sm3).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
});

describe('entries', () => {
  const sealed = sealEntry(
    GENESIS,
    entry('lead.set', 'L1', { personal: { name: '虚构人' } }),
    { a: 'b' },
    seededBytes('s'),
  );

  test('a link is the digest of the one before and of the header, by hand', () => {
    const text = canonicalJson(sealed.header);
    for (const name of ['sha256', 'sm3'] as const) {
      const byHand = createHash(name).update(Buffer.alloc(32)).update(text).digest('hex');
      expect(sealed.head[name]).toBe(byHand);
    }
    expect(Object.keys(sealed.header).sort()).toEqual([
      ...['action', 'actor', 'content', 'detail', 'lead', 'personal', 'seq', 'time'],
    ]);
    const next = sealEntry(sealed.head, entry('x'), null, seededBytes('t'));
    const byHand = createHash('sm3').update(Buffer.from(sealed.head.sm3, 'hex')).update(canonicalJson(next.header));
    expect(next.head).toMatchObject({ seq: 2, sm3: byHand.digest('hex') });
    expect(next.header).toMatchObject({ personal: null, content: null });
  });

  test('parts are salted: the same content has other digests, and none shows in the header', () => {
    const other = sealEntry(
      GENESIS,
      entry('lead.set', 'L1', { personal: { name: '虚构人' } }),
      { a: 'b' },
      seededBytes('u'),
    );
    expect(other.personal?.text).toBe(sealed.personal?.text);
    expect(other.header.personal).not.toEqual(sealed.header.personal);
    expect(sealed.personal?.salt).toHaveLength(SALT_BYTES);
    expect(
      new Set([sealed.detail, sealed.personal, sealed.content].map((p) => Buffer.from(p?.salt ?? []).toString('hex')))
        .size,
    ).toBe(3);
    const salt = Buffer.from(sealed.personal?.salt ?? []);
    const digest = createHash('sha256').update(salt).update('{"name":"虚构人"}').digest('hex');
    expect(sealed.header.personal?.sha256).toBe(digest);
    expect(canonicalJson(sealed.header)).not.toContain('虚构人');
  });

  test('every member of the header counts', () => {
    const { header } = sealed;
    const changed = [
      { ...header, seq: 2 },
      { ...header, time: START + 1 },
      { ...header, actor: 'other' },
      { ...header, action: 'other' },
      { ...header, lead: null },
      { ...header, detail: partDigests({ salt: new Uint8Array(1), text: '' }) },
      { ...header, personal: null },
      { ...header, content: null },
    ];
    const heads = [header, ...changed].map((one) => link(GENESIS, one).sm3);
    expect(new Set(heads).size).toBe(heads.length);
  });
});
