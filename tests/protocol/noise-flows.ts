/** Conversations for the tests of Stratum V2 behind Noise: what each side sent, in order. */
import { createRandom, type Random } from '../generate/index.ts';
import { noiseAct1, noiseAct2, noiseSealed } from '../generate/wire/noise.ts';
import * as sv2 from '../generate/wire/sv2.ts';

/** true = from the client. */
export type Spoken = readonly [fromClient: boolean, bytes: Uint8Array];

const SETUP = {
  flags: 0,
  host: 'pool.example.net',
  port: 34254,
  vendor: 'Example',
  hardware: 'S19',
  firmware: '1.0',
  device: '',
};
const TARGET = 1n << 220n;

export interface SessionOptions {
  readonly shares: number;
  /** Size of the extranonce of extended shares; null = standard shares. */
  readonly extranonce?: number | null;
  readonly old?: boolean;
  readonly user?: string;
}

/** A whole session: handshake, set-up, a channel, jobs, shares with their answers, now and then two shares at once. */
export function noiseSession(rng: Random, options: SessionOptions): Spoken[] {
  const k = options.extranonce ?? null;
  const seal = (frame: Uint8Array): Uint8Array => noiseSealed(rng, frame);
  const user = options.user ?? 'farm.rig1';
  const prefix = rng.bytes(4);
  const spoken: Spoken[] = [
    [true, noiseAct1(rng, options.old)],
    [false, noiseAct2(rng, options.old)],
    [true, seal(sv2.setupConnection(SETUP))],
    [false, seal(sv2.setupConnectionSuccess(0))],
    [true, seal(k === null ? sv2.openStandard(1, user, 1e14, TARGET) : sv2.openExtended(1, user, 1e14, TARGET, k))],
  ];
  spoken.push([
    false,
    seal(k === null ? sv2.openStandardSuccess(1, 7, TARGET, prefix) : sv2.openExtendedSuccess(1, 7, TARGET, k, prefix)),
  ]);
  const root = rng.bytes(32);
  const job = (): Uint8Array =>
    k === null
      ? sv2.newMiningJob(7, 1, null, 0x20000000, root)
      : sv2.newExtendedMiningJob(7, 1, null, 0x20000000, [root], rng.bytes(60), rng.bytes(200));
  spoken.push([false, seal(job())], [false, seal(sv2.setNewPrevHash(7, 1, root, 1_700_000_000, 0x17034219))]);
  const share = (sequence: number): Uint8Array => {
    const fields = { channel: 7, sequence, job: 1, nonce: rng.u32(), time: 1_700_000_000, version: 0x20000000 };
    return seal(k === null ? sv2.submitSharesStandard(fields) : sv2.submitSharesExtended(fields, rng.bytes(k)));
  };
  for (let n = 0; n < options.shares; n++) {
    spoken.push([true, share(n)]);
    if (n % 5 === 3) continue; // the next share comes before the answer
    spoken.push([false, seal(sv2.submitSharesSuccess(7, n, 1, 1000))]);
    if (n % 7 === 6) spoken.push([false, seal(job())]);
  }
  return spoken;
}

const POOL: Uint8Array = createRandom(4).bytes(1 << 17);

/** Random bytes, cut from a pool: a hundred thousand flows want speed. */
function some(rng: Random, length: number): Uint8Array {
  const from = rng.int(0, POOL.length - length);
  return POOL.subarray(from, from + length);
}

/** The sides take turns, the client first. */
function flow(rng: Random, lengths: readonly number[]): Spoken[] {
  return lengths.map((length, i) => [i % 2 === 0, some(rng, length)] as const);
}

/** One side speaks alone. */
function alone(rng: Random, fromClient: boolean, lengths: readonly number[]): Spoken[] {
  return lengths.map((length) => [fromClient, some(rng, length)] as const);
}

/** Look-alikes by name; each call makes another one. Those with "our key" have a start of our sizes by construction. */
export const LOOK_ALIKES: Readonly<Record<string, (rng: Random) => Spoken[]>> = {
  /** BIP 324: key and garbage from both, terminator of 16, then messages of 20 bytes and content. */
  'BIP 324': (rng) => {
    const rest = Array.from({ length: 20 }, () => 20 + rng.pick([1, 9, 14, 37, 62, 90, rng.int(1, 600)]));
    return flow(rng, [64 + rng.int(0, 4095), 64 + rng.int(0, 4095) + 16 + rng.int(120, 200), 16 + 146, ...rest]);
  },
  /** The same with no garbage from the client. */
  'BIP 324 without garbage': (rng) => {
    const rest = Array.from({ length: 20 }, () => 20 + rng.pick([1, 9, 14, 37, 62, 90, rng.int(1, 600)]));
    return flow(rng, [64, 64 + rng.int(0, 4095) + 16 + rng.int(120, 200), 16 + 146, ...rest]);
  },
  /** Lightning BOLT 8: 50, 50, 66; then a length of 2, content, a code of 16 after each. */
  'BOLT 8': (rng) => flow(rng, [50, 50, 66, ...Array.from({ length: 20 }, () => 34 + rng.int(2, 200))]),
  /** obfs4: keys, padding, mark and code; then frames of any length. */
  obfs4: (rng) =>
    flow(rng, [rng.int(141, 8192), rng.int(96, 8192), ...Array.from({ length: 20 }, () => rng.int(21, 1448))]),
  /** Shadowsocks: salt, length, address and first bytes in one. */
  Shadowsocks: (rng) =>
    flow(rng, [
      32 + 2 + 16 + rng.int(7, 300) + 16,
      32 + 34 + rng.int(1, 1400),
      ...Array.from({ length: 20 }, () => 34 + rng.int(1, 400)),
    ]),
  /** Any lengths. */
  anything: (rng) =>
    flow(
      rng,
      Array.from({ length: 24 }, () => rng.int(1, 1460)),
    ),
  /** Short messages, as of games and remote desktops. */
  'short messages': (rng) =>
    flow(
      rng,
      Array.from({ length: 24 }, () => rng.int(16, 120)),
    ),
  /** A start of exactly our keys, then any lengths: the worst case. */
  'our keys, then anything': (rng) => flow(rng, [64, 234, ...Array.from({ length: 30 }, () => rng.int(1, 1460))]),
  'our keys, then short messages': (rng) => flow(rng, [64, 234, ...Array.from({ length: 30 }, () => rng.int(16, 120))]),
  /** One direction only, with a key of our size. */
  'our key, client alone, short messages': (rng) =>
    alone(rng, true, [64, ...Array.from({ length: 40 }, () => rng.int(16, 120))]),
  'our key, client alone, one size again and again': (rng) => {
    const size = rng.int(16, 300);
    return alone(rng, true, [64, rng.int(16, 500), rng.int(16, 500), ...Array.from({ length: 20 }, () => size)]);
  },
  'our key, server alone, short messages': (rng) =>
    alone(rng, false, [234, ...Array.from({ length: 40 }, () => rng.int(16, 120))]),
};
