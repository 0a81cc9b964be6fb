/** Conversations that resemble mining and are not: JSON lines, JSON over HTTP, JSON over WebSocket. */
import type { TimedMessage } from '../conversation.ts';
import type { Random } from '../random.ts';
import { Script } from '../session.ts';
import { toHex, utf8 } from '../wire/bytes.ts';
import { blockHash, sha256d } from '../wire/chain.ts';
import { basicAuthorization, type Headers, httpRequest, httpResponse } from '../wire/http.ts';
import { compact } from '../wire/json.ts';
import * as ws from '../wire/websocket.ts';

const line = (value: unknown): string => `${compact(value)}\n`;
const JSON_TYPE: Headers = [['Content-Type', 'application/json']];

/** Electrum wallet and server (https://electrumx.readthedocs.io/en/latest/protocol-methods.html). */
export function electrum(rng: Random): TimedMessage[] {
  const script = new Script();
  let id = 0;
  const call = (at: number, method: string, params: unknown[], result: unknown): void => {
    script.client(at, line({ jsonrpc: '2.0', method, params, id }));
    script.server(at + 0.06, line({ jsonrpc: '2.0', result, id }));
    id++;
  };
  const header = (height: number): unknown => ({ hex: `00000020${rng.hex(76)}`, height });
  call(0.05, 'server.version', ['electrum/4.5.4', ['1.4', '1.4']], ['ElectrumX 1.16.0', '1.4']);
  call(0.15, 'server.features', [], {
    hash_function: 'sha256',
    protocol_max: '1.4.3',
    server_version: 'ElectrumX 1.16.0',
  });
  call(0.25, 'blockchain.headers.subscribe', [], header(840000));
  for (let n = 0; n < 6; n++) {
    const scripthash = toHex(sha256d(utf8(`synthetic script ${n}`)));
    call(0.4 + n * 0.1, 'blockchain.scripthash.subscribe', [scripthash], n % 2 === 0 ? rng.hex(32) : null);
    const history = [{ tx_hash: rng.hex(32), height: 839000 + n }];
    call(1.4 + n * 0.1, 'blockchain.scripthash.get_history', [scripthash], history);
  }
  call(2.5, 'blockchain.estimatefee', [2], 0.00021);
  call(2.7, 'blockchain.transaction.broadcast', [rng.hex(110)], rng.hex(32));
  for (let n = 1; n <= 4; n++) {
    call(60 * n, 'server.ping', [], null);
    const params = [header(840000 + n)];
    script.server(60 * n + 20, line({ jsonrpc: '2.0', method: 'blockchain.headers.subscribe', params }));
  }
  return script.messages;
}

/** A monitoring script asking a Bitcoin node about itself and about mining, without ever asking for work. */
export function bitcoinRpc(rng: Random): TimedMessage[] {
  const script = new Script();
  const headers: Headers = [
    ['Host', '203.0.113.40:8332'],
    ['Authorization', basicAuthorization('monitor', 'not-a-secret')],
    ['User-Agent', 'node-status/1.2'],
    ...JSON_TYPE,
  ];
  const chain = {
    chain: 'main',
    blocks: 840000,
    headers: 840000,
    bestblockhash: blockHash(rng, 10),
    difficulty: 86388558925171.02,
  };
  const calls: readonly (readonly [string, unknown[], unknown])[] = [
    ['getblockchaininfo', [], chain],
    [
      'getmininginfo',
      [],
      { blocks: 840000, difficulty: 86388558925171.02, networkhashps: 6.18e20, pooledtx: 21034, chain: 'main' },
    ],
    ['getnetworkhashps', [120], 6.18e20],
    ['getmempoolinfo', [], { loaded: true, size: 21034, bytes: 9120345, usage: 51023344 }],
    ['estimatesmartfee', [6], { feerate: 0.00021, blocks: 6 }],
    ['getblockcount', [], 840000],
    ['getdifficulty', [], 86388558925171.02],
  ];
  for (let n = 0; n < 14; n++) {
    const [method, params, result] = calls[n % calls.length]!;
    const body = compact({ jsonrpc: '1.0', id: `status-${n}`, method, params });
    script.client(0.05 + n * 15, httpRequest('POST / HTTP/1.1', headers, body));
    const reply = `${compact({ result, error: null, id: `status-${n}` })}\n`;
    script.server(0.09 + n * 15, httpResponse('200 OK', JSON_TYPE, reply));
  }
  return script.messages;
}

/** A wallet at an Ethereum node (https://ethereum.org/en/developers/docs/apis/json-rpc/). */
export function ethereumRpc(rng: Random, wallet: string): TimedMessage[] {
  const script = new Script();
  const headers: Headers = [['Host', 'node.example.net:8545'], ['User-Agent', 'wallet/3.1'], ...JSON_TYPE];
  const call = { to: `0x${rng.hex(20)}`, data: `0x70a08231${'00'.repeat(12)}${rng.hex(20)}` };
  const calls: readonly (readonly [string, unknown[], unknown])[] = [
    ['net_version', [], '1'],
    ['eth_chainId', [], '0x1'],
    ['eth_blockNumber', [], '0x12f3c1a'],
    ['eth_getBalance', [wallet, 'latest'], '0x1b69b4bacd05f15'],
    ['eth_call', [call, 'latest'], `0x${'00'.repeat(28)}05f5e100`],
    ['eth_gasPrice', [], '0x2540be400'],
    ['eth_mining', [], false],
    ['eth_hashrate', [], '0x0'],
  ];
  for (let n = 0; n < 16; n++) {
    const [method, params, result] = calls[n % calls.length]!;
    const body = compact({ jsonrpc: '2.0', id: n + 1, method, params });
    script.client(0.05 + n * 10, httpRequest('POST / HTTP/1.1', headers, body));
    script.server(0.1 + n * 10, httpResponse('200 OK', JSON_TYPE, compact({ jsonrpc: '2.0', id: n + 1, result })));
  }
  return script.messages;
}

/** A device gateway with JSON lines: `login`, `job` and `submit` mean something else here. */
export function jsonLogin(rng: Random): TimedMessage[] {
  const script = new Script();
  const login = { user: 'meter-117', password: 'synthetic', client: 'gateway/2.0' };
  script.client(0.05, line({ id: 1, jsonrpc: '2.0', method: 'login', params: login }));
  script.server(0.09, line({ id: 1, jsonrpc: '2.0', result: { session: rng.hex(8), status: 'OK' } }));
  for (let n = 0; n < 12; n++) {
    const at = 5 + n * 20;
    const values = { temperature: 20 + n / 4, humidity: 40 + n };
    script.client(at, line({ id: n + 2, jsonrpc: '2.0', method: 'submit', params: { form: 'reading', values } }));
    script.server(at + 0.05, line({ id: n + 2, jsonrpc: '2.0', result: { status: 'OK' } }));
    if (n % 4 === 3) {
      const job = { job_id: `backup-${n}`, state: 'done', target: 'archive' };
      script.server(at + 7, line({ jsonrpc: '2.0', method: 'job', params: job }));
    }
  }
  script.client(250, line({ id: 20, jsonrpc: '2.0', method: 'logout', params: {} }));
  script.server(250.05, line({ id: 20, jsonrpc: '2.0', result: true }));
  return script.messages;
}

/** Language Server Protocol 3.17: the base protocol's header, then JSON without a line end. */
export function languageServer(): TimedMessage[] {
  const script = new Script();
  const framed = (value: unknown): string => {
    const body = compact({ jsonrpc: '2.0', ...(value as object) });
    return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  const root = { processId: 4242, rootUri: 'file:///home/user/project', capabilities: {} };
  script.client(0.05, framed({ id: 1, method: 'initialize', params: root }));
  script.server(0.3, framed({ id: 1, result: { capabilities: { hoverProvider: true, textDocumentSync: 2 } } }));
  script.client(0.31, framed({ method: 'initialized', params: {} }));
  const uri = 'file:///home/user/project/main.c';
  const document = { uri, languageId: 'c', version: 1, text: 'int main(void) { return 0; }\n' };
  script.client(0.5, framed({ method: 'textDocument/didOpen', params: { textDocument: document } }));
  for (let n = 0; n < 10; n++) {
    const at = 2 + n * 4;
    const position = { line: 0, character: n };
    script.client(at, framed({ id: n + 2, method: 'textDocument/hover', params: { textDocument: { uri }, position } }));
    script.server(at + 0.02, framed({ id: n + 2, result: { contents: 'int main(void)' } }));
    const diagnostics = { uri, diagnostics: [] };
    script.server(at + 0.5, framed({ method: 'textDocument/publishDiagnostics', params: diagnostics }));
  }
  return script.messages;
}

/** A chat whose first message has the same `type` as CoinHive's. */
export function webSocketChat(rng: Random): TimedMessage[] {
  const script = new Script();
  const up = (at: number, value: unknown): number => script.client(at, ws.webSocketFrame(compact(value), { rng }));
  const down = (at: number, value: unknown): number => script.server(at, ws.webSocketFrame(compact(value)));
  script.client(0.04, ws.upgradeRequest('chat.example.com', '/gateway', 'https://chat.example.com'));
  script.server(0.08, ws.UPGRADE_RESPONSE);
  up(0.1, { type: 'auth', params: { token: 'synthetic-token', user: 'alice', type: 'user' } });
  down(0.15, { type: 'authed', params: { user: 'alice', rooms: ['general', 'lunch'] } });
  for (let n = 0; n < 12; n++) {
    const at = 3 + n * 9;
    up(at, { type: 'submit', params: { room: 'general', text: `synthetic message ${n}` } });
    down(at + 0.05, { type: 'accepted', params: { id: 1000 + n } });
    down(at + 4, { type: 'message', params: { room: 'lunch', from: 'bob', text: `synthetic answer ${n}` } });
  }
  return script.messages;
}
