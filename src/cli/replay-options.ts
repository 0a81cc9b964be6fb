import type { Argv } from 'yargs';
import type { RunVantage, WindowKind } from '../engine/options.ts';
import { UsageError } from './exit.ts';
import { LANGUAGES, type Language } from './messages.ts';
import { COLOR_MODES, type ColorMode } from './style.ts';

/** What yargs hands over for `replay`; a text that was given twice comes as a list. */
export interface RawReplayArguments {
  readonly inputs?: readonly string[] | undefined;
  readonly filter?: unknown;
  readonly json?: unknown;
  readonly explain?: unknown;
  readonly evidence?: unknown;
  readonly home?: readonly string[] | undefined;
  readonly threads?: unknown;
  readonly window?: unknown;
  readonly nat?: unknown;
  readonly realm?: unknown;
  readonly clockError?: unknown;
  readonly sensor?: unknown;
  readonly ledger?: unknown;
  readonly as?: unknown;
  readonly reference?: unknown;
  readonly signatures?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly without?: readonly string[] | undefined;
  readonly endpoints?: readonly string[] | undefined;
  readonly lowConfidence?: unknown;
  readonly strict?: unknown;
  readonly failOnDetection?: unknown;
  readonly color?: unknown;
  readonly lang?: unknown;
  readonly quiet?: unknown;
}

/** Arguments of `replay`, checked. */
export interface ReplayArguments {
  readonly inputs: readonly string[];
  readonly filter: string | null;
  readonly json: boolean;
  readonly explain: boolean;
  readonly evidence: string | null;
  /** Canonical prefixes. */
  readonly home: readonly string[];
  readonly threads: number;
  readonly window: WindowKind;
  /** Where the packets were captured. */
  readonly vantage: RunVantage;
  readonly sensor: string;
  /** Ledger that takes the detections, by UTC day, and in whose name; null for none. */
  readonly ledger: string | null;
  /** Folder or file, several of them, or null for the signatures that come along. */
  readonly signatures: string | readonly string[] | null;
  /** Ids and prefixes such as `cryptonote.*`. */
  readonly only: readonly string[];
  readonly without: readonly string[];
  /** Endpoint files beside the list that comes along; whether its rows of low confidence count. */
  readonly endpoints: readonly string[];
  readonly lowConfidence: boolean;
  readonly strict: boolean;
  readonly failOnDetection: boolean;
  readonly color: ColorMode;
  readonly language: Language | null;
  readonly quiet: boolean;
}

export const WINDOWS: readonly WindowKind[] = ['run', 'day'];
export const VANTAGES: readonly RunVantage['nat'][] = ['inside', 'outside', 'none'];

export const REPLAY_SUMMARY = 'Find mining in packet captures';

/** The text of an option that may be given once, or null. Throws a UsageError where it was given twice. */
export function one(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  if (Array.isArray(value)) throw new UsageError(`--${name} is given twice`);
  return String(value);
}

/** Options and examples of `replay` as its help shows them. */
export function describeReplay(yargs: Argv): Argv {
  return yargs
    .usage('Usage: poolprint replay FILE|DIR|GLOB|-... [options]')
    .usage(
      '\nReads pcap and pcapng captures, also compressed ones, and says who mines, where and how much; - reads standard input.',
    )
    .positional('inputs', {
      type: 'string',
      array: true,
      describe: 'captures, folders, globs, or - for standard input',
    })
    .option('filter', { type: 'string', nargs: 1, describe: 'look only at packets that match this BPF expression' })
    .option('json', { type: 'boolean', describe: 'print JSON, one object a line (docs/json.md)' })
    .option('explain', { type: 'boolean', describe: 'say why, with the packets to look at' })
    .option('evidence', {
      type: 'string',
      nargs: 1,
      describe: 'write the packets behind each detection into this folder',
    })
    .option('home', { type: 'string', array: true, nargs: 1, describe: 'prefix of your own customers; repeatable' })
    .option('threads', { type: 'string', nargs: 1, describe: 'worker threads (default 1)' })
    .option('window', {
      type: 'string',
      nargs: 1,
      choices: WINDOWS,
      describe: 'one detection for the whole run, or one for each UTC day (default run)',
    })
    .option('nat', {
      type: 'string',
      nargs: 1,
      choices: VANTAGES,
      describe: 'captured inside or outside of an address translation (default none)',
    })
    .option('realm', {
      type: 'string',
      nargs: 1,
      describe: 'name of the network in which private addresses are unique',
    })
    .option('clock-error', { type: 'string', nargs: 1, describe: "error of the capture's clock, seconds (default 0)" })
    .option('sensor', { type: 'string', nargs: 1, describe: 'name of the observation point (default replay)' })
    .option('ledger', {
      type: 'string',
      nargs: 1,
      describe: 'put the detections into this ledger, by UTC day (docs/leads.md)',
    })
    .option('as', { type: 'string', nargs: 1, describe: 'name under which the ledger notes it (default: the user)' })
    .option('reference', {
      type: 'string',
      nargs: 1,
      describe: 'folder with reference tables of your own, for the ledger',
    })
    .option('signatures', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'use the signatures of this folder or file instead of those that come along; repeatable',
    })
    .option('only', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'use only these signatures: ids or prefixes (cryptonote.*) joined by commas; repeatable',
    })
    .option('without', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'leave out these signatures; repeatable',
    })
    .option('endpoints', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'CSV file of pool endpoints beside those that come along (docs/endpoints.md); repeatable',
    })
    .option('low-confidence', { type: 'boolean', describe: 'use the endpoints of low confidence too' })
    .option('strict', { type: 'boolean', describe: 'exit with 3 where an input is damaged' })
    .option('fail-on-detection', { type: 'boolean', describe: 'exit with 4 where mining is found' })
    .option('color', { type: 'string', nargs: 1, choices: COLOR_MODES, describe: 'colour the table (default auto)' })
    .option('lang', { type: 'string', nargs: 1, choices: LANGUAGES, describe: 'language of the table (default: LANG)' })
    .option('quiet', { alias: 'q', type: 'boolean', describe: 'no progress, no summary, no notes' })
    .example('poolprint replay capture.pcap', 'a table of who mines where')
    .example('poolprint replay --explain capture.pcapng', 'and why')
    .example("poolprint replay 'spool/*.pcap.gz' --json", 'one JSON object a line')
    .example(
      "poolprint replay big.pcap --filter 'net 10.0.0.0/8' --evidence out",
      'one network, with the packets as proof',
    )
    .example('tcpdump -i eth0 -w - | poolprint replay -', 'from another program')
    .epilogue(
      'Exit codes: 0 done, 1 an input or the output failed, 2 usage, 3 --strict, 4 --fail-on-detection, 130/143 signal.',
    );
}
