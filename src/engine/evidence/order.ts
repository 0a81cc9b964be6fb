import type { EvidenceFrame } from '../options.ts';

/** Frames kept for a key: those that prove something, and others. */
const MAX_PROOFS = 256;
const MAX_OTHERS = 384;

/** Order of evidence: capture time, then file and packet. */
export function byTime(a: EvidenceFrame, b: EvidenceFrame): number {
  return a.time - b.time || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.packet - b.packet);
}

/**
 * What is kept of the frames of one key: the earliest that prove something, and the earliest others; of surroundings those
 * of the earliest conversations, since they are of use only as a whole. The outcome does not depend on the order in which
 * conversations end.
 */
export function ofKey(frames: readonly EvidenceFrame[]): EvidenceFrame[] {
  const proofs = frames.filter((f) => f.kind === 'proof').sort(byTime);
  const others = frames.filter((f) => f.kind !== 'proof').sort(byConversation);
  return [...proofs.slice(0, MAX_PROOFS), ...others.slice(0, MAX_OTHERS)].sort(byTime);
}

/**
 * `ofKey` of both, where `known` is what it gave before. Where a key is full, nearly all that comes is too late for it: that is
 * seen without sorting.
 */
export function withFrames(known: EvidenceFrame[], more: readonly EvidenceFrame[]): EvidenceFrame[] {
  const proofs = known.filter((f) => f.kind === 'proof');
  const others = known.filter((f) => f.kind !== 'proof');
  const lastProof = proofs.length < MAX_PROOFS ? null : last(proofs, byTime);
  const lastOther = others.length < MAX_OTHERS ? null : last(others, byConversation);
  const wanted = more.filter((f) =>
    f.kind === 'proof'
      ? lastProof === null || byTime(f, lastProof) < 0
      : lastOther === null || byConversation(f, lastOther) < 0,
  );
  return wanted.length === 0 ? known : ofKey([...known, ...wanted]);
}

function last(
  frames: readonly EvidenceFrame[],
  order: (a: EvidenceFrame, b: EvidenceFrame) => number,
): EvidenceFrame | null {
  return frames.reduce<EvidenceFrame | null>((most, f) => (most === null || order(f, most) > 0 ? f : most), null);
}

/**
 * At most `limit` frames of one detection, in order of time: those that `proves` says are named by an indication; then the
 * openings and lengths of their conversations; then the others.
 */
export function ofDetection(
  frames: readonly EvidenceFrame[],
  proves: (frame: EvidenceFrame) => boolean,
  limit: number,
): EvidenceFrame[] {
  const named = unique(frames.filter(proves).sort(byTime));
  const conversations = new Set(named.map(conversationOf));
  const others = frames.filter((f) => !proves(f));
  const needed = others.filter((f) => isSurrounding(f) && conversations.has(conversationOf(f))).sort(byConversation);
  const rest = others.filter((f) => !(isSurrounding(f) && conversations.has(conversationOf(f)))).sort(byTime);
  return unique([...named, ...needed, ...rest])
    .slice(0, limit)
    .sort(byTime);
}

/** A look-up can have led to several conversations. */
function unique(frames: readonly EvidenceFrame[]): EvidenceFrame[] {
  const seen = new Map<string, EvidenceFrame>();
  for (const f of frames) {
    const name = `${f.file}\n${f.packet}`;
    if (!seen.has(name)) seen.set(name, f);
  }
  return [...seen.values()];
}

/** Of use only with its conversation: an opening, a look-up, the headers that show how long it went on. */
export function isSurrounding({ kind }: EvidenceFrame): boolean {
  return kind === 'opening' || kind === 'look_up' || kind === 'sample';
}

function byConversation(a: EvidenceFrame, b: EvidenceFrame): number {
  const [x, y] = [a.begun, b.begun];
  // Ordinary ones stand in order of time alone.
  if (!isSurrounding(a) || !isSurrounding(b) || x === undefined || y === undefined) return byTime(a, b);
  return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || byTime(a, b);
}

function conversationOf({ begun }: EvidenceFrame): string {
  return begun === undefined ? '' : begun.join();
}
