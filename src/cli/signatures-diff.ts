import { type CareFault, conditionChanges, type SignatureChange, type SignatureDiff } from '../signature/diff.ts';
import type { Signature } from '../signature/types.ts';
import { fill } from './messages.ts';
import type { SignatureMessages } from './signatures-messages.ts';
import { conditionText, signatureRow } from './signatures-show.ts';
import type { Paint } from './style.ts';
import { visible } from './text.ts';

export interface DiffOptions {
  readonly messages: SignatureMessages;
  readonly paint: Paint;
  readonly title: (signature: Signature) => string;
}

/** Members that are plain values, shown as `before → after`. */
const PLAIN: ReadonlySet<string> = new Set(['kind', 'dialect', 'from', 'weight', 'family', 'against', 'algorithm']);

/** Lines of a comparison: `-` removed, `+` added, `~` changed, `!` a promise broken; the sums last. */
export function renderDiff(diff: SignatureDiff, options: DiffOptions): string[] {
  const { messages, paint } = options;
  const faults = new Map(diff.faults.map((fault) => [fault.id, fault]));
  const sums = {
    added: diff.added.length,
    removed: diff.removed.length,
    changed: diff.changed.length,
    unchanged: diff.unchanged,
  };
  if (sums.added + sums.removed + sums.changed === 0) return [fill(messages.same, { n: diff.unchanged })];
  const lines = [
    ...diff.removed.flatMap((signature) => [
      paint('red', `- ${headOf(signature)}`),
      ...faultLines(faults.get(signature.id), [], options),
    ]),
    ...diff.added.map((signature) => paint('green', `+ ${headOf(signature)}  ${visible(options.title(signature))}`)),
    ...diff.changed.flatMap((change) => changeLines(change, faults.get(change.id), options)),
    fill(messages.compared, sums),
  ];
  if (diff.faults.length > 0) lines.push(paint('yellow', fill(messages.careFound, { n: diff.faults.length })));
  return lines;
}

function headOf({ id, version }: Signature): string {
  return `${visible(id)} v${version}`;
}

function faultLines(
  fault: CareFault | undefined,
  members: readonly string[],
  { messages, paint }: DiffOptions,
): string[] {
  if (fault === undefined) return [];
  return [paint('yellow', `  ! ${fill(messages.care[fault.reason], { list: members.map(memberName).join(', ') })}`)];
}

function changeLines(change: SignatureChange, fault: CareFault | undefined, options: DiffOptions): string[] {
  const { before, after, meaning, texts } = change;
  const version = before.version === after.version ? `v${after.version}` : `v${before.version} → v${after.version}`;
  const lines = [options.paint('cyan', `~ ${visible(change.id)} ${version}`), ...faultLines(fault, meaning, options)];
  if (before.status !== after.status) lines.push(`    status: ${before.status} → ${after.status}`);
  for (const name of meaning) lines.push(...memberLines(name, before, after));
  if (texts.length > 0) lines.push(`    ${texts.map(memberName).join(', ')}`);
  return lines;
}

function memberLines(name: string, before: Signature, after: Signature): string[] {
  if (name === 'match') {
    return conditionChanges(before.match, after.match).map(
      ({ part, sign, condition }) => `    match.${part}: ${sign} ${conditionText(condition)}`,
    );
  }
  const was = (before as unknown as Record<string, unknown>)[name];
  const is = (after as unknown as Record<string, unknown>)[name];
  const text = (value: unknown): string => visible(PLAIN.has(name) ? String(value) : (JSON.stringify(value) ?? '-'));
  return [`    ${memberName(name)}: ${text(was)} → ${text(is)}`];
}

/** Name of a member as it stands in the files. */
function memberName(name: string): string {
  return name === 'lookAlikes' ? 'look_alikes' : name;
}

/** Rows of a comparison for programs: one for each added, removed and changed signature, one with the sums. */
export function diffRows(diff: SignatureDiff): Record<string, unknown>[] {
  const faults = new Map(diff.faults.map((fault) => [fault.id, fault.reason]));
  const row = (change: string, id: string, rest: object): Record<string, unknown> => ({
    type: 'signature_change',
    version: 1,
    change,
    id,
    fault: faults.get(id) ?? null,
    ...rest,
  });
  return [
    ...diff.removed.map((old) =>
      row('removed', old.id, { before: signatureRow(old), after: null, meaning: [], texts: [] }),
    ),
    ...diff.added.map((now) =>
      row('added', now.id, { before: null, after: signatureRow(now), meaning: [], texts: [] }),
    ),
    ...diff.changed.map(({ id, before, after, meaning, texts }) =>
      row('changed', id, {
        before: signatureRow(before),
        after: signatureRow(after),
        meaning,
        texts: texts.map(memberName),
      }),
    ),
    {
      type: 'signature_diff',
      version: 1,
      added: diff.added.length,
      removed: diff.removed.length,
      changed: diff.changed.length,
      unchanged: diff.unchanged,
      faults: diff.faults.length,
    },
  ];
}
