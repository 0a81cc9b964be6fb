import { coinhive } from './coinhive.ts';
import { cryptonote } from './cryptonote.ts';
import type { Dialect } from './dialect.ts';
import { ethGetwork } from './eth-getwork.ts';
import { ethStratum } from './eth-stratum.ts';
import { ethereumStratum1 } from './ethereum-stratum-1.ts';
import { ethereumStratum2 } from './ethereum-stratum-2.ts';
import { ethproxy } from './ethproxy.ts';
import { getblocktemplate } from './getblocktemplate.ts';
import { getwork } from './getwork.ts';
import { stratumV1 } from './stratum-v1.ts';
import { stratumV2 } from './stratum-v2.ts';
import { zcashStratum } from './zcash-stratum.ts';

/** Every dialect, alphabetical; a new one is a line here. */
export const DIALECTS: readonly Dialect[] = [
  coinhive,
  cryptonote,
  ethGetwork,
  ethStratum,
  ethereumStratum1,
  ethereumStratum2,
  ethproxy,
  getblocktemplate,
  getwork,
  stratumV1,
  stratumV2,
  zcashStratum,
];
