/** A request of a person that cannot be done: one line that says what, why, and what to do. */
export class LeadError extends Error {
  override readonly name = 'LeadError';
  /** Exit code of a command that fails with it: wrong usage. */
  readonly exitCode = 2;
}
