import type { Argv, Options, PositionalOptions } from 'yargs';
import { LANGUAGES } from './messages.ts';
import { COLOR_MODES } from './style.ts';

/** One command of a group, `poolprint leads list`, as its help shows it. */
export interface ActionSpec {
  /** Positional arguments as yargs wants them: `<files..>`. */
  readonly arguments: string;
  readonly summary: string;
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  readonly options?: Readonly<Record<string, Options>>;
}

/** A command that has commands: `registry`, `leads`, `report`, `ledger`, `evidence`. */
export interface GroupSpec<Action extends string = string> {
  readonly name: string;
  readonly summary: string;
  readonly actions: Readonly<Record<Action, ActionSpec>>;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly epilogue: string;
}

/** What yargs hands over; `_` is what stood behind `--`. */
export type GivenArguments = Readonly<Record<string, unknown>>;

const text = { type: 'string', nargs: 1 } as const;
const list = { type: 'string', array: true, nargs: 1 } as const;
const flag = { type: 'boolean' } as const;

/** Options by kind, so that a table of them stays short. */
export const option = {
  text: (describe: string): Options => ({ ...text, describe }),
  list: (describe: string): Options => ({ ...list, describe: `${describe}; repeatable` }),
  flag: (describe: string): Options => ({ ...flag, describe }),
  choice: (describe: string, choices: readonly string[]): Options => ({ ...text, choices, describe }),
  choices: (describe: string, choices: readonly string[]): Options => ({
    ...list,
    choices,
    describe: `${describe}; repeatable`,
  }),
};

/** Which ledger, and in whose name. */
export const LEDGER_OPTIONS: Readonly<Record<string, Options>> = {
  ledger: option.text('ledger file (default: POOLPRINT_LEDGER, else poolprint.ledger)'),
  as: option.text('name under which the ledger notes this (default: the user of the system)'),
};

/** The same, and the tables, for commands that make something of what is in it. */
export const CASE_OPTIONS: Readonly<Record<string, Options>> = {
  ...LEDGER_OPTIONS,
  reference: option.text('folder with tables that replace those of the same name in signatures/reference'),
};

export const OUTPUT_OPTIONS: Readonly<Record<string, Options>> = {
  json: option.flag('print JSON, one object a line'),
  color: { ...text, choices: COLOR_MODES, describe: 'colour the output (default auto)' },
  lang: { ...text, choices: LANGUAGES, describe: 'language (default: LANG)' },
};

/** Commands and options of a group; `handle` is called with the one that was named. */
export function describeGroup<Action extends string>(
  yargs: Argv,
  group: GroupSpec<Action>,
  handle: (action: Action, given: GivenArguments) => void,
): Argv {
  let own = yargs.usage(`Usage: poolprint ${group.name} COMMAND [options]`);
  for (const [action, spec] of Object.entries(group.actions) as [Action, ActionSpec][]) {
    own = own.command(
      `${action} ${spec.arguments}`.trim(),
      spec.summary,
      (builder) => describeAction(builder, group.name, action, spec),
      (given) => handle(action, given as GivenArguments),
    );
  }
  for (const [command, what] of group.examples) own = own.example(command, what);
  const names = Object.keys(group.actions).join(', ');
  return own.demandCommand(1, `no command given: name one of ${names}`).epilogue(group.epilogue);
}

function describeAction(yargs: Argv, group: string, action: string, spec: ActionSpec): Argv {
  const shown = spec.arguments
    .replace(/[<>[\]]/g, '')
    .toUpperCase()
    .replaceAll('..', '...');
  let own = yargs.usage(`Usage: poolprint ${group} ${action}${shown === '' ? '' : ` ${shown}`} [options]`);
  for (const [name, positional] of Object.entries(spec.positionals ?? {})) own = own.positional(name, positional);
  for (const [name, described] of Object.entries(spec.options ?? {})) own = own.option(name, described);
  return own;
}
