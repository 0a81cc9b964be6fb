import { spawn } from 'node:child_process';
import { SENDING, within } from './namespaces.ts';

/** How fast frames go out. */
export type Speed =
  | { readonly kind: 'topspeed' }
  | { readonly kind: 'pps' | 'mbps' | 'multiplier'; readonly value: number };

/** What tcpreplay says of one run. */
export interface Sent {
  readonly packets: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly failed: number;
  /** Its last line on standard error where it failed; null = it did not. */
  readonly problem: string | null;
}

export interface SendOptions {
  readonly namespace: string;
  readonly file: string;
  readonly speed: Speed;
  /** Repeats the file for so many seconds; null = sends it once. */
  readonly seconds?: number | null;
  /** Core it is kept on; null = any. */
  readonly core?: number | null;
}

/** Sends a capture with tcpreplay (https://tcpreplay.appneta.com/wiki/tcpreplay-man.html). Never rejects. */
export function send(options: SendOptions): { readonly done: Promise<Sent>; stop(): void } {
  const { namespace, file, speed, seconds = null, core = null } = options;
  const pace = speed.kind === 'topspeed' ? '--topspeed' : `--${speed.kind}=${speed.value}`;
  const repeat = seconds === null ? [] : ['--loop=0', `--duration=${seconds}`];
  const pin = core === null ? [] : ['taskset', '-c', String(core)];
  const command = [...within(namespace), ...pin, 'tcpreplay', '-i', SENDING, '--no-flow-stats', pace, ...repeat, file];
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err = (err + text).slice(-4000);
  });
  const done = new Promise<Sent>((resolve) => {
    const end = (problem: string | null): void => resolve(parseSent(out, problem));
    child.once('error', (error) => end(error.message));
    child.once('close', (code) => end(code === 0 ? null : (err.trim().split('\n').at(-1) ?? `exit ${code}`)));
  });
  return { done, stop: () => child.kill('SIGINT') };
}

/** Reads the last words of tcpreplay 4: `Actual: 9 packets (1234 bytes) sent in 0.10 seconds`. */
export function parseSent(text: string, problem: string | null): Sent {
  const actual = [...text.matchAll(/Actual: (\d+) packets \((\d+) bytes\) sent in ([\d.]+) seconds/g)].at(-1);
  const failed = [...text.matchAll(/Failed packets:\s+(\d+)/g)].at(-1);
  return {
    packets: Number(actual?.[1] ?? 0),
    bytes: Number(actual?.[2] ?? 0),
    seconds: Number(actual?.[3] ?? 0),
    failed: Number(failed?.[1] ?? 0),
    problem: actual === undefined && problem === null ? 'tcpreplay did not say what it sent' : problem,
  };
}
