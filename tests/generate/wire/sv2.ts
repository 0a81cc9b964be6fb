/**
 * Stratum V2 messages in clear: frame of §3.2 and the field layouts of §3.6 and §5.3 of the specification
 * (https://github.com/stratum-mining/sv2-spec); all integers little-endian.
 */
import { concat, u8, u16le, u24le, u32le, u64le, utf8 } from './bytes.ts';

const CHANNEL_MESSAGE = 0x8000;

function frame(type: number, payload: Uint8Array, channel = false): Uint8Array {
  return concat(u16le(channel ? CHANNEL_MESSAGE : 0), u8(type), u24le(payload.length), payload);
}

/** STR0_255 and B0_32: one length byte, then the bytes. */
function short(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  return concat(u8(bytes.length), bytes);
}

/** B0_64K: two length bytes, then the bytes. */
function long(bytes: Uint8Array): Uint8Array {
  return concat(u16le(bytes.length), bytes);
}

function f32le(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

/** U256, 32 bytes little-endian. */
export function u256le(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function option(value: number | null): Uint8Array {
  return value === null ? u8(0) : concat(u8(1), u32le(value));
}

export interface Setup {
  readonly flags: number;
  readonly host: string;
  readonly port: number;
  readonly vendor: string;
  readonly hardware: string;
  readonly firmware: string;
  readonly device: string;
}

export function setupConnection(s: Setup): Uint8Array {
  const device = [s.vendor, s.hardware, s.firmware, s.device].map(short);
  const versions = concat(u8(0), u16le(2), u16le(2));
  return frame(0x00, concat(versions, u32le(s.flags), short(s.host), u16le(s.port), ...device));
}

export function setupConnectionSuccess(flags: number): Uint8Array {
  return frame(0x01, concat(u16le(2), u32le(flags)));
}

export function openStandard(request: number, user: string, hashrate: number, target: bigint): Uint8Array {
  return frame(0x10, concat(u32le(request), short(user), f32le(hashrate), u256le(target)));
}

export function openStandardSuccess(request: number, channel: number, target: bigint, prefix: Uint8Array): Uint8Array {
  return frame(0x11, concat(u32le(request), u32le(channel), u256le(target), short(prefix), u32le(0)));
}

export function openExtended(
  request: number,
  user: string,
  hashrate: number,
  target: bigint,
  extranonce: number,
): Uint8Array {
  return frame(0x13, concat(u32le(request), short(user), f32le(hashrate), u256le(target), u16le(extranonce)));
}

export function openExtendedSuccess(
  request: number,
  channel: number,
  target: bigint,
  extranonce: number,
  prefix: Uint8Array,
): Uint8Array {
  const sizes = concat(u16le(extranonce), short(prefix));
  return frame(0x14, concat(u32le(request), u32le(channel), u256le(target), sizes, u32le(0)));
}

/** `time` null = a future job, started by the SetNewPrevHash that names it. */
export function newMiningJob(
  channel: number,
  job: number,
  time: number | null,
  version: number,
  root: Uint8Array,
): Uint8Array {
  return frame(0x15, concat(u32le(channel), u32le(job), option(time), u32le(version), root), true);
}

export function newExtendedMiningJob(
  channel: number,
  job: number,
  time: number | null,
  version: number,
  path: readonly Uint8Array[],
  prefix: Uint8Array,
  suffix: Uint8Array,
): Uint8Array {
  const head = concat(u32le(channel), u32le(job), option(time), u32le(version), u8(1));
  return frame(0x1f, concat(head, u8(path.length), ...path, long(prefix), long(suffix)), true);
}

export function setNewPrevHash(
  channel: number,
  job: number,
  previous: Uint8Array,
  time: number,
  bits: number,
): Uint8Array {
  return frame(0x20, concat(u32le(channel), u32le(job), previous, u32le(time), u32le(bits)), true);
}

export function setTarget(channel: number, target: bigint): Uint8Array {
  return frame(0x21, concat(u32le(channel), u256le(target)), true);
}

export interface Share {
  readonly channel: number;
  readonly sequence: number;
  readonly job: number;
  readonly nonce: number;
  readonly time: number;
  readonly version: number;
}

function shareFields(s: Share): Uint8Array {
  return concat(...[s.channel, s.sequence, s.job, s.nonce, s.time, s.version].map(u32le));
}

export function submitSharesStandard(share: Share): Uint8Array {
  return frame(0x1a, shareFields(share), true);
}

export function submitSharesExtended(share: Share, extranonce: Uint8Array): Uint8Array {
  return frame(0x1b, concat(shareFields(share), short(extranonce)), true);
}

export function submitSharesSuccess(channel: number, last: number, count: number, sum: number): Uint8Array {
  return frame(0x1c, concat(u32le(channel), u32le(last), u32le(count), u64le(sum)), true);
}

export function submitSharesError(channel: number, sequence: number, code: string): Uint8Array {
  return frame(0x1d, concat(u32le(channel), u32le(sequence), short(code)), true);
}
