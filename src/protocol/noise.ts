import { Entropy, looksRandom } from './noise-entropy.ts';
import {
  ACT1,
  ACT1_OLD,
  ACT2,
  ACT2_OLD,
  EXTENSIONS_MAX,
  EXTENSIONS_MIN,
  isForeignStart,
  MAX_EXTRANONCE,
  OPEN_MAX,
  OPEN_MIN,
  OPENED_MIN,
  SERVER_MESSAGES,
  SETUP_ERROR_MAX,
  SETUP_ERROR_MIN,
  SETUP_MAX,
  SETUP_MIN,
  SETUP_SUCCESS,
  SHARE,
  SHARE_EXTENDED,
  SHARES_SUCCESS,
  UPDATE_CHANNEL,
} from './noise-sizes.ts';

/**
 * `candidate`: nothing against it yet, nothing proved; `handshake`: both keys of the exact sizes; `likely`: the whole
 * dialogue of sizes and repeated shares; `no`: ruled out for good.
 */
export type NoiseState = 'candidate' | 'handshake' | 'likely' | 'no';

const Step = {
  Act1: 0,
  Act2: 1,
  Setup: 2,
  SetupAnswer: 3,
  Open: 4,
  OpenAnswer: 5,
  Refused: 6,
  Work: 7,
  /** Stratum V2, but another of its protocols. */
  Other: 8,
  No: 9,
} as const;

/** Shares taken for one burst: more arrive together only after an outage. */
const MAX_TOGETHER = 64;
/** Bursts that make it likely: of shares with both sides seen, of answers to shares with the server alone. */
const ENOUGH_BOTH = 2;
const ENOUGH_SERVER = 12;
/** Largest count kept: a counter that stops is better than one that wraps. */
const MAX_COUNT = 0x3fffffff;

/**
 * Stratum V2 behind Noise, known by sizes alone (§4.5 and §4.6 of https://github.com/stratum-mining/sv2-spec): 64 bytes
 * that look random, 234 that look random, SetupConnection, 44 bytes, the opening of a channel, its answer, then shares of
 * 62 bytes (standard) or 63 + k with one k of 0 to 32 (extended). Fed with the payload of both directions in the order in
 * which it was seen. What one side sends until the other speaks is one burst, so the result does not depend on how a
 * burst is cut into segments. Where one direction is missing each piece counts as a burst, which holds as long as a
 * segment carries whole messages: the server alone can become `likely`, the client alone stays a `candidate` whose shares
 * are counted. Nothing of the payload is kept: counters and two
 * bitmaps, about 400 bytes.
 *
 * Look-alikes and what rules them out: BIP 324 has garbage of 0 to 4,095 bytes after its 64 in both directions and no
 * answer of exactly 234; Lightning (BOLT 8) exchanges 50, 50 and 66; obfs4 pads its first message to a random length, TLS,
 * SSH and Bitcoin have known first bytes. A connection for job declaration or templates stops at `handshake`.
 */
export class NoiseShape {
  private step: number = Step.Act1;
  private readonly entropy: Entropy = new Entropy();
  private first = 0;
  private old = false;
  /** Sides seen: bit 0 = client, bit 1 = server. */
  private sides = 0;
  private oneSided = false;
  private burstClient = true;
  private burst = 0;
  /** The burst has a hole: its length means nothing. */
  private torn = false;
  private extensions = false;
  private bursts = 0;
  private standardBursts = 0;
  private standardShares = 0;
  private updates = 0;
  /** Bursts of 63 + k bytes by k; bursts of several such messages by k, and the messages in them. */
  private readonly singles: Int32Array = new Int32Array(MAX_EXTRANONCE + 1);
  private multipleBursts = 0;
  private multipleShares = 0;
  private serverBursts = 0;
  private ackBursts = 0;
  private serverKnown = 0;

  /** Bytes [off, end) that one side sent next; `fromClient` = sent by the one who opened the connection. */
  push(fromClient: boolean, bytes: Uint8Array, off: number, end: number): void {
    if (end <= off || this.step === Step.No) return;
    const bit = fromClient ? 1 : 2;
    if (this.oneSided ? this.sides !== bit : !this.turn(fromClient)) {
      this.step = Step.No;
      return;
    }
    this.sides |= bit;
    if (this.step <= Step.Act2) {
      for (let i = off; i < end && this.burst + i - off < 4; i++) this.first = (this.first << 8) | (bytes[i] as number);
      this.entropy.feed(bytes, off, end);
    }
    this.burst = Math.min(MAX_COUNT, this.burst + end - off);
    if (this.burst > this.keySize && this.step <= Step.Act2) this.step = Step.No;
    else if (this.oneSided) this.endBurst();
  }

  /** Bytes of one side were lost. Before the work begins nothing can be said any more. */
  gap(fromClient: boolean): void {
    if (this.step < Step.Work) this.step = Step.No;
    else if (fromClient === this.burstClient) this.torn = true;
    else {
      // What was lost may have been said before or after: neither burst has a known length.
      this.burst = 0;
      this.burstClient = fromClient;
      this.torn = true;
    }
  }

  /** The connection ended: the last burst is complete. */
  finish(): void {
    if (this.step !== Step.No && !this.oneSided && this.burst > 0) this.endBurst();
  }

  get state(): NoiseState {
    const step = this.step;
    if (step === Step.No) return 'no';
    if (step === Step.Act1) return 'candidate';
    if (step === Step.Act2)
      return this.burst === this.keySize && !this.oneSided && this.entropy.random ? 'handshake' : 'candidate';
    // One side's word for it is not enough to call it a handshake.
    if (step < Step.Work || step === Step.Other) return this.oneSided ? 'candidate' : 'handshake';
    if (this.isLikely()) return 'likely';
    return this.oneSided ? 'candidate' : 'handshake';
  }

  /** `current` since February 2024 (64 and 234 bytes), `old` before (32 and 170); null before the first burst is whole. */
  get version(): 'current' | 'old' | null {
    return this.step === Step.Act1 || this.step === Step.No ? null : this.old ? 'old' : 'current';
  }

  /** Share messages by size; 0 where only the server was seen. Coalesced ones are counted each. */
  get shares(): { readonly standard: number; readonly extended: number } {
    const k = this.extranonce;
    const extended = k < 0 ? 0 : (this.singles[k] as number) + this.multipleShares;
    return { standard: this.standardShares, extended };
  }

  /** Bursts of the server that are answers to shares and nothing else; one answer may stand for many shares. */
  get acknowledgements(): number {
    return this.ackBursts;
  }

  /** Size of the extranonce that extended shares have; -1 where fewer than two of one size were seen. */
  get extranonce(): number {
    let best = -1;
    let count = 1;
    for (let k = 0; k <= MAX_EXTRANONCE; k++) {
      if ((this.singles[k] as number) > count) {
        best = k;
        count = this.singles[k] as number;
      }
    }
    return best;
  }

  private get alive(): boolean {
    return this.step !== Step.No;
  }

  private get keySize(): number {
    if (this.step === Step.Act1) return this.sides === 2 ? ACT2 : ACT1;
    return this.old ? ACT2_OLD : ACT2;
  }

  /** The side that speaks may have changed; false where that cannot be. */
  private turn(fromClient: boolean): boolean {
    if (this.sides === 0) {
      this.burstClient = fromClient;
      return true;
    }
    if (fromClient !== this.burstClient) {
      // The client speaks first; where the server seems to, a part of the client's words is missing.
      if (this.sides === 2) return false;
      this.endBurst();
      this.burstClient = fromClient;
      return this.alive;
    }
    if (this.step === Step.Act1 && this.burst === this.keySize) {
      // The key is whole, and the same side goes on: the other direction is not in view.
      this.oneSided = true;
      this.endBurst();
      return this.alive;
    }
    return true;
  }

  private endBurst(): void {
    const length = this.burst;
    const torn = this.torn;
    this.burst = 0;
    this.torn = false;
    if (torn) return;
    if (this.step >= Step.Work) {
      if (this.step === Step.Work) this.countWork(length);
      return;
    }
    this.step = this.oneSided ? this.nextAlone(length) : this.next(length);
  }

  /** Where a burst of this length leads, both sides in view; they take turns, so the step tells whose it is. */
  private next(length: number): number {
    switch (this.step) {
      case Step.Act1:
        this.old = length === ACT1_OLD;
        return (length === ACT1 || this.old) && this.takeKey() ? Step.Act2 : Step.No;
      case Step.Act2:
        return length === this.keySize && this.takeKey() ? Step.Setup : Step.No;
      case Step.Setup:
        return length >= SETUP_MIN && length <= SETUP_MAX ? Step.SetupAnswer : Step.No;
      case Step.SetupAnswer:
        if (length === SETUP_SUCCESS) return Step.Open;
        return length >= SETUP_ERROR_MIN && length <= SETUP_ERROR_MAX ? Step.Refused : Step.No;
      case Step.Open:
        if (length >= OPEN_MIN && length <= OPEN_MAX) return Step.OpenAnswer;
        this.extensions = !this.extensions && length >= EXTENSIONS_MIN && length <= EXTENSIONS_MAX && length % 2 === 0;
        return this.extensions ? Step.OpenAnswer : Step.Other;
      case Step.Refused:
        // Nothing is said after an error.
        return Step.No;
      default:
        // The answer about extensions leads back to the opening.
        if (this.extensions && length < OPENED_MIN) return Step.Open;
        return length >= OPENED_MIN ? Step.Work : Step.Other;
    }
  }

  /** The same where only one direction is in view: its own steps follow each other. Current keys only. */
  private nextAlone(length: number): number {
    const client = this.sides === 1;
    switch (this.step) {
      case Step.Act1:
        return this.takeKey() ? Step.Setup : Step.No;
      case Step.Setup:
        if (client) return length >= SETUP_MIN && length <= SETUP_MAX ? Step.Open : Step.No;
        return length === SETUP_SUCCESS ? Step.Open : Step.No;
      default:
        if (client) return length >= OPEN_MIN && length <= OPEN_MAX ? Step.Work : Step.No;
        return length >= OPENED_MIN ? Step.Work : Step.No;
    }
  }

  private takeKey(): boolean {
    const random = this.entropy.random && !isForeignStart(this.first >>> 0);
    this.entropy.reset();
    this.first = 0;
    return random;
  }

  private countWork(length: number): void {
    if (this.bursts >= MAX_COUNT || this.serverBursts >= MAX_COUNT || this.standardShares >= MAX_COUNT) return;
    const fromClient = this.oneSided ? this.sides === 1 : this.burstClient;
    if (fromClient) this.countClient(length);
    else this.countServer(length);
  }

  private countClient(length: number): void {
    this.bursts++;
    const k = this.extranonce;
    const size = SHARE_EXTENDED + k;
    if (length === UPDATE_CHANNEL && k !== UPDATE_CHANNEL - SHARE_EXTENDED) this.updates++;
    if (length % SHARE === 0 && length <= SHARE * MAX_TOGETHER) {
      this.standardBursts++;
      this.standardShares += length / SHARE;
    } else if (length >= SHARE_EXTENDED && length <= SHARE_EXTENDED + MAX_EXTRANONCE) {
      (this.singles[length - SHARE_EXTENDED] as number)++;
    } else if (k >= 0 && length % size === 0 && length <= size * MAX_TOGETHER) {
      this.multipleBursts++;
      this.multipleShares = Math.min(MAX_COUNT, this.multipleShares + length / size);
    }
  }

  private countServer(length: number): void {
    this.serverBursts++;
    if (length % SHARES_SUCCESS === 0 && length <= SHARES_SUCCESS * MAX_TOGETHER) {
      this.ackBursts++;
      this.serverKnown++;
    } else if (SERVER_MESSAGES.includes(length)) this.serverKnown++;
  }

  private isLikely(): boolean {
    // Any record protocol with a first message of 64 bytes and records of one length looks like a client alone, and that
    // one has no answers.
    if (this.oneSided) return this.ackBursts >= ENOUGH_SERVER && this.serverKnown * 2 >= this.serverBursts;
    const k = this.extranonce;
    const extended = k < 0 ? 0 : (this.singles[k] as number) + this.multipleBursts;
    const updates = k === UPDATE_CHANNEL - SHARE_EXTENDED ? 0 : this.updates;
    const known = this.standardBursts + extended + updates;
    return Math.max(this.standardBursts, extended) >= ENOUGH_BOTH && known * 5 >= this.bursts * 4;
  }
}

/**
 * Cheap test of the first piece of the client's direction: 1 = exactly a key of 64 or of 32 bytes that looks random,
 * 0 = shorter than 64 and not ruled out, -1 = no. 1 says only that NoiseShape is worth asking.
 */
export function probeNoise(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  if (left > ACT1) return -1;
  if (left >= 4) {
    const first =
      ((bytes[off] as number) << 24) |
      ((bytes[off + 1] as number) << 16) |
      ((bytes[off + 2] as number) << 8) |
      (bytes[off + 3] as number);
    if (isForeignStart(first >>> 0)) return -1;
  }
  if (left === ACT1 || left === ACT1_OLD) return looksRandom(bytes, off, end) ? 1 : left === ACT1 ? -1 : 0;
  return 0;
}

/**
 * The proposal with which pools and firmware of Braiins opened Stratum V2 before October 2022: `STR3` (861033555,
 * little-endian), a count and so many algorithm names of four capitals or digits, with or without the 16-bit
 * little-endian length that their messages had (§4.5.1 of the specification of that time). 1 = yes, the piece holds the
 * proposal and nothing else, 0 = needs more bytes, -1 = no.
 */
export function probeStr3(bytes: Uint8Array, off: number, end: number): number {
  if (end <= off) return 0;
  const bare = probeProposal(bytes, off, end);
  if (bare !== -1) return bare;
  const length = (bytes[off] as number) | (end - off > 1 ? (bytes[off + 1] as number) << 8 : 0);
  if (end - off === 1) return length >= 9 && length <= 133 && length % 4 === 1 ? 0 : -1;
  if (length < 9 || length > 133 || length % 4 !== 1 || end - off - 2 > length) return -1;
  const inner = end - off === 2 ? 0 : probeProposal(bytes, off + 2, end);
  return inner === 1 && end - off - 2 !== length ? -1 : inner;
}

const STR3 = [0x53, 0x54, 0x52, 0x33] as const;

function probeProposal(bytes: Uint8Array, off: number, end: number): number {
  const left = end - off;
  for (let i = 0; i < 4 && i < left; i++) if (bytes[off + i] !== STR3[i]) return -1;
  if (left < 5) return 0;
  const count = bytes[off + 4] as number;
  const total = 5 + 4 * count;
  if (count < 1 || count > 32 || left > total) return -1;
  for (let i = off + 5; i < end; i++) {
    const c = bytes[i] as number;
    if (!((c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39))) return -1;
  }
  return left === total ? 1 : 0;
}
