/** Faults that are listed of one configuration. */
export const MAX_FAULTS = 30;

/** One thing that is wrong, and where: in the file, or in what overrides it. */
export interface ConfigFault {
  /** `FILE:LINE:COLUMN`, `FILE`, `environment NAME` or `--set KEY`. */
  readonly where: string;
  /** What, why, and what to do. */
  readonly message: string;
}

/** A configuration that cannot be used; the message has one line per fault. Nothing of it is taken by halves. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  readonly exitCode: number = 2;
  /** At most MAX_FAULTS. */
  readonly faults: readonly ConfigFault[];

  /** `beyond`: faults beyond those in the list. */
  constructor(faults: readonly ConfigFault[], beyond = 0) {
    const shown = faults.slice(0, MAX_FAULTS);
    const more = faults.length - shown.length + beyond;
    const lines = shown.map(({ where, message }) => `${where}: ${message}`);
    if (more > 0) lines.push(`and ${more} more faults`);
    super(lines.join('\n'));
    this.faults = shown;
  }
}
