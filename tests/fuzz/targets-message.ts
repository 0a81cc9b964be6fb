/** Targets behind the parsers: JSON messages, signatures, dialects, accounts. */
import { summariseSession } from '../../src/detect/facts.ts';
import { splitLogin } from '../../src/dialect/account.ts';
import { identifyChain, readCoinbase } from '../../src/dialect/coinbase.ts';
import { DIALECTS } from '../../src/dialect/index.ts';
import { MiningSession } from '../../src/dialect/session.ts';
import { excerptOf } from '../../src/engine/evidence/excerpt.ts';
import { estimateHashrate } from '../../src/estimate/hashrate.ts';
import { jsonMessages, MAX_TEXT } from '../../src/protocol/json.ts';
import type { HttpHead, JsonMessage, Message, Place, Side, Transport } from '../../src/protocol/message.ts';
import { loadSignatures, parseSignatures } from '../../src/signature/load.ts';
import { createSignatureSet } from '../../src/signature/set.ts';
import type { Signature, SignatureFault, SignatureSet } from '../../src/signature/types.ts';
import type { Random } from '../generate/index.ts';
import { jsonValues, signatureTexts, sv2Frames } from './corpus.ts';
import { mutate, mutateJson, mutateText } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';

const PLACE: Place = { input: 0, packet: 1, time: 1e15, from: 0, to: 0 };
const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

let set: SignatureSet | null = null;
export function signatures(): SignatureSet {
  return (set ??= loadSignatures());
}

function mutatedLine(rng: Random): string {
  const value = mutateJson(rng, rng.pick(jsonValues()));
  const batch = rng.int(0, 19) === 0 ? [value, mutateJson(rng, rng.pick(jsonValues()))] : value;
  const text = JSON.stringify(batch);
  return rng.int(0, 9) === 0 ? mutateText(rng, text) : text;
}

const HEADERS: readonly (readonly [string, string])[] = [
  ['user-agent', 'cpuminer/2.5'],
  ['authorization', 'Basic d2FsbGV0LnJpZzpwYXNz'],
  ['host', 'pool.example.com:8332'],
  ['x-mining-extensions', 'midstate'],
  ['x-mining-hashrate', '1e309'],
  ['x-mining-hashrate', '12345'],
  ['content-type', 'application/json'],
];

function headOf(rng: Random): HttpHead {
  const headers = new Map<string, string>();
  for (const [name, value] of HEADERS) {
    if (rng.int(0, 1) === 0) headers.set(name, rng.int(0, 3) === 0 ? mutateText(rng, value) : value);
  }
  const request = rng.int(0, 1) === 0;
  const target = rng.pick(['/', '/0x1111111111111111111111111111111111111111/rig', '/?miner=30@0x1@rig', '*']);
  return {
    kind: request ? 'request' : 'response',
    method: request ? 'POST' : '',
    target,
    status: request ? 0 : 200,
    headers,
  };
}

/** The messages of a text, one JSON value a line, as some stream may have carried them. */
function messagesOf(input: Uint8Array, rng: Random): JsonMessage[] {
  const found: JsonMessage[] = [];
  let time = 1e15;
  const http = headOf(rng);
  const transport = rng.pick<Transport>(['tcp', 'tcp', 'http', 'ws']);
  for (const line of Buffer.from(input).toString('utf8').split('\n')) {
    time += rng.int(-1000, 400_000_000);
    const side = rng.int(0, 1) as Side;
    const before = found.length;
    const place = { ...PLACE, time };
    const anomaly = jsonMessages(line, side, place, transport, transport === 'http' ? http : null, null, found);
    demand(anomaly === 0 || found.length === before, 'an anomaly and a message');
    demand(found.length - before <= 64, 'a batch beyond its limit');
  }
  return found;
}

/** Strings that stand where passwords stand. */
function secretsOf(value: Readonly<Record<string, unknown>>): string[] {
  const secrets: string[] = [];
  const look = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null || Array.isArray(holder)) return;
    for (const [key, item] of Object.entries(holder)) {
      if (/^(?:pass|password|passwd|pwd|secret|token)$/i.test(key) && typeof item === 'string') secrets.push(item);
    }
  };
  look(value);
  look(value['params']);
  look(value['body']);
  const { method, params } = value;
  if (!Array.isArray(params)) return secrets;
  params.forEach(look);
  const logsIn =
    method === 'mining.authorize' || method === 'eth_submitLogin' || method === 'eth_login' || method === 'login';
  if (logsIn && typeof params[1] === 'string') secrets.push(params[1]);
  return secrets;
}

const json: Target = {
  name: 'json-messages',
  holds: 'texts and ids bounded; excerpts bounded and without passwords; signatures match the same twice, in order',
  input: (rng) => utf8(mutatedLine(rng)),
  check(input) {
    const rng = randomFrom(input);
    for (const m of messagesOf(input, rng)) {
      demand(m.text.length <= MAX_TEXT && (m.id === null || m.id.length <= 400), 'text or id too long');
      const excerpt = excerptOf(m);
      demand(excerpt.length <= 512, () => `an excerpt of ${excerpt.length} characters`);
      for (const secret of secretsOf(m.value)) {
        // Long enough to be no accident, and standing nowhere else in the message.
        const quoted = JSON.stringify(secret);
        if (secret.length < 6 || JSON.stringify(m.value).split(quoted).length > 2) continue;
        demand(!excerpt.includes(quoted), 'a password in the excerpt');
      }
      const hits: Signature[] = [];
      signatures().match(m, hits);
      const again: Signature[] = [];
      signatures().match(m, again);
      demandSame(
        hits.map(({ id }) => id),
        again.map(({ id }) => id),
        'matched twice',
      );
      // What a message may be spared must not be what a signature holds on.
      if (hits.length > 0 && m.transport !== 'http')
        demand(signatures().mayMatch(input, 0, input.length), () => `${hits[0]?.id} is missed`);
      demandSame(
        hits.map(({ id }) => id),
        [...new Set(hits.map(({ id }) => id))].sort(),
        'order of hits',
      );
    }
  },
};

function checkSession(session: MiningSession): void {
  for (const [name, set, limit] of [
    ['accounts', session.accounts, 256],
    ['workers', session.workers, 256],
    ['agents', session.agents, 16],
    ['coins', session.coins, 8],
  ] as const) {
    demand(set.size <= limit, () => `${set.size} ${name}`);
  }
  for (const text of [...session.accounts.keys(), ...session.workers, ...session.agents]) {
    demand(typeof text === 'string' && text.length <= 1025, () => `a name of ${text.length} characters`);
  }
  for (const text of [session.algorithm, session.poolHost, session.poolName]) {
    demand(
      text === null || (typeof text === 'string' && text.length <= 512),
      () => `algorithm or pool ${String(text).slice(0, 40)}`,
    );
  }
  for (const count of [session.submitted, session.accepted, session.rejected, session.jobs, session.workRequests]) {
    demand(Number.isSafeInteger(count) && count >= 0, () => `a count of ${count}`);
  }
  const difficulty = session.difficulty;
  demand(
    difficulty === null || (Number.isFinite(difficulty.last) && difficulty.last > 0),
    () => `difficulty ${difficulty?.last}`,
  );
  demand(session.reported === null || Number.isFinite(session.reported), () => `reported ${session.reported}`);
  const facts = summariseSession(session);
  structuredClone(facts);
  const rate = estimateHashrate([facts.evidence, facts.evidence]);
  if (rate === null) return;
  for (const value of Object.values(rate))
    demand(Number.isFinite(value) && value >= 0, () => `estimate ${JSON.stringify(rate)}`);
}

const dialects: Target = {
  name: 'dialects',
  holds: 'probe answers -1…2, the same twice; a session stays bounded, its numbers finite, its estimate too',
  input: (rng) => utf8(Array.from({ length: rng.int(1, 6) }, () => mutatedLine(rng)).join('\n')),
  check(input) {
    const rng = randomFrom(input);
    const messages: Message[] = messagesOf(input, rng);
    const http = headOf(rng);
    messages.push({ kind: 'http', side: 0, place: { ...PLACE, time: 2e15 }, transport: 'http', http, text: '' });
    const frame = rng.pick(sv2Frames());
    const payload = mutate(rng, frame.bytes, { max: 500 });
    messages.push({
      kind: 'sv2',
      side: 1,
      place: PLACE,
      transport: 'tcp',
      extension: 0,
      channel: false,
      type: Number(frame.name),
      payload,
      text: '',
    });
    for (const dialect of DIALECTS) {
      const session = new MiningSession();
      for (const m of messages) {
        const fit = dialect.probe(m);
        demand(fit >= -1 && fit <= 2 && fit === dialect.probe(m), () => `${dialect.id}: fit ${fit}`);
        session.tick(m.place.time);
        dialect.feed(session, m);
        demand(session.minerSide === -1 || session.minerSide === 0 || session.minerSide === 1, 'side of the miner');
      }
      checkSession(session);
    }
  },
};

const LOGINS = [
  '1BoatSLRHtKNngkdXEeobR76b53LETtpyT.rig1',
  '0x1111111111111111111111111111111111111111/rig/a@b.c',
  'wallet+5000.worker',
  '4'.repeat(95),
  'user.0123456789abcdef.w',
  'kaspa:qq',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  '.',
  '/+@',
  'a..b',
];

const login: Target = {
  name: 'split-login',
  holds: 'account and worker are parts of the login; a wallet is the account',
  input: (rng) => utf8(mutateText(rng, rng.pick(LOGINS)).slice(0, 600)),
  check(input) {
    const text = Buffer.from(input).toString('utf8');
    for (const worker of [null, '', 'w']) {
      const account = splitLogin(text, worker);
      demand(account.login === text && text.startsWith(account.account), 'an account that was not sent');
      demand(text === '' || account.account !== '', 'no account');
      demand(account.wallet === null || account.wallet.address === account.account, 'a wallet that is not the account');
      demand(
        account.worker === null || worker === 'w' || text.includes(account.worker) || text.includes('+'),
        'a worker that was not sent',
      );
    }
  },
};

const COINB1 = `01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff2503233708184d696e656420627920416e74506f6f6c373946205b8160a4`;
const COINB2 = 'ffffffff0100f2052a010000001976a914266482c1c71bc9ce6d19a05103c84d48ad7e288688ac00000000';

const coinbase: Target = {
  name: 'coinbase',
  holds: 'height a whole number below 2^32, tag of 5 to 40 printable characters, coin and algorithm together',
  input: (rng) => {
    const parts = [COINB1, COINB2, '20000000', '17415a49', '5b160f00'].map((part) =>
      rng.int(0, 2) === 0 ? mutateText(rng, part) : part,
    );
    return utf8(parts.join('\n'));
  },
  check(input) {
    const [first, second, version, bits, time] = Buffer.from(input).toString('utf8').split('\n');
    const facts = readCoinbase(first, second, version, bits, time);
    demand(
      facts.height === null || (Number.isInteger(facts.height) && facts.height >= 0 && facts.height < 2 ** 32),
      () => `height ${facts.height}`,
    );
    demand(facts.tag === null || /^[\x20-\x7e]{5,40}$/.test(facts.tag), () => `tag ${facts.tag}`);
    demand((facts.coin === null) === (facts.algorithm === null), 'coin and algorithm apart');
    const rng = randomFrom(input);
    for (const odd of [null, 7, {}, [], 'zz', '0'.repeat(rng.int(0, 200)), undefined]) {
      readCoinbase(odd, second, odd, bits, odd);
      readCoinbase(first, odd, version, odd, time);
    }
    identifyChain(rng.u32(), rng.u32(), Number.NaN);
  },
};

const yaml: Target = {
  name: 'signature-files',
  holds: 'signatures, or faults with a place and a message; what loads also matches',
  input: (rng) => {
    const text = rng.pick(signatureTexts());
    return rng.int(0, 3) === 0
      ? mutate(rng, utf8(text), { max: 6000, other: utf8(rng.pick(signatureTexts())) })
      : utf8(mutateText(rng, text));
  },
  check(input) {
    const text = Buffer.from(input).toString('utf8');
    const faults: SignatureFault[] = [];
    const found = parseSignatures(text, 'fuzz.yaml', 'fuzz.yaml', faults);
    const lines = text.split(/\r\n|\r|\n/).length;
    for (const fault of faults) {
      demand(fault.file === 'fuzz.yaml' && fault.message !== '', 'a fault without file or message');
      demand(
        Number.isInteger(fault.line) && fault.line >= 0 && fault.line <= lines + 1,
        () => `line ${fault.line} of ${lines}`,
      );
      demand(
        Number.isInteger(fault.column) && fault.column >= 0 && fault.column <= text.length + 1,
        () => `column ${fault.column}`,
      );
    }
    const unique = [...new Map(found.map((signature) => [signature.id, signature])).values()];
    const loaded = createSignatureSet(unique);
    const rng = randomFrom(input);
    for (const m of messagesOf(utf8(JSON.stringify(rng.pick(jsonValues()))), rng)) loaded.match(m, []);
  },
};

export const MESSAGE_TARGETS: readonly Target[] = [json, dialects, login, coinbase, yaml];
