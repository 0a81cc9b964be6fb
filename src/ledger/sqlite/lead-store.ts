/** What the lead logic stores, in SQLite. Every statement is a constant text with parameters. */
import { canonicalJson } from '../../common/canonical-json.ts';
import type { CoverageRow, DetectionRow } from '../../detect/detection.ts';
import { plainDigests } from '../chain.ts';
import { LedgerError } from '../ledger-error.ts';
import type {
  EvidenceRecord,
  LeadFilter,
  LeadStorage,
  NewEntry,
  NodeRecord,
  PartRecord,
  Placement,
  StoredEntry,
} from '../store.ts';
import { filterTime, regionPrefix } from '../store-filter.ts';
import type { Lead, LeadKey } from '../types.ts';
import { type Connection, hexOf } from './connection.ts';
import type { Database, Row, Value } from './database.ts';

const PAGE = 500;
const list = (values: readonly string[]): string => JSON.stringify(values);

const ENTRY_COLUMNS = `e.seq, e.time, e.actor, e.action, e.lead, e.sha256, e.sm3, e.personal_sha256, d.text, p.text
  FROM entry e LEFT JOIN entry_detail d ON d.seq = e.seq LEFT JOIN entry_personal p ON p.seq = e.seq`;

/** The clauses of a filter; each stands for itself, so that the text of the statement holds nothing of the caller. */
function leadClauses(filter: LeadFilter): { readonly clauses: string[]; readonly values: Value[] } {
  const clauses: string[] = [];
  const values: Value[] = [];
  const add = (clause: string, ...given: Value[]): void => {
    clauses.push(clause);
    values.push(...given);
  };
  if (filter.region !== undefined) {
    const prefix = regionPrefix(filter.region);
    add('substr(region, 1, ?) = ?', prefix.length, prefix);
  }
  if (filter.status) add('status IN (SELECT value FROM json_each(?))', list(filter.status));
  if (filter.category) add('category IN (SELECT value FROM json_each(?))', list(filter.category));
  if (filter.confidence) add('confidence IN (SELECT value FROM json_each(?))', list(filter.confidence));
  if (filter.ids) add('id IN (SELECT value FROM json_each(?))', list(filter.ids));
  if (filter.flags) {
    add(
      `EXISTS (SELECT 1 FROM json_each(lead.flags) AS f
        WHERE f.value ->> '$.flag' IN (SELECT value FROM json_each(?)))`,
      list(filter.flags),
    );
  }
  if (filter.from !== undefined) add('last_seen >= ?', filterTime(filter.from));
  if (filter.to !== undefined) add('first_seen < ?', filterTime(filter.to));
  return { clauses, values };
}

export class SqliteLeadStore implements LeadStorage {
  readonly #connection: Connection;
  readonly #db: Database;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#db = connection.db;
  }

  transaction<T>(work: () => T): T {
    return this.#connection.transaction(work);
  }

  append(entry: NewEntry): number {
    return this.#connection.append(entry);
  }

  #parse<T>(text: Value | undefined, what: string): T {
    try {
      return JSON.parse(String(text)) as T;
    } catch {
      throw new LedgerError(`${this.#db.path}: ${what} is damaged (no JSON); run ledger verify, restore a backup`);
    }
  }

  *entries(filter: Parameters<LeadStorage['entries']>[0]): Iterable<StoredEntry> {
    this.#connection.settle();
    const { leads, actions } = filter;
    const clauses = ['e.seq > ?'];
    const values: Value[] = [];
    if (leads !== undefined) {
      clauses.push('e.lead IN (SELECT value FROM json_each(?))');
      values.push(list(leads));
    }
    if (actions !== undefined) {
      clauses.push('e.action IN (SELECT value FROM json_each(?))');
      values.push(list(actions));
    }
    const sql = `SELECT ${ENTRY_COLUMNS} WHERE ${clauses.join(' AND ')} ORDER BY e.seq LIMIT ?`;
    let after: Value = filter.after ?? 0;
    for (;;) {
      const page = this.#db.all(sql, after, ...values, PAGE);
      for (const row of page) yield this.#entry(row);
      if (page.length < PAGE) return;
      after = page.at(-1)?.[0] ?? after;
    }
  }

  #entry([seq, time, actor, action, lead, sha256, sm3, personalDigest, detail, personal]: Row): StoredEntry {
    const hidden = typeof personal === 'string';
    return {
      seq: seq as number,
      time: time as number,
      actor: actor as string,
      action: action as string,
      lead: lead as string | null,
      detail: this.#parse(detail, `entry ${seq}`),
      personal: hidden ? this.#parse(personal, `entry ${seq}`) : null,
      sha256: hexOf(sha256),
      sm3: hexOf(sm3),
      purged: personalDigest !== null && !hidden,
    };
  }

  putPart({ detection, digest, recordedAt, row }: PartRecord): boolean {
    return this.transaction(() => {
      const text = JSON.stringify(row);
      const sql = 'INSERT INTO part VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
      if (this.#db.run(sql, detection, digest, recordedAt, text) === 0) return false;
      this.#connection.record('part', [detection, digest], [recordedAt, text]);
      return true;
    });
  }

  parts(detection: string): PartRecord[] {
    const rows = this.#db.all(
      'SELECT detection, digest, recorded_at, text FROM part WHERE detection = ? ORDER BY digest',
      detection,
    );
    return rows.map(([id, digest, recordedAt, text]) => ({
      detection: id as string,
      digest: digest as string,
      recordedAt: recordedAt as number,
      row: this.#parse<DetectionRow>(text, `detection ${id}`),
    }));
  }

  *detectionIds(): Iterable<string> {
    const sql = 'SELECT DISTINCT detection FROM part WHERE detection > ? ORDER BY detection LIMIT ?';
    for (const [id] of this.#db.paged(sql, '', PAGE)) yield id as string;
  }

  putPlacements(detection: string, placements: readonly Placement[]): void {
    this.transaction(() => {
      const text = placements.length === 0 ? null : JSON.stringify(placements);
      const before = this.#db.get('SELECT text FROM placement WHERE detection = ?', detection)?.[0] ?? null;
      if (before === text) return;
      for (const { node } of before === null ? [] : this.#parse<Placement[]>(before, `placement of ${detection}`)) {
        this.#db.run('DELETE FROM placement_node WHERE node = ? AND detection = ?', node, detection);
      }
      if (text === null) this.#db.run('DELETE FROM placement WHERE detection = ?', detection);
      else this.#db.run('INSERT OR REPLACE INTO placement VALUES (?, ?)', detection, text);
      for (const { node } of placements) {
        this.#db.run('INSERT INTO placement_node VALUES (?, ?) ON CONFLICT DO NOTHING', node, detection);
      }
      this.#connection.record('placement', [detection], text === null ? null : [text]);
    });
  }

  placementsOf(detection: string): Placement[] {
    const row = this.#db.get('SELECT text FROM placement WHERE detection = ?', detection);
    return row === undefined ? [] : this.#parse(row[0], `placement of ${detection}`);
  }

  placementsAt(node: string): Placement[] {
    const sql = `SELECT p.detection, p.text FROM placement_node n JOIN placement p ON p.detection = n.detection
      WHERE n.node = ? ORDER BY n.detection`;
    return this.#db
      .all(sql, node)
      .flatMap(([detection, text]) => this.#parse<Placement[]>(text, `placement of ${detection}`))
      .filter((placement) => placement.node === node);
  }

  putNode({ id, key, lead }: NodeRecord): void {
    this.transaction(() => {
      const text = JSON.stringify(key);
      this.#db.run('INSERT OR REPLACE INTO node VALUES (?, ?, ?)', id, text, lead);
      this.#connection.record('node', [id], [text, lead]);
    });
  }

  #node([id, key, lead]: Row): NodeRecord {
    return { id: id as string, key: this.#parse<LeadKey>(key, `node ${id}`), lead: lead as string };
  }

  node(id: string): NodeRecord | null {
    const row = this.#db.get('SELECT id, key, lead FROM node WHERE id = ?', id);
    return row === undefined ? null : this.#node(row);
  }

  nodesOf(lead: string): NodeRecord[] {
    return this.#db
      .all('SELECT id, key, lead FROM node WHERE lead = ? ORDER BY id', lead)
      .map((row) => this.#node(row));
  }

  *nodes(): Iterable<NodeRecord> {
    const sql = 'SELECT id, key, lead FROM node WHERE id > ? ORDER BY id LIMIT ?';
    for (const row of this.#db.paged(sql, '', PAGE)) yield this.#node(row);
  }

  putLead(lead: Lead): void {
    this.transaction(() => {
      const text = JSON.stringify(lead);
      this.#db.run('INSERT OR REPLACE INTO lead (id, text) VALUES (?, ?)', lead.id, text);
      this.#db.run('DELETE FROM lead_alias WHERE lead = ?', lead.id);
      for (const alias of lead.aliases) {
        this.#db.run('INSERT INTO lead_alias VALUES (?, ?) ON CONFLICT DO NOTHING', alias, lead.id);
      }
      this.#connection.record('lead', [lead.id], [text]);
    });
  }

  deleteLead(id: string): void {
    this.transaction(() => {
      this.putTokens(id, []);
      this.#db.run('DELETE FROM lead_alias WHERE lead = ?', id);
      if (this.#db.run('DELETE FROM lead WHERE id = ?', id) > 0) this.#connection.record('lead', [id], null);
    });
  }

  lead(reference: string): Lead | null {
    const row =
      this.#db.get('SELECT text FROM lead WHERE id = ?', reference) ??
      this.#db.get('SELECT text FROM lead WHERE number = ? ORDER BY id LIMIT 1', reference) ??
      this.#db.get(
        'SELECT text FROM lead WHERE id = (SELECT lead FROM lead_alias WHERE alias = ? ORDER BY lead LIMIT 1)',
        reference,
      );
    return row === undefined ? null : this.#parse(row[0], `lead ${reference}`);
  }

  *leads(filter: LeadFilter): Iterable<Lead> {
    const { clauses, values } = leadClauses(filter);
    const where = clauses.length === 0 ? '' : `WHERE ${clauses.join(' AND ')}`;
    // Ids first: the list is that of one moment, and no cursor stays open while the caller writes.
    for (const [id] of this.#db.all(`SELECT id FROM lead ${where} ORDER BY id`, ...values)) {
      const row = this.#db.get('SELECT text FROM lead WHERE id = ?', id as string);
      if (row !== undefined) yield this.#parse(row[0], `lead ${id}`);
    }
  }

  leadCounts(): { status: string; region: string | null; count: number }[] {
    return this.#db
      .all('SELECT status, region, count(*) FROM lead GROUP BY status, region ORDER BY status, region')
      .map(([status, region, count]) => ({
        status: status as string,
        region: region as string | null,
        count: Number(count),
      }));
  }

  putTokens(lead: string, tokens: readonly { readonly kind: string; readonly value: string }[]): void {
    this.transaction(() => {
      const gone = this.#db.run('DELETE FROM token WHERE lead = ?', lead);
      for (const { kind, value } of tokens) {
        this.#db.run('INSERT INTO token VALUES (?, ?, ?) ON CONFLICT DO NOTHING', lead, kind, value);
      }
      if (tokens.length === 0 && gone === 0) return;
      this.#connection.record('tokens', [lead], tokens.length === 0 ? null : [tokenText(this.#db, lead)]);
    });
  }

  leadsWithToken(kind: string, value: string, limit: number): string[] {
    const sql = 'SELECT lead FROM token WHERE kind = ? AND value = ? ORDER BY lead LIMIT ?';
    return this.#db.all(sql, kind, value, Math.max(0, Math.floor(limit))).map(([lead]) => lead as string);
  }

  putCoverage(row: CoverageRow): boolean {
    return this.transaction(() => {
      const text = JSON.stringify(row);
      const digest = plainDigests(Buffer.from(canonicalJson(row))).sha256;
      if (this.#db.run('INSERT INTO coverage VALUES (?, ?) ON CONFLICT DO NOTHING', digest, text) === 0) return false;
      this.#connection.record('coverage', [digest], [text]);
      return true;
    });
  }

  *coverage(): Iterable<CoverageRow> {
    const sql = 'SELECT digest, text FROM coverage WHERE digest > ? ORDER BY digest LIMIT ?';
    for (const [digest, text] of this.#db.paged(sql, '', PAGE)) yield this.#parse(text, `coverage ${digest}`);
  }

  putEvidence(record: EvidenceRecord): boolean {
    return this.transaction(() => {
      const { detection, digest, recordedAt, sha256, sm3, bytes, packets, capture } = record;
      const sql = 'INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
      if (this.#db.run(sql, detection, digest, recordedAt, sha256, sm3, bytes, packets) === 0) return false;
      this.#connection.record('evidence', [detection, digest], [recordedAt, sha256, sm3, bytes, packets]);
      if (capture !== null) {
        this.#db.run('INSERT INTO evidence_capture VALUES (?, ?, ?)', detection, digest, capture);
        this.#connection.record('capture', [detection, digest], [plainDigests(capture).sha256]);
      }
      return true;
    });
  }

  evidence(detection: string): EvidenceRecord[] {
    const sql = `SELECT e.digest, e.recorded_at, e.sha256, e.sm3, e.bytes, e.packets, c.capture FROM evidence e
      LEFT JOIN evidence_capture c ON c.detection = e.detection AND c.digest = e.digest
      WHERE e.detection = ? ORDER BY e.digest`;
    return this.#db.all(sql, detection).map(([digest, recordedAt, sha256, sm3, bytes, packets, capture]) => ({
      detection,
      digest: digest as string,
      recordedAt: recordedAt as number,
      capture: capture instanceof Uint8Array ? capture : null,
      sha256: sha256 as string,
      sm3: sm3 as string,
      bytes: bytes as number,
      packets: packets as number,
    }));
  }

  setting(name: string): string | null {
    return (this.#db.get('SELECT value FROM setting WHERE name = ?', name)?.[0] as string | undefined) ?? null;
  }

  putSetting(name: string, value: string): void {
    this.transaction(() => {
      this.#db.run('INSERT OR REPLACE INTO setting VALUES (?, ?)', name, value);
      this.#connection.record('setting', [name], [value]);
    });
  }
}

/** A lead's tokens as one text, for their digest. */
export function tokenText(db: Database, lead: string): string {
  return JSON.stringify(db.all('SELECT kind, value FROM token WHERE lead = ? ORDER BY kind, value', lead));
}
