/**
 * Work over HTTP: getwork (https://en.bitcoin.it/wiki/Getwork), getblocktemplate (BIP 22, BIP 23, BIP 145) and Ethereum's
 * eth_getWork (ethminer EthGetworkClient.cpp: HTTP/1.0, one connection for each request).
 */
import type { TimedMessage } from '../conversation.ts';
import { poissonTimes, type Random } from '../random.ts';
import { Script, type Session, type Share } from '../session.ts';
import { concat, fromHex, toHex, u32be, u32le } from '../wire/bytes.ts';
import { blockHash, sha256d, targetHex } from '../wire/chain.ts';
import { basicAuthorization, type Headers, httpRequest, httpResponse } from '../wire/http.ts';
import { compact, spaced } from '../wire/json.ts';

const JSON_TYPE: Headers = [['Content-Type', 'application/json']];

export interface GetworkOptions {
  readonly rng: Random;
  readonly seconds: number;
  readonly host: string;
  readonly login: string;
  readonly time: number;
  readonly rate: number;
  readonly rejects?: ReadonlySet<number>;
}

/** One keep-alive connection: a getwork, then each share followed by the next getwork, as cgminer does it. */
export function getworkSession(o: GetworkOptions): Session {
  const { rng } = o;
  const script = new Script();
  const headers: Headers = [
    ['Authorization', basicAuthorization(o.login, 'x')],
    ['Host', o.host],
    ['Accept', '*/*'],
    ['Accept-Encoding', 'deflate, gzip'],
    ['Content-type', 'application/json'],
    ['X-Mining-Extensions', 'longpoll midstate rollntime submitold'],
    ['User-Agent', 'cgminer 4.11.1'],
  ];
  const padding = `00000080${'00'.repeat(40)}80020000`;
  const previous = blockHash(rng, 8);
  const fetchWork = (at: number): string => {
    script.client(at, httpRequest('POST / HTTP/1.1', headers, '{"method": "getwork", "params": [], "id":0}\n'));
    // Header fields as 32-bit words: version, previous hash, merkle root, time, bits, nonce; then the SHA-2 padding.
    const time = toHex(u32be(o.time + Math.floor(at)));
    const words = (previous.match(/.{8}/g) ?? []).reverse().join('');
    const data = `00000002${words}${rng.hex(32)}${time}1a05db8b00000000${padding}`;
    const hash1 = `${'00'.repeat(35)}80${'00'.repeat(24)}00010000`.slice(0, 128);
    const target = `${'ff'.repeat(28)}00000000`;
    const work = { midstate: rng.hex(32), data, hash1, target };
    const reply: Headers = [...JSON_TYPE, ['X-Long-Polling', '/LP'], ['X-Roll-NTime', 'expire=120']];
    script.server(at + 0.04, httpResponse('200 OK', reply, `${compact({ error: null, id: 0, result: work })}\n`));
    return data;
  };
  let data = fetchWork(0.04);
  let free = 0.1;
  const shares: Share[] = [];
  for (const [n, drawn] of poissonTimes(rng, 1, o.seconds - 1, () => 2 ** 32 / o.rate).entries()) {
    const at = Math.max(drawn, free);
    const accepted = !o.rejects?.has(n);
    // Bytes 76 to 79 of the data hold the nonce.
    const solved = data.slice(0, 152) + rng.hex(4) + data.slice(160);
    const body = `{"method": "getwork", "params": [ "${solved}" ], "id":1}`;
    const submit = script.client(at, httpRequest('POST / HTTP/1.1', headers, body));
    const reason: Headers = accepted ? [] : [['X-Reject-Reason', 'stale']];
    const verdict = compact({ error: null, id: 1, result: accepted });
    const answer = script.server(at + 0.04, httpResponse('200 OK', [...JSON_TYPE, ...reason], `${verdict}\n`));
    shares.push({ submit, answer, accepted, work: 2 ** 32, at });
    data = fetchWork(at + 0.05);
    free = at + 0.12;
  }
  return {
    dialect: 'getwork',
    messages: script.messages,
    shares,
    logins: [o.login],
    agents: ['cgminer 4.11.1'],
    difficulty: 1,
    rate: { value: o.rate, unit: 'H/s' },
  };
}

export interface TemplateOptions {
  readonly rng: Random;
  readonly host: string;
  readonly user: string;
  readonly time: number;
  readonly polls: number;
}

/** Solo mining on a node: getblocktemplate every 30 seconds, one block found and submitted. */
export function templateSession(o: TemplateOptions): Session {
  const { rng } = o;
  const script = new Script();
  const headers: Headers = [
    ['Authorization', basicAuthorization(o.user, 'x')],
    ['Host', o.host],
    ['User-Agent', 'cgminer 4.11.1'],
    ['Content-type', 'application/json'],
  ];
  const previous = blockHash(rng, 9);
  const capabilities = ['coinbasetxn', 'workid', 'coinbase/append'];
  for (let n = 0; n < o.polls; n++) {
    const at = 0.04 + n * 30;
    const request = { id: 0, method: 'getblocktemplate', params: [{ capabilities, rules: ['segwit'] }] };
    script.client(at, httpRequest('POST / HTTP/1.1', headers, `${spaced(request)}\n`));
    const transactions = Array.from({ length: 2 }, () => {
      const raw = fromHex(`02000000${rng.hex(60)}00000000`);
      const hash = toHex(sha256d(raw).reverse());
      return { data: toHex(raw), txid: hash, hash, depends: [], fee: rng.int(200, 9000), sigops: 1, weight: 272 };
    });
    const result = {
      capabilities: ['proposal'],
      version: 536870912,
      rules: ['csv', '!segwit', 'taproot'],
      vbavailable: {},
      vbrequired: 0,
      previousblockhash: previous,
      transactions,
      coinbaseaux: {},
      coinbasevalue: 312500000 + transactions.reduce((sum, transaction) => sum + transaction.fee, 0),
      longpollid: `${previous}${n}`,
      // The compact form 17034219 written out: 0x034219 at the top of 23 bytes.
      target: '034219'.padEnd(46, '0').padStart(64, '0'),
      mintime: o.time - 3000,
      mutable: ['time', 'transactions', 'prevblock'],
      noncerange: '00000000ffffffff',
      sigoplimit: 80000,
      sizelimit: 4000000,
      weightlimit: 4000000,
      curtime: o.time + Math.floor(at),
      bits: '17034219',
      height: 840001,
      default_witness_commitment: `6a24aa21a9ed${rng.hex(32)}`,
    };
    const body = `${compact({ result, error: null, id: 0 })}\n`;
    script.server(at + 0.03, httpResponse('200 OK', JSON_TYPE, body));
  }
  const at = o.polls * 30 - 12;
  const version = u32le(0x20000000);
  const header = concat(version, fromHex(previous).reverse(), rng.bytes(32), u32le(o.time + at), u32le(0x17034219));
  const block = `${toHex(header)}${rng.hex(4)}01${rng.hex(110)}`;
  const request = `${spaced({ id: 0, method: 'submitblock', params: [block] })}\n`;
  const submit = script.client(at, httpRequest('POST / HTTP/1.1', headers, request));
  const accepted = `${compact({ result: null, error: null, id: 0 })}\n`;
  const answer = script.server(at + 0.05, httpResponse('200 OK', JSON_TYPE, accepted));
  const shares: Share[] = [{ submit, answer, accepted: true, work: 0, at }];
  return {
    dialect: 'getblocktemplate',
    messages: script.messages,
    shares,
    logins: [o.user],
    agents: ['cgminer 4.11.1'],
  };
}

export interface EthGetworkOptions {
  readonly rng: Random;
  readonly host: string;
  readonly path: string;
  readonly login: string;
  readonly rate: number;
  readonly work: number;
  /** What each connection carries, in order. */
  readonly requests: readonly ('work' | 'submit' | 'hashrate')[];
  readonly every: number;
}

/** One list of messages for each connection, with the session they make up together. */
export function ethGetworkSession(o: EthGetworkOptions): { connections: TimedMessage[][]; session: Session } {
  const { rng } = o;
  const target = `0x${targetHex(o.work)}`;
  const header = `0x${rng.hex(32)}`;
  const seed = `0x${rng.hex(32)}`;
  const clientId = `0x${rng.hex(32)}`;
  const connections: TimedMessage[][] = [];
  const shares: Share[] = [];
  for (const [n, kind] of o.requests.entries()) {
    const script = new Script();
    const bodies = {
      work: { id: 1, jsonrpc: '2.0', method: 'eth_getWork', params: [] },
      submit: {
        id: 40,
        jsonrpc: '2.0',
        method: 'eth_submitWork',
        params: [`0x${rng.hex(8)}`, header, `0x${rng.hex(32)}`],
      },
      hashrate: {
        id: 9,
        jsonrpc: '2.0',
        method: 'eth_submitHashrate',
        params: [`0x${Math.round(o.rate).toString(16).padStart(64, '0')}`, clientId],
      },
    };
    const headers: Headers = [['Host', o.host], ...JSON_TYPE];
    const body = compact(bodies[kind]);
    // EthGetworkClient ends its header block with "Connection: close", after the length.
    const request = httpRequest(`POST ${o.path} HTTP/1.0`, headers, body).replace(
      /\r\n\r\n/,
      '\r\nConnection: close\r\n\r\n',
    );
    const submit = script.client(0.04, request);
    const result = kind === 'work' ? [header, seed, target] : true;
    const reply = compact({ id: bodies[kind].id, jsonrpc: '2.0', result });
    const answer = script.server(0.08, httpResponse('200 OK', [...JSON_TYPE, ['Connection', 'close']], reply));
    if (kind === 'submit') shares.push({ submit, answer, accepted: true, work: o.work, at: n * o.every });
    connections.push(script.messages);
  }
  const session: Session = { dialect: 'eth-getwork', messages: [], shares, logins: [o.login] };
  return { connections, session };
}
