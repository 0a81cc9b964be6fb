/**
 * A soak: the real daemon under everything at once, for any time (docs/soak.md).
 * `node tests/soak/run.ts --minutes 30 --packets 200000000`. Exit code 1: a bound is broken; 2: usage.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type SoakOptions, soak } from './soak.ts';

const HELP = `node tests/soak/run.ts [options]
  --minutes N        how long (30)
  --packets N        packets to be worked off in that time (120,000 a second)
  --captures DIR     folder of captures; may stand several times (captures)
  --seed N           seed of everything that is random (1)
  --slope N          MiB an hour by which resident memory may grow (60)
  --threads N        threads of the daemon (1)
  --every N          seconds between samples (10)
  --directory DIR    where files of the run are kept (a folder of its own below the temporary one)
  --node-flag FLAG   a flag of Node for the daemon, as --heapsnapshot-signal=SIGUSR2; may stand several times
`;

function options(): SoakOptions | null {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      packets: { type: 'string' },
      captures: { type: 'string', multiple: true },
      seed: { type: 'string', default: '1' },
      slope: { type: 'string', default: '60' },
      threads: { type: 'string', default: '1' },
      every: { type: 'string', default: '10' },
      directory: { type: 'string' },
      'node-flag': { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const number = (name: 'minutes' | 'packets' | 'seed' | 'slope' | 'threads' | 'every', otherwise = 0): number => {
    const text = values[name];
    const value = text === undefined ? otherwise : Number(text);
    if (!Number.isFinite(value) || value < 0) throw new TypeError(`--${name}: ${text} is no number`);
    return value;
  };
  const minutes = number('minutes');
  return {
    minutes,
    packets: number('packets', Math.round(minutes * 60 * 120_000)),
    captures: values.captures ?? [],
    seed: number('seed'),
    slope: number('slope'),
    threads: number('threads'),
    every: number('every'),
    directory: values.directory ?? null,
    nodeFlags: values['node-flag'],
    print: (line) => process.stdout.write(`${line}\n`),
  };
}

let chosen: SoakOptions | null = null;
try {
  chosen = options();
  if (chosen === null) process.stdout.write(HELP);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${HELP}`);
  process.exitCode = 2;
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
if (chosen !== null) process.exitCode = (await soak(chosen)).broken.length === 0 ? 0 : 1;
