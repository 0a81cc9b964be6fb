// Nimiq: the mining pool protocol, JSON objects with a member `message` as WebSocket messages.
// Source: https://nimiq-network.github.io/developer-reference/chapters/pool-protocol.html
// Look-alikes: chat and game sockets with {"message": "register"}; only the members beside it tell.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import type { MiningSession } from './session.ts';
import { asNumber, asText, idText } from './value.ts';

/** Pending shares carry no id: all wait under this one. */
const SHARE = 's:share';
/** Characters of a light block in Base64. */
const LEAST_BLOCK = 180;
const MOST_BLOCK = 1024;

export const nimiq: Dialect = {
  id: 'nimiq',
  title: { en: 'Nimiq mining pool protocol', zh: 'Nimiq 矿池协议' },
  group: 'nimiq',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport !== 'ws') return Fit.None;
    switch (m.value['message']) {
      case 'register':
        return isRegistration(m) ? Fit.Sure : Fit.None;
      case 'settings':
        return isAddress(m.value['address']) && asText(m.value['extraData']) !== null ? Fit.Sure : Fit.None;
      case 'new-block':
        return isBlock(m) ? Fit.Sure : Fit.None;
      case 'share':
        return isShare(m) ? Fit.Sure : Fit.None;
      case 'balance':
        return typeof m.value['payoutRequestActive'] === 'boolean' ? Fit.Possible : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

/** `NQ`, two check digits and 32 characters, in groups of four or in one. */
function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^NQ\d\d ?(?:[0-9A-HJ-NP-VXY]{4} ?){8}$/i.test(value);
}

function isRegistration(m: JsonMessage): boolean {
  return isAddress(m.value['address']) && asText(m.value['mode']) !== null && asText(m.value['genesisHash']) !== null;
}

/** The previous block comes with it, in its light form; explorers that announce blocks send the two hashes alone. */
function isBlock(m: JsonMessage): boolean {
  const previous = asText(m.value['previousBlock'])?.length ?? 0;
  return (
    asText(m.value['bodyHash']) !== null &&
    asText(m.value['accountsHash']) !== null &&
    previous >= LEAST_BLOCK &&
    previous <= MOST_BLOCK
  );
}

/** Of a client that leaves the block to the pool, or of one that makes its own. */
function isShare(m: JsonMessage): boolean {
  if (asText(m.value['blockHeader']) !== null) return asText(m.value['minerAddrProof']) !== null;
  return /^[A-Za-z0-9+/]{150,}={0,2}$/.test(asText(m.value['block']) ?? '');
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  switch (m.value['message']) {
    case 'register':
      if (!isRegistration(m)) return;
      s.fromMiner(m);
      s.login(asText(m.value['address']), idText(m.value['deviceId']));
      s.coin('NIM');
      return;
    case 'registered':
    case 'balance':
      s.fromPool(m);
      return;
    case 'settings': {
      if (!isAddress(m.value['address'])) return;
      s.fromPool(m);
      s.algorithm = 'argon2d';
      s.coin('NIM');
      const hashes = 2 ** 256 / targetOf(m);
      s.setNext(hashes, hashes, 'hashes per share');
      // A client that makes its own blocks gets nothing else to work on.
      s.job(null, hashes);
      return;
    }
    case 'new-block':
      if (!isBlock(m)) return;
      s.fromPool(m);
      s.algorithm = 'argon2d';
      s.coin('NIM');
      s.job(null);
      return;
    case 'share':
      if (!isShare(m)) return;
      s.fromMiner(m);
      s.share({ ...m, id: SHARE }, null);
      return;
    case 'error':
      s.fromPool(m);
      if (!/share|block|proof/i.test(asText(m.value['reason']) ?? '')) return;
      s.answered({ ...m, id: SHARE });
      s.reject();
      return;
    default:
  }
}

/** The target of 256 bits, from its compact form (exponent of 256 in the top byte, three bytes of mantissa) or as a number. */
function targetOf(m: JsonMessage): number {
  const compact = asNumber(m.value['targetCompact']);
  if (Number.isInteger(compact) && compact > 0 && compact <= 0xffff_ffff) {
    return (compact % 2 ** 24) * 256 ** (Math.floor(compact / 2 ** 24) - 3);
  }
  return asNumber(m.value['target']);
}
