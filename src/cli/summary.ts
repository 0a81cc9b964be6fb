import type { SummaryRow } from '../detect/detection.ts';
import { fill, type Messages } from './messages.ts';
import type { Paint } from './style.ts';
import { visible } from './text.ts';
import { formatBytes, formatCount, formatDuration, formatSpan } from './units.ts';

const SHOWN_ANOMALIES = 5;

/** Closing lines under the table; the same for the same input, so nothing here depends on a clock. */
export function renderSummary(summary: SummaryRow, messages: Messages, paint: Paint): string[] {
  const lines = [paint('bold', foundLine(summary, messages)), readLine(summary, messages)];
  const anomalies = anomalyLine(summary, messages);
  if (anomalies !== null) lines.push(anomalies);
  if (summary.evictions > 0) lines.push(paint('yellow', fill(messages.evicted, { n: formatCount(summary.evictions) })));
  // Which ones and why goes to standard error, a line for each.
  const cut = summary.inputs.filter((input) => input.error === null && input.cut_short !== null).length;
  const bad = summary.inputs.filter((input) => input.error !== null).length;
  if (cut + bad > 0) lines.push(paint('yellow', fill(messages.inputs, { n: summary.inputs.length, cut, bad })));
  if (summary.interrupted) lines.push(paint('yellow', messages.interrupted));
  return lines;
}

/** What was found, in words; never an empty table without a statement. */
export function foundLine(summary: SummaryRow, messages: Messages): string {
  const { total, by_confidence, by_activity } = summary.detections;
  if (total === 0) return summary.packets === 0 ? messages.nothingRead : messages.nothing;
  return fill(total === 1 ? messages.foundOne : messages.found, {
    n: formatCount(total),
    confidence: counted(by_confidence, messages.confidence, messages.and),
    activity: counted(by_activity, messages.activity, messages.and),
  });
}

function counted<K extends string>(counts: Record<K, number>, names: Readonly<Record<K, string>>, and: string): string {
  return (Object.keys(names) as K[])
    .filter((key) => counts[key] > 0)
    .map((key) => `${formatCount(counts[key])} ${names[key]}`)
    .join(and);
}

function readLine(summary: SummaryRow, messages: Messages): string {
  const read = fill(messages.read, {
    packets: formatCount(summary.packets),
    bytes: formatBytes(summary.bytes),
    flows: formatCount(summary.flows),
    signatures: formatCount(summary.signature_set.signatures),
  });
  if (summary.first_seen === null || summary.last_seen === null) return read;
  const span = formatSpan(summary.first_seen, summary.last_seen);
  return fill(messages.traffic, { read, duration: formatDuration(summary.seconds), span });
}

function anomalyLine(summary: SummaryRow, messages: Messages): string | null {
  const kinds = Object.entries(summary.anomalies)
    .filter(([, count]) => count > 0)
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
  if (kinds.length === 0) return null;
  const top = kinds.slice(0, SHOWN_ANOMALIES);
  const list = top.map(([name, count]) => `${visible(name)} ${formatCount(count)}`).join(messages.and);
  return fill(kinds.length > top.length ? messages.anomaliesOf : messages.anomalies, {
    list,
    shown: top.length,
    n: kinds.length,
  });
}
