// Zano: ProgPowZ jobs of four values, pushed by mining.notify or asked for by eth_getWork.
// Source: https://github.com/blackmennewstyle/miningcore (ZanoPool, ZanoJob).
// Look-alikes: plain Ethereum and KawPow shares (the same five values), eth-proxy (the height is shorter), NiceHash (the
// same answer to a subscription with a shorter extra nonce), Conflux (a decimal height at the second place).
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, isAccepted, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, hexNumber, isHex, targetToHashes } from './value.ts';

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    takeJob(s, params);
  },
  onOther(s, m) {
    // The job's own target says the same.
    if (m.method === 'mining.set_difficulty') s.fromPool(m);
    else if (m.method === 'eth_submitHashrate') {
      s.fromMiner(m);
      s.request(m, 'other');
      const params = asArray(m.value['params']);
      s.report(hexNumber(params[0]), asText(params[1]) ?? '');
    }
  },
  // Shares are answered by {"status": "OK"}.
  countsUnseen: false,
};

export const zano: Dialect = {
  id: 'zano',
  title: { en: 'Zano Stratum', zh: 'Zano Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        if (params.length !== 5 || !isHex(params[2], 16) || !isHex(params[4], 64)) return Fit.Never;
        return isZanoLogin(params[0]) ? Fit.Sure : Fit.Possible;
      case 'mining.authorize':
      case 'eth_submitLogin':
        return isZanoLogin(params[0]) ? Fit.Sure : Fit.None;
      case 'login':
        return isZanoLogin(asRecord(m.value['params'])?.['login']) ? Fit.Sure : Fit.None;
      case 'mining.subscribe':
      case 'mining.extranonce.subscribe':
      case 'mining.set_difficulty':
        return Fit.Possible;
      case 'mining.set_target':
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      case null:
        return isZanoWork(m.value['result']) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

/** Standard, integrated and auditable addresses of the main network, with payment id and worker behind. */
export function isZanoLogin(value: unknown): boolean {
  return typeof value === 'string' && /^(?:Z[x-z]|iZ|aZ|aiZ)[1-9A-HJ-NP-Za-km-z]{80,}/.test(value);
}

/** A push as it is written down elsewhere: the job any text, the height a number. */
function isJob(params: readonly unknown[]): boolean {
  if (isZanoWork(params)) return true;
  const [id, seed, target, height] = params;
  return params.length === 4 && typeof id === 'string' && isHex(seed, 64) && isTarget(target) && isHeight(height);
}

/** 32 bytes, the first three zero. */
function isTarget(value: unknown): boolean {
  return isHex(value, 64) && /^(?:0x)?000000/.test(value);
}

function isHeight(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 32;
}

/** `[job, seed hash, target, height]`, each 32 bytes but the height, which always has 16 digits. */
export function isZanoWork(value: unknown): value is readonly string[] {
  const work = asArray(value);
  if (work.length !== 4) return false;
  const [id, seed, target, height] = work;
  return isHex(id, 64) && isHex(seed, 64) && isTarget(target) && isHex(height, 16) && /^(?:0x)?00000000/.test(height);
}

function takeJob(s: MiningSession, work: readonly unknown[]): void {
  s.algorithm = 'progpowz';
  s.coin('ZANO');
  const hashes = targetToHashes(work[2]);
  s.setNext(hashes, hashes, 'hashes per share');
  s.job(asText(work[0]), hashes);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asArray(m.value['params']);
  switch (m.method) {
    case 'mining.authorize':
      if (isZanoLogin(params[0])) s.coin('ZANO');
      break;
    case 'eth_submitLogin':
    case 'login': {
      const named = asRecord(m.value['params']);
      s.fromMiner(m);
      s.login(asText(params[0]) ?? asText(named?.['login']), asText(m.value['worker']));
      s.agent(asText(params[2]) ?? asText(named?.['agent']));
      s.coin('ZANO');
      s.request(m, 'login');
      return;
    }
    case 'eth_getWork':
    case 'getjob':
      s.fromMiner(m);
      s.asked = true;
      s.workRequests++;
      s.request(m, 'work');
      return;
    case 'eth_submitWork':
      s.fromMiner(m);
      s.share(m, asText(params[1]));
      return;
    case null:
      feedAnswer(s, m);
      return;
    default:
  }
  feedMining(s, m, variant);
}

function feedAnswer(s: MiningSession, m: JsonMessage): void {
  const result = m.value['result'];
  const kind = s.answered(m);
  if (isZanoWork(result)) {
    s.fromPool(m);
    takeJob(s, result);
  } else if (kind === 'share') {
    if (isAccepted(m)) s.accept();
    else s.reject();
  } else if (kind === null && s.jobs > 0 && !s.minerSeen && asRecord(result)?.['status'] === 'OK') s.acceptUnseen();
}
