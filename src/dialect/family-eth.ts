// The eth_* mining methods, over raw TCP and over HTTP alike.
// Source: https://ethereum.org/en/developers/docs/apis/json-rpc/, ethminer EthStratumClient.cpp, go-ethereum consensus/ethash.
import type { JsonMessage } from '../protocol/message.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, hexNumber, isHex, targetToHashes } from './value.ts';

/** A job answer or push: `[header, seed, target(, height)]`, each 32 bytes with 0x. */
export function isEthWork(result: unknown): result is readonly string[] {
  const work = asArray(result);
  if (work.length < 3 || work.length > 4) return false;
  const [header, seed, target, height] = work;
  // Zano's servers fill the height up to 8 bytes.
  if (isHex(height, 16)) return false;
  if (!isHash(header) || !isHash(seed) || !isHash(target)) return false;
  // Nodes list hashes and storage keys in the same form: a target is small, the hash of a header is not.
  return target.startsWith('0x000000') && !header.startsWith('0x0000');
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
  const kind = s.answered(m);
  const result = m.value['result'];
  if (isEthWork(result)) {
    s.fromPool(m);
    s.algorithm = 'ethash';
    const hashes = targetToHashes(result[2]);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(result[0] ?? null, hashes);
  } else if (kind === 'share') {
    if (isAccepted(m)) s.accept();
    else s.reject();
  }
}
