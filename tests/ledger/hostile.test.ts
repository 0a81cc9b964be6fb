/** Files that are no ledger, places that cannot be written, disks that are full: one clear line each, nothing lost. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { LedgerError } from '../../src/ledger/ledger-error.ts';
import { type Ledger, type OpenOptions, openLedger } from '../../src/ledger/sqlite/ledger.ts';
import { entry, evidence, numbered, START, seededBytes, sessionRow } from './store-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-hostile-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);
const open = (path: string, mode: OpenOptions['mode'], more: Partial<OpenOptions> = {}): Ledger =>
  openLedger(path, { mode, now: () => START, random: seededBytes(path), busyTimeout: 50, ...more });

/** The line a LedgerError says; anything else fails. */
function line(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError);
    const { message } = error as LedgerError;
    expect(message).not.toContain('\n');
    return message.replaceAll(folder, '…');
  }
  return 'no error';
}

describe('what is no ledger', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const sqlite = (name: string, sql: string): string => {
    const db = new DatabaseSync(at(name));
    db.exec(sql);
    db.close();
    return at(name);
  };
  test.each<[string, () => string, RegExp]>([
    ['nothing', () => at('none'), /there is no such ledger/],
    ['missing folder', () => at('no/such/folder/x'), /folder .* does not exist; create it/],
    ['a folder', () => folder, /is no file/],
    ['zero bytes', () => file('zero', ''), /is empty \(zero bytes\)/],
    ['text', () => file('text', 'hello '.repeat(500)), /is not a ledger \(no SQLite database\)/],
    ['a short text', () => file('tiny', 'x'), /is not a ledger/],
    ['another database', () => sqlite('other', 'CREATE TABLE t (a)'), /database of another program/],
    [
      'a newer version',
      () => sqlite('newer', 'PRAGMA application_id = 1347439687; PRAGMA user_version = 99; CREATE TABLE t (a)'),
      /written by a newer poolprint \(schema 99, this one knows 1\); update poolprint/,
    ],
    [
      'tables of its own',
      () => sqlite('forged', 'PRAGMA application_id = 1347439687; PRAGMA user_version = 1; CREATE TABLE entry (a)'),
      /not as poolprint made them/,
    ],
    [
      'a version below all',
      () => sqlite('below', 'PRAGMA application_id = 1347439687; PRAGMA user_version = -3; CREATE TABLE entry (a)'),
      /not as poolprint made them/,
    ],
  ])('%s', (_name, make, expected) => {
    const path = make();
    for (const mode of ['read', 'write'] as const) expect(line(() => open(path, mode))).toMatch(expected);
  });

  test('creating does not take an empty or foreign file for a new ledger', () => {
    writeFileSync(at('zero2'), '');
    expect(line(() => open(at('zero2'), 'create'))).toContain('is empty');
    expect(readFileSync(at('zero2'), 'utf8')).toBe('');
    expect(line(() => open(at('no/folder'), 'create'))).toContain('check that the folder exists');
    expect(existsSync(at('no'))).toBe(false);
  });
});

describe('writing that fails', () => {
  test('a second writer gets one line and may try again', () => {
    const [one, two] = [open(at('busy'), 'create'), open(at('busy'), 'write')];
    one.leads.transaction(() => {
      one.leads.append(entry('first', 'L1'));
      expect(line(() => two.leads.append(entry('second', 'L1')))).toBe(
        '…/busy: another poolprint is writing to it; try again when that is done',
      );
      // Reading goes on, of what was there before.
      expect([...two.leads.entries({ leads: ['L1'] })]).toEqual([]);
    });
    two.leads.append(entry('second', 'L1'));
    expect([...one.leads.entries({ leads: ['L1'] })].map(({ action }) => action)).toEqual(['first', 'second']);
    expect(one.verify().ok).toBe(true);
    one.close();
    two.close();
  });

  test('a ledger opened for reading changes nothing', () => {
    open(at('only'), 'create').close();
    const ledger = open(at('only'), 'read');
    expect(line(() => ledger.leads.putSetting('a', 'b'))).toContain('opened for reading only; nothing was changed');
    expect(line(() => ledger.anchor({ now: START, actor: 'a' }))).toContain('opened for reading only');
    expect(ledger.verify().ok).toBe(true);
    ledger.close();
  });

  test('a full disk: one line, what was acknowledged is kept, and it goes on once there is room', () => {
    const small = open(at('full'), 'create', { maxBytes: 2_000_000 });
    let kept = 0;
    const fill = (): void => {
      for (; kept < 100; kept++) small.leads.putEvidence(evidence(`d${kept}`, seededBytes(`${kept}`)(100_000)));
    };
    expect(line(fill)).toBe('…/full: the disk is full; free space and try again, what was acknowledged is kept');
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThan(25);
    expect(line(() => small.leads.transaction(() => fill()))).toContain('the disk is full');
    expect(small.verify()).toMatchObject({ ok: true, faults: [] });
    small.close();
    const again = open(at('full'), 'write');
    for (let n = 0; n < kept; n++) expect(again.leads.evidence(`d${n}`)).toHaveLength(1);
    expect(again.leads.evidence(`d${kept}`)).toEqual([]);
    again.leads.putEvidence(evidence(`d${kept}`, seededBytes(`${kept}`)(100_000)));
    expect(again.verify().ok).toBe(true);
    again.close();
  });

  test('an import on a full disk goes on where it stopped', () => {
    const small = open(at('full-import'), 'create', { maxBytes: 400_000 });
    const batch = (n: number): ReturnType<typeof numbered> =>
      numbered(
        Array.from({ length: 500 }, (_, i) => sessionRow(n * 500 + i)),
        n * 500,
      );
    let n = 0;
    expect(
      line(() => {
        for (; n < 100; n++) small.registry.addRows('a', batch(n), START);
      }),
    ).toContain('the disk is full');
    small.close();
    const again = open(at('full-import'), 'write');
    expect([...again.registry.rows(null)]).toHaveLength(n * 500);
    for (let from = 0; from < n + 3; from++) again.registry.addRows('a', batch(from), START + 1);
    expect([...again.registry.rows(null)]).toHaveLength((n + 3) * 500);
    expect(again.verify().ok).toBe(true);
    again.close();
  });

  test('files and folders that may not be written', () => {
    // The child must at least get to the folder.
    chmodSync(folder, 0o755);
    mkdirSync(at('locked'));
    const path = at('locked/a.ledger');
    const ledger = open(path, 'create');
    ledger.leads.append(entry('kept'));
    ledger.close();
    copyFileSync(path, at('before'));
    chmodSync(path, 0o444);
    chmodSync(at('locked'), 0o555);
    // Root may write anything: a child without its rights tries.
    const lines = execFileSync(process.execPath, [join(import.meta.dirname, 'unwritable-child.ts'), path], {
      encoding: 'utf8',
    });
    chmodSync(at('locked'), 0o755);
    expect(JSON.parse(lines.replaceAll(folder, '…'))).toEqual({
      write:
        '…/locked/a.ledger: cannot be written (read-only file, folder or medium); change the permissions or copy it elsewhere',
      create: '…/locked/new.ledger: cannot be opened; check that the folder exists and may be read and written',
      read: 'entries: ledger.created kept; verifies: true',
      backup: '…/locked/a.ledger: was opened for reading only; nothing was changed',
    });
    expect(readFileSync(path).equals(readFileSync(at('before')))).toBe(true);
  });
});
