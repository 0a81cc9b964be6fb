/** Points made with what an earlier process left behind. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/daemon/config/load.ts';
import { PointSet, type PointSetOptions } from '../../src/daemon/point-set.ts';
import { keyOf } from '../../src/detect/key-facts.ts';
import { madeFacts } from './made-facts.ts';

const CONFIG = 'sensor: s\npoints: [{name: tap}]\ninputs: [{name: i, kind: spool, directory: x, point: tap}]\n';

test('what was saved of a point is taken over, and not kept a second time for as long as the process runs', () => {
  const facts = madeFacts({});
  const books = new Map([['tap', { ended: [facts], open: [] }]]);
  const reported = {
    ...{
      confidence: 'confirmed',
      activity: 'mining',
      at: 1,
      times: 1,
      packets: 1,
      shares: 1,
      last: 'x',
      evidence: true,
    },
  };
  const values = new Map<string, unknown>([
    ['reported tap ID', reported],
    ['reported other ID', reported],
    ['position i', null],
  ]);
  const points = new PointSet({
    inUse: { config: loadConfig(CONFIG, 'poolprint.yaml', { STATE_DIRECTORY: '/nowhere' }) },
    saved: { books, values },
    host: { send: async () => undefined },
    resolver: { entries: [], ownAddresses: new Set() },
    fileOf: String,
    seed: 0,
    clock: () => 1,
  } as unknown as PointSetOptions);
  const point = points.get('tap');
  expect(point.book.facts(keyOf(facts))).not.toBeNull();
  expect(point.reporter.all().map(([id]) => id)).toEqual(['ID']);
  expect(points.get('tap')).toBe(point);
  expect([...books.keys()]).toEqual([]);
  // What is another point's, or an input's, is still theirs to take.
  expect([...values.keys()]).toEqual(['reported other ID', 'position i']);
});
