/** Records become conversations: roles, sums, connections, room. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPrivate } from '../../src/flowrecord/conversation-key.ts';
import { Ends } from '../../src/flowrecord/conversation-roles.ts';
import {
  type ConversationOwner,
  ConversationStore,
  type ConversationStoreOptions,
  type ConversationSums,
} from '../../src/flowrecord/conversation-store.ts';
import { MAX_CONNECTIONS, MAX_POINTS, type Watched } from '../../src/flowrecord/conversation-watch.ts';
import { FlowRecord } from '../../src/flowrecord/record.ts';

const A = 0xc6336401 | 0;
const B = 0xcb007105 | 0;
const T = Date.UTC(2026, 10, 2, 10) * 1000;
const SECOND = 1e6;

class Owner implements ConversationOwner {
  readonly ended: { watched: Watched; sums: ConversationSums }[] = [];
  readonly listed: (port: number, address: number) => boolean;
  store: ConversationStore | null = null;
  constructor(listed: (port: number, address: number) => boolean = () => false) {
    this.listed = listed;
  }
  isListed(_v: number, w0: number, _w1: number, _w2: number, _w3: number, port: number): boolean {
    return this.listed(port, w0);
  }
  isNamed(): boolean {
    return false;
  }
  onEnd(watched: Watched): void {
    if (this.store !== null) this.ended.push({ watched, sums: this.store.sums(watched.index) });
  }
  onDayEnd(): void {}
  onRecordWatched(): void {}
}

function make(owner = new Owner(), options: Partial<ConversationStoreOptions> = {}): ConversationStore {
  const knownPorts = new Uint8Array(65_536);
  knownPorts[3333] = 1;
  knownPorts[50_001] = 1;
  const base = { capacity: 64, watchCapacity: 8, idleTimeout: 3600 * SECOND, seed: 1, knownPorts };
  const store = new ConversationStore({ ...base, ...options }, owner);
  owner.store = store;
  return store;
}

function record(facts: Partial<FlowRecord>): FlowRecord {
  const usual = {
    source0: A,
    destination0: B,
    sourcePort: 40_000,
    destinationPort: 3333,
    protocol: 6,
    start: T,
    end: T,
  };
  return Object.assign(new FlowRecord(), usual, { packets: 10, bytes: 600, number: 1 }, facts);
}
const reverse = (r: FlowRecord, facts: Partial<FlowRecord> = {}): FlowRecord => {
  const { source0, destination0, sourcePort, destinationPort } = r;
  return Object.assign(record({ ...r }), {
    ...{ source0: destination0, destination0: source0, sourcePort: destinationPort, destinationPort: sourcePort },
    ...facts,
  });
};
const roles = (store: ConversationStore, index: number): [client: number, server: number, port: number] => {
  const e = new Ends();
  store.endsOf(index, e);
  return [e.client0, e.server0, e.serverPort];
};

describe('roles', () => {
  const pair = (facts: Partial<FlowRecord>): [FlowRecord, FlowRecord] => [record(facts), reverse(record(facts))];
  test.each([
    ['port of a known service against any other', { sourcePort: 500, destinationPort: 3333 }],
    ['known service beyond the registered range', { sourcePort: 40_000, destinationPort: 50_001 }],
    ['registered against ephemeral', { sourcePort: 40_000, destinationPort: 9876 }],
    ['system against registered', { sourcePort: 2000, destinationPort: 443 }],
    ['the lower of two ephemeral ones', { sourcePort: 60_000, destinationPort: 50_000 }],
  ])('%s: the same whichever direction comes first', (_, facts) => {
    for (const order of [pair(facts), pair(facts).reverse()]) {
      const store = make();
      const [one, two] = order.map((r) => store.touch(r));
      expect(one).toBe(two);
      expect(store.size).toBe(1);
      expect(roles(store, one as number)).toEqual([A, B, facts.destinationPort]);
    }
  });

  test('ports that tell nothing: who came first is client', () => {
    const store = make();
    const at = store.touch(record({ sourcePort: 5000, destinationPort: 5000 }));
    store.touch(reverse(record({ sourcePort: 5000, destinationPort: 5000 })));
    expect([roles(store, at), store.size]).toEqual([[A, B, 5000], 1]);
  });

  test.each([
    ['oriented by the exporter', { oriented: true }],
    ['a SYN that nobody acknowledged', { tcpFlags: 2 }],
  ])('%s turns round what ports said, sums too', (_, facts) => {
    const store = make();
    const odd = { sourcePort: 1000, destinationPort: 60_000 };
    store.touch(record({ ...odd, packets: 7, bytes: 700 }));
    const at = store.touch(record({ ...odd, ...facts, packets: 1, bytes: 60 }));
    store.touch(reverse(record({ ...odd, packets: 5, bytes: 5000 })));
    expect(roles(store, at)).toEqual([A, B, 60_000]);
    expect(store.sums(at)).toMatchObject({ packets: [8, 5], bytes: [760, 5000], clientPort: 1000, records: [2, 1] });
    expect(store.size).toBe(1);
  });

  test('of two directions with a SYN the earlier one opened', () => {
    const odd = { sourcePort: 1000, destinationPort: 60_000, tcpFlags: 0x1a, end: T + SECOND };
    for (const flip of [false, true]) {
      const store = make();
      const both = [record({ ...odd, packets: 3 }), reverse(record({ ...odd, packets: 4, start: T + 200 }))];
      const at = (flip ? both.reverse() : both).map((r) => store.touch(r))[1] as number;
      expect(roles(store, at)).toEqual([A, B, 60_000]);
      expect(store.sums(at).packets).toEqual([3, 4]);
    }
  });

  test('a listed endpoint is server, whatever its port, and clocks that differ do not change that', () => {
    const store = make(new Owner((port, address) => address === B && port === 60_000));
    const odd = { sourcePort: 1000, destinationPort: 60_000, tcpFlags: 0x1a };
    const at = store.touch(record({ ...odd, start: T + 500 }));
    store.touch(reverse(record({ ...odd, start: T })));
    expect([roles(store, at), store.size]).toEqual([[A, B, 60_000], 1]);
  });

  test('a server with several clients ports is not turned round', () => {
    const store = make();
    const at = store.touch(record({ sourcePort: 40_000 }));
    store.touch(record({ sourcePort: 40_001 }));
    store.touch(reverse(record({ sourcePort: 40_001 }), { oriented: true }));
    expect([roles(store, at), store.size]).toEqual([[A, B, 3333], 1]);
  });
});

describe('key', () => {
  test('VLAN and VRF part private addresses and no others', () => {
    const size = (source0: number, facts: Partial<FlowRecord>): number => {
      const store = make();
      store.touch(record({ source0 }));
      store.touch(record({ source0, ...facts }));
      return store.size;
    };
    for (const facts of [{ vlan: 7 }, { vrf: 7 }]) {
      expect(size(A, facts)).toBe(1);
      expect(size(0x0a000001, facts)).toBe(2);
      expect(size(0x64400001, facts)).toBe(2);
    }
    expect([isPrivate(6, 0xfd000000 | 0), isPrivate(6, 0x20010db8), isPrivate(4, 0x64800001)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('IPv6 addresses count in full; other protocols not at all', () => {
    const store = make();
    const six = { ipVersion: 6 as const, source3: 1, destination3: 2 };
    store.touch(record(six));
    store.touch(reverse(record(six), { source3: 2, destination3: 1 }));
    expect(store.size).toBe(1);
    store.touch(record({ ...six, source3: 9 }));
    store.touch(record({ ...six, destination3: 9 }));
    expect(store.size).toBe(3);
    expect([store.touch(record({ protocol: 17 })), store.touch(record({ protocol: 1 })), store.ignored]).toEqual([
      -1, -1, 2,
    ]);
  });
});

describe('sums', () => {
  test('estimates by the rate of each record, flags by record', () => {
    const store = make();
    const at = store.touch(record({ tcpFlags: 0x10, samplingRate: 100 }));
    store.touch(record({ tcpFlags: 0x12, samplingRate: 10 }));
    store.touch(record({ tcpFlags: 0x19, reversePackets: 4, reverseBytes: 400, oriented: true }));
    store.touch(record({ tcpFlags: 0x14 }));
    store.touch(record({ tcpFlags: -1 }));
    expect(store.sums(at)).toMatchObject({
      ...{ packets: [1130, 4], bytes: [67_800, 400], raw: [50, 4], records: [5, 1], samplingRate: 100 },
      ...{ flagged: 4, ackPush: 1, syn: 1, fin: 1, rst: 1 },
    });
  });

  test('bytes of a direction whose packets are not told count too', () => {
    const store = make();
    const at = store.touch(record({ packets: 0, bytes: 2000, reversePackets: 0, reverseBytes: 6000 }));
    store.touch(record({ packets: 0, bytes: 500, reversePackets: 3, reverseBytes: 300 }));
    expect(store.sums(at)).toMatchObject({ packets: [0, 3], bytes: [2500, 6300], raw: [0, 3], records: [2, 2] });
    store.touch(record({ packets: 1, bytes: 60, reversePackets: 0, reverseBytes: 0 }));
    store.touch(record({ packets: 0, bytes: 0, reversePackets: 0, reverseBytes: 0 }));
    store.touch(record({ packets: 0, bytes: 0, reversePackets: 1, reverseBytes: 60 }));
    expect(store.sums(at)).toMatchObject({ packets: [1, 4], bytes: [2560, 6360], records: [4, 3] });
  });

  test('active time counts what both directions or two records tell once, and short silences', () => {
    const store = make();
    const at = store.touch(record({ start: T, end: T + 60 * SECOND }));
    store.touch(reverse(record({ start: T, end: T + 60 * SECOND })));
    store.touch(record({ start: T + 30 * SECOND, end: T + 90 * SECOND }));
    expect(store.sums(at)).toMatchObject({ seconds: 90, active: 90 });
    // Behind 300 s of silence, and behind 301 s.
    store.touch(record({ start: T + 390 * SECOND, end: T + 400 * SECOND }));
    expect(store.sums(at)).toMatchObject({ seconds: 400, active: 400 });
    store.touch(record({ start: T + 701 * SECOND, end: T + 711 * SECOND }));
    expect(store.sums(at)).toMatchObject({ seconds: 711, active: 410 });
    // Late: before all others.
    store.touch(record({ start: T - 20 * SECOND, end: T - 10 * SECOND }));
    expect(store.sums(at)).toMatchObject({ seconds: 731, active: 430 });
  });

  test('active time is never more than the whole, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3500), fc.nat(900)), { minLength: 1, maxLength: 30 }), (spans) => {
        const store = make();
        let at = -1;
        for (const [from, long] of spans) {
          at = store.touch(record({ start: T + from * SECOND, end: T + (from + long) * SECOND }));
        }
        const { active, seconds } = store.sums(at);
        expect(active).toBeLessThanOrEqual(seconds);
        expect(active).toBeGreaterThanOrEqual(0);
        // In order of time, nothing is missed.
        const sorted = make();
        for (const [from, long] of spans.toSorted((a, b) => a[0] - b[0])) {
          at = sorted.touch(record({ start: T + from * SECOND, end: T + (from + long) * SECOND }));
        }
        expect(sorted.sums(at).active).toBeGreaterThanOrEqual(Math.max(...spans.map(([, long]) => long)));
      }),
    );
  });

  test('silence beyond the timeout ends a conversation', () => {
    const store = make();
    store.touch(record({}));
    const at = store.touch(record({ start: T + 3601 * SECOND, end: T + 3601 * SECOND }));
    expect([store.sums(at).raw, store.expired, store.size]).toEqual([[10, 0], 1, 1]);
  });
});

describe('watched conversations', () => {
  const listed = (): ConversationStore => make(new Owner((port) => port === 3333));
  const watched = (store: ConversationStore, at: number): Watched => store.watchedOf(at) as Watched;

  test('one TCP connection cut by timeouts is one, another port or 5 minutes of silence are another', () => {
    const store = listed();
    let at = -1;
    for (let n = 0; n < 100; n++) at = store.touch(record({ start: T + n * 60e6, end: T + (n + 1) * 60e6 - 1 }));
    const w = watched(store, at);
    expect([w.connectionCount, Math.round(w.longest / 1e6)]).toEqual([1, 6000]);
    const later = T + 6000 * SECOND;
    store.touch(record({ start: later + 299 * SECOND, end: later + 299 * SECOND }));
    expect(w.connectionCount).toBe(1);
    store.touch(record({ start: later + 600 * SECOND, end: later + 600 * SECOND }));
    expect(w.connectionCount).toBe(2);
    for (let n = 0; n < 200; n++) store.touch(record({ sourcePort: 41_000 + n, start: later, end: later }));
    expect([w.connectionCount, w.connections.length]).toEqual([202, MAX_CONNECTIONS]);
  });

  test('sampled packets leave longer silences', () => {
    const store = listed();
    const at = store.touch(record({ samplingRate: 1000 }));
    store.touch(record({ samplingRate: 1000, start: T + 3000 * SECOND, end: T + 3000 * SECOND }));
    expect(watched(store, at).connectionCount).toBe(1);
  });

  test('the series keeps the newest records', () => {
    const store = listed();
    let at = -1;
    const count = MAX_POINTS + 5;
    for (let n = 0; n < count; n++) {
      at = store.touch(record({ start: T + n * 4e6, end: T + n * 4e6 + 2e6, packets: n, samplingRate: 2 }));
    }
    const series = watched(store, at).series();
    expect([series.count, series.dropped]).toEqual([MAX_POINTS, 5]);
    expect([series.packets(0), series.packets(MAX_POINTS - 1), series.duration(3)]).toEqual([10, (count - 1) * 2, 2]);
    expect(Math.abs(series.start(0) - (T + 5 * 4e6))).toBeLessThan(10_000);
  });

  test('an unlisted one is watched once it has lasted and looks like it, an ordinary one never', () => {
    const run = (size: number): Watched | null => {
      const store = make();
      let at = -1;
      for (let n = 0; n < 60; n++) {
        const times = { start: T + n * 60e6, end: T + n * 60e6 + 59e6 };
        store.touch(record({ ...times, packets: 30, bytes: 30 * 60 }));
        at = store.touch(reverse(record({ ...times, packets: 30, bytes: 30 * size })));
      }
      return store.watchedOf(at);
    };
    expect(run(250)).not.toBeNull();
    expect(run(1400)).toBeNull();
  });

  test('a name makes a conversation that its record joins', () => {
    const store = make();
    const e = new Ends();
    e.set(record({}), 12, false);
    const w = store.name(e, T);
    expect(w).toBe(store.watchedOf(store.touch(record({ start: T + 1, end: T + 2 }))));
    expect(store.size).toBe(1);
  });
});

describe('room', () => {
  test('when full the oldest goes, listed ones and those of several records last; every end of a watched one is told', () => {
    const owner = new Owner((port) => port === 3333);
    const store = make(owner, { capacity: 16, watchCapacity: 4 });
    const fill = (n: number, port: number, facts: Partial<FlowRecord> = {}): number =>
      store.touch(record({ source0: A + n, destinationPort: port, start: T + n, end: T + n, ...facts }));
    fill(0, 3333);
    for (let i = 0; i < 3; i++) fill(1, 80);
    for (let n = 2; n < 16; n++) fill(n, 80);
    for (let n = 16; n < 30; n++) fill(n, 80);
    expect([store.size, store.evicted, owner.ended.length]).toEqual([16, 14, 0]);
    const e = new Ends();
    for (const [n, port] of [
      [0, 3333],
      [1, 80],
    ] as const) {
      e.set(record({ source0: A + n, destinationPort: port }), 12, false);
      expect(store.find(e)).toBeGreaterThanOrEqual(0);
    }
    for (let n = 100; n < 140; n++) fill(n, 3333);
    expect(store.watchedCount).toBeLessThanOrEqual(4);
    expect(owner.ended.length).toBe(41 - store.watchedCount);
    expect(owner.ended[0]?.sums.raw).toEqual([10, 0]);
  });

  test('any sequence of records: as many as a plain map has, as long as there is room', () => {
    const step = fc.record({ a: fc.nat(5), b: fc.nat(5), p: fc.constantFrom(80, 3333, 40_000), back: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (steps, seed) => {
        const store = make(new Owner(), { capacity: 4096, seed });
        const sums = new Map<string, number>();
        for (const { a, b, p, back } of steps) {
          const r = record({ source0: A + a, destination0: B + b, sourcePort: 60_000, destinationPort: p });
          const key = `${a} ${b} ${p}`;
          const at = store.touch(back ? reverse(r) : r);
          sums.set(key, (sums.get(key) ?? 0) + 10);
          const { raw } = store.sums(at);
          expect(raw[0] + raw[1]).toBe(sums.get(key));
        }
        expect(store.size).toBe(sums.size);
      }),
      { numRuns: 60 },
    );
  });

  test('removal keeps the rest findable', () => {
    const store = make(new Owner(), { capacity: 20_000 });
    for (let n = 0; n < 9000; n++) store.touch(record({ source0: A + n, start: T + n * 1e6, end: T + n * 1e6 }));
    // The first look takes the marks off, the next ones find what is idle.
    for (let n = 1; n <= 200; n++) store.turn(T + 9000e6 + n * 60e6);
    expect(store.size).toBe(0);
    expect(store.expired).toBe(9000);
    for (let n = 0; n < 9000; n++) store.touch(record({ source0: A + n }));
    expect(store.size).toBe(9000);
  });
});
