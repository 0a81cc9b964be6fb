/** What a reload has to do: the difference between two configurations. */
import { isDeepStrictEqual } from 'node:util';
import { SECTIONS, TOP } from './keys.ts';
import type { Change, LeafTable } from './leaf.ts';
import { camelName } from './load.ts';
import type { DaemonConfig } from './types.ts';

export interface ConfigDiff {
  /** Names, in the order of the configurations. */
  readonly inputsAdded: readonly string[];
  readonly inputsRemoved: readonly string[];
  readonly inputsChanged: readonly string[];
  readonly pointsAdded: readonly string[];
  readonly pointsRemoved: readonly string[];
  readonly pointsChanged: readonly string[];
  /** Keys, as `log.level`, whose new values take effect at once, and those for which the daemon must be started anew. */
  readonly live: readonly string[];
  readonly restart: readonly string[];
}

/** Compares what the configurations come to, not how they are written. A section that goes on or off counts by its keys. */
export function diffConfig(before: DaemonConfig, after: DaemonConfig): ConfigDiff {
  const inputs = named(before.inputs, after.inputs);
  const points = named(before.points, after.points);
  const changes: Record<Change, string[]> = { live: [], restart: [] };
  compare(TOP, '', before, after, changes);
  for (const [name, { keys }] of Object.entries(SECTIONS)) {
    const key = name as keyof DaemonConfig;
    compare(keys, `${name}.`, before[key], after[key], changes);
  }
  return {
    inputsAdded: inputs.added,
    inputsRemoved: inputs.removed,
    inputsChanged: inputs.changed,
    pointsAdded: points.added,
    pointsRemoved: points.removed,
    pointsChanged: points.changed,
    ...changes,
  };
}

interface Named {
  readonly name: string;
}

function named(before: readonly Named[], after: readonly Named[]): Record<'added' | 'removed' | 'changed', string[]> {
  const old = new Map(before.map((item) => [item.name, item]));
  const next = new Set(after.map(({ name }) => name));
  const kept = after.filter(({ name }) => old.has(name));
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.filter(({ name }) => !next.has(name)).map(({ name }) => name),
    changed: kept.filter((item) => !isDeepStrictEqual(old.get(item.name), item)).map(({ name }) => name),
  };
}

function compare(
  leaves: LeafTable,
  prefix: string,
  before: unknown,
  after: unknown,
  changes: Readonly<Record<Change, string[]>>,
): void {
  const member = (section: unknown, key: string): unknown =>
    (section as Readonly<Record<string, unknown>> | null)?.[camelName(key)];
  for (const [key, { change }] of Object.entries(leaves)) {
    if (!isDeepStrictEqual(member(before, key), member(after, key))) changes[change].push(`${prefix}${key}`);
  }
}
