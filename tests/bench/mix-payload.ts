import { hash32, Random } from './mix-random.ts';

const NOISE_LENGTH = 1 << 20;
const MAX_PAYLOAD = 1500;

/** Payload bytes of generated flows: opaque noise, JSON lines, HTTP heads and TLS hellos, each of any wanted length. */
export class Payloads {
  private readonly noise: Buffer;
  private readonly json: Buffer;
  private readonly lineStarts: number[] = [];
  private readonly jsonLength: number;

  constructor(seed: number) {
    const random = new Random(seed ^ 0x5bd1e995);
    this.noise = Buffer.alloc(NOISE_LENGTH + MAX_PAYLOAD);
    for (let i = 0; i < this.noise.length - 3; i += 4) this.noise.writeUInt32LE(random.next(), i);
    let text = '';
    for (let i = 0; i < 400; i++) {
      this.lineStarts.push(text.length);
      text += `${jsonLine(i, random)}\n`;
    }
    this.jsonLength = text.length;
    this.json = Buffer.from(text + text.slice(0, MAX_PAYLOAD), 'latin1');
  }

  /** Random bytes, as encrypted or binary traffic. */
  opaque(out: Buffer, off: number, length: number, random: Random): void {
    const from = random.below(NOISE_LENGTH);
    this.noise.copy(out, off, from, from + length);
  }

  /** Byte `position` onward of an endless stream of JSON lines that is another for each flow and side. */
  jsonLines(out: Buffer, off: number, length: number, id: number, side: number, position: number): void {
    const start = this.lineStarts[hash32(id * 2 + side) % this.lineStarts.length] ?? 0;
    const from = (start + position) % this.jsonLength;
    this.json.copy(out, off, from, from + length);
  }

  /** An HTTP/1.1 request head that fills `length` exactly (its cookie gives way). */
  httpRequest(out: Buffer, off: number, length: number, id: number): void {
    const host = `www${id % 997}.example.com`;
    const head = `GET /path/${id.toString(36)}?q=1 HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nCookie: s=`;
    const room = Math.max(0, length - head.length - 4);
    out.write(`${head}${'c'.repeat(room)}\r\n\r\n`, off, length, 'latin1');
  }

  /** An HTTP/1.1 response head, then the first bytes of its body. */
  httpResponse(out: Buffer, off: number, length: number, id: number, random: Random): void {
    this.opaque(out, off, length, random);
    const type = id % 3 === 0 ? 'application/json' : 'application/octet-stream';
    const head = `HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: ${type}\r\nContent-Length: 10485760\r\n\r\n`;
    out.write(head, off, Math.min(length, head.length), 'latin1');
  }

  /** A TLS ClientHello (RFC 8446 §4.1.2) with a server name, filled up to `length` by a padding extension (RFC 7685). */
  clientHello(out: Buffer, off: number, length: number, id: number, random: Random): void {
    this.opaque(out, off, length, random);
    const name = `host${id % 4999}.example.org`;
    const end = off + length;
    let at = off;
    at = out.writeUInt8(0x16, at);
    at = out.writeUInt16BE(0x0301, at);
    at = out.writeUInt16BE(length - 5, at);
    at = out.writeUInt32BE(0x01000000 | (length - 9), at);
    at = out.writeUInt16BE(0x0303, at) + 32; // random bytes stand already
    at = out.writeUInt8(32, at) + 32;
    at = out.writeUInt16BE(6, at);
    for (const suite of [0x1301, 0x1302, 0xc02f]) at = out.writeUInt16BE(suite, at);
    at = out.writeUInt16BE(0x0100, at);
    at = out.writeUInt16BE(end - at - 2, at);
    at = out.writeUInt16BE(0, at); // server_name
    at = out.writeUInt16BE(name.length + 5, at);
    at = out.writeUInt16BE(name.length + 3, at);
    at = out.writeUInt8(0, at);
    at = out.writeUInt16BE(name.length, at);
    at += out.write(name, at, 'latin1');
    for (const word of [43, 3, 0x0203]) at = out.writeUInt16BE(word, at); // supported_versions: TLS 1.3
    at = out.writeUInt8(0x04, at);
    at = out.writeUInt16BE(21, at); // padding
    at = out.writeUInt16BE(end - at - 2, at);
    out.fill(0, at, end);
  }

  /** A ServerHello-sized handshake record, then encrypted records. */
  serverHello(out: Buffer, off: number, length: number, random: Random): void {
    this.opaque(out, off, length, random);
    const hello = 90;
    out.writeUInt8(0x16, off);
    out.writeUInt16BE(0x0303, off + 1);
    out.writeUInt16BE(hello - 5, off + 3);
    out.writeUInt32BE(0x02000000 | (hello - 9), off + 5);
    out.writeUInt16BE(0x0303, off + 9);
    out.writeUInt8(0x17, off + hello);
    out.writeUInt16BE(0x0303, off + hello + 1);
    out.writeUInt16BE(length - hello - 5, off + hello + 3);
  }
}

/** Everyday JSON lines: logs, telemetry, an Electrum wallet. None of them is mining. */
function jsonLine(index: number, random: Random): string {
  const number = random.next();
  switch (index % 4) {
    case 0:
      return `{"level":"info","ts":17${number},"logger":"api","msg":"request done","status":200,"ms":${number % 900}}`;
    case 1:
      return `{"id":${index},"method":"blockchain.scripthash.subscribe","params":["${hexOf(random, 64)}"]}`;
    case 2:
      return `{"sensor":"t-${number % 300}","values":[${number % 97},${number % 89},${number % 83}],"ok":true}`;
    default:
      return `{"jsonrpc":"2.0","id":${index},"result":{"height":${number % 900000},"hex":"${hexOf(random, 160)}"}}`;
  }
}

export function hexOf(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits) text += random.next().toString(16).padStart(8, '0');
  return text.slice(0, digits);
}
