import type { Argv } from 'yargs';
import { KINDS, STATUSES } from '../signature/types.ts';
import { LANGUAGES } from './messages.ts';
import { COLOR_MODES } from './style.ts';

export const SIGNATURE_ACTIONS = ['lint', 'test', 'list', 'show', 'search', 'stats', 'diff'] as const;
export type SignatureAction = (typeof SIGNATURE_ACTIONS)[number];

/** What yargs hands over for `signatures`; a text that was given twice comes as a list. */
export interface RawSignaturesArguments {
  readonly paths?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly words?: readonly string[] | undefined;
  readonly old?: unknown;
  readonly new?: unknown;
  readonly signatures?: readonly string[] | undefined;
  readonly status?: readonly string[] | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly dialect?: readonly string[] | undefined;
  readonly json?: unknown;
  readonly strict?: unknown;
  readonly ledger?: unknown;
  readonly lang?: unknown;
  readonly color?: unknown;
  /** What stood behind `--`, after the two words of the command. */
  readonly _?: readonly unknown[] | undefined;
}

/** Called with the action that was named and its arguments. */
export type SignatureHandler = (action: SignatureAction, given: RawSignaturesArguments) => void;

export const SIGNATURES_SUMMARY = 'Check, show, search and compare signatures';

/** Commands and options of `signatures` as its help shows them. */
export function describeSignatures(yargs: Argv, handle: SignatureHandler): Argv {
  const on = (action: SignatureAction) => (given: object) => handle(action, given as RawSignaturesArguments);
  return yargs
    .usage('Usage: poolprint signatures COMMAND [options]')
    .command('lint [paths..]', 'Check signature files; exit with 2 where one has a fault', describeLint, on('lint'))
    .command('test [ids..]', 'Run the tests of signatures; exit with 1 where one fails', describeTest, on('test'))
    .command('list', 'List signatures', describeList, on('list'))
    .command('show <ids..>', 'Show all there is in a signature', describeShow, on('show'))
    .command('search <words..>', 'Find signatures that have all the words', describeSearch, on('search'))
    .command('stats', 'Count signatures by status, kind and dialect', describeStats, on('stats'))
    .command('diff <old> <new>', 'Compare two folders or files of signatures', describeDiff, on('diff'))
    .demandCommand(1, `no command given: name one of ${SIGNATURE_ACTIONS.join(', ')}`)
    .example('poolprint signatures lint my-signatures', 'every fault with file, line and column')
    .example("poolprint signatures show 'cryptonote.*'", 'all signatures of a dialect')
    .example('poolprint signatures search kawpow 份额', 'in ids, titles, conditions, look-alikes')
    .epilogue(
      'Exit codes: 0 done, 1 a test failed or diff --strict found a fault, 2 usage or a faulty signature file.',
    );
}

function describeLint(yargs: Argv): Argv {
  return output(yargs.usage('Usage: poolprint signatures lint [DIR|FILE...] [options]')).positional('paths', {
    type: 'string',
    array: true,
    describe: 'folders and files to check (default: the signatures that come along)',
  });
}

function describeTest(yargs: Argv): Argv {
  return source(output(yargs.usage('Usage: poolprint signatures test [ID...] [options]'))).positional('ids', {
    type: 'string',
    array: true,
    describe: 'ids, or prefixes such as cryptonote.* (default: all)',
  });
}

function describeList(yargs: Argv): Argv {
  const repeatable = { type: 'string', array: true, nargs: 1 } as const;
  return source(output(yargs.usage('Usage: poolprint signatures list [options]')))
    .option('status', { ...repeatable, choices: STATUSES, describe: 'only those of this status; repeatable' })
    .option('kind', { ...repeatable, choices: KINDS, describe: 'only those of this kind; repeatable' })
    .option('dialect', { ...repeatable, describe: 'only those of this dialect, or none for shared ones; repeatable' });
}

function describeShow(yargs: Argv): Argv {
  return source(output(yargs.usage('Usage: poolprint signatures show ID... [options]'))).positional('ids', {
    type: 'string',
    array: true,
    describe: 'ids, or prefixes such as cryptonote.*',
  });
}

function describeSearch(yargs: Argv): Argv {
  return source(output(yargs.usage('Usage: poolprint signatures search WORD... [options]'))).positional('words', {
    type: 'string',
    array: true,
    describe: 'words or parts of words, all of which must occur; upper and lower case are the same',
  });
}

function describeStats(yargs: Argv): Argv {
  return source(output(yargs.usage('Usage: poolprint signatures stats [options]'))).option('ledger', {
    type: 'string',
    nargs: 1,
    describe: 'count the leads of this ledger in which each signature held, and how they were judged',
  });
}

function describeDiff(yargs: Argv): Argv {
  return output(yargs.usage('Usage: poolprint signatures diff OLD NEW [options]'))
    .positional('old', { type: 'string', describe: 'folder or file with the older signatures' })
    .positional('new', { type: 'string', describe: 'folder or file with the newer signatures' })
    .option('strict', {
      type: 'boolean',
      describe: 'exit with 1 where an id is gone, or a meaning changed without a new version',
    });
}

function source(yargs: Argv): Argv {
  return yargs.option('signatures', {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'read this folder or file instead of the signatures that come along; repeatable',
  });
}

function output(yargs: Argv): Argv {
  return yargs
    .option('json', { type: 'boolean', describe: 'print JSON, one object a line' })
    .option('color', { type: 'string', nargs: 1, choices: COLOR_MODES, describe: 'colour the output (default auto)' })
    .option('lang', { type: 'string', nargs: 1, choices: LANGUAGES, describe: 'language (default: LANG)' });
}
