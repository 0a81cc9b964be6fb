/** Account of what is open: news cost what is new, and nothing is told twice or never. */
import { describe, expect, test } from 'vitest';
import { Core } from '../../src/daemon/engine/core.ts';
import { KeyBook } from '../../src/daemon/report/key-book.ts';
import { DAY } from '../../src/detect/day.ts';
import type { ConversationFacts } from '../../src/detect/facts.ts';
import type { KeyFacts } from '../../src/detect/key-facts.ts';
import { OpenFacts, type OpenMark } from '../../src/engine/conversation/open-facts.ts';
import { conversationFacts, DAY_NUMBER, MIDNIGHT } from '../daemon/made-facts.ts';
import { miningMessages } from '../daemon/mining.ts';
import { conversation, type RawFrame, writePcap } from '../generate/index.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

interface Item {
  readonly mark?: OpenMark;
  facts: ConversationFacts[];
}

describe('marks', () => {
  const begin = (news: OpenFacts<Item>, facts: ConversationFacts[]): Item => ({ mark: news.create(), facts });
  const make = (): { news: OpenFacts<Item>; asked: () => number } => {
    let asked = 0;
    const news = new OpenFacts<Item>(({ facts }) => {
      asked++;
      return facts;
    });
    return { news, asked: () => asked };
  };

  test('only what was touched is asked for, once for each time it is told of', () => {
    const { news, asked } = make();
    const items = Array.from({ length: 100 }, () => begin(news, [conversationFacts()]));
    for (const item of items.slice(0, 3)) for (let i = 0; i < 5; i++) news.touch(item);
    expect(news.tell().open.map(([n]) => n)).toEqual([0, 1, 2]);
    expect(asked()).toBe(3);
    expect(news.tell()).toEqual({ open: [], closed: [] });
    news.touch(items[2] as Item);
    expect(news.tell().open.map(([n]) => n)).toEqual([2]);
  });

  test('what ends is void where it was told of, and not mentioned where it was not', () => {
    const { news } = make();
    const [told, untold] = [begin(news, [conversationFacts()]), begin(news, [conversationFacts()])];
    news.touch(told);
    news.tell();
    for (const item of [told, untold]) news.touch(item);
    for (const item of [told, untold, told]) news.end(item);
    expect(news.tell()).toEqual({ open: [], closed: [0] });
    news.touch(told);
    expect(news.tell()).toEqual({ open: [], closed: [] });
  });

  test('what has nothing to tell any more says so once', () => {
    const { news } = make();
    const item = begin(news, []);
    news.touch(item);
    expect(news.tell().open).toEqual([]);
    item.facts = [conversationFacts()];
    news.touch(item);
    expect(news.tell().open).toHaveLength(1);
    item.facts = [];
    news.touch(item);
    expect(news.tell().open).toEqual([[0, []]]);
    expect(item.mark?.keys).toEqual([]);
  });

  test('without a mark there is nothing to keep account of', () => {
    const { news } = make();
    news.touch({ facts: [] });
    news.end({ facts: [] });
    expect(news.tell()).toEqual({ open: [], closed: [] });
  });
});

describe('days that are over', () => {
  /** One connection that mines from shortly before midnight until noon, a share every 10 minutes. */
  const frames = conversation({
    client: { ip: '192.0.2.7', port: 40_000 },
    server: { ip: '203.0.113.5', port: 3333 },
    start: MIDNIGHT + DAY - 1800e6,
    messages: miningMessages(75, 600),
  });
  const bytes = writePcap(frames);
  const limits = { flows: 4096, conversations: 4096, reassemblyBytes: 2 ** 24, idleTimeout: 9e8, activeTimeout: 36e8 };
  const options = {
    shard: 0,
    shards: 1,
    seed: 7,
    limits,
    evidence: true,
    signatures: SIGNATURES,
    endpoints: ENDPOINTS,
  };

  /** Share of the bytes after which capture time is that many hours after midnight. */
  function offset(hours: number): number {
    const until = frames.filter(({ time }) => time < MIDNIGHT + DAY + hours * 3600e6);
    return writePcap(until).length;
  }

  function run(settleAt: readonly number[], tellEvery: number): Map<string, KeyFacts> {
    const core = new Core({ ...options, points: [{ name: 'p', home: [] }] });
    const book = new KeyBook(100);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    core.open(1, 'p', 'f', 0);
    const tell = (): void => {
      for (const { told } of core.tell().points) book.apply(told, 0);
    };
    const stops = settleAt.map(offset);
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + tellEvery, ...stops.filter((stop) => stop > at));
      core.feed(1, bytes, view, at, end);
      at = end;
      if (stops.includes(at)) {
        core.command({ kind: 'forget', point: 'p', keys: [], day: DAY_NUMBER + 1, watched: 0 });
      }
      tell();
    }
    core.command({ kind: 'finish' });
    tell();
    return new Map([...book.days()].map(([key]) => [key, book.facts(key) as KeyFacts]));
  }

  test('are told as ended while the conversation goes on; nothing counts twice or is lost', () => {
    const whole = run([], 1_000_000);
    expect([...whole.values()].map(({ day }) => day)).toEqual([DAY_NUMBER, DAY_NUMBER + 1]);
    expect([...whole.values()].map(({ submitted }) => submitted)).toEqual([3, 72]);
    for (const settleAt of [[2], [0.1, 0.2, 5], [-0.2, 3, 3.2, 11]]) expect(run(settleAt, 1500)).toEqual(whole);
  });

  test('are no longer told of with each packet', () => {
    const core = new Core({ ...options, points: [{ name: 'p', home: [] }] });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    core.open(1, 'p', 'f', 0);
    const days = (): (number | null)[][] => {
      const { ended, open } = core.tell().points[0]?.told ?? { ended: [], open: [] };
      return [ended.map(({ day }) => day), open.flatMap(([, facts]) => facts.map(({ day }) => day))];
    };
    core.feed(1, bytes, view, 0, offset(3));
    expect(days()).toEqual([[], [DAY_NUMBER, DAY_NUMBER + 1]]);
    core.command({ kind: 'forget', point: 'p', keys: [], day: DAY_NUMBER + 1, watched: 0 });
    expect(days()).toEqual([[DAY_NUMBER], [DAY_NUMBER + 1]]);
    core.feed(1, bytes, view, offset(3), offset(4));
    expect(days()).toEqual([[], [DAY_NUMBER + 1]]);
  });

  test('keep their packets as evidence until they are forgotten', () => {
    const core = new Core({ ...options, points: [{ name: 'p', home: [] }] });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    core.open(1, 'p', 'f', 0);
    core.feed(1, bytes, view, 0, offset(3));
    core.tell();
    core.command({ kind: 'forget', point: 'p', keys: [], day: DAY_NUMBER + 1, watched: 0 });
    const [told] = core.tell().points;
    const key = JSON.stringify(['192.0.2.7', '203.0.113.5', 3333, 'stratum-v1', DAY_NUMBER]);
    expect(told?.told.ended).toHaveLength(1);
    const frameCount = (): number =>
      (core.command({ kind: 'evidence', point: 'p', keys: [key] }) as Map<string, unknown[]>).get(key)?.length ?? 0;
    expect(frameCount()).toBeGreaterThan(3);
    core.command({ kind: 'forget', point: 'p', keys: [key], day: DAY_NUMBER + 1, watched: 0 });
    expect(frameCount()).toBe(0);
  });

  test('the capture is what the tests take it for', () => {
    const last = (frames.at(-1) as RawFrame).time;
    expect(last).toBeGreaterThan(MIDNIGHT + DAY + 11 * 3600e6);
  });
});
