/** What is wrong with a ledger, in one line for a person: what, where, why, what to do. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  /** Exit code of a command that fails so: 1 failed, 2 called wrongly. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message.replaceAll(/[\r\n\t]+/g, ' '), options);
    this.exitCode = exitCode;
  }
}
