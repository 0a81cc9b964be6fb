import { expect } from 'vitest';
import { ConfigError } from '../../../src/daemon/config/config-error.ts';
import { type ConfigOptions, type LoadedConfig, readConfig } from '../../../src/daemon/config/load.ts';

export const FILE: string = '/etc/poolprint/poolprint.yaml';
export type Env = Readonly<Record<string, string | undefined>>;

/** A configuration that holds nothing but what must be there. */
export const LEAST: string = 'sensor: s\ninputs:\n  - {name: tap, kind: live, interface: eth1}\n';

export const read = (text: string, env: Env = {}, options: ConfigOptions = {}): LoadedConfig =>
  readConfig(text, FILE, env, options);

/** Lines of the error without the path of the file. */
export function faults(text: string, env: Env = {}, options: ConfigOptions = {}): string[] {
  try {
    readConfig(text, FILE, env, options);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n').map((line) => line.replace(`${FILE}:`, ''));
  }
  return [];
}

/** The entry of an input in a file that is sound but for it; and a line below a sound file. */
export const withInput = (entry: string): string => `sensor: s\ninputs:\n  - ${entry}\n`;
export const withKey = (line: string): string => `${LEAST}${line}\n`;
