// Stratum V2, mining protocol: in clear, or by the lengths of its messages behind the Noise handshake.
// Source: https://github.com/stratum-mining/sv2-spec, 03 and 05.
import type { BinaryMessage, Message, Sv2Message } from '../protocol/message.ts';
import {
  readNewExtendedMiningJob,
  readOpenExtendedMiningChannel,
  readOpenExtendedMiningChannelSuccess,
  readOpenStandardMiningChannel,
  readOpenStandardMiningChannelSuccess,
  readSetTarget,
  readSetupConnection,
  readSubmitSharesExtended,
  readSubmitSharesStandard,
  readSubmitSharesSuccess,
  readUpdateChannel,
  SV2_MINING_PROTOCOL,
  targetToDifficulty,
} from '../protocol/sv2-messages.ts';
import { type Dialect, Fit } from './dialect.ts';
import type { MiningSession } from './session.ts';

/** Difficulty 1 of Bitcoin is the target 0xffff * 2^208. */
const HASHES_PER_DIFFICULTY = 2 ** 48 / 0xffff;

export const stratumV2: Dialect = {
  id: 'stratum-v2',
  title: { en: 'Stratum V2', zh: 'Stratum V2' },
  group: 'stratum-v2',
  priority: 1,
  probe(m: Message) {
    if (m.kind === 'binary' && m.protocol === 'noise') return m.value['certain'] === true ? Fit.Sure : Fit.None;
    return m.kind === 'sv2' ? Fit.Sure : Fit.None;
  },
  feed(s, m) {
    if (m.kind === 'sv2') feedFrame(s, m);
    else if (m.kind === 'binary' && m.protocol === 'noise') feedLengths(s, m);
  },
};

/** Behind Noise the lengths tell how many shares went out; what they are worth, and what the pool says of them, stays unknown. */
function feedLengths(s: MiningSession, m: BinaryMessage): void {
  const { shares } = m.value;
  s.fromMiner(m);
  s.asked = true;
  if (typeof shares === 'number') s.submitted = shares;
}

function feedFrame(s: MiningSession, m: Sv2Message): void {
  const p = m.payload;
  const n = p.length;
  switch (m.type) {
    case 0x00: {
      const setup = readSetupConnection(p, 0, n);
      if (!setup || setup.protocol !== SV2_MINING_PROTOCOL) return;
      s.fromMiner(m);
      s.asked = true;
      s.agent([setup.vendor, setup.hardwareVersion, setup.firmware].filter((part) => part !== '').join('/'));
      if (/[A-Za-z]/.test(setup.endpointHost)) s.host(setup.endpointHost.toLowerCase());
      return;
    }
    case 0x10:
    case 0x13: {
      const open = m.type === 0x10 ? readOpenStandardMiningChannel(p, 0, n) : readOpenExtendedMiningChannel(p, 0, n);
      if (!open) return;
      s.fromMiner(m);
      s.login(open.userIdentity);
      s.report(open.nominalHashRate, String(open.requestId));
      return;
    }
    case 0x11:
    case 0x14: {
      const success =
        m.type === 0x11 ? readOpenStandardMiningChannelSuccess(p, 0, n) : readOpenExtendedMiningChannelSuccess(p, 0, n);
      if (!success) return;
      s.fromPool(m);
      // The mining protocol serves SHA-256d chains alone.
      s.algorithm = 'sha256d';
      setTarget(s, success.target);
      return;
    }
    case 0x15:
    case 0x1f:
      s.fromPool(m);
      if (m.type === 0x1f && !readNewExtendedMiningJob(p, 0, n)) return;
      s.algorithm = 'sha256d';
      s.job(null);
      return;
    case 0x16: {
      const update = readUpdateChannel(p, 0, n);
      if (!update) return;
      s.fromMiner(m);
      s.report(update.nominalHashRate, `channel ${update.channelId}`);
      return;
    }
    case 0x1a:
    case 0x1b: {
      const share = m.type === 0x1a ? readSubmitSharesStandard(p, 0, n) : readSubmitSharesExtended(p, 0, n);
      if (!share) return;
      s.fromMiner(m);
      s.submitted++;
      s.asked = true;
      return;
    }
    case 0x1c: {
      const success = readSubmitSharesSuccess(p, 0, n);
      if (!success) return;
      s.fromPool(m);
      s.acceptMany(Math.min(success.newSubmitsAcceptedCount, 1e6), success.newSubmitsAcceptedCount * s.currentHashes);
      return;
    }
    case 0x1d:
      s.fromPool(m);
      s.reject();
      return;
    case 0x20:
      s.fromPool(m);
      return;
    case 0x21: {
      const target = readSetTarget(p, 0, n);
      if (!target) return;
      s.fromPool(m);
      setTarget(s, target.maximumTarget);
      return;
    }
    default:
  }
}

function setTarget(s: MiningSession, target: Uint8Array): void {
  const hashes = targetToDifficulty(target);
  s.setNext(hashes, hashes / HASHES_PER_DIFFICULTY, 'difficulty');
}
