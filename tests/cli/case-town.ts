/** The invented town of docs/example in a folder of its own, and commands run on it as a user runs them. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CliEnvironment, runCli } from '../../src/cli/cli.ts';
import { loadSelectedSignatures } from '../../src/cli/signatures.ts';
import { replay } from '../../src/engine/replay.ts';
import type { Lead } from '../../src/ledger/types.ts';
import { loadEndpoints } from '../../src/signature/endpoints.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const example = (name: string): string => join(ROOT, 'docs', 'example', name);
export const capture = (name: string): string => join(ROOT, 'captures', name);
export const LAUNCH: string = join(ROOT, 'src', 'cli', 'launch.ts');

/** 6 November 2026, 02:00 UTC: a Friday, three days after the traffic. */
export const FRIDAY: number = Date.UTC(2026, 10, 6, 2) * 1000;
export const DAY: number = 86_400e6;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Row = Record<string, unknown>;

/** Leads of the town by what they are about. */
export const FARM = 'L6343853f22d5167873f4f990';
export const COLLEGE = 'Lc5b0280a3b65d1aef8f4c49c';
export const HOUSEHOLD = 'Lcf70da6222d3ea264466b0d3';

/** A folder with a ledger `town.ledger`, and a clock that moves a second with each command. */
export class Case {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'poolprint-case-'));
  readonly ledger: string = join(this.folder, 'town.ledger');
  /** Microseconds. */
  time: number = FRIDAY;
  env: Record<string, string> = {};
  stdoutIsTerminal: boolean = false;
  #drawn = 0;

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  put(name: string, content: string | Uint8Array): string {
    writeFileSync(this.at(name), content);
    return this.at(name);
  }

  text(name: string): string {
    return readFileSync(this.at(name), 'utf8');
  }

  /** Bytes that nobody guesses, the same in every run. */
  #random(bytes: number): Uint8Array {
    this.#drawn += 1;
    return createHash('shake256', { outputLength: bytes }).update(`${this.folder.length} ${this.#drawn}`).digest();
  }

  /** Runs a command line in this process, on this ledger unless the words name one. */
  run(...words: readonly string[]): Promise<Outcome> {
    return this.with((environment) => runCli(words, environment));
  }

  /** Runs something in the surroundings of a command. */
  async with(work: (environment: CliEnvironment) => Promise<number>): Promise<Outcome> {
    this.time += 1e6;
    const out = { stdout: '', stderr: '' };
    const stream = (name: 'stdout' | 'stderr'): CliEnvironment['stdout'] => ({
      isTTY: name === 'stdout' && this.stdoutIsTerminal,
      columns: 200,
      write(text, done) {
        out[name] += text;
        done?.();
        return true;
      },
    });
    const code = await work({
      loadEngine: async () => ({ replay }),
      loadSignatures: loadSelectedSignatures,
      loadEndpoints: async (options) => loadEndpoints(undefined, options),
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      env: { POOLPRINT_LEDGER: this.ledger, ...this.env },
      now: () => 0,
      clock: () => this.time,
      random: (bytes) => this.#random(bytes),
      user: () => 'tester',
      onSignal: () => undefined,
      exit: (status) => {
        throw new Error(`left with ${status}`);
      },
    });
    return { code, ...out };
  }

  /** The same; throws where the command fails. */
  async ok(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code} ${stderr}${stdout}`);
    return stdout;
  }

  /** The JSON rows of a command. */
  async rows(...words: readonly string[]): Promise<Row[]> {
    return rowsOf(await this.ok(...words, '--json'));
  }

  async leads(...words: readonly string[]): Promise<Lead[]> {
    return (await this.rows('leads', 'list', ...words)) as unknown as Lead[];
  }

  async lead(reference: string): Promise<Lead & Row> {
    const [lead] = await this.rows('leads', 'show', reference);
    return lead as unknown as Lead & Row;
  }

  /** `replay --ledger` of captures outside the town's carrier NAT. */
  replay(...words: readonly string[]): Promise<Outcome> {
    const vantage = ['--nat', 'outside', '--clock-error', '1', '--home', '198.51.100.0/24'];
    return this.run('replay', '--ledger', this.ledger, ...vantage, ...words);
  }

  /** Imports the town's registry. */
  async register(): Promise<Outcome> {
    const names = ['filing', 'resource', 'sessions', 'customers', 'power-accounts', 'meter-readings'];
    return this.run('registry', 'import', ...names.map((name) => example(`${name}.csv`)));
  }

  /** Registry and traffic. */
  async found(): Promise<void> {
    const outcomes = [await this.register(), await this.replay(capture('example-city.pcap'), '--quiet')];
    for (const { code, stderr } of outcomes) if (code !== 0) throw new Error(stderr);
  }

  /** A case of its own that starts where this one stands. */
  fork(): Case {
    const other = new Case();
    other.time = this.time;
    copyFileSync(this.ledger, other.ledger);
    return other;
  }

  cleanUp(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function rowsOf(text: string): Row[] {
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
}

/** Whether a text is fit for a terminal: no control, format or override characters but line ends. */
export function isPlain(text: string): boolean {
  return !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/.test(text);
}

/** One line for people: nothing raw, no stack, with the name of the program. */
export const ONE_LINE: RegExp = /^poolprint: [^\n]+\n$/;
