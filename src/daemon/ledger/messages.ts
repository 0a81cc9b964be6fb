import type { CoverageRow, DetectionRow } from '../../detect/detection.ts';
import type { EvidenceRecord } from '../../ledger/store.ts';

/** What the thread of the ledger is started with. */
export interface LedgerOrder {
  readonly path: string;
  readonly actor: string;
  readonly reference: string | null;
  readonly mmdb: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type LedgerRequest =
  | {
      readonly kind: 'record';
      readonly detections: readonly DetectionRow[];
      readonly coverage: readonly CoverageRow[];
      readonly evidence: readonly EvidenceRecord[];
      readonly vantage: Pick<DetectionRow['vantage'], 'nat' | 'realm'>;
    }
  /** Registry, tables and settings are read anew; the old ones stay where the new ones cannot be used. */
  | { readonly kind: 'reload'; readonly reference: string | null; readonly mmdb: readonly string[] }
  /** Looks whether another process has changed the registry, and reads it anew then. */
  | { readonly kind: 'refresh' }
  | { readonly kind: 'leads' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' };

/** Leads by status and division of province level. */
export interface LeadCount {
  readonly status: string;
  readonly region: string;
  readonly count: number;
}

export interface LedgerAnswer {
  readonly sequence: number;
  readonly error: string | null;
  /** The error is of what was to be recorded, not of the storage: trying the same again is of no use. */
  readonly ofRow?: true;
  /** What is in use of the heap of its thread, bytes. */
  readonly heap?: number;
  readonly leads?: readonly LeadCount[];
  readonly reloaded?: boolean;
}
