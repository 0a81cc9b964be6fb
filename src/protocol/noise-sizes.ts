/**
 * Sizes of Stratum V2 behind Noise on the wire, from chapters 3, 4 and 5 of https://github.com/stratum-mining/sv2-spec.
 * After the handshake a message is its frame header and its payload, each with an authentication code of 16 bytes
 * (§4.6): 6 + 16 + payload + 16. Payloads beyond 65,519 bytes go in several blocks; no size below is that long.
 */
const OVERHEAD = 38;

/** Act 1, the client's key: ElligatorSwift since February 2024, x-only from October 2022. */
export const ACT1 = 64;
export const ACT1_OLD = 32;
/** Act 2: the server's key, its static key (+16), certificate of 74 bytes (+16). The text of §4.5.2 still says 170. */
export const ACT2: number = 64 + 80 + 90;
export const ACT2_OLD: number = 32 + 48 + 90;

/** SetupConnection with five texts, none of them believed longer than 80 bytes on average. */
export const SETUP_MIN: number = OVERHEAD + 16;
export const SETUP_MAX: number = SETUP_MIN + 400;
export const SETUP_SUCCESS: number = OVERHEAD + 6;
/** SetupConnection.Error: flags and a text of at least one and at most 255 bytes. */
export const SETUP_ERROR_MIN: number = OVERHEAD + 6;
export const SETUP_ERROR_MAX: number = OVERHEAD + 5 + 255;
/** RequestExtensions (extension 0x0001): request, count, two bytes for each; at most 8 are believed. */
export const EXTENSIONS_MIN: number = OVERHEAD + 4;
export const EXTENSIONS_MAX: number = EXTENSIONS_MIN + 16;
/** One or more OpenStandardMiningChannel (41 + user) or OpenExtendedMiningChannel (43 + user) together. */
export const OPEN_MIN: number = OVERHEAD + 41;
export const OPEN_MAX = 4096;
/** OpenExtendedMiningChannel.Success without prefix and without the group of newer servers; jobs may follow at once. */
export const OPENED_MIN: number = OVERHEAD + 43;
/** SubmitSharesStandard: six 32-bit numbers. SubmitSharesExtended: the same, a length, an extranonce of 0 to 32 bytes. */
export const SHARE: number = OVERHEAD + 24;
export const SHARE_EXTENDED: number = OVERHEAD + 25;
export const MAX_EXTRANONCE = 32;
export const UPDATE_CHANNEL: number = OVERHEAD + 40;
/** SubmitShares.Success; SetTarget, NewMiningJob of a later and of the present block, SetNewPrevHash. */
export const SHARES_SUCCESS: number = OVERHEAD + 20;
export const SERVER_MESSAGES: readonly number[] = [OVERHEAD + 36, OVERHEAD + 45, OVERHEAD + 49, OVERHEAD + 48];

/** Bytes at the start that other protocols are known by: TLS record, SSH, Bitcoin peers, BitTorrent. */
export function isForeignStart(first: number): boolean {
  // Four bytes, big-endian.
  return (
    (first >>> 8 >= 0x160300 && first >>> 8 <= 0x160304) ||
    first === 0x5353482d ||
    first === 0xf9beb4d9 ||
    first === 0x13426974
  );
}
