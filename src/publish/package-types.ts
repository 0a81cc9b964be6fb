/** The evidence package (docs/evidence.md): what is put in, and what its files hold. Field names as they are written. */
import type { DetectionRow } from '../detect/detection.ts';
import type { EvidenceListRow } from './dossier-types.ts';

export interface Digests {
  readonly sha256: string;
  readonly sm3: string;
}

/** The packets of one detection. */
export interface PackageCapture {
  readonly detection: DetectionRow;
  /** pcapng with comments that name signature and version. */
  readonly bytes: Uint8Array;
  /** Digest under which the ledger keeps the content of the detection; null where it comes from no ledger. */
  readonly digest: string | null;
}

/** An entry of the ledger's chain. With header, salt and `previous` the link itself can be computed again. */
export interface ChainExtract {
  readonly seq: number;
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly actor: string;
  readonly action: string;
  readonly lead: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly sha256: string;
  readonly sm3: string;
  /** State of the chain before this entry. */
  readonly previous?: Digests | null;
  /** The linked members besides seq, time, actor, action, lead: digests of the parts. */
  readonly parts?: {
    readonly detail: Digests;
    readonly personal: Digests | null;
    readonly content: Digests | null;
  } | null;
  /** Hex; opens the digest of `detail`. */
  readonly detail_salt?: string | null;
}

export interface ChainHead extends Digests {
  readonly seq: number;
}

export interface PackageContext {
  readonly captures: readonly PackageCapture[];
  /** Entries in the order of `seq`: those of the lead and of its evidence. */
  readonly chain: readonly ChainExtract[];
  /** Head of the chain when the package was made, and the ledger's id. */
  readonly head?: ChainHead | null;
  readonly ledgerId?: string | null;
  /** HTML of the dossier. */
  readonly dossier?: string | null;
  /** Definition texts of the signatures, as used. */
  readonly signatures?: readonly { readonly id: string; readonly version: number; readonly text: string }[];
  readonly program: string;
  readonly version: string;
  readonly signatureSet: { readonly signatures: number; readonly sha256: string };
  /** Who collected, who keeps, and where the sensor's clock comes from; null where unknown. */
  readonly collector: string | null;
  readonly custodian?: string | null;
  readonly clockSource?: string | null;
  /** Microseconds since the epoch. */
  readonly now: number;
}

/** One file in `manifest.json`: a row of the list of electronic data with the file's name. */
export interface ManifestFile extends EvidenceListRow {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sm3: string;
  /** Id of the detection whose packets the file holds, SHA-256 of its canonical JSON, and its digest in the ledger. */
  readonly detection: string | null;
  readonly detection_digest: string | null;
  readonly ledger_digest: string | null;
}

export interface PackageManifest {
  readonly type: 'evidence_package';
  readonly version: 1;
  readonly lead: string | null;
  readonly number: string | null;
  readonly made_at: string;
  readonly program: string;
  readonly program_version: string;
  readonly signature_set: { readonly signatures: number; readonly sha256: string };
  readonly signatures: readonly { readonly id: string; readonly version: number }[];
  readonly ledger: string | null;
  readonly files: readonly ManifestFile[];
}

export const MANIFEST_NAME = 'manifest.json';
export const CHECK_NAME = 'manifest.check';
export const DETECTIONS_NAME = 'detections.jsonl';
export const CHAIN_NAME = 'chain.jsonl';
export const README_NAME = 'README.txt';
export const DOSSIER_NAME = 'dossier.html';
/** A password was overwritten in a packet whose comment begins so (`evidence.ts`). */
export const REDACTION_MARK = 'A password in this packet was overwritten';
