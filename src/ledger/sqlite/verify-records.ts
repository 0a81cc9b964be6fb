/** Every record against the digest in the entry that wrote it, and records that carry digests of their own. */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../common/canonical-json.ts';
import { plainDigests } from '../chain.ts';
import type { Database, Row, Value } from './database.ts';
import type { Findings } from './findings.ts';
import { tokenText } from './lead-store.ts';
import { type RecordKind, recordDigest, recordName } from './manifest.ts';
import { naturalKey } from './natural-key.ts';
import { blockDigest, DIGEST_BYTES, KEY_BYTES, unpackBlock } from './registry-block.ts';
import { decodeRow, rowText } from './registry-codec.ts';
import { supersededDigest } from './registry-store.ts';

type Key = readonly (string | number)[];

/** How the records of a kind are read: `columns` are digested, the first `key` of them are the name. */
interface Listing {
  readonly kind: RecordKind;
  /** In the order of the rowid or the key; one column or blob a record. */
  readonly sql: string;
  readonly key: number;
  /** Columns as they were digested, from those read. */
  readonly columns: (row: Row, db: Database) => readonly (string | number | null)[];
  /** What else must hold; the text of what does not. */
  readonly check?: (row: Row) => string | null;
}

const rest = (from: number) => (row: Row) => row.slice(from) as (string | number | null)[];
const blobHash = (value: Value | undefined): string =>
  value instanceof Uint8Array ? hash('sha256', value) : 'no bytes';

function checkJsonDigest(digest: Value | undefined, text: Value | undefined): string | null {
  try {
    const found = hash('sha256', canonicalJson(JSON.parse(String(text))));
    return found === digest ? null : 'does not match its digest';
  } catch {
    return 'is no JSON';
  }
}

function checkBlock(row: Row): string | null {
  const [, , count, , digests, keys, data] = row;
  if (!(digests instanceof Uint8Array) || !(keys instanceof Uint8Array) || !(data instanceof Uint8Array))
    return 'is damaged';
  try {
    const { rows } = unpackBlock(data, count as number);
    for (const [at, stored] of rows.entries()) {
      const text = JSON.stringify(stored);
      const value = decodeRow(stored);
      const digest = hash('sha256', text, 'buffer');
      const key = hash('sha256', naturalKey(value), 'buffer').subarray(0, KEY_BYTES);
      if (!digest.equals(digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES)) || rowText(value) !== text) {
        return `row ${(row[0] as number) + at} does not match its digest`;
      }
      if (!key.equals(keys.subarray(at * KEY_BYTES, (at + 1) * KEY_BYTES))) {
        return `row ${(row[0] as number) + at} has the key of another`;
      }
    }
    return null;
  } catch {
    return 'cannot be unpacked';
  }
}

const LISTINGS: readonly Listing[] = [
  {
    kind: 'part',
    sql: 'SELECT detection, digest, recorded_at, text FROM part ORDER BY detection, digest',
    key: 2,
    columns: rest(2),
    check: (row) => checkJsonDigest(row[1], row[3]),
  },
  { kind: 'placement', sql: 'SELECT detection, text FROM placement ORDER BY detection', key: 1, columns: rest(1) },
  { kind: 'node', sql: 'SELECT id, key, lead FROM node ORDER BY id', key: 1, columns: rest(1) },
  { kind: 'lead', sql: 'SELECT id, text FROM lead ORDER BY id', key: 1, columns: rest(1) },
  {
    kind: 'tokens',
    sql: 'SELECT DISTINCT lead FROM token ORDER BY lead',
    key: 1,
    columns: (row, db) => [tokenText(db, row[0] as string)],
  },
  {
    kind: 'coverage',
    sql: 'SELECT digest, text FROM coverage ORDER BY digest',
    key: 1,
    columns: rest(1),
    check: (row) => checkJsonDigest(row[0], row[1]),
  },
  {
    kind: 'evidence',
    sql: 'SELECT detection, digest, recorded_at, sha256, sm3, bytes, packets FROM evidence ORDER BY detection, digest',
    key: 2,
    columns: rest(2),
  },
  {
    kind: 'capture',
    sql: `SELECT c.detection, c.digest, c.capture, e.sha256, e.sm3, e.bytes FROM evidence_capture c
      LEFT JOIN evidence e ON e.detection = c.detection AND e.digest = c.digest ORDER BY c.detection, c.digest`,
    key: 2,
    columns: (row) => [blobHash(row[2])],
    check: ([, , capture, sha256, sm3, bytes]) => {
      if (!(capture instanceof Uint8Array)) return 'is damaged';
      const found = plainDigests(capture);
      if (found.sha256 !== sha256) return 'does not match its sha256';
      if (found.sm3 !== sm3) return 'does not match its sm3';
      return capture.byteLength === bytes ? null : 'does not have the length of its record';
    },
  },
  { kind: 'setting', sql: 'SELECT name, value FROM setting ORDER BY name', key: 1, columns: rest(1) },
  {
    kind: 'source',
    sql: 'SELECT name, imported_at, text FROM registry_source ORDER BY name, imported_at',
    key: 2,
    columns: rest(2),
  },
  { kind: 'batch', sql: 'SELECT id, source, recorded_at FROM registry_batch ORDER BY id', key: 1, columns: rest(1) },
  {
    kind: 'block',
    sql: 'SELECT first, batch, count, kinds, digests, keys, data FROM registry_block ORDER BY first',
    key: 1,
    columns: ([, batch, count, kinds, ...blobs]) => [
      blockDigest(
        batch as number,
        count as number,
        kinds as number,
        ...blobs.map((blob) => (blob instanceof Uint8Array ? blob : new Uint8Array(0))),
      ),
    ],
    check: checkBlock,
  },
  {
    kind: 'superseded',
    sql: 'SELECT DISTINCT batch FROM registry_superseded ORDER BY batch',
    key: 1,
    columns: () => [],
  },
  {
    kind: 'sealed',
    sql: 'SELECT block, data FROM registry_sealed ORDER BY block',
    key: 1,
    columns: ([, data]) => [blobHash(data)],
  },
];

function whereIs(kind: RecordKind, key: Key): string {
  return `${kind} ${key.join(' ')}`;
}

/** Compares one record with what its entry says. */
function compare(db: Database, findings: Findings, kind: RecordKind, key: Key, digest: string): void {
  const name = recordName(kind, ...key);
  const [expected, seq] = db.get('SELECT digest, seq FROM temp.expected WHERE name = ?', name) ?? [];
  if (expected === undefined) findings.add(null, 'record', `${whereIs(kind, key)} has no entry`);
  else if (expected === null)
    findings.add(seq as number, 'record', `${whereIs(kind, key)} was deleted by entry ${seq}`);
  else if (expected !== digest) {
    findings.add(seq as number, 'record', `${whereIs(kind, key)} is not as entry ${seq} wrote it`);
  }
  db.run('DELETE FROM temp.expected WHERE name = ?', name);
}

/** Rows that each batch superseded; the table is keyed by row, so all batches are gathered in one pass. */
function supersededByBatch(db: Database): Map<number, number[]> {
  const batches = new Map<number, number[]>();
  for (const [row, batch] of db.paged(
    'SELECT row, batch FROM registry_superseded WHERE row > ? ORDER BY row LIMIT ?',
    0,
    5000,
  )) {
    const rows = batches.get(batch as number);
    if (rows === undefined) batches.set(batch as number, [row as number]);
    else rows.push(row as number);
  }
  return batches;
}

/** Checks all records; gives their number. */
export function verifyRecords(db: Database, findings: Findings): number {
  let records = 0;
  let superseded: Map<number, number[]> = new Map();
  findings.guard('database', 'superseded rows', () => {
    superseded = supersededByBatch(db);
  });
  for (const { kind, sql, key, columns, check } of LISTINGS) {
    findings.guard('database', `records: ${kind}`, () => {
      const statement = db.raw.prepare(sql);
      statement.setReturnArrays(true);
      for (const row of statement.iterate() as unknown as Iterable<Row>) {
        records += 1;
        const name = row.slice(0, key) as (string | number)[];
        const digested =
          kind === 'superseded' ? [supersededDigest(superseded.get(row[0] as number) ?? [])] : columns(row, db);
        compare(db, findings, kind, name, recordDigest(...digested));
        const wrong = check?.(row) ?? null;
        if (wrong !== null) findings.add(null, 'record', `${whereIs(kind, name)} ${wrong}`);
      }
    });
  }
  findings.guard('database', 'records that should be there', () => {
    const missing = db.all('SELECT name, seq FROM temp.expected WHERE digest IS NOT NULL ORDER BY seq LIMIT 1000');
    for (const [name, seq] of missing) {
      findings.add(
        seq as number,
        'record',
        `${JSON.parse(name as string).join(' ')}, written by entry ${seq}, is missing`,
      );
    }
  });
  return records;
}

/** Columns and tables made from records: they must say what the records say. */
const DERIVED: readonly (readonly [what: string, sql: string])[] = [
  [
    'lead columns',
    `SELECT id FROM lead WHERE number IS NOT text ->> '$.number' OR region IS NOT text ->> '$.region'
      OR status IS NOT text ->> '$.status' OR status_since IS NOT text ->> '$.status_since'
      OR category IS NOT text ->> '$.category' OR confidence IS NOT text ->> '$.confidence'
      OR first_seen IS NOT text ->> '$.first_seen' OR last_seen IS NOT text ->> '$.last_seen'
      OR flags IS NOT text -> '$.flags' OR id IS NOT text ->> '$.id'`,
  ],
  [
    'aliases',
    `SELECT l.id || ' ' || a.value FROM lead l, json_each(l.text, '$.aliases') a
      WHERE NOT EXISTS (SELECT 1 FROM lead_alias x WHERE x.alias = a.value AND x.lead = l.id)
      UNION ALL SELECT x.lead || ' ' || x.alias FROM lead_alias x WHERE NOT EXISTS (
        SELECT 1 FROM lead l, json_each(l.text, '$.aliases') a WHERE l.id = x.lead AND a.value = x.alias)`,
  ],
  [
    'placements by node',
    `SELECT p.detection FROM placement p, json_each(p.text) j WHERE NOT EXISTS (
        SELECT 1 FROM placement_node n WHERE n.detection = p.detection AND n.node = j.value ->> '$.node')
      UNION ALL SELECT n.detection FROM placement_node n WHERE NOT EXISTS (
        SELECT 1 FROM placement p, json_each(p.text) j WHERE p.detection = n.detection AND j.value ->> '$.node' = n.node)`,
  ],
  [
    'captures',
    `SELECT c.detection FROM evidence_capture c WHERE NOT EXISTS (
      SELECT 1 FROM evidence e WHERE e.detection = c.detection AND e.digest = c.digest)`,
  ],
  ['sealed fields', 'SELECT block FROM registry_sealed WHERE block NOT IN (SELECT first FROM registry_block)'],
];

export function verifyDerived(db: Database, findings: Findings): void {
  for (const [what, sql] of DERIVED) {
    findings.guard('database', what, () => {
      for (const [key] of db.all(`SELECT * FROM (${sql}) LIMIT 100`)) {
        findings.add(null, 'record', `${what}: ${key} does not match its record`);
      }
    });
  }
}
