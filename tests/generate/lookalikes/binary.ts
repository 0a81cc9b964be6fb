/** Peer-to-peer protocols of block chains: a node is no miner. */
import type { TimedMessage } from '../conversation.ts';
import type { Random } from '../random.ts';
import { Script } from '../session.ts';
import { concat, fromHex, u8, u16be, u16le, u32le, u64le, utf8 } from '../wire/bytes.ts';
import { sha256d } from '../wire/chain.ts';

/** Bitcoin message: magic, command, length, checksum (https://en.bitcoin.it/wiki/Protocol_documentation). */
function bitcoinMessage(command: string, payload: Uint8Array): Uint8Array {
  const name = new Uint8Array(12);
  name.set(utf8(command));
  return concat(fromHex('f9beb4d9'), name, u32le(payload.length), sha256d(payload).subarray(0, 4), payload);
}

function bitcoinVersion(rng: Random, time: number, agent: string): Uint8Array {
  const address = concat(u64le(1033), new Uint8Array(10), u8(0xff, 0xff, 0, 0, 0, 0), u16be(0));
  const head = concat(u32le(70016), u64le(1033), u64le(time), address, address, rng.bytes(8));
  return concat(head, u8(agent.length), utf8(agent), u32le(840000), u8(1));
}

/** One input with a signature script of 107 bytes, one pay-to-public-key-hash output. */
function transaction(rng: Random): Uint8Array {
  const input = concat(u8(1), rng.bytes(32), u32le(0), u8(107), rng.bytes(107), u32le(0xfffffffd));
  const output = concat(
    u8(1),
    u64le(rng.int(1000, 9_000_000)),
    u8(25),
    fromHex('76a914'),
    rng.bytes(20),
    fromHex('88ac'),
  );
  return concat(u32le(2), input, output, u32le(0));
}

export function bitcoinPeers(rng: Random, time: number): TimedMessage[] {
  const script = new Script();
  const agent = '/Satoshi:26.0.0/';
  script.client(0.05, bitcoinMessage('version', bitcoinVersion(rng, time, agent)));
  script.server(0.1, bitcoinMessage('version', bitcoinVersion(rng, time, agent)));
  script.server(0.101, concat(bitcoinMessage('wtxidrelay', u8()), bitcoinMessage('verack', u8())));
  script.client(0.15, concat(bitcoinMessage('wtxidrelay', u8()), bitcoinMessage('verack', u8())));
  script.client(0.2, bitcoinMessage('sendheaders', u8()));
  script.client(0.21, bitcoinMessage('sendcmpct', concat(u8(0), u64le(2))));
  for (let n = 0; n < 14; n++) {
    const at = 3 + n * 12;
    const inventory = concat(u8(2), u32le(5), rng.bytes(32), u32le(5), rng.bytes(32));
    script.server(at, bitcoinMessage('inv', inventory));
    script.client(at + 0.05, bitcoinMessage('getdata', inventory));
    script.server(at + 0.1, bitcoinMessage('tx', transaction(rng)));
    if (n % 5 === 4) {
      const nonce = rng.bytes(8);
      script.client(at + 5, bitcoinMessage('ping', nonce));
      script.server(at + 5.05, bitcoinMessage('pong', nonce));
    }
  }
  script.server(175, bitcoinMessage('headers', concat(u8(1), u32le(0x20000000), rng.bytes(76), u8(0))));
  return script.messages;
}

/** Monero levin header, epee levin_base.h bucket_head2, all little-endian. */
function levin(command: number, request: boolean, answer: boolean, payload: Uint8Array): Uint8Array {
  const signature = fromHex('0121010101010101');
  const flags = request ? 1 : 2;
  const head = concat(u64le(payload.length), u8(answer ? 1 : 0), u32le(command), u32le(request ? 0 : 1));
  return concat(signature, head, u32le(flags), u32le(1), payload);
}

/** Portable storage: signature, version, one section with 64-bit and string members. */
function storage(members: readonly (readonly [string, number | Uint8Array])[]): Uint8Array {
  const body = members.map(([name, value]) => {
    const label = concat(u8(name.length), utf8(name));
    if (typeof value === 'number') return concat(label, u8(5), u64le(value));
    return concat(label, u8(10), u16le((value.length << 2) | 1), value);
  });
  return concat(fromHex('0111010101010201'), u8(1), u8(members.length << 2), ...body);
}

export function moneroPeers(rng: Random): TimedMessage[] {
  const script = new Script();
  const sync = (height: number): Uint8Array =>
    storage([
      ['current_height', height],
      ['cumulative_difficulty', 4.1e15],
      ['top_id', rng.bytes(32)],
      ['network_id', fromHex('1230f171610441611731008216a1a110')],
    ]);
  script.client(0.05, levin(1001, true, true, sync(3300000)));
  script.server(0.15, levin(1001, false, false, sync(3300002)));
  for (let n = 0; n < 10; n++) {
    const at = 5 + n * 30;
    script.client(at, levin(1002, true, true, sync(3300002 + n)));
    script.server(at + 0.08, levin(1002, false, false, sync(3300003 + n)));
    script.server(at + 9, levin(2002, true, false, storage([['txs', rng.bytes(380)]])));
    if (n % 3 === 0) script.server(at + 15, levin(2008, true, false, storage([['b', rng.bytes(420)]])));
  }
  return script.messages;
}

/** Ethereum RLPx (devp2p rlpx.md): EIP-8 handshake with a size prefix, then encrypted frames. */
export function ethereumPeers(rng: Random): TimedMessage[] {
  const script = new Script();
  const handshake = (size: number): Uint8Array => concat(u16be(size), u8(0x04), rng.bytes(size - 1));
  script.client(0.05, handshake(441));
  script.server(0.12, handshake(390));
  for (let n = 0; n < 20; n++) {
    const at = 0.2 + n * 6;
    // Header and header MAC (16 + 16), body padded to 16 and its MAC.
    const frame = (blocks: number): Uint8Array => rng.bytes(32 + 16 * blocks + 16);
    script.client(at, frame(rng.int(1, 12)));
    script.server(at + 0.07, frame(rng.int(1, 20)));
  }
  return script.messages;
}
