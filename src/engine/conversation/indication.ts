import type { Indication } from '../../detect/facts.ts';
import type { Message } from '../../protocol/message.ts';
import type { Signature } from '../../signature/types.ts';
import { excerptOf } from '../evidence/excerpt.ts';

/** A signature that held on a message, as it is noted with a conversation. */
export function indicationOf(hit: Signature, m: Message): Indication {
  const proof = hit.status === 'stable' && (hit.kind === 'payload' || hit.kind === 'http') && hit.weight >= 0.9;
  return indicationAt(hit, m, proof, excerptOf(m));
}

/** A signature that held on anything that was sent: what, where it stands, and who sent it. */
export function indicationAt(
  hit: Signature,
  m: Pick<Message, 'place' | 'side'>,
  proof: boolean,
  excerpt: string,
): Indication {
  return {
    signature: hit.id,
    version: hit.version,
    kind: hit.kind,
    weight: hit.weight,
    family: hit.family,
    against: hit.against,
    proof,
    time: m.place.time,
    input: m.place.input,
    packet: m.place.packet,
    bytes: [m.place.from, m.place.to],
    // Where the signature knows who sends such a message, that decides who is who.
    side: m.side,
    from: hit.from,
    dialect: hit.dialect,
    excerpt,
  };
}
