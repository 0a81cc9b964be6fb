/** Verifying: every byte of history and records that is changed behind the ledger's back is found and located. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { type Anchor, type Ledger, openLedger, type VerifyReport } from '../../src/ledger/sqlite/ledger.ts';
import {
  coverage,
  entry,
  evidence,
  lead,
  numbered,
  part,
  placement,
  START,
  seededBytes,
  seededNumbers,
  sessionRow,
} from './store-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (path: string, mode: 'read' | 'write' | 'create', seed = path): Ledger =>
  openLedger(path, { mode, now: () => START, random: seededBytes(seed) });

/** A ledger with something in every table, closed. */
function fill(path: string): void {
  const ledger = open(path, 'create', 'filled');
  const { leads, registry } = ledger;
  for (let i = 0; i < 12; i++) {
    leads.transaction(() => {
      leads.putPart(part(`d${i}`, { flows: i }));
      leads.putPlacements(`d${i}`, [placement(`d${i}`, `n${i}`)]);
      leads.putNode({ id: `n${i}`, key: { kind: 'report', source: 's', reference: `${i}` }, lead: `L${i}` });
      leads.putLead(lead(`L${i}`, { aliases: [`old${i}`], flags: [{ flag: 'key', rule: 'r' }] }));
      leads.putTokens(`L${i}`, [{ kind: 'worker', value: `w${i}` }]);
      leads.putCoverage(coverage(`s${i}`));
      leads.putEvidence(evidence(`d${i}`, Buffer.from(seededBytes(`capture ${i}`)(200))));
      leads.append(entry('detection.recorded', `L${i}`, { personal: { name: `虚构人${i}` }, detail: { i } }));
    });
    leads.append(entry('note', `L${i}`, { personal: { note: `虚构 ${i}` } }));
  }
  registry.addRows(
    'a',
    numbered(Array.from({ length: 40 }, (_, at) => sessionRow(at, { sealed: { p: `${at}` } }))),
    START,
  );
  registry.addRows('b', numbered([sessionRow(1, { checked: 1 })]), START + 1);
  registry.putSource({
    ...{
      name: 'a',
      importedAt: START,
      actor: 't',
      sha256: 'x',
      rows: 40,
      added: 40,
      unchanged: 0,
      superseded: 0,
      faults: 0,
    },
    shape: { layout: 'x', encoding: 'utf-8', because: 'y' },
  });
  leads.putSetting('reference', '2021-09-24');
  expect(ledger.verify().faults).toEqual([]);
  ledger.close();
}

const original = join(folder, 'original.ledger');
fill(original);
let copies = 0;

/** A copy changed with SQL behind the ledger's back; the triggers are taken away and put back. */
function tampered(change: (db: DatabaseSync) => void): VerifyReport {
  copies += 1;
  const path = join(folder, `copy-${copies}.ledger`);
  copyFileSync(original, path);
  const db = new DatabaseSync(path);
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  change(db);
  for (const { sql } of triggers) db.exec(String(sql));
  db.close();
  const ledger = open(path, 'read');
  try {
    return ledger.verify();
  } finally {
    ledger.close();
  }
}

/** Columns that history and records consist of; what is found must name the row. */
const COLUMNS: readonly (readonly [table: string, column: string, where: RegExp])[] = [
  ['entry', 'time', /^entry \d+ /],
  ['entry', 'actor', /^entry \d+ /],
  ['entry', 'action', /^entry \d+ /],
  ['entry', 'detail_sha256', /entry \d+ /],
  ['entry', 'personal_sm3', /entry \d+ /],
  ['entry', 'sha256', /^entry \d+ /],
  ['entry', 'sm3', /^entry \d+ /],
  ['entry_detail', 'text', /^detail of entry \d+ /],
  ['entry_detail', 'salt', /^detail of entry \d+ /],
  ['entry_personal', 'text', /^personal of entry \d+ /],
  ['entry_personal', 'salt', /^personal of entry \d+ /],
  ['entry_content', 'text', /^content of entry \d+ /],
  ['part', 'text', /^part d\d+ /],
  ['part', 'digest', /^part d\d+ /],
  ['part', 'recorded_at', /^part d\d+ /],
  ['placement', 'text', /^placement d\d+ /],
  ['node', 'key', /^node n\d+ /],
  ['node', 'lead', /^node n\d+ /],
  ['lead', 'text', /^lead L\d+ /],
  ['token', 'value', /^tokens L\d+ /],
  ['lead_alias', 'alias', /^aliases: L\d+ /],
  ['placement_node', 'node', /^placements by node: d\d+ /],
  ['coverage', 'text', /^coverage [0-9a-f]{64} /],
  ['evidence', 'sha256', /^evidence d\d+ /],
  ['evidence', 'packets', /^evidence d\d+ /],
  ['evidence_capture', 'capture', /^capture d\d+ /],
  ['setting', 'value', /^setting \w+ /],
  ['registry_source', 'text', /^source a /],
  ['registry_batch', 'recorded_at', /^batch \d+ /],
  ['registry_block', 'digests', /^block \d+ /],
  ['registry_block', 'keys', /^block \d+ /],
  ['registry_block', 'data', /^block \d+ /],
  ['registry_superseded', 'row', /^superseded \d+ /],
  ['registry_sealed', 'data', /^sealed \d+ /],
];

describe('a flipped bit in a column', () => {
  test.each(COLUMNS)('%s.%s', (table, column, where) => {
    const random = seededNumbers(`${table}.${column}`);
    for (let run = 0; run < 2; run++) {
      const report = tampered((db) => flip(db, table, column, random));
      expect(report.ok).toBe(false);
      expect(report.faults.map((fault) => fault.where)).toEqual(expect.arrayContaining([expect.stringMatching(where)]));
    }
  });

  test('in an entry is located at that entry', () => {
    for (const column of ['actor', 'sha256', 'sm3'] as const) {
      const report = tampered((db) => {
        const value = column === 'actor' ? "'other'" : "x'00'";
        db.exec(`UPDATE entry SET ${column} = ${value} WHERE seq = 7`);
      });
      expect(report.faults.map(({ seq, what }) => `${seq} ${what}`)).toEqual(
        Array(column === 'actor' ? 2 : 1).fill('7 chain'),
      );
    }
  });
});

/** Flips one bit of one value; text stays text. */
function flip(db: DatabaseSync, table: string, column: string, random: () => number): void {
  const rows = db.prepare(`SELECT *, ${column} AS picked FROM ${table} WHERE ${column} IS NOT NULL`).all();
  const { picked } = rows[Math.floor(random() * rows.length)] ?? {};
  if (typeof picked === 'number') {
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`).run(
      picked + 2 ** Math.floor(4 + random() * 20),
      picked,
    );
    return;
  }
  const bytes = Buffer.from(picked as string | Uint8Array);
  const at = Math.floor(random() * bytes.length);
  if (typeof picked !== 'string') {
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`).run(bytes, picked as Uint8Array);
    return;
  }
  // A letter for a letter and a digit for a digit, so that JSON stays JSON: the hardest to see.
  const places = [...picked].flatMap((letter, place) => (/[a-z0-9]/.test(letter) ? [place] : []));
  const place = places[Math.floor(random() * places.length)] as number;
  const letter = picked[place] as string;
  const other = /\d/.test(letter) ? String((Number(letter) + 1) % 10) : letter === 'a' ? 'b' : 'a';
  const changed = picked.slice(0, place) + other + picked.slice(place + 1);
  db.prepare(`UPDATE OR REPLACE ${table} SET ${column} = ? WHERE ${column} = ?`).run(changed, picked);
}

describe('records and entries taken away or put in', () => {
  test.each([
    [
      'a record without entry',
      "INSERT INTO lead (id, text) SELECT 'Lx', json_set(text, '$.id', 'Lx') FROM lead LIMIT 1",
      'lead Lx has no entry',
    ],
    ['a record gone', 'DELETE FROM coverage WHERE digest = (SELECT min(digest) FROM coverage)', 'is missing'],
    ['a capture gone', "DELETE FROM evidence_capture WHERE detection = 'd3'", 'capture d3'],
    [
      'a personal part gone',
      'DELETE FROM entry_personal WHERE seq = 5',
      'personal part of entry 5 is missing, and no purge',
    ],
    ['a detail gone', 'DELETE FROM entry_detail WHERE seq = 5', 'detail of entry 5 is missing'],
    ['a row in force again', 'DELETE FROM registry_superseded', 'superseded 2'],
    ['sealed fields gone', 'DELETE FROM registry_sealed', 'sealed 1'],
    ['an entry gone', 'DELETE FROM entry WHERE seq = 5', 'entries 5 to 5 are missing'],
    ['a personal part put in', "INSERT INTO entry_personal VALUES (1, x'00', '{}')", 'personal beside entry 1'],
  ])('%s', (_name, sql, where) => {
    const report = tampered((db) => db.exec(sql));
    expect(report.ok).toBe(false);
    expect(report.faults.map((fault) => fault.where)).toEqual(expect.arrayContaining([expect.stringContaining(where)]));
  });

  test('the history refuses all of it where the triggers stand', () => {
    const path = join(folder, 'refuses.ledger');
    copyFileSync(original, path);
    const db = new DatabaseSync(path);
    for (const sql of [
      "UPDATE entry SET actor = 'x'",
      'DELETE FROM entry WHERE seq = 5',
      'REPLACE INTO entry SELECT * FROM entry WHERE seq = 5',
      'UPDATE entry_detail SET text = text',
      'DELETE FROM entry_content',
      "REPLACE INTO entry_detail VALUES (5, x'00', '{}')",
      "UPDATE entry_personal SET text = ''",
      "UPDATE part SET text = ''",
      'DELETE FROM registry_block',
      'UPDATE registry_block SET batch = 9',
      'DELETE FROM registry_superseded',
      "UPDATE evidence_capture SET capture = x''",
    ]) {
      expect(() => db.exec(sql), sql).toThrow('is history');
    }
    db.close();
    // Without a trigger the ledger is not opened at all.
    const without = new DatabaseSync(path);
    without.exec('DROP TRIGGER entry_no_update');
    without.close();
    expect(() => open(path, 'read')).toThrow('tables or triggers are not as poolprint made them');
  });
});

describe('anchors', () => {
  const anchored = (name: string): { path: string; anchor: Anchor } => {
    const path = join(folder, `${name}.ledger`);
    copyFileSync(original, path);
    const ledger = open(path, 'write', name);
    const anchor = ledger.anchor({ now: START, actor: 'tester' });
    ledger.close();
    return { path, anchor };
  };
  const check = (path: string, text: string): string | null => {
    const ledger = open(path, 'read');
    const { ok, fault } = ledger.checkAnchor(text);
    ledger.close();
    expect(ok).toBe(fault === null);
    return fault;
  };

  test('hold while the ledger grows, and are entries', () => {
    const { path, anchor } = anchored('grows');
    expect(anchor).toMatchObject({ type: 'anchor', entries: anchor.seq, time: '2026-07-01T00:00:00.000000Z' });
    const ledger = open(path, 'write');
    ledger.leads.append(entry('later'));
    expect([...ledger.leads.entries({ actions: ['anchor'] })]).toMatchObject([
      { seq: anchor.seq, sha256: anchor.sha256, detail: { seq: anchor.seq - 1 } },
    ]);
    expect(ledger.verify().ok).toBe(true);
    ledger.close();
    expect(check(path, JSON.stringify(anchor))).toBeNull();
  });

  test('find a tail cut off, a history rewritten, another ledger', () => {
    const { path, anchor } = anchored('cut');
    const text = JSON.stringify(anchor);
    const cut = join(folder, 'cut-off.ledger');
    copyFileSync(path, cut);
    const db = new DatabaseSync(cut);
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    for (const table of ['entry', 'entry_detail']) db.exec(`DELETE FROM ${table} WHERE seq = ${anchor.seq}`);
    for (const { sql } of triggers) db.exec(String(sql));
    db.close();
    // What is left holds together: only the anchor knows.
    const left = open(cut, 'write');
    expect(left.verify().ok).toBe(true);
    left.close();
    expect(check(cut, text)).toBe('truncated');
    const rewritten = open(cut, 'write');
    rewritten.leads.append(entry('instead'));
    expect(rewritten.verify().ok).toBe(true);
    rewritten.close();
    expect(check(cut, text)).toBe('rewritten');
    const other = join(folder, 'other.ledger');
    open(other, 'create').close();
    expect(check(other, text)).toBe('other_ledger');
    for (const wrong of ['', '{}', 'null', '[1]', '{"ledger_id":1}', text.slice(1)])
      expect(check(path, wrong)).toBe('no_anchor');
  });
});

describe('bytes of the closed file', () => {
  /** Everything a reader of the file can get, as one text; null where it cannot be read. */
  function dump(path: string): string | null {
    let db: DatabaseSync | null = null;
    try {
      db = new DatabaseSync(path, { readOnly: true });
      const tables = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
        .all();
      const reader = db;
      const rows = tables.map(({ name, sql }) => {
        const ordinary = /^CREATE TABLE/.test(String(sql));
        return ordinary
          ? reader
              .prepare(`SELECT * FROM "${name}"`)
              .all()
              .map((row) => Object.values(row))
          : [];
      });
      return JSON.stringify([tables, rows]);
    } catch {
      return null;
    } finally {
      db?.close();
    }
  }

  test('a flip is found, or changes nothing that is stored', () => {
    const random = seededNumbers('bytes');
    const good = readFileSync(original);
    const whole = dump(original);
    expect(whole).not.toBeNull();
    let [found, harmless] = [0, 0];
    const path = join(folder, 'flipped.ledger');
    for (let run = 0; run < 200; run++) {
      const bytes = Buffer.from(good);
      let at = Math.floor(random() * bytes.length);
      // Zero bytes are mostly unused room: three quarters of the runs aim at others.
      while (run % 4 !== 0 && bytes[at] === 0) at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
      writeFileSync(path, bytes);
      let ok = false;
      try {
        const ledger = open(path, 'read');
        const report = ledger.verify();
        ok = report.ok;
        if (!ok) expect(report.faults.length).toBeGreaterThan(0);
        ledger.close();
      } catch (error) {
        expect(error).toMatchObject({ name: 'LedgerError' });
      }
      if (ok) {
        harmless += 1;
        expect(dump(path), `byte ${at}`).toBe(whole);
      } else found += 1;
    }
    expect(found).toBeGreaterThan(100);
    expect(found + harmless).toBe(200);
    process.stdout.write(`flipped bytes: ${found} found, ${harmless} in unused room of the file\n`);
  });

  test('a file cut short is found', () => {
    const good = readFileSync(original);
    const path = join(folder, 'short.ledger');
    for (const share of [0.01, 0.3, 0.6, 0.9, 0.999]) {
      writeFileSync(path, good.subarray(0, Math.floor(good.length * share)));
      let ok = true;
      try {
        const ledger = open(path, 'read');
        ok = ledger.verify().ok;
        ledger.close();
      } catch (error) {
        ok = false;
        expect(error).toMatchObject({ name: 'LedgerError' });
      }
      expect(ok).toBe(false);
    }
  });
});
