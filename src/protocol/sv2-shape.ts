import { Sv2Type } from './sv2-types.ts';

/**
 * What a Stratum V2 frame of each type must look like, to tell it from other binary data without reading it into objects.
 * Frame header (§3.2): extension_type u16 LE (bit 15 = channel message) | msg_type u8 | msg_length u24 LE.
 */
export const SV2_HEADER = 6;
/** Longest believable payload of a message without B0_64K fields or long lists: its strings are at most 255 bytes each. */
export const SV2_MAX_SMALL = 8192;

const CHANNEL_BIT = 0x8000;
/** Bits of the table below: which channel bits a type is seen with, whether its payload may be long, and … */
const PLAIN = 1;
const CHANNEL = 2;
const LONG = 4;
/** … whether one frame of it is proof enough; the others say too little by themselves. */
const STRONG = 8;

const KNOWN = new Uint8Array(256);
const MINIMUM = new Uint8Array(256);

function define(type: number, flags: number, minimum: number): void {
  KNOWN[type] = flags;
  MINIMUM[type] = minimum;
}
define(Sv2Type.SetupConnection, PLAIN | STRONG, 16);
define(Sv2Type.SetupConnectionSuccess, PLAIN, 6);
define(Sv2Type.SetupConnectionError, PLAIN, 5);
define(Sv2Type.ChannelEndpointChanged, PLAIN | CHANNEL, 4);
define(Sv2Type.Reconnect, PLAIN, 3);
define(Sv2Type.OpenStandardMiningChannel, PLAIN | STRONG, 41);
define(Sv2Type.OpenStandardMiningChannelSuccess, PLAIN | STRONG, 45);
define(Sv2Type.OpenMiningChannelError, PLAIN | STRONG, 5);
define(Sv2Type.OpenExtendedMiningChannel, PLAIN | STRONG, 43);
define(Sv2Type.OpenExtendedMiningChannelSuccess, PLAIN | STRONG, 43);
// The specification's table has no channel bit for NewMiningJob, its reference implementation sends one.
define(Sv2Type.NewMiningJob, PLAIN | CHANNEL | STRONG, 45);
define(Sv2Type.UpdateChannel, CHANNEL | STRONG, 40);
define(Sv2Type.UpdateChannelError, CHANNEL, 5);
define(Sv2Type.CloseChannel, CHANNEL, 5);
define(Sv2Type.SetExtranoncePrefix, CHANNEL, 5);
define(Sv2Type.SubmitSharesStandard, CHANNEL | STRONG, 24);
define(Sv2Type.SubmitSharesExtended, CHANNEL | STRONG, 25);
define(Sv2Type.SubmitSharesSuccess, CHANNEL | STRONG, 20);
define(Sv2Type.SubmitSharesError, CHANNEL | STRONG, 9);
define(Sv2Type.NewExtendedMiningJob, CHANNEL | STRONG | LONG, 19);
define(Sv2Type.SetNewPrevHash, CHANNEL | STRONG, 48);
define(Sv2Type.SetTarget, CHANNEL | STRONG, 36);
define(Sv2Type.SetCustomMiningJob, PLAIN | CHANNEL | STRONG | LONG, 68);
define(Sv2Type.SetCustomMiningJobSuccess, PLAIN | CHANNEL, 12);
define(Sv2Type.SetCustomMiningJobError, PLAIN | CHANNEL, 9);
define(Sv2Type.SetGroupChannel, PLAIN | LONG, 6);
// Job declaration (chapter 6) and template distribution (chapter 7): framed alike, not mining by themselves.
for (const type of [0x50, 0x51, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x60])
  define(type, PLAIN | CHANNEL | LONG, 1);
for (const type of [0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76]) define(type, PLAIN | LONG, 1);

/** Header fields at `off`; the caller has made sure of SV2_HEADER bytes. */
export function sv2Extension(bytes: Uint8Array, off: number): number {
  return (bytes[off] as number) | ((bytes[off + 1] as number) << 8);
}
export function sv2Length(bytes: Uint8Array, off: number): number {
  return (bytes[off + 3] as number) | ((bytes[off + 4] as number) << 8) | ((bytes[off + 5] as number) << 16);
}

/**
 * Can this header start a frame of a stream already known as Stratum V2? The channel bit is not held against it. Other
 * extensions than 0: the allocated small numbers and the experimental range 0x4000…0x7fff (§3.4).
 */
export function isSv2Header(extension: number, type: number, length: number): boolean {
  const base = extension & ~CHANNEL_BIT;
  if (base !== 0) return base <= 0xff || base >= 0x4000;
  const flags = KNOWN[type] as number;
  if (flags === 0 || length < (MINIMUM[type] as number)) return false;
  return (flags & LONG) !== 0 || length <= SV2_MAX_SMALL;
}

/** The same for a header met without context: base protocol and the right channel bit only. `left` = bytes there, >= 1. */
export function isStrictSv2Header(bytes: Uint8Array, off: number, left: number): boolean {
  if (bytes[off] !== 0) return false;
  if (left < 2) return true;
  const high = bytes[off + 1] as number;
  if (high !== 0 && high !== 0x80) return false;
  if (left < 3) return true;
  const type = bytes[off + 2] as number;
  const flags = KNOWN[type] as number;
  if ((flags & (high === 0 ? PLAIN : CHANNEL)) === 0) return false;
  return left < SV2_HEADER || isSv2Header(high << 8, type, sv2Length(bytes, off));
}

/** Is one frame of this type enough to recognise the protocol? */
export function isStrongSv2Type(type: number): boolean {
  return ((KNOWN[type] as number) & STRONG) !== 0;
}

/** Fields of the payload under test, for the checks below; one set, refilled, so that probing allocates nothing. */
let data: Uint8Array = new Uint8Array(0);
let from = 0;
let to = 0;

/** Does the payload [off, end) have exactly the fields of `type`, with values a miner or pool would send? */
export function isSv2Payload(type: number, bytes: Uint8Array, off: number, end: number): boolean {
  data = bytes;
  from = off;
  to = end;
  const length = end - off;
  switch (type) {
    case Sv2Type.SetupConnection:
      return isSetupConnection();
    case Sv2Type.SetupConnectionSuccess:
      // Two flags are defined; the rest of the word must be clear to rule out chance.
      return length === 6 && u16(0) >= 2 && u16(0) <= 15 && u32(2) <= 0xff;
    case Sv2Type.SetupConnectionError:
      return u32(0) <= 0xff && string(4, 4) === length;
    case Sv2Type.ChannelEndpointChanged:
      return length === 4;
    case Sv2Type.Reconnect:
      return string(0, 1) + 2 === length;
    case Sv2Type.OpenStandardMiningChannel:
    case Sv2Type.OpenExtendedMiningChannel: {
      const rate = string(4, 0);
      if (rate < 0 || !isHashRate(rate)) return false;
      if (type === Sv2Type.OpenStandardMiningChannel) return rate + 36 === length;
      return rate + 38 === length && u16(rate + 36) <= 32;
    }
    case Sv2Type.OpenStandardMiningChannelSuccess:
      return short(40) + 4 === length && isTarget(8);
    case Sv2Type.OpenExtendedMiningChannelSuccess: {
      const after = short(42);
      return after > 0 && (after === length || after + 4 === length) && u16(40) <= 32 && isTarget(8);
    }
    case Sv2Type.OpenMiningChannelError:
    case Sv2Type.UpdateChannelError:
    case Sv2Type.CloseChannel:
      return string(4, 4) === length;
    case Sv2Type.NewMiningJob:
      return byte(8) <= 1 && length === 45 + 4 * byte(8) && isOptionalTime(8) && isBlockVersion(9 + 4 * byte(8));
    case Sv2Type.UpdateChannel:
      return length === 40 && isHashRate(4) && isTarget(8);
    case Sv2Type.SetExtranoncePrefix:
      return short(4) === length;
    case Sv2Type.SubmitSharesStandard:
      return length === 24 && isTime(16) && isBlockVersion(20);
    case Sv2Type.SubmitSharesExtended:
      return short(24) === length && isTime(16) && isBlockVersion(20);
    case Sv2Type.SubmitSharesSuccess:
      return length === 20 && u32(8) >= 1 && u32(8) <= 0xffffff && u32(16) < 0x10000000;
    case Sv2Type.SubmitSharesError:
      return string(8, 4) === length;
    case Sv2Type.NewExtendedMiningJob:
      return isExtendedJob(length);
    case Sv2Type.SetNewPrevHash:
      return length === 48 && isTime(40) && isCompactTarget(44);
    case Sv2Type.SetTarget:
      return length === 36 && isTarget(4);
    case Sv2Type.SetCustomMiningJob:
      return isCustomJob(length);
    case Sv2Type.SetCustomMiningJobSuccess:
      return length === 12;
    case Sv2Type.SetCustomMiningJobError:
      return string(8, 4) === length;
    case Sv2Type.SetGroupChannel:
      return length === 6 + 4 * u16(4);
    default:
      return false;
  }
}

/** Could [off, end), the beginning of a SetupConnection payload, grow into one? */
export function isSetupConnectionStart(bytes: Uint8Array, off: number, end: number): boolean {
  const left = end - off;
  if (left > 0 && (bytes[off] as number) > 3) return false;
  if (left > 1 && ((bytes[off + 1] as number) < 2 || (bytes[off + 1] as number) > 15)) return false;
  if (left > 2 && bytes[off + 2] !== 0) return false;
  if (left > 3 && ((bytes[off + 3] as number) < 2 || (bytes[off + 3] as number) > 15)) return false;
  return left <= 4 || bytes[off + 4] === 0;
}

function isSetupConnection(): boolean {
  if (!isSetupConnectionStart(data, from, to) || u16(3) < u16(1)) return false;
  let at = string(9, 0);
  if (at < 0) return false;
  at += 2;
  for (let i = 0; i < 4 && at >= 0; i++) at = string(at, 0);
  return at === to - from;
}

function isExtendedJob(length: number): boolean {
  const option = byte(8);
  if (option > 1 || !isOptionalTime(8)) return false;
  const version = 9 + 4 * option;
  if (!isBlockVersion(version)) return false;
  const prefix = version + 6 + 32 * byte(version + 5);
  if (prefix + 2 > length) return false;
  const suffix = prefix + 2 + u16(prefix);
  return suffix + 2 <= length && suffix + 2 + u16(suffix) === length;
}

function isCustomJob(length: number): boolean {
  const version = 9 + byte(8); // after the token
  if (!isBlockVersion(version) || !isTime(version + 36) || !isCompactTarget(version + 40)) return false;
  const outputs = version + 53 + byte(version + 48); // after coinbase version, coinbase prefix and nSequence
  const path = outputs + 2 + u16(outputs) + 4;
  return path < length && path + 1 + 32 * byte(path) === length;
}

/** A value read beyond the payload is 0; the exact length test that follows settles it. */
function byte(at: number): number {
  return from + at < to ? (data[from + at] as number) : 0;
}
function u16(at: number): number {
  return byte(at) | (byte(at + 1) << 8);
}
function u32(at: number): number {
  return u16(at) + u16(at + 2) * 65536;
}

/** STR0_255 at `at` of at least `least` characters without control characters: offset after it, else -1. */
function string(at: number, least: number): number {
  if (from + at >= to) return -1;
  const length = byte(at);
  const start = from + at + 1;
  if (length < least || start + length > to) return -1;
  for (let i = start; i < start + length; i++) {
    const c = data[i] as number;
    if (c < 0x20 || c === 0x7f) return -1;
  }
  return at + 1 + length;
}

/** B0_32 at `at`: offset after it, else a negative number that stays negative when a few bytes are added. */
function short(at: number): number {
  const length = byte(at);
  return from + at >= to || length > 32 || from + at + 1 + length > to ? -1000 : at + 1 + length;
}

/** A block time: not before the genesis block of the test chains (February 2011). */
function isTime(at: number): boolean {
  return u32(at) >= 1_296_688_602;
}
function isOptionalTime(at: number): boolean {
  return byte(at) === 0 || isTime(at + 1);
}
/** Version bits (BIP 9) leave the top bits 001; older versions are small numbers. */
function isBlockVersion(at: number): boolean {
  const top = byte(at + 3);
  return top >> 5 === 1 || (top === 0 && byte(at + 2) === 0 && byte(at + 1) === 0 && byte(at) !== 0);
}
/** nBits: an exponent of 3…0x22 and a mantissa that is neither zero nor negative. */
function isCompactTarget(at: number): boolean {
  const exponent = byte(at + 3);
  const top = byte(at + 2);
  return exponent >= 3 && exponent <= 0x22 && top < 0x80 && (top | byte(at + 1) | byte(at)) !== 0;
}
/** Hashes a second as IEEE 754: 0, or from 1 to 10^24. */
function isHashRate(at: number): boolean {
  const bits = u32(at);
  return bits === 0 || (bits >= 0x3f800000 && bits <= 0x67540000);
}
/** A U256 that is not zero. */
function isTarget(at: number): boolean {
  for (let i = 0; i < 32; i++) if (byte(at + i) !== 0) return true;
  return false;
}
