/**
 * What a signature is once it has been read: plain, frozen data. The language itself is described in docs/signatures.md;
 * `schema.ts` says which shapes are allowed, `match.ts` what they mean.
 */
import type { Message, NameSource, Transport } from '../protocol/message.ts';

/** Life of a signature. A draft matches but may never prove anything by itself; a retired one keeps its id and is silent. */
export const STATUSES = ['draft', 'stable', 'retired'] as const;
export type SignatureStatus = (typeof STATUSES)[number];

/** What kind of evidence an indication of this signature is. */
export const KINDS = ['payload', 'tls', 'dns', 'http', 'endpoint', 'behaviour'] as const;
export type SignatureKind = (typeof KINDS)[number];

/** Who sends the message that the signature describes. */
export const SENDERS = ['miner', 'pool'] as const;
export type Sender = (typeof SENDERS)[number];

export const TRANSPORTS = ['tcp', 'http', 'ws', 'tls', 'quic'] as const;

/** JSON types as a test names them. */
export const VALUE_TYPES = ['string', 'number', 'boolean', 'object', 'array', 'null'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** Text for a reader in both languages. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** An exact number or an inclusive range `[min, max]`. */
export type Count = number | readonly [number, number];

/** Tests of one value; all that are given must hold. A value that is absent holds no test but `present: false`. */
export interface ValueTest {
  readonly type?: ValueType | readonly ValueType[];
  readonly present?: boolean;
  readonly in?: readonly (string | number | boolean | null)[];
  /** Length of an array, in elements. */
  readonly items?: Count;
  /** Text of this many hexadecimal digits, not counting the prefix. */
  readonly hex?: Count;
  /** Whether `0x` stands before the digits of `hex`; `none` where it is not given. */
  readonly prefix?: 'none' | 'required' | 'optional';
  /** Length of a text in UTF-16 code units. */
  readonly length?: Count;
  readonly starts_with?: string;
  readonly ends_with?: string;
  readonly contains?: string;
  /** Inclusive range of a number. */
  readonly range?: readonly [number, number];
  /** Every element of an array (also of an empty one) passes. */
  readonly every?: ValueTest;
}

/** Header fields of a Stratum V2 frame; `length` is that of the payload in bytes. */
export interface FrameTest {
  readonly type: number | readonly number[];
  readonly extension?: number;
  readonly channel?: boolean;
  readonly length?: Count;
}

/** Bytes at an offset into the payload of a Stratum V2 frame, after `mask` (as long as `hex`) was laid over them. */
export interface BytesTest {
  readonly offset: number;
  readonly hex: string;
  readonly mask?: string;
}

/** Members of a TLS handshake in clear that a condition can test; `alpn` and `names` are joined by commas. */
export const TLS_FIELDS = [
  'what',
  'sni',
  'alpn',
  'ja3',
  'ja4',
  'names',
  'common_name',
  'organisation',
  'issuer',
  'self_issued',
  'x509_version',
  'valid_days',
] as const;
export type TlsField = (typeof TLS_FIELDS)[number];

/** A name or address of the server, and what the endpoint list says of it; every member that is given must hold. */
export interface EndpointTest {
  readonly source: readonly NameSource[];
  readonly evidence?: 'stratum' | 'weak' | 'none';
  readonly own_port?: boolean;
  readonly port?: Count;
  readonly ambiguous?: boolean;
  readonly role?: readonly string[];
  readonly confidence?: readonly string[];
  /** Names, exactly; or a domain below which the name lies. */
  readonly in?: readonly string[];
  readonly below?: string;
}

/** The same in the first payload of a direction that speaks no protocol of ours; `length` is that of the whole payload. */
export interface StartTest extends BytesTest {
  readonly length?: Count;
}

/** Duration in seconds and packets with payload of a whole conversation. */
export interface FlowTest {
  readonly seconds?: Count;
  readonly sent?: Count;
  readonly received?: Count;
  readonly named?: boolean;
}

/** Binary protocols that are known by their first messages or by the lengths of their messages. */
export const BINARY_PROTOCOLS = ['datum', 'zkwork', 'noise'] as const;

export type Condition =
  | { readonly method: readonly string[] }
  | ({ readonly member: string } & ValueTest)
  | ({ readonly header: string } & ValueTest)
  | ({ readonly http: 'method' | 'target' | 'status' | 'kind' } & ValueTest)
  | { readonly ws_path: ValueTest }
  | { readonly sv2: FrameTest }
  | { readonly payload: BytesTest }
  | { readonly start: StartTest }
  | ({ readonly tls: TlsField } & ValueTest)
  | { readonly endpoint: EndpointTest }
  | { readonly flow: FlowTest }
  | { readonly binary: { readonly protocol: (typeof BINARY_PROTOCOLS)[number]; readonly shares?: Count } };

/** Holds when every condition of `all`, at least one of `any` (if there are any) and none of `none` holds. */
export interface Match {
  readonly all: readonly Condition[];
  readonly any: readonly Condition[];
  readonly none: readonly Condition[];
}

/** How the text of an inline test reaches the parsers: by sender and carrier. */
export const TEST_INPUTS = [
  'miner',
  'pool',
  'miner_http',
  'pool_http',
  'miner_ws',
  'pool_ws',
  'miner_sv2',
  'pool_sv2',
  'miner_start',
  'pool_start',
  'miner_tls',
  'pool_tls',
  'name',
  'flow',
  'binary',
] as const;
export type TestInput = (typeof TEST_INPUTS)[number];

export interface SignatureTest {
  readonly input: TestInput;
  /** One JSON value; an HTTP message; a Stratum V2 frame or TLS records in hexadecimal; for the rest an object as JSON. */
  readonly text: string;
  readonly expect: 'indication' | 'none';
}

export interface Signature {
  /** Stable for ever, never reused. */
  readonly id: string;
  /** Raised with every change of meaning. */
  readonly version: number;
  readonly status: SignatureStatus;
  readonly kind: SignatureKind;
  readonly title: Bilingual;
  /** Dialect id, or null where several dialects share the message. */
  readonly dialect: string | null;
  /** Who the sender is when the signature holds; null where both send it. Constrains nothing by itself. */
  readonly from: Sender | null;
  readonly transports: readonly Transport[];
  readonly match: Match;
  /** Strength of the proof in (0, 1]; 0.9 and more = mining is proved by this message alone. */
  readonly weight: number;
  /** Signatures of one family tell the same thing: only the strongest counts. Null = counts by itself. */
  readonly family: string | null;
  /** Speaks against mining. */
  readonly against: boolean;
  readonly coins: readonly string[];
  readonly algorithm: string | null;
  readonly lookAlikes: Bilingual;
  readonly references: readonly string[];
  readonly tests: readonly SignatureTest[];
  /** File name below the signature directory, and the line (from 1) where the signature starts. */
  readonly file: string;
  readonly line: number;
}

/** All signatures of a run, compiled and immutable; `createSignatureSet` and `loadSignatures` make it. */
export interface SignatureSet {
  /** Every signature, retired ones included, sorted by id. */
  readonly signatures: readonly Signature[];
  /** Appends to `hits` every signature that holds on `message`, drafts too, in the order of their ids. Never throws. */
  match(message: Message, hits: Signature[]): void;
  /** Whether the first payload [off, end) of a direction could hold any signature on starts. Allocates nothing. */
  mayStart(bytes: Uint8Array, off: number, end: number): boolean;
  /**
   * Whether a JSON message whose text is [off, end) could hold any signature, decided by one pass over the bytes: false
   * means that it need not be parsed.
   */
  mayMatch(bytes: Uint8Array, off: number, end: number): boolean;
  /** Signatures name this dialect, and all of them are drafts: nothing about it is proved. */
  isDraft(dialect: string): boolean;
  /** The signature of that id, retired ones included. */
  byId(id: string): Signature | undefined;
  /** The set without the signatures named. Throws a SignatureError that names every id it does not know. */
  without(ids: Iterable<string>): SignatureSet;
  /** The set of the signatures named and no others. Throws a SignatureError that names every id it does not know. */
  only(ids: Iterable<string>): SignatureSet;
}

/** One thing wrong with the signature files. `line` and `column` count from 1; 0 = the whole file or set. */
export interface SignatureFault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, why, and what to do about it. */
  readonly message: string;
}

/** Signature files, or ids given for them, that cannot be used; the message lists every fault, one a line. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly faults: readonly SignatureFault[];

  constructor(faults: readonly SignatureFault[]) {
    super(faults.map(formatFault).join('\n'));
    this.faults = faults;
  }
}

function formatFault(fault: SignatureFault): string {
  return fault.line > 0
    ? `${fault.file}:${fault.line}:${fault.column}: ${fault.message}`
    : `${fault.file}: ${fault.message}`;
}
