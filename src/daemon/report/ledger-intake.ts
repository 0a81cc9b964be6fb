import { createHash } from 'node:crypto';
import type { CoverageRow, DetectionRow, SummaryRow } from '../../detect/detection.ts';
import { ofDetection } from '../../engine/evidence/order.ts';
import type { EvidenceFrame } from '../../engine/options.ts';
import { partDigest } from '../../ledger/combine.ts';
import type { EvidenceRecord } from '../../ledger/store.ts';
import { evidenceCapture } from '../../publish/evidence.ts';
import type { Log } from '../inputs/input.ts';
import type { LedgerRequest } from '../ledger/messages.ts';
import { RowRefused } from '../ledger/refusal.ts';
import type { Report } from './reporter.ts';

/** Packets kept of one detection, bytes and frames. */
const MAX_CAPTURE = 1024 * 1024;
const MAX_FRAMES = 256;
/** Detections remembered as refused; the oldest would be tried once more. */
const MAX_REFUSED = 10_000;

/** What is written for one observation point at once. */
export interface Batch {
  readonly point: string;
  readonly reports: readonly Report[];
  readonly coverage: readonly CoverageRow[];
}

export interface IntakeOptions {
  /** Carries out one request; rejects with a RowRefused where the same would be refused for ever, else with one line. */
  readonly ledger: (request: LedgerRequest) => Promise<unknown>;
  /** Frames behind keys of a point; null where none are kept. */
  readonly evidence: ((point: string, keys: readonly string[]) => Promise<Map<string, EvidenceFrame[]>>) | null;
  readonly vantage: (point: string) => Pick<DetectionRow['vantage'], 'nat' | 'realm'>;
  readonly signatureSet: () => SummaryRow['signature_set'];
  readonly program: { readonly program: string; readonly version: string };
  /** Wall clock, µs. */
  readonly clock: () => number;
  readonly log: Log;
}

/** What one request records. */
interface Part {
  readonly reports?: readonly Report[];
  readonly coverage?: readonly CoverageRow[];
  readonly evidence?: readonly EvidenceRecord[];
}

/** Gives batches to the ledger. What the ledger can never take is put aside, so that it does not keep out the rest. */
export class LedgerIntake {
  /** Detections put aside, each as often as it changed and was refused again. */
  refused = 0;
  private readonly options: IntakeOptions;
  /** Digest of the row that was refused, by detection id, in order of refusal. */
  private readonly aside: Map<string, string> = new Map();
  /** Said last of evidence and of coverage: one fault may concern thousands. */
  private readonly said: Map<string, string> = new Map();

  constructor(options: IntakeOptions) {
    this.options = options;
  }

  /**
   * Records a batch with the packets that belong to it; how many of its detections the ledger took. Rejects where nothing can be
   * written now: then all of it is to come again, of which the ledger knows what it took.
   */
  async take({ point, reports, coverage }: Batch): Promise<number> {
    const evidence = await this.evidenceOf(point, reports);
    const isKnown = ({ row }: Report): boolean => this.aside.has(row.id);
    // What was refused before would have its neighbours tried one by one each time it grows.
    const suspects = reports.filter(isKnown);
    const others = reports.filter((report) => !isKnown(report));
    let taken = 0;
    if (others.length > 0 || coverage.length > 0) {
      const part = {
        reports: others,
        coverage,
        evidence: evidence.filter(({ detection }) => !this.aside.has(detection)),
      };
      if ((await this.refusal(point, part)) === null) taken = others.length;
      else {
        for (const row of coverage) await this.coverageAlone(point, row);
        suspects.unshift(...others);
      }
    }
    for (const report of suspects) {
      const own = evidence.filter(({ detection }) => detection === report.row.id);
      if (await this.alone(point, report, own)) taken++;
    }
    return taken;
  }

  /** Why the ledger will never take this, one line; null where it took it. Rejects where nothing can be written now. */
  private async refusal(point: string, { reports = [], coverage = [], evidence = [] }: Part): Promise<string | null> {
    const detections = reports.map(({ row }) => row);
    try {
      await this.options.ledger({
        kind: 'record',
        detections,
        coverage,
        evidence,
        vantage: this.options.vantage(point),
      });
      return null;
    } catch (error) {
      if (error instanceof RowRefused) return error.message;
      throw error;
    }
  }

  /** Whether the ledger took this detection, if need be without its packets. */
  private async alone(point: string, report: Report, evidence: readonly EvidenceRecord[]): Promise<boolean> {
    const { row } = report;
    const digest = createHash('sha256').update(JSON.stringify(row)).digest('hex');
    if (this.aside.get(row.id) === digest) return false;
    const withPackets = await this.refusal(point, { reports: [report], evidence });
    const problem = evidence.length === 0 ? withPackets : await this.withoutPackets(point, report, withPackets);
    this.aside.delete(row.id);
    if (problem === null) return true;
    this.refused++;
    for (const oldest of this.aside.keys()) {
      if (this.aside.size < MAX_REFUSED) break;
      this.aside.delete(oldest);
    }
    this.aside.set(row.id, digest);
    this.options.log.error({ detection: row.id, point, problem }, 'the ledger refuses a detection; it is put aside');
    return false;
  }

  private async withoutPackets(point: string, report: Report, problem: string | null): Promise<string | null> {
    if (problem === null) return null;
    const again = await this.refusal(point, { reports: [report] });
    if (again === null) this.sayOfPackets(report.row.id, problem);
    return again;
  }

  private async coverageAlone(point: string, row: CoverageRow): Promise<void> {
    const problem = await this.refusal(point, { coverage: [row] });
    if (problem !== null) this.say(problem, { point }, 'the ledger refuses a row of coverage; it is left out');
  }

  private sayOfPackets(detection: string, problem: string): void {
    this.say(problem, { detection }, 'packets behind a detection cannot be kept; it is written without them');
  }

  /** Again only where the problem is another one. */
  private say(problem: string, facts: Readonly<Record<string, string>>, message: string): void {
    if (this.said.get(message) === problem) return;
    this.said.set(message, problem);
    this.options.log.error({ ...facts, problem }, message);
  }

  private async evidenceOf(point: string, reports: readonly Report[]): Promise<EvidenceRecord[]> {
    // One that was refused may be taken now that it has changed: its first packets were not.
    const wanted = reports.filter(({ row, evidence }) => evidence || this.aside.has(row.id));
    if (this.options.evidence === null || wanted.length === 0) return [];
    const frames = await this.framesOf(this.options.evidence, point, wanted);
    return wanted.flatMap(({ row, key }) => {
      try {
        return this.recordOf(row, frames.get(key) ?? []);
      } catch (error) {
        this.sayOfPackets(row.id, messageOf(error));
        return [];
      }
    });
  }

  /** Where not all can be told at once, those that can one by one. */
  private async framesOf(
    evidence: NonNullable<IntakeOptions['evidence']>,
    point: string,
    wanted: readonly Report[],
  ): Promise<Map<string, EvidenceFrame[]>> {
    try {
      return await evidence(
        point,
        wanted.map(({ key }) => key),
      );
    } catch {
      const frames = new Map<string, EvidenceFrame[]>();
      for (const { row, key } of wanted) {
        try {
          frames.set(key, (await evidence(point, [key])).get(key) ?? []);
        } catch (error) {
          this.sayOfPackets(row.id, messageOf(error));
        }
      }
      return frames;
    }
  }

  private recordOf(row: DetectionRow, frames: readonly EvidenceFrame[]): EvidenceRecord[] {
    if (frames.length === 0) return [];
    const proving = new Set(row.indications.map((i) => `${i.file}\n${i.packet}`));
    const proves = (f: EvidenceFrame): boolean => proving.has(`${f.file}\n${f.of ?? f.packet}`);
    const [from, to] = [Date.parse(row.window.from) * 1000, Date.parse(row.window.to) * 1000];
    const own = frames.filter((f) => (f.time >= from && f.time < to) || proves(f));
    if (own.length === 0) return [];
    const kept = ofDetection(own, proves, MAX_FRAMES);
    const source = {
      detections: [row],
      evidence: new Map([[row.id, kept]]),
      summary: { sensor: row.sensor, signature_set: this.options.signatureSet() },
    };
    const capture = evidenceCapture(row, source, this.options.program, MAX_CAPTURE);
    if (capture === null) return [];
    const digest = (algorithm: string): string => createHash(algorithm).update(capture.bytes).digest('hex');
    return [
      {
        detection: row.id,
        digest: partDigest(row),
        recordedAt: this.options.clock(),
        capture: capture.bytes,
        sha256: digest('sha256'),
        sm3: digest('sm3'),
        bytes: capture.bytes.length,
        packets: capture.packets,
      },
    ];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
