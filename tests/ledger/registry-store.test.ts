/** The registry in SQLite: idempotent, bitemporal, its sealed fields apart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { AddressRow, RegistryRow, SiteRow } from '../../src/attribution/types.ts';
import { type Ledger, openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { naturalKey } from '../../src/ledger/sqlite/natural-key.ts';
import { decodeRow, type RowArray, rowText } from '../../src/ledger/sqlite/registry-codec.ts';
import type { RegistrySource } from '../../src/ledger/store.ts';
import { numbered, START, seededBytes, sessionRow } from './store-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-registry-'));
const opened: Ledger[] = [];

function open(name: string, mode: 'read' | 'write' | 'create' = 'create'): Ledger {
  const random = seededBytes(`${name} ${opened.length}`);
  const ledger = openLedger(join(folder, `${name}.ledger`), { mode, now: () => START, random });
  opened.push(ledger);
  return ledger;
}

afterAll(() => {
  for (const ledger of opened) ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const account: SiteRow = {
  family: 'site',
  kind: 'power_account',
  key: 'invented-0001',
  valid: { from: START, to: null },
  account: null,
  party: null,
  places: [{ kind: 'power', region: '640502', text: '虚构路1号', detail: null }],
  meter: { kwh: null, capacityKva: 630, tariff: 'industrial', supply: 'dedicated' },
  machine: null,
  checked: null,
  extra: {},
  sealed: null,
};
const machine: SiteRow = { ...account, kind: 'machine', meter: null, machine: { model: 'X', count: 3, watts: 3000 } };
const rule: AddressRow = sessionRow(5, {
  kind: 'nat_rule',
  inside: { address: '100.64.0.9', realm: 'r' },
  natRule: {
    insideFirst: '100.64.0.0',
    insideLast: '100.64.0.255',
    insideRealm: null,
    firstPort: 1024,
    portsPerUser: 504,
    ratio: 128,
    order: 'round_robin',
  },
  ports: [1024, 2047],
  protocol: 'udp',
});

describe('rows as text', () => {
  test.each([
    ['session', sessionRow(1)],
    ['site', account],
    ['machine', machine],
    ['nat rule', rule],
  ] as const)('come back as they were: %s', (_name, row) => {
    expect(decodeRow(JSON.parse(rowText(row)) as RowArray)).toEqual(row);
  });

  test('the order of names is no content, `__proto__` is a name, sealed fields are left out', () => {
    const a = sessionRow(1, { extra: { b: '1', a: '2' }, sealed: { phone: '13900000000' } });
    const b = sessionRow(1, { extra: { a: '2', b: '1' } });
    expect(rowText(a)).toBe(rowText(b));
    const odd = sessionRow(1, { extra: Object.fromEntries([['__proto__', 'x']]) });
    expect(Object.entries(decodeRow(JSON.parse(rowText(odd)) as RowArray).extra)).toEqual([['__proto__', 'x']]);
  });

  test('property: any text and numbers survive', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text), fc.integer(), (realm, name, extra, checked) => {
        const row = sessionRow(3, { realm, extra, checked, account: name });
        expect(decodeRow(JSON.parse(rowText(row)) as RowArray)).toEqual(row);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe('natural keys', () => {
  test('tell statements apart, not their versions', () => {
    const base = sessionRow(1);
    const key = (more: Partial<AddressRow>): string => naturalKey(sessionRow(1, more));
    expect(key({ valid: { from: base.valid.from, to: null }, checked: 5, extra: {} })).toBe(naturalKey(base));
    const others = [
      key({ valid: { from: 1, to: null } }),
      key({ realm: 'other' }),
      key({ account: 'other' }),
      key({ kind: 'lease' }),
      key({ ports: [1, 2] }),
      naturalKey(sessionRow(2)),
    ];
    expect(new Set([naturalKey(base), ...others]).size).toBe(others.length + 1);
    // Who a filing names is what a correction of it changes.
    expect(key({ kind: 'filing', account: 'x' })).toBe(key({ kind: 'filing', account: 'y' }));
    // A mapping is told by its inside address, or by its subscriber where it names none.
    const nat = (account: string, address: string | null): string =>
      key({ kind: 'nat_block', account, inside: address === null ? null : { address, realm: 'r' } });
    expect(nat('x', '100.64.0.9')).toBe(nat('y', '100.64.0.9'));
    expect(nat('x', null)).not.toBe(nat('y', null));
    expect(nat('x', null)).toBe(nat('x', null));
    const reading = (to: number): string =>
      naturalKey({ ...account, kind: 'meter_reading', valid: { from: START, to } });
    expect(reading(1)).not.toBe(reading(2));
  });
});

describe('adding', () => {
  test('the same rows again change nothing, in any order and in other batches', () => {
    const { registry, leads, verify } = methods(open('again'));
    const rows = numbered(Array.from({ length: 1300 }, (_, at) => sessionRow(at)));
    expect(registry.addRows('a.csv', rows, START)).toEqual({ added: 1300, unchanged: 0, superseded: 0 });
    const before = [...registry.rows(null)];
    const entries = [...leads.entries({})].length;
    for (let from = 0; from < rows.length; from += 400) {
      const batch = rows.toReversed().slice(from, from + 400);
      expect(registry.addRows('b.csv', batch, START + 5)).toMatchObject({ added: 0, unchanged: batch.length });
    }
    expect([...registry.rows(null)]).toEqual(before);
    expect([...leads.entries({})].length).toBe(entries);
    expect(before.map(({ id }) => id)).toEqual(rows.map((_, at) => at + 1));
    expect(before[700]).toMatchObject({ source: 'a.csv', row: 702, recordedAt: START, supersededAt: null });
    expect(before[700]?.value).toEqual(rows[700]?.value);
    expect(verify()).toMatchObject({ ok: true });
  });

  test('a later statement supersedes; what was known before stays to be seen', () => {
    const { registry, verify } = methods(open('later'));
    const open1 = sessionRow(1, { valid: { from: START, to: null }, endInferred: true });
    const closed = sessionRow(1, { valid: { from: START, to: START + 1000 } });
    registry.addRows('a', numbered([open1, sessionRow(2)]), START + 10);
    expect(registry.addRows('b', numbered([closed]), START + 20)).toEqual({ added: 1, unchanged: 0, superseded: 1 });
    const known = (at: number | null): string[] =>
      [...registry.rows(at)].map(
        ({ id, supersededAt }) => `${id} ${supersededAt === null ? '-' : supersededAt - START}`,
      );
    expect(known(null)).toEqual(['2 -', '3 -']);
    expect(known(START + 9)).toEqual([]);
    expect(known(START + 19)).toEqual(['1 20', '2 -']);
    expect(known(START + 20)).toEqual(['2 -', '3 -']);
    expect(registry.row(1)).toMatchObject({ supersededAt: START + 20, value: open1 });
    // And back: an earlier content stated again is a new statement.
    expect(registry.addRows('c', numbered([open1]), START + 30)).toEqual({ added: 1, unchanged: 0, superseded: 1 });
    expect(known(null)).toEqual(['2 -', '4 -']);
    expect(known(START + 20)).toEqual(['2 -', '3 30']);
    expect([registry.row(0), registry.row(5), registry.row(1.5), registry.row(-1)]).toEqual([null, null, null, null]);
    expect(verify()).toMatchObject({ ok: true });
  });

  test('contradicting rows of one import stay beside each other, over batches and imports', () => {
    const { registry } = methods(open('beside'));
    const filing = (holder: string): AddressRow =>
      sessionRow(1, { kind: 'filing', account: null, extra: { holder }, valid: { from: START, to: null } });
    registry.addRows('f', numbered([filing('a')]), START);
    expect(registry.addRows('f', numbered([filing('b')]), START)).toEqual({ added: 1, unchanged: 0, superseded: 0 });
    const holders = (): string[] => [...registry.rows(null)].map(({ value }) => value.extra['holder'] ?? '').sort();
    expect(holders()).toEqual(['a', 'b']);
    // The next import repeats one and corrects the other, in either order.
    registry.addRows('g', numbered([filing('a'), filing('c')]), START + 1);
    expect(holders()).toEqual(['a', 'c']);
    registry.addRows('h', numbered([filing('d'), filing('a')]), START + 2);
    expect(holders()).toEqual(['a', 'd']);
  });

  test('a thousand contradicting rows with one key stay bounded', () => {
    const { registry } = methods(open('bounded'));
    const rows = Array.from({ length: 1000 }, (_, at) => sessionRow(1, { extra: { at: String(at) } }));
    expect(registry.addRows('h', numbered(rows), START)).toEqual({ added: 1000, unchanged: 0, superseded: 984 });
    expect([...registry.rows(null)].map(({ value }) => value.extra['at'])).toEqual(
      Array.from({ length: 16 }, (_, at) => String(984 + at)),
    );
  });

  test('a batch undone leaves no trace, also not in memory', () => {
    const ledger = open('undone');
    const { registry, leads } = ledger;
    registry.addRows('a', numbered([sessionRow(1)]), START);
    const fail = (): void =>
      leads.transaction(() => {
        registry.addRows('a', numbered([sessionRow(2), sessionRow(1, { checked: 1 })]), START + 1);
        throw new Error('stop');
      });
    expect(fail).toThrow('stop');
    expect([...registry.rows(null)].map(({ id, value }) => [id, value])).toEqual([[1, sessionRow(1)]]);
    // Ids are given out again; nothing of the batch undone keeps its rows from being superseded.
    expect(registry.addRows('a', numbered([sessionRow(1, { checked: 2 })]), START + 1).superseded).toBe(1);
    expect(registry.addRows('b', numbered([sessionRow(1, { checked: 3 })]), START + 2).superseded).toBe(1);
    expect(ledger.verify().ok).toBe(true);
  });

  test('another process may write in between', () => {
    const [one, two] = [open('two'), open('two', 'write')];
    one.registry.addRows('a', numbered([sessionRow(1)]), START);
    two.registry.addRows('b', numbered([sessionRow(2), sessionRow(1)]), START + 1);
    one.leads.putSetting('x', 'y');
    expect(one.registry.addRows('a', numbered([sessionRow(2), sessionRow(3)]), START)).toMatchObject({
      ...{ added: 1, unchanged: 1 },
    });
    expect([...two.registry.rows(null)].map(({ id }) => id)).toEqual([1, 2, 3]);
    expect([one.verify().ok, two.verify().ok]).toEqual([true, true]);
  });

  test('kinds and counts', () => {
    const { registry } = methods(open('kinds'));
    const values: RegistryRow[] = [sessionRow(1), account, machine, sessionRow(2, { kind: 'lease' })];
    registry.addRows('a', numbered(values), START);
    registry.addRows('b', numbered([sessionRow(3), sessionRow(4)]), START);
    registry.addRows('c', numbered([sessionRow(3, { checked: 1 })]), START + 1);
    expect(registry.counts()).toEqual({ session: 3, power_account: 1, machine: 1, lease: 1 });
    expect([...registry.rows(null, ['machine', 'lease'])].map(({ value }) => value.kind)).toEqual(['machine', 'lease']);
    expect([...registry.rows(null, [])]).toEqual([]);
  });

  test('cells of ten megabytes', () => {
    const { registry, verify } = methods(open('large'));
    const cell = '=HYPERLINK("x")\ud800'.repeat(700_000);
    registry.addRows('a', numbered([sessionRow(1, { extra: { cell } })]), START);
    expect([...registry.rows(null)].every(({ value }) => value.extra['cell'] === cell)).toBe(true);
    expect(verify().ok).toBe(true);
  });
});

describe('sealed fields', () => {
  const person = (at: number, phone: string | null): RegistryRow =>
    sessionRow(at, { sealed: phone === null ? null : { phone, name: '虚构人' } });
  const why = { time: START, actor: 'inspector', purpose: '核查', document: '虚构文号〔2026〕1号' };

  test('are apart, and read only with an entry that stands first', () => {
    const { registry, leads, verify } = methods(open('sealed'));
    registry.addRows('a', numbered([person(1, '13900000001'), person(2, null), person(3, '13900000003')]), START);
    expect([...registry.rows(null)].map(({ value }) => value.sealed)).toEqual([null, null, null]);
    expect([...registry.readSealed([3, 2, 1, 99, 3], why)]).toEqual([
      [1, { name: '虚构人', phone: '13900000001' }],
      [3, { name: '虚构人', phone: '13900000003' }],
    ]);
    expect([...leads.entries({ actions: ['sealed.read'] })].map(({ actor, detail }) => [actor, detail])).toEqual([
      ['inspector', { purpose: why.purpose, document: why.document, count: 4, rows: [1, 2, 3, 99] }],
    ]);
    expect(() => leads.transaction(() => registry.readSealed([1], why))).toThrow('outside of a transaction');
    expect(verify().ok).toBe(true);
  });

  test('cannot be read where no entry can be written', () => {
    open('mute').registry.addRows('a', numbered([person(1, '13900000001')]), START);
    const { registry } = methods(open('mute', 'read'));
    expect(() => registry.readSealed([1], why)).toThrow('opened for reading only');
  });

  test('a changed one is a new statement, the same again is none', () => {
    const { registry } = methods(open('changed'));
    registry.addRows('a', numbered([person(1, '13900000001')]), START);
    expect(registry.addRows('b', numbered([person(1, '13900000001')]), START + 1).unchanged).toBe(1);
    expect(registry.addRows('b', numbered([person(1, '13900000002')]), START + 2)).toMatchObject({ superseded: 1 });
    expect(registry.addRows('b', numbered([person(1, null)]), START + 3)).toMatchObject({ superseded: 1 });
    expect(registry.addRows('b', numbered([person(1, '13900000002')]), START + 4)).toMatchObject({ superseded: 1 });
    expect(registry.readSealed([2, 3, 4], why).size).toBe(2);
  });
});

test('sources are listed in the order of their imports', () => {
  const { registry, verify } = methods(open('sources'));
  const source = (name: string, importedAt: number): RegistrySource => ({
    ...{ name, importedAt, actor: 'tester', sha256: 'x', rows: 1, added: 1, unchanged: 0, superseded: 0, faults: 0 },
    shape: { layout: 'filing-b', encoding: 'utf-8', because: 'header' },
  });
  registry.putSource(source('b', 2));
  registry.putSource(source('a', 3));
  registry.putSource(source('b', 1));
  registry.putSource({ ...source('a', 3), rows: 2 });
  expect(registry.sources().map(({ name, importedAt, rows }) => `${name}${importedAt} ${rows}`)).toEqual([
    ...['b1 1', 'b2 1', 'a3 2'],
  ]);
  expect(verify().ok).toBe(true);
});

function methods(ledger: Ledger): Pick<Ledger, 'registry' | 'leads' | 'verify'> {
  return { registry: ledger.registry, leads: ledger.leads, verify: () => ledger.verify() };
}
