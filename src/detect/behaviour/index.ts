import type { BehaviourTest } from './behaviour-test.ts';
import { pointsTest } from './points.ts';
import { bulkTest, ratiosTest } from './ratios.ts';
import { unlistedTest } from './unlisted.ts';

/**
 * Every test, in the order in which their signs are noted. A new one (rhythm of records, contrast at blocks, clients in step) is
 * a file beside these, a line here and a signature.
 */
export const BEHAVIOUR_TESTS: readonly BehaviourTest[] = [pointsTest, ratiosTest, bulkTest, unlistedTest];
