import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../daemon/config/config-error.ts';
import { effectiveRows, effectiveYaml } from '../daemon/config/effective.ts';
import { findConfig, loadConfigFile } from '../daemon/config/find.ts';
import { checkLive } from '../daemon/config/live-check.ts';
import type { LoadedConfig } from '../daemon/config/load.ts';
import { estimateMemory, mebibytesText } from '../daemon/config/memory.ts';
import type { DaemonConfig } from '../daemon/config/types.ts';
import type { ConfigAction } from './config-options.ts';
import { type Answer, jsonLine, listOf, printAnswer, textOf } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { visible } from './text.ts';
import { formatCount } from './units.ts';

/** docs/ comes along with the program, beside dist/ as beside src/. */
const SCHEMA: string = join(import.meta.dirname, '..', '..', 'docs', 'config.schema.json');

/** `poolprint config …`. Returns the exit code; throws one-line errors for wrong usage. */
export async function configCommand(
  action: ConfigAction,
  given: GivenArguments,
  environment: CliEnvironment,
): Promise<number> {
  return printAnswer(await answer(action, given, environment), environment);
}

async function answer(action: ConfigAction, given: GivenArguments, environment: CliEnvironment): Promise<Answer> {
  if (action === 'schema') return { lines: [readFileSync(SCHEMA, 'utf8').trimEnd()], code: EXIT_DONE };
  const json = given['json'] === true;
  try {
    const loaded = loadGiven(given, environment);
    return action === 'show' ? show(loaded, json) : await check(loaded, given, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const faults = error.faults.map((fault) => jsonLine({ type: 'config_fault', version: 1, ...fault }));
    const total = jsonLine({ type: 'config_check', version: 1, sound: false, faults: error.faults.length });
    return { lines: json ? [...faults, total] : error.message.split('\n').map(visible), code: EXIT_USAGE };
  }
}

/** The configuration that a command line names. Throws a ConfigError, or a UsageError. */
export function loadGiven(given: GivenArguments, { env }: CliEnvironment): LoadedConfig {
  const [file, config] = [textOf(given, 'file'), textOf(given, 'config')];
  if (file !== null && config !== null) throw new UsageError('a file is named twice: as an argument and with --config');
  const flags = listOf(given, 'set').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`--set: '${visible(pair)}' is not KEY=VALUE`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return loadConfigFile(findConfig(file ?? config, env), env, { flags });
}

async function check(loaded: LoadedConfig, given: GivenArguments, environment: CliEnvironment): Promise<Answer> {
  const { config, file, warnings } = loaded;
  const live = given['live'] === true;
  const problems = live ? await checkLive(config, environment) : [];
  const code = problems.length === 0 ? EXIT_DONE : EXIT_FAILED;
  if (given['json'] === true) {
    const memory = totalMemory(config);
    const row = { type: 'config_check', version: 1, sound: true, faults: 0, file, inputs: config.inputs.length };
    const rest = { points: config.points.length, memory_bytes: memory, warnings, live: live ? problems : null };
    return { lines: [jsonLine({ ...row, ...rest })], code };
  }
  const sound = `${visible(file)}: sound: ${summary(config)}`;
  const usable =
    problems.length === 0 ? 'everything it names can be used' : `${counted(problems.length, 'thing')} cannot be used`;
  return { lines: [...problems, live ? `${sound}; ${usable}` : sound], notes: warnings, code };
}

/** `2 inputs (live, spool), 1 point, ledger, metrics at 127.0.0.1:9477, at most 512.0 MiB`. */
function summary(config: DaemonConfig): string {
  const { inputs, points, ledger, http } = config;
  const kinds = [...new Set(inputs.map(({ kind }) => kind))].join(', ');
  const address = http?.address.includes(':') === true ? `[${http.address}]` : http?.address;
  return [
    `${counted(inputs.length, 'input')} (${kinds})`,
    counted(points.length, 'point'),
    ledger === null ? 'no ledger' : 'ledger',
    http === null ? 'no metrics' : `metrics at ${address}:${http.port}`,
    `at most ${mebibytesText(totalMemory(config))}`,
  ].join(', ');
}

const counted = (n: number, what: string): string => `${formatCount(n)} ${what}${n === 1 ? '' : 's'}`;

function totalMemory(config: DaemonConfig): number {
  return estimateMemory(config).reduce((sum, { bytes }) => sum + bytes, 0);
}

function show(loaded: LoadedConfig, json: boolean): Answer {
  const rows = effectiveRows(loaded);
  const { config, file, warnings } = loaded;
  const memory = estimateMemory(config);
  const total = totalMemory(config);
  if (json) {
    const values = rows.map(({ path, value, origin }) => ({ path, value, origin }));
    const row = { type: 'config', version: 1, file, values, warnings, memory, memory_bytes: total };
    return { lines: [jsonLine(row)], code: EXIT_DONE };
  }
  const parts = [...memory, { part: 'together', bytes: total }].map(
    ({ part, bytes }) => [part, mebibytesText(bytes)] as const,
  );
  const width = Math.max(...parts.map(([part]) => part.length));
  const column = Math.max(...parts.map(([, text]) => text.length));
  const lines = parts.map(([part, text]) => `#   ${part.padEnd(width)}  ${text.padStart(column)}`);
  return {
    lines: [...effectiveYaml(rows), '', '# memory, at most:', ...lines],
    notes: warnings,
    code: EXIT_DONE,
  };
}
