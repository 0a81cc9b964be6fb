/** The same sessions as a detector meets them in a network: cut, one-sided, in disorder, in tunnels, on other links. */
import type { Endpoint } from '../conversation.ts';
import { bitcoinSession, SHA256D_UNIT } from '../dialects/bitcoin.ts';
import { cryptonoteSession } from '../dialects/cryptonote.ts';
import { ENCAPSULATIONS, type Encapsulation, encapsulate, LINK_TYPES, onLink } from '../encapsulate.ts';
import { type Expected, expectSession, expectVisible, withoutRate } from '../expected.ts';
import { electrum } from '../lookalikes/text.ts';
import { createRandom } from '../random.ts';
import type { Session } from '../session.ts';
import { duplicate, fragment, fromMessage, loseMessages, merge, onlyFrom, reorder, segment } from '../transform.ts';
import { BITCOIN_ADDRESS, MONERO_ADDRESS } from '../wire/chain.ts';
import type { RawFrame } from '../wire/frame.ts';
import { type Capture, converse, customer, pool, START } from './capture.ts';
import { bitcoinExample, cryptonoteExample, ethProxyExample, zcashExample } from './mining.ts';

const CLIENT = customer(50, 47110);
const SERVER = pool(50, 3333);

/** A short session for captures whose point is the wrapping. */
function shortSession(seed: number): Session {
  return cryptonoteSession({
    rng: createRandom(seed),
    seconds: 80,
    logins: [MONERO_ADDRESS],
    time: START,
    height: 3131100,
    rate: 700,
    difficulty: 7000,
    jobEvery: 50,
  });
}

function visible(frames: readonly RawFrame[]): Set<number> {
  return new Set(frames.map((frame) => frame.message));
}

/**
 * What only the pool's side shows: answers, but no shares and no login, so no wallet that names the coin. `countable`
 * where the answer to a share differs from every other answer.
 */
function poolSide(session: Session, client: Endpoint, server: Endpoint, countable: boolean): Expected {
  const { shares, coins: _coins, ...rest } = withoutRate(expectSession(session, client, server));
  const accepted = countable && shares.accepted !== undefined ? { accepted: shares.accepted } : {};
  return { ...rest, shares: { submitted: 0, ...accepted }, logins: [], agents: [] };
}

/** What only the miner's side shows: no answers, no difficulty, no job whose coinbase names the coin. */
function minerSide(session: Session, client: Endpoint, server: Endpoint): Expected {
  const { shares, difficulty: _difficulty, ...rest } = withoutRate(expectSession(session, client, server));
  return { ...withoutCoins(rest), shares: { submitted: shares.submitted } };
}

function seenFrom(session: Session, mark: string): { frames: RawFrame[]; expected: Expected } {
  const frames = fromMessage(converse(session, CLIENT, SERVER), session.marks![mark]!);
  return { frames, expected: expectVisible(session, CLIENT, SERVER, visible(frames)) };
}

function views(): Capture[] {
  const bitcoin = bitcoinExample();
  const monero = cryptonoteExample();
  const proxy = ethProxyExample();
  const frames = converse(bitcoin, CLIENT, SERVER);
  const middle = seenFrom(bitcoin, 'fourth job');
  const moneroMiddle = seenFrom(monero, 'second job');
  return [
    // The difficulty in force was set before the capture began and does not change again.
    { file: 'stratum-v1-midstream.pcap', frames: middle.frames, expected: [withoutDifficulty(middle.expected)] },
    {
      file: 'cryptonote-midstream.pcap',
      frames: moneroMiddle.frames,
      // Login and agent were said before the capture began.
      expected: [{ ...withoutCoins(moneroMiddle.expected), logins: [], agents: [] }],
    },
    {
      file: 'stratum-v1-miner-side.pcap',
      frames: onlyFrom(frames, 'client'),
      expected: [minerSide(bitcoin, CLIENT, SERVER)],
    },
    {
      file: 'stratum-v1-pool-side.pcap',
      frames: onlyFrom(frames, 'server'),
      expected: [poolSide(bitcoin, CLIENT, SERVER, false)],
    },
    {
      file: 'cryptonote-pool-side.pcap',
      frames: onlyFrom(converse(monero, CLIENT, SERVER), 'server'),
      expected: [poolSide(monero, CLIENT, SERVER, true)],
    },
    {
      file: 'ethproxy-miner-side.pcap',
      frames: onlyFrom(converse(proxy, CLIENT, SERVER), 'client'),
      expected: [minerSide(proxy, CLIENT, SERVER)],
    },
  ];
}

function withoutCoins<E extends Pick<Expected, 'coins'>>(expected: E): Omit<E, 'coins'> {
  const { coins: _coins, ...rest } = expected;
  return rest;
}

function withoutDifficulty(expected: Expected): Expected {
  const { difficulty: _difficulty, ...rest } = withoutRate(expected);
  return rest;
}

function disorder(): Capture[] {
  const bitcoin = bitcoinExample();
  const frames = converse(bitcoin, CLIENT, SERVER);
  const rng = createRandom(201);
  const cut = segment(frames, rng, { min: 40, max: 700 });
  const mixed = duplicate(reorder(cut, rng, 3), rng, 0.08);
  // Two shares with their answers and a job never pass the observation point.
  const [a, b] = [bitcoin.shares[8]!, bitcoin.shares[18]!];
  const gaps = loseMessages(frames, new Set([a.submit, a.answer, b.submit, b.answer, bitcoin.marks!['second job']!]));
  const zcash = zcashExample(203, 120);
  const fragments = fragment(converse(zcash, CLIENT, SERVER), 576);
  return [
    { file: 'stratum-v1-disorder.pcap', frames: mixed, expected: [expectSession(bitcoin, CLIENT, SERVER)] },
    {
      file: 'stratum-v1-gaps.pcap',
      frames: gaps,
      expected: [expectVisible(bitcoin, CLIENT, SERVER, visible(gaps))],
    },
    { file: 'zcash-stratum-fragments.pcap', frames: fragments, expected: [expectSession(zcash, CLIENT, SERVER)] },
  ];
}

const CLIENT6: Endpoint = { ip: '2001:db8:20::50', port: 47110 };
const SERVER6: Endpoint = { ip: '2001:db8:113::50', port: 3333 };

function tunnels(): Capture[] {
  return ENCAPSULATIONS.map((kind: Encapsulation, n): Capture => {
    const inner6 = kind === '6in4' || kind === 'teredo';
    const client = inner6 ? CLIENT6 : CLIENT;
    const server = inner6 ? SERVER6 : SERVER;
    const session = shortSession(250 + n);
    const frames = encapsulate(converse(session, client, server), kind);
    const expected = [expectSession(session, client, server)];
    // Broadband access has the tag and the session together.
    if (kind === 'pppoe') {
      return { file: 'tunnel-vlan-pppoe.pcap', frames: encapsulate(frames, 'vlan', { id: 35 }), expected };
    }
    return { file: `tunnel-${kind}.pcap`, frames, expected };
  });
}

function links(): Capture[] {
  return LINK_TYPES.map((kind, n): Capture => {
    const session = shortSession(230 + n);
    const frames = onLink(converse(session, CLIENT, SERVER), kind);
    const expected = [expectSession(session, CLIENT, SERVER)];
    if (kind === 'raw') {
      return { file: 'link-raw.pcap', frames, options: { nanoseconds: true, bigEndian: true }, expected };
    }
    if (kind === 'sll2')
      return { file: 'link-sll2.pcapng', frames, options: { format: 'pcapng', bigEndian: true }, expected };
    return { file: `link-${kind}.pcap`, frames, expected };
  });
}

function ipv6(): Capture {
  const session = bitcoinSession({
    rng: createRandom(240),
    seconds: 240,
    login: `${BITCOIN_ADDRESS}.v6`,
    agent: 'cgminer/4.11.1',
    coins: ['BTC'],
    rate: 100e12,
    unit: SHA256D_UNIT,
    difficulties: [{ at: 0, value: 262144 }],
    height: 840050,
    bits: '17034219',
    time: START,
    style: 'cgminer',
    branches: 3,
  });
  // Both sequence numbers run over 2^32 on the way.
  const frames = converse(session, CLIENT6, SERVER6, { sequences: [0xfffffb00, 0xffffe000] });
  return { file: 'stratum-v1-ipv6.pcap', frames, expected: [expectSession(session, CLIENT6, SERVER6)] };
}

/** Two miners and a wallet on one line; nanosecond time stamps. */
function mixed(): Capture {
  const sessions = [shortSession(241), shortSession(242)];
  const clients = [customer(61, 48001), customer(62, 48002)];
  const servers = [pool(61, 443), pool(62, 5555)];
  const wallet: Session = { dialect: '', messages: electrum(createRandom(243)), shares: [], logins: [] };
  const frames = merge(
    ...sessions.map((session, n) => converse(session, clients[n]!, servers[n]!, { offset: n * 3 })),
    converse(wallet, customer(61, 48003), { ip: '192.0.2.10', port: 50001 }, { offset: 1 }),
  ).map((frame, n) => ({ ...frame, nanos: (n * 37) % 1000 }));
  return {
    file: 'mixed.pcapng',
    frames,
    options: { format: 'pcapng', nanoseconds: true },
    expected: sessions.map((session, n) => expectSession(session, clients[n]!, servers[n]!)),
  };
}

export function variantCaptures(): Capture[] {
  return [...views(), ...disorder(), ipv6(), mixed(), ...tunnels(), ...links()];
}
