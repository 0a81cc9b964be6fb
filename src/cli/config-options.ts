import { type GroupSpec, option } from './group.ts';

export type ConfigAction = 'check' | 'show' | 'schema';

const FILE = {
  file: {
    type: 'string',
    describe: 'configuration file (default: --config, else the places that docs/daemon-config.md lists)',
  },
} as const;

/** Which configuration, and what stands above it; `run` takes the same. */
export const CONFIG_OPTIONS: GroupSpec['actions'][string]['options'] & object = {
  config: option.text('configuration file'),
  set: option.list('value above file and environment: http.port=9100'),
};

const JSON_OPTION = { json: option.flag('print JSON, one object a line') };

export const CONFIG_GROUP: GroupSpec<ConfigAction> = {
  name: 'config',
  summary: 'Check and show the configuration of the daemon',
  actions: {
    check: {
      arguments: '[file]',
      summary: 'Say whether a configuration is sound, or every fault in it',
      positionals: FILE,
      options: {
        ...CONFIG_OPTIONS,
        live: option.flag('also try interfaces, folders, programs, signatures, ledger and registry; changes nothing'),
        ...JSON_OPTION,
      },
    },
    show: {
      arguments: '[file]',
      summary: 'Print what holds in the end, where each value came from, and the memory it may come to',
      positionals: FILE,
      options: { ...CONFIG_OPTIONS, ...JSON_OPTION },
    },
    schema: { arguments: '', summary: 'Print the JSON Schema of the configuration, for editors' },
  },
  examples: [
    ['poolprint config check poolprint.yaml', 'every fault with file, line and column'],
    ['poolprint config show --set threads=4', 'with the origin of every value'],
  ],
  epilogue:
    'Exit codes: 0 sound, 1 with --live something cannot be used here, 2 the configuration has faults or is not there.',
};
