/** Messages of other protocols that come near to those of miners and pools. All names and values are invented. */
import { createRandom } from '../generate/index.ts';

export interface LookAlike {
  readonly protocol: string;
  /** In the order of a conversation; a text is sent as it stands. */
  readonly messages: readonly (readonly ['client' | 'server', unknown])[];
}

const rng = createRandom(4711);
const hash = (): string => rng.hex(32);
const hash0x = (): string => `0x${rng.hex(32)}`;

const call = (id: number | string, method: string, params: unknown): readonly ['client', unknown] => [
  'client',
  { jsonrpc: '2.0', id, method, params },
];
const answer = (id: number | string, result: unknown): readonly ['server', unknown] => [
  'server',
  { jsonrpc: '2.0', id, result },
];
const push = (method: string, params: unknown): readonly ['server', unknown] => [
  'server',
  { jsonrpc: '2.0', method, params },
];
const up = (value: unknown): readonly ['client', unknown] => ['client', value];
const down = (value: unknown): readonly ['server', unknown] => ['server', value];

/** A line of Stratum as other programs quote it. */
const QUOTED = '{"id":4,"method":"mining.submit","params":["account.worker","5f21","0a000000","662309b8","4ad1f3a0"]}';
const LOGIN_QUOTED = '{"id":1,"method":"login","params":{"login":"wallet","pass":"x","agent":"XMRig/6.26.0"}}';
/** Log-ins as long as a wallet. */
const DISTINGUISHED =
  'uid=alice.smith,ou=People,ou=Engineering,ou=Building 7,ou=Campus North,dc=corp,dc=example,dc=com';
const LONG_MAIL = `alice.${'northern-branch.'.repeat(6)}sales@mail.example`;

/** Nodes and wallets of chains that are mined, without any request for work. */
const CHAINS: readonly LookAlike[] = [
  {
    protocol: 'Bitcoin node and wallet',
    messages: [
      call('1', 'getnewaddress', ['deposit', 'bech32']),
      call(2, 'sendtoaddress', ['bc1qexample', 0.1]),
      call(3, 'getblock', [hash(), 1]),
      answer(3, { hash: hash(), nonce: 2_083_236_893, bits: '17034219', difficulty: 8.6e13, merkleroot: hash() }),
      call(4, 'getmininginfo', []),
      answer(4, { blocks: 840_000, difficulty: 8.6e13, networkhashps: 6.1e20, pooledtx: 21_034, chain: 'main' }),
      call(5, 'prioritisetransaction', [hash(), 0, 1000]),
      answer(5, true),
      call(6, 'submitpackage', [[rng.hex(80)]]),
    ],
  },
  {
    protocol: 'Monero wallet and node',
    messages: [
      call('0', 'get_balance', { account_index: 0, address_indices: [0] }),
      call('0', 'get_last_block_header', {}),
      answer('0', { block_header: { difficulty: 4e11, hash: hash(), height: 3_131_010, nonce: 1234 }, status: 'OK' }),
      call('0', 'submit_transfer', { tx_data_hex: rng.hex(90) }),
      answer('0', { status: 'OK', tx_hash_list: [hash()] }),
      call('0', 'get_info', {}),
      answer('0', { status: 'OK', target: 120, difficulty: 4e11, top_block_hash: hash() }),
      up({ do_background_mining: false, ignore_battery: true, miner_address: 'example', threads_count: 1 }),
      down({ active: false, speed: 0, status: 'OK', threads_count: 0, pow_algorithm: 'RandomX' }),
    ],
  },
  {
    protocol: 'Ethereum node',
    messages: [
      call(1, 'eth_mining', []),
      answer(1, false),
      call(2, 'eth_hashrate', []),
      answer(2, '0x0'),
      call(3, 'eth_newBlockFilter', []),
      call(4, 'eth_getFilterChanges', ['0x1']),
      answer(4, [hash0x(), hash0x(), hash0x()]),
      answer(5, [hash0x(), hash0x(), hash0x(), '0x12f3c1a']),
      call(5, 'parity_listStorageKeys', [`0x${rng.hex(20)}`, 3, null]),
      answer(5, [hash0x(), hash0x(), `0x${'0'.repeat(63)}7`]),
      answer(5, [hash0x(), hash0x(), `0x${'0'.repeat(24)}${rng.hex(20)}`]),
      answer(5, [hash0x(), hash0x(), `0x${'0'.repeat(12)}${rng.hex(26)}`, hash0x(), hash0x()]),
      answer(5, [hash0x(), hash0x(), `0x${rng.hex(20)}`]),
      call(7, 'eth_subscribe', ['logs', { topics: [hash0x()] }]),
      push('eth_subscription', { subscription: '0x9c', result: [hash0x(), hash0x(), hash0x()] }),
      call(6, 'eth_getBlockByNumber', ['0x12f3c1a', false]),
      answer(6, { nonce: '0x0000000000000000', mixHash: hash0x(), difficulty: '0x0', hash: hash0x() }),
      call(7, 'eth_subscribe', ['newHeads']),
      push('eth_subscription', { subscription: '0x9c', result: { number: '0x12f', parentHash: hash0x() } }),
      call(8, 'eth_submitTransaction', [{ from: `0x${rng.hex(20)}` }]),
      call(9, 'engine_forkchoiceUpdatedV3', [{ headBlockHash: hash0x() }, null]),
      call(10, 'engine_getPayloadV3', ['0x0000000038fa5dd']),
      call(11, 'miner_setEtherbase', [`0x${rng.hex(20)}`]),
    ],
  },
  {
    protocol: 'Kaspa node',
    messages: [
      up({ id: 1, method: 'notifyBlockAdded', params: {} }),
      down({
        method: 'blockAddedNotification',
        params: { block: { header: { daaScore: '1', bits: 453, nonce: '7' } } },
      }),
      up({ id: 2, method: 'notifyVirtualDaaScoreChanged', params: {} }),
      up({ id: 3, method: 'getUtxosByAddresses', params: { addresses: ['kaspa:qexample'] } }),
      up({ id: 4, method: 'submitTransaction', params: { transaction: { version: 0 }, allowOrphan: false } }),
      up({ id: 5, method: 'estimateNetworkHashesPerSecond', params: { windowSize: 1000 } }),
    ],
  },
  {
    protocol: 'Beam wallet',
    messages: [
      call(1, 'create_address', { type: 'regular', label: 'rig' }),
      call(2, 'tx_status', { txId: rng.hex(16) }),
      answer(2, { status: 3, status_string: 'completed', height: 2_000_000, kernel: hash() }),
      push('ev_system_state', { current_height: 2_000_000, current_state_hash: hash(), is_in_sync: true }),
      call('login', 'wallet_status', { api_key: 'synthetic' }),
    ],
  },
  {
    protocol: 'Grin wallet and node',
    messages: [
      call(1, 'init_secure_api', { ecdh_pubkey: `03${hash()}` }),
      call(2, 'retrieve_summary_info', { token: hash(), minimum_confirmations: 10 }),
      call('3', 'get_status', []),
      answer('3', { Ok: { protocol_version: 3, tip: { height: 2_600_000, total_difficulty: 2e15 } } }),
      call(4, 'push_transaction', [{ offset: hash() }, false]),
      up({ id: '0', jsonrpc: '2.0', method: 'status', params: null }),
      down({ id: '0', jsonrpc: '2.0', method: 'status', result: { state: 'running', jobs: 2 }, error: null }),
      up({ id: '1', jsonrpc: '2.0', method: 'keepalive', params: null }),
    ],
  },
  {
    protocol: 'Nimiq node',
    messages: [
      call(1, 'consensus', []),
      answer(1, 'established'),
      call(2, 'mining', []),
      call(3, 'minerThreads', []),
      call(4, 'hashrate', []),
      call(5, 'poolConnectionState', []),
      up({ message: 'register', mode: 'user', address: '12 High Street', name: 'invented' }),
      down({ message: 'registered' }),
      down({ message: 'balance', balance: 1200, currency: 'EUR' }),
      up({ message: 'share', url: 'https://video.example/1' }),
    ],
  },
  {
    protocol: 'CKB, Conflux, Zilliqa, Chia, Lotus and Substrate nodes',
    messages: [
      call(1, 'get_tip_header', []),
      answer(1, { compact_target: '0x1e083126', nonce: '0x0', number: '0x400', parent_hash: hash0x() }),
      call(2, 'cfx_epochNumber', ['latest_state']),
      call(3, 'cfx_getBlockByHash', [hash0x(), false]),
      answer(3, { nonce: '0x17d86f2f6', powQuality: '0x2ae4b9f8', difficulty: '0x27bfb9e4', hash: hash0x() }),
      call('4', 'GetBlockchainInfo', ['']),
      up({ command: 'get_blockchain_state', ack: false, destination: 'chia_full_node', origin: 'wallet_ui', data: {} }),
      down({ success: true, points: 1, difficulty: 7, launcher_id: hash0x() }),
      call(5, 'Filecoin.StateMinerPower', ['f01234', []]),
      call(6, 'Filecoin.MpoolPush', [{ Nonce: 1 }]),
      call(7, 'author_submitExtrinsic', [`0x${rng.hex(80)}`]),
      push('chain_newHead', { params: { result: { parentHash: hash0x(), number: '0x1' } } }),
      push('block_notify', { chainFrom: 0, chainTo: 1, height: 100, hash: hash(), deps: [hash(), hash()] }),
      down({ code: 0, data: { difficulty: 1.2e12, hash: hash(), length: 900_000, worksum: 3.3e18 } }),
      down({
        block_hash: 'ab1qexample',
        header: { metadata: { proof_target: 80_000, coinbase_target: 1 } },
        solutions: {},
      }),
    ],
  },
  {
    protocol: 'Electrum and block explorers',
    messages: [
      call(0, 'server.version', ['electrum/4.5.4', ['1.4', '1.4']]),
      answer(0, ['ElectrumX 1.16.0', '1.4']),
      call(1, 'blockchain.headers.subscribe', []),
      push('blockchain.headers.subscribe', [{ hex: rng.hex(80), height: 840_001 }]),
      call(2, 'blockchain.scripthash.subscribe', [hash()]),
      push('blockchain.scripthash.subscribe', [hash(), hash()]),
      call(3, 'mempool.get_fee_histogram', []),
      up({ action: 'want', data: ['blocks', 'mempool-blocks', 'stats'] }),
      down({
        block: { id: hash(), height: 840_001, nonce: 1, difficulty: 8e13, extras: { pool: { name: 'Example' } } },
      }),
      down({
        currentHashrate: 1.1e9,
        sharesStatusStats: { lastShareDiff: '8726631023' },
        workers: { rig1: { hr: 1 } },
      }),
    ],
  },
];

/** Work and logins that have nothing to do with chains. */
const OTHERS: readonly LookAlike[] = [
  {
    protocol: 'queues of jobs',
    messages: [
      push('job', { job_id: 'backup-7', target: 'archive', blob: 's3://bucket/7' }),
      push('job', { id: '42', job_id: 'a1b2c3', target: 'x86_64', blob: 'deadbeef', height: 7 }),
      push('job', { job_id: '17', blob: rng.hex(64), target: rng.hex(20) }),
      push('job', { job_id: '17', blob: rng.hex(64), target: rng.hex(4) }),
      push('job', { job_id: '17', blob: rng.hex(76), target: '0a' }),
      push('job', { job_id: 1, blocktemplate_blob: rng.hex(40), target_diff: 3 }),
      down({ type: 'job', params: { job_id: '17', blob: rng.hex(64), target: rng.hex(20) } }),
      call(3, 'submit', { job_id: 'build-42', nonce: rng.hex(16), result: hash() }),
      up({ type: 'submit', params: { job_id: 'build-42', nonce: rng.hex(16), result: hash() } }),
      call(3, 'block_template', { blob: rng.hex(48), height: 200 }),
      push('job', { job_id: '77', input: rng.hex(12), difficulty: 3, height: 180 }),
      down({ id: '7', jsonrpc: '2.0', method: 'job', input: 'report.csv', difficulty: 2, height: 40 }),
      down({ type: 'job', params: { job_id: '2101', title: 'Clerk', target: 'Berlin' } }),
      push('notify', ['job-17', 'done', true]),
      push('job.notify', ['17', hash(), 2, true]),
      call(4, 'submit', { form: 'leave', nonce: rng.hex(8), result: 'approved' }),
      call(5, 'submit', { id: 'form-1', job_id: 'apply-22', nonce: rng.hex(16), result: 'ok' }),
      call(6, 'submit', ['form-1', rng.hex(4), rng.hex(8)]),
      call(7, 'work.submit', { work_id: 12, hash: hash() }),
      answer(7, { status: 'OK' }),
      answer(8, { id: 'session-1', status: 'OK', job: { id: '7', state: 'queued' } }),
      up({ type: 'submit', params: { room: 'general', job_id: 'quest-1', text: 'synthetic' } }),
      call(9, 'getjobtemplates', { page: 1 }),
      call('9', 'getjobtemplate', { name: 'deploy' }),
      up({ id: 10, method: 'getwork', params: { queue: 'default' } }),
      up({ id: 11, method: 'submit', params: [{ n: '12' }] }),
      down({ id: 11, result: null, error: [22, 'Invalid argument'] }),
      down({ id: 11, result: null, error: [22, 'Invalid argument: foo'] }),
      down({ id: 11, result: null, error: [24, 'Too many open files'] }),
      down({ jsonrpc: '2.0', id: 12, error: { code: 404, message: 'Invalid job id' } }),
      call(10, 'get_job', { job_id: '17' }),
    ],
  },
  {
    protocol: 'logins',
    messages: [
      call(1, 'login', { login: 'alice@mail.example', pass: 'synthetic' }),
      call(1, 'login', { login: 'alice', password: 'synthetic', agent: 'desk/2.0' }),
      call(1, 'login', { login: 'alice', pass: 'synthetic', agent: 'Skyline DataMiner Cube' }),
      call('1', 'login', { login: 'alice', pass: 'synthetic', agent: 'RapidMiner Studio' }),
      call(1, 'login', { login: 'alice', pass: 'synthetic', agent: 'rtpproxy/2.1' }),
      call('1', 'login', { login: 'alice', pass: 'synthetic', agent: 'cryptominer-guard' }),
      call(1, 'login', { login: DISTINGUISHED, pass: 'synthetic', agent: 'SoftPhone/4.2' }),
      call(1, 'login', { login: DISTINGUISHED, pass: null, agent: '' }),
      call(1, 'login', { login: LONG_MAIL, pass: 'synthetic', agent: 'SoftPhone/4.2' }),
      call(1, 'login', { login: 'alice', pass: 'synthetic', algo: ['cnonce-md5'] }),
      call(1, 'login', { user: 'alice', pass: 'synthetic', client: 'desk/2.0' }),
      call(1, 'login', ['alice', 'synthetic']),
      call(1, 'login', { api_key: 'synthetic' }),
      up({ method: 'login', params: { username: 'alice', password: 'synthetic' }, id: 1 }),
      up({ msg: 'method', method: 'login', id: '42', params: [{ user: { username: 'alice' }, resume: 'token' }] }),
      up({ method: 'auth.login', params: ['synthetic'], id: 1 }),
      call(1, 'user.login', { username: 'alice', password: 'synthetic' }),
      call(1, 'call', ['00000000', 'session', 'login', { username: 'root', password: 'synthetic' }]),
      down({ jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'Unauthenticated' } }),
      down({ jsonrpc: '2.0', id: 1, error: { code: -1, message: 'Unauthenticated' } }),
      call(1, 'authorize', ['alice', 'synthetic']),
      call(1, 'subscribe', ['desk/2.0', null]),
      call(1, 'hello', { agent: 'desk/2.0', host: 'desk.example', port: 8443, proto: 'DeskV1' }),
      up({ type: 'auth', params: { token: 'synthetic', type: 'anonymous', user: null } }),
      up({ type: 'auth', access_token: 'synthetic' }),
      down({ type: 'authed', params: { token: '', user: 'alice', rooms: [] } }),
      down({ type: 'auth_required', ha_version: '2024.4.1' }),
      down({ type: 'auth_ok', ha_version: '2024.4.1' }),
      up({ id: 2, type: 'subscribe_events', event_type: 'state_changed' }),
    ],
  },
  {
    protocol: 'exchanges',
    messages: [
      up({ method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@depth'], id: 1 }),
      down({ result: null, id: 1 }),
      up({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'ticker' } }),
      up({ method: 'subscribe', params: { channel: 'ticker', symbol: ['BTC/USD'] }, req_id: 1 }),
      up({ id: 2, method: 'depth.subscribe', params: ['BTC_USDT', 5, '0'] }),
      down({ method: 'depth.update', params: [true, { asks: [['64000.1', '0.5']], bids: [] }, 'BTC_USDT'], id: null }),
      up({ id: 3, method: 'server.auth', params: ['synthetic', 'web'] }),
      up({ id: 4, method: 'order.submit', params: ['account.sub', 'BTCUSD', hash(), '0.1', '64000'] }),
      down({ id: 4, result: { status: 'success' }, error: null }),
      up({ op: 'login', args: [{ apiKey: 'synthetic', timestamp: '1713571800', sign: 'synthetic' }] }),
      up({ type: 'subscribe', product_ids: ['BTC-USD'], channels: ['level2'] }),
      push('subscription', { channel: 'ticker.BTC-PERPETUAL.raw', data: { last_price: 64_000 } }),
      up({ method: 'user.auth', params: ['API', 'synthetic', rng.hex(32), 1_713_571_800], id: 1234 }),
      down({ method: 'ticker_pool', params: ['POOL/BTC', '0.001', 'job-share'] }),
      down({ e: 'executionReport', s: 'BTCUSDT', c: 'worker-1', x: 'NEW', X: 'NEW', r: 'NONE' }),
    ],
  },
  {
    protocol: 'chats and notifications',
    messages: [
      down({ op: 10, d: { heartbeat_interval: 41_250 }, s: null, t: null }),
      up({ op: 2, d: { token: 'synthetic', intents: 513, properties: { os: 'linux' } } }),
      down({ envelope_id: 'e1', type: 'events_api', payload: { event: { type: 'message', text: QUOTED } } }),
      up({ seq: 1, action: 'authentication_challenge', data: { token: 'synthetic' } }),
      up({ msgtype: 'm.text', body: `look: ${QUOTED}` }),
      up({ type: 'm.login.password', identifier: { type: 'm.id.user', user: 'alice' }, password: 'synthetic' }),
      up({ command: 'subscribe', identifier: '{"channel":"JobChannel","id":"17"}' }),
      down({ type: 'confirm_subscription', identifier: '{"channel":"JobChannel","id":"17"}' }),
      down({ identifier: '{"channel":"JobChannel"}', message: { job_id: '17', target: 'staging' } }),
      up({ messageType: 'hello', uaid: '', use_webpush: true }),
      up({ type: 'connection_init', payload: {} }),
      up({ id: '1', type: 'subscribe', payload: { query: 'subscription { job { id target } }' } }),
      up({ type: 1, target: 'Submit', arguments: ['job', rng.hex(4)] }),
      up('42["submit",{"job_id":"17","nonce":"5a5a5a5a"}]'),
      up(`["EVENT",{"id":"${hash()}","kind":1,"tags":[["nonce","776797","20"]],"content":"synthetic"}]`),
      up('[2,"19223201","Authorize",{"idTag":"B4A63CDF"}]'),
    ],
  },
  {
    protocol: 'tools of developers',
    messages: [
      call(0, 'initialize', {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'c', version: '1' },
      }),
      up({ jsonrpc: '2.0', method: 'notifications/initialized' }),
      call(1, 'tools/call', { name: 'mining.submit', arguments: { worker: 'rig', job_id: '5f21', nonce: '4ad1f3a0' } }),
      answer(1, { content: [{ type: 'text', text: QUOTED }], isError: false }),
      call(2, 'resources/subscribe', { uri: 'file:///stratum.log' }),
      call(3, 'textDocument/didOpen', { textDocument: { uri: 'file:///stratum.json', text: LOGIN_QUOTED } }),
      up({ seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'node' } }),
      down({ seq: 2, type: 'event', event: 'output', body: { category: 'stdout', output: `${QUOTED}\n` } }),
      up({ id: 7, method: 'Target.attachToTarget', params: { targetId: rng.hex(16), flatten: true } }),
      up({ id: 8, method: 'session.new', params: { capabilities: {} } }),
      call('q', 'aria2.addUri', ['token:synthetic', ['https://mirror.example/f']]),
      up({ method: 'session-get', tag: 1 }),
    ],
  },
  {
    protocol: 'runners and schedulers',
    messages: [
      up({
        info: { name: 'runner', version: '17.0', executor: 'docker' },
        token: 'synthetic',
        last_update: rng.hex(16),
      }),
      down({ id: 12_345, token: 'synthetic', job_info: { name: 'test', stage: 'build' }, variables: [] }),
      down({ messageId: 1, messageType: 'PipelineAgentJobRequest', iv: rng.hex(16), body: 'synthetic' }),
      down({ _class: 'hudson.model.FreeStyleProject', name: 'miner', builds: [{ number: 7 }], color: 'blue' }),
      up({ Job: { ID: 'miner', Datacenters: ['dc1'], TaskGroups: [{ Tasks: [{ Config: { args: [QUOTED] } }] }] } }),
      down({ Index: 7, Events: [{ Topic: 'Job', Type: 'JobRegistered', Key: 'pool' }] }),
      down({ type: 'ADDED', object: { kind: 'Job', metadata: { name: 'miner' }, status: { active: 1 } } }),
      up({ command: 'summary+pools' }),
      up({ id: 1, method: 'work.get', params: { queue: 'default' } }),
    ],
  },
  {
    protocol: 'records that quote mining messages',
    messages: [
      up({ log: `${QUOTED}\n`, stream: 'stdout', time: '2024-04-20T00:10:00Z' }),
      up({ message: LOGIN_QUOTED, '@timestamp': '2024-04-20T00:10:00Z', host: 'mail' }),
      up({ version: '1.1', host: 'gateway', short_message: QUOTED, level: 6 }),
      up({ id: 4, method: 'mining.submit', params: ['account.worker', '5f21'], level: 'info', time: 1_713_571_800 }),
      up({ event_type: 'alert', alert: { signature: 'stratum' }, payload_printable: QUOTED, src_ip: '192.0.2.1' }),
      up({ query: QUOTED, index: 'threats' }),
      up({
        rows: [
          [1, QUOTED],
          [2, LOGIN_QUOTED],
        ],
      }),
    ],
  },
  {
    protocol: 'puzzles against robots',
    messages: [
      down({ algorithm: 'SHA-256', challenge: hash(), maxnumber: 50_000, salt: rng.hex(12), signature: hash() }),
      up({ challenge: hash(), nonce: 4711, hash: hash(), difficulty: 5 }),
      down({ job_id: 'captcha-1', target: 'ffff0000', challenge: hash(), seed: rng.hex(8) }),
      up({ job_id: 'captcha-1', nonce: rng.hex(4), solution: hash() }),
    ],
  },
];

export const LOOK_ALIKES: readonly LookAlike[] = [...CHAINS, ...OTHERS];
