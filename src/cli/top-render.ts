import { fill, type Language, type Messages, messagesOf } from './messages.ts';
import { CONFIDENCE_STYLE, type Paint } from './style.ts';
import { pad, textWidth, visible } from './text.ts';
import { type Line, paintLine, type Span, span } from './top-lines.ts';
import { TOP_MESSAGES, type TopMessages } from './top-messages.ts';
import { ratesOf, type TopRates } from './top-rates.ts';
import type { TopPoint, TopStatus } from './top-status.ts';
import { inputLines, newestLines } from './top-tables.ts';
import { formatBytes, formatCount, formatDuration, formatRate, formatTime } from './units.ts';

export interface TopView {
  readonly language: Language;
  readonly paint: Paint;
  /** Columns and rows of the terminal; null = as much as there is. */
  readonly columns: number | null;
  readonly rows: number | null;
}

/** Reasons shown for not being ready, and of inputs at least so many lines where room is short. */
const MAX_REASONS = 3;
const LEAST_INPUTS = 3;
const LABEL_GAP = '  ';

/**
 * The screen: state, rates, tables, inputs, newest detections, one string a line, none wider or more than the terminal.
 * `before` is an earlier look at the same process, null for the first.
 */
export function renderTop(status: TopStatus, before: TopStatus | null, view: TopView): string[] {
  const m = TOP_MESSAGES[view.language];
  const rates = ratesOf(status, before);
  const lines: Line[] = [
    ...headLines(status, m, view.rows !== null),
    [],
    ...stateLines(status, rates, m, view.language),
    [],
  ];
  const left = view.rows === null ? Number.POSITIVE_INFINITY : view.rows - lines.length;
  const inputs = inputLines(status, rates, m, view, Math.max(LEAST_INPUTS + 1, Math.floor(left / 2)));
  lines.push(...inputs, []);
  lines.push(...newestLines(status, m, view, left - inputs.length - 1));
  return cut(lines, view);
}

/** What stands there instead of, and above, a screen that could not be renewed. Times in µs. */
export function renderUnreachable(
  why: string,
  since: number,
  now: number,
  shown: readonly string[],
  view: TopView,
): string[] {
  const m = TOP_MESSAGES[view.language];
  const ago = formatDuration(Math.round((now - since) / 1e6));
  const text = fill(m.unreachable, { since: timeOf(since), ago, why: visible(why) });
  return [...cut([[span(text, ['bold', 'red'])], []], view), ...shown].slice(0, view.rows ?? undefined);
}

/** The line before the first answer. */
export function renderConnecting(url: string, view: TopView): string[] {
  return cut([[span(fill(TOP_MESSAGES[view.language].connecting, { url: visible(url) }))]], view);
}

function cut(lines: readonly Line[], { paint, columns, rows }: TopView): string[] {
  return lines.slice(0, rows ?? undefined).map((line) => paintLine(line, columns, paint).trimEnd());
}

function headLines(s: TopStatus, m: TopMessages, live: boolean): Line[] {
  const { program, signatures: set } = s;
  const up = fill(m.up, { time: formatDuration((s.now - s.startedAt) / 1e6) });
  const state = s.ready ? span(m.ready, 'green') : span(m.notReady, ['bold', 'red']);
  const first: Line = [
    span(`poolprint ${visible(program.version)}`, 'bold'),
    span(`  ${visible(s.sensor)}  ${up}  `),
    state,
    span(`  ${timeOf(s.now)} UTC`),
    span(live ? `  ${m.keys}` : '', 'dim'),
  ];
  const facts = fill(m.program, {
    node: visible(program.node),
    pid: program.pid,
    threads: s.threads,
    signatures: formatCount(set.count),
    delay: milliseconds(s.eventLoop.p99),
  });
  const second: Span[] = [span(facts, 'dim')];
  if (set.reloads > 0) second.push(span(`, ${fill(m.reloads, { n: set.reloads })}`, 'dim'));
  if (set.reloadFailures > 0) second.push(span(`, ${fill(m.reloadFailures, { n: set.reloadFailures })}`, 'yellow'));
  const reasons = s.notReady.slice(0, MAX_REASONS).map((why): Line => [span(`  ${visible(why)}`, 'red')]);
  const more = s.notReady.length - reasons.length;
  if (more > 0) reasons.push([span(`  ${fill(m.more, { n: more })}`, 'red')]);
  return [first, second, ...(s.ready ? [] : reasons)];
}

function stateLines(s: TopStatus, rates: TopRates, m: TopMessages, language: Language): Line[] {
  const rows: [keyof TopMessages['label'], readonly Span[]][] = [
    ['traffic', trafficSpans(rates, m)],
    ['match', matchSpans(rates, m)],
    ['open', openSpans(s, messagesOf(language))],
    ['tables', tableSpans(s.points, m)],
    ['overload', overloadSpans(s.points, m)],
    ['ledger', s.ledger === null ? [span(m.noLedger, 'dim')] : writeSpans(s.now, s.ledger.lastWrite, s.ledger, m)],
    ['checkpoint', writeSpans(s.now, s.checkpoint.last, s.checkpoint, m)],
    ['addresses', addressSpans(s, m)],
  ];
  const widest = Math.max(...rows.map(([label]) => textWidth(m.label[label])));
  return rows.map(([label, spans]) => [
    span(pad(m.label[label], widest) + LABEL_GAP, 'bold'),
    ...spans.flatMap((one, n) => (n === 0 ? [one] : [span('  '), one])),
  ]);
}

function trafficSpans(rates: TopRates, m: TopMessages): Span[] {
  const spans = [
    span(formatRate(rates.packets, m.perSecond.packets)),
    span(formatRate(rates.bits, 'bit/s')),
    span(formatRate(rates.flows, m.perSecond.flows)),
    span(formatRate(rates.records, m.perSecond.records)),
  ];
  return rates.sinceStart ? [...spans, span(m.sinceStart, 'dim')] : spans;
}

function matchSpans({ inspected, matched, recordsSeen, recordsMatched }: TopRates, m: TopMessages): Span[] {
  const spans: Span[] = [];
  if (inspected > 0) {
    const values = { matched: formatCount(matched), inspected: formatCount(inspected) };
    spans.push(span(fill(m.matched, { share: percent(matched / inspected), ...values })));
  }
  if (recordsSeen > 0) {
    const values = { matched: formatCount(recordsMatched), seen: formatCount(recordsSeen) };
    const share = percent(Math.min(1, recordsMatched / recordsSeen));
    spans.push(span(fill(m.recordsMatched, { share, ...values })));
  }
  return spans.length > 0 ? spans : [span(m.matchedNone, 'dim')];
}

function openSpans(s: TopStatus, words: Messages): Span[] {
  return (['confirmed', 'probable', 'suspected'] as const).map((confidence) => {
    const n = s.detectionsOpen[confidence];
    return span(`${words.confidence[confidence]} ${formatCount(n)}`, n > 0 ? CONFIDENCE_STYLE[confidence] : 'dim');
  });
}

function tableSpans(points: readonly TopPoint[], m: TopMessages): Span[] {
  const sum = (of: (point: TopPoint) => number): number => points.reduce((total, point) => total + of(point), 0);
  const spans: Span[] = [];
  const add = (title: string, used: number, capacity: number): void => {
    if (capacity <= 0) return;
    const share = used / capacity;
    const format = share >= 0.95 ? 'red' : share >= 0.8 ? 'yellow' : '';
    spans.push(span(`${title} ${percent(share)} % (${formatCount(used)})`, format));
  };
  add(
    m.table.flows,
    sum((p) => p.flowsActive),
    sum((p) => p.flowsCapacity),
  );
  add(
    m.table.conversations,
    sum((p) => p.conversations),
    sum((p) => p.conversationsCapacity),
  );
  const records = sum((p) => p.recordConversations);
  if (records > 0) {
    add(
      m.table.recordConversations,
      records,
      sum((p) => p.recordConversationsCapacity),
    );
  }
  const [used, limit] = [sum((p) => p.reassemblyBytes), sum((p) => p.reassemblyLimit)];
  if (limit > 0) spans.push(span(fill(m.reassembly, { used: formatBytes(used), limit: formatBytes(limit) })));
  const evicted = sum(
    (p) => p.evictedFlows + p.evictedConversations + p.evictedKeys + p.evictedLookups + p.recordConversationsEvicted,
  );
  if (evicted > 0) spans.push(span(fill(m.evicted, { n: formatCount(evicted) }), 'yellow'));
  return spans;
}

function overloadSpans(points: readonly TopPoint[], m: TopMessages): Span[] {
  const kept = Math.min(1, ...points.map(({ keptShare }) => keptShare));
  const [packets, flows] = points.reduce<[number, number]>(
    ([p, f], { shedPackets, shedFlows }) => [p + shedPackets, f + shedFlows],
    [0, 0],
  );
  const spans = [kept < 1 ? span(fill(m.keptShare, { share: percent(kept) }), 'red') : span(m.noOverload, 'dim')];
  if (packets > 0 || flows > 0) {
    const values = { packets: formatCount(packets), flows: formatCount(flows) };
    spans.push(span(fill(m.putAside, values), 'yellow'));
  }
  return spans;
}

interface Writes {
  readonly failures: number;
  readonly latency: { readonly count: number; readonly sum: number };
  readonly pending?: number;
  readonly detectionsWritten?: number;
}

function writeSpans(
  now: number,
  last: number,
  { failures, latency, pending, detectionsWritten }: Writes,
  m: TopMessages,
): Span[] {
  const ago = formatDuration(Math.max(0, Math.round((now - last) / 1e6)));
  const spans = [last <= 0 ? span(m.never, 'dim') : span(fill(m.ago, { time: ago }))];
  if (latency.count > 0) spans.push(span(fill(m.took, { time: milliseconds(latency.sum / latency.count) })));
  if (detectionsWritten !== undefined) spans.push(span(fill(m.written, { n: formatCount(detectionsWritten) })));
  if (pending !== undefined && pending > 0) spans.push(span(fill(m.pending, { n: formatCount(pending) })));
  if (failures > 0) spans.push(span(fill(m.failures, { n: formatCount(failures) }), 'red'));
  return spans;
}

function addressSpans({ resolver: r, learntAddresses }: TopStatus, m: TopMessages): Span[] {
  const learnt = span(fill(m.learnt, { n: formatCount(learntAddresses) }));
  if (!r.enabled) return [learnt, span(m.resolverOff, 'dim')];
  const values = { n: formatCount(r.addresses), queries: formatCount(r.queries), failures: formatCount(r.failures) };
  return [learnt, span(fill(m.resolved, values))];
}

/** A share of one in percent: `12.3`, `0.35`, `<0.01`. */
function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.01) return '<0.01';
  return String(Number(value.toFixed(value < 1 ? 2 : 1)));
}

/** Seconds as `12 ms`, or in longer units. */
function milliseconds(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1000).toPrecision(2))} ms` : formatDuration(seconds);
}

/** Microseconds since the epoch as `2024-05-01 10:00:03`; '' for a time that is none. */
function timeOf(us: number): string {
  const time = new Date(us / 1000);
  return Number.isNaN(time.getTime()) ? '' : formatTime(time.toISOString());
}
