/** How V8 keeps the heap of the daemon, which runs for months: docs/decisions/0018. */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

/**
 * By how many percent the heap may grow beyond what is alive before all of it is collected. Left to itself V8 lets a program that
 * makes much garbage grow to four times of that, and memory is what an operator has to plan with.
 */
const HEAP_GROWTH = 60;
/**
 * One of so many full collections puts together what is left in pages a fifth of which is empty. Left to itself V8 touches only
 * those that are mostly empty, so that half-empty ones become ever more; each time it would stop the program for longer.
 */
const COMPACT_ONE_OF = 4;

/** Calls back after full collections of this thread's heap, with how many there were since the last call. */
export type Collections = (collected: (many: number) => void) => void;

/** Sets V8's flags for this process, and goes on to set them after collections. */
export function keepHeapSmall(
  setFlag: (flag: string) => void = setFlagsFromString,
  collections: Collections = fullCollections,
): void {
  setFlag(`--heap-growing-percent=${HEAP_GROWTH}`);
  let count = 0;
  let compacts = false;
  collections((many) => {
    // The flag is looked at when a collection begins; it counts for the threads too, as far as theirs begin meanwhile.
    if (compacts) {
      setFlag('--no-optimize-for-size');
      compacts = false;
      count = 0;
      return;
    }
    count += many;
    if (count < COMPACT_ONE_OF - 1) return;
    setFlag('--optimize-for-size');
    compacts = true;
  });
}

function fullCollections(collected: (many: number) => void): void {
  new PerformanceObserver((list) => {
    let many = 0;
    for (const entry of list.getEntriesByType('gc')) {
      const { detail } = entry as typeof entry & { readonly detail?: { readonly kind?: number } };
      if (detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR) many++;
    }
    if (many > 0) collected(many);
  }).observe({ entryTypes: ['gc'] });
}
