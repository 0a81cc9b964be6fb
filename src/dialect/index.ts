import { aeternity } from './aeternity.ts';
import { aion } from './aion.ts';
import { aleo } from './aleo.ts';
import { alephium } from './alephium.ts';
import { autolykos } from './autolykos.ts';
import { beam } from './beam.ts';
import { bytom } from './bytom.ts';
import { chia } from './chia.ts';
import { ckbA } from './ckb-a.ts';
import { ckbB } from './ckb-b.ts';
import { codechain } from './codechain.ts';
import { coinhive } from './coinhive.ts';
import { conflux } from './conflux.ts';
import { cryptonote } from './cryptonote.ts';
import { datum } from './datum.ts';
import type { Dialect } from './dialect.ts';
import { ethGetwork } from './eth-getwork.ts';
import { ethStratum } from './eth-stratum.ts';
import { ethereumStratum1 } from './ethereum-stratum-1.ts';
import { ethereumStratum2 } from './ethereum-stratum-2.ts';
import { ethproxy } from './ethproxy.ts';
import { getblocktemplate } from './getblocktemplate.ts';
import { getwork } from './getwork.ts';
import { grin } from './grin.ts';
import { handshake } from './handshake.ts';
import { ironfish } from './ironfish.ts';
import { kaspa } from './kaspa.ts';
import { kawpow } from './kawpow.ts';
import { nexa } from './nexa.ts';
import { nimiq } from './nimiq.ts';
import { pearl } from './pearl.ts';
import { stratumV1 } from './stratum-v1.ts';
import { stratumV2 } from './stratum-v2.ts';
import { warthog } from './warthog.ts';
import { xelis } from './xelis.ts';
import { zano } from './zano.ts';
import { zcashStratum } from './zcash-stratum.ts';
import { zkwork } from './zkwork.ts';
import { zmp } from './zmp.ts';

/** Every dialect, alphabetical; a new one is a line here. */
export const DIALECTS: readonly Dialect[] = [
  aeternity,
  aion,
  aleo,
  alephium,
  autolykos,
  beam,
  bytom,
  chia,
  ckbA,
  ckbB,
  codechain,
  coinhive,
  conflux,
  cryptonote,
  datum,
  ethGetwork,
  ethStratum,
  ethereumStratum1,
  ethereumStratum2,
  ethproxy,
  getblocktemplate,
  getwork,
  grin,
  handshake,
  ironfish,
  kaspa,
  kawpow,
  nexa,
  nimiq,
  pearl,
  stratumV1,
  stratumV2,
  warthog,
  xelis,
  zano,
  zcashStratum,
  zkwork,
  zmp,
];
