/**
 * What "the same detection" means when an excerpt is read again (docs/evidence.md). An excerpt holds the packets that prove
 * and not the conversation: what rests on time, counts, look-ups elsewhere or overwritten passwords cannot come back, is
 * named with its reason, and may lower the confidence. Everything else must be found again.
 */
import type { Confidence, DetectionRow, IndicationRow } from '../detect/detection.ts';

/** Why an indication cannot be expected from the excerpt; null where it can. */
export type Hindrance =
  | 'behaviour' // duration, counts, lengths of a whole conversation
  | 'look_up' // a name from another flow, or from the handshake with a proxy
  | 'redacted' // its packet had a password overwritten
  | 'fragment' // its packet is one fragment of a datagram whose others were not kept
  | 'opening' // asks for the first bytes of a connection, and the excerpt does not show it opening
  | 'not_installed' // the signature is not among those installed
  | 'left_out'; // no packet of the excerpt carries it

/** What is known of an excerpt. */
export interface ExcerptFacts {
  /** By `id@version`: packets whose comment names it. */
  readonly named: ReadonlyMap<string, readonly number[]>;
  readonly redacted: ReadonlySet<number>;
  readonly fragments: ReadonlySet<number>;
  /** Shows a connection being opened (a SYN). */
  readonly opening: boolean;
  readonly packets: number;
}

/** What is known of an installed signature. */
export interface InstalledSignature {
  readonly version: number;
  /** Asks for the first bytes of a connection. */
  readonly needsStart: boolean;
}

/**
 * same: everything came back. weaker: the same miner, pool, dialect; what is named did not come back, for a reason.
 * not_reproducible: the excerpt cannot show it, for a reason. different: it should have come back and did not.
 */
export type Verdict = 'same' | 'weaker' | 'not_reproducible' | 'different';

export interface Comparison {
  readonly verdict: Verdict;
  /** Why it differs or cannot be checked; '' for `same`. */
  readonly reason: string;
  readonly found: { readonly confidence: Confidence; readonly activity: string; readonly score: number } | null;
  /** Indications that did not come back; `why` is `lost` where they should have. */
  readonly missing: readonly {
    readonly signature: string;
    readonly version: number;
    readonly why: Hindrance | 'lost';
  }[];
}

type Row = Pick<
  DetectionRow,
  'miner' | 'pool' | 'via' | 'dialect' | 'activity' | 'confidence' | 'score' | 'picked_up'
> & { readonly indications: readonly Pick<IndicationRow, 'signature' | 'version' | 'kind'>[] };

const RANK: Readonly<Record<Confidence, number>> = { suspected: 0, probable: 1, confirmed: 2 };

/** Miner, pool endpoint and dialect agree. A pool behind a proxy may be known by the proxy alone. */
export function sameKey(before: Row, now: Row): boolean {
  if (before.miner.ip !== now.miner.ip || before.dialect !== now.dialect) return false;
  const { pool, via } = before;
  const ends = pool.ip === null ? pool.host === now.pool.host : pool.ip === now.pool.ip;
  if (ends && pool.port === now.pool.port) return true;
  return via !== null && now.via === null && now.pool.ip === via.ip && now.pool.port === via.port;
}

/** Work was done, or only asked for: one excerpt never shows that an address probes many pools. */
function works(activity: string): boolean {
  return activity === 'mining' || activity === 'proxy';
}

/** Compares a detection with those found when its excerpt was read again. */
export function compareDetection(
  before: Row,
  again: readonly Row[],
  excerpt: ExcerptFacts,
  installed: (id: string) => InstalledSignature | null,
): Comparison {
  const hinder = (item: Row['indications'][number]): Hindrance | null => hindrance(item, before, excerpt, installed);
  const now = again.find((row) => sameKey(before, row));
  if (now === undefined) return notFound(before, again, hinder);
  const back = new Set(now.indications.map(({ signature }) => signature));
  const missing = unique(before.indications)
    .filter(({ signature }) => !back.has(signature))
    .map((item) => ({ signature: item.signature, version: item.version, why: hinder(item) ?? ('lost' as const) }));
  const found = { confidence: now.confidence, activity: now.activity, score: now.score };
  const lost = missing.filter(({ why }) => why === 'lost').map(({ signature }) => signature);
  const hindered = missing.length > 0;
  if (lost.length > 0) return { verdict: 'different', reason: `not found again: ${lost.join(', ')}`, found, missing };
  const lower = RANK[now.confidence] < RANK[before.confidence];
  const idle = works(before.activity) && !works(now.activity);
  if ((lower || idle) && !hindered) {
    const what = lower
      ? `${now.confidence} instead of ${before.confidence}`
      : `${now.activity}, not ${before.activity}`;
    return { verdict: 'different', reason: what, found, missing };
  }
  // More than was claimed is a contradiction too: an attempt in whose packets shares are found.
  if (!works(before.activity) && works(now.activity)) {
    return { verdict: 'different', reason: `${now.activity}, not ${before.activity}`, found, missing };
  }
  if (!hindered) return { verdict: 'same', reason: '', found, missing };
  const why = [...new Set(missing.map((item) => item.why))].sort().join(', ');
  return { verdict: 'weaker', reason: why, found, missing };
}

function notFound(
  before: Row,
  again: readonly Row[],
  hinder: (item: Row['indications'][number]) => Hindrance | null,
): Comparison {
  const items = unique(before.indications);
  const missing = items.map((item) => ({
    signature: item.signature,
    version: item.version,
    why: hinder(item) ?? ('lost' as const),
  }));
  // A name alone is not reported: without the conversation that went with it nothing can come back.
  const payload = items.some(({ kind }) => kind === 'payload');
  const conversation = missing.some(({ why }) => why === 'behaviour' || why === 'look_up');
  const other = again[0];
  if (other !== undefined) {
    const what = `${other.miner.ip} to ${other.pool.host ?? other.pool.ip ?? '?'}:${other.pool.port ?? '?'}`;
    return { verdict: 'different', reason: `another detection: ${what}`, found: null, missing };
  }
  if (!payload && conversation) {
    const why = missing.some((item) => item.why === 'behaviour') ? 'behaviour' : 'look_up';
    return { verdict: 'not_reproducible', reason: why, found: null, missing };
  }
  const lost = missing.some(({ why }) => why === 'lost');
  if (lost || items.length === 0) return { verdict: 'different', reason: 'nothing was found', found: null, missing };
  const why = [...new Set(missing.map((item) => item.why))].sort().join(', ');
  return { verdict: 'not_reproducible', reason: why, found: null, missing };
}

function unique(items: Row['indications']): Row['indications'] {
  return [...new Map(items.map((item) => [item.signature, item])).values()];
}

function hindrance(
  { signature, version, kind }: Row['indications'][number],
  before: Row,
  excerpt: ExcerptFacts,
  installed: (id: string) => InstalledSignature | null,
): Hindrance | null {
  if (kind === 'behaviour') return 'behaviour';
  if (kind === 'dns' || kind === 'endpoint') return 'look_up';
  const known = installed(signature);
  if (known === null) return 'not_installed';
  const packets = excerpt.named.get(`${signature}@${version}`) ?? [];
  if (packets.length === 0) return 'left_out';
  if (packets.every((packet) => excerpt.redacted.has(packet))) return 'redacted';
  if (packets.every((packet) => excerpt.fragments.has(packet))) return 'fragment';
  if (known.needsStart && before.picked_up === 'start' && !excerpt.opening) return 'opening';
  return null;
}
