import { spawn } from 'node:child_process';
import { RECEIVING } from './namespaces.ts';

export interface Recorder {
  /** Ends it when it has written everything; rejects where the kernel dropped a packet, which makes the recording worthless. */
  stop(): Promise<{ readonly packets: number }>;
}

/** Records the receiving end into a file, beside the daemon. Settles once it listens. */
export async function record(file: string): Promise<Recorder> {
  const args = ['-i', RECEIVING, '-n', '-s', '0', '-B', '262144', '-Z', 'root', '-w', file];
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
    stop: async () => {
      child.kill('SIGINT');
      await ended;
      const packets = /(\d+) packets? captured/.exec(said)?.[1];
      const dropped = /(\d+) packets? dropped by kernel/.exec(said)?.[1];
      if (packets === undefined || dropped !== '0') throw new Error(`the recording is not whole: ${said}`);
      return { packets: Number(packets) };
    },
  };
}
