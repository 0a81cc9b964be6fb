import { type BehaviourTest, type BehaviourView, isJudgeable } from './behaviour-test.ts';
import { points } from './points.ts';
import { fits, MEASURED } from './ratios.ts';

/**
 * Ports under which five or more pools of signatures/endpoints/hosts.csv are listed (state 2026-11), and those that DeCrypto and
 * its followers met (zenodo.org/record/7189293), without ports that other services use as much: web, mail, IRC, games, databases.
 */
export const MINING_PORTS: ReadonlySet<number> = new Set([
  3332, 3333, 3334, 3335, 3336, 3337, 3338, 3340, 3341, 3342, 3343, 3344, 3345, 3358, 3376, 3636, 4242, 4333, 4334,
  4444, 4445, 5555, 7778, 9009, 9998, 9999, 11111, 12433, 13333, 14433, 14444, 15555,
]);

/** One connection of so long (s), packets seen each way, and packets a second of both directions. */
const LASTING = 3600;
const MANY = 100;
const SLOWEST = 0.05;
const FASTEST = 12;
const POINTS = 9;

/** Everything that the published figures say of mining holds at once, in one connection of hours, on a port of mining. */
function isShape(v: BehaviourView): boolean {
  if (!isJudgeable(v) || v.raw[0] < MANY || v.raw[1] < MANY || v.longest < LASTING) return false;
  const rate = (v.packets[0] + v.packets[1]) / v.seconds;
  return rate >= SLOWEST && rate <= FASTEST && fits(v, MEASURED) && points(v) >= POINTS;
}

/**
 * The one test that speaks of servers nobody knows. Several clients of a server with the same shape do not stand in for the
 * port: push services have millions of those.
 */
export const unlistedTest: BehaviourTest = {
  id: 'unlisted',
  needs: ['sums'],
  judge(v) {
    if (v.named || !MINING_PORTS.has(v.serverPort) || !isShape(v)) return null;
    return { sign: 'flow-record:unlisted', text: `port ${v.serverPort} of mining, server not listed` };
  },
};
