import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Packet, PROTOCOL_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../../src/decode/packet.ts';
import { flowContext, flowHash } from '../../src/flow/flow-key.ts';
import { FlowTable, type FlowTableOptions, OPENED, Phase } from '../../src/flow/table.ts';

const UDP = 17;
const IDLE = 900_000_000;
const ACTIVE_MINUTES = 60;
const MINUTE = 60_000_000;
const OPTIONS: FlowTableOptions = {
  capacity: 4096,
  idleTimeout: IDLE,
  activeTimeout: ACTIVE_MINUTES * MINUTE,
  inspectPackets: 16,
};
const START = 1_713_571_800_000_000;

interface End {
  readonly words: readonly [number, number, number, number];
  readonly port: number;
}

interface Step {
  readonly version: 4 | 6;
  readonly a: End;
  readonly b: End;
  readonly reverse: boolean;
  readonly protocol: number;
  readonly flags: number;
  readonly sequence: number;
  readonly vlan: number;
  readonly length: number;
  readonly wait: number;
  /** Give the flow a conversation, as the engine does once it follows one. */
  readonly follow: boolean;
}

function fill(p: Packet, s: Step): void {
  const [from, to] = s.reverse ? [s.b, s.a] : [s.a, s.b];
  p.ipVersion = s.version;
  p.protocol = s.protocol;
  [p.source0, p.source1, p.source2, p.source3] = from.words;
  [p.destination0, p.destination1, p.destination2, p.destination3] = to.words;
  p.sourcePort = from.port;
  p.destinationPort = to.port;
  p.vlan = s.vlan;
  p.outerVlan = 0;
  p.virtualNetwork = 0;
  p.tcpFlags = s.protocol === PROTOCOL_TCP ? s.flags : 0;
  p.sequence = s.sequence;
  p.acknowledgment = 77;
}

function blank(): Packet {
  const bytes = new Uint8Array(0);
  return new Packet(bytes, new DataView(bytes.buffer));
}

/** One flow as the model sees it; what the table should say of it. */
interface Known {
  first: string;
  packets: [number, number];
  bytes: [number, number];
  firstSeen: number;
  lastSeen: number;
  start: [number | null, number | null];
  ended: boolean;
  opened: boolean;
  followed: boolean;
  readonly number: number;
}

const isPrivate = (version: number, word: number): boolean =>
  version === 4 ? word >>> 24 === 10 : ((word >>> 24) & 0xfe) === 0xfc;

class Model {
  readonly flows = new Map<string, Known>();
  created = 0;
  expired = 0;

  touch(s: Step, time: number): { known: Known; side: 0 | 1; isNew: boolean } {
    const end = (e: End): string => `${e.words.slice(0, s.version === 4 ? 1 : 4).join('.')}:${e.port}`;
    const [from, to] = s.reverse ? [end(s.b), end(s.a)] : [end(s.a), end(s.b)];
    const tagged = isPrivate(s.version, s.a.words[0]) || isPrivate(s.version, s.b.words[0]);
    const key = [s.version, s.protocol, tagged ? s.vlan : 0, ...[from, to].sort()].join('|');
    let known = this.flows.get(key);
    if (known !== undefined && this.isOver(known, s, time, from)) {
      this.flows.delete(key);
      this.expired++;
      known = undefined;
    }
    const isNew = known === undefined;
    if (known === undefined) {
      known = {
        ...{ first: from, packets: [0, 0], bytes: [0, 0], firstSeen: time, lastSeen: time, start: [null, null] },
        ...{ ended: false, opened: false, followed: false, number: this.created++ },
      };
      this.flows.set(key, known);
    }
    // Both ends may be the same: then everything comes from the first.
    const side = known.first === from ? 0 : 1;
    known.packets[side]++;
    known.bytes[side] += s.length;
    known.lastSeen = Math.max(known.lastSeen, time);
    this.note(known, s, side);
    return { known, side, isNew };
  }

  private isOver(known: Known, s: Step, time: number, from: string): boolean {
    if (time - known.lastSeen > IDLE) return true;
    if (s.protocol === PROTOCOL_TCP && (s.flags & (TCP_SYN | TCP_ACK)) === TCP_SYN) {
      const start = known.start[known.first === from ? 0 : 1];
      return known.ended || (start !== null && start !== ((s.sequence + 1) | 0));
    }
    const age = Math.floor(time / MINUTE) - Math.floor(known.firstSeen / MINUTE);
    return age > ACTIVE_MINUTES && !known.followed;
  }

  private note(known: Known, s: Step, side: 0 | 1): void {
    if (s.protocol !== PROTOCOL_TCP) return;
    if (s.flags & TCP_SYN) {
      known.start[side] = (s.sequence + 1) | 0;
      known.opened = true;
      if (s.flags & TCP_ACK) known.start[side === 0 ? 1 : 0] ??= 77;
    }
    if (s.flags & (TCP_FIN | TCP_RST)) known.ended = true;
  }

  sweep(now: number): void {
    for (const [key, known] of this.flows) {
      if (now - known.lastSeen <= IDLE) continue;
      this.flows.delete(key);
      this.expired++;
    }
  }
}

// Few ends, so that every rule about one flow meets many packets of it.
const word = fc.constantFrom(0x0a000001, 0xcb007101 | 0, 0xcb007102 | 0);
const end4 = fc.record({ words: word.map((w) => [w, 0, 0, 0] as const), port: fc.constantFrom(3333, 40000) });
const end6 = fc.record({
  words: fc
    .tuple(fc.constantFrom(0x20010db8, 0xfc000000 | 0), fc.constantFrom(0, 1, 2, 3))
    .map(([first, n]) => [first, n === 1 ? 1 : 0, n === 2 ? 1 : 0, n === 3 ? 1 : 0] as const),
  port: fc.constant(3333),
});
const ends = fc.oneof(fc.tuple(fc.constant(4 as const), end4, end4), fc.tuple(fc.constant(6 as const), end6, end6));
const step: fc.Arbitrary<Step> = fc
  .record({
    ends,
    reverse: fc.boolean(),
    protocol: fc.constantFrom(PROTOCOL_TCP, PROTOCOL_TCP, UDP),
    flags: fc.constantFrom(TCP_ACK, TCP_ACK, TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST),
    sequence: fc.constantFrom(100, 100, 200, -1),
    vlan: fc.constantFrom(0, 0, 10, 20),
    length: fc.integer({ min: 40, max: 1500 }),
    wait: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 30_000_000 }) },
      { weight: 6, arbitrary: fc.integer({ min: MINUTE, max: 10 * MINUTE }) },
      { weight: 1, arbitrary: fc.constantFrom(IDLE, IDLE + 1, 2 * IDLE, 61 * MINUTE) },
    ),
    follow: fc.boolean(),
  })
  .map(({ ends: [version, a, b], ...rest }) => ({ version, a, b, ...rest }));

/** Hashes with few bits collide all the time: then the keys themselves have to tell flows apart. */
const mask = fc.constantFrom(-1, 3, 0);

describe('FlowTable', () => {
  test('says what a plain map of flows says: both directions, both versions, time-outs, ports used again', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 400, size: 'max' }),
        fc.integer({ min: 20, max: 90 }),
        mask,
        (steps, every, bits) => {
          const ended: number[] = [];
          const table = new FlowTable(OPTIONS, { onFlowEnd: (_, conversation) => ended.push(conversation) });
          const model = new Model();
          const p = blank();
          let time = START;
          const followed = new Map<Known, number>();
          for (const [n, s] of steps.entries()) {
            time += s.wait;
            fill(p, s);
            const context = flowContext(p);
            const flow = table.touch(p, flowHash(p, context, 7) & bits, context, time, s.length);
            const { known, side, isNew } = model.touch(s, time);
            expect([table.isNew, table.side]).toEqual([isNew, side]);
            if (s.protocol === PROTOCOL_TCP) table.noteFlags(flow, table.side, p);
            expect(table.number(flow)).toBe(known.number);
            expect([table.packets(flow, 0), table.packets(flow, 1)]).toEqual(known.packets);
            expect([table.bytes(flow, 0), table.bytes(flow, 1)]).toEqual(known.bytes);
            expect([table.firstSeen(flow), table.lastSeen(flow)]).toEqual([known.firstSeen, known.lastSeen]);
            expect((table.state(flow) & OPENED) !== 0).toBe(known.opened);
            for (const which of [0, 1] as const) {
              if (known.start[which] !== null) expect(table.start(flow, which)).toBe(known.start[which]);
            }
            if (s.follow && s.protocol === PROTOCOL_TCP && !known.followed) {
              known.followed = true;
              followed.set(known, known.number);
              table.setPhase(flow, Phase.Followed);
              table.setConversation(flow, known.number);
            }
            if (n % every === 0) {
              table.sweep(time, OPTIONS.capacity);
              model.sweep(time);
            }
            expect([table.size, table.created, table.expired]).toEqual([
              model.flows.size,
              model.created,
              model.expired,
            ]);
          }
          expect(table.evicted).toBe(0);
          table.clear();
          // Every conversation ends once; those alive at the end in the order in which they began.
          expect([...ended].sort((x, y) => x - y)).toEqual([...followed.values()].sort((x, y) => x - y));
          const alive = [...model.flows.values()].filter((k) => k.followed).map((k) => k.number);
          expect(ended.slice(ended.length - alive.length)).toEqual(alive.sort((x, y) => x - y));
        },
      ),
      { seed: 5, numRuns: 150 },
    );
  });

  /** The n-th of many flows over IPv4 or, every third, IPv6. */
  function flowPacket(p: Packet, n: number): void {
    const six = n % 3 === 0;
    const a: End = { words: [0x0b000000 + n, six ? n : 0, 0, six ? n >> 3 : 0], port: 1024 + (n % 50_000) };
    const b: End = { words: [0xcb007101 | 0, 0, 0, 0], port: 443 };
    const rest = { reverse: false, flags: TCP_ACK, sequence: 1, vlan: 0, length: 60, wait: 0, follow: false };
    fill(p, { version: six ? 6 : 4, a, b, protocol: PROTOCOL_TCP, ...rest });
  }

  function look(table: FlowTable, p: Packet, n: number, time: number): number {
    flowPacket(p, n);
    const context = flowContext(p);
    return table.touch(p, flowHash(p, context, 7), context, time, 60);
  }

  test.each([1, 2, 15, 16, 17, 1000])('never holds more than its capacity: %i', (capacity) => {
    const table = new FlowTable({ ...OPTIONS, capacity }, { onFlowEnd: () => undefined });
    const p = blank();
    for (let n = 0; n < 3 * capacity; n++) {
      const flow = look(table, p, n, START + n);
      expect(table.isNew).toBe(true);
      expect(flow).toBeLessThan(capacity);
      expect(table.size).toBe(Math.min(n + 1, capacity));
    }
    expect(table.evicted).toBe(2 * capacity);
    expect(table.created - table.evicted).toBe(table.size);
    // The last one is there still.
    look(table, p, 3 * capacity - 1, START + 3 * capacity);
    expect(table.isNew).toBe(false);
  });

  test('what is followed stays while anything else can go; the one silent for longest goes first', () => {
    const ended: number[] = [];
    const table = new FlowTable({ ...OPTIONS, capacity: 64 }, { onFlowEnd: (_, c) => ended.push(c) });
    const p = blank();
    // Every fourth is followed: no sixteen in a row are.
    for (let n = 0; n < 64; n++) {
      const flow = look(table, p, n, START + n);
      if (n % 4 !== 0) continue;
      table.setPhase(flow, Phase.Followed);
      table.setConversation(flow, n);
    }
    for (let n = 64; n < 5000; n++) look(table, p, n, START + n);
    expect(ended).toEqual([]);
    for (let n = 0; n < 64; n += 4) {
      look(table, p, n, START + 6000);
      expect(table.isNew, `followed flow ${n}`).toBe(false);
    }
    // Where all are followed one must go, and is told of.
    const full = new FlowTable({ ...OPTIONS, capacity: 16 }, { onFlowEnd: (_, c) => ended.push(c) });
    for (let n = 0; n < 16; n++) {
      const flow = look(full, p, n, START + (n === 5 ? 0 : 100 + n));
      full.setPhase(flow, Phase.Followed);
      full.setConversation(flow, n);
    }
    look(full, p, 16, START + 500);
    expect(ended).toEqual([5]);
  });

  test('finds every flow again after thousands of removals, and none that was removed', () => {
    const table = new FlowTable({ ...OPTIONS, capacity: 20_000 }, { onFlowEnd: () => undefined });
    const p = blank();
    for (let n = 0; n < 20_000; n++) look(table, p, n, START + (n % 2 === 0 ? 0 : IDLE));
    // The even ones have been silent for longer than the time-out, the odd ones have not.
    table.sweep(START + IDLE + 1, 20_000);
    expect(table.size).toBe(10_000);
    for (let n = 0; n < 20_000; n++) {
      look(table, p, n, START + IDLE + 2);
      expect(table.isNew).toBe(n % 2 === 0);
    }
    expect(table.evicted).toBe(0);
  });

  test('a flow that never falls silent ends after the active time-out, unless it is followed', () => {
    const table = new FlowTable(OPTIONS, { onFlowEnd: () => undefined });
    const p = blank();
    const followed = look(table, p, 2, START);
    table.setPhase(followed, Phase.Followed);
    look(table, p, 1, START);
    for (let minute = 10; minute <= 60; minute += 10) {
      for (const n of [1, 2]) {
        look(table, p, n, START + minute * MINUTE);
        expect(table.isNew, `flow ${n}, minute ${minute}`).toBe(false);
      }
    }
    look(table, p, 1, START + 61 * MINUTE);
    expect(table.isNew).toBe(true);
    look(table, p, 2, START + 61 * MINUTE);
    expect(table.isNew).toBe(false);
  });

  test('clocks that step back, as between two inputs, end nothing', () => {
    const table = new FlowTable(OPTIONS, { onFlowEnd: () => undefined });
    const p = blank();
    const flow = look(table, p, 1, START);
    expect(look(table, p, 1, START - 6 * 365 * 86_400_000_000)).toBe(flow);
    expect(table.isNew).toBe(false);
    expect(table.lastSeen(flow)).toBe(START);
  });

  test('hash and context are the same for both directions', () => {
    fc.assert(
      fc.property(step, (s) => {
        const [p, q] = [blank(), blank()];
        fill(p, s);
        fill(q, { ...s, reverse: !s.reverse });
        expect(flowContext(q)).toBe(flowContext(p));
        expect(flowHash(q, flowContext(q), 7)).toBe(flowHash(p, flowContext(p), 7));
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
