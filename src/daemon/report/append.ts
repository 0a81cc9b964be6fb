import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Appends lines to a file, whole or not at all, as far as one writer can see to that. Throws where the disk does not take them. */
export function appendWhole(path: string, lines: string): void {
  const file = openSync(path, 'a', 0o640);
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.from(lines, 'utf8');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    } catch (error) {
      // Half a line would spoil the next one; a FIFO cannot take anything back.
      if (fstatSync(file).isFile()) ftruncateSync(file, size);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}
