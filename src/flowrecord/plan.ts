import { type Field, fieldOf, Kind, Slot, VARIABLE } from './fields.ts';

/** Numbers of one step: kind, slot, offset within the record (or number of the field, where lengths vary), length. */
export const STEP = 4;

/** Fields of a template as read from the wire: three numbers each. */
export const TRIPLE = 3;

/** A template made ready: which bytes of a record go where. Immutable. */
export interface Plan {
  readonly id: number;
  /** Enterprise, element and length of each field in order; what makes two templates the same. */
  readonly fields: Int32Array;
  /** Scope fields of an options template (they come first); -1 for a template of flows. */
  readonly scopes: number;
  /** Bytes of a record; the least, where lengths vary. Never 0. */
  readonly length: number;
  readonly variable: boolean;
  /** STEP numbers for each field that is kept. */
  readonly steps: Int32Array;
  /** Records carry both addresses and a count, so that they tell of flows. */
  readonly flows: boolean;
  /** 4 or 6; 0 where records carry fields of both families and tell which holds. */
  readonly family: 4 | 6 | 0;
  /** Both directions are counted as those of the initiator, who is the source, and of the responder (Cisco ASA). */
  readonly initiator: boolean;
  /** All counts are totals of the flow since it began, none what was added since the last record. */
  readonly totals: boolean;
}

const UNSIGNED_BY_LENGTH: readonly number[] = [-1, Kind.U8, Kind.U16, Kind.Unsigned, Kind.U32];

/**
 * How a field of this length is read; -1 where it cannot be. Integers may be exported in fewer bytes than they have
 * (reduced-size encoding, RFC 7011 §6.2), times and addresses may not.
 */
function kindFor(field: Field, length: number): number {
  switch (field.kind) {
    case Kind.Unsigned:
      if (length === VARIABLE) return Kind.Unsigned;
      if (length === 8) return Kind.U64;
      if (length > 8) return -1;
      return UNSIGNED_BY_LENGTH[length] ?? Kind.Unsigned;
    case Kind.DurationMilliseconds:
    case Kind.DeltaMicroseconds:
    case Kind.Seconds:
      return length === 4 ? field.kind : -1;
    case Kind.Milliseconds:
    case Kind.Ntp:
      return length === 8 ? field.kind : -1;
    case Kind.Source4:
    case Kind.Destination4:
    case Kind.Int32:
      return length === 4 ? field.kind : -1;
    default:
      return length === 16 ? field.kind : -1;
  }
}

interface Chosen {
  readonly element: number;
  readonly kind: number;
  readonly slot: number;
  readonly rank: number;
  readonly offset: number;
  readonly index: number;
  readonly length: number;
}

/** The better of each slot; addresses of both families stand beside each other. */
function choose(fields: Int32Array): Map<number, Chosen> {
  const chosen = new Map<number, Chosen>();
  let offset = 0;
  for (let index = 0; index * TRIPLE < fields.length; index++) {
    const length = fields[index * TRIPLE + 2] as number;
    const element = fields[index * TRIPLE + 1] as number;
    const field = fieldOf(fields[index * TRIPLE] as number, element);
    const kind = field === undefined ? -1 : kindFor(field, length);
    if (field !== undefined && kind >= 0) {
      const four = field.kind === Kind.Source4 || field.kind === Kind.Destination4;
      const six = field.kind === Kind.Source6 || field.kind === Kind.Destination6;
      const place = four || six ? SLOT_OF_ADDRESS + field.kind : field.slot;
      const other = chosen.get(place);
      if (other === undefined || field.rank < other.rank)
        chosen.set(place, {
          ...{ element, kind, slot: field.slot, rank: field.rank },
          ...{ offset, index, length },
        });
    }
    offset += length === VARIABLE ? 1 : length;
  }
  return chosen;
}
const SLOT_OF_ADDRESS = 1000;

/** initiatorOctets, responderOctets, initiatorPackets, responderPackets (IANA), by the slots they stand for. */
const OF_INITIATOR: ReadonlyMap<number, number> = new Map([
  [Slot.Bytes, 231],
  [Slot.ReverseBytes, 232],
  [Slot.Packets, 298],
  [Slot.ReversePackets, 299],
]);

const PLAIN = { initiator: false, totals: false } as const;
/** octetTotalCount, packetTotalCount, postOctetTotalCount, postPacketTotalCount, and the reverse of the first two. */
const TOTALS: ReadonlySet<number> = new Set([85, 86, 171, 172]);
const COUNTS: readonly number[] = [
  ...[Slot.Packets, Slot.Bytes, Slot.PostPackets, Slot.PostBytes],
  ...[Slot.ReversePackets, Slot.ReverseBytes],
];

function countsTotals(chosen: ReadonlyMap<number, Chosen>): boolean {
  return COUNTS.every((slot) => {
    const one = chosen.get(slot);
    return one === undefined || TOTALS.has(one.element);
  });
}

/** Whether both directions are counted, and by elements of initiator and responder alone. */
function countsInitiator(chosen: ReadonlyMap<number, Chosen>): boolean {
  for (const [slot, element] of OF_INITIATOR) {
    const one = chosen.get(slot);
    if (one !== undefined && one.element !== element) return false;
  }
  return (
    (chosen.has(Slot.Bytes) || chosen.has(Slot.Packets)) &&
    (chosen.has(Slot.ReverseBytes) || chosen.has(Slot.ReversePackets))
  );
}

/**
 * Makes a template ready. `fields`: enterprise, element, length of each field; owned by the plan. A field may have no length, as
 * Juniper's scope of options has none; null where none has any, for records of no bytes would never end, and where those without
 * outnumber the bytes of a record, which would cost more to read than to send.
 */
export function compilePlan(id: number, fields: Int32Array, scopes: number): Plan | null {
  let length = 0;
  let empty = 0;
  let variable = false;
  for (let i = 2; i < fields.length; i += TRIPLE) {
    const one = fields[i] as number;
    if (one < 0) return null;
    if (one === 0) empty++;
    variable ||= one === VARIABLE;
    length += one === VARIABLE ? 1 : one;
  }
  if (length === 0 || length > 65535 || empty > length) return null;
  if (scopes >= 0) {
    return {
      id,
      fields,
      scopes,
      length,
      variable,
      steps: new Int32Array(0),
      flows: false,
      family: 4,
      ...PLAIN,
    };
  }
  const chosen = choose(fields);
  const has4 = chosen.has(SLOT_OF_ADDRESS + Kind.Source4) && chosen.has(SLOT_OF_ADDRESS + Kind.Destination4);
  const has6 = chosen.has(SLOT_OF_ADDRESS + Kind.Source6) && chosen.has(SLOT_OF_ADDRESS + Kind.Destination6);
  const family = has4 && has6 ? 0 : has6 ? 6 : 4;
  const counts = [Slot.Packets, Slot.Bytes, Slot.PostPackets, Slot.PostBytes].some((slot) => chosen.has(slot));
  const steps: number[] = [];
  for (const { kind, slot, offset, index, length: size } of [...chosen.values()].sort((a, b) => a.index - b.index)) {
    if (kind >= Kind.Source4 && kind <= Kind.Destination6) {
      const four = kind === Kind.Source4 || kind === Kind.Destination4;
      if (four ? !has4 : !has6) continue;
      const aside = family === 0 && four;
      const asideSlot = kind === Kind.Source4 ? Slot.Source4 : Slot.Destination4;
      steps.push(aside ? Kind.Int32 : kind, aside ? asideSlot : slot, variable ? index : offset, size);
    } else steps.push(kind, slot, variable ? index : offset, size);
  }
  const flows = (has4 || has6) && counts;
  const kinds = { initiator: countsInitiator(chosen), totals: countsTotals(chosen) };
  return { id, fields, scopes, length, variable, steps: Int32Array.from(steps), flows, family, ...kinds };
}
