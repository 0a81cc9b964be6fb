import type { PipelineCounts, PipelineState } from '../../engine/pipeline.ts';
import type { FactsTold } from '../../engine/told.ts';
import type { EngineTold, PointTold } from './core.ts';

/** What several threads tell of the same traffic, as if one had. Numbers of what is open stay apart. */
export function mergeTold(shards: readonly EngineTold[]): EngineTold {
  const first = shards[0] as EngineTold;
  if (shards.length === 1) return first;
  return {
    points: first.points.map(({ name }) => {
      const own = shards.map((shard) => shard.points.find((point) => point.name === name) as PointTold);
      return {
        name,
        told: mergeFactsTold(own.map(({ told }) => told)),
        counts: mergeCounts(own.map(({ counts }) => counts)),
        state: mergeStates(own.map(({ state }) => state)),
      };
    }),
    // Every shard reads every input.
    inputs: first.inputs,
  };
}

function mergeFactsTold(told: readonly FactsTold[]): FactsTold {
  const n = told.length;
  return {
    ended: told.flatMap(({ ended }) => ended),
    open: told.flatMap(({ open }, shard) => open.map(([number, facts]) => [number * n + shard, facts] as const)),
    closed: told.flatMap(({ closed }, shard) => closed.map((number) => number * n + shard)),
  };
}

function mergeCounts(all: readonly PipelineCounts[]): PipelineCounts {
  const first = all[0] as PipelineCounts;
  const sum = (pick: (c: PipelineCounts) => number): number => all.reduce((total, c) => total + pick(c), 0);
  const added = (pick: (c: PipelineCounts) => Float64Array): Float64Array =>
    pick(first).map((_, i) => sum((c) => pick(c)[i] as number));
  return {
    packets: first.packets,
    bytes: first.bytes,
    flows: sum((c) => c.flows),
    evictions: sum((c) => c.evictions),
    firstTime: first.firstTime,
    lastTime: first.lastTime,
    homeFlows: first.homeFlows.map((_, i) => sum((c) => c.homeFlows[i] ?? 0)),
    watched: first.watched.map((stretch, n) => ({
      ...stretch,
      flows: stretch.flows.map((_, i) => sum((c) => c.watched[n]?.flows[i] ?? 0)),
    })),
    decodeAnomalies: added((c) => c.decodeAnomalies),
    streamAnomalies: added((c) => c.streamAnomalies),
  };
}

function mergeStates(all: readonly PipelineState[]): PipelineState {
  const sums: Record<string, number> = {};
  for (const state of all) for (const [name, n] of Object.entries(state)) sums[name] = (sums[name] ?? 0) + n;
  // Shares are the same in all of them, and what is learnt of names is learnt by all.
  const { keptShare, learntAddresses } = all[0] as PipelineState;
  return { ...(sums as unknown as PipelineState), keptShare, learntAddresses };
}
