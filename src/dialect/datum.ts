// DATUM: a gateway that makes its own block templates, to its pool (OCEAN). Only the first message has a known key.
// Source: https://github.com/OCEAN-xyz/datum_gateway src/datum_protocol.h. Look-alikes: none with this header and length.
import type { Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';

export const datum: Dialect = {
  id: 'datum',
  title: { en: 'DATUM (gateway to pool)', zh: 'DATUM（网关到矿池）' },
  group: 'datum',
  priority: 1,
  probe(m: Message) {
    return m.kind === 'binary' && m.protocol === 'datum' ? Fit.Sure : Fit.None;
  },
  feed(s, m) {
    if (m.kind !== 'binary' || m.protocol !== 'datum') return;
    s.fromMiner(m);
    s.asked = true;
    s.coin('BTC');
    s.algorithm = 'sha256d';
  },
};
