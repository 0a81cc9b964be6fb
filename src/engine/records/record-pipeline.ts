// hot: onRecord, once per flow record.
import { isClockSet } from '../../common/clock.ts';
import type { BehaviourView } from '../../detect/behaviour/behaviour-test.ts';
import { MINING_PORTS } from '../../detect/behaviour/unlisted.ts';
import { DAY, dayOf } from '../../detect/day.ts';
import type { Indication } from '../../detect/facts.ts';
import { fuse, MIN_SCORE } from '../../detect/fuse.ts';
import type { KeyFacts } from '../../detect/key-facts.ts';
import { Ends } from '../../flowrecord/conversation-roles.ts';
import { type ConversationOwner, ConversationStore } from '../../flowrecord/conversation-store.ts';
import type { ConversationDay, Watched } from '../../flowrecord/conversation-watch.ts';
import type { FlowRecord, RecordName, RecordSink } from '../../flowrecord/record.ts';
import type { EndpointFacts, NameSource } from '../../protocol/message.ts';
import type { EndpointIndex } from '../../signature/endpoints.ts';
import type { SignatureSet } from '../../signature/types.ts';
import { addressText } from '../address.ts';
import type { Hosts } from '../hosts.ts';
import { Naming } from '../names/naming.ts';
import type { FactSource, FactsTold } from '../told.ts';
import { fillEnds, SERVICE_PORTS, serverText, type Words, wordsOf } from './ends.ts';
import { factsOfDay } from './facts.ts';
import { RecordLookups } from './lookups.ts';
import type { RecordPipelineCounts, RecordPipelineOptions } from './record-pipeline-types.ts';
import { isNamed, type RecordServerName, signsOf } from './signs.ts';
import { Watch } from './watch.ts';

export type { RecordPipelineCounts, RecordPipelineOptions } from './record-pipeline-types.ts';

/** A record tells of what began a while ago: a name that the server had within this time counts, µs. */
const LEARNT_FOR = 3_600_000_000;

/** 16,384 of 14 KiB are 224 MiB at worst; most have few records. */
const WATCHED = 16_384;
const MAX_NAMES = 8;
/** Days of a conversation whose verdict is remembered, one more than conversations hold days: one that lasts for months must not grow. */
const JUDGED_DAYS = 4;
/** A time so far beyond the newest (µs) moves the clock only where so many records agree on it, one after another. */
const LEAP = DAY;
const AGREED_AHEAD = 16;
const AGREED_BEHIND = 1024;

/** What is known of a watched conversation beside its sums. */
interface Known {
  names: RecordServerName[];
  /** The latest day, and what held at the end of those before. */
  day: number;
  readonly before: Map<number, readonly Indication[]>;
  told: boolean;
}

const SOURCES: Readonly<Record<Exclude<RecordName['source'], 'dns'>, NameSource>> = {
  sni: 'sni',
  certificate: 'certificate',
  'http-host': 'http-host',
};

/**
 * What flow records alone say, without end: joins them to conversations, asks the endpoint list, names and shapes, and tells
 * what is worth reporting as facts by day. Never `confirmed`: nothing that was said is read. All times are those of the records.
 */
export class RecordPipeline implements RecordSink, FactSource, ConversationOwner {
  private signatures: SignatureSet;
  private naming: Naming;
  private readonly store: ConversationStore;
  private readonly watch: Watch;
  private readonly hasHome: boolean;
  private readonly lookups = new RecordLookups();
  private readonly known: Map<number, Known> = new Map();
  private readonly scratch = new Ends();
  private readonly hosts: { -readonly [K in keyof Hosts]: Hosts[K] };
  private ended: KeyFacts[] = [];
  private closed: number[] = [];
  private records = 0;
  private odd = 0;
  private nameCount = 0;
  private matched = 0;
  private firstTime = Number.POSITIVE_INFINITY;
  private lastTime = 0;
  private clock = 0;
  private ahead = 0;
  private behind = 0;
  private readonly now: (() => number) | null;
  /** Times up to this one are believed without a look at the wall clock, µs. */
  private horizon = Number.NEGATIVE_INFINITY;
  /** Conversations by server while they are told of, for tests that look at all clients of one. */
  private byServer: Map<string, BehaviourView[]> | null = null;

  constructor(options: RecordPipelineOptions) {
    this.signatures = options.signatures;
    this.now = options.now ?? null;
    this.naming = options.naming ?? new Naming(options.endpoints);
    const knownPorts = new Uint8Array(65_536);
    for (const port of [...MINING_PORTS, ...SERVICE_PORTS]) knownPorts[port] = 1;
    const { capacity, watchCapacity = WATCHED, idleTimeout, seed = 0, home = [] } = options;
    this.watch = new Watch(home, capacity);
    this.hasHome = home.length > 0;
    this.store = new ConversationStore({ capacity, watchCapacity, idleTimeout, seed, knownPorts }, this);
    const none = { source0: 0, source1: 0, source2: 0, source3: 0 };
    this.hosts = { ipVersion: 4, ...none, destination0: 0, destination1: 0, destination2: 0, destination3: 0 };
  }

  onRecord(r: FlowRecord): void {
    this.records++;
    // Also false for what is no number.
    if (!(r.end >= r.start && r.start >= 0 && r.packets >= 0 && r.bytes >= 0) || !this.isPast(r.end)) {
      this.odd++;
      return;
    }
    if (r.start < this.firstTime) this.firstTime = r.start;
    if (r.end > this.lastTime) this.lastTime = r.end;
    // Records come at the exporter's leisure: when they end says when somebody watched, when they begin does not.
    if (!this.watch.holds(r.end)) this.watch.turn(r.end);
    // The first record is judged by its own time, not by the beginning of the epoch.
    if (this.clock === 0) this.clock = r.end;
    const { created } = this.store;
    const conversation = this.store.touch(r);
    if (this.hasHome && conversation >= 0) this.watch.count(conversation, this.store.created > created, r);
    this.advance(r.end);
  }

  onName(n: RecordName): void {
    this.nameCount++;
    const client = wordsOf(n.client);
    if (client === null || !(n.time >= 0) || !this.isPast(n.time)) return;
    if (n.source === 'dns') this.onLookup(n, client);
    else this.onServerName(n, client);
  }

  /** Whether a time may be that of a record; the wall clock is looked at only where the newest ones come near it. */
  private isPast(time: number): boolean {
    if (time <= this.horizon) return true;
    const now = this.now?.() ?? 0;
    if (!isClockSet(now)) return time < 1e17;
    this.horizon = now + LEAP;
    return time <= this.horizon;
  }

  /** Other signatures and endpoints from now on. `naming`: where it is shared. What was told stays told. */
  setSignatures(signatures: SignatureSet, endpoints: EndpointIndex, naming?: Naming): void {
    this.signatures = signatures;
    if (naming !== undefined) this.naming = naming;
    else this.naming.setEndpoints(endpoints);
    this.store.relist();
    const e = new Ends();
    for (const w of this.store.allWatched()) {
      const known = this.known.get(w.number);
      if (known === undefined) continue;
      this.store.endsOf(w.index, e);
      known.names = known.names.map((n) => ({ ...n, endpoint: this.naming.ofName(n.name, e.serverPort) }));
    }
  }

  /** Look-ups by these addresses (canonical text) are not noted: those of the sensor itself. */
  ignoreLookups(clients: ReadonlySet<string>): void {
    this.lookups.ignore(clients);
  }

  tell(): FactsTold {
    this.store.expireWatched(this.clock);
    const open: (readonly [number, readonly KeyFacts[]])[] = [];
    for (const w of this.store.allWatched()) {
      if (!w.changed) continue;
      w.changed = false;
      const facts = this.factsOf(w, w.days);
      if (facts.length > 0) open.push([w.number * 2, facts]);
    }
    this.byServer = null;
    this.lookups.tell(this.ended, open, this.closed, (n) => n * 2 + 1);
    const told = { ended: this.ended, open, closed: this.closed };
    this.ended = [];
    this.closed = [];
    return told;
  }

  /** Days before `day` are over: conversations that go on tell them as ended. */
  settleDays(day: number): void {
    for (const w of this.store.allWatched()) {
      if (this.known.get(w.number)?.told !== true) continue;
      for (const over of w.settle(day)) this.onDayEnd(w, over);
    }
  }

  /** When records came on days before `day` was told: `counts().stretches` names later ones alone. */
  forgetWatched(day: number): void {
    this.watch.forget(day);
  }

  /** No record will come any more: all conversations have ended. Look-ups stay open. */
  finish(): void {
    this.store.endAll();
  }

  counts(): RecordPipelineCounts {
    const { store } = this;
    return {
      records: this.records,
      ignored: store.ignored + this.odd,
      implausible: this.odd,
      names: this.nameCount,
      conversations: store.size,
      capacity: store.capacity,
      watched: store.watchedCount,
      created: store.created,
      expired: store.expired,
      evicted: store.evicted,
      unwatched: store.unwatched,
      droppedLookups: this.lookups.dropped,
      firstTime: this.lastTime === 0 ? 0 : this.firstTime,
      lastTime: this.lastTime,
      matched: this.matched,
      stretches: this.watch.finish(),
    };
  }

  isListed(version: number, w0: number, w1: number, w2: number, w3: number, port: number): boolean {
    const { endpoints } = this.naming;
    const row = version === 4 ? endpoints.findAddress4(w0) : endpoints.findAddress6(w0, w1, w2, w3);
    if (row >= 0 && endpoints.address(row).stratum && endpoints.addressPort(row, port)) return true;
    if ((this.naming.book?.size ?? 0) === 0) return false;
    const { clock } = this;
    const learnt = this.naming.ofAddress(version, w0, w1, w2, w3, port, clock - LEARNT_FOR, clock);
    return learnt.evidence === 'stratum' && learnt.ownPort;
  }

  isNamed(ends: Ends, time: number): boolean {
    if (this.naming.empty) return false;
    const found = this.lookedUp(ends, time);
    return found !== null && this.naming.ofName(found, ends.serverPort).evidence === 'stratum';
  }

  onRecordWatched(w: Watched, start: number): void {
    const known = this.knowledge(w);
    const day = dayOf(start);
    if (day <= known.day) return;
    // What held by the end of a day does not depend on what comes after it.
    if (known.day >= 0) known.before.set(known.day, this.judge(w, known));
    known.day = day;
    const oldest = known.before.keys().next().value;
    if (oldest !== undefined && known.before.size > JUDGED_DAYS) known.before.delete(oldest);
  }

  onDayEnd(w: Watched, day: ConversationDay): void {
    this.ended.push(...this.factsOf(w, [day]));
  }

  onEnd(w: Watched): void {
    this.ended.push(...this.factsOf(w, w.days));
    if (this.known.get(w.number)?.told === true) this.closed.push(w.number * 2);
    this.known.delete(w.number);
  }

  /** The time by which conversations end. One exporter whose clock is wrong does not move it. */
  private advance(time: number): void {
    if (this.clock > 0 && time > this.clock + LEAP) {
      if (++this.ahead < AGREED_AHEAD) return;
      this.clock = time;
    } else if (time < this.clock - LEAP) {
      if (++this.behind < AGREED_BEHIND) return;
      this.clock = time;
    } else if (time > this.clock) this.clock = time;
    this.ahead = this.behind = 0;
    this.store.turn(this.clock);
  }

  private onLookup(n: RecordName, client: Words): void {
    const listed = this.naming.ofName(n.name, 0).evidence === 'stratum';
    const server = n.server === null ? null : wordsOf(n.server);
    if (server !== null) {
      const [c0, c1, c2, c3] = client.words;
      const [s0, s1, s2, s3] = server.words;
      const map = this.naming.learning(listed);
      map.add(client.version, c0, c1, c2, c3, server.version, s0, s1, s2, s3, n.name, n.time, n.ttl);
      this.naming.note(server.version, s0, s1, s2, s3, n.name, listed, n.time, n.ttl);
    }
    if (listed) this.lookups.note(n, this.naming, this.signatures);
  }

  /** A log says what a client called its server. */
  private onServerName(n: RecordName, client: Words): void {
    if (n.source === 'dns' || n.server === null || n.serverPort === null) return;
    const server = wordsOf(n.server);
    if (server === null || server.version !== client.version) return;
    const e = this.scratch;
    fillEnds(e, client, server, n.clientPort ?? 0, n.serverPort);
    const endpoint = this.naming.ofName(n.name, n.serverPort);
    const [s0, s1, s2, s3] = server.words;
    const other = endpoint.evidence !== 'stratum';
    if (other) {
      // Ordinary names are of interest where something else says that this is a pool.
      const listed = this.isListed(server.version, s0, s1, s2, s3, n.serverPort);
      if (n.source !== 'sni' || (!listed && !this.isNamed(e, n.time))) return;
    }
    const w = this.store.name(e, n.time);
    if (w === null) return;
    const known = this.knowledge(w);
    const source = other ? 'sni-other' : SOURCES[n.source];
    if (known.names.length >= MAX_NAMES || known.names.some((k) => k.source === source && k.name === n.name)) return;
    known.names.push({ source, name: n.name, endpoint });
    // Nothing may follow but the record that tells of its end.
    if (w.days.length === 0) w.begin(n.time, n.input, n.number);
    w.changed = true;
  }

  private knowledge(w: Watched): Known {
    const known = this.known.get(w.number);
    if (known !== undefined) return known;
    const made: Known = { names: [], day: -1, before: new Map(), told: false };
    this.known.set(w.number, made);
    const ends = new Ends();
    this.store.endsOf(w.index, ends);
    const name = this.lookedUp(ends, this.store.spanOf(w.index)[0]);
    if (name !== null) {
      const endpoint = this.naming.ofName(name, ends.serverPort);
      if (endpoint.evidence === 'stratum') made.names.push({ source: 'dns', name, endpoint });
    }
    return made;
  }

  private lookedUp(e: Ends, time: number): string | null {
    if (this.naming.empty) return null;
    const { hosts } = this;
    hosts.ipVersion = e.version;
    hosts.source0 = e.client0;
    hosts.source1 = e.client1;
    hosts.source2 = e.client2;
    hosts.source3 = e.client3;
    hosts.destination0 = e.server0;
    hosts.destination1 = e.server1;
    hosts.destination2 = e.server2;
    hosts.destination3 = e.server3;
    return this.naming.lookedUp(hosts, time, false)?.name ?? null;
  }

  private judge(w: Watched, known: Known): readonly Indication[] {
    const view = this.viewOf(w, known);
    const e = new Ends();
    this.store.endsOf(w.index, e);
    return signsOf(view, serverText(e), this.addressOf(e), known.names, this.signatures);
  }

  private addressOf(e: Ends): EndpointFacts {
    const { clock } = this;
    const { version, server0, server1, server2, server3, serverPort } = e;
    return this.naming.ofAddress(version, server0, server1, server2, server3, serverPort, clock - LEARNT_FOR, clock);
  }

  private viewOf(w: Watched, known: Known): BehaviourView {
    const e = new Ends();
    this.store.endsOf(w.index, e);
    return {
      ...this.store.sums(w.index),
      version: e.version,
      connections: w.connectionCount,
      longest: w.longest / 1e6,
      named: isNamed(this.addressOf(e), e.serverPort, known.names),
      points: () => w.series(),
      clients: () => this.clientsOf(`${serverText(e)} ${e.serverPort}`),
    };
  }

  /** Gathered once for all that is told of at a time. */
  private clientsOf(server: string): readonly BehaviourView[] {
    if (this.byServer === null) {
      this.byServer = new Map();
      for (const w of this.store.allWatched()) {
        const e = new Ends();
        this.store.endsOf(w.index, e);
        const key = `${serverText(e)} ${e.serverPort}`;
        const view = this.viewOf(w, this.knowledge(w));
        const views = this.byServer.get(key);
        if (views === undefined) this.byServer.set(key, [view]);
        else views.push(view);
      }
    }
    return this.byServer.get(server) ?? [];
  }

  /** The facts of some days of a conversation; none where it was never worth reporting. */
  private factsOf(w: Watched, days: readonly ConversationDay[]): KeyFacts[] {
    const known = this.knowledge(w);
    const e = new Ends();
    this.store.endsOf(w.index, e);
    const now = this.judge(w, known);
    const signsOn = (day: number): readonly Indication[] => known.before.get(day) ?? now;
    if (!known.told && !days.some(({ day }) => fuse(signsOn(day)).score >= MIN_SCORE)) return [];
    if (!known.told) this.matched++;
    known.told = true;
    const client = addressText(e.version, e.client0, e.client1, e.client2, e.client3);
    const common = { watched: w, client, server: serverText(e), serverPort: e.serverPort };
    const { names } = known;
    // Of a day on which less than a packet falls nothing was seen; one without any has a name alone.
    const seen = days.filter(({ packets: [out, back] }) => out + back === 0 || out + back >= 0.5);
    return seen.map((day) =>
      factsOfDay({ ...common, day, address: this.addressOf(e), names, signs: signsOn(day.day) }),
    );
  }
}
