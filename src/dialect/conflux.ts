// Conflux (Octopus): the stratum of the node itself, for a miner of one's own or a pool behind it.
// Source: https://github.com/Conflux-Chain/conflux-documentation docs/general/build/node-development/stratum.md (job of
// three values, results as text) and conflux-rust crates/blockgen/src/miner/stratum.rs (four values, results as booleans).
// What public pools speak is not verified and not covered beyond these shapes.
// Look-alikes: jobs of EthereumStratum/1.0.0 and 2.0.0 have four values too, but no boundary with 0x at the end.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, isHex, targetToHashes } from './value.ts';

/** A hash of 32 bytes with 0x. */
function isHash(value: unknown): value is string {
  return isHex(value, 64) && value.startsWith('0x');
}

/** `[job, hash, boundary]` or `[job, height, hash, boundary]`; the boundary has no leading zeros. */
function isJob(params: readonly unknown[]): boolean {
  if (params.length !== 3 && params.length !== 4) return false;
  const boundary = params[params.length - 1];
  if (!isHash(params[0]) || !isHash(params[params.length - 2])) return false;
  if (params.length === 4 && !isHeight(params[1])) return false;
  return isHex(boundary, 1, 64) && boundary.startsWith('0x');
}

/** In decimal digits, as text or as a number. */
function isHeight(value: unknown): boolean {
  return typeof value === 'string' ? /^\d{1,12}$/.test(value) : Number.isInteger(value);
}

/** `[worker, job, nonce, hash]`: job and hash are the same 32 bytes. */
function isShare(params: readonly unknown[]): boolean {
  return params.length === 4 && isHash(params[1]) && isHex(params[2], 1, 64) && isHash(params[3]);
}

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: -1,
  onNotify(s, _m, params) {
    if (!isJob(params)) return;
    known(s);
    const hashes = targetToHashes(params[params.length - 1]);
    s.setNext(hashes, hashes, 'hashes per share');
    s.job(asText(params[0]), hashes);
  },
};

function known(s: MiningSession): void {
  s.algorithm = 'octopus';
  s.coin('CFX');
}

/** Whether a result takes a share: `true`, `["true"]`, `[true]`; null where it is none of these nor their contrary. */
function verdict(m: JsonMessage): boolean | null {
  const result = m.value['result'];
  const first = Array.isArray(result) ? result[0] : result;
  if (first === true || first === 'true') return true;
  if (first === false || first === 'false') return false;
  return m.value['error'] === undefined || m.value['error'] === null ? null : false;
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asArray(m.value['params']);
  switch (m.method) {
    case 'mining.subscribe':
      // The worker's name where others name the program; the second value is a secret.
      s.fromMiner(m);
      s.asked = true;
      s.worker(asText(params[0]));
      s.request(m, 'subscribe');
      return;
    case 'mining.submit':
      if (isShare(params)) known(s);
      s.worker(asText(params[0]));
      break;
    case null: {
      const kind = s.answered(m);
      const taken = verdict(m);
      if (kind === 'share') {
        if (taken === true) s.accept();
        else s.reject();
        // The pool's side alone: only shares are answered by a list.
      } else if (kind === null && s.jobs > 0 && !s.minerSeen && Array.isArray(m.value['result'])) {
        if (taken === true) s.acceptUnseen();
        else if (taken === false) s.reject();
      }
      return;
    }
    default:
  }
  feedMining(s, m, variant);
}

export const conflux: Dialect = {
  id: 'conflux',
  title: { en: 'Conflux node Stratum', zh: 'Conflux 节点 Stratum' },
  group: 'mining',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return isJob(params) ? Fit.Sure : Fit.Never;
      case 'mining.submit':
        return isShare(params) ? Fit.Sure : Fit.Never;
      case 'mining.configure':
      case 'mining.hello':
      case 'mining.set_target':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};
