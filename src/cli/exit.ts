/** Exit codes of the command line; 130 and 143 are 128 plus the number of the signal. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_DAMAGED = 3;
export const EXIT_DETECTED = 4;
export const EXIT_SIGINT = 130;
export const EXIT_SIGTERM = 143;

/** The command line itself is wrong. */
export class UsageError extends Error {
  readonly exitCode: number = EXIT_USAGE;
  override readonly name: string = 'UsageError';
}

/**
 * Exit code an error carries, or null for an error nobody foresaw. Errors made for the user (bad filter, unreadable
 * input, bad signature) have a whole number `exitCode` and a message that is one clear line.
 */
export function exitCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('exitCode' in error)) return null;
  const code = error.exitCode;
  return typeof code === 'number' && Number.isInteger(code) && code > 0 && code < 256 ? code : null;
}
