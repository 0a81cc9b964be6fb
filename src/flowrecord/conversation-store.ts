// hot: one or two look-ups per flow record; what is not of interest allocates nothing.
import { recordContext, serverRank } from './conversation-key.ts';
import { Ends, STRENGTH, strengthOf } from './conversation-roles.ts';
import {
  CLIENT_PORT,
  COVERED,
  FIRST,
  FIRST_HAD_SYN,
  HALF,
  LAST,
  MANY_PORTS,
  RECORDS,
  SERVER_PORT,
  STATE,
  TOUCHED,
  WATCH,
  WORDS,
} from './conversation-table.ts';
import type { Watched } from './conversation-watch.ts';
import { type ConversationOwner, type ConversationStoreOptions, SAMPLE, WatchList } from './conversation-watch-list.ts';
import type { FlowRecord } from './record.ts';

export type { ConversationSums } from './conversation-table.ts';
export type { ConversationOwner, ConversationStoreOptions } from './conversation-watch-list.ts';

const MINUTE = 60_000_000;
const STRENGTH_MASK = 7;

const TCP_SYN = 2;
const TCP = 6;

/** Two records of the same ports further apart (µs) are two connections; where packets are sampled, silences look longer. */
export const CONNECTION_GAP = 300_000_000;
export const SAMPLED_GAP = 3_600_000_000;

/** A conversation of several records may be silent for so much longer (µs) when one has to give way. */
const REPEATED_BONUS = 1_800_000_000;

/**
 * All records between one client address and one server address and port, both directions joined. Capacity is fixed; nothing
 * is allocated for a record unless its conversation is watched.
 *
 * Eviction when full: of 16 in clock order the one silent for longest goes; watched ones only where all 16 are, and one of a
 * single record before one of several. Of the watched, unlisted ones give way to listed ones, and to others once they have
 * been silent for 10 minutes.
 */
export class ConversationStore extends WatchList {
  created = 0;
  /** Records of other protocols than TCP, which tell nothing here. */
  ignored = 0;
  private hand = 0;
  private sweeper = 0;
  private minute = Number.NEGATIVE_INFINITY;
  private readonly known: Uint8Array;
  private readonly ends = new Ends();
  private readonly again = new Ends();

  constructor(options: ConversationStoreOptions, owner: ConversationOwner) {
    super(options, owner);
    this.known = options.knownPorts;
  }

  /** Counts a record with `start` <= `end`; its conversation, or -1 where it belongs to none. */
  touch(r: FlowRecord): number {
    if (r.protocol !== TCP) {
      this.ignored++;
      return -1;
    }
    const { ends } = this;
    const told = strengthOf(r);
    // Ranks decide alike for both directions of a conversation.
    const source = serverRank(r.sourcePort, this.known);
    const destination = serverRank(r.destinationPort, this.known);
    let strength: number = STRENGTH.Seen;
    let reversed = false;
    if (told !== 0) {
      strength = STRENGTH.Told;
      reversed = told < 0;
    } else if (source !== destination) {
      strength = source >= 3 || destination >= 3 ? STRENGTH.Known : STRENGTH.Port;
      reversed = source > destination;
    } else if (r.sourcePort !== r.destinationPort) {
      strength = STRENGTH.Port;
      reversed = r.sourcePort < r.destinationPort;
    }
    ends.set(r, recordContext(r), reversed);
    let found = this.find(ends);
    if (found < 0) {
      ends.turn();
      found = this.find(ends);
      if (found >= 0 && told !== 0) this.tryTurn(found, STRENGTH.Told);
      if (found < 0) ends.turn();
    } else if (told !== 0) this.mark(found, STRENGTH.Told);
    if (found >= 0 && r.start - (this.doubles[found * HALF + LAST] as number) > this.idleTimeout) {
      strength = (this.ints[found * WORDS + STATE] as number) & STRENGTH_MASK;
      this.expired++;
      this.remove(found);
      found = -1;
    }
    if (found < 0) {
      found = this.create(strength, r);
    }
    this.count(found, r);
    return found;
  }

  /** The conversation of ends that were named to each other, made where there is none, and watched; null without room. */
  name(ends: Ends, time: number): Watched | null {
    let found = this.find(ends);
    if (found < 0) {
      this.makeRoom();
      found = this.insert(ends);
      this.created++;
      this.mark(found, STRENGTH.Told);
      const half = found * HALF;
      this.doubles[half + FIRST] = this.doubles[half + LAST] = this.doubles[half + COVERED] = time;
    }
    return this.watchedOf(found) ?? this.watch(found, true);
  }

  /** First and last packet of a conversation, µs. */
  spanOf(index: number): readonly [number, number] {
    const half = index * HALF;
    return [this.doubles[half + FIRST] as number, this.doubles[half + LAST] as number];
  }

  /** The list of servers is another one: asks the owner anew about every conversation. */
  relist(): void {
    const e = new Ends();
    for (let i = 0; i < this.unused; i++) {
      if (this.ints[i * WORDS + SERVER_PORT] === -1) continue;
      this.endsOf(i, e);
      const listed = this.owner.isListed(e.version, e.server0, e.server1, e.server2, e.server3, e.serverPort);
      const watched = this.watchedOf(i);
      if (watched !== null) {
        watched.changed = true;
        if (watched.listed !== listed) this.unlistedCount += listed ? -1 : 1;
        watched.listed = listed;
      } else if (listed) this.watch(i, true);
    }
  }

  /** Time went on to `time` (µs): a part of the table is looked through for conversations that have ended. */
  turn(time: number): void {
    this.now = time;
    if (time < this.minute + MINUTE) return;
    const minutes = Math.min(60, (time - this.minute) / MINUTE);
    this.minute = time;
    // The whole table twice per time-out.
    let steps = Math.min(this.unused, Math.ceil((this.unused * minutes * 2 * MINUTE) / this.idleTimeout));
    for (; steps > 0; steps--) {
      if (this.sweeper >= this.unused) this.sweeper = 0;
      const i = this.sweeper++;
      const base = i * WORDS;
      if (this.ints[base + SERVER_PORT] === -1) continue;
      const state = this.ints[base + STATE] as number;
      // What came since the last look is alive by whatever clock its exporter goes.
      if ((state & TOUCHED) !== 0) this.ints[base + STATE] = state & ~TOUCHED;
      else if (this.isIdle(i, time)) {
        this.expired++;
        this.remove(i);
        continue;
      }
      // Whose server it is may have been learnt since it began.
      if (this.ints[base + WATCH] === 0) this.listAnew(i);
    }
  }

  private listAnew(index: number): void {
    const e = this.again;
    this.endsOf(index, e);
    if (this.owner.isListed(e.version, e.server0, e.server1, e.server2, e.server3, e.serverPort)) {
      this.watch(index, true);
    }
  }

  private mark(index: number, bits: number): void {
    (this.ints[index * WORDS + STATE] as number) |= bits;
  }

  /** `ends` are those of the conversation; what is known better turns them round, where one connection alone is known. */
  private tryTurn(index: number, strength: number): boolean {
    const state = this.ints[index * WORDS + STATE] as number;
    if ((state & STRENGTH_MASK) >= strength || (state & MANY_PORTS) !== 0) return false;
    if (this.watchedOf(index)?.listed === true) return false;
    this.ends.turn();
    if (this.find(this.ends) >= 0) {
      this.ends.turn();
      return false;
    }
    // The days and connections of one that is watched lie the other way round: they end here.
    const watched = this.watchedOf(index);
    if (watched !== null) this.unwatch(watched);
    const port = this.ends.clientPort;
    this.rekey(index, this.ends);
    this.ints[index * WORDS + CLIENT_PORT] = port;
    this.mark(index, STRENGTH.Told);
    this.swap(index);
    return true;
  }

  private create(known: number, r: FlowRecord): number {
    const { ends: e, owner } = this;
    let strength = known;
    let listed = owner.isListed(e.version, e.server0, e.server1, e.server2, e.server3, e.serverPort);
    if (!listed && strength < STRENGTH.Listed) {
      listed = owner.isListed(e.version, e.client0, e.client1, e.client2, e.client3, e.clientPort);
      if (listed) e.turn();
    }
    if (listed) strength = Math.max(strength, STRENGTH.Listed);
    this.makeRoom();
    const index = this.insert(e);
    this.created++;
    const half = index * HALF;
    this.doubles[half + FIRST] = this.doubles[half + LAST] = this.doubles[half + COVERED] = r.start;
    this.mark(index, strength | ((r.tcpFlags & TCP_SYN) !== 0 && r.tcpFlags > 0 ? FIRST_HAD_SYN : 0));
    if (listed || owner.isNamed(e, r.start)) this.watch(index, true);
    return index;
  }

  /** Both directions of one opening show a SYN: whose began earlier opened it. */
  private orderOfSyn(index: number, r: FlowRecord): void {
    const { ints } = this;
    const base = index * WORDS;
    const out = ints[base + RECORDS] as number;
    if (out + (ints[base + RECORDS + 1] as number) !== 1 || (out === 1) === !this.ends.reversed) return;
    const first = this.doubles[index * HALF + FIRST] as number;
    if (r.start === first) return;
    // Exporters whose clocks differ must not outvote the list.
    const opener = r.start < first ? this.ends.reversed : !this.ends.reversed;
    if (opener) this.tryTurn(index, STRENGTH.Listed);
    else this.mark(index, STRENGTH.Told);
  }

  private count(index: number, r: FlowRecord): void {
    const { ints } = this;
    const base = index * WORDS;
    const flags = r.tcpFlags;
    if (flags > 0 && (flags & TCP_SYN) !== 0 && r.reversePackets < 0) {
      if (((ints[base + STATE] as number) & (FIRST_HAD_SYN | STRENGTH.Told)) === FIRST_HAD_SYN)
        this.orderOfSyn(index, r);
    }
    const out = this.ends.reversed ? 1 : 0;
    const rate = Math.max(r.samplingRate, 1);
    const gap = rate > 1 ? SAMPLED_GAP : CONNECTION_GAP;
    this.countSums(index, r, out, this.ends.clientPort, rate, gap);
    let watched = ints[base + WATCH] === 0 ? null : this.watchedOf(index);
    if (watched === null) {
      if (!this.isCheap(index, r)) return;
      watched = this.watch(index, false);
      if (watched === null) return;
    }
    this.countWatched(watched, r, out === 0, rate, gap);
  }

  private countWatched(watched: Watched, r: FlowRecord, out: boolean, rate: number, gap: number): void {
    this.owner.onRecordWatched(watched, r.start);
    watched.heard = this.now;
    const [sent, received] = [r.packets * rate, Math.max(0, r.reversePackets) * rate];
    const [bytesSent, bytesReceived] = [r.bytes * rate, Math.max(0, r.reverseBytes) * rate];
    const days = watched.add(
      {
        port: this.ends.clientPort,
        start: r.start,
        end: r.end,
        packetsOut: out ? sent : received,
        packetsIn: out ? received : sent,
        bytesOut: out ? bytesSent : bytesReceived,
        bytesIn: out ? bytesReceived : bytesSent,
        opened: r.tcpFlags > 0 && (r.tcpFlags & TCP_SYN) !== 0,
        input: r.input,
        number: r.number,
      },
      gap,
    );
    for (const day of days) this.owner.onDayEnd(watched, day);
  }

  private makeRoom(): void {
    if (this.size < this.capacity) return;
    const { ints, doubles } = this;
    let chosen = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let n = 0; n < SAMPLE; n++) {
      const i = this.hand;
      this.hand = i + 1 >= this.capacity ? 0 : i + 1;
      const base = i * WORDS;
      const records = (ints[base + RECORDS] as number) + (ints[base + RECORDS + 1] as number);
      let worth = doubles[i * HALF + LAST] as number;
      if (records > 2) worth += REPEATED_BONUS;
      if (ints[base + WATCH] !== 0) worth += Number.MAX_SAFE_INTEGER;
      if (worth < least) [chosen, least] = [i, worth];
    }
    this.evicted++;
    this.remove(chosen);
  }
}
