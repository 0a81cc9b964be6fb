import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CliEnvironment, runCli } from '../../src/cli/cli.ts';
import { loadSelectedSignatures } from '../../src/cli/signatures.ts';
import { loadSignatures } from '../../src/signature/load.ts';
import type { Signature } from '../../src/signature/types.ts';
import { fileOf } from '../signature/build.ts';

export const LAUNCH: string = fileURLToPath(new URL('../../src/cli/launch.ts', import.meta.url));
/** The signatures that come along. */
export const ALL: readonly Signature[] = loadSignatures().signatures;

let folder = '';
/** A path in the folder of the tests. */
export const at = (...names: string[]): string => join(folder, ...names);
export const put = (name: string, text: string): void => writeFileSync(at(name), text);

/** Makes the folder of signature files that the tests read. */
export function prepare(): void {
  folder = mkdtempSync(join(tmpdir(), 'poolprint-signatures-'));
  for (const name of ['old', 'new', 'empty', 'bad', 'failing', 'nested', 'nested/deep']) mkdirSync(at(name));
  put('old/a.yaml', fileOf({ id: 'demo.one' }, { id: 'demo.two' }, { id: 'demo.three', status: 'draft', weight: 0.5 }));
  put('new/a.yaml', fileOf({ id: 'demo.one', match: { all: [{ method: ['demo.one', 'demo.1'] }] } }));
  put('new/b.yaml', fileOf({ id: 'demo.four' }, { id: 'demo.three', weight: 0.9, version: 2 }));
  put('nested/deep/c.yml', fileOf({ id: 'deep.one', dialect: null }));
  put('bad/a.yaml', fileOf({ id: 'demo.one', weight: 2, colour: 'red' }));
  put('bad/b.yaml', '- id: [\n');
  put(
    'failing/a.yaml',
    fileOf(
      {
        id: 'demo.one',
        tests: [
          { miner: '{"method":"demo.one"}', expect: 'indication' },
          { miner: '{"method":"demo.one","id":1}', expect: 'none' },
          { miner: 'no json', expect: 'none' },
        ],
      },
      { id: 'demo.two', match: { all: [{ method: ['demo.one'] }] } },
    ),
  );
}

export function cleanUp(): void {
  rmSync(folder, { recursive: true, force: true });
}

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process, with the real signatures. */
export async function run(argv: readonly string[], env: Record<string, string> = {}, stdoutError = ''): Promise<Run> {
  const result: Run = { code: -1, stdout: '', stderr: '' };
  const never = (): never => {
    throw new Error('not wanted here');
  };
  const environment: CliEnvironment = {
    loadEngine: never,
    loadSignatures: loadSelectedSignatures,
    loadEndpoints: never,
    stdout: {
      write(text, done) {
        result.stdout += text;
        done?.(stdoutError === '' ? null : Object.assign(new Error(stdoutError), { code: stdoutError }));
        return true;
      },
    },
    stderr: {
      write(text, done) {
        result.stderr += text;
        done?.();
        return true;
      },
    },
    env,
    now: () => 0,
    clock: () => 1_795_000_000_000_000,
    random: (bytes) => new Uint8Array(bytes).fill(7),
    user: () => 'tester',
    onSignal: () => undefined,
    exit: never,
  };
  result.code = await runCli(argv, environment);
  return result;
}
export const signatures = (...argv: string[]): Promise<Run> => run(['signatures', ...argv]);
/** Objects of JSON lines. */
export const rowsOf = ({ stdout }: Run): Record<string, unknown>[] =>
  stdout === ''
    ? []
    : stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
