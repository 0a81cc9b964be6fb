// "Pearl" (PRL): a mining.authorize whose params are an object {wallet, worker, agent, type}. Nothing else is known for sure.
// Source: second-hand, through miner managers (RainbowMiner); jobs and shares are not verified and are only counted.
// Look-alikes: every other mining.authorize has a list; Aleo's and Xelis' wallets stand in that list.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asRecord, asText, idText } from './value.ts';

const variant: MiningVariant = {
  shareJob: -1,
  shareWorker: -1,
  onNotify(s, _m, params) {
    s.job(idText(params[0]), Number.NaN);
  },
  onOther(s, m) {
    if (m.method === 'mining.set_target' || m.method === 'mining.set_difficulty') s.fromPool(m);
  },
};

/** The log-in's object, where it is one. */
function loginOf(m: JsonMessage): Readonly<Record<string, unknown>> | null {
  if (m.method !== 'mining.authorize') return null;
  const params = asRecord(m.value['params']);
  return params !== null && typeof params['wallet'] === 'string' && params['wallet'] !== '' ? params : null;
}

export const pearl: Dialect = {
  id: 'pearl',
  title: { en: 'Pearl Stratum', zh: 'Pearl Stratum' },
  group: 'mining',
  priority: 0,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    switch (m.method) {
      case 'mining.authorize':
        return loginOf(m) === null ? Fit.Never : Fit.Sure;
      // Without such a log-in nothing speaks for this dialect; after it, these no longer speak against it.
      case 'mining.notify':
      case 'mining.submit':
      case 'mining.configure':
      case 'mining.hello':
        return Fit.Never;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

function feedJson(s: MiningSession, m: JsonMessage): void {
  const login = loginOf(m);
  if (login !== null) {
    s.login(asText(login['wallet']), asText(login['worker']));
    s.agent(asText(login['agent']));
    s.coin('PRL');
  }
  feedMining(s, m, variant);
}
