import { fill, messagesOf } from './messages.ts';
import { ACTIVITY_STYLE, CONFIDENCE_STYLE } from './style.ts';
import { visible } from './text.ts';
import { type Cells, type Line, type Span, span, tableLines } from './top-lines.ts';
import type { TopMessages } from './top-messages.ts';
import type { TopRates } from './top-rates.ts';
import type { TopView } from './top-render.ts';
import type { TopDetection, TopInput, TopStatus } from './top-status.ts';
import { formatBytes, formatCount, formatDuration, formatRate, formatTime } from './units.ts';

const STATE_STYLE: Readonly<Record<string, Span['format']>> = {
  running: 'green',
  waiting: 'dim',
  starting: 'cyan',
  restarting: 'yellow',
  failed: ['bold', 'red'],
  stopped: 'dim',
  done: 'dim',
};

/** The inputs' table: at most `room` lines, with the titles. Where not all fit, those in trouble come first. */
export function inputLines(s: TopStatus, rates: TopRates, m: TopMessages, { columns }: TopView, room: number): Line[] {
  if (s.inputs.length === 0) return [[span(m.noInputs, 'dim')]];
  // Titles, and a line for each that is in trouble.
  const fits = s.inputs.length + 1 + s.inputs.filter(({ problem }) => problem !== null).length <= room;
  const ordered = fits ? s.inputs : s.inputs.toSorted((a, b) => Number(isSound(a)) - Number(isSound(b)));
  const shown = fits ? ordered : ordered.slice(0, Math.max(1, room - 2 - Math.floor(room / 4)));
  const column = (
    title: keyof TopMessages['columns'],
    of: (input: TopInput) => Span,
    rest: Partial<Cells> = {},
  ): Cells => ({
    title: m.columns[title],
    cells: shown.map(of),
    ...rest,
  });
  const rate = ({ name }: TopInput): Span => {
    const found = rates.inputs.get(name);
    return span(found === undefined ? '' : formatRate(found.value, m.perSecond[found.unit]));
  };
  const drops = ({ kernelDrops, childDrops, recordsLost }: TopInput): Span => {
    const n = kernelDrops + childDrops + recordsLost;
    return n === 0 ? span('0', 'dim') : span(formatCount(n), 'yellow');
  };
  const waiting = ({ filesWaiting: files, bytesWaiting }: TopInput): Span =>
    span(files === 0 ? '' : `${formatCount(files)} (${formatBytes(bytesWaiting)})`);
  const lines = tableLines(
    [
      column('input', ({ name }) => span(visible(name)), { shrinkTo: 10 }),
      column('kind', ({ kind }) => span(visible(own(m.kind, kind) ?? kind)), { dropOrder: 2 }),
      column('point', ({ point }) => span(visible(point)), { shrinkTo: 10, dropOrder: 1 }),
      column('state', ({ state }) => span(visible(own(m.state, state) ?? state), own(STATE_STYLE, state) ?? '')),
      column('rate', rate, { right: true }),
      column('lag', ({ lag }) => span(formatDuration(lag)), { right: true, dropOrder: 4 }),
      column('drops', drops, { right: true, dropOrder: 5 }),
      column('waiting', waiting, { right: true, dropOrder: 3 }),
    ],
    columns,
  );
  const hidden = s.inputs.length - shown.length;
  if (hidden > 0) lines.push([span(fill(m.more, { n: hidden }), 'dim')]);
  return [...lines, ...problemLines(shown, room - 1 - lines.length)];
}

/** What is wrong, a line each: it is read whole or not at all. At most `room` lines. */
function problemLines(inputs: readonly TopInput[], room: number): Line[] {
  const wrong = inputs.filter(({ problem }) => problem !== null).slice(0, Math.max(0, room));
  return wrong.map(({ name, problem }) => [span(`${visible(name)}: ${visible(problem ?? '')}`, 'red')]);
}

function isSound({ state, problem }: TopInput): boolean {
  return problem === null && state !== 'failed' && state !== 'restarting';
}

/** The newest detections, the last one first: at most `room` lines, with the titles. */
export function newestLines(s: TopStatus, m: TopMessages, { columns, language }: TopView, room: number): Line[] {
  if (s.newest.length === 0) return [[span(m.noNewest, 'dim')]];
  const words = messagesOf(language);
  const shown = s.newest
    .toSorted((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
    .slice(0, Math.max(1, room - 1));
  const column = (
    title: keyof TopMessages['columns'],
    of: (one: TopDetection) => Span,
    rest: Partial<Cells> = {},
  ): Cells => ({
    title: m.columns[title],
    cells: shown.map(of),
    ...rest,
  });
  const confidence = ({ confidence: c }: TopDetection): Span =>
    span(own(words.confidence, c) ?? visible(c), own(CONFIDENCE_STYLE, c) ?? '');
  const activity = ({ activity: a }: TopDetection): Span =>
    span(own(words.activity, a) ?? visible(a), own(ACTIVITY_STYLE, a) ?? '');
  return tableLines(
    [
      column('time', ({ time }) => span(visible(formatTime(time)))),
      column('confidence', confidence),
      column('activity', activity),
      column('miner', ({ miner }) => span(visible(miner))),
      column('pool', ({ pool }) => span(visible(pool)), { shrinkTo: 20 }),
      column('dialect', ({ dialect }) => span(visible(dialect ?? '')), { dropOrder: 3 }),
      column('coins', ({ coins }) => span(visible(coins.join(','))), { shrinkTo: 4, dropOrder: 2 }),
      column('point', ({ point }) => span(visible(point)), { shrinkTo: 10, dropOrder: 1 }),
    ],
    columns,
  );
}

/** What a table says of a word; nothing of words such as `constructor`, which come from elsewhere. */
function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
