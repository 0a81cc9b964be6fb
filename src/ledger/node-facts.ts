/** A node with everything that belongs to it, read from the storage. */
import type { Attribution } from '../attribution/types.ts';
import type { AccountRow, DetectionRow } from '../detect/detection.ts';
import { byText, combineParts } from './combine.ts';
import type { LeadStorage, Placement } from './store.ts';
import { micros } from './times.ts';
import type { LeadKey } from './types.ts';

export interface Item {
  /** What of the detection belongs here: see `ownPart`. */
  readonly row: DetectionRow;
  /** All of it, also what belongs to other subscribers. */
  readonly whole: DetectionRow;
  readonly placement: Placement;
  /** In how many nodes the detection lies. */
  readonly placements: number;
  readonly answers: readonly Attribution[];
}

export interface NodeFacts {
  readonly id: string;
  readonly key: LeadKey;
  readonly items: readonly Item[];
}

/** Reads detections once each while a change is being made. */
export class NodeReader {
  readonly #storage: LeadStorage;
  readonly #rows: Map<string, DetectionRow>;
  readonly #nodes = new Map<string, NodeFacts | null>();

  /** `earlier`: a reader of the same change; what it read of detections holds, what it read of nodes may have changed. */
  constructor(storage: LeadStorage, earlier?: NodeReader) {
    this.#storage = storage;
    this.#rows = earlier === undefined ? new Map() : earlier.#rows;
  }

  row(detection: string): DetectionRow {
    let row = this.#rows.get(detection);
    if (row === undefined) {
      row = combineParts(this.#storage.parts(detection).map((part) => part.row));
      this.#rows.set(detection, row);
    }
    return row;
  }

  /** The node as it stands in the storage now; null for an unknown id. */
  node(id: string): NodeFacts | null {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const record = this.#storage.node(id);
    const items = this.#storage
      .placementsAt(id)
      .map((placement) => {
        const whole = this.row(placement.detection);
        return {
          placement,
          row: ownPart(whole, placement),
          whole,
          placements: placement.shared ? this.#storage.placementsOf(placement.detection).length : 1,
          answers: placement.attribution === null ? [] : [placement.attribution],
        };
      })
      .sort((a, b) => byText(a.row.first_seen, b.row.first_seen) || byText(a.row.id, b.row.id));
    const facts = record === null ? null : { id, key: record.key, items };
    this.#nodes.set(id, facts);
    return facts;
  }
}

/** A conversation of this length has had time for work to be done: shorter than 300 s may be a refused login. */
const WORK_MICROS = 300_000_000;

/**
 * The part of a shared detection that belongs to one of its subscribers: his conversations, their number and times. That
 * somebody behind the address mined says nothing about another who only knocked: where all his conversations are shorter
 * than 300 s, he made an `attempt`. The whole row where it is not shared.
 */
export function ownPart(row: DetectionRow, placement: Pick<Placement, 'ports' | 'conversations'>): DetectionRow {
  const { ports } = placement;
  if (ports === null) return row;
  const own = placement.conversations && new Set(placement.conversations.map((each) => JSON.stringify(each)));
  const conversations = row.conversations.filter(
    ({ miner_port: port, first_seen: from }) => own?.has(JSON.stringify([port, from])) ?? ports.includes(port),
  );
  const short = conversations.every(
    ({ first_seen: from, last_seen: to }) => (micros(to) ?? 0) - (micros(from) ?? 0) < WORK_MICROS,
  );
  const works = row.activity === 'mining' || row.activity === 'proxy';
  return {
    ...row,
    first_seen: conversations.map((each) => each.first_seen).sort(byText)[0] ?? row.first_seen,
    last_seen:
      conversations
        .map((each) => each.last_seen)
        .sort(byText)
        .at(-1) ?? row.last_seen,
    activity: works && short ? 'attempt' : row.activity,
    conversations,
    flows: conversations.length,
  };
}

/**
 * Accounts that surely belong to a node: of a detection shared by several subscribers only where it has a single account,
 * since nothing says whose conversation used which.
 */
export function accountsOf({ row, placement }: Item): readonly AccountRow[] {
  if (!placement.shared) return row.accounts;
  return new Set(row.accounts.map(({ account }) => account)).size > 1 ? [] : row.accounts;
}

/** Host (or address) and port of the pool; the host alone of a look-up. */
export function endpointOf({ pool }: DetectionRow): string {
  const host = pool.host ?? pool.ip ?? '?';
  if (pool.port === null) return host;
  return host.includes(':') ? `[${host}]:${pool.port}` : `${host}:${pool.port}`;
}
