/** The one error an import may throw: the whole input cannot be taken. One line: what, why, what to do. */
export class ImportError extends Error {
  override readonly name: string = 'ImportError';
}

/** Names, cells and library messages as one line of bounded length, without control characters, for messages. */
export function shown(text: string, length: number = 80): string {
  const line = text
    .slice(0, length * 4)
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
