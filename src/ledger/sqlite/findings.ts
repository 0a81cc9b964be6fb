/** What verifying found. */

/** Something that is not as the ledger left it. `seq` is the entry concerned or that vouches for it, where known. */
export interface Fault {
  readonly seq: number | null;
  /** chain | detail | personal | content | record | database */
  readonly what: string;
  /** Where it lies and what is wrong, one line. */
  readonly where: string;
}

/** Faults listed; more are counted. */
export const MOST_FAULTS = 1000;

/** Collects faults; reading that fails is one too. */
export class Findings {
  readonly faults: Fault[] = [];
  total = 0;

  add(seq: number | null, what: string, where: string): void {
    this.total += 1;
    if (this.faults.length < MOST_FAULTS) this.faults.push({ seq, what, where: where.replaceAll(/\s+/g, ' ') });
  }

  /** Runs a check; false where it could not be carried out to its end. */
  guard(what: string, where: string, check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      this.add(null, what, `${where}: ${error instanceof Error ? error.message : 'unreadable'}`);
      return false;
    }
  }
}
