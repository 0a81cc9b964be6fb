// The eth_* mining methods, over raw TCP and over HTTP alike.
// Source: https://ethereum.org/en/developers/docs/apis/json-rpc/, ethminer EthStratumClient.cpp, go-ethereum consensus/ethash.
import type { JsonMessage } from '../protocol/message.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, hexNumber, isHex, targetToHashes } from './value.ts';

/** Targets of fewer significant digits than this belong to no share: 2^176 hashes would be expected. */
const MIN_TARGET_DIGITS = 44;
const NO_TARGET = `0x${'0'.repeat(64 - MIN_TARGET_DIGITS)}`;

/**
 * A job answer or push: `[header, seed, target(, height)]`, each 32 bytes with 0x. open-ethereum-pool
 * (https://github.com/sammy007/open-ethereum-pool, util/util.go) sends the target without its leading zero bytes.
 */
export function isEthWork(result: unknown): result is readonly string[] {
  const work = asArray(result);
  if (work.length < 3 || work.length > 4) return false;
  const [header, seed, target, height] = work;
  // Zano's servers fill the height up to 8 bytes.
  if (isHex(height, 16)) return false;
  // Nodes list hashes and storage keys in the same form: the hash of a header is not small.
  return isHash(header) && isHash(seed) && !header.startsWith('0x0000') && isTarget(target);
}

/** A target is small, but not as small as a counter or an address in a word of 32 bytes. */
function isTarget(value: unknown): boolean {
  if (!isHex(value, MIN_TARGET_DIGITS, 64) || !value.startsWith('0x')) return false;
  if (value.length < 66) return value.length <= 64;
  return value.startsWith('0x000000') && !value.startsWith(NO_TARGET);
}

function isHash(value: unknown): value is string {
  return isHex(value, 64) && value.startsWith('0x');
}

export function feedEth(s: MiningSession, m: JsonMessage): void {
  const params = asArray(m.value['params']);
  switch (m.method) {
    case 'eth_submitLogin':
    case 'eth_login':
      s.fromMiner(m);
      s.login(asText(params[0]), asText(m.value['worker']));
      s.request(m, 'login');
      return;
    case 'eth_getWork':
      s.fromMiner(m);
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
      return;
    case 'eth_subscribe':
      if (params[0] !== 'newWork') return;
      s.fromMiner(m);
      s.asked = true;
      s.request(m, 'subscribe');
      return;
    case 'eth_subscription':
      takeWork(s, m, pushedWork(m));
      return;
    case 'eth_submitWork':
      s.fromMiner(m);
      s.share(m, asText(params[1]));
      s.worker(asText(m.value['worker']));
      return;
    case 'eth_submitHashrate':
      s.fromMiner(m);
      s.request(m, 'other');
      s.report(hexNumber(params[0]), asText(params[1]) ?? '');
      return;
    case null:
      break;
    default:
      return;
  }
  let kind = s.answered(m);
  const result = m.value['result'];
  // Work may come as a push and the request stay open: a plain yes or no belongs to a share of the same id.
  if (kind === 'work' && typeof result === 'boolean') kind = s.answered(m);
  if (takeWork(s, m, result) || kind !== 'share') return;
  if (isUnknownMethod(m.value['error'])) {
    // A node that does not know the method was asked by somebody who tries all methods: no share went out.
    if (s.submitted > 0) s.submitted--;
  } else if (isAccepted(m)) s.accept();
  else s.reject();
}

/** The work in a push to those that subscribed to `newWork` (parity_pubsub), else null. */
export function pushedWork(m: JsonMessage): unknown {
  return m.method === 'eth_subscription' ? (asRecord(m.value['params'])?.['result'] ?? null) : null;
}

function takeWork(s: MiningSession, m: JsonMessage, work: unknown): boolean {
  if (!isEthWork(work)) return false;
  s.fromPool(m);
  s.algorithm = 'ethash';
  const hashes = targetToHashes(work[2]);
  s.setNext(hashes, hashes, 'hashes per share');
  s.job(work[0] ?? null, hashes);
  return true;
}

/** JSON-RPC 2.0, section 5.1: -32601 method not found, -32600 invalid request. */
function isUnknownMethod(error: unknown): boolean {
  const code = asRecord(error)?.['code'];
  return code === -32601 || code === -32600;
}
