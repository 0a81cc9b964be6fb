import { Anomaly } from '../common/anomaly.ts';
import { DONE_NONE, type Layer, NEXT_LLC, type Step, stop } from './layer.ts';
import type { Packet } from './packet.ts';

const LINK_TRUNCATED = Anomaly['link.truncated'];

const TYPE_MASK = 0x000c;
const TYPE_DATA = 0x0008;
const SUBTYPE_NULL = 0x0040;
const SUBTYPE_QOS = 0x0080;
const BOTH_DISTRIBUTION = 0x0300;
const PROTECTED = 0x4000;
const ORDER = 0x8000;
const QOS_AMSDU = 0x0080;
const AMSDU_SUBHEADER = 14;

const RADIOTAP_MIN = 8;
const RADIOTAP_TSFT = 1;
const RADIOTAP_FLAGS = 2;
const RADIOTAP_DATA_PAD = 0x20;
/** Present words are chained by bit 31; drivers use up to four. */
const MAX_PRESENT_WORDS = 16;

/**
 * IEEE 802.11 §9.2 data frame in clear, all fields little endian. Management, control, null, encrypted and continued
 * frames carry nothing for us. Of an aggregate (A-MSDU) the first subframe is read. `padded`: the header is filled up to
 * a multiple of four bytes, as radiotap may say.
 */
export function decodeWlan(
  view: DataView,
  off: number,
  end: number,
  padded: boolean,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < 2) return stop(p, counters, LINK_TRUNCATED);
  const control = view.getUint16(off, true);
  if ((control & TYPE_MASK) !== TYPE_DATA || (control & (SUBTYPE_NULL | PROTECTED)) !== 0) return DONE_NONE;
  if (end - off < 24) return stop(p, counters, LINK_TRUNCATED);
  if ((view.getUint8(off + 22) & 0x0f) !== 0) return DONE_NONE;
  let header = (control & BOTH_DISTRIBUTION) === BOTH_DISTRIBUTION ? 30 : 24;
  let aggregate = false;
  if ((control & SUBTYPE_QOS) !== 0) {
    if (end - off < header + 2) return stop(p, counters, LINK_TRUNCATED);
    aggregate = (view.getUint16(off + header, true) & QOS_AMSDU) !== 0;
    header += 2;
    if ((control & ORDER) !== 0) header += 4;
  }
  if (padded) header = (header + 3) & ~3;
  if (aggregate) header += AMSDU_SUBHEADER;
  if (header > end - off) return stop(p, counters, LINK_TRUNCATED);
  layer.off = off + header;
  return NEXT_LLC;
}

/** Radiotap (https://www.radiotap.org): version, pad, length, present words (little endian), fields; then IEEE 802.11. */
export function decodeRadiotap(
  view: DataView,
  off: number,
  end: number,
  p: Packet,
  counters: Float64Array,
  layer: Layer,
): Step {
  if (end - off < RADIOTAP_MIN) return stop(p, counters, LINK_TRUNCATED);
  const length = view.getUint16(off + 2, true);
  if (length < RADIOTAP_MIN || length > end - off) return stop(p, counters, LINK_TRUNCATED);
  const present = view.getInt32(off + 4, true);
  return decodeWlan(view, off + length, end, hasDataPad(view, off, length, present), p, counters, layer);
}

function hasDataPad(view: DataView, off: number, length: number, present: number): boolean {
  if ((present & RADIOTAP_FLAGS) === 0) return false;
  let at = RADIOTAP_MIN;
  let word = present;
  for (let count = 1; word < 0; count++) {
    if (count === MAX_PRESENT_WORDS || length - at < 4) return false;
    word = view.getInt32(off + at, true);
    at += 4;
  }
  if ((present & RADIOTAP_TSFT) !== 0) at = ((at + 7) & ~7) + 8;
  return at < length && (view.getUint8(off + at) & RADIOTAP_DATA_PAD) !== 0;
}
