// What the dialects with `mining.*` methods have in common: who logs in, how shares are answered, what a server may push.
// Sources: https://en.bitcoin.it/wiki/Stratum_mining_protocol, BIP 310, ZIP-301.
import type { JsonMessage } from '../protocol/message.ts';
import type { MiningSession } from './session.ts';
import { asArray, asRecord, asText, isHex } from './value.ts';

/** After the first job a pool still answers what came with the login (µs). */
const SETTLING = 2_000_000;

/** Where the dialects of the family differ. */
export interface MiningVariant {
  /** False where other requests than shares are answered by a bare `true` all the time. */
  readonly countsUnseen?: false;
  /** A job push; called for `mining.notify`. */
  onNotify(s: MiningSession, m: JsonMessage, params: readonly unknown[]): void;
  /** Any other message from either side that the family does not know; may do nothing. */
  onOther?(s: MiningSession, m: JsonMessage, params: readonly unknown[]): void;
  /** The result of a subscription. */
  onSubscribed?(s: MiningSession, result: unknown): void;
  /** Whether an answer takes a share, where the family's way does not hold. */
  accepts?(m: JsonMessage): boolean;
  /** Index of the job id in the params of a share, and of the worker name (-1: none). */
  readonly shareJob: number;
  readonly shareWorker: number;
}

/** Feeds one message of a `mining.*` conversation. */
export function feedMining(s: MiningSession, m: JsonMessage, variant: MiningVariant): void {
  const params = asArray(m.value['params']);
  switch (m.method) {
    case 'mining.subscribe':
      s.fromMiner(m);
      s.asked = true;
      s.request(m, 'subscribe');
      s.agent(agentOf(params));
      break;
    case 'mining.authorize':
      s.fromMiner(m);
      // Alephium's clients may leave out the list.
      s.login(asText(params[0]) ?? asText(m.value['params']));
      s.request(m, 'login');
      return;
    case 'mining.configure':
      s.fromMiner(m);
      s.asked = true;
      s.request(m, 'other');
      if (asArray(params[0]).includes('version-rolling')) s.asicHint = true;
      return;
    case 'mining.extranonce.subscribe':
    case 'mining.suggest_difficulty':
    case 'mining.suggest_target':
    case 'mining.get_transactions':
    case 'mining.multi_version':
    case 'mining.capabilities':
      s.fromMiner(m);
      s.asked = true;
      s.request(m, 'other');
      return;
    case 'mining.submit':
      s.fromMiner(m);
      // The sixth parameter is BIP 310's version bits: rolled by boards, not by programs.
      if (params.length === 6 && isHex(params[5], 8)) s.asicHint = true;
      s.share(m, asText(params[variant.shareJob]));
      if (variant.shareWorker >= 0) s.workerLogin(asText(params[variant.shareWorker]));
      return;
    case 'mining.notify':
      s.fromPool(m);
      variant.onNotify(s, m, params);
      return;
    case 'client.get_version':
      s.fromPool(m);
      s.request(m, 'version');
      return;
    case null:
      feedAnswer(s, m, variant);
      return;
    default:
  }
  variant.onOther?.(s, m, params);
}

function feedAnswer(s: MiningSession, m: JsonMessage, variant: MiningVariant): void {
  const kind = s.answered(m);
  const result = m.value['result'];
  if (kind === 'share') {
    if (variant.accepts?.(m) ?? isAccepted(m)) s.accept();
    else s.reject();
  } else if (kind === 'version') s.agent(asText(result));
  else if (kind === 'subscribe') variant.onSubscribed?.(s, result);
  else if (kind === null) {
    if (Array.isArray(result)) variant.onSubscribed?.(s, result);
    // The pool's side alone: after the first job a bare `true` answers a share; logins were answered before it.
    else if (s.minerSide === 1 - m.side && s.jobs > 0 && !s.minerSeen && variant.countsUnseen !== false) {
      if (result === true && s.sinceFirstJob > SETTLING) s.acceptUnseen();
      else if (isShareError(m.value['error'])) s.reject();
    }
  }
}

/** `result: true`, `"ok"`, `{status: "OK"}`, or another result that is neither false nor null, and no error. */
export function isAccepted(m: JsonMessage): boolean {
  const error = m.value['error'];
  if (error !== undefined && error !== null && error !== false && !(Array.isArray(error) && error.length === 0))
    return false;
  const result = m.value['result'];
  if (result === false || result === null || result === undefined) return false;
  const status = asRecord(result)?.['status'];
  return typeof status !== 'string' || status.toUpperCase() === 'OK';
}

/** Stratum error codes of a refused share: 20 other, 21 stale, 22 duplicate, 23 low difficulty. */
function isShareError(error: unknown): boolean {
  const code = Array.isArray(error) ? error[0] : asRecord(error)?.['code'];
  return typeof code === 'number' && code >= 20 && code <= 23;
}

/** The user agent of a subscription: first text, unless it is a host followed by a port (draft order of ZIP-301). */
function agentOf(params: readonly unknown[]): string | null {
  if (typeof params[1] === 'number' && typeof params[2] === 'string') return params[2];
  return asText(params[0]);
}
