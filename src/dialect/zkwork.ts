// zk.work's binary protocol for Aleo: a connect message that names worker and address.
// Source: https://docs.rs/zkwork_aleo_protocol. Look-alikes: none that carry an aleo1 address behind these lengths.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { asText } from './value.ts';

export const zkwork: Dialect = {
  id: 'zkwork',
  title: { en: 'zk.work (Aleo, binary)', zh: 'zk.work（Aleo，二进制）' },
  group: 'zkwork',
  priority: 1,
  probe(m: Message) {
    return m.kind === 'binary' && m.protocol === 'zkwork' ? Fit.Sure : Fit.None;
  },
  feed(s, m) {
    if (m.kind !== 'binary' || m.protocol !== 'zkwork') return;
    s.fromMiner(m);
    s.login(asText(m.value['address']), asText(m.value['worker']));
    s.coin('ALEO');
    s.algorithm = 'aleo-puzzle';
  },
};
