/** What a dossier is made from. */
import type { Sealed } from '../attribution/types.ts';
import type { Term } from '../common/terms.ts';
import type { IndicationRow } from '../detect/detection.ts';
import type { HistoryEntry, Lead } from '../ledger/types.ts';

/** A lead of which a field set may have taken away any field. */
export type DossierLead = { readonly [K in keyof Lead]?: Lead[K] | null };

export const EVIDENCE_CATEGORIES = [
  'packet_capture',
  'flow_record',
  'log_line',
  'third_party_list',
  'photo',
  'meter_reading',
  'document',
] as const;
export type EvidenceCategory = (typeof EVIDENCE_CATEGORIES)[number];

/** One row of the list of electronic data (电子数据清单). Times ISO 8601 UTC. */
export interface EvidenceListRow {
  readonly evidence_id: string;
  readonly category: EvidenceCategory;
  readonly format: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly sm3: string | null;
  readonly captured_at: string | null;
  readonly clock_source: string | null;
  readonly collector: string | null;
  readonly tool_version: string | null;
  readonly rule_version: string | null;
  readonly custodian: string | null;
  readonly original_location?: string | null;
  readonly copy_of?: string | null;
  readonly transferred_to?: string | null;
  readonly transferred_at?: string | null;
  readonly purpose?: string | null;
}

export type DossierLanguage = 'zh' | 'en' | 'both';

/** What a signature is called and what it means; `description` null where only a title is known. */
export interface SignatureWords {
  readonly title: Term;
  readonly description: Term | null;
}

export interface DossierOptions {
  readonly history: readonly HistoryEntry[];
  readonly evidence: readonly EvidenceListRow[];
  readonly lang: DossierLanguage;
  /** ISO 8601 UTC. */
  readonly generatedAt: string;
  readonly actor: string;
  /** Unit or program that hands the dossier over. */
  readonly producer: string;
  readonly explain: (signatureId: string) => SignatureWords | null;
  readonly regionName: (code: string) => string;
  /** Which field set was applied, for whom; null where the lead is complete. */
  readonly fieldSetNote: string | null;
  /** Detections with their indications: excerpt, packet and time of what was found. */
  readonly indications?: readonly { readonly id: string; readonly indications: readonly IndicationRow[] }[];
  /** Spans in which the addresses were observed, ISO 8601 UTC. */
  readonly observed?: readonly { readonly from: string; readonly to: string }[];
  /** Fields of natural persons by the key of the subject, where a document allows to show them. */
  readonly sealed?: Readonly<Record<string, Sealed>>;
}
