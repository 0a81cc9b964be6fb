/** The head of the chain, to be kept where nobody who can write the ledger can write: mail, another office, paper. */

import { isHexDigest } from '../chain.ts';
import { hexOf } from './connection.ts';
import type { Database } from './database.ts';

/** One line of JSON; field names as printed. */
export interface Anchor {
  readonly type: 'anchor';
  readonly version: 1;
  readonly ledger_id: string;
  readonly seq: number;
  readonly sha256: string;
  readonly sm3: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly entries: number;
}

export interface AnchorCheck {
  readonly ok: boolean;
  /** no_anchor | other_ledger | truncated | rewritten, or null */
  readonly fault: 'no_anchor' | 'other_ledger' | 'truncated' | 'rewritten' | null;
  readonly message: string;
}

/** An anchor from text somebody kept; null where it is none. */
export function parseAnchor(text: string): Anchor | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const { ledger_id, seq, sha256, sm3, time, entries } = value as Record<string, unknown>;
  if (typeof ledger_id !== 'string' || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return null;
  if (!isHexDigest(sha256) || !isHexDigest(sm3) || typeof time !== 'string') return null;
  return {
    ...{ type: 'anchor', version: 1, ledger_id, seq, sha256, sm3, time },
    entries: typeof entries === 'number' ? entries : seq,
  };
}

/** Whether the ledger is the one that was anchored and its history up to there is the same. */
export function compareAnchor(db: Database, anchor: Anchor | null): AnchorCheck {
  const wrong = (fault: AnchorCheck['fault'], message: string): AnchorCheck => ({ ok: false, fault, message });
  if (anchor === null)
    return wrong('no_anchor', 'not an anchor: expected one JSON object with ledger_id, seq, sha256, sm3');
  const id = db.get("SELECT value FROM setting WHERE name = 'ledger_id'")?.[0];
  if (id !== anchor.ledger_id) {
    return wrong('other_ledger', `the anchor is of ledger ${anchor.ledger_id.slice(0, 64)}, this is ${id}`);
  }
  const row = db.get('SELECT sha256, sm3 FROM entry WHERE seq = ?', anchor.seq);
  if (row === undefined) {
    const last = db.get('SELECT coalesce(max(seq), 0) FROM entry')?.[0];
    return wrong(
      'truncated',
      `entry ${anchor.seq} was anchored at ${anchor.time} but the ledger ends at ${last}: entries were cut off`,
    );
  }
  if (hexOf(row[0]) !== anchor.sha256 || hexOf(row[1]) !== anchor.sm3) {
    return wrong(
      'rewritten',
      `entry ${anchor.seq} is not the one anchored at ${anchor.time}: history before it was rewritten`,
    );
  }
  return { ok: true, fault: null, message: `entry ${anchor.seq} is as anchored at ${anchor.time}` };
}
