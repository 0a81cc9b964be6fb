import { createRequire } from 'node:module';
import { readCapture } from '../../src/capture/read.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { openSource } from '../../src/capture/source.ts';

/** One packet in the words both readers share: seconds, microseconds, lengths, bytes. */
export interface OraclePacket {
  readonly seconds: number;
  readonly micros: number;
  readonly captured: number;
  readonly original: number;
  readonly data: string;
}

interface ParserPacket {
  header: { timestampSeconds: number; timestampMicroseconds: number; capturedLength: number; originalLength: number };
  data: Buffer;
}

interface PcapParserModule {
  parse(path: string): { on(event: string, handler: (value: never) => void): void };
}

/** Reads a classic capture (microseconds, either byte order) with the pcap-parser library. */
export function readWithPcapParser(path: string): Promise<OraclePacket[]> {
  const library = createRequire(import.meta.url)('pcap-parser') as PcapParserModule;
  return new Promise((resolve, reject) => {
    const packets: OraclePacket[] = [];
    const parser = library.parse(path);
    parser.on('packet', ({ header, data }: ParserPacket) => {
      packets.push({
        seconds: header.timestampSeconds,
        micros: header.timestampMicroseconds,
        captured: header.capturedLength,
        original: header.originalLength,
        data: data.toString('hex'),
      });
    });
    parser.on('error', reject);
    parser.on('end', () => resolve(packets));
  });
}

/** Reads the same capture with our own reader. */
export async function readWithOurs(path: string): Promise<OraclePacket[]> {
  const packets: OraclePacket[] = [];
  const source = await openSource(path);
  try {
    await readCapture(source, new CaptureReader(0), {
      onFrame(frame) {
        const seconds = Math.floor(frame.time / 1e6);
        packets.push({
          seconds,
          micros: frame.time - seconds * 1e6,
          captured: frame.end - frame.offset,
          original: frame.originalLength,
          data: Buffer.from(frame.bytes.subarray(frame.offset, frame.end)).toString('hex'),
        });
      },
    });
  } finally {
    await source.close();
  }
  return packets;
}

/** Differences between the two readers on one classic capture, in words; empty = every packet is the same. */
export async function differencesFromPcapParser(path: string): Promise<string[]> {
  const [theirs, ours] = await Promise.all([readWithPcapParser(path), readWithOurs(path)]);
  const differences = theirs.length === ours.length ? [] : [`${theirs.length} packets, ours ${ours.length}`];
  for (let i = 0; i < Math.min(theirs.length, ours.length); i++) {
    const [a, b] = [JSON.stringify(theirs[i]), JSON.stringify(ours[i])];
    if (a !== b) differences.push(`packet ${i + 1}: ${a}, ours ${b}`);
  }
  return differences;
}
