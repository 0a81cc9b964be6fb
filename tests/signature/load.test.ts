import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultSignatureDirectory } from '../../src/signature/directory.ts';
import { loadSignatures, parseSignatures } from '../../src/signature/load.ts';
import { SignatureError, type SignatureFault } from '../../src/signature/types.ts';

const GOOD = readFileSync(join(defaultSignatureDirectory(), 'coinhive.yaml'), 'utf8');
const ONE = `- id: test.one
  version: 1
  status: stable
  kind: payload
  title: { en: One, zh: 一 }
  dialect: test
  from: miner
  transports: [tcp]
  match:
    all:
      - { method: [one.two] }
  weight: 0.9
  look_alikes: { en: None., zh: 无。 }
  references: ['https://example.org/one']
  tests:
    - { miner: '{"method":"one.two"}', expect: indication }
    - { miner: '{"method":"two"}', expect: none }
`;

function faultsOf(text: string): SignatureFault[] {
  const faults: SignatureFault[] = [];
  parseSignatures(text, 'dir/test.yaml', 'test.yaml', faults);
  return faults;
}

describe('one file', () => {
  test('gives frozen signatures with their place', () => {
    const faults: SignatureFault[] = [];
    const [signature] = parseSignatures(`# comment\n${ONE}`, 'dir/test.yaml', 'test.yaml', faults);
    expect(faults).toEqual([]);
    expect(signature).toMatchObject({ id: 'test.one', file: 'test.yaml', line: 2, algorithm: null, coins: [] });
    expect(signature?.tests[1]).toEqual({ input: 'miner', text: '{"method":"two"}', expect: 'none' });
    expect(Object.isFrozen(signature)).toBe(true);
    expect(Object.isFrozen(signature?.match.all[0])).toBe(true);
  });

  const rows: [name: string, from: string | RegExp, to: string, line: number, column: number, message: string][] = [
    ['unknown key', '  version: 1', '  versoin: 1', 2, 3, '"versoin" is not a member of a signature'],
    ['missing key', '  version: 1\n', '', 1, 3, 'has no "version"'],
    ['wrong type', 'version: 1', 'version: one', 2, 12, 'version must be a whole number'],
    ['bad id', 'test.one', 'TestOne', 1, 7, 'id must be dialect.message'],
    ['bad status', 'stable', 'final', 3, 11, 'status must be one of'],
    ['no Chinese title', '{ en: One, zh: 一 }', '{ en: One, zh: One }', 5, 25, 'title.zh must be written in Chinese'],
    ['bad transport', '[tcp]', '[tcp, smoke]', 8, 21, 'transports must be one of'],
    [
      'unknown condition',
      '{ method: [one.two] }',
      '{ methud: [one.two] }',
      11,
      9,
      'a condition must be a mapping with one of',
    ],
    [
      'unknown test of a condition',
      '{ method: [one.two] }',
      '{ member: a, hexx: 4 }',
      11,
      22,
      '"hexx" is not a member of a member condition',
    ],
    ['bad path', '{ method: [one.two] }', "{ member: 'a..b', hex: 4 }", 11, 9, 'is no path'],
    [
      'kinds that never meet',
      '- { method: [one.two] }',
      '- { method: [one.two] }\n      - { sv2: { type: 1 } }',
      10,
      5,
      'never meet',
    ],
    ['only negations', 'all:', 'none:', 10, 5, 'must not hold'],
    ['header over tcp', '{ method: [one.two] }', '{ header: x-a, present: true }', 8, 15, 'only over http'],
    ['weight', 'weight: 0.9', 'weight: 1.5', 12, 11, 'weight must be at most 1'],
    ['draft that proves', 'status: stable', 'status: draft', 12, 11, 'a draft must not prove'],
    ['no reference', "['https://example.org/one']", '[]', 14, 15, 'references needs at least 1'],
    ['reference without https', 'https://example.org/one', 'one.txt', 14, 16, 'https addresses'],
    ['no positive test', 'expect: indication', 'expect: none', 16, 5, 'no positive test'],
    ['no negative test', 'expect: none', 'expect: indication', 16, 5, 'no negative test'],
    [
      'bad test',
      '{ miner: \'{"method":"two"}\', expect: none }',
      '{ minor: x, expect: none }',
      17,
      7,
      'a test must be a mapping',
    ],
    ['alias', '{ en: None., zh: 无。 }', '*title', 13, 17, 'not readable as YAML'],
    ['duplicate key', '  version: 1', '  version: 1\n  version: 2', 3, 3, 'not readable as YAML'],
  ];
  test.each(rows)('%s', (_name, from, to, line, column, message) => {
    const text = ONE.replace(from, to);
    expect(text).not.toBe(ONE);
    const faults = faultsOf(text);
    const fault = faults.find((one) => one.message.includes(message));
    expect(fault, JSON.stringify(faults)).toMatchObject({ file: 'dir/test.yaml' });
    expect([fault?.line, fault?.column]).toEqual([line, column]);
  });

  test('all faults come at once, every unknown key too', () => {
    const text = ONE.replace('  version: 1', '  colour: red\n  shape: round\n  version: 0').replace(
      'weight: 0.9',
      'weight: no',
    );
    const second = ONE.replace('test.one', 'TEST');
    const messages = faultsOf(text + second).map((fault) => `${fault.line}: ${fault.message}`);
    expect(messages).toHaveLength(5);
    expect(messages.join('\n')).toMatch(/"colour"[\s\S]*"shape"/);
  });

  test.each([
    ['no list', 'id: x', 'a signature file is a list'],
    ['nothing', '', 'YAML'],
    ['two documents', `${ONE}---\n${ONE}`, '2 YAML documents'],
    ['scalars', '- 1\n- text', 'must be a mapping'],
    ['deep nesting', `- ${'['.repeat(500)}`, 'not readable as YAML'],
    ['control bytes', '\u0000\u0001', 'not readable as YAML'],
  ])('%s is a fault, never a crash', (_name, text, message) => {
    const faults = faultsOf(text);
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
  });
});

describe('a directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'signatures-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const directory = (name: string, files: Record<string, string>): string => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(root, name, file, '..'), { recursive: true });
      writeFileSync(join(root, name, file), text);
    }
    return join(root, name);
  };

  test('is read with its folders, without reference tables and the schema', () => {
    const two = ONE.replace('test.one', 'test.two');
    const path = directory('good', {
      'b.yaml': ONE,
      'sub/a.yml': two,
      'reference/table.yaml': 'not: a list',
      'schema.json': '{}',
      'notes.txt': 'x',
    });
    const set = loadSignatures(path);
    expect(set.signatures.map((signature) => [signature.id, signature.file])).toEqual([
      ['test.one', 'b.yaml'],
      ['test.two', 'sub/a.yml'],
    ]);
    const files = [join(path, 'sub/a.yml'), join(path, 'b.yaml')];
    expect(loadSignatures(files).signatures.map((signature) => signature.id)).toEqual(['test.one', 'test.two']);
  });

  test('with a duplicate id names both places', () => {
    const path = directory('twice', { 'a.yaml': ONE, 'b.yaml': `\n${ONE}` });
    expect(() => loadSignatures(path)).toThrow(/b\.yaml:2:1: id test\.one is taken by the signature at .*a\.yaml:1/);
  });

  test('with one fault gives nothing, and lists the faults of all files', () => {
    const path = directory('bad', {
      'a.yaml': ONE.replace('weight: 0.9', 'weight: 9'),
      'b.yaml': 'x: [',
      'c.yaml': GOOD,
    });
    expect.assertions(2);
    try {
      loadSignatures(path);
    } catch (error) {
      expect(error).toBeInstanceOf(SignatureError);
      expect((error as SignatureError).faults.map((fault) => fault.file)).toEqual([
        join(path, 'a.yaml'),
        join(path, 'b.yaml'),
      ]);
    }
  });

  test('that is empty or missing is an error', () => {
    expect(() => loadSignatures(directory('empty', { 'readme.txt': 'x' }))).toThrow('holds no signatures');
    expect(() => loadSignatures(join(root, 'missing'))).toThrow('does not exist');
    expect(() => loadSignatures([join(root, 'missing.yaml')])).toThrow('cannot be read');
  });
});

describe('the shipped signatures', () => {
  const set = loadSignatures();
  test('load, and every id begins with the name of its file', () => {
    expect(set.signatures.length).toBeGreaterThan(80);
    for (const signature of set.signatures) {
      expect(`${signature.id.split('.')[0]}.yaml`).toBe(signature.file);
      expect([null, signature.file.replace('.yaml', '')]).toContain(signature.dialect);
    }
  });
});
