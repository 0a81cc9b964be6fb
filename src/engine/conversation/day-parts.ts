import { DAY, dayOf } from '../../detect/day.ts';
import type { ConversationFacts, Indication, SessionFacts } from '../../detect/facts.ts';
import { type MiningSession, SLEEP } from '../../dialect/session.ts';
import { mergeIntervals } from '../../estimate/hashrate.ts';
import type { Side } from '../../protocol/message.ts';
import type { Told } from './conversation-facts.ts';

/** Days of one conversation that are kept open for packets that come late, and how many there may be at all. */
const HELD = 3;
const MAX_PARTS = 1024;
/** How often what is known at the end of a day is looked up anew where packets go back and forth over midnight. */
const MAX_LOOKS = 16;
/** Messages of a kind that are looked at in full on a new day, and kinds that are told apart. */
const FAMILIAR = 8;
const MAX_KINDS = 64;
const MAX_INTERVALS = 1024;

/** What a session counts. */
interface Counts {
  workRequests: number;
  jobs: number;
  submitted: number;
  accepted: number;
  rejected: number;
  shares: number;
  work: number;
  active: number;
  exposure: number;
}

/** What a session counted on one day, with its mining time. */
interface DayCounts extends Counts {
  intervals: [number, number][];
}

/** What of a conversation was known at the end of a day, and which signatures held on that day. */
export interface Known {
  readonly told: readonly Told[];
  readonly own: ReadonlySet<string>;
}

/** One UTC day of a conversation. Pairs are by side of the flow. */
interface Part {
  day: number;
  first: number;
  last: number;
  readonly packets: [number, number];
  readonly bytes: [number, number];
  readonly payloads: [number, number];
  readonly counts: Map<MiningSession, DayCounts>;
  indications: Indication[];
  /** Kinds of messages seen, by side; null on the first day, on which every message is looked at anyway. */
  readonly kinds: readonly [Map<string, number>, Map<string, number>] | null;
  known: Known | null;
  looks: number;
}

/** The conversation as its days see it. */
export interface DaySource {
  /** Something spoke of mining by now. */
  readonly matched: boolean;
  readonly payloads: readonly [number, number];
  sessions(): Iterable<MiningSession>;
  /** Totals of the flow. */
  packets(side: Side): number;
  bytes(side: Side): number;
  /** What is known by now, where `own` held on a day whose last packet came at `last`. `ended`: nothing more will come. */
  know(own: readonly Indication[], last: number, ended: boolean): Known;
  /** Takes the facts of a day that is over. */
  emit(facts: readonly ConversationFacts[]): void;
}

/**
 * One conversation, day by day: packets count on the day on which they were captured, messages on that of the packet in which
 * they end, whatever order they come in. What was learnt before (dialect, roles, accounts, agents, difficulty) holds on;
 * what comes later is not known on an earlier day. Before anything speaks of mining there are no days: all of it counts on
 * the day on which something does.
 */
export class DayParts {
  private readonly source: DaySource;
  private readonly flowFirst: number;
  private readonly parts: Part[] = [];
  private made = 0;
  /** Where packets and where messages count now, and the bounds of those days. */
  private part: Part;
  private from = 0;
  private to = 0;
  private told: Part;
  private toldFrom = 0;
  private toldTo = 0;
  private readonly basePackets: [number, number] = [0, 0];
  private readonly baseBytes: [number, number] = [0, 0];
  private readonly basePayloads: [number, number] = [0, 0];
  private readonly baseCounts: Map<MiningSession, Counts> = new Map();

  /** `flowFirst`: when the flow began; `time`: of the packet from which on it is read. */
  constructor(source: DaySource, flowFirst: number, time: number) {
    this.source = source;
    this.flowFirst = flowFirst;
    const day = dayOf(time);
    this.part = newPart(day, false);
    this.part.first = dayOf(flowFirst) === day ? Math.min(flowFirst, time) : time;
    this.part.last = time;
    this.parts.push(this.part);
    this.told = this.part;
    this.bound();
    this.boundTold();
  }

  /** A packet of `side` that the flow has counted already. True where another day began for this conversation. */
  onPacket(time: number, side: Side, length: number): boolean {
    const before = this.part;
    if (time < this.from || time >= this.to) this.turn(time, side, length);
    const { part } = this;
    if (time < part.first) part.first = time;
    if (time > part.last) part.last = time;
    return part !== before && part.looks === 0;
  }

  /** A message is about to be read. */
  onMessage(time: number): void {
    if (time >= this.toldFrom && time < this.toldTo) return;
    if (!this.source.matched) return;
    const day = dayOf(time);
    if (day === this.told.day + 1) this.splitTime(day * DAY, time);
    this.learn(this.told, false);
    this.settleMessages();
    this.told = this.partOf(day, time);
    this.boundTold();
  }

  /** A session was begun anew from an old message: what an earlier day has counted in another dialect is not counted again. */
  adopt(session: MiningSession, time: number): void {
    if (this.baseCounts.size === 0 || time >= this.toldFrom) return;
    this.baseCounts.set(session, countsOf(session));
    session.intervals.length = 0;
  }

  /** Whether a message of this kind, known from earlier days, is to be looked at as a sign of this day. */
  wants(side: Side, kind: string): boolean {
    const kinds = this.told.kinds?.[side];
    if (kinds === undefined) return false;
    const seen = kinds.get(kind) ?? 0;
    if (seen >= FAMILIAR || (seen === 0 && kinds.size >= MAX_KINDS)) return false;
    kinds.set(kind, seen + 1);
    return true;
  }

  /** Adds an indication to the day of the present message; false where its signature held on that day before. */
  add(signature: string, make: () => Indication): boolean {
    const { indications } = this.told;
    if (indications.some((i) => i.signature === signature)) return false;
    indications.push(make());
    return true;
  }

  /** Takes back what was said in these words. */
  retract(texts: ReadonlySet<string>): void {
    for (const part of this.parts) part.indications = part.indications.filter((i) => !texts.has(i.excerpt));
  }

  /** The conversation has ended: hands out the days that are left. */
  finish(): void {
    this.settlePackets(0, 0, 0);
    // The noise of a sealed conversation is counted where it is looked up.
    this.learn(this.told, true);
    this.settleMessages();
    if (this.part !== this.told) this.learn(this.part, true);
    for (const part of this.parts) this.source.emit(this.factsOf(part));
    this.parts.length = 0;
  }

  /** What the days tell so far; nothing is handed out, and the conversation goes on. */
  peek(): ConversationFacts[] {
    if (!this.source.matched) return [];
    this.settlePackets(0, 0, 0);
    for (const part of this.part === this.told ? [this.part] : [this.told, this.part]) {
      part.known = this.source.know(part.indications, part.last, false);
    }
    this.settleMessages();
    return this.parts.flatMap((part) => this.factsOf(part));
  }

  /** Hands out days before `day`, but not the one that is going on. True where there were any. */
  settle(day: number): boolean {
    const over = this.parts.filter((part) => part.day < day && part !== this.part && part !== this.told);
    for (const part of over) {
      this.parts.splice(this.parts.indexOf(part), 1);
      this.source.emit(this.factsOf(part));
    }
    return over.length > 0;
  }

  private turn(time: number, side: Side, length: number): void {
    const day = dayOf(time);
    if (!this.source.matched && this.part.known === null) {
      const { part } = this;
      part.day = day;
      part.first = time;
      part.last = time;
      if (this.told === part) this.boundTold();
    } else {
      this.settlePackets(side, 1, length);
      this.learn(this.part, false);
      this.part = this.partOf(day, time);
    }
    this.bound();
  }

  private bound(): void {
    // Beyond the limit there is but one day more.
    const open = this.made >= MAX_PARTS;
    this.from = open ? Number.NEGATIVE_INFINITY : this.part.day * DAY;
    this.to = open ? Number.POSITIVE_INFINITY : (this.part.day + 1) * DAY;
  }

  private boundTold(): void {
    const open = this.made >= MAX_PARTS;
    this.toldFrom = open ? Number.NEGATIVE_INFINITY : this.told.day * DAY;
    this.toldTo = open ? Number.POSITIVE_INFINITY : (this.told.day + 1) * DAY;
  }

  private partOf(day: number, time: number): Part {
    for (const part of this.parts) if (part.day === day) return part;
    if (++this.made >= MAX_PARTS) return this.part;
    if (this.parts.length >= HELD) {
      const oldest = this.parts
        .filter((p) => p !== this.part && p !== this.told)
        .reduce<Part | null>((o, p) => (o === null || p.day < o.day ? p : o), null);
      if (oldest !== null) {
        this.parts.splice(this.parts.indexOf(oldest), 1);
        this.source.emit(this.factsOf(oldest));
      }
    }
    const part = newPart(day, true);
    part.first = time;
    part.last = time;
    this.parts.push(part);
    return part;
  }

  /** Mining time runs on over midnight: each day gets its share. A silence that is sleep belongs to neither. */
  private splitTime(midnight: number, time: number): void {
    for (const session of this.source.sessions()) {
      if (session.lastMessage > 0 && session.lastMessage < midnight && time - session.lastMessage <= SLEEP) {
        session.tick(midnight);
      }
    }
  }

  /** Counts what came since the last time to the day of packets; without the last packet where it belongs to another. */
  private settlePackets(side: Side, less: number, length: number): void {
    const { source, part } = this;
    for (const s of [0, 1] as const) {
      const packets = source.packets(s) - (s === side ? less : 0);
      const bytes = source.bytes(s) - (s === side ? length : 0);
      part.packets[s] += packets - this.basePackets[s];
      part.bytes[s] += bytes - this.baseBytes[s];
      part.payloads[s] += source.payloads[s] - this.basePayloads[s];
      this.basePackets[s] = packets;
      this.baseBytes[s] = bytes;
      this.basePayloads[s] = source.payloads[s];
    }
  }

  /** Counts what was said since the last time to the day of messages. */
  private settleMessages(): void {
    for (const session of this.source.sessions()) {
      const now = countsOf(session);
      const base = this.baseCounts.get(session);
      const counts = this.told.counts.get(session) ?? { ...NONE, intervals: [] };
      for (const name of NAMES) counts[name] += now[name] - (base?.[name] ?? 0);
      counts.intervals.push(...session.intervals.splice(0));
      if (counts.intervals.length > MAX_INTERVALS) {
        counts.intervals = mergeIntervals(counts.intervals, MAX_INTERVALS);
      }
      this.told.counts.set(session, counts);
      this.baseCounts.set(session, now);
    }
  }

  private learn(part: Part, ended: boolean): void {
    if (!this.source.matched || (part.looks >= MAX_LOOKS && !ended)) return;
    part.looks++;
    part.known = this.source.know(part.indications, part.last, ended);
  }

  private factsOf(part: Part): ConversationFacts[] {
    if (part.known === null) return [];
    // What was not looked up any more may have become another dialect since.
    if (part.looks >= MAX_LOOKS) part.known = this.source.know(part.indications, part.last, false);
    const { own, told } = part.known;
    return told.map(({ facts, session }) => {
      const [miner, pool] = facts.minerSide === 0 ? ([0, 1] as const) : ([1, 0] as const);
      const [sent, received] = [part.packets[miner], part.packets[pool]];
      return {
        ...facts,
        day: part.day,
        session: facts.session && session && sessionOf(facts.session, part.counts.get(session) ?? null, part.day),
        indications: facts.indications.filter((i) => own.has(i.signature)),
        carried: facts.indications.filter((i) => !own.has(i.signature)),
        firstSeen: part.first,
        lastSeen: part.last,
        packets: [sent, received],
        bytes: [part.bytes[miner], part.bytes[pool]],
        opened: facts.opened && dayOf(this.flowFirst) === part.day,
        seen: sent > 0 && received > 0 ? 'both' : sent > 0 ? 'miner' : 'pool',
        worked: facts.worked && part.payloads[0] > 0 && part.payloads[1] > 0,
      };
    });
  }
}

const NONE: Counts = {
  workRequests: 0,
  jobs: 0,
  submitted: 0,
  accepted: 0,
  rejected: 0,
  shares: 0,
  work: 0,
  active: 0,
  exposure: 0,
};
const NAMES = Object.keys(NONE) as (keyof Counts)[];

function countsOf(s: MiningSession): Counts {
  const { workRequests, jobs, submitted, accepted, rejected, work, exposure } = s;
  const [shares, active] = [s.sharesUsed, s.activeMicroseconds];
  return { workRequests, jobs, submitted, accepted, rejected, shares, work, active, exposure };
}

/** What was known of a session at the end of a day, with what it counted on that day. */
function sessionOf(facts: SessionFacts, counts: DayCounts | null, day: number): SessionFacts {
  const { workRequests, jobs, submitted, accepted, rejected, shares, work, active, exposure } = counts ?? NONE;
  const [from, to] = [day * DAY, (day + 1) * DAY];
  const intervals = (counts?.intervals ?? [])
    .map(([a, b]): [number, number] => [Math.max(a, from), Math.min(b, to)])
    .filter(([a, b]) => a < b);
  return {
    ...facts,
    workRequests,
    jobs,
    // A request taken for a share at first may turn out to be none on the next day.
    submitted: Math.max(0, submitted),
    accepted,
    rejected,
    // Differences of sums may miss zero by a rounding.
    evidence: { shares, work, active: Math.max(0, active), exposure: Math.max(0, exposure), intervals },
  };
}

function newPart(day: number, later: boolean): Part {
  return {
    day,
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
    packets: [0, 0],
    bytes: [0, 0],
    payloads: [0, 0],
    counts: new Map(),
    indications: [],
    kinds: later ? [new Map(), new Map()] : null,
    known: null,
    looks: 0,
  };
}
