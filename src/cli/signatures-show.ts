import { join } from 'node:path';
import { type DumpOptions, dump } from 'js-yaml';
import { PROVING_WEIGHT } from '../signature/stats.ts';
import type { Condition, Signature } from '../signature/types.ts';
import { fill } from './messages.ts';
import type { SignatureMessages } from './signatures-messages.ts';
import type { Paint } from './style.ts';
import { pad, textWidth, visible } from './text.ts';

export interface ShowOptions {
  readonly messages: SignatureMessages;
  readonly paint: Paint;
  /** Folder under which the files of the signatures lie; null where it is not one folder. */
  readonly folder: string | null;
}

const YAML: DumpOptions = { lineWidth: -1 };

/** One condition as it would stand in a signature file, on one line. */
export function conditionText(condition: Condition): string {
  return visible(dump(condition, { ...YAML, flowLevel: 0 }).trimEnd());
}

/** A signature as people read it: every member, in the order of the files. */
export function renderSignature(signature: Signature, { messages, paint, folder }: ShowOptions): string[] {
  const { columns, label } = messages;
  const { title, from, match, lookAlikes, tests, references } = signature;
  const file = folder === null ? signature.file : join(folder, signature.file);
  const fields: [name: string, lines: readonly string[]][] = [
    [columns.title, [title.en, title.zh]],
    [label.file, [`${file}:${signature.line}`]],
    [columns.status, [messages.status[signature.status]]],
    [columns.kind, [messages.kind[signature.kind]]],
    [columns.dialect, [signature.dialect ?? messages.shared]],
    [label.from, [messages.from[from ?? 'both']]],
    [label.transports, [signature.transports.join(', ')]],
    [label.match, matchLines(match)],
    [columns.weight, [`${signature.weight}: ${messages.weight[weightClass(signature)]}`]],
    [label.family, signature.family === null ? [] : [signature.family]],
    [label.coins, signature.coins.length === 0 ? [] : [signature.coins.join(', ')]],
    [label.algorithm, signature.algorithm === null ? [] : [signature.algorithm]],
    [label.lookAlikes, [lookAlikes.en, lookAlikes.zh]],
    [label.references, references],
    [columns.tests, tests.map(({ input, text, expect }) => `${input}, ${messages.expect[expect]}: ${text}`)],
  ];
  const width = Math.max(...fields.map(([name]) => textWidth(name)));
  return [
    paint('bold', `${visible(signature.id)} v${signature.version}`),
    ...fields.flatMap(([name, lines]) =>
      lines.map((line, at) => `  ${paint('dim', pad(at === 0 ? name : '', width))}  ${visible(line)}`.trimEnd()),
    ),
  ];
}

/** The match with one condition a line; parts without conditions are left out. */
function matchLines(match: Signature['match']): string[] {
  const parts = Object.entries(match).filter(([, conditions]) => conditions.length > 0);
  return dump(Object.fromEntries(parts), { ...YAML, flowLevel: 2 })
    .trimEnd()
    .split('\n');
}

type WeightClass = keyof SignatureMessages['weight'];

/** What the weight of a signature means, in the bands of docs/signatures.md. */
export function weightClass({ status, weight, against }: Signature): WeightClass {
  if (status === 'retired') return 'retired';
  if (against) return 'against';
  if (status === 'draft') return 'draft';
  if (weight >= PROVING_WEIGHT) return 'proof';
  return weight >= 0.7 ? 'strong' : weight >= 0.6 ? 'ask' : 'hint';
}

/** A signature as data, with the members named as in the files. */
export function signatureRow(signature: Signature): Record<string, unknown> {
  const { lookAlikes, ...rest } = signature;
  return { ...rest, look_alikes: lookAlikes };
}

/** Words of a message with the counts of a record that are not zero: `3 stable, 1 draft`. */
export function countedWords<K extends string>(
  counts: Readonly<Record<K, number>>,
  names: Readonly<Record<K, string>>,
  and: string,
): string {
  return (Object.keys(counts) as K[])
    .filter((key) => counts[key] > 0)
    .map((key) => fill('{n} {name}', { n: counts[key], name: names[key] }))
    .join(and);
}
