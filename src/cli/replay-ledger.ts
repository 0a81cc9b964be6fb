import { createHash } from 'node:crypto';
import type { ReplayResult } from '../engine/options.ts';
import { partDigest } from '../ledger/combine.ts';
import type { EvidenceRecord } from '../ledger/store.ts';
import { evidenceCapture } from '../publish/evidence.ts';
import { openCasework, referenceOf } from './casework.ts';
import { contextOf } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import type { GivenArguments } from './group.ts';
import type { ReplayArguments } from './replay-options.ts';
import { formatCount } from './units.ts';
import { programVersion } from './version.ts';

/** Packets kept of one detection and of one run, bytes; the engine has bounds of its own. */
const MAX_CAPTURE = 1024 * 1024;
const MAX_CAPTURES = 256 * 1024 * 1024;

/** Throws one-line errors for a name or a folder of tables that cannot be used. */
export function checkLedgerArguments(given: GivenArguments, environment: CliEnvironment): void {
  contextOf(given, environment);
  referenceOf(given, environment);
}

/** Records a run in the ledger: detections, coverage and the packets behind them. Returns one line about it. */
export function recordResult(
  given: GivenArguments,
  args: ReplayArguments,
  result: ReplayResult,
  environment: CliEnvironment,
): string {
  const context = contextOf(given, environment);
  const casework = openCasework(context, 'create');
  try {
    const ids = (): Set<string> => new Set([...casework.ledger.leads.nodes()].map(({ lead }) => lead));
    const before = ids();
    const time = environment.clock();
    const recorded = casework.casebook.record(result.detections, result.coverageDays ?? [result.coverage], {
      time,
      actor: context.actor,
      evidence: evidenceRecords(result, time),
      vantage: { nat: args.vantage.nat, realm: args.vantage.realm },
    });
    const leads = ids();
    const fresh = [...leads].filter((id) => !before.has(id)).length;
    const counts = `${formatCount(recorded.added)} detections added, ${formatCount(recorded.known)} known already`;
    return `${args.ledger}: ${counts}; ${formatCount(leads.size)} leads, ${formatCount(fresh)} of them new`;
  } finally {
    casework.close();
  }
}

function evidenceRecords(result: ReplayResult, recordedAt: number): EvidenceRecord[] {
  const context = { program: 'poolprint', version: programVersion() };
  const records: EvidenceRecord[] = [];
  let left = MAX_CAPTURES;
  for (const row of result.detections) {
    const kept = evidenceCapture(row, result, context, Math.min(MAX_CAPTURE, left));
    if (kept === null) continue;
    left -= kept.bytes.length;
    const digest = (algorithm: string): string => createHash(algorithm).update(kept.bytes).digest('hex');
    records.push({
      detection: row.id,
      digest: partDigest(row),
      recordedAt,
      capture: kept.bytes,
      sha256: digest('sha256'),
      sm3: digest('sm3'),
      bytes: kept.bytes.length,
      packets: kept.packets,
    });
  }
  return records;
}
