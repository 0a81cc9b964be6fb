/** Targets of TLS: the stream parser, the first glance at a ClientHello, and certificates. */
import { ANOMALIES } from '../../src/common/anomaly.ts';
import { parseClientHello, TLS_MAX_MESSAGE, TlsParser } from '../../src/protocol/tls.ts';
import { Glance, glance, glanceClientHello } from '../../src/protocol/tls-glance.ts';
import type { TlsFact } from '../../src/protocol/tls-types.ts';
import { parseCertificate } from '../../src/protocol/x509.ts';
import { createRandom, type Random } from '../generate/index.ts';
import {
  alert,
  applicationRecord,
  certificateMessage,
  changeCipherSpec,
  clientHello,
  handshakeMessage,
  records,
  serverHello,
  serverHelloMessage,
} from '../generate/wire/tls.ts';
import * as samples from '../protocol/tls-samples.ts';
import { once } from './corpus.ts';
import { join, mutate } from './mutate.ts';
import { demand, demandSame, randomFrom, type Target } from './target.ts';
import { cutsOf } from './targets-capture.ts';

const MAX = 3000;
const CERTIFICATES = [
  samples.POOL_CERTIFICATE,
  samples.V1_CERTIFICATE,
  samples.SAN_CERTIFICATE,
  samples.BMP_CERTIFICATE,
];

const hellos: () => readonly Uint8Array[] = once(() => {
  const rng = createRandom(11);
  const versions = [0x0a0a, 0x0304, 0x0303];
  return [
    samples.OPENSSL_HELLO,
    samples.OPENSSL_NAMED_HELLO,
    samples.OPENSSL_TLS12_HELLO,
    clientHello(rng, { sni: 'pool.example.com', alpn: ['h2', 'http/1.1'], versions }),
    clientHello(rng, { sni: 'a.example', extensions: [0x1a1a, 16, 51, 13, 0xfe0d, 10, 11, 43, 0], alpn: ['http/1.1'] }),
    clientHello(rng, { versions: [], extensions: [0], ciphers: [0x002f], sni: 'example.org' }),
  ];
});

const streams: () => readonly Uint8Array[] = once(() => {
  const rng = createRandom(12);
  const old = serverHelloMessage(rng, { version: 0x0303, alpn: 'h2' });
  const flights = CERTIFICATES.map((der) => join(old, certificateMessage(der), handshakeMessage(14)));
  return [
    ...hellos(),
    ...hellos().map((hello) => join(hello, changeCipherSpec(), applicationRecord(rng, 60), applicationRecord(rng, 90))),
    ...flights.flatMap((flight) => [records(22, flight), records(22, flight, 0x0302, 61)]),
    clientHello(rng, { sni: 'pool.example.com' }, 7),
    join(serverHello(rng), changeCipherSpec(), applicationRecord(rng, 500)),
    join(records(22, old), alert(40)),
    join(alert(112, 1), records(22, old), alert(112, 1), records(22, certificateMessage(samples.V1_CERTIFICATE))),
    join(serverHello(rng, { retry: true }), serverHello(rng)),
    samples.OPENSSL_TLS12_SERVER,
    samples.OPENSSL_RETRY_CLIENT,
  ];
});

/** A message about as long as the limit. */
function longMessage(rng: Random): Uint8Array {
  const content = new Uint8Array(TLS_MAX_MESSAGE + rng.int(-3, 3)).fill(0x30);
  const type = rng.pick([1, 2, 11]);
  const before = type === 11 ? serverHelloMessage(rng, { version: 0x0303 }) : new Uint8Array(0);
  return records(22, join(before, handshakeMessage(type, content)), 0x0303, rng.pick([16_384, 1000]));
}

function checkFact(fact: TlsFact): void {
  if (fact.what === 'client-hello') {
    demand(/^[0-9a-f]{32}$/.test(fact.ja3), () => `JA3 ${fact.ja3}`);
    demand(/^[tq][0-9ds]\d[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/.test(fact.ja4), () => `JA4 ${fact.ja4}`);
    demand(fact.ja3Text.length <= 2048 && fact.alpn.length <= 16 && fact.versions.length <= 127, 'a long list');
    demand(fact.sni === null || /^[a-z0-9._-]{1,253}$/.test(fact.sni), () => `name ${fact.sni}`);
    return;
  }
  if (fact.what === 'server-hello') {
    demand(fact.version >= 0 && fact.version <= 0xffff, () => `version ${fact.version}`);
    return;
  }
  demand(fact.names.length <= 64 && new Set(fact.names).size === fact.names.length, 'names');
  for (const name of fact.names) demand(/^(?:\*\.)?[a-z0-9._-]{1,253}$/.test(name), () => `name ${name}`);
  for (const text of [fact.commonName, fact.organisation, fact.organisationalUnit, fact.issuerCommonName])
    demand(text === null || (text.length <= 256 && !/[\x00-\x1f\x7f-\x9f]/.test(text)), () => `text ${text}`);
  demand(/^(?:[0-9a-f]{2}){0,64}$/.test(fact.serial), () => `serial ${fact.serial}`);
  for (const time of [fact.notBefore, fact.notAfter])
    demand(Number.isNaN(time) || Number.isInteger(time), () => `time ${time}`);
  demand(fact.x509Version >= 1 && fact.x509Version <= 256, () => `version ${fact.x509Version}`);
}

/** Feeds the pieces, each from surroundings that change after the call; gives what was reported. */
function read(input: Uint8Array, cuts: readonly number[], gaps: readonly number[], records: boolean): unknown[] {
  const events: unknown[] = [];
  let ends = 0;
  const push = (event: unknown): void => {
    demand(events.push(event) <= 20_000, 'events without end');
  };
  const parser = new TlsParser({
    onTlsFact(fact) {
      demand(ends === 0, 'a fact after the end');
      checkFact(fact);
      push(fact);
    },
    onTlsAnomaly(anomaly) {
      demand(ends === 0, 'an anomaly after the end');
      push(ANOMALIES[anomaly]);
    },
    onTlsEnd: () => void ends++,
    ...(records ? { onTlsRecord: (type: number, length: number): void => push([type, length]) } : {}),
  });
  let from = 0;
  for (const [index, cut] of [...cuts, input.length].entries()) {
    const bytes = new Uint8Array(cut - from + 10).fill(index & 1 ? 0x16 : 0x03);
    bytes.set(input.subarray(from, cut), 5);
    parser.push(bytes, 5, 5 + cut - from);
    bytes.fill(0xee);
    demand(parser.heldBytes <= TLS_MAX_MESSAGE + 4 + 5, () => `${parser.heldBytes} bytes held`);
    const gap = gaps[index];
    if (gap !== undefined && gap !== 0) parser.gap(gap);
    from = cut;
  }
  parser.finish();
  demand(parser.heldBytes === 0, 'bytes held after the end');
  demand(ends === 1, () => `${ends} ends`);
  return events;
}

const tlsStream: Target = {
  name: 'tls-parser',
  holds: 'the same facts and records in whatever pieces; texts bounded; one end, no fact after it',
  input: (rng) =>
    rng.int(0, 499) === 0
      ? longMessage(rng)
      : mutate(rng, rng.pick(streams()), { max: MAX, other: rng.pick(streams()), lengths: [3, 4, 6, 7, 8] }),
  check(input) {
    const rng = randomFrom(input);
    const whole = read(input, [], [], true);
    const cuts = cutsOf(rng, input.length, rng.int(1, 2));
    demandSame(whole, read(input, cuts, [], true), 'whole and in pieces');
    const facts = whole.filter((event) => !Array.isArray(event));
    demandSame(facts, read(input, cuts, [], false), 'with and without records');
    const gaps = cuts.map(() => (rng.int(0, 3) > 0 ? 0 : rng.pick([-1, 1, 7, rng.int(1, 2000), 2 ** 31])));
    read(input, cuts, gaps, true);
  },
};

function look(input: Uint8Array, filler: number): unknown {
  const bytes = new Uint8Array(input.length + 128).fill(filler);
  bytes.set(input, 64);
  const end = 64 + input.length;
  const code = glanceClientHello(bytes, 64, end);
  for (const at of [glance.nameOff, glance.nameEnd, glance.alpnOff, glance.alpnEnd])
    demand(at === -1 || (at >= 64 && at <= end), () => `position ${at} of 64 to ${end}`);
  demand(glance.nameOff >= 0 === (code === Glance.Named), 'a name without the answer, or the other way round');
  const text = (off: number, stop: number): string | null =>
    off < 0 ? null : Buffer.from(bytes.subarray(off, stop)).toString('latin1');
  return [code, text(glance.nameOff, glance.nameEnd), text(glance.alpnOff, glance.alpnEnd)];
}

const tlsGlance: Target = {
  name: 'tls-glance',
  holds: 'the same whatever lies around; agrees with the full parser where the hello is whole',
  input: (rng) => mutate(rng, rng.pick(hellos()), { max: 900, other: rng.pick(streams()), lengths: [3, 6, 7] }),
  check(input) {
    const answer = look(input, 0x00) as [Glance, string | null, string | null];
    demandSame(answer, look(input, 0xff), 'surroundings');
    demandSame(answer, look(input, 0x16), 'surroundings');
    const [code, name] = answer;
    const parsed = input.length > 5 ? parseClientHello(input, 5, input.length) : null;
    if (code === Glance.NoName) demand(parsed !== null && parsed.sni === null, 'a name, or no hello');
    if (code === Glance.Named && parsed !== null) demandSame(name?.toLowerCase(), parsed.sni, 'name');
    if (code === Glance.Unknown || input.length < 9) return;
    const header = input[0] === 22 && input[1] === 3 && (input[2] as number) <= 4;
    const record = ((input[3] as number) << 8) | (input[4] as number);
    if (header && record <= 16_384 + 2048 && code === Glance.No) demand(parsed === null, 'a hello overlooked');
  },
};

const x509: Target = {
  name: 'x509',
  holds: 'a certificate with bounded texts or null, whatever lies around',
  input: (rng) =>
    mutate(rng, rng.pick(CERTIFICATES), { max: 1500, other: rng.pick(CERTIFICATES), lengths: [1, 2, 5, 6] }),
  check(input) {
    const results = [0x00, 0x30, 0xff].map((filler) => {
      const bytes = new Uint8Array(input.length + 128).fill(filler);
      bytes.set(input, 64);
      return parseCertificate(bytes, 64, 64 + input.length);
    });
    demandSame(results[0], results[1], 'surroundings');
    demandSame(results[0], results[2], 'surroundings');
    if (results[0]) checkFact(results[0]);
  },
};

export const TLS_TARGETS: readonly Target[] = [tlsStream, tlsGlance, x509];
