import { describe, expect, test } from 'vitest';
import { loadSignatures } from '../../src/signature/load.ts';
import { literalsOf, nearestName, resolveIds, searchSignatures } from '../../src/signature/search.ts';
import { signaturesOf } from './build.ts';

const SIGNATURES = signaturesOf(
  {
    id: 'alpha.submit',
    dialect: 'alpha',
    title: { en: 'Alpha share', zh: 'Alpha 提交份额' },
    match: {
      all: [
        { method: ['mine.Solution'] },
        { member: 'params[0].algo', type: 'string', in: ['rx/0', 7] },
        { member: 'agent', starts_with: 'Rig/' },
      ],
    },
    coins: ['xmr'],
    algorithm: 'randomx',
    references: ['https://example.org/alpha-spec'],
  },
  {
    id: 'beta.job',
    dialect: 'beta',
    title: { en: 'Beta job', zh: 'Beta 任务' },
    look_alikes: { en: 'An alpha share with a chat id.', zh: '带聊天编号的份额。' },
  },
  { id: 'beta.old', dialect: 'beta', status: 'retired' },
);
const search = (...words: string[]): string[] =>
  searchSignatures(SIGNATURES, words).map(({ signature }) => signature.id);

describe('words', () => {
  test.each<[string[], string[]]>([
    [['alpha'], ['alpha.submit', 'beta.job']],
    [['ALPHA', 'submit'], ['alpha.submit']],
    [['份额'], ['alpha.submit', 'beta.job']],
    [['提交'], ['alpha.submit']],
    [['ＡＬＰＨＡ'], ['alpha.submit', 'beta.job']],
    [['XMR'], ['alpha.submit']],
    [['randomx'], ['alpha.submit']],
    [['mine.solution'], ['alpha.submit']],
    [['params[0].algo'], ['alpha.submit']],
    [['rx/0'], ['alpha.submit']],
    [['rig/'], ['alpha.submit']],
    [['alpha-spec'], ['alpha.submit']],
    [['chat'], ['beta.job']],
    [['beta'], ['beta.job', 'beta.old']],
    [['alpha', 'nothing'], []],
    [[], []],
    [['', ' '], []],
    [['string'], []],
  ])('%j', (words, ids) => expect(search(...words)).toEqual(ids));

  test('say where they were found, and the most telling place goes first', () => {
    expect(searchSignatures(SIGNATURES, ['alpha']).map(({ fields }) => fields)).toEqual([
      ['id', 'title', 'dialect', 'references'],
      ['look_alikes'],
    ]);
    expect(searchSignatures(SIGNATURES, ['job', 'chat'])[0]?.fields).toEqual(['id', 'title', 'look_alikes']);
  });

  test('are not found across two texts', () => {
    expect(search('share alpha')).toEqual([]);
    expect(search('alpha share')).toEqual(['alpha.submit', 'beta.job']);
  });

  test('every signature that comes along is found by its own id', () => {
    const { signatures } = loadSignatures();
    for (const { id } of signatures) {
      expect(searchSignatures(signatures, [id]).map(({ signature }) => signature.id)).toContain(id);
    }
  });
});

test('literals of a match, without the names of types; nesting without end is cut', () => {
  expect(literalsOf(SIGNATURES[0]?.match)).toEqual(['mine.Solution', 'params[0].algo', 'rx/0', '7', 'agent', 'Rig/']);
  let deep: unknown = 'lost';
  for (let i = 0; i < 10_000; i++) deep = [deep];
  expect(literalsOf(deep)).toEqual([]);
});

describe('ids', () => {
  const IDS = ['cryptonote.job', 'cryptonote.login', 'stratum.submit', 'stratum-v1.submit', 'zcash-stratum.submit'];

  test.each<[string[], string[]]>([
    [['stratum.submit'], ['stratum.submit']],
    [['cryptonote.*'], ['cryptonote.job', 'cryptonote.login']],
    [['stratum.*'], ['stratum.submit']],
    [
      ['stratum.submit', 'cryptonote.*', 'cryptonote.job'],
      ['cryptonote.job', 'cryptonote.login', 'stratum.submit'],
    ],
    [[], []],
  ])('%j', (given, ids) => expect(resolveIds(IDS, given)).toEqual({ ids, unknown: [] }));

  test.each<[string, string | null]>([
    ['cryptonote.jobs', 'cryptonote.job'],
    ['cryptonote.lgoin', 'cryptonote.login'],
    ['CryptoNote.Job', 'cryptonote.job'],
    ['cryptonte.*', 'cryptonote.*'],
    ['cryptonote', 'cryptonote.*'],
    ['login', 'cryptonote.login'],
    ['no.such-signature', null],
    ['*', null],
    ['.*', null],
    ['', null],
    ['x'.repeat(100_000), null],
  ])('%.30s is unknown; meant is %s', (text, nearest) => {
    expect(resolveIds(IDS, [text])).toEqual({ ids: [], unknown: [{ text, nearest }] });
  });

  test('a slip in every letter of every id is understood', () => {
    for (const id of IDS) {
      for (let at = 0; at < id.length; at++) {
        expect(nearestName(`${id.slice(0, at)}#${id.slice(at + 1)}`, IDS)).toBe(id);
        expect(nearestName(id.slice(0, at) + id.slice(at + 1), [id])).toBe(id);
      }
    }
  });
});
