/** What is kept of a conversation that is worth it: days, connections, a bounded series of its records. */

/** Microseconds of a UTC day; capture times know no leap seconds. */
const DAY = 86_400_000_000;
/** Days of one conversation that are kept for records that come late. */
const HELD_DAYS = 3;
/** A record is spread over so many days at most; what it says of earlier ones counts on the first of them. */
const MAX_SPAN = 31;
/** Newest connections that are told apart. */
export const MAX_CONNECTIONS = 64;
const FIRST_POINTS = 16;
export const MAX_POINTS = 512;
const POINT = 4;

const NONE: readonly ConversationDay[] = Object.freeze([]);

/** A pair is [client to server, server to client]. */
type Pair = [number, number];

/** One UTC day of a conversation. Packets and bytes are multiplied by the sampling rate. */
export interface ConversationDay {
  /** Days since the epoch. */
  readonly day: number;
  first: number;
  last: number;
  readonly packets: Pair;
  readonly bytes: Pair;
  /** Connections that began on the day, or went on. */
  connections: number;
  /** Input and number of the record that began the day. */
  readonly input: number;
  readonly number: number;
}

/** One TCP connection, whose records the exporter's timeouts cut. Times in µs. */
export interface Connection {
  readonly port: number;
  first: number;
  last: number;
  /** A SYN was among its flags. */
  opened: boolean;
  /** Day on which it was counted last. */
  day: number;
}

/** What one record adds. */
export interface WatchedRecord {
  readonly port: number;
  readonly start: number;
  readonly end: number;
  readonly packetsOut: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly opened: boolean;
  readonly input: number;
  readonly number: number;
}

/** Records of a conversation in the order in which they came: the newest, at most MAX_POINTS. */
export interface RecordPoints {
  readonly count: number;
  /** Points that gave way. */
  readonly dropped: number;
  /** µs since the epoch; exact to about 10 ms on the first day of a conversation, 0.1 s after weeks. */
  start(n: number): number;
  /** Seconds. */
  duration(n: number): number;
  /** Packets and bytes of both directions, multiplied by the sampling rate. */
  packets(n: number): number;
  bytes(n: number): number;
}

/** A conversation that is listed, named or passes the cheap test of shape. */
export class Watched {
  /** Never used again. */
  readonly number: number;
  /** Where it lies in the store. */
  readonly index: number;
  listed: boolean;
  /** Something came since it was last told of. */
  changed = true;
  /** When something came last by the clock of the store, µs: those of two exporters may be hours apart. */
  heard: number = Number.NEGATIVE_INFINITY;
  readonly days: ConversationDay[] = [];
  readonly connections: Connection[] = [];
  /** Connections in all; those before it was watched are an upper bound. */
  connectionCount: number;
  /** µs of the connection that lasted longest. */
  longest = 0;
  private points: Float32Array | null = null;
  private pointCount = 0;
  private readonly base: number;

  constructor(number: number, index: number, listed: boolean, connectionsBefore: number, time: number) {
    this.number = number;
    this.index = index;
    this.listed = listed;
    this.connectionCount = connectionsBefore;
    this.base = time;
  }

  /**
   * Counts a record. `gap`: two records of the same ports that lie further apart (µs) are two connections. Returns the days
   * that give way, for the owner to tell: of a record that tells of weeks there are many.
   */
  add(r: WatchedRecord, gap: number): readonly ConversationDay[] {
    this.changed = true;
    const connection = this.connect(r, gap);
    this.note(r);
    const from = Math.floor(r.start / DAY);
    const to = Math.max(from, Math.floor(r.end / DAY));
    if (from === to) {
      const gone = this.count(from, r, r.start, r.end, 1, connection);
      return gone === null ? NONE : [gone];
    }
    const dropped: ConversationDay[] = [];
    const span = r.end - r.start;
    for (let day = Math.max(from, to - MAX_SPAN + 1); day <= to; day++) {
      const begin = day === Math.max(from, to - MAX_SPAN + 1) ? r.start : day * DAY;
      const end = Math.min(r.end, (day + 1) * DAY - 1);
      const share = (Math.min(r.end, (day + 1) * DAY) - begin) / span;
      const gone = this.count(day, r, Math.max(begin, day * DAY), end, share, connection);
      if (gone !== null) dropped.push(gone);
    }
    return dropped;
  }

  /** Gives away days before `day`, but not the newest, for the owner to tell. */
  settle(day: number): readonly ConversationDay[] {
    const newest = this.days.reduce((n, d) => Math.max(n, d.day), Number.NEGATIVE_INFINITY);
    const over = this.days.filter((d) => d.day < day && d.day !== newest);
    if (over.length === 0) return over;
    for (const d of over) this.days.splice(this.days.indexOf(d), 1);
    // What is open is told of anew at the same time, or those days would count twice.
    this.changed = true;
    return over;
  }

  /** It is known by name before any record of it came. */
  begin(time: number, input: number, number: number): void {
    const day = Math.floor(time / DAY);
    const none = { packets: [0, 0] as Pair, bytes: [0, 0] as Pair, connections: 0 };
    this.days.push({ day, first: time, last: time, ...none, input, number });
  }

  /** The series, for tests of rhythm. */
  series(): RecordPoints {
    const { points, base } = this;
    const count = Math.min(this.pointCount, MAX_POINTS);
    const first = this.pointCount - count;
    const at = (n: number, what: number): number => points?.[((first + n) % MAX_POINTS) * POINT + what] ?? 0;
    return {
      count,
      dropped: first,
      start: (n) => base + at(n, 0) * 1e6,
      duration: (n) => at(n, 1),
      packets: (n) => at(n, 2),
      bytes: (n) => at(n, 3),
    };
  }

  private note(r: WatchedRecord): void {
    const n = this.pointCount++ % MAX_POINTS;
    if (this.points === null) this.points = new Float32Array(FIRST_POINTS * POINT);
    else if (n * POINT >= this.points.length) {
      const grown = new Float32Array(this.points.length * 2);
      grown.set(this.points);
      this.points = grown;
    }
    const at = n * POINT;
    this.points[at] = (r.start - this.base) / 1e6;
    this.points[at + 1] = (r.end - r.start) / 1e6;
    this.points[at + 2] = r.packetsOut + r.packetsIn;
    this.points[at + 3] = r.bytesOut + r.bytesIn;
  }

  private connect(r: WatchedRecord, gap: number): Connection {
    const { connections } = this;
    let oldest = 0;
    for (let i = 0; i < connections.length; i++) {
      const c = connections[i] as Connection;
      // Late records belong to it as well: they lie before or within it.
      if (c.port === r.port && r.start - c.last <= gap && c.first - r.end <= gap) {
        if (r.start < c.first) c.first = r.start;
        if (r.end > c.last) c.last = r.end;
        c.opened ||= r.opened;
        if (c.last - c.first > this.longest) this.longest = c.last - c.first;
        return c;
      }
      if (c.last < (connections[oldest] as Connection).last) oldest = i;
    }
    const { port, start, end, opened } = r;
    const c: Connection = { port, first: start, last: end, opened, day: Number.NaN };
    this.connectionCount++;
    if (end - start > this.longest) this.longest = end - start;
    if (connections.length < MAX_CONNECTIONS) connections.push(c);
    else connections[oldest] = c;
    return c;
  }

  private count(
    number: number,
    r: WatchedRecord,
    first: number,
    last: number,
    share: number,
    connection: Connection,
  ): ConversationDay | null {
    let day = this.days.find((d) => d.day === number);
    let dropped: ConversationDay | null = null;
    if (day === undefined) {
      const oldest = this.days.reduce((a, d, i) => (d.day < (this.days[a]?.day ?? Infinity) ? i : a), 0);
      if (this.days.length >= HELD_DAYS) dropped = this.days.splice(oldest, 1)[0] ?? null;
      const { input, number: record } = r;
      const none = { packets: [0, 0] as Pair, bytes: [0, 0] as Pair, connections: 0 };
      day = { day: number, first, last, ...none, input, number: record };
      this.days.push(day);
    }
    if (first < day.first) day.first = first;
    if (last > day.last) day.last = last;
    day.packets[0] += r.packetsOut * share;
    day.packets[1] += r.packetsIn * share;
    day.bytes[0] += r.bytesOut * share;
    day.bytes[1] += r.bytesIn * share;
    if (connection.day !== number) {
      connection.day = number;
      day.connections++;
    }
    return dropped;
  }
}
