import { type BehaviourTest, type BehaviourView, bytesPerPacket, isJudgeable } from './behaviour-test.ts';

type Range = readonly [number, number];

/**
 * Means that survive sampling and any timeout of the exporter (the features of Munoz et al., M&N 2019, without the rates).
 * Ranges: 5 % to 95 % of the mining flows in the public sample of CESNET-MINER22 (zenodo.org/record/7189293). That sample is
 * nearly one coin and few pools, so that `WIDE` leaves room on both sides, and what fits weighs little.
 */
export interface Ratios {
  readonly bytesOut: Range;
  readonly bytesIn: Range;
  readonly bytes: Range;
  readonly packets: Range;
}
export const MEASURED: Ratios = {
  bytesOut: [47, 121],
  bytesIn: [158, 404],
  bytes: [0.16, 0.76],
  packets: [0.91, 1.25],
};
export const WIDE: Ratios = { bytesOut: [44, 180], bytesIn: [80, 600], bytes: [0.1, 1], packets: [0.6, 1.7] };

/** Whether bytes a packet in both directions and the ratios of both directions lie within. */
export function fits(v: BehaviourView, ratios: Ratios): boolean {
  return (
    within(bytesPerPacket(v, 0), ratios.bytesOut) &&
    within(bytesPerPacket(v, 1), ratios.bytesIn) &&
    within(v.bytes[0] / Math.max(1, v.bytes[1]), ratios.bytes) &&
    within(v.packets[0] / Math.max(1, v.packets[1]), ratios.packets)
  );
}

function within(n: number, [least, most]: Range): boolean {
  return n >= least && n <= most;
}

export const ratiosTest: BehaviourTest = {
  id: 'ratios',
  needs: ['sums'],
  judge(v) {
    if (!isJudgeable(v) || !fits(v, WIDE)) return null;
    const ratio = (v.bytes[0] / Math.max(1, v.bytes[1])).toFixed(2);
    return { sign: 'flow-record:ratios', text: `ratio of bytes ${ratio}` };
  },
};

/**
 * Full segments, or many packets one way for one the other, faster (bytes a second) than 95 of 100 mining flows of the sample:
 * somebody moves files, whatever the server is called. Slow large messages are no sign, since an Equihash share has 1.4 kB.
 */
const BULK_BYTES = 900;
const BULK_RATIO = 5;
const BULK_RATE = 5000;
const BULK_PACKETS = 50;

export const bulkTest: BehaviourTest = {
  id: 'bulk',
  needs: ['sums'],
  judge(v) {
    if (v.raw[0] + v.raw[1] < BULK_PACKETS || v.bytes[0] + v.bytes[1] < BULK_RATE * (v.active + 1)) return null;
    const most = Math.max(bytesPerPacket(v, 0), bytesPerPacket(v, 1));
    const [out, back] = v.packets;
    // Where one direction alone is exported, there is no ratio.
    const apart = v.raw[0] > 0 && v.raw[1] > 0 && (out > BULK_RATIO * back || back > BULK_RATIO * out);
    if (most < BULK_BYTES && !apart) return null;
    return { sign: 'flow-record:bulk', text: `data in bulk, ${Math.round(most)} bytes a packet` };
  },
};
