import { describe, expect, test } from 'vitest';
import { conditionChanges, diffSignatures } from '../../src/signature/diff.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { signaturesOf } from './build.ts';

type Change = Readonly<Record<string, unknown>>;
const compare = (before: Change, after: Change) => diffSignatures(signaturesOf(before), signaturesOf(after));

test('a set is the same as itself, in any order', () => {
  const { signatures } = loadSignatures();
  const diff = diffSignatures(signatures, signatures.toReversed());
  expect(diff).toEqual({ added: [], removed: [], changed: [], unchanged: signatures.length, faults: [] });
});

test('added and removed, sorted by id; only what is gone is a fault', () => {
  const before = signaturesOf({ id: 'demo.z' }, { id: 'demo.b', status: 'retired' }, { id: 'demo.k' });
  const after = signaturesOf({ id: 'demo.y' }, { id: 'demo.k' }, { id: 'demo.a' });
  const diff = diffSignatures(before, after);
  expect(diff.added.map(({ id }) => id)).toEqual(['demo.a', 'demo.y']);
  expect(diff.removed.map(({ id }) => id)).toEqual(['demo.b', 'demo.z']);
  expect(diff.faults).toEqual([
    { id: 'demo.b', reason: 'removed' },
    { id: 'demo.z', reason: 'removed' },
  ]);
  expect(diff.unchanged).toBe(1);
});

const method = (...names: string[]) => ({ match: { all: [{ method: names }] } });
const member = (test: object) => ({ match: { all: [{ member: 'params', ...test }] } });

describe('what is a change of meaning', () => {
  test.each<[string, Change, Change, string[]]>([
    ['the match', method('a'), method('b'), ['match']],
    [
      'one more condition',
      method('a'),
      { match: { all: [{ method: ['a'] }, { member: 'id', present: true }] } },
      ['match'],
    ],
    [
      'the same condition in another part',
      { match: { all: [{ method: ['a'] }], none: [{ member: 'id', type: 'null' }] } },
      { match: { all: [{ method: ['a'] }, { member: 'id', type: 'null' }] } },
      ['match'],
    ],
    ['a range, whose order means something', member({ range: [1, 5] }), member({ range: [1, 6] }), ['match']],
    ['a value of another type', member({ in: [1] }), member({ in: ['1'] }), ['match']],
    ['the weight', { weight: 0.9 }, { weight: 0.95 }, ['weight']],
    ['dialect, sender and kind', {}, { dialect: null, from: null, kind: 'http' }, ['dialect', 'from', 'kind']],
    ['transports', {}, { transports: ['tcp', 'ws'] }, ['transports']],
    ['coins and algorithm', {}, { coins: ['btc'], algorithm: 'sha256d' }, ['algorithm', 'coins']],
  ])('%s', (_, before, after, meaning) => {
    const kept = compare(before, after);
    expect(kept.changed.map((change) => change.meaning)).toEqual([meaning]);
    expect(kept.faults).toEqual([{ id: 'demo.one', reason: 'unversioned' }]);
    const raised = compare(before, { ...after, version: 2 });
    expect(raised.changed.map((change) => change.meaning)).toEqual([meaning]);
    expect(raised.faults).toEqual([]);
  });
});

describe('what is none', () => {
  test.each<[string, Change, Change]>([
    ['order of methods', method('a', 'b'), method('b', 'a')],
    [
      'order of conditions',
      { match: { any: [{ method: ['a'] }, { method: ['b'] }] } },
      { match: { any: [{ method: ['b'] }, { method: ['a'] }] } },
    ],
    [
      'order of tests in a condition',
      member({ type: 'string', length: [1, 5] }),
      member({ length: [1, 5], type: 'string' }),
    ],
    ['a list of one', member({ type: 'string' }), member({ type: ['string'] })],
    ['a count and its range', member({ hex: 64 }), member({ hex: [64, 64] })],
    ['the default prefix', member({ hex: 64 }), member({ hex: 64, prefix: 'none' })],
    ['order of transports', { transports: ['tcp', 'ws'] }, { transports: ['ws', 'tcp'] }],
  ])('%s', (_, before, after) => {
    expect(compare(before, after)).toMatchObject({ changed: [], unchanged: 1, faults: [] });
  });

  test('a prefix that is not the default is one', () => {
    expect(compare(member({ hex: 64 }), member({ hex: 64, prefix: 'optional' })).changed).toHaveLength(1);
  });

  test.each<[string, Change, string[]]>([
    ['title', { title: { en: 'Other', zh: '其他' } }, ['title']],
    ['look-alikes', { look_alikes: { en: 'Some.', zh: '有。' } }, ['lookAlikes']],
    ['references', { references: ['https://example.org/other'] }, ['references']],
  ])('%s: shown, but no new version is wanted', (_, after, texts) => {
    const diff = compare({}, after);
    expect(diff.changed).toMatchObject([{ meaning: [], texts }]);
    expect(diff.faults).toEqual([]);
  });

  test('status: shown, but no new version is wanted', () => {
    const diff = compare({}, { status: 'retired' });
    expect(diff.changed).toMatchObject([{ id: 'demo.one', meaning: [], texts: [], after: { status: 'retired' } }]);
    expect(diff.faults).toEqual([]);
  });
});

test('a version that went down is a fault, whatever else changed', () => {
  expect(compare({ version: 3 }, { version: 2 }).faults).toEqual([{ id: 'demo.one', reason: 'lowered' }]);
  expect(compare({ version: 3 }, { version: 2, weight: 0.5 }).faults).toEqual([{ id: 'demo.one', reason: 'lowered' }]);
  expect(compare({ version: 3 }, { version: 4 })).toMatchObject({ changed: [{ meaning: [] }], faults: [] });
});

test('a member nobody has told the comparison of counts as meaning', () => {
  const [before] = signaturesOf({});
  const after = { ...before!, newcomer: 1 };
  expect(diffSignatures([before!], [after]).changed).toMatchObject([{ meaning: ['newcomer'] }]);
});

test('conditions that went and came, by part', () => {
  const [before] = signaturesOf({
    match: { all: [{ method: ['a', 'b'] }, { member: 'id', hex: 8 }], none: [{ member: 'x', present: true }] },
  });
  const [after] = signaturesOf({
    match: { all: [{ member: 'id', hex: [8, 8] }, { method: ['b', 'c'] }], any: [{ member: 'y', present: true }] },
  });
  expect(conditionChanges(before!.match, after!.match)).toEqual([
    { part: 'all', sign: '-', condition: { method: ['a', 'b'] } },
    { part: 'all', sign: '+', condition: { method: ['b', 'c'] } },
    { part: 'any', sign: '+', condition: { member: 'y', present: true } },
    { part: 'none', sign: '-', condition: { member: 'x', present: true } },
  ]);
  expect(conditionChanges(before!.match, before!.match)).toEqual([]);
});
