import { OutputError } from '../capture/capture-error.ts';
import { writeReason } from '../publish/write-reason.ts';

/** What is needed of a standard stream; `process.stdout` is one. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, done?: (error?: Error | null) => void): boolean;
}

/** Characters per write: large results must not build one huge string, small ones should be one write. */
const PIECE = 65_536;

/** Writes text and waits until it is handed over; rejects where the stream fails. */
export function print(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes lines, each with a newline, gathered into pieces, never faster than the reader takes them. */
export async function printLines(output: Output, lines: Iterable<string>): Promise<void> {
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length >= PIECE) {
      await print(output, piece);
      piece = '';
    }
  }
  if (piece !== '') await print(output, piece);
}

/** Whether an error says that the reader of our output has gone. */
export function isBrokenPipe(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
}

/** Turns a failed write of results into the error that is shown for it; a broken pipe stays what it is. */
export function outputError(error: unknown): unknown {
  return isBrokenPipe(error) ? error : new OutputError(`cannot write to standard output: ${writeReason(error)}`);
}
