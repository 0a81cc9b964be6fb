/** A kill at any packet of any capture: what two processes tell of it together is never more than what one tells. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EngineTold } from '../../src/daemon/engine/core.ts';
import { Core } from '../../src/daemon/engine/core.ts';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { buildDetections } from '../../src/detect/build.ts';
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { KeyFacts } from '../../src/detect/key-facts.ts';
import { ENDPOINTS, EXHAUSTIVE, SIGNATURES } from '../engine/run.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const FILES = readdirSync(CAPTURES)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .sort();
/** Captures in which segments come twice. */
const REPEATED: ReadonlySet<string> = new Set(['stratum-v1-disorder.pcap']);
/** Bytes fed at once: no packet record is shorter, so that none is passed over. */
const STEP = 16;
/** Kills of each capture. */
const KILLS = EXHAUSTIVE ? Number.POSITIVE_INFINITY : 6;
const LIMITS = { flows: 1024, conversations: 256, reassemblyBytes: 8e6, idleTimeout: 900e6, activeTimeout: 3600e6 };
const COMMON = { seed: 7, points: [{ name: 'p', home: [] }], limits: LIMITS, evidence: false, shard: 0, shards: 1 };

function core(): Core {
  return new Core({ ...COMMON, signatures: SIGNATURES, endpoints: ENDPOINTS });
}

function take(book: KeyBook, told: EngineTold): void {
  for (const point of told.points) book.apply(point.told, 0);
}

/** As the state on disk gives it back. */
function restarted(book: KeyBook): KeyBook {
  book.changeAll();
  const { ended, open } = JSON.parse(JSON.stringify(book.changes())) as ReturnType<KeyBook['changes']>;
  const next = new KeyBook(10_000);
  next.restore(
    ended.flatMap(([, facts]) => (facts === null ? [] : [facts])),
    open.flatMap(([, facts]) => (facts === null ? [] : [facts])),
  );
  return next;
}

interface Cut {
  readonly rows: readonly DetectionRow[];
  readonly packets: number;
}

/** Reads a capture; after `kill` packets another process goes on. */
function read(bytes: Uint8Array, kill: number): Cut {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let book = new KeyBook(10_000);
  let from = 0;
  if (kill > 0) {
    const first = core();
    first.open(1, 'p', 'a', 0);
    while (first.taken(1) < kill && from < bytes.length) {
      first.feed(1, bytes, view, from, Math.min(bytes.length, from + STEP));
      from += STEP;
    }
    take(book, first.tell());
    book = restarted(book);
  }
  const second = core();
  second.open(1, 'p', 'a', kill);
  second.feed(1, bytes, view, 0, bytes.length);
  const { packets } = second.end(1);
  take(book, second.command({ kind: 'finish' }) as EngineTold);
  const keys = [...new Set([...book.days()].map(([key]) => key))];
  const facts = keys.map((key) => book.facts(key) as KeyFacts);
  const context = { sensor: 's', nat: 'none', realm: null, clockError: 0, from: 0, to: 0, fileOf: () => 'a' } as const;
  return { rows: buildDetections(facts, context), packets };
}

const counts = ({ shares, packets, bytes, flows }: DetectionRow): number[] => [
  ...[shares.submitted, shares.accepted, shares.rejected, flows],
  ...packets,
  ...bytes,
];

describe.each(FILES)('%s', (name) => {
  test('cut in two counts nothing twice', () => {
    const bytes = new Uint8Array(readFileSync(join(CAPTURES, name)));
    const whole = read(bytes, 0);
    const byId = new Map(whole.rows.map((row) => [row.id, row]));
    const all = whole.rows.reduce((n, { shares }) => n + shares.submitted, 0);
    const step = Math.max(1, Math.floor(whole.packets / KILLS));
    for (let kill = 1; kill < whole.packets; kill += step) {
      const { rows } = read(bytes, kill);
      for (const row of rows) {
        const one = byId.get(row.id);
        const spare = REPEATED.has(name) ? 1 : 0;
        const more = one !== undefined && counts(row).some((n, i) => n > (counts(one)[i] as number) + spare);
        expect(more ? [kill, row.miner.ip, counts(row), one && counts(one)] : null, name).toBeNull();
      }
      const sum = rows.reduce((n, { shares }) => n + shares.submitted, 0);
      // A share that is sent again just when the process ends cannot be told from a new one.
      if (REPEATED.has(name)) continue;
      expect(sum, `${name}, killed after ${kill}: shares`).toBeLessThanOrEqual(all);
    }
  });
});
