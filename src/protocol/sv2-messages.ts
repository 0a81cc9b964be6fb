/**
 * Readers for the payloads of Stratum V2 messages: common messages (chapter 3) and the mining protocol (chapter 5 of
 * https://github.com/stratum-mining/sv2-spec). All integers are little-endian. Each reader takes the payload [off, end)
 * without its frame header, returns null where it is shorter than the message, and ignores bytes beyond the known fields.
 */

import type {
  NewExtendedMiningJob,
  NewMiningJob,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  Reconnect,
  SetNewPrevHash,
  SetTarget,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesStandard,
  SubmitSharesSuccess,
  UpdateChannel,
} from './sv2-types.ts';

export * from './sv2-types.ts';

const TWO_32 = 4294967296;
const TWO_256 = 2 ** 256;
const UTF8 = new TextDecoder('utf-8');

/** Reads fields one after another; the first that does not fit sets `failed`, and every later one yields nothing. */
class Fields {
  failed = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, off: number, end: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = off;
    this.end = Math.min(end, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, true);
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, true);
  }

  u64(): number {
    const low = this.u32();
    return low + this.u32() * TWO_32;
  }

  f32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getFloat32(at, true);
  }

  copy(count: number): Uint8Array {
    const at = this.take(count);
    return at < 0 ? new Uint8Array(0) : this.bytes.slice(at, at + count);
  }

  u256(): Uint8Array {
    return this.copy(32);
  }

  /** B0_32: the length byte may not say more than 32. */
  b032(): Uint8Array {
    const count = this.u8();
    if (count > 32) this.failed = true;
    return this.copy(count);
  }

  b064k(): Uint8Array {
    return this.copy(this.u16());
  }

  str(): string {
    const count = this.u8();
    const at = this.take(count);
    return at < 0 ? '' : UTF8.decode(this.bytes.subarray(at, at + count));
  }

  /** OPTION[u32]: a count of 0 or 1. */
  optionalU32(): number | null {
    const count = this.u8();
    if (count > 1) this.failed = true;
    return count === 1 ? this.u32() : null;
  }

  private take(count: number): number {
    if (this.failed || this.end - this.at < count) {
      this.failed = true;
      return -1;
    }
    const at = this.at;
    this.at += count;
    return at;
  }
}

/** §3.6.1 */
export function readSetupConnection(bytes: Uint8Array, off: number, end: number): SetupConnection | null {
  const f = new Fields(bytes, off, end);
  const message: SetupConnection = {
    protocol: f.u8(),
    minVersion: f.u16(),
    maxVersion: f.u16(),
    flags: f.u32(),
    endpointHost: f.str(),
    endpointPort: f.u16(),
    vendor: f.str(),
    hardwareVersion: f.str(),
    firmware: f.str(),
    deviceId: f.str(),
  };
  return f.failed ? null : message;
}

/** §3.6.2 */
export function readSetupConnectionSuccess(bytes: Uint8Array, off: number, end: number): SetupConnectionSuccess | null {
  const f = new Fields(bytes, off, end);
  const message: SetupConnectionSuccess = { usedVersion: f.u16(), flags: f.u32() };
  return f.failed ? null : message;
}

/** §3.6.3 */
export function readSetupConnectionError(bytes: Uint8Array, off: number, end: number): SetupConnectionError | null {
  const f = new Fields(bytes, off, end);
  const message: SetupConnectionError = { flags: f.u32(), errorCode: f.str() };
  return f.failed ? null : message;
}

/** §3.6.5 */
export function readReconnect(bytes: Uint8Array, off: number, end: number): Reconnect | null {
  const f = new Fields(bytes, off, end);
  const message: Reconnect = { newHost: f.str(), newPort: f.u16() };
  return f.failed ? null : message;
}

/** §5.3.2 */
export function readOpenStandardMiningChannel(
  bytes: Uint8Array,
  off: number,
  end: number,
): OpenStandardMiningChannel | null {
  const f = new Fields(bytes, off, end);
  const message: OpenStandardMiningChannel = {
    requestId: f.u32(),
    userIdentity: f.str(),
    nominalHashRate: f.f32(),
    maxTarget: f.u256(),
  };
  return f.failed ? null : message;
}

/** §5.3.3 */
export function readOpenStandardMiningChannelSuccess(
  bytes: Uint8Array,
  off: number,
  end: number,
): OpenStandardMiningChannelSuccess | null {
  const f = new Fields(bytes, off, end);
  const message: OpenStandardMiningChannelSuccess = {
    requestId: f.u32(),
    channelId: f.u32(),
    target: f.u256(),
    extranoncePrefix: f.b032(),
    groupChannelId: f.u32(),
  };
  return f.failed ? null : message;
}

/** §5.3.4 */
export function readOpenExtendedMiningChannel(
  bytes: Uint8Array,
  off: number,
  end: number,
): OpenExtendedMiningChannel | null {
  const f = new Fields(bytes, off, end);
  const message: OpenExtendedMiningChannel = {
    requestId: f.u32(),
    userIdentity: f.str(),
    nominalHashRate: f.f32(),
    maxTarget: f.u256(),
    minExtranonceSize: f.u16(),
  };
  return f.failed ? null : message;
}

/** §5.3.5; the group channel came late to the specification and may be missing. */
export function readOpenExtendedMiningChannelSuccess(
  bytes: Uint8Array,
  off: number,
  end: number,
): OpenExtendedMiningChannelSuccess | null {
  const f = new Fields(bytes, off, end);
  const message: OpenExtendedMiningChannelSuccess = {
    requestId: f.u32(),
    channelId: f.u32(),
    target: f.u256(),
    extranonceSize: f.u16(),
    extranoncePrefix: f.b032(),
    groupChannelId: f.left >= 4 ? f.u32() : null,
  };
  return f.failed ? null : message;
}

/** §5.3.6 */
export function readOpenMiningChannelError(bytes: Uint8Array, off: number, end: number): OpenMiningChannelError | null {
  const f = new Fields(bytes, off, end);
  const message: OpenMiningChannelError = { requestId: f.u32(), errorCode: f.str() };
  return f.failed ? null : message;
}

/** §5.3.7 */
export function readUpdateChannel(bytes: Uint8Array, off: number, end: number): UpdateChannel | null {
  const f = new Fields(bytes, off, end);
  const message: UpdateChannel = { channelId: f.u32(), nominalHashRate: f.f32(), maximumTarget: f.u256() };
  return f.failed ? null : message;
}

/** §5.3.11 */
export function readSubmitSharesStandard(bytes: Uint8Array, off: number, end: number): SubmitSharesStandard | null {
  const f = new Fields(bytes, off, end);
  const message = submitFields(f);
  return f.failed ? null : message;
}

/** §5.3.12 */
export function readSubmitSharesExtended(bytes: Uint8Array, off: number, end: number): SubmitSharesExtended | null {
  const f = new Fields(bytes, off, end);
  const message: SubmitSharesExtended = { ...submitFields(f), extranonce: f.b032() };
  return f.failed ? null : message;
}

/** §5.3.13 */
export function readSubmitSharesSuccess(bytes: Uint8Array, off: number, end: number): SubmitSharesSuccess | null {
  const f = new Fields(bytes, off, end);
  const message: SubmitSharesSuccess = {
    channelId: f.u32(),
    lastSequenceNumber: f.u32(),
    newSubmitsAcceptedCount: f.u32(),
    newSharesSum: f.u64(),
  };
  return f.failed ? null : message;
}

/** §5.3.14 */
export function readSubmitSharesError(bytes: Uint8Array, off: number, end: number): SubmitSharesError | null {
  const f = new Fields(bytes, off, end);
  const message: SubmitSharesError = { channelId: f.u32(), sequenceNumber: f.u32(), errorCode: f.str() };
  return f.failed ? null : message;
}

/** §5.3.15 */
export function readNewMiningJob(bytes: Uint8Array, off: number, end: number): NewMiningJob | null {
  const f = new Fields(bytes, off, end);
  const message: NewMiningJob = {
    channelId: f.u32(),
    jobId: f.u32(),
    minNtime: f.optionalU32(),
    version: f.u32(),
    merkleRoot: f.u256(),
  };
  return f.failed ? null : message;
}

/** §5.3.16 */
export function readNewExtendedMiningJob(bytes: Uint8Array, off: number, end: number): NewExtendedMiningJob | null {
  const f = new Fields(bytes, off, end);
  const channelId = f.u32();
  const jobId = f.u32();
  const minNtime = f.optionalU32();
  const version = f.u32();
  const versionRollingAllowed = (f.u8() & 1) === 1; // BOOL: only the lowest bit counts, §3.1
  const merklePathLength = f.u8();
  f.copy(merklePathLength * 32);
  const coinbaseTxPrefix = f.b064k();
  const coinbaseTxSuffix = f.b064k();
  if (f.failed) return null;
  return {
    channelId,
    jobId,
    minNtime,
    version,
    versionRollingAllowed,
    merklePathLength,
    coinbaseTxPrefix,
    coinbaseTxSuffix,
  };
}

/** §5.3.17 */
export function readSetNewPrevHash(bytes: Uint8Array, off: number, end: number): SetNewPrevHash | null {
  const f = new Fields(bytes, off, end);
  const message: SetNewPrevHash = {
    channelId: f.u32(),
    jobId: f.u32(),
    prevHash: f.u256(),
    minNtime: f.u32(),
    nbits: f.u32(),
  };
  return f.failed ? null : message;
}

/** §5.3.21 */
export function readSetTarget(bytes: Uint8Array, off: number, end: number): SetTarget | null {
  const f = new Fields(bytes, off, end);
  const message: SetTarget = { channelId: f.u32(), maximumTarget: f.u256() };
  return f.failed ? null : message;
}

/**
 * Expected number of hashes for one share at a target: 2^256 / target. `target` is a U256 of 32 bytes, little-endian;
 * bytes beyond are ignored, missing ones count as 0. Infinity for target 0.
 */
export function targetToDifficulty(target: Uint8Array): number {
  let value = 0;
  for (let i = Math.min(32, target.length) - 1; i >= 0; i--) value = value * 256 + (target[i] as number);
  return TWO_256 / value;
}

function submitFields(f: Fields): SubmitSharesStandard {
  return {
    channelId: f.u32(),
    sequenceNumber: f.u32(),
    jobId: f.u32(),
    nonce: f.u32(),
    ntime: f.u32(),
    version: f.u32(),
  };
}
