/** Stratum V2 without encryption, as on a farm's own network: sv2-spec §3.6, §5.3; frames in wire/sv2.ts. */
import { poissonTimes, type Random } from '../random.ts';
import { inForce, Script, type Session, type Share } from '../session.ts';
import { concat, fromHex } from '../wire/bytes.ts';
import { bitcoinTarget, coinbase } from '../wire/chain.ts';
import * as sv2 from '../wire/sv2.ts';

export interface Stratum2Options {
  readonly rng: Random;
  readonly seconds: number;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly time: number;
  readonly channel: 'standard' | 'extended';
  readonly rate: number;
  readonly difficulty: number;
  /** Shares acknowledged by one SubmitShares.Success. */
  readonly batch: number;
  readonly rejects?: ReadonlySet<number>;
}

const BITS = 0x17034219;
const VERSION = 0x20000000;
const CHANNEL = 7;

export function stratum2Session(o: Stratum2Options): Session {
  const { rng } = o;
  const script = new Script();
  const standard = o.channel === 'standard';
  const setup = {
    // REQUIRES_STANDARD_JOBS for a device, REQUIRES_VERSION_ROLLING for a proxy.
    flags: standard ? 1 : 4,
    host: o.host,
    port: o.port,
    vendor: 'Bitmain',
    hardware: 'S9i 13.5',
    firmware: 'braiins-os-2018-09-22-1-hash',
    device: '',
  };
  script.client(0.04, sv2.setupConnection(setup));
  script.server(0.08, sv2.setupConnectionSuccess(0));
  const most = (1n << 256n) - 1n;
  const target = bitcoinTarget(o.difficulty);
  const prefix = rng.bytes(4);
  if (standard) {
    script.client(0.09, sv2.openStandard(1, o.user, o.rate, most));
    script.server(0.13, sv2.openStandardSuccess(1, CHANNEL, target, prefix));
  } else {
    script.client(0.09, sv2.openExtended(1, o.user, o.rate, most, 8));
    script.server(0.13, sv2.openExtendedSuccess(1, CHANNEL, target, 8, prefix));
  }
  const jobs: { at: number; id: number; time: number }[] = [];
  for (let at = 0.14, n = 0; at < o.seconds; at += 45, n++) {
    const id = n + 1;
    const time = o.time + Math.floor(at);
    // Every third job is announced ahead and started by SetNewPrevHash: a new block.
    const ahead = n % 3 === 0;
    const start = ahead ? null : time;
    let bytes: Uint8Array;
    if (standard) {
      bytes = sv2.newMiningJob(CHANNEL, id, start, VERSION, rng.bytes(32));
    } else {
      const halves = coinbase(840001 + Math.floor(n / 3), time, '/Example Pool/', 12, rng.hex(32));
      const path = [rng.bytes(32), rng.bytes(32), rng.bytes(32)];
      const first = fromHex(halves.first);
      bytes = sv2.newExtendedMiningJob(CHANNEL, id, start, VERSION, path, first, fromHex(halves.second));
    }
    const previous = concat(rng.bytes(22), new Uint8Array(10));
    if (ahead) bytes = concat(bytes, sv2.setNewPrevHash(CHANNEL, id, previous, time, BITS));
    script.server(at, bytes);
    jobs.push({ at, id, time });
  }
  script.server(o.seconds * 0.5, sv2.setTarget(CHANNEL, target));

  const shares: Share[] = [];
  let waiting = 0;
  let last = 0;
  const times = poissonTimes(rng, 1, o.seconds - 2, () => (o.difficulty * 2 ** 32) / o.rate);
  for (const [n, at] of times.entries()) {
    const job = inForce(jobs, at);
    const version = VERSION | (rng.u32() & 0x1fffe000);
    const time = job.time + Math.floor(at - job.at);
    const share = { channel: CHANNEL, sequence: n, job: job.id, nonce: rng.u32(), time, version };
    const submit = script.client(
      at,
      standard ? sv2.submitSharesStandard(share) : sv2.submitSharesExtended(share, rng.bytes(8)),
    );
    const accepted = !o.rejects?.has(n);
    let answer = -1;
    if (accepted) {
      waiting++;
      last = n;
    } else {
      answer = script.server(at + 0.045, sv2.submitSharesError(CHANNEL, n, 'difficulty-too-low'));
    }
    if (waiting > 0 && (waiting === o.batch || n === times.length - 1)) {
      answer = script.server(at + 0.05, sv2.submitSharesSuccess(CHANNEL, last, waiting, waiting * o.difficulty));
      waiting = 0;
    }
    shares.push({ submit, answer, accepted, work: o.difficulty * 2 ** 32, at });
  }
  return {
    dialect: 'stratum-v2',
    messages: script.messages,
    shares,
    logins: [o.user],
    difficulty: o.difficulty,
    rate: { value: o.rate, unit: 'H/s' },
  };
}
