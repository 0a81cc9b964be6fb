import { dayOf } from '../../detect/day.ts';
import type { ConversationFacts } from '../../detect/facts.ts';
import type { FlowTable } from '../../flow/table.ts';
import type { KeptFrame } from '../evidence/kept-frame.ts';
import type { ProofFrames } from '../evidence/proof-frames.ts';
import { type OpenConversation, toldBy } from './conversation-facts.ts';
import { DayParts } from './day-parts.ts';
import type { Findings } from './findings.ts';

/** The days of a conversation, read from capture time `time` (µs) on; what each of them told goes to `findings` once it is over. */
export function daysOf(
  table: FlowTable,
  flow: number,
  opened: OpenConversation,
  time: number,
  findings: Findings,
): DayParts {
  const { conversation, version, words } = opened;
  const { proof } = conversation;
  return new DayParts(
    {
      get matched() {
        return conversation.matched;
      },
      payloads: conversation.payloads,
      sessions: () => conversation.sessions(),
      packets: (side) => table.packets(flow, side),
      bytes: (side) => table.bytes(flow, side),
      know: (held, last, ended) => {
        const seconds = Math.max(0, last - table.firstSeen(flow)) / 1e6;
        const own = [...held];
        const names = new Set(own.map((i) => i.signature));
        for (const i of conversation.soFar(seconds, version, words, ended)) {
          if (names.has(i.signature)) continue;
          names.add(i.signature);
          own.push(i);
        }
        const earlier = conversation.indications.filter((i) => !names.has(i.signature));
        return { told: toldBy(table, flow, opened, [...own, ...earlier]), own: names };
      },
      emit: (list) => {
        for (const facts of list) findings.add(facts, proof === null ? [] : framesOfDay(facts, proof));
      },
    },
    table.firstSeen(flow),
    time,
  );
}

/** Frames of the day of these facts, and earlier ones that prove what is still known on it. */
function framesOfDay(facts: ConversationFacts, proof: ProofFrames): KeptFrame[] {
  const named = new Set(facts.carried?.map((i) => `${i.input} ${i.packet}`));
  return proof
    .all()
    .filter(
      (f) => dayOf(f.time) === facts.day || (f.time < facts.lastSeen && named.has(`${f.input} ${f.of ?? f.packet}`)),
    );
}
