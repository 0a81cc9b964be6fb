/**
 * What every stream parser of this folder looks like. A parser is fed one direction of one stream, in order, in pieces of
 * any size; it never throws and never holds more than its stated limit. It calls its handler, given at construction,
 * synchronously from inside `push`.
 */
export interface StreamParser {
  /** Contiguous bytes [off, end) of `bytes`; the parser copies what it wants to keep beyond the call. */
  push(bytes: Uint8Array, off: number, end: number): void;
  /** Bytes were lost (`lost` > 0) or their number is unknown (`lost` = -1): drop the unfinished message, resynchronise. */
  gap(lost: number): void;
  /** Bytes held for a message that is not complete. */
  readonly heldBytes: number;
  /** The stream ended: report what is complete without a terminator. */
  finish(): void;
}
