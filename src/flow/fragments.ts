import { Anomaly } from '../common/anomaly.ts';
import type { Packet } from '../decode/packet.ts';

const BAD_LENGTH = Anomaly['fragment.bad_length'];
const OVERLAP = Anomaly['fragment.overlap'];
const CUT_SHORT = Anomaly['fragment.cut_short'];
const EVICTED = Anomaly['fragment.evicted'];
const TIMED_OUT = Anomaly['fragment.timed_out'];

/** Payload of the longest datagram (RFC 791 total length, RFC 8200 payload length: both 16 bits). */
const MAX_DATAGRAM = 65_535;
/** Fragment offsets count units of 8 bytes (RFC 791 §3.1), so a unit is wholly there or not at all. */
const UNIT = 8;
const PAGE = 2048;
const PAGES_PER_DATAGRAM = 32;
const UNIT_WORDS_PER_PAGE = PAGE / UNIT / 32;
const KEY_WORDS = 14;
const NONE = -1;

export interface FragmentStoreOptions {
  /** Bytes of fragment payload held at once; at least one whole datagram (64 KiB), rounded down to pages of 2 KiB. */
  readonly maxBytes?: number;
  /** Unfinished datagrams held at once. Each costs about 220 bytes beside its payload. */
  readonly maxDatagrams?: number;
  /** Microseconds from a datagram's first fragment until it is given up (RFC 791 §3.2, RFC 8200 §4.5: about a minute). */
  readonly timeout?: number;
}

/**
 * Reassembles IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) fragments. All memory is allocated at construction: payload
 * pages, datagram records, and one output buffer. A datagram is known by addresses, identification, VLAN tags, virtual
 * network and nesting depth, and for IPv4 by protocol. Of bytes that come twice the first copy counts; it is an anomaly
 * unless the copies are the same and bring nothing new. When pages or records run out the oldest datagram goes.
 * `fragment.evicted` and `fragment.timed_out` count datagrams, the other anomalies fragments.
 */
export class FragmentStore {
  /** The completed datagram's IP payload: [0, length) of `bytes`, valid until the next `add`. */
  readonly bytes: Uint8Array = new Uint8Array(MAX_DATAGRAM + 1);
  readonly view: DataView = new DataView(this.bytes.buffer);
  length = 0;
  /** What it carries: an IP protocol number, or the IPv6 extension header it starts with. */
  protocol = 0;

  readonly #timeout: number;
  readonly #pages: Uint8Array;
  /** One bit per unit of each page that was received. */
  readonly #present: Int32Array;
  readonly #freePages: Int32Array;
  #freePageCount: number;
  /** Records: key, pages by position (page + 1, 0 = none), state. */
  readonly #keys: Int32Array;
  readonly #pageOf: Int32Array;
  readonly #hash: Int32Array;
  /** Units received, end of the datagram (NONE until the last fragment), highest end seen, protocol of fragment 0. */
  readonly #units: Int32Array;
  readonly #total: Int32Array;
  readonly #highest: Int32Array;
  readonly #protocol: Int32Array;
  readonly #started: Float64Array;
  /** Hash chains, free list (through `#chain`), and age list from oldest to youngest. */
  readonly #buckets: Int32Array;
  readonly #chain: Int32Array;
  readonly #older: Int32Array;
  readonly #younger: Int32Array;
  #freeRecord = 0;
  #oldest = NONE;
  #youngest = NONE;
  #size = 0;
  readonly #key = new Int32Array(KEY_WORDS);

  constructor(options: FragmentStoreOptions = {}) {
    const { maxBytes = 4 * 1024 * 1024, maxDatagrams = 1024, timeout = 30_000_000 } = options;
    const pages = Math.floor(maxBytes / PAGE);
    if (!(pages >= PAGES_PER_DATAGRAM)) throw new RangeError('FragmentStore: maxBytes must be at least 65536');
    if (!(Number.isInteger(maxDatagrams) && maxDatagrams >= 1)) {
      throw new RangeError('FragmentStore: maxDatagrams must be a positive whole number');
    }
    if (!(timeout > 0)) throw new RangeError('FragmentStore: timeout must be positive');
    this.#timeout = timeout;
    this.#pages = new Uint8Array(pages * PAGE);
    this.#present = new Int32Array(pages * UNIT_WORDS_PER_PAGE);
    this.#freePages = Int32Array.from({ length: pages }, (_, index) => pages - 1 - index);
    this.#freePageCount = pages;
    this.#keys = new Int32Array(maxDatagrams * KEY_WORDS);
    this.#pageOf = new Int32Array(maxDatagrams * PAGES_PER_DATAGRAM);
    this.#hash = new Int32Array(maxDatagrams);
    this.#units = new Int32Array(maxDatagrams);
    this.#total = new Int32Array(maxDatagrams);
    this.#highest = new Int32Array(maxDatagrams);
    this.#protocol = new Int32Array(maxDatagrams);
    this.#started = new Float64Array(maxDatagrams);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(maxDatagrams * 2))).fill(NONE);
    this.#chain = Int32Array.from({ length: maxDatagrams }, (_, index) =>
      index + 1 < maxDatagrams ? index + 1 : NONE,
    );
    this.#older = new Int32Array(maxDatagrams);
    this.#younger = new Int32Array(maxDatagrams);
  }

  /** Unfinished datagrams, and bytes their pages take. */
  get size(): number {
    return this.#size;
  }

  get bytesHeld(): number {
    return this.#pages.length - this.#freePageCount * PAGE;
  }

  /**
   * Takes the fragment that `p` describes (`Decoded.Fragment`) at time `now` in microseconds. True: it completed its
   * datagram, which stands in `bytes`, `view`, `length` and `protocol`; hand it to `decodeNetworkPayload` with `p`, whose
   * addresses and tags are the datagram's. `p.bytes` may be this store's own `bytes` (fragments inside a datagram).
   */
  add(p: Packet, now: number, counters: Float64Array): boolean {
    this.#expire(now, counters);
    const length = p.networkEnd - p.network;
    const end = p.fragmentOffset + length;
    const more = p.fragmentMore !== 0;
    if (length < p.networkLength) return count(counters, CUT_SHORT);
    if (length <= 0 || end > MAX_DATAGRAM || (more && length % UNIT !== 0)) return count(counters, BAD_LENGTH);
    const hash = this.#fillKey(p);
    let record = this.#find(hash);
    if (record !== NONE) {
      const total = this.#total[record]!;
      const lies = total === NONE ? !more && end <= this.#highest[record]! : more ? end >= total : end !== total;
      if (lies) return count(counters, BAD_LENGTH);
    } else {
      record = this.#open(hash, now, counters);
    }
    if (!more) this.#total[record] = end;
    if (end > this.#highest[record]!) this.#highest[record] = end;
    if (p.fragmentOffset === 0 && this.#protocol[record] === NONE) this.#protocol[record] = p.protocol;
    this.#store(record, p, length, counters);
    const total = this.#total[record]!;
    if (total === NONE || this.#units[record]! !== Math.ceil(total / UNIT)) return false;
    this.#deliver(record, total);
    return true;
  }

  /** Copies the bytes that are new, page by page and unit by unit. */
  #store(record: number, p: Packet, length: number, counters: Float64Array): void {
    const from = p.bytes;
    const pages = this.#pages;
    const present = this.#present;
    // Distance from an offset in the datagram to its place in the packet.
    const shift = p.network - p.fragmentOffset;
    const end = p.fragmentOffset + length;
    let fresh = 0;
    let same = 0;
    let different = 0;
    for (let offset = p.fragmentOffset; offset < end; ) {
      const page = this.#pageFor(record, offset, counters);
      const pageStart = offset - (offset % PAGE);
      const pageEnd = Math.min(end, pageStart + PAGE);
      const toPage = page * PAGE - pageStart;
      for (; offset < pageEnd; offset += UNIT) {
        const size = Math.min(UNIT, pageEnd - offset);
        const unit = (offset - pageStart) / UNIT;
        const word = page * UNIT_WORDS_PER_PAGE + (unit >> 5);
        const bit = 1 << (unit & 31);
        if ((present[word]! & bit) === 0) {
          present[word]! |= bit;
          for (let i = offset; i < offset + size; i++) pages[i + toPage] = from[i + shift]!;
          fresh++;
        } else if (equal(pages, offset + toPage, from, offset + shift, size)) {
          same++;
        } else {
          different++;
        }
      }
    }
    this.#units[record]! += fresh;
    if (different > 0 || (same > 0 && fresh > 0)) count(counters, OVERLAP);
  }

  #pageFor(record: number, offset: number, counters: Float64Array): number {
    const slot = record * PAGES_PER_DATAGRAM + Math.floor(offset / PAGE);
    const held = this.#pageOf[slot]!;
    if (held !== 0) return held - 1;
    // One datagram never needs more pages than there are, so another one holds a page when none is free.
    while (this.#freePageCount === 0) {
      this.#close(this.#oldest === record ? this.#younger[record]! : this.#oldest);
      count(counters, EVICTED);
    }
    const page = this.#freePages[--this.#freePageCount]!;
    this.#present.fill(0, page * UNIT_WORDS_PER_PAGE, (page + 1) * UNIT_WORDS_PER_PAGE);
    this.#pageOf[slot] = page + 1;
    return page;
  }

  #deliver(record: number, total: number): void {
    for (let offset = 0; offset < total; offset += PAGE) {
      const page = this.#pageOf[record * PAGES_PER_DATAGRAM + offset / PAGE]! - 1;
      const size = Math.min(PAGE, total - offset);
      this.bytes.set(this.#pages.subarray(page * PAGE, page * PAGE + size), offset);
    }
    this.length = total;
    this.protocol = this.#protocol[record]!;
    this.#close(record);
  }

  #expire(now: number, counters: Float64Array): void {
    while (this.#oldest !== NONE && now - this.#started[this.#oldest]! > this.#timeout) {
      this.#close(this.#oldest);
      count(counters, TIMED_OUT);
    }
  }

  /** Fills `#key` and answers its hash. IPv6 knows a datagram without its protocol (RFC 8200 §4.5). */
  #fillKey(p: Packet): number {
    const key = this.#key;
    key[0] = p.source0;
    key[1] = p.source1;
    key[2] = p.source2;
    key[3] = p.source3;
    key[4] = p.destination0;
    key[5] = p.destination1;
    key[6] = p.destination2;
    key[7] = p.destination3;
    key[8] = p.fragmentId;
    key[9] = p.ipVersion === 4 ? (4 << 8) | p.protocol : 6 << 8;
    key[10] = (p.outerVlan << 12) | p.vlan;
    key[11] = p.virtualNetwork;
    key[12] = p.depth;
    key[13] = p.tunnels;
    let hash = 0;
    for (let i = 0; i < KEY_WORDS; i++) {
      hash = Math.imul(hash ^ key[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #find(hash: number): number {
    let record = this.#buckets[hash & (this.#buckets.length - 1)]!;
    while (record !== NONE && !(this.#hash[record] === hash && this.#matches(record))) record = this.#chain[record]!;
    return record;
  }

  #matches(record: number): boolean {
    const base = record * KEY_WORDS;
    for (let i = 0; i < KEY_WORDS; i++) if (this.#keys[base + i] !== this.#key[i]) return false;
    return true;
  }

  #open(hash: number, now: number, counters: Float64Array): number {
    if (this.#freeRecord === NONE) {
      this.#close(this.#oldest);
      count(counters, EVICTED);
    }
    const record = this.#freeRecord;
    this.#freeRecord = this.#chain[record]!;
    this.#keys.set(this.#key, record * KEY_WORDS);
    this.#hash[record] = hash;
    this.#units[record] = 0;
    this.#total[record] = NONE;
    this.#highest[record] = 0;
    this.#protocol[record] = NONE;
    this.#started[record] = now;
    const bucket = hash & (this.#buckets.length - 1);
    this.#chain[record] = this.#buckets[bucket]!;
    this.#buckets[bucket] = record;
    this.#older[record] = this.#youngest;
    this.#younger[record] = NONE;
    if (this.#youngest === NONE) this.#oldest = record;
    else this.#younger[this.#youngest] = record;
    this.#youngest = record;
    this.#size++;
    return record;
  }

  /** Takes a record out of its chain and the age list and frees its pages. */
  #close(record: number): void {
    const bucket = this.#hash[record]! & (this.#buckets.length - 1);
    if (this.#buckets[bucket] === record) {
      this.#buckets[bucket] = this.#chain[record]!;
    } else {
      let before = this.#buckets[bucket]!;
      while (this.#chain[before] !== record) before = this.#chain[before]!;
      this.#chain[before] = this.#chain[record]!;
    }
    const older = this.#older[record]!;
    const younger = this.#younger[record]!;
    if (older === NONE) this.#oldest = younger;
    else this.#younger[older] = younger;
    if (younger === NONE) this.#youngest = older;
    else this.#older[younger] = older;
    const base = record * PAGES_PER_DATAGRAM;
    for (let slot = base; slot < base + PAGES_PER_DATAGRAM; slot++) {
      if (this.#pageOf[slot] !== 0) this.#freePages[this.#freePageCount++] = this.#pageOf[slot]! - 1;
      this.#pageOf[slot] = 0;
    }
    this.#chain[record] = this.#freeRecord;
    this.#freeRecord = record;
    this.#size--;
  }
}

function equal(a: Uint8Array, aOff: number, b: Uint8Array, bOff: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aOff + i] !== b[bOff + i]) return false;
  return true;
}

function count(counters: Float64Array, anomaly: number): false {
  counters[anomaly] = (counters[anomaly] ?? 0) + 1;
  return false;
}
