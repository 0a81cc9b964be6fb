/** Bare reading with the published pcap-parser, as a peer of the benchmark: `node peer-pcap-parser.ts FILE` prints JSON. */
import { createRequire } from 'node:module';

interface PcapParser {
  on(event: 'packet', handler: (packet: { readonly data: Uint8Array }) => void): void;
  on(event: 'end', handler: () => void): void;
  on(event: 'error', handler: (error: Error) => void): void;
}

const { parse } = createRequire(import.meta.url)('pcap-parser') as { parse(file: string): PcapParser };
let packets = 0;
let bytes = 0;
const parser = parse(process.argv[2] ?? '');
parser.on('packet', (packet) => {
  packets++;
  bytes += packet.data.length;
});
parser.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
parser.on('end', () => process.stdout.write(`${JSON.stringify({ packets, bytes })}\n`));
