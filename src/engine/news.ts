import type { KeyFacts } from '../detect/key-facts.ts';
import type { Conversations } from './conversation/conversations.ts';
import type { Findings } from './conversation/findings.ts';
import type { Lookups } from './names/lookups.ts';
import type { EvidenceFrame } from './options.ts';
import type { FactsTold } from './told.ts';

/** What a pipeline has to tell: of conversations and look-ups that ended, and, where it runs without end, of open ones. */
export class News {
  private readonly conversations: Conversations;
  private readonly lookups: Lookups;
  private readonly findings: Findings;
  private readonly endless: boolean;
  private over = false;

  constructor(conversations: Conversations, lookups: Lookups, findings: Findings, endless: boolean) {
    this.conversations = conversations;
    this.lookups = lookups;
    this.findings = findings;
    this.endless = endless;
  }

  /** What was found so far, key by key. */
  get finished(): KeyFacts[] {
    return [...this.findings.keys.values()];
  }

  /** What is new since the last call (src/engine/told.ts). `now`: time of the last packet, µs. */
  tell(now: number): FactsTold {
    const { conversations, lookups, findings } = this;
    if (!this.over) conversations.endClosed(now);
    const lookedUp = lookups.tell(this.over ? Number.POSITIVE_INFINITY : now);
    for (const [facts, frames] of lookedUp.ended) findings.add(facts, frames);
    const ended = this.finished;
    findings.keys.clear();
    const { open, closed } = conversations.news?.tell() ?? { open: [], closed: [] };
    // One line of numbers for both: even ones are conversations, odd ones look-ups.
    return {
      ended,
      open: [
        ...open.map(([n, facts]) => [n * 2, facts] as const),
        ...lookedUp.open.map(([n, facts]) => [n * 2 + 1, facts] as const),
      ],
      closed: [...closed.map((n) => n * 2), ...lookedUp.closed.map((n) => n * 2 + 1)],
    };
  }

  /** Frames behind these keys (`keyOf`), as told of last: of what ended and of what is open. */
  evidenceOf(keys: ReadonlySet<string>): Map<string, EvidenceFrame[]> {
    const found = new Map<string, EvidenceFrame[]>();
    for (const key of keys) found.set(key, this.findings.shelf.of(key));
    for (const [key, frames] of this.conversations.evidenceOf(keys)) found.get(key)?.push(...frames);
    for (const [key, frames] of this.lookups.evidenceOf(keys)) found.get(key)?.push(...frames);
    return found;
  }

  /** The evidence of what ended under these keys is no longer needed. */
  forgetEvidence(keys: Iterable<string>): void {
    for (const key of keys) this.findings.shelf.forget(key);
  }

  /** All conversations have ended: look-ups end too. Call once. */
  finish(): void {
    this.over = true;
    // Without end, look-ups were told of one by one: `tell` ends them the same way.
    if (this.endless) return;
    for (const [facts, frames] of this.lookups.facts()) this.findings.add(facts, frames);
  }
}
