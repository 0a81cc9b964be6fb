/** The whole collection, and its expectations as one JSON document. */
import type { TimedMessage } from '../conversation.ts';
import { bitcoinPeers, ethereumPeers, moneroPeers } from '../lookalikes/binary.ts';
import { bitcoinRpc, electrum, ethereumRpc, jsonLogin, languageServer, webSocketChat } from '../lookalikes/text.ts';
import { writePcap } from '../pcap.ts';
import { createRandom } from '../random.ts';
import { ETHEREUM_ADDRESS } from '../wire/chain.ts';
import { aeternityCapture } from './aeternity.ts';
import { aionCapture } from './aion.ts';
import { aleoCapture } from './aleo.ts';
import { alephiumCapture } from './alephium.ts';
import { autolykosCapture } from './autolykos.ts';
import { beamCapture } from './beam.ts';
import { binaryCaptures } from './binary.ts';
import { bytomCapture } from './bytom.ts';
import { type Capture, converse, customer, START } from './capture.ts';
import { chiaCapture } from './chia.ts';
import { ckbACapture } from './ckb-a.ts';
import { ckbBCapture } from './ckb-b.ts';
import { codechainCapture } from './codechain.ts';
import { confluxCapture } from './conflux.ts';
import { exampleCityCapture, exampleCityLaterCapture } from './example-city.ts';
import { grinCapture } from './grin.ts';
import { handshakeCapture } from './handshake.ts';
import { ironfishCapture } from './ironfish.ts';
import { kaspaCapture } from './kaspa.ts';
import { kawpowCapture } from './kawpow.ts';
import { moreLookAlikes } from './lookalikes.ts';
import { miningCaptures } from './mining.ts';
import { nameCaptures } from './names.ts';
import { nexaCapture } from './nexa.ts';
import { nimiqCapture } from './nimiq.ts';
import { pearlCapture } from './pearl.ts';
import { variantCaptures } from './variants.ts';
import { warthogCapture } from './warthog.ts';
import { xelisCapture } from './xelis.ts';
import { xmrigProxyCapture } from './xmrig-proxy.ts';
import { zanoCapture } from './zano.ts';
import { zmpCapture } from './zmp.ts';

export type { Capture } from './capture.ts';

function lookAlikes(): Capture[] {
  const list: readonly (readonly [string, number, TimedMessage[]])[] = [
    ['electrum', 50001, electrum(createRandom(301))],
    ['bitcoin-rpc', 8332, bitcoinRpc(createRandom(302))],
    ['ethereum-rpc', 8545, ethereumRpc(createRandom(303), ETHEREUM_ADDRESS)],
    ['json-login', 3333, jsonLogin(createRandom(304))],
    ['language-server', 4444, languageServer()],
    ['websocket-chat', 8080, webSocketChat(createRandom(305))],
    ['bitcoin-p2p', 8333, bitcoinPeers(createRandom(306), START)],
    ['monero-p2p', 18080, moneroPeers(createRandom(307))],
    ['ethereum-p2p', 30303, ethereumPeers(createRandom(308))],
  ];
  return list.map(([name, port, messages], n) => ({
    file: `lookalike-${name}.pcap`,
    frames: converse({ dialect: '', messages, shares: [], logins: [] }, customer(80 + n, 49000 + n), {
      ip: `192.0.2.${40 + n}`,
      port,
    }),
    expected: [],
  }));
}

/** Captures that have a file of their own; a new dialect is a line here. */
const OWN: readonly (() => Capture)[] = [
  aeternityCapture,
  aionCapture,
  aleoCapture,
  alephiumCapture,
  autolykosCapture,
  beamCapture,
  bytomCapture,
  chiaCapture,
  ckbACapture,
  ckbBCapture,
  codechainCapture,
  confluxCapture,
  exampleCityCapture,
  exampleCityLaterCapture,
  grinCapture,
  handshakeCapture,
  ironfishCapture,
  kaspaCapture,
  kawpowCapture,
  nexaCapture,
  nimiqCapture,
  pearlCapture,
  warthogCapture,
  xelisCapture,
  xmrigProxyCapture,
  zanoCapture,
  zmpCapture,
];

/** Every capture, in the order of the collection's page. */
export function captures(): Capture[] {
  return [
    ...miningCaptures(),
    ...OWN.map((make) => make()),
    ...binaryCaptures(),
    ...variantCaptures(),
    ...nameCaptures(),
    ...lookAlikes(),
    ...moreLookAlikes(),
  ];
}

export function captureBytes(capture: Capture): Uint8Array {
  return writePcap(capture.frames, capture.options);
}

/** Text of `captures/expected.json`: file name → detections, `[]` where nothing may be found. */
export function expectedJson(list: readonly Capture[]): string {
  const byFile = [...list].sort((a, b) => (a.file < b.file ? -1 : 1));
  // One detection a line: short, and still readable in a diff.
  const entries = byFile.map((capture) => {
    const lines = capture.expected.map((item) => `  ${JSON.stringify(item)}`);
    return `${JSON.stringify(capture.file)}: [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`}]`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}
