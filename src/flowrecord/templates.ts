import { compilePlan, type Plan, TRIPLE } from './plan.ts';

/** Fields of one template: the longest in the field have some eighty. With the plan about 4 KiB each at most. */
export const MAX_FIELDS = 256;
/** Templates of one domain. */
export const MAX_DOMAIN_TEMPLATES = 256;
/** Templates of one collector, over all exporters: 8192 of the greatest are about 32 MiB. */
export const MAX_TEMPLATES = 8192;

/** How many templates there are and may be, shared by all domains of a collector. */
export interface TemplateBudget {
  used: number;
  /** How often one came, changed or went. */
  changes: number;
  readonly limit: number;
  /** Templates are forgotten after so long without refresh, µs; Infinity = never (files). */
  readonly timeout: number;
}

/** What came of a template that was offered. */
export const Offer = { Kept: 0, Bad: 1, Crowded: 2 } as const;

class Kept {
  readonly plan: Plan;
  /** When it was last sent, and last used by data, µs. */
  seen: number;
  used = 0;

  constructor(plan: Plan, seen: number) {
    this.plan = plan;
    this.seen = seen;
  }
}

/** A template as plain data. */
export interface TemplateState {
  readonly id: number;
  readonly scopes: number;
  readonly seen: number;
  /** Enterprise, element, length of each field. */
  readonly fields: readonly number[];
}

/** The templates of one observation domain (RFC 7011 §8, RFC 3954 §9), of flows and of options alike: they share numbers. */
export class Templates {
  private readonly kept: Map<number, Kept> = new Map<number, Kept>();
  private readonly budget: TemplateBudget;

  constructor(budget: TemplateBudget) {
    this.budget = budget;
  }

  get size(): number {
    return this.kept.size;
  }

  /** The template with this number, unless it was not refreshed for too long. */
  get(id: number, time: number): Plan | null {
    const found = this.kept.get(id);
    if (found === undefined) return null;
    if (time - found.seen > this.budget.timeout) {
      this.drop(id);
      return null;
    }
    found.used = time;
    return found.plan;
  }

  /**
   * Takes a template: the first `count` fields of `scratch`, three numbers each. One that is there already is refreshed, another
   * of the same number replaced. Where there is no room, the one unused for longest in this domain gives way: templates that no
   * data follows, as in a storm, go first. `Crowded` says that one gave way or that this one was refused.
   */
  offer(id: number, scratch: Int32Array, count: number, scopes: number, time: number): number {
    const found = this.kept.get(id);
    if (found !== undefined && found.plan.scopes === scopes && same(found.plan.fields, scratch, count)) {
      found.seen = time;
      return Offer.Kept;
    }
    const plan = compilePlan(id, scratch.slice(0, count * TRIPLE), scopes);
    if (plan === null) return Offer.Bad;
    if (found !== undefined) this.drop(id);
    let outcome: number = Offer.Kept;
    if (this.kept.size >= MAX_DOMAIN_TEMPLATES || this.budget.used >= this.budget.limit) {
      outcome = Offer.Crowded;
      if (!this.makeRoom()) return outcome;
    }
    this.kept.set(id, new Kept(plan, time));
    this.budget.used++;
    this.budget.changes++;
    return outcome;
  }

  withdraw(id: number): void {
    this.drop(id);
  }

  /** Withdraws all templates of options or all of flows (RFC 7011 §8.1). */
  withdrawAll(options: boolean): void {
    for (const [id, { plan }] of this.kept) if (plan.scopes >= 0 === options) this.drop(id);
  }

  /** Forgets what was not refreshed for too long. */
  expire(time: number): void {
    for (const [id, { seen }] of this.kept) if (time - seen > this.budget.timeout) this.drop(id);
  }

  clear(): void {
    this.budget.used -= this.kept.size;
    this.kept.clear();
  }

  exportState(): TemplateState[] {
    return [...this.kept.values()].map(({ plan, seen }) => ({
      id: plan.id,
      scopes: plan.scopes,
      seen,
      fields: [...plan.fields],
    }));
  }

  private drop(id: number): void {
    if (!this.kept.delete(id)) return;
    this.budget.used--;
    this.budget.changes++;
  }

  private makeRoom(): boolean {
    let oldest: Kept | null = null;
    for (const one of this.kept.values()) {
      if (oldest === null || one.used < oldest.used || (one.used === oldest.used && one.seen < oldest.seen))
        oldest = one;
    }
    if (oldest === null) return false;
    this.drop(oldest.plan.id);
    return true;
  }
}

function same(fields: Int32Array, scratch: Int32Array, count: number): boolean {
  if (fields.length !== count * TRIPLE) return false;
  for (let i = 0; i < fields.length; i++) if (fields[i] !== scratch[i]) return false;
  return true;
}
