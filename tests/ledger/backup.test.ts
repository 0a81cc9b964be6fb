/** Backups: complete, verified, never over another file; restoring sets aside what was there. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Ledger, openLedger, restoreLedger } from '../../src/ledger/sqlite/ledger.ts';
import { entry, evidence, numbered, START, seededBytes, sessionRow } from './store-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const by = { now: START, actor: 'keeper' };

function folderWith(name: string): { at: (file: string) => string; ledger: Ledger } {
  mkdirSync(join(folder, name));
  const at = (file: string): string => join(folder, name, file);
  const ledger = openLedger(at('a.ledger'), { mode: 'create', now: () => START, random: seededBytes(name) });
  ledger.leads.append(entry('x', 'L1', { personal: { p: '虚构' } }));
  ledger.leads.putEvidence(evidence('d', Buffer.from('capture')));
  ledger.registry.addRows('a', numbered([sessionRow(1, { sealed: { phone: '13900000000' } })]), START);
  return { at, ledger };
}

const reading = (path: string): Ledger =>
  openLedger(path, { mode: 'read', now: () => START, random: seededBytes('r') });
const restoring = { now: () => START, random: seededBytes('restore'), actor: 'keeper' };

describe('backup', () => {
  test('has everything, its own entry too, while the ledger stays open', () => {
    const { at, ledger } = folderWith('whole');
    const report = ledger.backup(at('b.ledger'), by);
    expect(report).toMatchObject({ ok: true, faults: [] });
    ledger.leads.append(entry('later'));
    const copy = reading(at('b.ledger'));
    expect(copy.id).toBe(ledger.id);
    expect([...copy.leads.entries({})].at(-1)).toMatchObject({
      action: 'backup',
      actor: 'keeper',
      detail: { file: 'b.ledger' },
    });
    expect(copy.registry.row(1)?.value).toMatchObject({ kind: 'session' });
    expect(Buffer.from(copy.leads.evidence('d')[0]?.capture ?? []).toString()).toBe('capture');
    copy.close();
    ledger.close();
    expect(readdirSync(at('')).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  test('never over another file, into no missing folder, of no ledger that does not verify', () => {
    const { at, ledger } = folderWith('refused');
    writeFileSync(at('taken'), 'kept');
    expect(() => ledger.backup(at('taken'), by)).toThrow('is there already; choose another name');
    expect(readFileSync(at('taken'), 'utf8')).toBe('kept');
    expect(() => ledger.backup(at('missing/b.ledger'), by)).toThrow(/folder .* does not exist|cannot be opened/);
    expect(() => ledger.leads.transaction(() => ledger.backup(at('c'), by))).toThrow('outside of a transaction');
    ledger.close();
    const bytes = readFileSync(at('a.ledger'));
    bytes.write('CAPTURE', bytes.indexOf('capture', bytes.indexOf('capture') + 1));
    for (let from = bytes.indexOf('capture'); from >= 0; from = bytes.indexOf('capture', from + 1)) {
      if (bytes[from + 7] === 0 || from > 20_000) bytes.write('CAPTURE', from);
    }
    writeFileSync(at('bad.ledger'), bytes);
    let caught: unknown = null;
    try {
      const bad = openLedger(at('bad.ledger'), { mode: 'write', now: () => START, random: seededBytes('bad') });
      try {
        bad.backup(at('d.ledger'), by);
      } finally {
        bad.close();
      }
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ name: 'LedgerError', exitCode: 1 });
    expect([existsSync(at('c')), existsSync(at('d.ledger'))]).toEqual([false, false]);
  });
});

describe('restore', () => {
  test('makes a ledger that goes on from the backup', () => {
    const { at, ledger } = folderWith('anew');
    const { head } = ledger.backup(at('b.ledger'), by);
    ledger.close();
    expect(restoreLedger(at('b.ledger'), at('new.ledger'), { ...restoring, replace: false })).toMatchObject({
      aside: null,
      report: { ok: true },
    });
    const again = reading(at('new.ledger'));
    const last = [...again.leads.entries({})].at(-1);
    expect(last).toMatchObject({ action: 'ledger.restored', seq: head.seq + 1, detail: { ...head, file: 'b.ledger' } });
    expect(again.verify().ok).toBe(true);
    again.close();
  });

  test('sets aside what was there, when told to, and not while it is open', () => {
    const { at, ledger } = folderWith('over');
    ledger.backup(at('b.ledger'), by);
    const replacing = { ...restoring, replace: true };
    expect(() => restoreLedger(at('b.ledger'), at('a.ledger'), { ...restoring, replace: false })).toThrow(
      'is there already',
    );
    expect(() => restoreLedger(at('b.ledger'), at('a.ledger'), replacing)).toThrow('another poolprint has it open');
    ledger.leads.append(entry('later'));
    ledger.close();
    const { aside } = restoreLedger(at('b.ledger'), at('a.ledger'), replacing);
    const [old, now] = [reading(aside ?? ''), reading(at('a.ledger'))];
    expect([...old.leads.entries({})].at(-1)?.action).toBe('later');
    expect([...now.leads.entries({})].at(-1)?.action).toBe('ledger.restored');
    old.close();
    now.close();
    // A damaged ledger can be replaced as well.
    writeFileSync(at('a.ledger'), 'damaged');
    const second = restoreLedger(at('b.ledger'), at('a.ledger'), { ...replacing, random: seededBytes('second') });
    expect(readFileSync(second.aside ?? '', 'utf8')).toBe('damaged');
    const last = reading(at('a.ledger'));
    expect(last.verify().ok).toBe(true);
    last.close();
  });

  test('not from what does not verify, and nothing is touched', () => {
    const { at, ledger } = folderWith('wrong');
    ledger.close();
    writeFileSync(at('text'), 'no database, but long enough to be looked at '.repeat(200));
    writeFileSync(at('empty'), '');
    copyFileSync(at('a.ledger'), at('short'));
    writeFileSync(at('short'), readFileSync(at('short')).subarray(0, 30_000));
    const before = readFileSync(at('a.ledger'));
    for (const source of ['text', 'empty', 'short', 'none']) {
      const work = (): unknown => restoreLedger(at(source), at('a.ledger'), { ...restoring, replace: true });
      expect(work, source).toThrow(expect.objectContaining({ name: 'LedgerError' }));
    }
    expect(readFileSync(at('a.ledger')).equals(before)).toBe(true);
  });
});
