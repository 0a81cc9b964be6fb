import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { RECEIVING } from './namespaces.ts';

/** The kernel hands over what it holds after a second at the latest (pcap_set_timeout(3PCAP), as tcpdump sets it). */
const HANDED_OVER = 5000;
const LOOK_EVERY = 50;

export interface Recorder {
  /**
   * Ends it once its file has `size` octets, or some seconds later; rejects where the kernel dropped a packet, which makes the
   * recording worthless.
   */
  stop(size: number): Promise<{ readonly packets: number }>;
}

/** Records the receiving end into a file, beside the daemon. Settles once it listens. */
export async function record(file: string): Promise<Recorder> {
  const args = ['-i', RECEIVING, '-n', '-U', '-s', '0', '-B', '131072', '-Z', 'root', '-w', file];
  const child = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  const listening = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
  });
  await Promise.race([listening, ended]);
  if (child.exitCode !== null || child.pid === undefined) throw new Error(`tcpdump cannot record: ${said}`);
  return {
    stop: async (size) => {
      const until = Date.now() + HANDED_OVER;
      while (sizeOf(file) < size && Date.now() < until) await pause(LOOK_EVERY);
      child.kill('SIGINT');
      await ended;
      const packets = /(\d+) packets? captured/.exec(said)?.[1];
      const dropped = /(\d+) packets? dropped by kernel/.exec(said)?.[1];
      if (packets === undefined || dropped !== '0') throw new Error(`the recording is not whole: ${said}`);
      return { packets: Number(packets) };
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
