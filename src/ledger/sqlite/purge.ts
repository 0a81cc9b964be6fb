/**
 * Retention: what has served its purpose is erased, and an entry says how much of what, with the hash of the set. The
 * chain goes on verifying: it holds salted digests, and what is erased takes its salt along.
 */
import { hash } from 'node:crypto';
import type { RegistryRow, Span } from '../../attribution/types.ts';
import { canonicalJson } from '../../common/canonical-json.ts';
import { LedgerError } from '../ledger-error.ts';
import { filterTime } from '../store-filter.ts';
import type { Connection } from './connection.ts';
import { hexOf } from './connection.ts';
import type { Value } from './database.ts';
import { PURGED, packSealed, unpackBlock, unpackSealed } from './registry-block.ts';
import { decodeRow } from './registry-codec.ts';

/** How long each class is kept, in days. */
export interface RetentionPolicy {
  /** Captures, counted from their recording; those bound to an open case stay. */
  readonly captures: number;
  /** Detections, counted from the end of the last lead they belong to, or from recording where no lead took them. */
  readonly detections: number;
  /** Personal parts of entries about a lead, counted from the lead's end. */
  readonly leadPersonal: number;
  /** Sealed fields of the registry, counted from the end of validity or from supersession; held by open cases. */
  readonly sealed: number;
  /** Personal parts of other entries (exports, reads, imports), at least 183 (Cybersecurity Law, art. 23: six months). */
  readonly auditPersonal: number;
  /** Statuses in which a lead counts as ended. */
  readonly ended: readonly string[];
}

export const RETENTION: RetentionPolicy = {
  captures: 90,
  detections: 365,
  leadPersonal: 3 * 366,
  sealed: 3 * 366,
  auditPersonal: 3 * 366,
  ended: ['closed', 'not_true'],
};
const LEAST_AUDIT_DAYS = 183;
const DAY = 86_400e6;

export type PurgeClass = 'captures' | 'detections' | 'lead_personal' | 'audit_personal' | 'sealed';

export interface PurgeReport {
  readonly counts: Readonly<Record<PurgeClass, number>>;
  /** SHA-256 over the sorted list of what is deleted, one line `class key digest` each. */
  readonly deleted_sha256: string;
  /** The entry, or null in a dry run or where nothing was to do. */
  readonly seq: number | null;
  readonly dry_run: boolean;
}

interface Erasure {
  readonly kind: PurgeClass;
  /** Class, key and digest of what goes. */
  readonly line: string;
  readonly erase: () => void;
}

function checkPolicy(policy: RetentionPolicy): void {
  for (const name of ['captures', 'detections', 'leadPersonal', 'sealed', 'auditPersonal'] as const) {
    const days = policy[name];
    if (!Number.isFinite(days) || days < 0) throw new LedgerError(`retention ${name}: ${days} is no number of days`, 2);
  }
  if (policy.auditPersonal < LEAST_AUDIT_DAYS) {
    throw new LedgerError(
      `retention auditPersonal: ${policy.auditPersonal} days are too few; the law wants six months (${LEAST_AUDIT_DAYS} days)`,
      2,
    );
  }
}

/** Leads of a detection that have not ended by a day; a node without lead and a detection without place hold nothing. */
const OPEN_CASE = (detection: string): string => `EXISTS (
  SELECT 1 FROM placement at, json_each(at.text) j
  JOIN node n ON n.id = j.value ->> '$.node' JOIN lead l ON l.id = n.lead
  WHERE at.detection = ${detection} AND l.status <> 'waiting' AND NOT (
    l.status IN (SELECT value FROM json_each(?)) AND coalesce(l.status_since, '9') < ?))`;

function captures(c: Connection, policy: RetentionPolicy, now: number): Erasure[] {
  const rows = c.db.all(
    `SELECT c.detection, c.digest, e.sha256 FROM evidence_capture c
      JOIN evidence e ON e.detection = c.detection AND e.digest = c.digest
      WHERE e.recorded_at < ? AND NOT ${OPEN_CASE('c.detection')}`,
    now - policy.captures * DAY,
    JSON.stringify(policy.ended),
    // Any end before now: an ended case holds no capture.
    filterTime(now),
  );
  return rows.map(([detection, digest, sha256]) => ({
    kind: 'captures',
    line: `captures ${detection} ${digest} ${sha256}`,
    erase: () => {
      c.db.run('DELETE FROM evidence_capture WHERE detection = ? AND digest = ?', detection as Value, digest as Value);
      c.record('capture', [detection as string, digest as string], null);
    },
  }));
}

function detections(c: Connection, policy: RetentionPolicy, now: number): Erasure[] {
  const limit = now - policy.detections * DAY;
  const rows = c.db.all(
    `SELECT p.detection, p.digest FROM part p WHERE p.recorded_at < ? AND NOT ${OPEN_CASE('p.detection')}`,
    limit,
    JSON.stringify(policy.ended),
    filterTime(limit),
  );
  return rows.map(([detection, digest]) => ({
    kind: 'detections',
    line: `detections ${detection} ${digest}`,
    erase: () => {
      c.db.run('DELETE FROM part WHERE detection = ? AND digest = ?', detection as Value, digest as Value);
      c.record('part', [detection as string, digest as string], null);
      if (c.db.get('SELECT 1 FROM part WHERE detection = ? LIMIT 1', detection as Value) !== undefined) return;
      c.db.run('DELETE FROM placement_node WHERE detection = ?', detection as Value);
      if (c.db.run('DELETE FROM placement WHERE detection = ?', detection as Value) > 0) {
        c.record('placement', [detection as string], null);
      }
    },
  }));
}

/** The lead an entry is about: by id, by node, or by an earlier id. */
const LEAD_OF = `SELECT l.id FROM lead l WHERE l.id = e.lead
  UNION ALL SELECT n.lead FROM node n WHERE n.id = e.lead
  UNION ALL SELECT a.lead FROM lead_alias a WHERE a.alias = e.lead`;

function personal(c: Connection, policy: RetentionPolicy, now: number): Erasure[] {
  const limit = now - policy.leadPersonal * DAY;
  // Every lead the entry is about must have ended long enough ago.
  const ofLeads = c.db.all(
    `SELECT e.seq, e.personal_sha256 FROM entry_personal p JOIN entry e ON e.seq = p.seq
      WHERE EXISTS (SELECT 1 FROM lead l WHERE l.id IN (${LEAD_OF}))
      AND NOT EXISTS (SELECT 1 FROM lead l WHERE l.id IN (${LEAD_OF}) AND NOT (
        l.status IN (SELECT value FROM json_each(?)) AND coalesce(l.status_since, '9') < ?))`,
    JSON.stringify(policy.ended),
    filterTime(limit),
  );
  const others = c.db.all(
    `SELECT e.seq, e.personal_sha256 FROM entry_personal p JOIN entry e ON e.seq = p.seq
      WHERE e.time < ? AND NOT EXISTS (SELECT 1 FROM lead l WHERE l.id IN (${LEAD_OF}))`,
    now - policy.auditPersonal * DAY,
  );
  const erasures = (kind: PurgeClass, rows: typeof others): Erasure[] =>
    rows.map(([seq, digest]) => ({
      kind,
      line: `${kind} ${seq} ${hexOf(digest)}`,
      erase: () => {
        c.db.run('DELETE FROM entry_personal WHERE seq = ?', seq as Value);
        c.record('personal', [seq as number], null);
      },
    }));
  return [...erasures('lead_personal', ofLeads), ...erasures('audit_personal', others)];
}

/** When a row stopped saying something: the end of its validity or its supersession; null while it does. */
function rowEnd(valid: Span, supersededAt: number | null): number | null {
  if (supersededAt === null) return valid.to;
  return valid.to === null ? supersededAt : Math.min(valid.to, supersededAt);
}

/** Digests of rows on which an attribution of a lead that has not ended long enough rests. */
function heldDigests(c: Connection, policy: RetentionPolicy, limit: number): Set<string> {
  const rows = c.db.all(
    `SELECT DISTINCT f.value ->> '$.digest' FROM placement p, json_each(p.text) j
      JOIN node n ON n.id = j.value ->> '$.node' JOIN lead l ON l.id = n.lead,
      json_each(j.value, '$.attribution.candidates') k, json_each(k.value, '$.proofs') f
      WHERE NOT (l.status IN (SELECT value FROM json_each(?)) AND coalesce(l.status_since, '9') < ?)`,
    JSON.stringify(policy.ended),
    filterTime(limit),
  );
  return new Set(rows.map(([digest]) => digest as string));
}

function sealed(c: Connection, policy: RetentionPolicy, now: number): Erasure[] {
  const limit = now - policy.sealed * DAY;
  const held = heldDigests(c, policy, limit);
  const erasures: Erasure[] = [];
  const sql = `SELECT s.block, s.data, b.count, b.digests, b.data FROM registry_sealed s
    JOIN registry_block b ON b.first = s.block WHERE s.block > ? ORDER BY s.block LIMIT ?`;
  for (const [block, data, count, digests, rows] of c.db.paged(sql, 0, 8)) {
    const { fields, stored } = unpackBoth(c, block as number, data, rows, count as number);
    const superseded = new Map(
      c.db.all(
        `SELECT s.row, b.recorded_at FROM registry_superseded s JOIN registry_batch b ON b.id = s.batch
          WHERE s.row >= ? AND s.row < ?`,
        block as number,
        (block as number) + (count as number),
      ) as unknown as [number, number][],
    );
    const left = new Map(fields);
    const lines: string[] = [];
    for (const [at, text] of fields) {
      const digest = Buffer.from((digests as Uint8Array).subarray(at * 32, at * 32 + 32)).toString('hex');
      const row: RegistryRow = decodeRow(stored.rows[at] as Parameters<typeof decodeRow>[0]);
      const end = rowEnd(row.valid, superseded.get((block as number) + at) ?? null);
      if (text === PURGED || end === null || end >= limit || held.has(digest)) continue;
      left.set(at, PURGED);
      lines.push(`sealed ${(block as number) + at} ${digest}`);
    }
    for (const [index, line] of lines.entries()) {
      erasures.push({
        kind: 'sealed',
        line,
        erase: index > 0 ? () => {} : () => replaceSealed(c, block as number, left),
      });
    }
  }
  return erasures;
}

function unpackBoth(c: Connection, block: number, data: unknown, rows: unknown, count: number) {
  try {
    return { fields: unpackSealed(data as Uint8Array), stored: unpackBlock(rows as Uint8Array, count) };
  } catch {
    throw new LedgerError(
      `${c.db.path}: block ${block} of the registry is damaged; run ledger verify, restore a backup`,
    );
  }
}

function replaceSealed(c: Connection, block: number, left: ReadonlyMap<number, string>): void {
  const data = packSealed(left, c.around.random);
  c.db.run('UPDATE registry_sealed SET data = ? WHERE block = ?', data, block);
  c.record('sealed', [block], [hash('sha256', data)]);
}

/** Erases what the policy lets go; a dry run only counts. */
export function purgeLedger(
  c: Connection,
  policy: RetentionPolicy,
  by: { readonly now: number; readonly actor: string; readonly dryRun: boolean },
): PurgeReport {
  checkPolicy(policy);
  const work = (): PurgeReport => {
    const all = [captures, detections, personal, sealed].flatMap((find) => find(c, policy, by.now));
    const counts: Record<PurgeClass, number> = {
      captures: 0,
      detections: 0,
      lead_personal: 0,
      audit_personal: 0,
      sealed: 0,
    };
    for (const { kind } of all) counts[kind] += 1;
    const deleted = hash(
      'sha256',
      all
        .map(({ line }) => `${line}\n`)
        .sort()
        .join(''),
    );
    const report = { counts, deleted_sha256: deleted, dry_run: by.dryRun };
    if (by.dryRun || all.length === 0) return { ...report, seq: null };
    for (const { erase } of all) erase();
    const detail = {
      counts,
      deleted_sha256: deleted,
      policy: JSON.parse(canonicalJson(policy)) as Record<string, unknown>,
    };
    const seq = c.append({ time: by.now, actor: by.actor, action: 'purge', lead: null, detail, personal: null });
    return { ...report, seq };
  };
  if (by.dryRun) return work();
  const report = c.transaction(work);
  // Freed pages are overwritten (secure_delete); the log still has them until it is cut off.
  if (report.seq !== null) c.truncateLog();
  return report;
}
