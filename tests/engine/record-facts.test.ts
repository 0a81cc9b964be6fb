/** What a day of flow records is told with. */
import { expect, test } from 'vitest';
import { DAY } from '../../src/detect/day.ts';
import { compareOrder } from '../../src/detect/key-facts.ts';
import { factsOfDay, type RecordDay } from '../../src/engine/records/facts.ts';

const HOUR = 3600e6;

/** Connections [port, first, last], hours from midnight of day 20,000. */
function dayOfConnections(connections: readonly (readonly [port: number, first: number, last: number])[]): RecordDay {
  const at = (hours: number): number => 20_000 * DAY + hours * HOUR;
  const watched = {
    connections: connections.map(([port, first, last]) => ({
      ...{ port, first: at(first), last: at(last), opened: true },
    })),
  } as unknown as RecordDay['watched'];
  const address = { evidence: 'stratum', role: null, confidence: 'high', ownPort: true, ambiguous: false } as const;
  return {
    watched,
    day: {
      ...{ day: 20_000, first: at(0), last: at(9), packets: [9, 9], bytes: [900, 900], connections: 3 },
      ...{ input: 1, number: 1 },
    },
    ...{ client: '192.0.2.1', server: '203.0.113.5', serverPort: 3333, names: [], signs: [] },
    address: { ...address, pool: null, coins: [] },
  };
}

test('connections that go on from the day before begin together, and are in order', () => {
  const facts = factsOfDay(
    dayOfConnections([
      [50_000, -3, 2],
      [40_000, -1, 4],
      [41_000, 1, 5],
      [45_000, -2, 3],
    ]),
  );
  const list = facts.conversations;
  expect(list.map(({ value }) => value.port)).toEqual([40_000, 45_000, 50_000, 41_000]);
  expect([...list].sort((a, b) => compareOrder(a.order, b.order))).toEqual(list);
});
