// Any `mining.*` conversation that no dialect of ours fits: other coins' variants. What all of them have in common is read
// (who logs in, that work is delivered, shares and their answers); difficulty and coin stay unknown.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import { asArray, asText } from './value.ts';

const variant: MiningVariant = {
  shareJob: 1,
  shareWorker: 0,
  onNotify(s, _m, params) {
    s.job(asText(params[0]), Number.NaN);
  },
  onOther(s, m) {
    if (m.method === 'mining.set_target' || m.method === 'mining.set_difficulty') s.fromPool(m);
  },
};

/** Shown without a dialect: its id is null in detections. */
export const unknownMining: Dialect = {
  id: 'unknown-mining',
  title: { en: 'mining.* of an unknown dialect', zh: '未知方言的 mining.*' },
  group: 'mining',
  priority: -1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    switch (m.method) {
      case 'mining.subscribe':
      case 'mining.authorize':
      case 'mining.notify':
      case 'mining.submit':
      case 'mining.set_target':
        // Without the usual list of parameters (`body`, objects) there is nothing to read.
        return asArray(m.value['params']).length > 0 || m.method === 'mining.subscribe' ? Fit.Possible : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedMining(s, m, variant);
  },
};
