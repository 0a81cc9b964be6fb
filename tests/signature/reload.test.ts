import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSignatures } from '../../src/signature/load.ts';
import { SignatureHolder, tryLoadSignatures } from '../../src/signature/reload.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import { fileOf, signaturesOf } from './build.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-reload-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, ...changes: Record<string, unknown>[]): void =>
  writeFileSync(join(folder, name), fileOf(...changes));

test('a sound folder replaces the set as a whole and says what changed', () => {
  put('a.yaml', { id: 'demo.one' }, { id: 'demo.two' });
  const holder = new SignatureHolder(loadSignatures(folder));
  const before = holder.current;
  put('a.yaml', { id: 'demo.one', weight: 0.5 });
  put('b.yaml', { id: 'demo.three' });
  const result = holder.reload(folder);
  expect(result).toMatchObject({
    ok: true,
    diff: {
      added: [{ id: 'demo.three' }],
      removed: [{ id: 'demo.two' }],
      changed: [{ id: 'demo.one', meaning: ['weight'] }],
      faults: [
        { id: 'demo.one', reason: 'unversioned' },
        { id: 'demo.two', reason: 'removed' },
      ],
    },
  });
  expect(holder.current.signatures.map(({ id }) => id)).toEqual(['demo.one', 'demo.three']);
  // Whoever took the old set goes on with it.
  expect(before.signatures.map(({ id, weight }) => [id, weight])).toEqual([
    ['demo.one', 0.95],
    ['demo.two', 0.95],
  ]);
});

describe('the old set stays', () => {
  const BROKEN: [name: string, breakIt: () => void, message: RegExp][] = [
    ['one file of two is no YAML', () => writeFileSync(join(folder, 'b.yaml'), '- id: ['), /not readable as YAML/],
    ['a signature has a fault', () => put('b.yaml', { id: 'demo.two', weight: 2 }), /weight must be at most 1/],
    ['two files share an id', () => put('b.yaml', { id: 'demo.one' }), /is taken/],
    ['the folder is gone', () => rmSync(folder, { recursive: true }), /does not exist/],
    ['the folder is empty', () => rmSync(join(folder, 'a.yaml')), /holds no signatures/],
    [
      'a file is a folder',
      () => {
        mkdirSync(join(folder, 'b.yaml'));
        rmSync(join(folder, 'a.yaml'));
      },
      /holds no signatures/,
    ],
    [
      'the literals need more room than there is',
      () => put('b.yaml', { id: 'demo.two', match: { all: [{ method: ['m'.repeat(9000)] }] } }),
      /./,
    ],
  ];
  test.each(BROKEN)('%s', (_, breakIt, message) => {
    put('a.yaml', { id: 'demo.one' });
    const holder = new SignatureHolder(loadSignatures(folder));
    const before = holder.current;
    breakIt();
    const result = holder.reload(folder);
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.faults.map((fault) => fault.message)).toContainEqual(expect.stringMatching(message));
    expect(holder.current).toBe(before);
  });

  test('and a later reload of the mended folder works', () => {
    put('a.yaml', { id: 'demo.one' });
    const holder = new SignatureHolder(loadSignatures(folder));
    put('a.yaml', { id: 'Demo' });
    expect(holder.reload(folder).ok).toBe(false);
    put('a.yaml', { id: 'demo.one', version: 2 });
    expect(holder.reload(folder)).toMatchObject({ ok: true, diff: { changed: [{ id: 'demo.one' }], faults: [] } });
    expect(holder.current.byId('demo.one')?.version).toBe(2);
  });
});

test('a selection is laid over each new set; where it no longer fits, the old set stays', () => {
  put('a.yaml', { id: 'demo.one' }, { id: 'demo.two' });
  const select = (all: ReturnType<typeof loadSignatures>) => all.without(['demo.two']);
  const holder = new SignatureHolder(select(loadSignatures(folder)), select);
  put('b.yaml', { id: 'demo.three' });
  expect(holder.reload(folder)).toMatchObject({ ok: true, diff: { added: [{ id: 'demo.three' }], removed: [] } });
  expect(holder.current.byId('demo.two')).toBeUndefined();
  const before = holder.current;
  put('a.yaml', { id: 'demo.one' });
  expect(holder.reload(folder)).toMatchObject({ ok: false, faults: [{ file: 'demo.two' }] });
  expect(holder.current).toBe(before);
});

test('files can be named one by one', () => {
  put('a.yaml', { id: 'demo.one' });
  put('b.yaml', { id: 'demo.two' });
  const holder = new SignatureHolder(createSignatureSet(signaturesOf({ id: 'demo.one' })));
  expect(holder.reload([join(folder, 'b.yaml'), join(folder, 'a.yaml')])).toMatchObject({
    ok: true,
    diff: { added: [{ id: 'demo.two' }], removed: [], unchanged: 1 },
  });
});

test('reading without throwing', () => {
  put('a.yaml', { id: 'demo.one' });
  expect(tryLoadSignatures(folder)).toMatchObject({ ok: true, set: { signatures: [{ id: 'demo.one' }] } });
  expect(tryLoadSignatures(join(folder, 'no'))).toMatchObject({ ok: false, faults: [{ line: 0 }] });
  expect(tryLoadSignatures(['a\0b'])).toMatchObject({ ok: false });
});
