/** Addresses of pools that are learnt while flow records come: from logs, from a resolver, before and after a conversation began. */
import { expect, test } from 'vitest';
import type { Point } from '../../src/daemon/points.ts';
import type { KeyFacts } from '../../src/detect/key-facts.ts';
import { AddressBook, type BookEntry } from '../../src/engine/names/address-book.ts';
import type { RecordPipeline } from '../../src/engine/records/record-pipeline.ts';
import type { EndpointRow } from '../../src/signature/endpoint-types.ts';
import { EndpointIndex } from '../../src/signature/endpoints.ts';
import { FakeWorld } from '../daemon/world.ts';
import { DAY_START, MINUTE, name, type Talk, talk } from './record-pipeline-records.ts';
import { SIGNATURES } from './run.ts';

const POOL = 'eu1.pool.example';
const SERVER = '198.51.100.8';
const OWN = '192.0.2.10';
const START = DAY_START + 600 * MINUTE;
const HOST: EndpointRow = {
  ...{
    kind: 'host',
    value: POOL,
    ports: [4444],
    pool: 'Invented Pool',
    coins: ['XMR'],
    transport: 'tcp',
    role: 'stratum',
  },
  ...{ region: '', confidence: 'high', source: 'invented' },
};
const ENTRY: BookEntry = { address: SERVER, name: POOL, source: 'resolved', from: START, until: START + 600 * MINUTE };
const signatures = (): ReturnType<ConstructorParameters<typeof Point>[0]['signatures']> => ({
  set: SIGNATURES,
  endpoints: new EndpointIndex([HOST], []),
});

function feed(records: RecordPipeline, t: Partial<Talk> = {}): void {
  const to = { server: SERVER, serverPort: 4444, from: START + MINUTE, minutes: 60, opens: true };
  for (const record of talk({ ...to, ...t })) records.onRecord(record);
}

const told = (records: RecordPipeline): KeyFacts[] => records.tell().open.flatMap(([, facts]) => facts);
const named = (records: RecordPipeline): boolean =>
  told(records).some(({ indications }) =>
    indications.some(({ value }) => value.indication.signature === 'flow-record.address'),
  );

test('an answer in a log tells everybody whose the address is, unless it answers for an ordinary name too', () => {
  for (const [other, expected] of [
    ['www.pool.example', true],
    ['shop.invented.example', false],
  ] as const) {
    const { records } = new FakeWorld().point('p', {
      signatures: () => ({
        ...signatures(),
        endpoints: new EndpointIndex([HOST, { ...HOST, value: 'www.pool.example', role: 'web' }], []),
      }),
    });
    records.onName(name({ name: POOL, server: SERVER, client: '100.64.0.99', time: START }));
    records.onName(name({ name: other, server: SERVER, client: '100.64.0.98', time: START + 1 }));
    feed(records);
    expect(named(records)).toBe(expected);
  }
});

test("the sensor's own look-ups in a log are nobody's", () => {
  const point = new FakeWorld().point('p', { signatures, ownAddresses: () => new Set([OWN]) });
  point.records.onName(name({ name: POOL, server: SERVER, client: OWN, time: START }));
  point.records.onName(name({ name: POOL, server: SERVER, client: '192.0.2.11', time: START }));
  expect(told(point.records).map(({ miner }) => miner)).toEqual(['192.0.2.11']);
});

test('what was resolved before the first flow record came is known', () => {
  const { records } = new FakeWorld().point('p', { signatures, resolved: () => [ENTRY] });
  feed(records);
  expect(named(records)).toBe(true);
});

test('what packets of the same point tell of addresses holds for its flow records', () => {
  const point = new FakeWorld().point('p', { signatures });
  const { records } = point;
  const book = new AddressBook();
  book.merge([{ ...ENTRY, source: 'observed' }]);
  for (const nothing of [null, undefined, 7, { book: 'x' }]) point.learnFromPackets(nothing);
  point.learnFromPackets({ listed: [], others: [], book: book.exportState(START) });
  feed(records);
  expect(named(records)).toBe(true);
});

test('a conversation that began before its address was learnt is found while it goes on', () => {
  const point = new FakeWorld().point('p', { signatures });
  // Three one way for one the other is no shape worth watching.
  const uneven = { packets: [300, 100] } as const;
  feed(point.records, uneven);
  expect(named(point.records)).toBe(false);
  point.learnAddresses([ENTRY]);
  feed(point.records, { ...uneven, from: START + 61 * MINUTE, opens: false });
  expect(named(point.records)).toBe(true);
});
