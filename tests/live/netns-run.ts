/**
 * The daemon on a live interface, in two network namespaces joined by a cable (docs/live-capture.md):
 * `node tests/live/netns-run.ts [--captures DIR|FILE]... [--apart] [--topspeed | --pps N | --mbps N | --multiplier X]`
 * compares what it finds with `poolprint replay`;
 * `… --rates auto|N,N,… [--seconds 10] [--mix 1g] [--buffer 64MiB] [--pin]` seeks the highest rate without loss;
 * `… --overload N [--seconds 60]` floods it. `--program tcpdump,dumpcap`, `--threads 1,2`, `--keep` (the folder).
 * Exit codes: 0, 1 (something differs or failed), 2 (usage), 77 (not possible on this machine, and why).
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ROOT } from '../bench/mix.ts';
import { faithful, isFaithful, render } from './faithful.ts';
import { createNamespaces, HEADER, whyNot, within } from './namespaces.ts';
import { overload, renderOverload } from './overload.ts';
import { risingRates } from './rates.ts';
import { captureFiles } from './sendable.ts';
import type { Speed } from './sender.ts';

const NOT_POSSIBLE = 77;
const DEFAULT_PPS = 10_000;

type Settings = ReturnType<typeof readSettings>;

function readSettings(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      captures: { type: 'string', multiple: true, default: [join(ROOT, 'captures')] },
      apart: { type: 'boolean', default: false },
      topspeed: { type: 'boolean', default: false },
      pps: { type: 'string' },
      mbps: { type: 'string' },
      multiplier: { type: 'string' },
      rates: { type: 'string' },
      overload: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      mix: { type: 'string', default: '1g' },
      buffer: { type: 'string' },
      program: { type: 'string', default: 'tcpdump' },
      threads: { type: 'string', default: '1' },
      pin: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      inside: { type: 'string' },
    },
  });
  const { rates, program } = values;
  return {
    ...values,
    speed: speedOf(values),
    rates: rates === undefined ? null : rates === 'auto' ? ('auto' as const) : numbers('--rates', rates),
    overload: values.overload === undefined ? null : (numbers('--overload', values.overload)[0] as number),
    seconds: numbers('--seconds', values.seconds)[0] as number,
    threads: numbers('--threads', values.threads),
    programs: program.split(',').map(programOf),
  };
}

function programOf(name: string): 'tcpdump' | 'dumpcap' {
  if (name === 'tcpdump' || name === 'dumpcap') return name;
  throw new RangeError(`--program: ${name} is neither tcpdump nor dumpcap`);
}

function numbers(name: string, text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name}: ${part} is no number above 0`);
    return value;
  });
}

function speedOf(
  values: { topspeed: boolean } & { [kind in 'pps' | 'mbps' | 'multiplier']?: string | undefined },
): Speed {
  const given = (['pps', 'mbps', 'multiplier'] as const).filter((kind) => values[kind] !== undefined);
  if (given.length + Number(values.topspeed) > 1) throw new RangeError('one speed is enough');
  if (values.topspeed) return { kind: 'topspeed' };
  const kind = given[0];
  if (kind === undefined) return { kind: 'pps', value: DEFAULT_PPS };
  return { kind, value: numbers(`--${kind}`, values[kind] ?? '')[0] as number };
}

/** Makes the namespaces and runs this script again in the receiving one. */
async function outside(args: readonly string[]): Promise<number> {
  const namespaces = createNamespaces();
  const self = [process.execPath, import.meta.filename, ...args, '--inside', namespaces.sender];
  const command = [...within(namespaces.receiver), ...self];
  const child = spawn(command[0] as string, command.slice(1), { stdio: 'inherit' });
  // The namespaces go only after all that runs in them.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'));
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  namespaces.remove();
  return code ?? 1;
}

async function inside(settings: Settings, sender: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'poolprint-live-'));
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    if (settings.rates === null && settings.overload === null) return await compareAll(settings, sender, folder, print);
    const common = { sender, folder, print, mix: settings.mix, seconds: settings.seconds, pin: settings.pin };
    const options = { ...common, buffer: settings.buffer ?? null };
    if (settings.rates !== null) {
      const rates = settings.rates === 'auto' ? null : settings.rates;
      await risingRates({ ...options, rates, programs: settings.programs, threads: settings.threads });
    }
    if (settings.overload !== null) {
      for (const program of settings.programs) {
        for (const threads of settings.threads) {
          const found = await overload({ ...options, program, threads, pps: settings.overload });
          print(`${program}, ${threads} threads\n${renderOverload(found)}`);
        }
      }
    }
    return 0;
  } finally {
    if (settings.keep) print(`everything lies in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function compareAll(
  settings: Settings,
  sender: string,
  folder: string,
  print: (line: string) => void,
): Promise<number> {
  const files = settings.captures.flatMap((name) => (statSync(name).isDirectory() ? captureFiles(name) : [name]));
  let failed = false;
  for (const program of settings.programs) {
    for (const threads of settings.threads) {
      for (const [number, batch] of (settings.apart ? files.map((file) => [file]) : [files]).entries()) {
        const own = join(folder, `${program}-${threads}-${number}`);
        mkdirSync(own);
        const options = { files: batch, folder: own, sender, longest: 65_535 + HEADER, speed: settings.speed };
        const result = await faithful({ ...options, program, threads });
        const first = settings.apart ? `${result.captures[0]?.name ?? batch[0]}: ` : '';
        print(
          `${program}, ${threads} threads: ${first}${isFaithful(result) ? 'equal' : 'NOT EQUAL'}\n${render(result)}`,
        );
        failed ||= !isFaithful(result);
      }
    }
  }
  return failed ? 1 : 0;
}

async function main(args: readonly string[]): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(args);
  } catch (error) {
    process.stderr.write(`netns-run: ${error instanceof Error ? error.message : error}\n`);
    return 2;
  }
  if (settings.inside !== undefined) return await inside(settings, settings.inside);
  const reason = whyNot(['tcpreplay', 'tcpdump', ...settings.programs]);
  if (reason !== null) {
    process.stderr.write(`netns-run: not possible on this machine: ${reason}\n`);
    return NOT_POSSIBLE;
  }
  return await outside(args);
}

process.exitCode = await main(process.argv.slice(2));
