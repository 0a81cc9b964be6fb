import type { Frame } from '../../capture/frame.ts';
import { dayOf } from '../../detect/day.ts';
import type { ConversationFacts, Indication } from '../../detect/facts.ts';
import type { KeyFacts } from '../../detect/key-facts.ts';
import { type DnsMessage, DnsType, questionName, readDns } from '../../protocol/dns.ts';
import type { NameMessage, Place } from '../../protocol/message.ts';
import type { Signature, SignatureSet } from '../../signature/types.ts';
import { addressText } from '../address.ts';
import { indicationAt } from '../conversation/indication.ts';
import { OpenFacts, type OpenMark } from '../conversation/open-facts.ts';
import type { EvidenceKeeper } from '../evidence/keeper.ts';
import type { KeptFrame } from '../evidence/kept-frame.ts';
import type { Hosts } from '../hosts.ts';
import type { AddressBook } from './address-book.ts';
import type { Naming } from './naming.ts';

/** Clients and names that are remembered as look-ups of mining endpoints. */
const MAX_LOOKUPS = 65_536;
/** An answer comes so soon after its question, µs; so many questions show that both directions are seen. */
const ANSWERED_WITHIN = 60_000_000;
const ENOUGH_QUESTIONS = 16;
/** Where the engine runs without end: a look-up is over when it was not repeated for so long, µs. */
const OVER_AFTER = 3_600_000_000;
/** Questions and answers of one look-up that are kept as evidence, and bytes of all. */
const MAX_FRAMES = 2;
const MAX_FRAME_BYTES = 8 * 1024 * 1024;

/** Look-ups of one mining endpoint by one client. */
interface Lookup {
  readonly client: string;
  readonly name: string;
  /** UTC day; null where the window is the run. */
  readonly day: number | null;
  readonly pool: string | null;
  readonly indications: Indication[];
  readonly input: number;
  readonly packet: number;
  first: number;
  last: number;
  count: number;
  answered: boolean;
  packets: [number, number];
  bytes: [number, number];
  /** First packets of each kind, where evidence is wanted. */
  readonly frames: KeptFrame[];
  readonly mark?: OpenMark;
}

/**
 * Reads DNS: remembers which address a client was told for a name, and notes look-ups of mining endpoints. A look-up by
 * itself says only that somebody asked.
 */
export class Lookups {
  private unnoted = 0;
  private readonly naming: Naming;
  private signatures: SignatureSet;
  private readonly lookups: Map<string, Lookup> = new Map();
  private readonly hits: Signature[] = [];

  private readonly countsNames: boolean;
  private readonly daily: boolean;
  private readonly keeper: EvidenceKeeper | null;
  private keptBytes = 0;
  /** Questions and answers seen of any name, and when clients asked for listed names. */
  private questions = 0;
  private answers = 0;
  private readonly asked: Map<string, number> = new Map();
  /** Where the engine runs without end: what changed, and what is over. */
  private readonly news: OpenFacts<Lookup> | null;
  private over: Lookup[] = [];
  private ignored: ReadonlySet<string> = new Set();

  /** `countsNames`: names that gave way are counted here. `daily`: windows are UTC days. `keeper`: evidence is wanted. */
  constructor(
    naming: Naming,
    signatures: SignatureSet,
    countsNames: boolean,
    daily: boolean,
    keeper: EvidenceKeeper | null,
    endless: boolean = false,
  ) {
    this.news = endless ? new OpenFacts((lookup) => [factsOf(lookup)]) : null;
    this.keeper = keeper;
    this.daily = daily;
    this.countsNames = countsNames;
    this.naming = naming;
    this.signatures = signatures;
  }

  /** Look-ups that found no room, and names that gave way to others. */
  get dropped(): number {
    return this.unnoted + (this.countsNames ? this.naming.evicted : 0);
  }

  /**
   * One DNS message between the hosts of `p`, [off, end) of `bytes`. `noted`: look-ups are counted here (false where
   * another thread counts them and only the names are of interest). `frame`: its packet, where it is one.
   */
  read(
    p: Hosts,
    bytes: Uint8Array,
    off: number,
    end: number,
    place: Place,
    length: number,
    noted: boolean,
    frame: Frame | null,
  ): void {
    if (end - off < 17) return;
    const response = ((bytes[off + 2] as number) & 0x80) !== 0;
    if (response) this.answers++;
    else this.questions++;
    const asked = questionName(bytes, off, end);
    if (asked === null) return;
    const listed = this.naming.isStratum(asked.bytes, asked.off, asked.end);
    // A question for an ordinary name tells nothing; the answer tells the address.
    if (!response && !listed) return;
    const message = readDns(bytes, off, end);
    if (message === null) return;
    if (listed && !this.isAskedFor(p, message, response, place.time)) return;
    if (response) this.learn(p, message, place.time, listed);
    if (!listed) return;
    const frames = frame === null ? [] : (this.keeper?.lookUp(frame) ?? []);
    if (response && frames.length > 0) {
      const client = addressText(p.ipVersion, p.destination0, p.destination1, p.destination2, p.destination3);
      this.keeper?.addAnswer(client, message.question.name, frames);
    }
    if (noted) this.note(p, message, response, place, length, frames);
  }

  private learn(p: Hosts, m: DnsMessage, time: number, listed: boolean): void {
    const name = m.question.name;
    if (name === '') return;
    for (const answer of m.answers) {
      const a = answer.address;
      if (a === null) continue;
      this.naming
        .learning(listed)
        .add(
          p.ipVersion as 4 | 6,
          p.destination0,
          p.destination1,
          p.destination2,
          p.destination3,
          a.version,
          a.w0,
          a.w1,
          a.w2,
          a.w3,
          name,
          time,
          answer.ttl,
        );
    }
    const { book } = this.naming;
    if (book !== null && m.rcode === 0) noteAddresses(book, m, time, listed, this.naming);
  }

  private note(
    p: Hosts,
    m: DnsMessage,
    response: boolean,
    place: Place,
    length: number,
    frames: readonly KeptFrame[],
  ): void {
    const name = m.question.name;
    const client = response
      ? addressText(p.ipVersion, p.destination0, p.destination1, p.destination2, p.destination3)
      : addressText(p.ipVersion, p.source0, p.source1, p.source2, p.source3);
    if (this.ignored.has(client)) return;
    const day = this.daily ? dayOf(place.time) : null;
    const key = day === null ? `${client}\n${name}` : `${client}\n${name}\n${day}`;
    let lookup = this.lookups.get(key);
    if (!lookup) {
      if (this.lookups.size >= MAX_LOOKUPS) {
        this.unnoted++;
        const [oldest] = this.lookups;
        if (this.news === null || oldest === undefined) return;
        this.retire(...oldest);
      }
      const mark = this.news?.create();
      const endpoint = this.naming.ofName(name, 0);
      lookup = {
        client,
        name,
        day,
        pool: endpoint.pool,
        indications: [],
        input: place.input,
        packet: place.packet,
        first: place.time,
        last: place.time,
        count: 0,
        answered: false,
        packets: [0, 0],
        bytes: [0, 0],
        frames: [],
        ...(mark === undefined ? {} : { mark }),
      };
      const said: NameMessage = {
        kind: 'name',
        side: response ? 1 : 0,
        place,
        transport: 'tcp',
        source: 'lookup',
        name,
        port: 0,
        endpoint,
        text: `DNS ${response ? 'answer' : 'question'} for ${name}`,
      };
      this.hits.length = 0;
      this.signatures.match(said, this.hits);
      for (const hit of this.hits) lookup.indications.push(indicationOf(hit, said));
      if (lookup.indications.length === 0) return;
      this.lookups.set(key, lookup);
    }
    const side = response ? 1 : 0;
    if (lookup.packets[side] < MAX_FRAMES && this.keptBytes < MAX_FRAME_BYTES) {
      for (const kept of frames) {
        lookup.frames.push({ ...kept, of: place.packet });
        this.keptBytes += kept.bytes.length;
      }
    }
    lookup.last = Math.max(lookup.last, place.time);
    lookup.first = Math.min(lookup.first, place.time);
    if (response) lookup.answered = true;
    else lookup.count++;
    lookup.packets[side]++;
    lookup.bytes[side] += length;
    if (this.news === null) return;
    this.news.touch(lookup);
    // The one asked for last stands last.
    this.lookups.delete(key);
    this.lookups.set(key, lookup);
  }

  /**
   * Anybody can send an answer that nobody asked for, and make its receiver look as if it knew a pool: where questions are
   * seen at all, an answer about a listed name counts only after its client's own question.
   */
  private isAskedFor(p: Hosts, m: DnsMessage, response: boolean, time: number): boolean {
    const client = response
      ? addressText(p.ipVersion, p.destination0, p.destination1, p.destination2, p.destination3)
      : addressText(p.ipVersion, p.source0, p.source1, p.source2, p.source3);
    const key = `${client}\n${m.question.name}`;
    const { asked } = this;
    if (response) {
      const at = asked.get(key);
      if (at !== undefined && Math.abs(time - at) <= ANSWERED_WITHIN) return true;
      return this.questions < ENOUGH_QUESTIONS || this.questions * 2 < this.answers;
    }
    asked.delete(key);
    asked.set(key, time);
    if (asked.size > MAX_LOOKUPS) asked.delete(asked.keys().next().value as string);
    return true;
  }

  /** Puts other signatures in place of the present ones. */
  setSignatures(signatures: SignatureSet): void {
    this.signatures = signatures;
  }

  /** Look-ups by these addresses (text) are not noted: those of the sensor itself. */
  ignore(clients: ReadonlySet<string>): void {
    this.ignored = clients;
  }

  private retire(key: string, lookup: Lookup): void {
    this.lookups.delete(key);
    for (const frame of lookup.frames) this.keptBytes -= frame.bytes.length;
    this.news?.end(lookup);
    this.over.push(lookup);
  }

  /** What is new since the last call, with the frames of look-ups that are over at capture time `now`, µs. */
  tell(now: number): {
    readonly open: [number, KeyFacts[]][];
    readonly closed: number[];
    readonly ended: readonly (readonly [ConversationFacts, readonly KeptFrame[]])[];
  } {
    for (const [key, lookup] of this.lookups) {
      if (now - lookup.last <= OVER_AFTER) break;
      this.retire(key, lookup);
    }
    const ended = this.over.map((l) => [factsOf(l), l.frames] as const);
    this.over = [];
    return { ...(this.news?.tell() ?? { open: [], closed: [] }), ended };
  }

  /** Frames of look-ups under these keys (`keyOf`). */
  evidenceOf(keys: ReadonlySet<string>): [string, readonly KeptFrame[]][] {
    const found: [string, readonly KeptFrame[]][] = [];
    for (const { mark, frames } of this.lookups.values()) {
      for (const key of mark?.keys ?? []) if (keys.has(key)) found.push([key, frames]);
    }
    return found;
  }

  /** What was looked up, as conversations without a server, with the frames that show it. */
  *facts(): IterableIterator<readonly [ConversationFacts, readonly KeptFrame[]]> {
    for (const l of this.lookups.values()) yield [factsOf(l), l.frames];
  }
}

/**
 * Tells the address book what an answer said: the addresses of a mining endpoint, followed through aliases, or, of addresses
 * that it has, that they answer for an ordinary name too. Whoever asked: the addresses hold for everybody.
 */
function noteAddresses(book: AddressBook, m: DnsMessage, time: number, listed: boolean, naming: Naming): void {
  const name = m.question.name;
  if (!listed) {
    // Other names of a pool, such as that of its web site, make its address no stranger's.
    if (book.size === 0 || naming.endpoints.findHostText(name) >= 0) return;
    for (const { address: a } of m.answers) if (a !== null) book.share(a.version, a.w0, a.w1, a.w2, a.w3, time);
    return;
  }
  const aliases = new Set([name]);
  for (const { name: owner, type, target, address: a, ttl } of m.answers) {
    // Records of other owners may ride along in a forged answer.
    if (!aliases.has(owner)) continue;
    if (type === DnsType.Cname) aliases.add(target);
    else if (a !== null) book.add(a.version, a.w0, a.w1, a.w2, a.w3, name, 'observed', time, ttl);
  }
}

function factsOf(l: Lookup): ConversationFacts {
  return {
    input: l.input,
    packet: l.packet,
    miner: l.client,
    pool: null,
    host: l.name,
    poolName: l.pool,
    minerPort: 0,
    poolPort: null,
    via: null,
    transport: 'dns',
    dialect: null,
    session: null,
    coins: [],
    indications: l.indications,
    firstSeen: l.first,
    lastSeen: l.last,
    packets: l.packets,
    bytes: l.bytes,
    opened: false,
    seen: l.packets[0] > 0 && l.packets[1] > 0 ? 'both' : l.packets[0] > 0 ? 'miner' : 'pool',
    minerSide: 0,
    worked: false,
    lookups: Math.max(l.count, 1),
    ...(l.day === null ? {} : { day: l.day }),
  };
}

/** A hit on a name as it is noted with a detection: a name alone proves nothing. */
export function indicationOf(hit: Signature, m: NameMessage, excerpt: string = m.text): Indication {
  return indicationAt(hit, m, false, excerpt);
}
