/** The end of a soak in words. */
import type { Feeds } from './soak.ts';
import { type Bounds, descriptorGrowth, growth, liveGrowth, type Outcome, settled } from './verdict.ts';

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** Lines for people. */
export function summaryLines(outcome: Outcome, feeds: Feeds, bounds: Bounds, broken: readonly string[]): string[] {
  const { samples, status, expected, found, strangers } = outcome;
  const n = (value: number | undefined): string => number.format(value ?? 0);
  const [first, last] = [settled(samples)[0], samples.at(-1)];
  const peak = samples.reduce((most, { rss_mib: rss }) => Math.max(most, rss), 0);
  const most = (column: 'loop_max_ms' | 'metrics_ms' | 'lag_s'): number =>
    samples.reduce((high, sample) => Math.max(high, sample[column]), 0);
  const collector = status.inputs.find(({ exporters }) => exporters.length > 0);
  const judged = (last?.seconds ?? 0) - (first?.seconds ?? 0) >= bounds.judged ? '' : ' (too short a time to judge)';
  const refused = collector?.recordFaults.not_allowed ?? 0;
  return [
    '',
    `time              ${n(last?.seconds)} s, ${samples.length} samples`,
    `packets           ${n(last?.packets)} worked off (${n((last?.packets ?? 0) / (last?.seconds ?? 1))} a second), ${n(feeds.pipe?.packets)} fed through the FIFO: ${n(feeds.pipe?.floods)} of floods, ${n(feeds.pipe?.damaged)} damaged, ${n(feeds.pipe?.loops)} repetitions; ${n(feeds.pipe?.skipped)} left out`,
    `resident memory   ${n(first?.rss_mib)} MiB half way, ${n(last?.rss_mib)} at the end, ${n(peak)} at most`,
    `slope             ${n(growth(samples, 'rss_mib'))} MiB an hour over the last half${judged}; anonymous ${n(growth(samples, 'anonymous_mib'))}, what is alive in the heap ${n(liveGrowth(samples))}; ${bounds.slope} allowed`,
    `descriptors       ${samples[0]?.descriptors} at first, ${last?.descriptors} at the end, ${descriptorGrowth(samples)} more in the last third; threads ${last?.threads}`,
    `event loop        ${n(most('loop_max_ms'))} ms at most; /metrics answered within ${n(most('metrics_ms'))} ms; lag of the FIFO ${n(most('lag_s'))} s at most`,
    `flows             ${n(last?.flows)} seen, ${n(last?.flows_active)} now, ${n(last?.evicted_flows)} evicted; conversations ${n(last?.conversations)}, ${n(last?.evicted_conversations)} evicted; ${n(last?.shed_packets)} packets shed`,
    `keys              ${n(first?.keys)} half way, ${n(last?.keys)} at the end, ${n(last?.evicted_keys)} without room`,
    `records           ${n(last?.records)}, ${n(last?.record_conversations)} conversations, ${n(last?.templates)} templates, ${n(last?.kernel_drops)} datagrams dropped by the kernel`,
    `strangers         ${n(strangers)} datagrams sent, ${n(refused)} counted as not allowed`,
    `spool             ${n(feeds.spool?.files)} files: ${n(feeds.spool?.truncated)} cut off, ${n(feeds.spool?.garbage)} noise, ${n(feeds.spool?.cutCompressed)} cut off in their compression`,
    `faults            ${Object.entries(collector?.recordFaults ?? {})
      .map(([name, count]) => `${name} ${n(count)}`)
      .join(', ')}`,
    `checkpoints       ${n(last?.checkpoints)}, ${n(last?.checkpoint_ms)} ms each; state ${n(first?.state_mib)} MiB half way, ${n(last?.state_mib)} at the end`,
    `ledger            ${n(last?.detections_written)} detections written, ${n(last?.detections_pending)} waiting, ${n(last?.ledger_ms)} ms a write, ${n(last?.ledger_mib)} MiB`,
    `dialects          ${[...expected].filter((dialect) => found.has(dialect)).length} of ${expected.size} found`,
    broken.length === 0 ? 'verdict           sound' : 'verdict           NOT SOUND',
    ...broken.map((line) => `  ${line}`),
  ];
}
