import type { CoverageRow, DetectionRow, SummaryRow } from '../detect/detection.ts';

/** What a run prints; the engine's result is one. */
export interface Report {
  readonly detections: readonly DetectionRow[];
  readonly coverage: CoverageRow;
  readonly summary: SummaryRow;
}

/** Control and format characters above ASCII that JSON allows raw but a terminal or an editor may act upon. */
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * The JSON contract (docs/json.md, docs/replay.schema.json): detections, then coverage, then the summary, one object a
 * line, without the newline. Control characters stand as `\u` escapes, so a line is safe to show.
 */
export function* jsonLines(report: Report): Generator<string> {
  for (const detection of report.detections) yield jsonLine(detection);
  yield jsonLine(report.coverage);
  yield jsonLine(report.summary);
}

function jsonLine(row: DetectionRow | CoverageRow | SummaryRow): string {
  return JSON.stringify(row).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
