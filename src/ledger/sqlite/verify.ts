/** Verifying a ledger: the database, the chain, the parts beside it, and every record against the entry that wrote it. */
import { type Digests, GENESIS, type Head, isHexDigest, link, partDigests } from '../chain.ts';
import { hexOf } from './connection.ts';
import type { Database, Row } from './database.ts';
import { type Fault, Findings, MOST_FAULTS } from './findings.ts';
import { recordName } from './manifest.ts';
import { verifyDerived, verifyRecords } from './verify-records.ts';

export interface VerifyReport {
  readonly ok: boolean;
  readonly entries: number;
  readonly head: Head;
  /** Personal parts erased by a purge, and records checked against their entries. */
  readonly purged: number;
  readonly records: number;
  /** The first thousand. */
  readonly faults: readonly Fault[];
  readonly faultsTotal: number;
}

const PAGE = 500;

const COLUMNS = `seq, time, actor, action, lead, hex(detail_sha256), hex(detail_sm3), hex(personal_sha256),
  hex(personal_sm3), hex(content_sha256), hex(content_sm3), sha256, sm3, personal_sha256 IS NULL, content_sha256 IS NULL`;

/** Entries in order; where a page cannot be read, one by one, so that the entry is found on which it fails. */
function* entryRows(db: Database, findings: Findings): Iterable<Row> {
  const [last] = db.get('SELECT max(seq) FROM entry') ?? [];
  if (last !== null && typeof last !== 'number') throw new Error('the last entry has no number');
  let seq = 0;
  let failures = 0;
  while (seq < (last ?? 0)) {
    let page: Row[];
    try {
      page = db.all(`SELECT ${COLUMNS} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`, seq, PAGE);
    } catch {
      page = [];
      for (let one = seq + 1; one <= Math.min(seq + PAGE, last ?? 0) && failures < MOST_FAULTS; one++) {
        try {
          const row = db.get(`SELECT ${COLUMNS} FROM entry WHERE seq = ?`, one);
          if (row !== undefined) page.push(row);
        } catch {
          failures += 1;
          findings.add(one, 'chain', `entry ${one} cannot be read`);
        }
      }
      yield* page;
      seq += PAGE;
      continue;
    }
    if (page.length === 0) return;
    yield* page;
    seq = page.at(-1)?.[0] as number;
  }
}

/** One part of an entry, read apart so that damage is told by its place. */
function checkPart(
  db: Database,
  findings: Findings,
  table: 'entry_detail' | 'entry_personal' | 'entry_content',
  seq: number,
  digests: Digests | null,
): string | null {
  const what = table.slice('entry_'.length);
  const [salt, text] = db.get(`SELECT salt, text FROM ${table} WHERE seq = ?`, seq) ?? [];
  if (text === undefined) {
    if (digests !== null && what !== 'personal') findings.add(seq, what, `${what} of entry ${seq} is missing`);
    return null;
  }
  if (digests === null) {
    findings.add(seq, what, `${what} beside entry ${seq}, which has none`);
    return null;
  }
  if (!(salt instanceof Uint8Array) || typeof text !== 'string') {
    findings.add(seq, what, `${what} of entry ${seq} is damaged`);
    return null;
  }
  const found = partDigests({ salt, text });
  for (const name of ['sha256', 'sm3'] as const) {
    if (found[name] !== digests[name]) findings.add(seq, what, `${what} of entry ${seq} does not match its ${name}`);
  }
  return text;
}

interface ChainResult {
  readonly entries: number;
  readonly head: Head;
  readonly purged: number;
}

/** Walks the chain; what each entry says was written goes to the temporary table `expected`. */
function verifyChain(db: Database, findings: Findings): ChainResult {
  let stored: Head = GENESIS;
  let computed: Head = GENESIS;
  let entries = 0;
  let purged = 0;
  const gone: number[] = [];
  for (const row of entryRows(db, findings)) {
    const [seq, time, actor, action, lead] = row as unknown as [number, number, string, string, string | null];
    const pair = (at: number): Digests => ({
      sha256: String(row[at]).toLowerCase(),
      sm3: String(row[at + 1]).toLowerCase(),
    });
    const [detail, personal, content] = [pair(5), row[13] === 1 ? null : pair(7), row[14] === 1 ? null : pair(9)];
    if (seq !== stored.seq + 1)
      findings.add(stored.seq + 1, 'chain', `entries ${stored.seq + 1} to ${seq - 1} are missing`);
    const header = { seq, time, actor, action, lead, detail, personal, content };
    const found: Head = { seq, sha256: hexOf(row[11]), sm3: hexOf(row[12]) };
    // Where only the stored digest of the entry before is damaged, this one still follows from what it should have been.
    const next = [link(stored, header), link(computed, header)];
    for (const name of ['sha256', 'sm3'] as const) {
      if (!next.some((head) => head[name] === found[name])) {
        findings.add(seq, 'chain', `entry ${seq} does not follow from the entry before it (${name})`);
      }
    }
    computed = next[1] as Head;
    if (computed.sha256 !== found.sha256 && next[0]?.sha256 === found.sha256) computed = next[0];
    stored = found;
    entries += 1;
    const readable = findings.guard('database', `parts of entry ${seq}`, () => {
      checkPart(db, findings, 'entry_detail', seq, detail);
      if (checkPart(db, findings, 'entry_personal', seq, personal) === null && personal !== null) gone.push(seq);
      expect(db, findings, seq, checkPart(db, findings, 'entry_content', seq, content));
    });
    if (!readable) findings.add(seq, 'chain', `parts of entry ${seq} cannot be read`);
  }
  for (const seq of gone) {
    const [digest, by] =
      db.get('SELECT digest, seq FROM temp.expected WHERE name = ?', recordName('personal', seq)) ?? [];
    if (digest === null && (by as number) > seq) purged += 1;
    else findings.add(seq, 'personal', `personal part of entry ${seq} is missing, and no purge erased it`);
  }
  return { entries, head: isHexDigest(stored.sha256) ? stored : GENESIS, purged };
}

/** Notes what an entry says was written; the last word on each record counts. */
function expect(db: Database, findings: Findings, seq: number, content: string | null): void {
  if (content === null) return;
  let records: unknown;
  try {
    records = JSON.parse(content);
  } catch {
    records = null;
  }
  if (records === null || typeof records !== 'object') {
    findings.add(seq, 'content', `content of entry ${seq} is no list of records`);
    return;
  }
  for (const [name, digest] of Object.entries(records)) {
    db.run(
      'INSERT OR REPLACE INTO temp.expected VALUES (?, ?, ?)',
      name,
      typeof digest === 'string' ? digest : null,
      seq,
    );
  }
}

const ORPHANS = ['entry_detail', 'entry_personal', 'entry_content'] as const;

/**
 * Verifies everything a ledger holds and says what is wrong and where; never throws for what is in the file. Reads the
 * whole file: for scale, 100,000 entries take some seconds.
 */
export function verifyLedger(db: Database): VerifyReport {
  const findings = new Findings();
  let chain: ChainResult = { entries: 0, head: GENESIS, purged: 0 };
  let records = 0;
  findings.guard('database', 'integrity check', () => {
    for (const [text] of db.all('PRAGMA integrity_check(100)')) {
      if (text !== 'ok') findings.add(null, 'database', String(text));
    }
  });
  db.exec('CREATE TEMP TABLE IF NOT EXISTS expected (name TEXT PRIMARY KEY, digest TEXT, seq INTEGER) WITHOUT ROWID');
  // One moment of the file, whatever others write meanwhile.
  const own = !db.raw.isTransaction;
  if (own) db.exec('BEGIN');
  try {
    db.run('DELETE FROM temp.expected');
    findings.guard('chain', 'entries', () => {
      chain = verifyChain(db, findings);
    });
    for (const table of ORPHANS) {
      findings.guard('database', table, () => {
        for (const [seq] of db.all(`SELECT seq FROM ${table} WHERE seq NOT IN (SELECT seq FROM entry) LIMIT 100`)) {
          findings.add(null, table.slice(6), `${table}: row ${seq} belongs to no entry`);
        }
      });
    }
    records = verifyRecords(db, findings);
    verifyDerived(db, findings);
  } finally {
    if (own && db.raw.isTransaction) db.exec('ROLLBACK');
  }
  const { faults, total } = findings;
  return { ok: total === 0, ...chain, records, faults, faultsTotal: total };
}
