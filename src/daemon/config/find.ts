/** Finds and reads the configuration file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { visible } from '../../cli/text.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigOptions, type LoadedConfig, MAX_TEXT, readConfig } from './load.ts';
import { type Environment, readSmallFile } from './overrides.ts';

const NAME = 'poolprint.yaml';
const SYSTEM: string = join('/etc/poolprint', NAME);

/**
 * The file to use: the one named, else POOLPRINT_CONFIG, else the first there is of poolprint.yaml in
 * $CONFIGURATION_DIRECTORY, ./poolprint.yaml and /etc/poolprint/poolprint.yaml. Throws a ConfigError where there is none.
 */
export function findConfig(
  named: string | null,
  env: Environment,
  exists: (path: string) => boolean = existsSync,
): string {
  const given = named ?? env['POOLPRINT_CONFIG'] ?? '';
  if (given !== '') return given;
  const folders = (env['CONFIGURATION_DIRECTORY'] ?? '').split(':').filter((folder) => folder !== '');
  const places = [...folders.map((folder) => join(folder, NAME)), NAME, SYSTEM];
  const found = places.find((place) => exists(place));
  if (found !== undefined) return found;
  const looked = visible(places.join(', '));
  throw new ConfigError([
    { where: 'configuration', message: `there is none (looked for ${looked}): name one with --config FILE` },
  ]);
}

/** Reads a configuration file. Throws a ConfigError, also where the file cannot be read. */
export function loadConfigFile(file: string, env: Environment, options: ConfigOptions = {}): LoadedConfig {
  let text: string;
  try {
    text = readSmallFile(file, MAX_TEXT * 4);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : (error as Error).message;
    throw new ConfigError([
      { where: visible(file), message: `cannot be read (${visible(reason)}): name a file that may be read` },
    ]);
  }
  return readConfig(text, file, env, options);
}
