/** What somebody without the ledger needs to compute the link of an entry again. */
import { type Digests, GENESIS } from '../chain.ts';
import { hexOf } from './connection.ts';
import type { Database } from './database.ts';

export interface Link {
  /** State of the chain before the entry. */
  readonly previous: Digests;
  /** Digests of the parts as the entry's header has them. */
  readonly parts: {
    readonly detail: Digests;
    readonly personal: Digests | null;
    readonly content: Digests | null;
  };
  /** Hex; opens the digest of the detail. Personal parts stay closed. */
  readonly detail_salt: string | null;
}

/** Links of entries by their numbers; numbers without an entry are left out. */
export function extractLinks(db: Database, seqs: readonly number[]): Map<number, Link> {
  const links = new Map<number, Link>();
  for (const seq of seqs) {
    const row = db.get(
      `SELECT e.detail_sha256, e.detail_sm3, e.personal_sha256, e.personal_sm3, e.content_sha256, e.content_sm3, d.salt
       FROM entry e LEFT JOIN entry_detail d ON d.seq = e.seq WHERE e.seq = ?`,
      seq,
    );
    if (row === undefined) continue;
    const before = db.get('SELECT sha256, sm3 FROM entry WHERE seq = ?', seq - 1);
    const pair = (at: number): Digests | null =>
      row[at] instanceof Uint8Array ? { sha256: hexOf(row[at]), sm3: hexOf(row[at + 1]) } : null;
    const detail = pair(0);
    if (detail === null) continue;
    links.set(seq, {
      previous:
        before === undefined
          ? { sha256: GENESIS.sha256, sm3: GENESIS.sm3 }
          : { sha256: hexOf(before[0]), sm3: hexOf(before[1]) },
      parts: { detail, personal: pair(2), content: pair(4) },
      detail_salt: row[6] instanceof Uint8Array ? hexOf(row[6]) : null,
    });
  }
  return links;
}
