import { networkInterfaces } from 'node:os';
import { canonicalAddress } from '../../engine/address.ts';

/** Addresses of this machine in canonical text form; empty where the system does not tell. */
export function localAddresses(): string[] {
  try {
    const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    return [...new Set(all.flatMap(({ address }) => canonicalAddress(address.replace(/%.*$/, '')) ?? []))];
  } catch {
    // Without rights to ask the system (some sandboxes) nothing is known.
    return [];
  }
}

/**
 * The sensor's own addresses, so that its look-ups of pool names are not taken for those of a customer. Which port a query left
 * from is not to be had from node:dns: every look-up of these addresses is left out, also by other programs of the machine.
 */
export class OwnAddresses {
  private readonly read: () => readonly string[];
  private known: ReadonlySet<string> = new Set();

  /** `read` gives the addresses as text. Asks for them once. */
  constructor(read: () => readonly string[] = localAddresses) {
    this.read = read;
    this.refresh();
  }

  /** In canonical text form. */
  get addresses(): ReadonlySet<string> {
    return this.known;
  }

  /** Looks again. True where something changed. An empty answer leaves what was known. */
  refresh(): boolean {
    const now = new Set(this.read().flatMap((text) => canonicalAddress(text) ?? []));
    if (now.size === 0 || (now.size === this.known.size && [...now].every((one) => this.known.has(one)))) return false;
    this.known = now;
    return true;
  }

  /** Whether an address (canonical text form) is one of this machine. */
  has(address: string): boolean {
    return this.known.has(address);
  }
}
