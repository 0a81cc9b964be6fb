/** Text that speaks of jobs, log-ins and shares and means something else. */
import type { TimedMessage } from '../conversation.ts';
import type { Random } from '../random.ts';
import { Script } from '../session.ts';
import { basicAuthorization, type Headers, httpRequest, httpResponse } from '../wire/http.ts';
import { compact } from '../wire/json.ts';
import * as ws from '../wire/websocket.ts';

/** IRC (RFC 2812) in a channel where people paste what their miners say. */
export function relayChat(): TimedMessage[] {
  const script = new Script();
  script.client(0.05, 'NICK alice\r\nUSER alice 0 * :alice\r\n');
  script.server(0.1, ':irc.example 001 alice :Welcome\r\n');
  script.client(0.5, 'JOIN #mining\r\n');
  for (let n = 0; n < 12; n++) {
    const quoted = '{"id":4,"method":"mining.submit","params":["account.worker","5f21","0a","662309b8","4ad1f3a0"]}';
    script.client(3 + n * 25, `PRIVMSG #mining :line ${n}: ${quoted}\r\n`);
    script.server(9 + n * 25, ':bob!bob@host.example PRIVMSG #mining :what does mining.notify mean?\r\n');
    script.server(15 + n * 25, 'PING :irc.example\r\n');
    script.client(15.05 + n * 25, 'PONG :irc.example\r\n');
  }
  return script.messages;
}

/** A queue in the Redis protocol whose entries look like jobs of a pool. */
export function queue(): TimedMessage[] {
  const script = new Script();
  const bulk = (...parts: readonly string[]): string =>
    `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;
  script.client(0.05, bulk('AUTH', 'worker', 'synthetic'));
  script.server(0.07, '+OK\r\n');
  for (let n = 0; n < 12; n++) {
    const job = compact({ method: 'login', params: { login: 'user', pass: 'x' }, id: n });
    script.client(1 + n * 20, bulk('RPUSH', 'submit', job));
    script.server(1.02 + n * 20, `:${n}\r\n`);
    script.client(2 + n * 20, bulk('BLPOP', 'job', '5'));
    script.server(2.5 + n * 20, bulk('job', compact({ job_id: `${n}`, target: 'render', blob: 'frame' })));
  }
  return script.messages;
}

/** A service with lines of JSON whose log-in and answers are those of many services, CryptoNote pools among them. */
export function plainLogin(): TimedMessage[] {
  const script = new Script();
  const line = (value: unknown): string => `${compact(value)}\n`;
  script.client(0.05, line({ id: 1, jsonrpc: '2.0', method: 'login', params: { login: 'shop-7', pass: 'synthetic' } }));
  script.server(0.1, line({ id: 1, jsonrpc: '2.0', result: { status: 'OK' }, error: null }));
  for (let n = 0; n < 12; n++) {
    const params = { id: 'till-1', job_id: `receipt-${n}`, result: 'paid' };
    script.client(5 + n * 25, line({ id: n + 2, jsonrpc: '2.0', method: 'submit', params }));
    script.server(5.05 + n * 25, line({ id: n + 2, jsonrpc: '2.0', result: { status: 'OK' }, error: null }));
    script.client(15 + n * 25, line({ id: 90 + n, jsonrpc: '2.0', method: 'getwork', params: { queue: 'print' } }));
    script.server(15.05 + n * 25, line({ id: 90 + n, error: { code: -32001, message: 'Unauthenticated' } }));
  }
  return script.messages;
}

/** Wallet programs of Bitcoin and Monero at their nodes. */
export function walletRpc(rng: Random): TimedMessage[] {
  const script = new Script();
  const headers: Headers = [
    ['Host', '203.0.113.41:18083'],
    ['Authorization', basicAuthorization('wallet', 'not-a-secret')],
    ['Content-Type', 'application/json'],
  ];
  const calls: readonly (readonly [string, unknown, unknown])[] = [
    ['getnewaddress', ['deposit'], 'an address'],
    ['listtransactions', ['*', 2], [{ category: 'generate', amount: 3.125, txid: rng.hex(32) }]],
    ['getblock', [rng.hex(32), 1], { nonce: 2083236893, bits: '17034219', difficulty: 8.6e13 }],
    ['get_balance', { account_index: 0 }, { balance: 157443303037, unlocked_balance: 157443303037 }],
    ['get_last_block_header', {}, { block_header: { nonce: 1234, hash: rng.hex(32) }, status: 'OK' }],
    ['transfer', { destinations: [] }, { tx_hash: rng.hex(32), tx_key: rng.hex(32) }],
  ];
  for (let n = 0; n < 12; n++) {
    const [method, params, result] = calls[n % calls.length]!;
    const body = compact({ jsonrpc: '2.0', id: `${n}`, method, params });
    script.client(0.05 + n * 15, httpRequest('POST /json_rpc HTTP/1.1', headers, body));
    script.server(
      0.1 + n * 15,
      httpResponse('200 OK', headers.slice(2), compact({ id: `${n}`, jsonrpc: '2.0', result })),
    );
  }
  return script.messages;
}

/** A page of a pool and its figures, fetched without encryption. */
export function pageVisit(host: string): TimedMessage[] {
  const script = new Script();
  for (let n = 0; n < 10; n++) {
    const path = n % 2 === 0 ? '/' : '/api/v1/stats';
    script.client(
      0.05 + n * 60,
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n`,
    );
    const figures = compact({ hashrate: 1.1e9, workers: { rig1: { shares: 12, difficulty: 4000 } }, pool: host });
    const [type, body] =
      n % 2 === 0 ? ['text/html', '<html><h1>Stratum ports: 3333, 4444</h1></html>'] : ['application/json', figures];
    script.server(0.1 + n * 60, httpResponse('200 OK', [['Content-Type', type!]], body!));
  }
  return script.messages;
}

function webSocket(
  rng: Random,
  host: string,
  said: readonly (readonly [number, 'up' | 'down', unknown])[],
): TimedMessage[] {
  const script = new Script();
  script.client(0.04, ws.upgradeRequest(host, '/stream', `https://${host}`));
  script.server(0.08, ws.UPGRADE_RESPONSE);
  for (const [at, way, value] of said) {
    if (way === 'up') script.client(at, ws.webSocketFrame(compact(value), { rng }));
    else script.server(at, ws.webSocketFrame(compact(value)));
  }
  return script.messages;
}

/** Prices and orders of an exchange: methods and parameters in the manner of JSON-RPC 1.0. */
export function exchange(rng: Random): TimedMessage[] {
  const said: (readonly [number, 'up' | 'down', unknown])[] = [
    [0.1, 'up', { id: 1, method: 'server.auth', params: ['synthetic', 'web'] }],
    [0.15, 'down', { id: 1, result: { status: 'success' }, error: null }],
    [0.2, 'up', { id: 2, method: 'depth.subscribe', params: ['POOLBTC', 5, '0'] }],
    [0.25, 'down', { id: 2, result: { status: 'success' }, error: null }],
  ];
  for (let n = 0; n < 14; n++) {
    const at = 5 + n * 25;
    const levels = { asks: [['0.00121', '15.5']], bids: [['0.00119', '7']] };
    said.push([at, 'down', { id: null, method: 'depth.update', params: [n === 0, levels, 'POOLBTC'] }]);
    const order = ['account.sub', 'POOLBTC', rng.hex(8), rng.hex(4), '0.0012'];
    said.push([at + 5, 'up', { id: 10 + n, method: 'order.submit', params: order }]);
    said.push([at + 5.05, 'down', { id: 10 + n, result: true, error: null }]);
    said.push([at + 10, 'down', { id: null, method: 'job.update', params: [rng.hex(8), 'settlement', n] }]);
  }
  return webSocket(rng, 'stream.exchange.example', said);
}

/** Notifications of a home server: `auth`, then events. */
export function notifications(rng: Random): TimedMessage[] {
  const said: (readonly [number, 'up' | 'down', unknown])[] = [
    [0.1, 'down', { type: 'auth_required', version: '2024.4.1' }],
    [0.15, 'up', { type: 'auth', access_token: 'synthetic' }],
    [0.2, 'down', { type: 'auth_ok', version: '2024.4.1' }],
    [0.3, 'up', { id: 1, type: 'subscribe', params: { token: 'synthetic', type: 'anonymous', user: null } }],
  ];
  for (let n = 0; n < 16; n++) {
    said.push([5 + n * 22, 'down', { type: 'job', params: { job_id: `${n}`, target: 'boiler', state: 'done' } }]);
    said.push([6 + n * 22, 'up', { type: 'submit', params: { job_id: `${n}`, result: 'read' } }]);
  }
  return webSocket(rng, 'home.example', said);
}
