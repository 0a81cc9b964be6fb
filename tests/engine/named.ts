/** Conversations whose server is known by a name, for the tests of names, and their detections in a line each. */
import type { DetectionRow } from '../../src/detect/detection.ts';
import type { Capture } from '../generate/catalogue/capture.ts';
import { nameCaptures } from '../generate/catalogue/names.ts';
import { conversation, createRandom, type Endpoint, type RawFrame, type TimedMessage } from '../generate/index.ts';
import { lookUp } from '../generate/names/datagrams.ts';
import { type SealedOptions, sealedSession } from '../generate/names/sealed.ts';
import { detectFrames } from './run.ts';

export const CAPTURES: readonly Capture[] = nameCaptures();
export const FILES: readonly string[] = CAPTURES.map((c) => c.file);

/** Frames of a capture of the collection. */
export function framesOf(file: string): readonly RawFrame[] {
  return CAPTURES.find((c) => c.file === file)!.frames;
}

/** One detection in a line: who, how sure, what was done, how, with whom. */
export function line(d: DetectionRow): string {
  const via = d.via === null ? '' : ` via ${d.via.kind} ${d.via.ip}:${d.via.port}`;
  const { ip, port, host } = d.pool;
  return `${d.miner.ip} ${d.confidence} ${d.activity} ${d.transport} ${d.dialect} ${ip} ${port} ${host}${via}`;
}

/** Everything that is found, sorted. */
export function lines(frames: readonly RawFrame[]): string[] {
  return detectFrames(frames).detections.map(line).sort();
}

/** Stands in the list of endpoints. */
export const FIRST_NAME = 'xmr-eu1.nanopool.org';
export const CLIENT: Endpoint = { ip: '10.20.1.50', port: 42_050 };
export const SERVER: Endpoint = { ip: '198.51.100.150', port: 14_433 };
export const RESOLVER: Endpoint = { ip: '192.0.2.53', port: 53 };
/** Seconds since the Unix epoch. */
export const START = 1_713_571_800;

/** Frames of a conversation that begins `at` seconds after the start. */
export function flow(
  messages: readonly TimedMessage[],
  at: number = 0,
  client: Endpoint = CLIENT,
  server: Endpoint = SERVER,
): RawFrame[] {
  return conversation({ client, server, start: (START + at) * 1e6, seed: 9, messages });
}

/** Five and a half minutes of TLS 1.3 without a server name. */
export function sealed(options: Partial<SealedOptions> = {}): TimedMessage[] {
  return sealedSession({ rng: createRandom(77), seconds: 330, ...options });
}

/** A look-up that gives an address. */
export function ask(
  name: string,
  ttl: number = 60,
  at: number = 0,
  client: Endpoint = CLIENT,
  address: string = SERVER.ip,
): RawFrame[] {
  return lookUp({ ...client, port: 53_050 + at }, RESOLVER, START + at, name, [{ data: address, ttl }]);
}

/** Detections that are more than a look-up. */
export function met(frames: readonly RawFrame[]): string[] {
  return lines(frames).filter((text) => !text.includes(' dns null null null '));
}
