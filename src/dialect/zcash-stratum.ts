// Stratum for Equihash coins. Source: ZIP-301, https://github.com/zcash/zips/blob/main/zips/zip-0301.rst
// Look-alikes: other mining.* dialects; told apart by set_target with eight notify parameters and long solutions.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, isHex, isPort, targetToHashes } from './value.ts';

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    // A ninth parameter carries VerusHash's solution template: its shares are hashes.
    const verus = params.length === 9;
    s.rateUnit = verus ? 'H/s' : 'Sol/s';
    s.algorithm = verus ? 'verushash' : 'equihash';
    s.job(asText(params[0]));
  },
  onOther(s, m, params) {
    if (m.method === 'mining.set_target') {
      s.fromPool(m);
      const solutions = targetToHashes(params[0]);
      s.setNext(solutions, solutions, 'solutions per share');
    } else if (m.method === 'mining.subscribe') readEndpoint(s, m, params);
    else if (m.method === 'client.reconnect' || m.method === 'mining.set_extranonce') s.fromPool(m);
  },
};

/** `[agent, session, host, port]`, in the draft `[host, port, agent, session]`. */
function readEndpoint(s: MiningSession, _m: JsonMessage, params: readonly unknown[]): void {
  const host = typeof params[1] === 'number' ? params[0] : params[2];
  if (typeof host === 'string' && /^[\w.-]+\.[A-Za-z]{2,}$/.test(host)) s.host(host.toLowerCase());
}

export const zcashStratum: Dialect = {
  id: 'zcash-stratum',
  title: { en: 'Zcash Stratum (ZIP-301)', zh: 'Zcash Stratum（ZIP-301）' },
  group: 'mining',
  priority: 5,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asArray(m.value['params']);
    switch (m.method) {
      case 'mining.notify':
        return (params.length === 8 || params.length === 9) &&
          !Array.isArray(params[4]) &&
          isHex(params[1], 8) &&
          isHex(params[2], 64) &&
          isHex(params[3], 64)
          ? Fit.Sure
          : Fit.Never;
      case 'mining.submit':
        if (params.length !== 5 || !isHex(params[2], 8) || !isHex(params[4], 90, 8192)) return Fit.Never;
        // Solutions of Equihash 210,9 come in another dialect too.
        return isHex(params[4], 2816, 2822) ? Fit.Possible : Fit.Sure;
      case 'mining.subscribe':
        // Port before the agent: the draft of ZIP-301 alone. Behind the host Aeternity's clients send it too.
        if (params.length === 4 && isPort(params[1])) return Fit.Sure;
        return typeof params[1] === 'string' && /Stratum\/\d/.test(params[1]) ? Fit.Never : Fit.Possible;
      case 'mining.set_difficulty':
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      case 'mining.authorize':
      case 'mining.extranonce.subscribe':
      case 'mining.set_target':
        return Fit.Possible;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
