/** What the daemon wrote into its file of detections, read as it grows. */
import { closeSync, openSync, readSync } from 'node:fs';

const PIECE = 1 << 20;

export class FoundDetections {
  /** Dialects of which it was sure. */
  readonly dialects: Set<string> = new Set();
  readonly points: Set<string> = new Set();
  rows = 0;
  private readonly path: string;
  private at = 0;
  private rest = '';

  constructor(path: string) {
    this.path = path;
  }

  /** Reads what has come since the last time. */
  read(): void {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      return;
    }
    const piece = Buffer.alloc(PIECE);
    try {
      for (
        let count = readSync(file, piece, 0, PIECE, this.at);
        count > 0;
        count = readSync(file, piece, 0, PIECE, this.at)
      ) {
        this.at += count;
        // A character cut in two stands in an excerpt and is of no interest here.
        const lines = (this.rest + piece.toString('latin1', 0, count)).split('\n');
        this.rest = lines.pop() ?? '';
        for (const line of lines) this.line(line);
      }
    } finally {
      closeSync(file);
    }
  }

  private line(line: string): void {
    const row = JSON.parse(line) as { sensor: string; dialect: string | null; confidence: string };
    this.rows++;
    this.points.add(row.sensor.slice(row.sensor.indexOf('/') + 1));
    if (row.confidence === 'confirmed' && row.dialect !== null) this.dialects.add(row.dialect);
  }
}
