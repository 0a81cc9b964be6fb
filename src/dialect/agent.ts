import { AGENTS, type AgentRow, type HardwareClass, MODELS } from './hardware.ts';

export type { HardwareClass } from './hardware.ts';

/** What a user agent says of itself. Anybody can send one. */
export interface Agent {
  /** Name by which the program is known; null where it is none of the table. */
  readonly software: string | null;
  readonly version: string | null;
  readonly hardwareClass: HardwareClass;
  /** Machine or chip, where named. */
  readonly model: string | null;
  readonly os: 'windows' | 'linux' | 'macos' | 'android' | null;
}

/** Longer agents are cut; real ones have some hundred characters. */
const MAX_AGENT = 256;

const COMPILED: readonly { readonly row: AgentRow; readonly shape: RegExp }[] = AGENTS.map((row) => ({
  row,
  // A name is no part of a longer one; then the version, with or without v. Boards name the chip before it.
  shape: new RegExp(`^(?:${row.begins})(?![a-z])(?:[ /_-]{0,3}(?:BM1\\d{3}/)?v?(\\d[\\w.~-]{0,40}))?`, 'i'),
}));

function rowOf(text: string): { readonly row: AgentRow; readonly version: string | null } | null {
  for (const { row, shape } of COMPILED) {
    const found = shape.exec(text);
    if (found) return { row, version: found[1] ?? null };
  }
  return null;
}

/** Software, version, kind of hardware, model and system that a user agent names. Never throws. */
export function readAgent(agent: string): Agent {
  const text = agent.trim().slice(0, MAX_AGENT);
  const known = rowOf(text);
  let model: string | null = null;
  for (const shape of MODELS) model ??= shape.exec(text)?.[1]?.trim() ?? null;
  return {
    software: known?.row.software ?? null,
    version: known?.version ?? null,
    hardwareClass: known?.row.hardware ?? 'unknown',
    model,
    os: systemOf(text),
  };
}

function systemOf(text: string): Agent['os'] {
  if (/\bwindows\b|\bwin(?:32|64)\b/i.test(text)) return 'windows';
  if (/\bandroid\b/i.test(text)) return 'android';
  if (/\blinux\b/i.test(text)) return 'linux';
  if (/\bmacos\b|\bmacintosh\b|\bdarwin\b/i.test(text)) return 'macos';
  // cpuminer-opt ends with processor and system: x64L, armM.
  const suffix = /^cpuminer-opt-[\w.]+-(?:x64|arm)([LWM])$/.exec(text)?.[1];
  return suffix === 'L' ? 'linux' : suffix === 'W' ? 'windows' : suffix === 'M' ? 'macos' : null;
}

/** The kind that the first known agent names; `unknown` behind proxies and rental markets, which hide it. */
export function hardwareClass(agents: readonly string[]): HardwareClass {
  for (const agent of agents) {
    const row = rowOf(agent.trim().slice(0, MAX_AGENT))?.row;
    if (row?.relay) return 'unknown';
    if (row && row.hardware !== 'unknown') return row.hardware;
  }
  return 'unknown';
}
