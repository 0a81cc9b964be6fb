/** Targets of what carries or hides a mining stream: SOCKS, CONNECT, Noise, and binary protocols known by their start. */
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { connectTarget } from '../../src/protocol/connect.ts';
import { hostOf, isIpv6 } from '../../src/protocol/connect-host.ts';
import { probeDatum, readDatumHello } from '../../src/protocol/datum.ts';
import { NoiseShape, probeNoise, probeStr3 } from '../../src/protocol/noise.ts';
import { probeSocks, SocksParser, type SocksSide } from '../../src/protocol/socks.ts';
import { probeZkwork, readZkworkConnect } from '../../src/protocol/zkwork.ts';
import { createRandom } from '../generate/index.ts';
import { datumHello } from '../generate/wire/datum.ts';
import { noiseProposal } from '../generate/wire/noise.ts';
import { socks4Client, socks4Server, socks5Client, socks5Server } from '../generate/wire/socks.ts';
import { zkworkConnect, zkworkFrame } from '../generate/wire/zkwork.ts';
import { once } from './corpus.ts';
import { join, mutate } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';
import { cutsOf } from './targets-capture.ts';

const MAX = 1200;
const LOGIN = { user: 'rig', password: 'not-kept' };
const V4 = Uint8Array.of(192, 0, 2, 7);
const V6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7);
const INSIDE = new Uint8Array(Buffer.from('{"id":1,"method":"mining.subscribe","params":[]}\n'));

const socksSeeds = once(() => [
  join(...socks5Client('pool.example.net', 3333), INSIDE),
  join(...socks5Client(V4, 3333, LOGIN), INSIDE),
  join(...socks5Client(V6, 443)),
  join(...socks5Server(false), INSIDE),
  join(...socks5Server(true, 0, 'pool.example.net', 9), INSIDE),
  join(...socks5Server(true, 5)),
  join(socks4Client(V4, 3333, 'rig'), INSIDE),
  join(socks4Client('pool.example.net', 3333), INSIDE),
  join(socks4Server(), INSIDE),
  Uint8Array.of(5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0),
]);

const startSeeds = once(() => {
  const rng = createRandom(17);
  const worker = {
    workerType: 1,
    addressType: 0,
    version: [0, 2, 3] as const,
    name: 'rig',
    address: `aleo1${'q'.repeat(58)}`,
  };
  return [
    ...socksSeeds(),
    datumHello(rng, 300),
    noiseProposal(['SCHS', 'SAGS'], true),
    noiseProposal(['SCHS'], false),
    zkworkConnect(worker),
    zkworkFrame(zkworkConnect(worker)),
    rng.bytes(64),
    rng.bytes(32),
    new Uint8Array(Buffer.from('P128-------')),
  ];
});

/** All that a parser said; the parts of the password and of the rest joined, as pieces do not matter. */
function socksEvents(input: Uint8Array, cuts: readonly number[], side: SocksSide | undefined, gaps: boolean): unknown {
  const events: unknown[] = [];
  let password = 0;
  let rest = '';
  let low = 0;
  let high = 0;
  const parser = new SocksParser(
    {
      onSocksTarget(target) {
        demand(target.port > 0 && target.port < 65_536, () => `port ${target.port}`);
        demand((target.host === null) !== (target.address === null), 'a name and an address, or neither');
        demand(target.host === null || hostOf(target.host) === target.host, () => `host ${target.host}`);
        events.push(target);
      },
      onSocksReply: (accepted, code) => void events.push([accepted, code]),
      onSocksAuth(off, end) {
        demand(off >= low && off < end && end <= high, () => `a password at ${off}…${end} of ${low}…${high}`);
        password += end - off;
      },
      onSocksRest(bytes, off, end) {
        demand(off >= low && off < end && end === high, () => `a rest at ${off}…${end} of ${low}…${high}`);
        rest += Buffer.from(bytes.subarray(off, end)).toString('latin1');
      },
      onSocksAnomaly(index) {
        demand(index > 0 && index < ANOMALIES.length, () => `anomaly ${index}`);
        events.push(ANOMALIES[index]);
      },
    },
    side,
  );
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    const bytes = new Uint8Array(cut - from + 10).fill(5);
    bytes.set(input.subarray(from, cut), 5);
    low = 5;
    high = 5 + cut - from;
    parser.push(bytes, low, high);
    bytes.fill(0xee);
    demand(parser.heldBytes <= 262, () => `${parser.heldBytes} bytes held`);
    if (gaps && (cut & 1) === 1) parser.gap(cut & 2 ? -1 : 7);
    from = cut;
  }
  parser.finish();
  demand(parser.heldBytes === 0, 'bytes held after the end');
  demand(password <= 255, () => `a password of ${password} bytes`);
  demand(events.length <= 1, 'more than one outcome');
  demand(rest === '' || events.length === 1, 'a tunnel that nobody opened');
  return [events, password, rest];
}

const socks: Target = {
  name: 'socks-parser',
  holds: 'one outcome at most, the same in whatever pieces; hosts and ports valid; a tunnel only after an outcome',
  input: (rng) =>
    mutate(rng, rng.pick(socksSeeds()), { max: MAX, other: rng.pick(socksSeeds()), lengths: [0, 1, 2, 4] }),
  check(input) {
    const rng = randomFrom(input);
    for (const side of [undefined, 'client', 'server'] as const) {
      const cuts = cutsOf(rng, input.length, rng.int(1, 2));
      demandSame(socksEvents(input, [], side, false), socksEvents(input, cuts, side, false), 'whole and in pieces');
      socksEvents(input, cuts, side, true);
    }
  },
};

const starts: Target = {
  name: 'tunnel-starts',
  holds: 'probes say -1, 0 or 1, the same whatever lies around the bytes; readers give a value where they say 1',
  input: (rng) =>
    mutate(rng, rng.pick(startSeeds()), { max: MAX, other: rng.pick(startSeeds()), lengths: [0, 1, 4, 10] }),
  check(input) {
    const low = new Uint8Array(input.length + 128).fill(0);
    const high = new Uint8Array(input.length + 128).fill(0x35);
    low.set(input, 64);
    high.set(input, 64);
    const end = 64 + input.length;
    for (const probe of [probeSocks, probeNoise, probeStr3, probeDatum, probeZkwork]) {
      const answer = probe(low, 64, end);
      demand(answer === -1 || answer === 0 || answer === 1, () => `${probe.name}: ${answer}`);
      demand(answer === probe(high, 64, end), () => `${probe.name} looks outside the bytes`);
    }
    for (const side of ['client', 'server'] as const) {
      demand(probeSocks(low, 64, end, side) <= probeSocks(low, 64, end), () => `${side} alone says more than both`);
    }
    const datum = readDatumHello(low, 64, end);
    demand((datum !== null) === (probeDatum(low, 64, end) === 1), 'datum: probe and reader');
    demand(datum === null || datum.bodyLength + 4 === input.length, 'datum: length');
    const worker = readZkworkConnect(low, 64, end);
    demand((worker !== null) === (probeZkwork(low, 64, end) === 1), 'zkwork: probe and reader');
    demandSame(worker, readZkworkConnect(high, 64, end), 'zkwork');
    demand(worker === null || (worker.address.length === 63 && worker.name.length <= 255), 'zkwork: texts');
  },
};

const LENGTHS = [1, 2, 32, 43, 44, 46, 54, 58, 62, 63, 64, 71, 74, 78, 79, 81, 83, 86, 87, 95, 116, 124, 142, 170, 234];

const noise: Target = {
  name: 'noise-shape',
  holds: 'a state of the list, counters no larger than the bytes allow, `no` for good',
  // Each byte is a piece: 0…127 the client's, 128…255 the server's, its length by the table; 99 and 227 are losses.
  input(rng) {
    // Keys of 64 and 234, set-up of 95 and 44, a channel of 81 and 86, then shares of 62 and answers of 58.
    const shares = Array.from({ length: 30 }, (_, i) => ((i & 1) === 1 ? 128 + 7 : 8));
    return mutate(rng, Uint8Array.of(10, 128 + 24, 19, 128 + 4, 15, 128 + 17, ...shares), { max: 80, changes: 8 });
  },
  check(input) {
    const rng = randomFrom(input);
    const pool = rng.bytes(400);
    const shape = new NoiseShape();
    let client = 0;
    let server = 0;
    let no = false;
    for (const code of input) {
      const fromClient = code < 128;
      if ((code & 127) === 99) shape.gap(fromClient);
      else {
        const length = LENGTHS[(code & 127) % LENGTHS.length] as number;
        const off = rng.int(0, pool.length - length);
        shape.push(fromClient, pool, off, off + length);
        if (fromClient) client += length;
        else server += length;
      }
      const state = shape.state;
      demand(['candidate', 'handshake', 'likely', 'no'].includes(state), () => `state ${state}`);
      demand(!no || state === 'no', 'back from no');
      no = state === 'no';
    }
    shape.finish();
    const { standard, extended } = shape.shares;
    demand(standard * 62 + extended * 63 <= client, () => `${standard} and ${extended} shares in ${client} bytes`);
    demand(shape.acknowledgements * 58 <= server, () => `${shape.acknowledgements} answers in ${server} bytes`);
  },
};

const connect: Target = {
  name: 'connect-target',
  holds: 'a valid host and port, or null',
  input: (rng) =>
    mutate(rng, new Uint8Array(Buffer.from(rng.pick(['pool.example.net:3333', '[2001:db8::7]:443', '192.0.2.7:80']))), {
      max: 300,
      changes: 8,
    }),
  check(input) {
    const target = Buffer.from(input).toString('latin1');
    const found = connectTarget({ kind: 'request', method: 'CONNECT', target, status: 0, headers: new Map() });
    if (found === null) return;
    demand(found.port > 0 && found.port < 65_536, () => `port ${found.port}`);
    demand(hostOf(found.host) === found.host || isIpv6(found.host), () => `host ${found.host}`);
  },
};

export const TUNNEL_TARGETS: readonly Target[] = [socks, starts, noise, connect];
