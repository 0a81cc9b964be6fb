/**
 * What the numbers in natEvent (element 230) mean: RFC 8158 (https://www.rfc-editor.org/rfc/rfc8158) and the draft before
 * it, which some exporters still send (draft-ietf-behave-ipfix-nat-logging-02). Nothing in a message says which, so an
 * exporter has a profile: given, or found out from events that only one of them can mean.
 */

export type NatProfile = 'rfc8158' | 'draft';
export type NatEventKind = 'session' | 'binding' | 'block' | 'address' | 'exhausted' | 'quota' | 'threshold';

export interface NatEventMeaning {
  readonly kind: NatEventKind;
  readonly action: 'begin' | 'end' | 'interim' | null;
  /** Family of the inside address; 0 where either may stand. */
  readonly inside: 0 | 4 | 6;
}

function meaning(kind: NatEventKind, action: NatEventMeaning['action'], inside: 0 | 4 | 6 = 0): NatEventMeaning {
  return { kind, action, inside };
}

const RFC8158: ReadonlyMap<number, NatEventMeaning> = new Map([
  [3, meaning('exhausted', null)],
  [4, meaning('session', 'begin', 4)],
  [5, meaning('session', 'end', 4)],
  [6, meaning('session', 'begin', 6)],
  [7, meaning('session', 'end', 6)],
  [8, meaning('binding', 'begin', 4)],
  [9, meaning('binding', 'end', 4)],
  [10, meaning('binding', 'begin', 6)],
  [11, meaning('binding', 'end', 6)],
  [12, meaning('exhausted', null)],
  [13, meaning('quota', null)],
  [14, meaning('address', 'begin')],
  [15, meaning('address', 'end')],
  [16, meaning('block', 'begin')],
  [17, meaning('block', 'end')],
  [18, meaning('threshold', null)],
]);

const DRAFT: ReadonlyMap<number, NatEventMeaning> = new Map([
  [1, meaning('session', 'begin', 4)],
  [2, meaning('session', 'end', 4)],
  [3, meaning('exhausted', null)],
  [4, meaning('session', 'begin', 6)],
  [5, meaning('session', 'end', 6)],
  [6, meaning('binding', 'begin', 4)],
  [7, meaning('binding', 'end', 4)],
  [8, meaning('binding', 'begin', 6)],
  [9, meaning('binding', 'end', 6)],
  [10, meaning('exhausted', null)],
  [11, meaning('quota', null)],
  [12, meaning('address', 'begin')],
  [13, meaning('address', 'end')],
  [14, meaning('block', 'begin')],
  [15, meaning('block', 'end')],
  [16, meaning('block', 'interim')],
]);

/** Meaning of an event number under a profile, or null where it has none. */
export function natEventMeaning(profile: NatProfile, event: number): NatEventMeaning | null {
  return (profile === 'rfc8158' ? RFC8158 : DRAFT).get(event) ?? null;
}

/** What a record carries that tells the profiles apart. */
export interface NatEventSigns {
  readonly event: number;
  /** Family of the inside address, 0 without one. */
  readonly inside: 0 | 4 | 6;
  readonly outsidePort: boolean;
  readonly portBlock: boolean;
}

/** Could an event of this meaning carry these fields? */
function fits(meant: NatEventMeaning | null, signs: NatEventSigns): boolean {
  if (meant === null) return false;
  if (meant.kind === 'block') return signs.inside !== 0 && signs.portBlock;
  if (meant.kind === 'session' || meant.kind === 'binding') {
    return signs.inside !== 0 && signs.inside === meant.inside && signs.outsidePort && !signs.portBlock;
  }
  return meant.kind === 'address' ? signs.inside !== 0 && !signs.outsidePort && !signs.portBlock : !signs.portBlock;
}

/** The only profile under which a record makes sense, or null where both or neither do. */
export function profileOf(signs: NatEventSigns): NatProfile | null {
  const rfc = fits(natEventMeaning('rfc8158', signs.event), signs);
  const draft = fits(natEventMeaning('draft', signs.event), signs);
  return rfc === draft ? null : rfc ? 'rfc8158' : 'draft';
}

/** Does a record make sense under this profile? */
export function fitsProfile(profile: NatProfile, signs: NatEventSigns): boolean {
  return fits(natEventMeaning(profile, signs.event), signs);
}
