/** Whether the daemon may be sent traffic (readiness) and whether it still turns (liveness). */
import { visible } from '../cli/text.ts';
import type { DaemonStatus } from './status.ts';

/** Reasons shown at most, and characters of each. */
const MAX_REASONS = 50;
const MAX_REASON = 300;

/** Whether traffic is watched as the configuration wants it. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, one line each; empty where it is ready. */
  readonly reasons: readonly string[];
}

/** What /readyz answers. Addresses are taken out of the reasons: whoever reaches the port may read them. */
export function readiness(status: DaemonStatus): Readiness {
  if (status.ready) return { ready: true, reasons: [] };
  const reasons = status.notReady
    .slice(0, MAX_REASONS)
    .map((reason) => visible(maskAddresses(reason)).slice(0, MAX_REASON));
  if (status.notReady.length > MAX_REASONS) reasons.push(`and ${status.notReady.length - MAX_REASONS} more`);
  return { ready: false, reasons: reasons.length === 0 ? ['not ready; no reason given'] : reasons };
}

const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
/** At least two colons among hexadecimal digits; times of day have digits alone and fall under it too, which does no harm. */
const IPV6 = /(?<![\w:])(?=[0-9a-f.]{0,4}:[0-9a-f.]{0,4}:|::)[0-9a-f:.]{2,45}(?:%\w{1,16})?/gi;

function maskAddresses(text: string): string {
  return text
    .slice(0, 4 * MAX_REASON)
    .replace(IPV6, '[address]')
    .replace(IPV4, '[address]');
}

/**
 * Joins checks (one of each worker) into what the watchdog asks: true only where every check answered true within `seconds`. A
 * check that throws or rejects has not.
 */
export function createLiveness(
  checks: () => readonly (() => Promise<boolean>)[],
  seconds: number,
  after: (seconds: number, run: () => void) => () => void,
): () => Promise<boolean> {
  return () =>
    new Promise((resolve) => {
      const cancel = after(seconds, () => resolve(false));
      const answers = checks().map(async (check) => check());
      Promise.all(answers)
        .then((alive) => alive.every((one) => one === true))
        .catch(() => false)
        .then((alive) => {
          cancel();
          resolve(alive);
        });
    });
}
