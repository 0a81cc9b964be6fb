/** Conversations of which nothing can be read but their beginning: web sites, keys exchanged, messages of few bytes. */
import type { TimedMessage } from '../conversation.ts';
import type { Random } from '../random.ts';
import { Script } from '../session.ts';
import { concat, u8, u16be, u32be, utf8 } from '../wire/bytes.ts';
import * as tls from '../wire/tls.ts';

/** Pages under a name over HTTP/2: `count` packets each way, spread evenly over `seconds`. */
export function webVisit(rng: Random, sni: string, count: number, seconds: number): TimedMessage[] {
  const script = new Script();
  script.client(0.04, tls.clientHello(rng, { sni, alpn: ['h2', 'http/1.1'] }));
  script.server(0.08, tls.serverHello(rng));
  for (let n = 1; n < count; n++) {
    const at = 0.12 + ((n - 1) * (seconds - 1)) / (count - 1);
    script.client(at, tls.applicationRecord(rng, rng.int(40, 120)));
    script.server(at + 0.05, tls.applicationRecord(rng, rng.int(30, 160)));
  }
  return script.messages;
}

/** As relays of an onion network open their links: a made-up name, then cells of 514 bytes in records. */
export function onionLink(rng: Random, sni: string): TimedMessage[] {
  const script = new Script();
  script.client(0.04, tls.clientHello(rng, { sni }));
  script.server(0.08, tls.serverHello(rng));
  script.client(0.12, tls.applicationRecord(rng, 69));
  for (let n = 0; n < 21; n++) {
    script.client(0.2 + n * 18, tls.applicationRecord(rng, 531));
    script.server(0.3 + n * 18, tls.applicationRecord(rng, 531));
  }
  return script.messages;
}

/** Bitcoin's encrypted transport, BIP 324: a key of 64 bytes and garbage each way, then packets with 20 bytes of overhead. */
export function encryptedBitcoinPeers(rng: Random): TimedMessage[] {
  const script = new Script();
  script.client(0.05, rng.bytes(64 + 217));
  script.server(0.1, rng.bytes(64 + 90 + 16 + 20));
  script.client(0.15, rng.bytes(16 + 20 + 20 + 126));
  script.server(0.2, rng.bytes(20 + 126));
  for (let n = 0; n < 22; n++) {
    script.server(5 + n * 16, rng.bytes(20 + 1 + rng.pick([8, 37, 73, 225])));
    script.client(5.06 + n * 16, rng.bytes(20 + 1 + rng.pick([8, 37, 73])));
  }
  return script.messages;
}

/** Lightning, BOLT 8: acts of 50, 50 and 66 bytes, then a length of 18 bytes and a body before each message's end. */
export function lightningPeers(rng: Random): TimedMessage[] {
  const script = new Script();
  const act = (length: number): Uint8Array => concat(u8(0), rng.bytes(length - 1));
  script.client(0.05, act(50));
  script.server(0.1, act(50));
  script.client(0.15, act(66));
  for (let n = 0; n < 24; n++) {
    script.client(0.3 + n * 15, rng.bytes(18 + rng.int(6, 140) + 16));
    script.server(0.4 + n * 15, rng.bytes(18 + rng.int(6, 300) + 16));
  }
  return script.messages;
}

/** SSH 2 (RFC 4253 §4.2, §7): versions, KEXINIT, then sealed packets of a session in which somebody types. */
export function secureShell(rng: Random): TimedMessage[] {
  const script = new Script();
  const lists = [
    'curve25519-sha256,ecdh-sha2-nistp256',
    'ssh-ed25519,rsa-sha2-512',
    ...['chacha20-poly1305@openssh.com,aes256-ctr', 'chacha20-poly1305@openssh.com,aes256-ctr'],
    ...['hmac-sha2-256', 'hmac-sha2-256', 'none', 'none', '', ''],
  ];
  const kexinit = (): Uint8Array => {
    const body = concat(
      ...[u8(20), rng.bytes(16)],
      ...lists.flatMap((list) => [u32be(list.length), utf8(list)]),
      u8(0, 0, 0, 0, 0),
    );
    const padding = 8 - ((body.length + 5) % 8) + 4;
    return concat(u32be(body.length + padding + 1), u8(padding), body, rng.bytes(padding));
  };
  script.client(0.05, 'SSH-2.0-OpenSSH_9.6\r\n');
  script.server(0.09, 'SSH-2.0-OpenSSH_9.6\r\n');
  script.client(0.1, kexinit());
  script.server(0.12, kexinit());
  for (let n = 0; n < 24; n++) {
    script.client(0.3 + n * 15, rng.bytes(36));
    script.server(0.35 + n * 15, rng.bytes(rng.pick([36, 68, 164])));
  }
  return script.messages;
}

/** MQTT 3.1.1 or 5 (OASIS): CONNECT, SUBSCRIBE, then PUBLISH whose topics and texts speak of jobs. */
export function mqtt(version: 4 | 5): TimedMessage[] {
  const script = new Script();
  const text = (value: string): Uint8Array => concat(u16be(value.length), utf8(value));
  const packet = (first: number, ...parts: readonly Uint8Array[]): Uint8Array => {
    const body = concat(...parts);
    const length = body.length < 128 ? u8(body.length) : u8(0x80 | (body.length & 0x7f), body.length >> 7);
    return concat(u8(first), length, body);
  };
  const properties = version === 5 ? u8(0) : u8();
  const user = [text('rig-07'), text('account.worker'), text('synthetic')];
  script.client(0.05, packet(0x10, text('MQTT'), u8(version, 0xc2, 0, 60), properties, ...user));
  script.server(0.09, packet(0x20, u8(0, 0), properties));
  script.client(0.1, packet(0x82, u16be(1), properties, text('mining/job/+'), u8(0)));
  script.server(0.14, packet(0x90, u16be(1), properties, u8(0)));
  for (let n = 0; n < 12; n++) {
    const job = JSON.stringify({ method: 'job', params: { job_id: `${n}`, target: 'furnace', blob: 'b7' } });
    script.server(5 + n * 30, packet(0x30, text('mining/job/7'), properties, utf8(job)));
    script.client(
      6 + n * 30,
      packet(0x30, text('mining/submit/7'), properties, utf8(`{"job_id":"${n}","result":"ok"}`)),
    );
    script.client(20 + n * 30, u8(0xc0, 0));
    script.server(20.04 + n * 30, u8(0xd0, 0));
  }
  return script.messages;
}

/** gRPC over HTTP/2 without TLS (RFC 9113 §3.3): preface, SETTINGS, then calls; header blocks as literals (RFC 7541 §6.2.2). */
export function grpc(rng: Random): TimedMessage[] {
  const script = new Script();
  const frame = (type: number, flags: number, stream: number, body: Uint8Array): Uint8Array =>
    concat(u8(body.length >> 16), u16be(body.length), u8(type, flags), u32be(stream), body);
  const literal = (name: string, value: string): Uint8Array =>
    concat(u8(0, name.length), utf8(name), u8(value.length), utf8(value));
  const message = (body: Uint8Array): Uint8Array => concat(u8(0), u32be(body.length), body);
  const settings = concat(u16be(3), u32be(100), u16be(4), u32be(65_535));
  script.client(0.05, concat(utf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, settings)));
  script.server(0.09, concat(frame(4, 0, 0, settings), frame(4, 1, 0, u8())));
  for (let n = 0; n < 16; n++) {
    const at = 0.2 + n * 20;
    const stream = 1 + 2 * n;
    const head = concat(
      u8(0x83, 0x86),
      literal(':path', '/pool.Jobs/Submit'),
      literal(':authority', 'jobs.example:50051'),
      literal('content-type', 'application/grpc'),
    );
    const body = concat(u8(0x0a, 4), utf8('job7'), u8(0x12, 16), rng.bytes(16));
    script.client(at, concat(frame(1, 4, stream, head), frame(0, 1, stream, message(body))));
    script.server(at + 0.05, concat(frame(1, 4, stream, u8(0x88)), frame(0, 1, stream, message(u8(8, 1)))));
    script.server(at + 5, frame(6, 0, 0, rng.bytes(8)));
  }
  return script.messages;
}
