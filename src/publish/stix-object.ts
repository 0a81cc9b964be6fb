/** The set of objects a bundle is made of, and what all of them have in common. */

export type StixObject = { readonly type: string; readonly id: string } & Readonly<Record<string, unknown>>;

/**
 * `created` of objects that belong to no single lead (an enterprise, a place, an indicator, the extension): a time taken from
 * one lead would contradict the bundle of another. The day lies before the first cryptocurrency, so nothing is older.
 */
export const CONTENT_TIME = '2009-01-01T00:00:00.000Z';

/** Common values that stand in every object of a bundle. */
export interface StixFrame {
  readonly producer: string;
  readonly marking: string;
}

/** Objects by id; the same object from several leads stands once. */
export class StixObjects {
  readonly #byId = new Map<string, StixObject>();
  readonly #frame: StixFrame;

  constructor(frame: StixFrame) {
    this.#frame = frame;
  }

  get producer(): string {
    return this.#frame.producer;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** A cyber-observable object. */
  observable(type: string, id: string, properties: object): string {
    this.#byId.set(id, { type, spec_version: '2.1', id, object_marking_refs: [this.#frame.marking], ...properties });
    return id;
  }

  /** A domain or relationship object with its times. */
  object(
    type: string,
    id: string,
    times: { readonly created: string; readonly modified: string },
    properties: object,
  ): string {
    this.#byId.set(id, {
      type,
      spec_version: '2.1',
      id,
      created_by_ref: this.#frame.producer,
      created: times.created,
      modified: times.modified,
      object_marking_refs: [this.#frame.marking],
      ...properties,
    });
    return id;
  }

  /** All of them in an order that depends on nothing but their ids. */
  sorted(): StixObject[] {
    return [...this.#byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
