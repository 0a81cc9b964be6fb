import { type Dialect, Fit } from '../../dialect/dialect.ts';
import { DIALECTS } from '../../dialect/index.ts';
import { MiningSession } from '../../dialect/session.ts';
import { unknownMining } from '../../dialect/unknown-mining.ts';
import type { Message } from '../../protocol/message.ts';
import type { DayParts } from './day-parts.ts';

/** Messages kept from before anything spoke of mining, so that answers find their place in the session. */
const MAX_EARLY = 32;

/** The last one takes what fits none of the others. */
const ALL_DIALECTS: readonly Dialect[] = [...DIALECTS, unknownMining];

interface Candidate {
  readonly dialect: Dialect;
  readonly session: MiningSession;
  fit: Fit;
}

/** The dialects that a conversation may be in, each with the session that its messages make. */
export class Candidates {
  /** Some dialect is certain. */
  sure = false;
  private list: Candidate[] = [];
  /** Dialects that a message ruled out. A list, because a bit set would end at 32 dialects. */
  private readonly excluded: Dialect[] = [];
  private early: Message[] | null = [];

  /** No dialect has shown itself. */
  get empty(): boolean {
    return this.list.length === 0;
  }

  /** The sessions of all dialects that may fit. */
  *sessions(): Generator<MiningSession> {
    for (const { session } of this.list) yield session;
  }

  /**
   * Lets every dialect that may fit see the message; opens those that it speaks for, drops those that it excludes. `days`: of
   * the conversation, where windows are days.
   */
  advance(m: Message, days: DayParts | null): void {
    let opened = false;
    for (const dialect of ALL_DIALECTS) {
      if (this.excluded.includes(dialect)) continue;
      const fit = dialect.probe(m);
      if (fit === Fit.None) continue;
      const known = this.list.find((c) => c.dialect === dialect);
      if (fit === Fit.Never) {
        // A message of another dialect does not undo what was certain: it is a malformed one of this.
        if (known?.fit === Fit.Sure) continue;
        this.excluded.push(dialect);
        if (known) this.list.splice(this.list.indexOf(known), 1);
      } else if (known) {
        if (fit === Fit.Sure && known.fit !== Fit.Sure) this.settle(known);
      } else if (!this.list.some((c) => c.dialect.group === dialect.group && c.fit === Fit.Sure)) {
        const candidate: Candidate = { dialect, session: new MiningSession(), fit: Fit.Possible };
        for (const message of this.early ?? []) {
          feed(candidate, message);
          days?.adopt(candidate.session, message.place.time);
        }
        this.list.push(candidate);
        opened = true;
        if (fit === Fit.Sure) this.settle(candidate);
      }
    }
    this.feed(m);
    if (this.early) {
      if (opened || this.list.length > 0) {
        // A dialect that shows itself later starts from the same messages while they are few.
        if (this.early.length < MAX_EARLY) this.early.push(m);
        else this.early = null;
      } else {
        this.early.push(m);
        if (this.early.length > MAX_EARLY) this.early.shift();
      }
    }
  }

  /** Lets the sessions read a message that tells nothing of the dialect. */
  feed(m: Message): void {
    for (const candidate of this.list) feed(candidate, m);
  }

  /** Answers to requests that are open may have been lost. */
  forgetPending(): void {
    for (const { session } of this.list) session.forgetPending();
  }

  /** No dialect will show itself any more. */
  finish(): void {
    this.early = null;
  }

  /** Per group the dialect that is sure, or the likeliest; those merely possible only where none is sure. */
  results(): { dialect: Dialect; session: MiningSession }[] {
    const sure = this.list.filter((c) => c.fit === Fit.Sure);
    if (sure.length > 0) return sure;
    let best: Candidate | null = null;
    for (const c of this.list) if (!best || c.dialect.priority > best.dialect.priority) best = c;
    return best ? [best] : [];
  }

  /** This dialect it is: the others of its group go. */
  private settle(candidate: Candidate): void {
    candidate.fit = Fit.Sure;
    this.sure = true;
    this.list = this.list.filter(
      (c) => c === candidate || c.dialect.group !== candidate.dialect.group || c.fit === Fit.Sure,
    );
  }
}

function feed(candidate: Candidate, m: Message): void {
  candidate.session.tick(m.place.time);
  candidate.dialect.feed(candidate.session, m);
}
