import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PCAP_HEADER_LENGTH, RECORD_HEADER_LENGTH } from '../bench/mix-frame.ts';
import { type Comparison, compare, nameOf } from './compare.ts';
import { DaemonProcess, type DaemonSettings, replay } from './daemon-process.ts';
import { record } from './recorder.ts';
import { readSendable, type Sendable, writeSendable } from './sendable.ts';
import { type Speed, send } from './sender.ts';

/** Lines about differences that are shown. */
const MAX_LINES = 30;

export interface FaithfulOptions {
  /** Captures in the order in which they are sent. */
  readonly files: readonly string[];
  /** Where everything is written; made here. */
  readonly folder: string;
  readonly sender: string;
  readonly longest: number;
  readonly speed: Speed;
  readonly program: DaemonSettings['program'];
  readonly threads: number;
}

/** One daemon, from its start to its end. */
export interface FaithfulResult {
  readonly captures: readonly Sendable[];
  /** Packets that went out, that the recorder has, that the daemon read, and that the kernel or the capture program dropped. */
  readonly sent: number;
  readonly recorded: number;
  readonly read: number;
  readonly dropped: number;
  readonly exitCode: number | null;
  /** Against a replay of what crossed the cable: the same packets, stamped when they were sent. */
  readonly recording: Comparison;
  /** Against a replay of the captures themselves, with their own times: what the times change shows here. */
  readonly originals: Comparison;
}

/** Sends captures one after another to a daemon, and compares what it found with what `replay` finds. */
export async function faithful(options: FaithfulOptions): Promise<FaithfulResult> {
  const { files, folder, sender, longest, speed, program, threads } = options;
  mkdirSync(folder, { recursive: true });
  const captures = files.map((file) => readSendable(file, longest)).filter(({ frames }) => frames.length > 0);
  const recording = join(folder, 'recording.pcap');
  const daemon = await DaemonProcess.start({ folder: join(folder, 'daemon'), program, threads, quick: true });
  let [sent, read, dropped, recorded] = [0, 0, 0, 0];
  let size = PCAP_HEADER_LENGTH;
  let exitCode: number | null = null;
  try {
    const recorder = await record(recording);
    for (const [number, { name, frames }] of captures.entries()) {
      const file = join(folder, `send-${number}.pcap`);
      writeSendable(file, frames);
      const result = await send({ namespace: sender, file, speed }).done;
      if (result.problem !== null) throw new Error(`${name}: tcpreplay: ${result.problem}`);
      sent += result.packets;
      size += result.bytes + result.packets * RECORD_HEADER_LENGTH;
    }
    read = (await daemon.readAll(sent)).packets;
    const drops = await daemon.finalDrops();
    dropped = drops.kernelDrops + drops.childDrops;
    recorded = (await recorder.stop(size)).packets;
  } finally {
    exitCode = await daemon.stop();
  }
  const found = [...daemon.detections().values()];
  return {
    captures,
    sent,
    recorded,
    read,
    dropped,
    exitCode,
    // The same sensor and the same day: even the ids have to be the same.
    recording: compare(replay([recording], 'day'), found, ({ id }) => id),
    originals: compare(
      replay(
        captures.map(({ source }) => source),
        'run',
      ),
      found,
      nameOf,
    ),
  };
}

/** Whether nothing was lost and every detection is what `replay` says of the same packets. */
export function isFaithful({ sent, recorded, read, dropped, exitCode, recording }: FaithfulResult): boolean {
  const whole = sent > 0 && recorded === sent && read === sent && dropped === 0 && exitCode === 0;
  return whole && recording.differences.length === 0;
}

/** What a person wants to read of it. */
export function render(result: FaithfulResult): string {
  const { captures, sent, recorded, read, dropped, exitCode, recording, originals } = result;
  const left = (what: 'long' | 'short' | 'foreign'): number => captures.reduce((n, capture) => n + capture[what], 0);
  const lines = [
    `${captures.length} captures; ${sent} packets sent, ${recorded} recorded, ${read} read by the daemon, ${dropped} dropped; exit code ${exitCode}`,
    `left out: ${left('long')} frames longer than the cable takes, ${left('short')} without a whole header, ${left('foreign')} that are no Ethernet`,
    `against replay of what crossed the cable: ${recording.equal} of ${recording.expected} detections equal (${recording.whollyEqual} in everything but times), ${recording.found} found`,
    ...some(recording),
    `against replay of the captures with their own times: ${originals.equal} of ${originals.expected} equal (${originals.whollyEqual} in everything but times)`,
    ...some(originals),
  ];
  return `${lines.join('\n')}\n`;
}

/** The first lines of what differs. */
function some({ differences, remarks }: Comparison): string[] {
  const lines = [...differences.map((line) => `  differs: ${line}`), ...remarks.map((line) => `  note: ${line}`)];
  return lines.length <= MAX_LINES
    ? lines
    : [...lines.slice(0, MAX_LINES), `  ... and ${lines.length - MAX_LINES} more`];
}
