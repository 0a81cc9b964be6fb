/** Message types, chapter 8. */
export const Sv2Type = {
  SetupConnection: 0x00,
  SetupConnectionSuccess: 0x01,
  SetupConnectionError: 0x02,
  ChannelEndpointChanged: 0x03,
  Reconnect: 0x04,
  OpenStandardMiningChannel: 0x10,
  OpenStandardMiningChannelSuccess: 0x11,
  OpenMiningChannelError: 0x12,
  OpenExtendedMiningChannel: 0x13,
  OpenExtendedMiningChannelSuccess: 0x14,
  NewMiningJob: 0x15,
  UpdateChannel: 0x16,
  UpdateChannelError: 0x17,
  CloseChannel: 0x18,
  SetExtranoncePrefix: 0x19,
  SubmitSharesStandard: 0x1a,
  SubmitSharesExtended: 0x1b,
  SubmitSharesSuccess: 0x1c,
  SubmitSharesError: 0x1d,
  NewExtendedMiningJob: 0x1f,
  SetNewPrevHash: 0x20,
  SetTarget: 0x21,
  SetCustomMiningJob: 0x22,
  SetCustomMiningJobSuccess: 0x23,
  SetCustomMiningJobError: 0x24,
  SetGroupChannel: 0x25,
} as const;

/** `SetupConnection.protocol` of the mining protocol; 1 = job declaration, 2 = template distribution. */
export const SV2_MINING_PROTOCOL = 0;

export interface SetupConnection {
  readonly protocol: number;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly flags: number;
  readonly endpointHost: string;
  readonly endpointPort: number;
  readonly vendor: string;
  readonly hardwareVersion: string;
  readonly firmware: string;
  readonly deviceId: string;
}
export interface SetupConnectionSuccess {
  readonly usedVersion: number;
  readonly flags: number;
}
export interface SetupConnectionError {
  readonly flags: number;
  readonly errorCode: string;
}
export interface OpenStandardMiningChannel {
  readonly requestId: number;
  readonly userIdentity: string;
  /** Hashes a second, as the device claims. */
  readonly nominalHashRate: number;
  /** 32 bytes, little-endian. */
  readonly maxTarget: Uint8Array;
}
export interface OpenExtendedMiningChannel extends OpenStandardMiningChannel {
  readonly minExtranonceSize: number;
}
export interface OpenStandardMiningChannelSuccess {
  readonly requestId: number;
  readonly channelId: number;
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array;
  readonly extranoncePrefix: Uint8Array;
  readonly groupChannelId: number;
}
export interface OpenExtendedMiningChannelSuccess {
  readonly requestId: number;
  readonly channelId: number;
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array;
  readonly extranonceSize: number;
  readonly extranoncePrefix: Uint8Array;
  /** null from servers older than the field. */
  readonly groupChannelId: number | null;
}
/** Answers a request for a standard as well as for an extended channel. */
export interface OpenMiningChannelError {
  readonly requestId: number;
  readonly errorCode: string;
}
export interface NewMiningJob {
  readonly channelId: number;
  readonly jobId: number;
  /** Seconds since the epoch; null = job for a later SetNewPrevHash. */
  readonly minNtime: number | null;
  readonly version: number;
  readonly merkleRoot: Uint8Array;
}
export interface NewExtendedMiningJob {
  readonly channelId: number;
  readonly jobId: number;
  /** Seconds since the epoch; null = job for a later SetNewPrevHash. */
  readonly minNtime: number | null;
  readonly version: number;
  readonly versionRollingAllowed: boolean;
  readonly merklePathLength: number;
  readonly coinbaseTxPrefix: Uint8Array;
  readonly coinbaseTxSuffix: Uint8Array;
}
export interface SetNewPrevHash {
  readonly channelId: number;
  readonly jobId: number;
  readonly prevHash: Uint8Array;
  readonly minNtime: number;
  readonly nbits: number;
}
export interface SetTarget {
  readonly channelId: number;
  /** 32 bytes, little-endian. */
  readonly maximumTarget: Uint8Array;
}
export interface UpdateChannel {
  readonly channelId: number;
  /** Hashes a second, as the device claims. */
  readonly nominalHashRate: number;
  /** 32 bytes, little-endian. */
  readonly maximumTarget: Uint8Array;
}
export interface SubmitSharesStandard {
  readonly channelId: number;
  readonly sequenceNumber: number;
  readonly jobId: number;
  readonly nonce: number;
  readonly ntime: number;
  readonly version: number;
}
export interface SubmitSharesExtended extends SubmitSharesStandard {
  readonly extranonce: Uint8Array;
}
export interface SubmitSharesSuccess {
  readonly channelId: number;
  readonly lastSequenceNumber: number;
  readonly newSubmitsAcceptedCount: number;
  /** Sum of difficulties; exact up to 2^53. */
  readonly newSharesSum: number;
}
export interface SubmitSharesError {
  readonly channelId: number;
  readonly sequenceNumber: number;
  readonly errorCode: string;
}
export interface Reconnect {
  /** Empty host or port 0 = the present one. */
  readonly newHost: string;
  readonly newPort: number;
}
