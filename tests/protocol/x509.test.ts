import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TlsCertificate } from '../../src/protocol/tls-types.ts';
import { parseCertificate } from '../../src/protocol/x509.ts';
import { DerReader, derText, derTime } from '../../src/protocol/x509-der.ts';
import { ascii, embed, hex, join } from './stream-cases.ts';
import { BMP_CERTIFICATE, POOL_CERTIFICATE, SAN_CERTIFICATE, V1_CERTIFICATE } from './tls-samples.ts';

function parse(der: Uint8Array): TlsCertificate | null {
  const low = embed(der, 0x00);
  const high = embed(der, 0xff);
  const found = parseCertificate(low.bytes, low.off, low.end);
  expect(parseCertificate(high.bytes, high.off, high.end)).toEqual(found);
  return found;
}

/** An element with the shortest length. */
function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = join(...content);
  const n = body.length;
  const length =
    n < 128
      ? [n]
      : n < 256
        ? [0x81, n]
        : n < 65_536
          ? [0x82, n >> 8, n & 255]
          : [0x83, n >> 16, (n >> 8) & 255, n & 255];
  return join(Uint8Array.of(tag, ...length), body);
}

const CN = '550403';
const name = (...pairs: readonly (readonly [oid: string, tag: number, text: Uint8Array])[]): Uint8Array =>
  der(0x30, ...pairs.map(([oid, tag, text]) => der(0x31, der(0x30, der(0x06, hex(oid)), der(tag, text)))));
const commonName = (text: string): Uint8Array => name([CN, 0x0c, new Uint8Array(Buffer.from(text))]);

interface Parts {
  readonly version?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly extensions?: Uint8Array;
}

function certificate(parts: Parts): Uint8Array {
  const validity = der(0x30, der(0x17, ascii('260101000000Z')), der(0x17, ascii('360101000000Z')));
  return der(
    0x30,
    der(
      0x30,
      parts.version ?? hex('a003020102'),
      parts.serial ?? hex('020105'),
      hex('300a06082a8648ce3d040302'),
      parts.issuer ?? commonName('issuer'),
      parts.validity ?? validity,
      parts.subject ?? commonName('subject.example.com'),
      hex('3000'),
      parts.extensions === undefined ? new Uint8Array(0) : der(0xa3, der(0x30, parts.extensions)),
    ),
    hex('3000'),
  );
}

/** A subjectAltName extension of dNSName entries. */
const alternatives = (...names: readonly string[]): Uint8Array =>
  der(0x30, hex('0603551d11'), der(0x04, der(0x30, ...names.map((text) => der(0x82, ascii(text))))));

describe('parseCertificate', () => {
  test('the certificate of a pool set up by script', () => {
    expect(parse(POOL_CERTIFICATE)).toMatchObject({
      names: ['mining.pool'],
      commonName: 'mining.pool',
      organisation: 'Mining Pool',
      organisationalUnit: 'Shares',
      issuerCommonName: 'mining.pool',
      selfIssued: true,
      x509Version: 3,
    });
  });

  test('the certificate that a mining proxy makes: version 1, localhost, serial 1, ten years', () => {
    const found = parse(V1_CERTIFICATE) as TlsCertificate;
    expect(found).toMatchObject({ names: ['localhost'], commonName: 'localhost', x509Version: 1, serial: '01' });
    expect(found).toMatchObject({ organisation: null, organisationalUnit: null, selfIssued: true });
    expect(found.notAfter - found.notBefore).toBe(315_360_000);
  });

  test('alternative names first, in lower case, each once; addresses and mail are no names', () => {
    expect(parse(SAN_CERTIFICATE)?.names).toEqual(['pool.example.org', '*.pool.example.net', 'eu.example.com']);
  });

  test.each([
    ['pool', POOL_CERTIFICATE],
    ['version 1', V1_CERTIFICATE],
    ['alternative names', SAN_CERTIFICATE],
    ['BMPString and GeneralizedTime', BMP_CERTIFICATE],
  ])('%s: as node:crypto reads it', (_, bytes) => {
    const theirs = new X509Certificate(bytes);
    const ours = parse(bytes) as TlsCertificate;
    const part = (subject: string, key: string): string | null =>
      subject
        .split('\n')
        .find((line) => line.startsWith(`${key}=`))
        ?.slice(key.length + 1) ?? null;
    expect(ours.commonName).toBe(part(theirs.subject, 'CN'));
    expect(ours.organisation).toBe(part(theirs.subject, 'O'));
    expect(ours.organisationalUnit).toBe(part(theirs.subject, 'OU'));
    expect(ours.issuerCommonName).toBe(part(theirs.issuer, 'CN'));
    expect(ours.serial).toBe(theirs.serialNumber.toLowerCase());
    expect(ours.notBefore).toBe(Date.parse(theirs.validFrom) / 1000);
    expect(ours.notAfter).toBe(Date.parse(theirs.validTo) / 1000);
    expect(ours.selfIssued).toBe(theirs.checkIssued(theirs));
    for (const entry of theirs.subjectAltName?.split(', ') ?? [])
      expect(ours.names.includes(entry.slice(4).toLowerCase())).toBe(entry.startsWith('DNS:'));
  });

  test('every truncation gives null', () => {
    for (let n = 0; n < SAN_CERTIFICATE.length; n++) expect(parse(SAN_CERTIFICATE.subarray(0, n))).toBeNull();
  });

  test.each<[string, Parts, Partial<TlsCertificate>]>([
    ['other issuer', {}, { selfIssued: false, issuerCommonName: 'issuer', commonName: 'subject.example.com' }],
    ['same issuer', { issuer: commonName('subject.example.com') }, { selfIssued: true }],
    [
      'common name of words',
      { subject: commonName('Example Pool Ltd') },
      { names: [], commonName: 'Example Pool Ltd' },
    ],
    ['common name of one label', { subject: commonName('miner') }, { names: [], commonName: 'miner' }],
    ['common name like a host only by its low bytes', { subject: commonName('ű.example') }, { names: [] }],
    ['common name with a final dot', { subject: commonName('A.Example.') }, { names: ['a.example'] }],
    ['wildcard', { subject: commonName('*.example.net') }, { names: ['*.example.net'] }],
    ['empty subject', { subject: hex('3000') }, { names: [], commonName: null }],
    ['empty issuer and subject', { subject: hex('3000'), issuer: hex('3000') }, { selfIssued: true }],
    ['long serial', { serial: der(0x02, new Uint8Array(100).fill(0xab)) }, { serial: 'ab'.repeat(64) }],
    ['serial of zero', { serial: hex('020100') }, { serial: '00' }],
    ['version 2', { version: hex('a003020101') }, { x509Version: 2 }],
    ['extensions that are none', { extensions: hex('0500') }, { names: ['subject.example.com'] }],
    [
      'damaged list of names',
      { extensions: der(0x30, hex('0603551d11'), hex('0404300582ff6161')) },
      { names: ['subject.example.com'] },
    ],
    [
      'critical names',
      { extensions: der(0x30, hex('0603551d110101ff'), der(0x04, der(0x30, der(0x82, ascii('x.example'))))) },
      { names: ['x.example', 'subject.example.com'] },
    ],
    [
      'names that are none',
      { extensions: alternatives('a b', '', '.', 'ok.example', 'a..b', '*.', 'x'.repeat(64)) },
      { names: ['ok.example', 'subject.example.com'] },
    ],
    ['unreadable times', { validity: hex('3000') }, { notBefore: Number.NaN, notAfter: Number.NaN }],
  ])('%s', (_, parts, expected) => {
    expect(parse(certificate(parts))).toMatchObject(expected);
  });

  test('the most specific common name, the first organisation', () => {
    const O = '55040a';
    const text = (value: string): Uint8Array => ascii(value);
    const subject = name(
      [CN, 0x13, text('first')],
      [O, 0x13, text('A')],
      [O, 0x13, text('B')],
      [CN, 0x13, text('second')],
    );
    expect(parse(certificate({ subject }))).toMatchObject({ commonName: 'second', organisation: 'A' });
  });

  test('no more than 64 names', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `n${i}.example`);
    const found = parse(certificate({ extensions: alternatives(...many) })) as TlsCertificate;
    expect(found.names).toEqual(many.slice(0, 64));
  });

  test.each([
    ['nothing', ''],
    ['no sequence', '020101'],
    ['indefinite length', '3080000000'],
    ['length of four bytes', '308400000002300000'],
    ['tag of several bytes', '3f8101'],
    ['empty', '3000'],
    ['empty body', '30023000'],
  ])('%s: null', (_, text) => {
    expect(parse(hex(text))).toBeNull();
  });

  test('a tower of sequences is not climbed', () => {
    let tower = hex('3000');
    while (tower.length < 60_000) tower = der(0x30, tower);
    expect(parse(tower)).toBeNull();
  });

  test('arbitrary and damaged bytes: a certificate with bounded texts, or null', () => {
    const edits = fc.array(fc.tuple(fc.nat(POOL_CERTIFICATE.length - 1), fc.nat(255)), { maxLength: 5 });
    const source = fc.constantFrom(POOL_CERTIFICATE, V1_CERTIFICATE, SAN_CERTIFICATE, BMP_CERTIFICATE);
    fc.assert(
      fc.property(source, edits, (original, changes) => {
        const bytes = Uint8Array.from(original);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const found = parse(bytes);
        if (found === null) return;
        expect(found.names.length).toBeLessThanOrEqual(64);
        expect((found.commonName ?? '').length).toBeLessThanOrEqual(256);
      }),
      { numRuns: 1000 },
    );
  });
});

const element = (bytes: Uint8Array): DerReader => {
  const { bytes: around, off, end } = embed(bytes, 0x41);
  const reader = new DerReader(around, off, end);
  expect(reader.read()).toBe(true);
  return reader;
};

describe('derText', () => {
  test.each([
    ['UTF-8', 0x0c, '47c3b6e79fbf', 'Gö矿'],
    ['damaged UTF-8', 0x0c, '61ff62', 'a\ufffdb'],
    ['PrintableString', 0x13, '4142', 'AB'],
    ['T61String as ISO 8859-1', 0x14, 'e442', 'äB'],
    ['IA5String', 0x16, '61', 'a'],
    ['VisibleString', 0x1a, '61', 'a'],
    ['NumericString', 0x12, '31', '1'],
    ['BMPString, odd byte left', 0x1e, '77ff004200', '矿B'],
    ['BMPString, half a pair', 0x1e, 'd8000041', '\ufffdA'],
    ['UniversalString', 0x1c, '0001f6000000004100110000', '😀A\ufffd'],
    ['control characters', 0x0c, '611b5b31c29b00', 'a\ufffd[1\ufffd\ufffd'],
    ['no text', 0x04, '61', null],
  ])('%s', (_, tag, content, expected) => {
    expect(derText(element(der(tag, hex(content))))).toBe(expected);
  });

  test('256 characters at most', () => {
    for (const tag of [0x0c, 0x13, 0x1e, 0x1c])
      expect(derText(element(der(tag, new Uint8Array(5000).fill(0x41))))?.length).toBe(256);
  });
});

describe('derTime', () => {
  const at = (tag: number, text: string): number => derTime(element(der(tag, ascii(text))));
  const utc = (...parts: Parameters<typeof Date.UTC>): number => Date.UTC(...parts) / 1000;
  test.each([
    [0x17, '700101000000Z', 0],
    [0x17, '500101000000Z', utc(1950, 0, 1)],
    [0x17, '491231235959Z', utc(2049, 11, 31, 23, 59, 59)],
    [0x17, '2602281200Z', utc(2026, 1, 28, 12)],
    [0x17, '260228120000+0130', utc(2026, 1, 28, 10, 30)],
    [0x17, '260228120000-0800', utc(2026, 1, 28, 20)],
    [0x18, '20240229000000Z', utc(2024, 1, 29)],
    [0x18, '21261231235959Z', utc(2126, 11, 31, 23, 59, 59)],
    [0x18, '99991231235959Z', utc(9999, 11, 31, 23, 59, 59)],
    [0x18, '00000101000000Z', -62_167_219_200],
    [0x18, '00010101000000Z', -62_135_596_800],
  ])('%i %s', (tag, text, expected) => {
    expect(at(tag, text)).toBe(expected);
  });

  test.each([
    [0x17, '20240229000000Z'],
    [0x17, '260229000000Z'],
    [0x17, '261301000000Z'],
    [0x17, '260001000000Z'],
    [0x17, '260100000000Z'],
    [0x17, '260101240000Z'],
    [0x17, '260101006000Z'],
    [0x17, '260101000060Z'],
    [0x17, '260101000000'],
    [0x17, ''],
    [0x18, '21000229000000Z'],
    [0x18, '260101000000Z'],
    [0x18, '20260101000000Z                    '],
    [0x0c, '260101000000Z'],
  ])('%i %j is no time', (tag, text) => {
    expect(at(tag, text)).toBeNaN();
  });

  test('every day of 400 years', () => {
    for (let day = utc(1950, 0, 1); day < utc(2350, 0, 1); day += 86_400) {
      const text = new Date(day * 1000).toISOString().replace(/[-:T]|\.000/g, '');
      const reader = new DerReader(ascii(`\x18\x0f${text}`), 0, 17);
      reader.read();
      if (derTime(reader) !== day) expect(derTime(reader), text).toBe(day);
    }
  });
});
