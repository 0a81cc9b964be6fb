import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type CapturedFrame, ethernetFrames, varyAddresses } from './capture-frames.ts';
import { BENCH_DIRECTORY } from './mix.ts';
import { pcapHeader, RECORD_HEADER_LENGTH } from './mix-frame.ts';
import { hash32 } from './mix-random.ts';

/** Bump when the same folder gives other bytes. */
const FROM_VERSION = 1;
/** Captures are read whole; longer ones are left out. */
const MAX_FILE = 512 << 20;
const MAX_FRAME = 262144;
const MAX_DAY = 86_400_000_000;
const START = 1767225600_000_000;

/** A capture made of a folder of captures; `used` and `skipped` count its files. */
export interface FromNote {
  readonly key: string;
  readonly file: string;
  readonly used: number;
  readonly skipped: number;
  readonly repetitions: number;
  readonly packets: number;
  readonly bytes: number;
}

/**
 * Repeats the Ethernet captures of a folder, one after the other, each time with other addresses and later times, until
 * the result is at least `size` bytes. Reused while the folder and the size are the same.
 */
export function ensureFrom(directory: string, size: number): FromNote {
  const inputs = captureFiles(resolve(directory));
  const hash = createHash('sha256').update(`${FROM_VERSION} ${size}`);
  for (const input of inputs) hash.update(`${input} ${statSync(input).size} ${statSync(input).mtimeMs}\n`);
  const key = hash.digest('hex').slice(0, 12);
  const file = join(BENCH_DIRECTORY, `from-${basename(resolve(directory))}-${key}.pcap`);
  const noteFile = `${file}.json`;
  if (existsSync(file) && existsSync(noteFile)) {
    const note = JSON.parse(readFileSync(noteFile, 'utf8')) as FromNote;
    if (note.key === key && statSync(file).size === note.bytes) return note;
  }
  mkdirSync(BENCH_DIRECTORY, { recursive: true });
  const usable = inputs.filter((input) => framesOf(input).length > 0);
  if (usable.length === 0) throw new Error(`no Ethernet captures in ${directory}`);
  const writer = new RepeatWriter(openSync(`${file}.part`, 'w'));
  let repetition = 0;
  while (writer.bytes < size) {
    for (let i = 0; i < usable.length && writer.bytes < size; i++) {
      // Addresses of the first repetition stay as they are; later ones differ by repetition and file.
      writer.append(usable[i] as string, repetition === 0 ? 0 : hash32(repetition * 65537 + i));
    }
    repetition++;
  }
  writer.close();
  renameSync(`${file}.part`, file);
  const note: FromNote = {
    key,
    file,
    used: usable.length,
    skipped: inputs.length - usable.length,
    repetitions: repetition,
    packets: writer.packets,
    bytes: writer.bytes,
  };
  writeFileSync(noteFile, `${JSON.stringify(note, null, 2)}\n`);
  return note;
}

function captureFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pcap|pcapng|cap)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function framesOf(file: string): CapturedFrame[] {
  if (statSync(file).size > MAX_FILE) return [];
  return ethernetFrames(readFileSync(file)) ?? [];
}

/** Appends captures to one pcap through a buffer of 4 MiB. */
class RepeatWriter {
  packets = 0;
  bytes = 0;
  private readonly fd: number;
  private readonly out = new Uint8Array(4 << 20);
  private readonly view = new DataView(this.out.buffer);
  private at = 0;
  private clock = START;

  constructor(fd: number) {
    this.fd = fd;
    this.out.set(pcapHeader());
    this.at = this.bytes = pcapHeader().length;
  }

  append(file: string, mask: number): void {
    const bytes = readFileSync(file);
    const frames = ethernetFrames(bytes) ?? [];
    const first = frames[0]?.time ?? 0;
    const start = this.clock;
    for (const frame of frames) {
      const length = Math.min(frame.end - frame.offset, MAX_FRAME);
      if (this.out.length - this.at < RECORD_HEADER_LENGTH + length) this.flush();
      // Clocks that jump must not carry the repetitions past the range of the format.
      const time = start + Math.min(Math.max(frame.time - first, 0), MAX_DAY);
      if (time > this.clock) this.clock = time;
      this.view.setUint32(this.at, Math.floor(time / 1e6), true);
      this.view.setUint32(this.at + 4, time % 1e6, true);
      this.view.setUint32(this.at + 8, length, true);
      this.view.setUint32(this.at + 12, Math.max(frame.original, length), true);
      const from = this.at + RECORD_HEADER_LENGTH;
      this.out.set(bytes.subarray(frame.offset, frame.offset + length), from);
      if (mask !== 0) varyAddresses(this.view, from, from + length, mask);
      this.at = from + length;
      this.bytes += RECORD_HEADER_LENGTH + length;
      this.packets++;
    }
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }

  private flush(): void {
    for (let done = 0; done < this.at; ) done += writeSync(this.fd, this.out, done, this.at - done);
    this.at = 0;
  }
}
