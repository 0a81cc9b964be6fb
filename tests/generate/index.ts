/** The generator library for other tests: conversations, transforms, tunnels, capture files. */
export {
  type ConversationOptions,
  conversation,
  type Endpoint,
  messageBytes,
  type TimedMessage,
} from './conversation.ts';
export {
  ENCAPSULATIONS,
  type Encapsulation,
  type EncapsulationOptions,
  encapsulate,
  LINK_TYPES,
  type LinkKind,
  onLink,
} from './encapsulate.ts';
export { type CaptureOptions, readPcap, writePcap, writePcapng } from './pcap.ts';
export { createRandom, poissonTimes, type Random } from './random.ts';
export {
  cutAfter,
  cutBefore,
  cutPayloads,
  delay,
  duplicate,
  fragment,
  fromMessage,
  lose,
  loseMessages,
  merge,
  onlyFrom,
  reorder,
  segment,
  snap,
} from './transform.ts';
export { type RawFrame, type Side, type TcpLayout, tcpLayout } from './wire/frame.ts';
