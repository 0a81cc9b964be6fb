/**
 * Schema version 1. Rows of the history refuse UPDATE and DELETE; REPLACE, which deletes without asking triggers, fails
 * on the triggers before INSERT. Columns that lists filter by are generated from the record, so they cannot say
 * something else.
 */
const TABLES = `
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  lead TEXT,
  detail_sha256 BLOB NOT NULL,
  detail_sm3 BLOB NOT NULL,
  personal_sha256 BLOB,
  personal_sm3 BLOB,
  content_sha256 BLOB,
  content_sm3 BLOB,
  sha256 BLOB NOT NULL,
  sm3 BLOB NOT NULL
) STRICT;
CREATE INDEX entry_by_lead ON entry (lead, seq) WHERE lead IS NOT NULL;
CREATE INDEX entry_by_action ON entry (action, seq);
CREATE TABLE entry_detail (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE entry_personal (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE entry_content (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, text TEXT NOT NULL) STRICT;

CREATE TABLE part (
  detection TEXT NOT NULL,
  digest TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (detection, digest)
) STRICT;
CREATE TABLE placement (detection TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE placement_node (
  node TEXT NOT NULL,
  detection TEXT NOT NULL,
  PRIMARY KEY (node, detection)
) STRICT, WITHOUT ROWID;
CREATE TABLE node (id TEXT PRIMARY KEY, key TEXT NOT NULL, lead TEXT NOT NULL) STRICT;
CREATE INDEX node_by_lead ON node (lead, id);
CREATE TABLE lead (
  id TEXT PRIMARY KEY,
  number TEXT GENERATED ALWAYS AS (text ->> '$.number') STORED,
  region TEXT GENERATED ALWAYS AS (text ->> '$.region') STORED,
  status TEXT GENERATED ALWAYS AS (text ->> '$.status') STORED,
  status_since TEXT GENERATED ALWAYS AS (text ->> '$.status_since') STORED,
  category TEXT GENERATED ALWAYS AS (text ->> '$.category') STORED,
  confidence TEXT GENERATED ALWAYS AS (text ->> '$.confidence') STORED,
  first_seen TEXT GENERATED ALWAYS AS (text ->> '$.first_seen') STORED,
  last_seen TEXT GENERATED ALWAYS AS (text ->> '$.last_seen') STORED,
  flags TEXT GENERATED ALWAYS AS (text -> '$.flags') STORED,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX lead_by_number ON lead (number) WHERE number IS NOT NULL;
CREATE INDEX lead_by_region ON lead (region);
CREATE INDEX lead_by_status ON lead (status);
CREATE TABLE lead_alias (
  alias TEXT NOT NULL,
  lead TEXT NOT NULL,
  PRIMARY KEY (alias, lead)
) STRICT, WITHOUT ROWID;
CREATE INDEX lead_alias_by_lead ON lead_alias (lead);
CREATE TABLE token (
  lead TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (lead, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_value ON token (kind, value, lead);
CREATE TABLE coverage (digest TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE evidence (
  detection TEXT NOT NULL,
  digest TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  sm3 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  PRIMARY KEY (detection, digest)
) STRICT;
CREATE TABLE evidence_capture (
  detection TEXT NOT NULL,
  digest TEXT NOT NULL,
  capture BLOB NOT NULL,
  PRIMARY KEY (detection, digest)
) STRICT;
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE registry_source (
  name TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (name, imported_at)
) STRICT;
CREATE TABLE registry_batch (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
) STRICT;
CREATE TABLE registry_block (
  first INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  count INTEGER NOT NULL,
  kinds INTEGER NOT NULL,
  digests BLOB NOT NULL,
  keys BLOB NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE TABLE registry_superseded (row INTEGER PRIMARY KEY, batch INTEGER NOT NULL) STRICT;
CREATE TABLE registry_sealed (block INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
`;

const refuse = (table: string, event: 'UPDATE' | 'DELETE'): string =>
  `CREATE TRIGGER ${table}_no_${event.toLowerCase()} BEFORE ${event} ON ${table} ` +
  `BEGIN SELECT raise(ABORT, '${table} is history: no ${event.toLowerCase()}'); END;`;

const once = (table: string, key: string): string =>
  `CREATE TRIGGER ${table}_once BEFORE INSERT ON ${table} WHEN EXISTS (SELECT 1 FROM ${table} WHERE ${key} = NEW.${key}) ` +
  `BEGIN SELECT raise(ABORT, '${table} is history: no replacement'); END;`;

const FIXED = [
  ['entry', 'seq'],
  ['entry_detail', 'seq'],
  ['entry_content', 'seq'],
  ['registry_batch', 'id'],
  ['registry_block', 'first'],
  ['registry_superseded', 'row'],
] as const;

const TRIGGERS = [
  ...FIXED.flatMap(([table, key]) => [refuse(table, 'UPDATE'), refuse(table, 'DELETE'), once(table, key)]),
  // Purging deletes from these, nothing changes them.
  refuse('entry_personal', 'UPDATE'),
  once('entry_personal', 'seq'),
  refuse('part', 'UPDATE'),
  refuse('evidence', 'UPDATE'),
  refuse('evidence', 'DELETE'),
  refuse('evidence_capture', 'UPDATE'),
  `CREATE TRIGGER entry_in_order BEFORE INSERT ON entry WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry) ` +
    `BEGIN SELECT raise(ABORT, 'entry is history: out of order'); END;`,
].join('\n');

export const BASE: string = TABLES + TRIGGERS;
