import { type BehaviourTest, type BehaviourView, bytesPerPacket, isJudgeable } from './behaviour-test.ts';

/** Points from which on the authors' program reports, of 13. */
const ENOUGH_POINTS = 9;

/**
 * The hand-made score in the program of Vesely and Zadnik (Digital Investigation 31, 2019; github.com/CESNET/Nemea-Detectors,
 * miner_detector): sums over the records from client to server. Where packets are sampled, packets a record and flags say
 * nothing, so that their points are lost and the rest must hold almost entirely. Its decision tree is left out, because it was
 * fitted to one capture of 15 minutes.
 */
export function points(v: BehaviourView): number {
  const [records] = v.records;
  const perPacket = bytesPerPacket(v, 0);
  const perMinute = v.active >= 5 ? v.packets[0] / (v.active / 60) : 0;
  let sum = 0;
  if (perPacket > 50 && perPacket < 130) sum += 2;
  if (perMinute >= 8 && perMinute <= 30) sum += 2;
  // Requests go from the higher port to the lower; known of the newest connection.
  if (v.clientPort > v.serverPort) sum += 3;
  if (v.active >= 300) sum += 3;
  if (v.samplingRate > 1) return sum;
  if (v.flagged > 0 && v.ackPush >= 0.8 * v.flagged) sum += 2;
  const perRecord = records > 0 ? v.packets[0] / records : 0;
  if (records > 0 && (perRecord < 10 || perRecord > 20)) sum += 1;
  return sum;
}

export const pointsTest: BehaviourTest = {
  id: 'points',
  needs: ['sums'],
  judge(v) {
    if (!isJudgeable(v)) return null;
    const sum = points(v);
    return sum < ENOUGH_POINTS ? null : { sign: 'flow-record:points', text: `${sum} of 13 points of shape` };
  },
};
