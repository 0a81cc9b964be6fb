/** Each limit of the language: what lies just inside loads, what lies just outside is one fault with its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as limit from '../../src/signature/limits.ts';
import { requiredLiterals } from '../../src/signature/literals.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import { type Signature, SignatureError, type SignatureFault } from '../../src/signature/types.ts';
import { fileOf, readFile, signaturesOf } from './build.ts';

const list = <T>(length: number, item: (n: number) => T): T[] => Array.from({ length }, (_, n) => item(n));
const text = (length: number): string => 'x'.repeat(length);
const member = (n: number) => ({ member: `m${n}`, present: true });
const all = (...conditions: unknown[]) => ({ match: { all: conditions } });
const conditions = (all: number, any: number, none: number) => ({
  match: {
    ...(all > 0 ? { all: list(all, member) } : {}),
    ...(any > 0 ? { any: list(any, member) } : {}),
    ...(none > 0 ? { none: list(none, (n) => ({ member: `n${n}`, present: true })) } : {}),
  },
});
const tests = (length: number, size = 10) => ({
  tests: [
    { miner: `{"method":"demo.one","x":"${text(size)}"}`.slice(0, Math.max(size, 40)), expect: 'indication' },
    ...list(length - 1, () => ({ miner: '{"method":"demo.two"}', expect: 'none' })),
  ],
});
const endpoint = (test: object) => ({
  kind: 'endpoint',
  family: 'server-name',
  weight: 0.5,
  transports: ['tls'],
  match: { all: [{ endpoint: { source: ['sni'], ...test } }] },
});
const path = (steps: number): string => list(steps, () => 'a').join('.');

type Change = Readonly<Record<string, unknown>>;
const ROWS: readonly [name: string, inside: Change, outside: Change, message: RegExp][] = [
  ['conditions of all', conditions(64, 0, 0), conditions(65, 0, 0), /^all has more than 64 elements/],
  ['conditions of any', conditions(0, 64, 0), conditions(0, 65, 0), /^any has more than 64 elements/],
  ['conditions of none', conditions(1, 0, 64), conditions(1, 0, 65), /^none has more than 64 elements/],
  ['conditions together', conditions(32, 32, 32), conditions(33, 32, 32), /^97 conditions are more than the 96/],
  [
    'entries of method',
    all({ method: list(256, (n) => `m${n}`) }, member(1)),
    all({ method: list(257, (n) => `m${n}`) }, member(1)),
    /^method has more than 256 elements/,
  ],
  ['a method', all({ method: [text(64)] }), all({ method: [text(65)] }), /^method is longer than 64 characters/],
  [
    'entries of in',
    all({ member: 'a', in: list(256, (n) => n) }),
    all({ member: 'a', in: list(257, (n) => n) }),
    /^in has more than 256 elements/,
  ],
  [
    'a text of in',
    all({ member: 'a', in: [text(256)] }),
    all({ member: 'a', in: [text(257)] }),
    /^a text of in is longer than 256 characters/,
  ],
  ...(['contains', 'starts_with', 'ends_with'] as const).map((key): [string, Change, Change, RegExp] => [
    key,
    all({ member: 'a', [key]: text(64) }),
    all({ member: 'a', [key]: text(65) }),
    new RegExp(`^${key} is longer than 64 characters`),
  ]),
  ['below', endpoint({ below: text(64) }), endpoint({ below: text(65) }), /^below is longer than 64 characters/],
  [
    'names of an endpoint',
    endpoint({ in: list(256, (n) => `${n}.example`) }),
    endpoint({ in: list(257, (n) => `${n}.example`) }),
    /^in has more than 256 elements/,
  ],
  ['a path', all(memberAt(text(256))), all(memberAt(text(257))), /^member is longer than 256 characters/],
  ['steps of a path', all(memberAt(path(8))), all(memberAt(path(9))), /^member has 9 steps, more than the 8/],
  [
    'steps with dots in their names',
    all(memberAt(`a${'["b.c"]'.repeat(7)}`)),
    all(memberAt(`a${'["b.c"]'.repeat(8)}`)),
    /^member has 9 steps/,
  ],
  ['an id', { id: `demo.${text(75)}` }, { id: `demo.${text(76)}` }, /^id is longer than 80 characters/],
  ['tests', tests(64), tests(65), /^tests has more than 64 elements/],
  ["a test's text", tests(2, 65_536), tests(2, 65_537), /^miner is longer than 65536 characters/],
  [
    'literals',
    all({ method: list(64, (n) => `m${n}`) }),
    all({ method: list(65, (n) => `m${n}`) }),
    /any of 65 texts .* at most 64 are allowed/,
  ],
  [
    'literals of any',
    { match: { any: list(2, () => ({ member: 'a', in: list(32, (n) => `v${n}`) })) } },
    { match: { any: list(2, () => ({ member: 'a', in: list(33, (n) => `v${n}`) })) } },
    /any of 66 texts .* at most 64 are allowed/,
  ],
  ['references', references(16), references(17), /^references has more than 16 elements/],
  ['coins', { coins: list(16, (n) => `C${n}`) }, { coins: list(17, (n) => `C${n}`) }, /^coins has more than 16/],
  [
    'types of a value',
    all({ member: 'a', type: ['string', 'number', 'boolean', 'object', 'array', 'null'] }),
    all({ member: 'a', type: list(7, () => 'string') }),
    /^type must be one or a list of/,
  ],
];

function memberAt(path: string): object {
  return { member: path, present: true };
}

function references(count: number): Change {
  return { references: list(count, (n) => `https://example.org/${n}`) };
}

describe('a signature', () => {
  test.each(ROWS)('%s', (_name, inside, outside, message) => {
    expect(readFile(fileOf(inside)).faults).toEqual([]);
    const { signatures, faults } = readFile(fileOf(outside));
    expect(faults.map((fault) => fault.message)).toEqual([expect.stringMatching(message)]);
    expect(signatures).toEqual([]);
    // A place inside the signature, which begins at the first line of the list.
    expect(faults[0]).toMatchObject({ file: 'dir/demo.yaml' });
    expect(faults[0]?.line).toBeGreaterThan(1);
    expect(faults[0]?.column).toBeGreaterThan(0);
  });

  test('with many methods is tried by another condition that has few texts', () => {
    const [signature] = signaturesOf(all({ method: list(200, (n) => `m${n}`) }, { member: 'params.blob', hex: 8 }));
    expect(requiredLiterals((signature as Signature).match)).toEqual(['"blob"']);
  });
});

describe('a file', () => {
  const root = mkdtempSync(join(tmpdir(), 'limits-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const write = (name: string, content: string): string => {
    writeFileSync(join(root, name), content);
    return join(root, name);
  };
  const faultsOf = (run: () => unknown): readonly SignatureFault[] => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(SignatureError);
      return (error as SignatureError).faults;
    }
    return [];
  };

  test('of a mebibyte loads, of a byte more does not', () => {
    const one = fileOf({});
    const full = `${one}\n#${text(limit.MAX_FILE - Buffer.byteLength(one) - 2)}`;
    expect(Buffer.byteLength(full)).toBe(1_048_576);
    expect(readFile(full).faults).toEqual([]);
    const message = expect.stringMatching(/^is larger than 1024 KiB/);
    expect(readFile(`${full}x`).faults.map((fault) => fault.message)).toEqual([message]);
    // Counted in bytes, not in characters.
    expect(readFile(`${full.slice(0, -1)}é`).faults.map((fault) => fault.message)).toEqual([message]);
    const path = write('large.yaml', `${full}x`);
    expect(faultsOf(() => loadSignatures([path]))).toEqual([{ file: path, line: 0, column: 0, message }]);
  });

  test('full of faults names two hundred of them', () => {
    const { faults } = readFile('- 1\n'.repeat(100_000));
    expect(faults).toHaveLength(limit.MAX_FAULTS + 1);
    expect(faults[limit.MAX_FAULTS]?.message).toMatch(/the rest of the file is not read/);
    const keys = Object.fromEntries(list(20_000, (n) => [`k${n}`, 1]));
    expect(readFile(fileOf(keys)).faults).toHaveLength(limit.MAX_FAULTS);
  });

  test('with literals that do not fit into the table says which signature has the most', () => {
    const long = (n: number) => `${n.toString(36).padStart(3, '0')}${text(250)}`;
    const many = (name: string, from: number, count: number) =>
      fileOf({ id: `demo.${name}`, ...all({ member: 'a', in: list(count, (n) => long(from + n)) }) });
    // 8192 states hold 32 such texts, of 255 characters with the quotes, and their beginnings.
    const small = write('small.yaml', many('small', 0, 10));
    const big = write('big.yaml', `\n${many('big', 100, 15)}`);
    expect(faultsOf(() => loadSignatures([small, big]))).toEqual([]);
    const more = write('more.yaml', `\n\n${many('more', 200, 20)}`);
    const faults = faultsOf(() => loadSignatures([small, big, more]));
    expect(faults.map(({ file, line }) => [file, line])).toEqual([[more, 4]]);
    expect(faults[0]?.message).toMatch(/do not fit together \(.*states.*\).*: give it fewer or shorter/);
  });

  test('with too many texts is a fault before the table is made', () => {
    const signatures = signaturesOf(
      ...list(140, (s) => ({ id: `demo.s${s}`, ...all({ method: list(64, (n) => `${s}-${n}`) }) })),
    );
    const faults = faultsOf(() => createSignatureSet(signatures));
    expect(faults[0]?.message).toMatch(/8961 different texts, the table has room for 8191/);
  });

  test('with more than ten thousand signatures in all is not loaded', () => {
    const [one] = signaturesOf({});
    const set = (count: number) =>
      createSignatureSet(list(count, (n) => ({ ...(one as Signature), id: `demo.n${n}` })));
    expect(set(limit.MAX_SIGNATURES).signatures).toHaveLength(10_000);
    expect(faultsOf(() => set(limit.MAX_SIGNATURES + 1))[0]?.message).toMatch(/10001 signatures are more than/);
    const files = list(8, (f) => write(`f${f}.yaml`, compact(list(1250, (n) => `demo.f${f}-${n}`))));
    const last = write('g.yaml', compact(['demo.last']));
    const faults = faultsOf(() => loadSignatures([...files, last]));
    const message = expect.stringMatching(/at most 10000 signatures/);
    expect(faults).toEqual([{ file: last, line: 1, column: 1, message }]);
  }, 60_000);
});

function compact(ids: readonly string[]): string {
  const rows = JSON.parse(fileOf(...ids.map((id) => ({ id })))) as unknown[];
  return JSON.stringify(rows);
}
