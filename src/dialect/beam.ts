// Beam: login, job, solution and result as JSON lines, all members at the top level.
// Source: https://github.com/BeamMW/beam/wiki/Beam-mining-protocol-API-(Stratum); packed difficulty as in
// https://github.com/blackmennewstyle/miningcore (BeamUtils).
// Look-alikes: CryptoNote and Grin pools (members inside params), services with a `login` or `result` method.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import type { MiningSession } from './session.ts';
import { asNumber, asText, idText, isHex } from './value.ts';

/** `code` of a `result`: 0 log-in granted, 1 solution accepted; refused solutions are -32004 to -32009. */
const ACCEPTED = 1;
const FIRST_REFUSAL = -32009;
const LAST_REFUSAL = -32004;
/** Hexadecimal digits of a BeamHash III solution. */
const BEAMHASH3_DIGITS = 208;
/** Least packed difficulty of a job: with no exponent every solution would do, and other services count from 1 to 100. */
const LEAST_PACKED = 2 ** 24;
const MOST_PACKED = 2 ** 32 - 1;
/** What signed log-ins of other services carry beside a key. */
const FOREIGN = ['signature', 'timestamp', 'secret'] as const;

export const beam: Dialect = {
  id: 'beam',
  title: { en: 'Beam', zh: 'Beam 矿池协议' },
  group: 'beam',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http' || 'params' in m.value) return Fit.None;
    switch (m.method) {
      case 'login':
        return isLogin(m) ? Fit.Possible : Fit.None;
      case 'job':
        return isJob(m) ? Fit.Sure : Fit.None;
      case 'solution':
        if (!isSolution(m)) return Fit.None;
        return isHex(m.value['output'], BEAMHASH3_DIGITS) ? Fit.Sure : Fit.Possible;
      case 'result':
        if (typeof m.value['code'] !== 'number') return Fit.None;
        return isHex(m.value['nonceprefix'], 1, 16) ? Fit.Sure : Fit.Possible;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

function isLogin(m: JsonMessage): boolean {
  return typeof m.value['api_key'] === 'string' && !FOREIGN.some((name) => name in m.value);
}

function isJob(m: JsonMessage): boolean {
  const packed = m.value['difficulty'];
  return isHex(m.value['input'], 64) && typeof packed === 'number' && packed >= LEAST_PACKED && packed <= MOST_PACKED;
}

function isSolution(m: JsonMessage): boolean {
  return isHex(m.value['nonce'], 16) && isHex(m.value['output'], 100, 400);
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  switch (m.method) {
    case 'login':
      if (!isLogin(m)) return;
      s.fromMiner(m);
      s.login(asText(m.value['api_key']));
      s.agent(asText(m.value['agent']));
      s.request(m, 'login');
      return;
    case 'job': {
      if (!isJob(m)) return;
      s.fromPool(m);
      s.rateUnit = 'Sol/s';
      s.algorithm ??= 'beamhash';
      const solutions = beamDifficulty(asNumber(m.value['difficulty']));
      s.setNext(solutions, solutions, 'solutions per share');
      s.job(idText(m.value['id']), solutions);
      return;
    }
    case 'solution':
      if (!isSolution(m)) return;
      s.fromMiner(m);
      // Forks of Beam keep the protocol; a proof of this length is Beam's own since BeamHash III.
      if (isHex(m.value['output'], BEAMHASH3_DIGITS)) {
        s.algorithm = 'beamhash3';
        s.coin('BEAM');
      }
      s.share(m, idText(m.value['id']));
      return;
    case 'result':
      feedResult(s, m);
      return;
    default:
  }
}

/** The answer to a solution carries the id of its job; several of one job are answered in order. */
function feedResult(s: MiningSession, m: JsonMessage): void {
  const code = m.value['code'];
  if (typeof code !== 'number') return;
  s.fromPool(m);
  const kind = s.answered(m);
  if (kind !== 'share' && (kind !== null || s.minerSeen)) return;
  if (code === ACCEPTED) {
    if (kind === null) s.acceptUnseen();
    else s.accept();
  } else if (kind === 'share' || (code >= FIRST_REFUSAL && code <= LAST_REFUSAL)) s.reject();
}

/**
 * Expected solutions of a packed difficulty: exponent in bits 24 to 31, mantissa with its leading one left out below;
 * NaN where it is no such number.
 */
export function beamDifficulty(packed: number): number {
  if (!Number.isInteger(packed) || packed < 0 || packed > 0xffff_ffff) return Number.NaN;
  const order = Math.floor(packed / 2 ** 24);
  return (2 ** 24 + (packed % 2 ** 24)) * 2 ** (order - 24);
}
