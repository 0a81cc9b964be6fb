import { expect, test, vi } from 'vitest';
import { createAnomalyCounters } from '../../src/common/anomaly.ts';
import { type Dialect, Fit } from '../../src/dialect/dialect.ts';
import { Conversation } from '../../src/engine/conversation/conversation.ts';
import { Naming } from '../../src/engine/names/naming.ts';
import { jsonMessages } from '../../src/protocol/json.ts';
import type { JsonMessage } from '../../src/protocol/message.ts';
import { EndpointIndex } from '../../src/signature/endpoints.ts';
import { createSignatureSet } from '../../src/signature/set.ts';

/** Dialect number n is sure of the method `m<n>` and rules itself out on any other. */
function numbered(n: number): Dialect {
  return {
    id: `d${n}`,
    title: { en: '', zh: '' },
    group: `d${n}`,
    priority: 1,
    probe: (m) => (m.kind === 'json' && m.method === `m${n}` ? Fit.Sure : Fit.Never),
    feed: () => undefined,
  };
}

vi.mock('../../src/dialect/index.ts', () => ({ DIALECTS: Array.from({ length: 40 }, (_, n) => numbered(n)) }));

test.each([0, 31, 32, 39])('of forty dialects number %i is found, whatever the others rule out', (n) => {
  const conversation = new Conversation(0, [true, true], [40000, 3333], {
    naming: new Naming(new EndpointIndex([], [])),
    signatures: createSignatureSet([]),
    budget: { used: 0, limit: 1024 },
    counters: createAnomalyCounters(),
    keepEvidence: false,
    fileOf: () => 'x',
  });
  const found: JsonMessage[] = [];
  const place = { input: 0, packet: 1, time: 1, from: 0, to: 0 };
  jsonMessages(`{"id":1,"method":"m${n}"}`, 0, place, 'tcp', null, null, found);
  for (const message of found) conversation.onMessage(message);
  expect(conversation.results().map(({ dialect }) => dialect.id)).toEqual([`d${n}`]);
});
