// getblocktemplate over HTTP: solo mining against a node, or a pool of the old kind.
// Source: BIP 22, BIP 23, BIP 145; for Monero https://www.getmonero.org/resources/developer-guides/daemon-rpc.html
import type { JsonMessage, Message } from '../protocol/message.ts';
import { compactDifficulty, identifyChain } from './coinbase.ts';
import { type Dialect, Fit } from './dialect.ts';
import { readHttpIdentity } from './http-identity.ts';
import type { MiningSession } from './session.ts';
import { asNumber, asRecord, asText, isHex } from './value.ts';

const METHODS: ReadonlySet<string> = new Set(['getblocktemplate', 'get_block_template']);
const SUBMITS: ReadonlySet<string> = new Set(['submitblock', 'submit_block']);

export const getblocktemplate: Dialect = {
  id: 'getblocktemplate',
  title: { en: 'getblocktemplate', zh: 'getblocktemplate' },
  group: 'getblocktemplate',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport !== 'http') return Fit.None;
    if (m.method !== null) return METHODS.has(m.method) ? Fit.Sure : SUBMITS.has(m.method) ? Fit.Possible : Fit.None;
    return isTemplate(m.value['result']) ? Fit.Sure : Fit.None;
  },
  feed(s, m) {
    if (m.kind === 'json' && m.transport === 'http') feedJson(s, m);
  },
};

function feedJson(s: MiningSession, m: JsonMessage): void {
  if (m.method !== null) {
    let named = false;
    if (METHODS.has(m.method)) {
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
      const wallet = asText(asRecord(m.value['params'])?.['wallet_address']);
      named = wallet !== null;
      s.login(wallet);
    } else if (SUBMITS.has(m.method)) s.share(m, null);
    else return;
    s.fromMiner(m);
    if (m.http) readHttpIdentity(s, m.http, named);
    return;
  }
  const kind = s.answered(m);
  const result = m.value['result'];
  if (isTemplate(result)) {
    s.fromPool(m);
    const template = asRecord(result) ?? {};
    if (typeof template['blocktemplate_blob'] === 'string') s.algorithm = 'randomx';
    else {
      const chain = identifyChain(
        asNumber(template['height']),
        asNumber(template['curtime']),
        compactDifficulty(template['bits']),
      );
      s.coin(chain?.coin ?? null);
      if (chain) s.algorithm = chain.algorithm;
    }
    s.job(null, Number.NaN);
  } else if (kind === 'share') {
    // submitblock answers null for an accepted block (BIP 22), a text for a refused one.
    const status = asText(asRecord(result)?.['status']);
    if (m.value['error'] == null && (result == null || status === 'OK')) s.accept(Number.NaN);
    else s.reject();
  }
}

function isTemplate(result: unknown): boolean {
  const t = asRecord(result);
  if (t === null) return false;
  if (isHex(t['blocktemplate_blob'], 80, 1_000_000)) return true;
  return isHex(t['previousblockhash'], 64) && isHex(t['bits'], 8) && typeof t['height'] === 'number';
}
