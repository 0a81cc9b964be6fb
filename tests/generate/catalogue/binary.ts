/** Protocols that are known without reading a message of mining: by the first message, or by lengths behind a name. */
import type { TimedMessage } from '../conversation.ts';
import { type Expected, poolText } from '../expected.ts';
import { lookUp } from '../names/datagrams.ts';
import { createRandom } from '../random.ts';
import { Script } from '../session.ts';
import { merge } from '../transform.ts';
import { datumHello } from '../wire/datum.ts';
import { noiseAct1, noiseAct2 } from '../wire/noise.ts';
import { zkworkConnect, zkworkFrame } from '../wire/zkwork.ts';
import { type Capture, converse, customer, pool, START } from './capture.ts';

const NO_SHARES = { submitted: 0, accepted: 0, rejected: 0 } as const;
const PORT = 28_915;
/** Any 58 characters of the alphabet of Bech32; no address of anybody. */
const ALEO_ADDRESS = `aleo1${'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.repeat(2).slice(0, 58)}`;

function capture(
  file: string,
  host: number,
  port: number,
  messages: readonly TimedMessage[],
  rest: Partial<Expected>,
): Capture {
  const [client, server] = [customer(host, 41_000 + host), pool(host, port)];
  const expected: Expected = {
    miner: client.ip,
    pool: poolText(server),
    dialect: file.replace('.pcap', ''),
    activity: 'attempt',
    confidence: 'probable',
    shares: NO_SHARES,
    logins: [],
    transport: 'tcp',
    ...rest,
  };
  return {
    file,
    frames: converse({ dialect: '', messages, shares: [], logins: [] }, client, server),
    expected: [expected],
  };
}

/** A DATUM gateway greets its pool; all that follows is sealed. */
function datum(): Capture {
  const rng = createRandom(701);
  const script = new Script();
  const send = (from: 'client' | 'server', at: number, length: number): void => {
    script.messages.push({ from, at, bytes: rng.bytes(length) });
  };
  script.messages.push({ from: 'client', at: 0.04, bytes: datumHello(rng, 372) });
  send('server', 0.09, 260);
  for (let n = 0; n < 12; n++) {
    send('server', 1 + n * 15, 410 + n);
    send('client', 1.2 + n * 15, 96);
  }
  return capture('datum.pcap', 70, PORT, script.messages, { coins: ['BTC'] });
}

/** A worker connects to zk.work; jobs and proofs follow. */
function zkwork(): Capture {
  const rng = createRandom(702);
  const worker = { workerType: 1, addressType: 0, version: [0, 2, 3], name: 'gpu-04', address: ALEO_ADDRESS } as const;
  const script = new Script();
  script.messages.push({ from: 'client', at: 0.04, bytes: zkworkFrame(zkworkConnect(worker)) });
  script.messages.push({ from: 'server', at: 0.09, bytes: zkworkFrame(Uint8Array.of(0, 1)) });
  for (let n = 0; n < 8; n++) {
    const job = new Uint8Array(120);
    job.set(rng.bytes(119), 1);
    job[0] = 1;
    script.messages.push({ from: 'server', at: 0.2 + n * 20, bytes: zkworkFrame(job) });
  }
  return capture('zkwork.pcap', 71, 10_005, script.messages, { logins: [ALEO_ADDRESS], coins: ['ALEO'] });
}

/** Encrypted sizes (specification §4.6): frame header and payload, each with 16 bytes of authentication. */
const SETUP = 54 + 60;
const SETUP_SUCCESS = 44;
const OPEN = 79 + 12;
const OPEN_SUCCESS = 85;
const JOB = 83;
const PREVIOUS_HASH = 86;
const SHARE = 62;
const SHARE_SUCCESS = 58;
const SHARES = 30;

/** Stratum V2 behind Noise to a host that its client looked up before: the lengths count the shares. */
function stratumV2Noise(): Capture {
  const host = 'v2.stratum.braiins.com';
  const rng = createRandom(703);
  const [client, server] = [customer(72, 41_072), pool(72, 3336)];
  const messages: TimedMessage[] = [];
  const send = (from: 'client' | 'server', at: number, length: number): void => {
    messages.push({ from, at, bytes: rng.bytes(length) });
  };
  messages.push({ from: 'client', at: 0.04, bytes: noiseAct1(rng) });
  messages.push({ from: 'server', at: 0.09, bytes: noiseAct2(rng) });
  send('client', 0.14, SETUP);
  send('server', 0.19, SETUP_SUCCESS);
  send('client', 0.24, OPEN);
  send('server', 0.29, OPEN_SUCCESS + JOB + PREVIOUS_HASH);
  for (let n = 0; n < SHARES; n++) {
    const at = 5 + n * 12;
    send('client', at, SHARE);
    send('server', at + 0.05, SHARE_SUCCESS);
    if (n % 3 === 2) send('server', at + 4, JOB);
  }
  const session = { dialect: '', messages, shares: [], logins: [] };
  const expected: Expected = {
    miner: client.ip,
    pool: poolText(server),
    dialect: 'stratum-v2',
    activity: 'mining',
    confidence: 'probable',
    // What the pool answers cannot be read.
    shares: { submitted: SHARES, accepted: 0, rejected: 0 },
    logins: [],
    transport: 'tcp',
    host,
    pool_name: 'Braiins Pool',
    coins: ['BTC'],
  };
  return {
    file: 'stratum-v2-noise.pcap',
    frames: merge(
      lookUp({ ip: client.ip, port: 53_072 }, { ip: '192.0.2.53', port: 53 }, START - 1, host, [server.ip]),
      converse(session, client, server),
    ),
    expected: [expected],
  };
}

export function binaryCaptures(): Capture[] {
  return [datum(), zkwork(), stratumV2Noise()];
}
