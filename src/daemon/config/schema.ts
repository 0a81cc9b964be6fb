/** The valibot schema of a whole configuration, made from the table of its keys. */
import * as v from 'valibot';
import { INPUTS, POINT, SECTIONS, type Section, TOP } from './keys.ts';
import type { LeafTable } from './leaf.ts';

/** Inputs and observation points of one daemon. */
const MAX_ENTRIES = 256;
export const INPUT_KINDS: readonly string[] = Object.keys(INPUTS);

const MAPPING = 'a mapping: write "key: value" lines below it';

function entriesOf(leaves: LeafTable): Record<string, v.GenericSchema> {
  return Object.fromEntries(Object.entries(leaves).map(([key, { schema }]) => [key, schema as v.GenericSchema]));
}

function sectionSchema({ keys, optional, off }: Section): v.GenericSchema {
  const own = v.strictObject(entriesOf(keys), optional ? `${MAPPING}, or off` : MAPPING);
  if (!optional) return v.optional(own, {} as never);
  return v.optional(v.nullable(own), (off ? null : {}) as never);
}

const point = v.strictObject(entriesOf(POINT), MAPPING);
const KIND = `a kind of input: write one of ${INPUT_KINDS.join(', ')}`;
const input = v.variant(
  'kind',
  Object.entries(INPUTS).map(([kind, leaves]) =>
    v.strictObject({ kind: v.literal(kind), ...entriesOf(leaves) }, MAPPING),
  ),
  KIND,
);
const listed = `a list of at most ${MAX_ENTRIES} entries: begin each with "- name:"`;
const inputs = `a list of 1 to ${MAX_ENTRIES} inputs: begin each with "- name:"`;

/** A configuration as written, with overrides; out come values as the program wants them, with keys as written. */
export const configSchema: v.GenericSchema<unknown, Readonly<Record<string, unknown>>> = v.strictObject(
  {
    ...entriesOf(TOP),
    points: v.optional(v.pipe(v.array(point, listed), v.maxLength(MAX_ENTRIES, listed)), []),
    inputs: v.pipe(v.array(input, inputs), v.minLength(1, inputs), v.maxLength(MAX_ENTRIES, inputs)),
    ...Object.fromEntries(Object.entries(SECTIONS).map(([name, section]) => [name, sectionSchema(section)])),
  },
  MAPPING,
);

/** What `inputs` means, and `points`, where one is missing. */
export const LISTS: Readonly<Record<string, string>> = {
  points: 'observation points, where one needs more than its name',
  inputs: 'where packets and flow records come from',
};
