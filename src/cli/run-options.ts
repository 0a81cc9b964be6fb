import type { Argv } from 'yargs';
import { CONFIG_OPTIONS } from './config-options.ts';
import { option } from './group.ts';

export const RUN_SUMMARY = 'Run the daemon: inputs, detections, ledger and metrics, day and night';

/** Options of `poolprint run`. */
export function describeRun(yargs: Argv): Argv {
  return yargs
    .usage('Usage: poolprint run [--config FILE] [options]')
    .options({
      ...CONFIG_OPTIONS,
      drain: option.flag('work off what spools and logs hold, write everything down, and stop'),
    })
    .example('poolprint run --config /etc/poolprint/poolprint.yaml', 'until SIGTERM; SIGHUP reloads')
    .example('poolprint run --drain --set log.format=text', 'once through what waits in the spools')
    .epilogue(
      'Exit codes: 0 stopped by SIGTERM or --drain, 1 something cannot be used or failed, 2 the configuration, a signature ' +
        'file or the usage is wrong, 130 SIGINT.',
    );
}
