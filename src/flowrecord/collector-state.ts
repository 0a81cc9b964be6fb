import * as v from 'valibot';
import { type BinaryProtocol, MAX_DOMAINS, type Peer } from './domain.ts';
import { TRIPLE } from './plan.ts';
import { MAX_SAMPLERS } from './sampling.ts';
import { MAX_DOMAIN_TEMPLATES, MAX_FIELDS, type TemplateState } from './templates.ts';

/** What a collector must not forget over a restart: templates come only every few minutes. */
export interface CollectorState {
  readonly version: 1;
  readonly exporters: readonly { readonly address: string; readonly peers: readonly PeerState[] }[];
}

export interface PeerState {
  readonly protocol: BinaryProtocol;
  readonly domains: readonly DomainState[];
}

export interface DomainState {
  readonly id: number;
  /** Sampling rate of the domain, 0 = not told; rates by sampler. */
  readonly rate: number;
  readonly samplers: readonly (readonly [sampler: number, rate: number])[];
  /** Start of the exporter's uptime, µs; 0 = not told. */
  readonly initTime: number;
  readonly templates: readonly TemplateState[];
}

const MAX_STATE_EXPORTERS = 65536;
const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const finite = v.pipe(v.number(), v.finite(), v.minValue(0));
const int32 = v.pipe(v.number(), v.integer(), v.minValue(-(2 ** 31)), v.maxValue(2 ** 31 - 1));
const TEMPLATE = v.object({
  id: v.pipe(v.number(), v.integer(), v.minValue(256), v.maxValue(65535)),
  scopes: v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(MAX_FIELDS)),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(65535)), -1),
  seen: finite,
  fields: v.pipe(
    v.array(int32),
    v.minLength(TRIPLE),
    v.maxLength(MAX_FIELDS * TRIPLE),
    v.check((fields) => fields.length % TRIPLE === 0),
  ),
});
const DOMAIN = v.object({
  id: word,
  rate: finite,
  samplers: v.pipe(v.array(v.tuple([finite, finite])), v.maxLength(MAX_SAMPLERS)),
  initTime: finite,
  templates: v.pipe(v.array(v.unknown()), v.maxLength(MAX_DOMAIN_TEMPLATES)),
});
const PEER = v.object({
  protocol: v.picklist(['netflow5', 'netflow9', 'ipfix', 'sflow5']),
  domains: v.pipe(v.array(v.unknown()), v.maxLength(MAX_DOMAINS)),
});
const EXPORTER = v.object({
  address: v.pipe(v.string(), v.maxLength(64)),
  peers: v.pipe(v.array(v.unknown()), v.maxLength(4)),
});
const STATE = v.object({
  version: v.literal(1),
  exporters: v.pipe(v.array(v.unknown()), v.maxLength(MAX_STATE_EXPORTERS)),
});

export function exportPeers(peers: ReadonlyMap<BinaryProtocol, Peer>): PeerState[] {
  return [...peers.values()].map(({ protocol, domains }) => ({
    protocol,
    domains: [...domains.values()].map(({ id, sampling, initTime, templates }) => ({
      id,
      rate: sampling.rate,
      samplers: [...sampling.samplers],
      initTime,
      templates: templates.exportState(),
    })),
  }));
}

/**
 * Takes up a state, part by part: what does not fit the shape is left out, the rest is taken. `peerOf` gives the peer to
 * fill, null where the exporter is not wanted.
 */
export function importPeers(state: unknown, peerOf: (address: string, protocol: BinaryProtocol) => Peer | null): void {
  const whole = v.safeParse(STATE, state);
  if (!whole.success) return;
  const scratch = new Int32Array(MAX_FIELDS * TRIPLE);
  for (const one of whole.output.exporters) {
    const exporter = v.safeParse(EXPORTER, one);
    if (!exporter.success) continue;
    for (const each of exporter.output.peers) {
      const peer = v.safeParse(PEER, each);
      if (!peer.success) continue;
      const target = peerOf(exporter.output.address, peer.output.protocol);
      if (target !== null) for (const domain of peer.output.domains) importDomain(domain, target, scratch);
    }
  }
}

function importDomain(state: unknown, peer: Peer, scratch: Int32Array): void {
  const parsed = v.safeParse(DOMAIN, state);
  if (!parsed.success) return;
  const { id, rate, samplers, initTime, templates } = parsed.output;
  const domain = peer.domain(id, 0);
  if (rate > 0) domain.sampling.set(-1, rate);
  for (const [sampler, one] of samplers) domain.sampling.set(sampler, one);
  domain.initTime = initTime;
  for (const one of templates) {
    const template = v.safeParse(TEMPLATE, one);
    if (!template.success) continue;
    const { fields, scopes, port, seen } = template.output;
    scratch.set(fields);
    domain.templates.offer(template.output.id, scratch, fields.length / TRIPLE, scopes, port, seen);
  }
}
