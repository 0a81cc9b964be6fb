import type { KeyFacts } from '../detect/key-facts.ts';

/**
 * What a running engine has to tell since it was asked last. Whoever keeps it has, at any moment, exactly what all traffic so
 * far told: the facts of what ended, added up by key, and beside them the newest facts of each thing that is still open.
 */
export interface FactsTold {
  /** Of conversations that ended: adds to what is known of the key. */
  readonly ended: readonly KeyFacts[];
  /** Of open conversations that changed: replaces what was told of the same number before. Numbers are never used again. */
  readonly open: readonly (readonly [number: number, facts: readonly KeyFacts[]])[];
  /** Numbers of conversations told of as open that have ended: void, what they came to stands in `ended`. */
  readonly closed: readonly number[];
}

/** A pipeline that runs without end. */
export interface FactSource {
  /** What is new since the last call. The facts belong to the caller. */
  tell(): FactsTold;
}
