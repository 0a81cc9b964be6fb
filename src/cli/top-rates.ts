import type { TopInput, TopStatus } from './top-status.ts';

/** What passes in a second. */
export interface TopRates {
  /** Over the whole life of the process instead of between two looks. */
  readonly sinceStart: boolean;
  readonly packets: number;
  readonly bits: number;
  readonly flows: number;
  readonly records: number;
  /** Flows looked at in that time, and those that spoke of mining. */
  readonly inspected: number;
  readonly matched: number;
  /** New conversations of flow records in that time, and those of them that were reported. */
  readonly recordsSeen: number;
  readonly recordsMatched: number;
  /** Packets or records a second by name of input. */
  readonly inputs: ReadonlyMap<string, { readonly value: number; readonly unit: 'packets' | 'records' }>;
}

/** Rates between two looks at the same process; without an earlier one, or after a restart, those since its start. */
export function ratesOf(status: TopStatus, before: TopStatus | null): TopRates {
  const same =
    before !== null &&
    before.startedAt === status.startedAt &&
    before.program.pid === status.program.pid &&
    before.now < status.now;
  const earlier = same ? before : null;
  const seconds = Math.max((status.now - (earlier?.now ?? status.startedAt)) / 1e6, 0.001);
  const sum = (one: TopStatus | null, key: SumKey): number =>
    one === null ? 0 : one.points.reduce((total, point) => total + point[key], 0);
  // A point that was taken out of the configuration takes its counters along.
  const grown = (key: SumKey): number => Math.max(0, sum(status, key) - sum(earlier, key));
  const past = new Map(earlier?.inputs.map((input) => [input.name, input]));
  return {
    sinceStart: earlier === null,
    packets: grown('packets') / seconds,
    bits: (grown('bytes') * 8) / seconds,
    flows: grown('flows') / seconds,
    records: grown('records') / seconds,
    inspected: grown('inspected'),
    matched: grown('matched'),
    recordsSeen: grown('recordConversationsSeen'),
    recordsMatched: grown('recordConversationsMatched'),
    inputs: new Map(
      status.inputs.map((input) => {
        const unit = unitOf(input);
        return [input.name, { unit, value: Math.max(0, input[unit] - (past.get(input.name)?.[unit] ?? 0)) / seconds }];
      }),
    ),
  };
}

type SumKey =
  | 'packets'
  | 'bytes'
  | 'flows'
  | 'records'
  | 'inspected'
  | 'matched'
  | 'recordConversationsSeen'
  | 'recordConversationsMatched';

function unitOf({ kind, packets, records }: TopInput): 'packets' | 'records' {
  if (packets > 0) return 'packets';
  return records > 0 || kind === 'collector' || kind === 'flow-log' ? 'records' : 'packets';
}
