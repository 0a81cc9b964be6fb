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
  /** Port of the exporter from which it came first, -1 = not known. */
  readonly port: number;
  /** When it was last sent, and last used by data, µs. */
  seen: number;
  used = 0;

  constructor(plan: Plan, port: number, seen: number) {
    this.plan = plan;
    this.port = port;
    this.seen = seen;
  }
}

/** A template as plain data. */
export interface TemplateState {
  readonly id: number;
  readonly scopes: number;
  /** Port of the exporter from which it came first, -1 = not known. */
  readonly port?: number | undefined;
  readonly seen: number;
  /** Enterprise, element, length of each field. */
  readonly fields: readonly number[];
}

/**
 * The templates of one observation domain (RFC 7011 §8, RFC 3954 §9), of flows and of options alike: they share numbers. Several
 * exporters behind one address may give the same number to different templates; over UDP their ports tell them apart (RFC 7011 §8.4).
 * Where ports agree, or only one sends templates, they share them; a port that sends none takes what was sent last.
 */
export class Templates {
  /** By number, and those that contradict them, by `keyOf` number and port. */
  private readonly kept: Map<number, Kept> = new Map<number, Kept>();
  private contradicting = 0;
  private readonly budget: TemplateBudget;

  constructor(budget: TemplateBudget) {
    this.budget = budget;
  }

  get size(): number {
    return this.kept.size;
  }

  /** The template with this number for data from `port`, unless it was not refreshed for too long. */
  get(id: number, port: number, time: number): Plan | null {
    const found = this.contradicting === 0 ? this.fresh(id, time) : this.nearest(id, port, time);
    if (found === null) return null;
    found.used = time;
    return found.plan;
  }

  /** The template of the port itself, else the one that was sent last. */
  private nearest(id: number, port: number, time: number): Kept | null {
    const own = this.fresh(keyOf(id, port), time);
    if (own !== null) return own;
    let last = this.fresh(id, time);
    if (last?.port === port) return last;
    for (const one of this.kept.values()) {
      const counts = one.plan.id === id && time - one.seen <= this.budget.timeout;
      if (counts && (last === null || one.seen > last.seen)) last = one;
    }
    return last;
  }

  private fresh(key: number, time: number): Kept | null {
    const found = this.kept.get(key);
    if (found === undefined) return null;
    if (time - found.seen <= this.budget.timeout) return found;
    this.drop(key);
    return null;
  }

  /**
   * Takes a template: the first `count` fields of `scratch`, three numbers each. One that is there already is refreshed, another
   * of the same number replaced. Where there is no room, the one unused for longest in this domain gives way: templates that no
   * data follows, as in a storm, go first. `Crowded` says that one gave way or that this one was refused. `port`: of the exporter.
   */
  offer(id: number, scratch: Int32Array, count: number, scopes: number, port: number, time: number): number {
    const own = keyOf(id, port);
    const shared = this.fresh(id, time);
    if (shared !== null && shared.plan.scopes === scopes && same(shared.plan.fields, scratch, count)) {
      shared.seen = time;
      // It agrees with the others again.
      if (this.contradicting > 0) this.drop(own);
      return Offer.Kept;
    }
    const isOwn = this.kept.has(own) || (shared !== null && shared.port !== port && shared.port !== -1);
    const key = isOwn ? own : id;
    const found = this.kept.get(key);
    if (found !== undefined && found.plan.scopes === scopes && same(found.plan.fields, scratch, count)) {
      found.seen = time;
      return Offer.Kept;
    }
    const plan = compilePlan(id, scratch.slice(0, count * TRIPLE), scopes);
    if (plan === null) return Offer.Bad;
    if (found !== undefined) this.drop(key);
    let outcome: number = Offer.Kept;
    if (this.kept.size >= MAX_DOMAIN_TEMPLATES || this.budget.used >= this.budget.limit) {
      outcome = Offer.Crowded;
      if (!this.makeRoom()) return outcome;
    }
    this.kept.set(key, new Kept(plan, port, time));
    if (key !== id) this.contradicting++;
    this.budget.used++;
    this.budget.changes++;
    return outcome;
  }

  withdraw(id: number): void {
    for (const [key, { plan }] of this.kept) if (plan.id === id) this.drop(key);
  }

  /** Withdraws all templates of options or all of flows (RFC 7011 §8.1). */
  withdrawAll(options: boolean): void {
    for (const [key, { plan }] of this.kept) if (plan.scopes >= 0 === options) this.drop(key);
  }

  /** Forgets what was not refreshed for too long. */
  expire(time: number): void {
    for (const [key, { seen }] of this.kept) if (time - seen > this.budget.timeout) this.drop(key);
  }

  clear(): void {
    this.budget.used -= this.kept.size;
    this.kept.clear();
    this.contradicting = 0;
  }

  exportState(): TemplateState[] {
    // Those that contradict others come behind them, and do so again when they are taken up.
    const inOrder = [...this.kept].sort(([a], [b]) => a - b);
    return inOrder.map(([, { plan, port, seen }]) => ({
      id: plan.id,
      scopes: plan.scopes,
      port,
      seen,
      fields: [...plan.fields],
    }));
  }

  private drop(key: number): void {
    if (!this.kept.delete(key)) return;
    if (key > LAST_ID) this.contradicting--;
    this.budget.used--;
    this.budget.changes++;
  }

  private makeRoom(): boolean {
    let oldest: Kept | null = null;
    let oldestKey = 0;
    for (const [key, one] of this.kept) {
      if (oldest !== null && (one.used > oldest.used || (one.used === oldest.used && one.seen >= oldest.seen)))
        continue;
      oldest = one;
      oldestKey = key;
    }
    if (oldest === null) return false;
    this.drop(oldestKey);
    return true;
  }
}

/** Numbers of templates have 16 bits; keys beyond them hold a port, too. */
const LAST_ID = 0xffff;

function keyOf(id: number, port: number): number {
  return (port + 1) * (LAST_ID + 1) + id;
}

function same(fields: Int32Array, scratch: Int32Array, count: number): boolean {
  if (fields.length !== count * TRIPLE) return false;
  for (let i = 0; i < fields.length; i++) if (fields[i] !== scratch[i]) return false;
  return true;
}
