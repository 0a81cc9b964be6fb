/** What all readers of logs have in common: any bytes, any pieces, bounded lines, and saying what a file is not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRecordReader } from '../../src/flowrecord/readers.ts';
import { LOG_FORMATS, type LogFormat, type RecordReader } from '../../src/flowrecord/record.ts';
import { MAX_ENTRY } from '../../src/flowrecord/text-split.ts';
import { faultsOf, type ReadLog, readLog } from './text-logs-helper.ts';

const TEXT_FORMATS = LOG_FORMATS.filter((format) => format !== 'ipfix');

const CONN =
  '#separator \\x09\n#unset_field\t-\n#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_pkts\torig_ip_bytes\n' +
  '1795312289.3\t10.0.0.5\t1\t203.0.113.9\t2\ttcp\t4\t200\n';
const EVE =
  '{"timestamp":"2026-11-21T12:21:43.564905+0000","event_type":"flow","src_ip":"10.0.0.5","src_port":5,"dest_ip":"203.0.113.9","dest_port":3,' +
  '"proto":"TCP","flow":{"pkts_toserver":9,"bytes_toserver":1369,"start":"2026-11-21T12:12:00.386389+0000"}}\n' +
  '{"timestamp":"2026-11-21T12:21:43.564905+0000","event_type":"tls","src_ip":"10.0.0.5","dest_ip":"203.0.113.9","tls":{"sni":"pool.example"}}\n';
const GOFLOW =
  '{"time_received_ns":1795312320787460121,"bytes":1430,"packets":10,"src_addr":"10.0.0.5","dst_addr":"203.0.113.9","proto":"TCP"}\n';
const CSV =
  'firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n' +
  '2026-11-21 01:51:29.373,1.5,TCP,10.0.0.5,53605,203.0.113.9,3333,2,98,1\n';
const JSON_FLOW =
  '[{"first":"2026-11-21T01:51:29.373","last":"2026-11-21T01:51:52.269","in_packets":2,"in_bytes":98,"proto":6,"src4_addr":"10.0.0.5",\n' +
  '"dst4_addr":"203.0.113.9","x":{"y":"}\\"{"}}\n]';
const SAMPLES: Readonly<Record<string, string>> = {
  zeek: CONN,
  eve: EVE,
  goflow2: GOFLOW,
  'nfdump-csv': CSV,
  'nfdump-json': JSON_FLOW,
};

/** All that is told of a log. */
function outcome({ records, names, reader }: ReadLog): unknown {
  return { records, names, faults: faultsOf(reader.counts), failure: reader.failure, damage: reader.damage };
}

/** Text that is nearly a log: pieces of one, cut and joined, with bytes that are no text. */
const nearly = (sample: string): fc.Arbitrary<Uint8Array> => {
  const slice = fc
    .tuple(fc.nat(sample.length), fc.nat(sample.length))
    .map(([a, b]) => new TextEncoder().encode(sample.slice(Math.min(a, b), Math.max(a, b))));
  const whole = fc.constant(new TextEncoder().encode(sample));
  const noise = fc.uint8Array({ maxLength: 12 });
  return fc
    .array(fc.oneof(whole, slice, noise), { maxLength: 12 })
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
};

describe.each(TEXT_FORMATS)('%s', (format: LogFormat) => {
  const sample = SAMPLES[format] as string;

  test('any bytes in any pieces: never a throw, and the same told', () => {
    fc.assert(
      fc.property(
        fc.oneof(nearly(sample), fc.uint8Array({ maxLength: 300 })),
        fc.integer({ min: 1, max: 90 }),
        (bytes, piece) => {
          expect(outcome(readLog(format, bytes, piece))).toEqual(outcome(readLog(format, bytes)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('every truncation: what was whole is told, the rest is damage or nothing', () => {
    const all = readLog(format, sample);
    expect(all.records).toHaveLength(1);
    expect(all.reader).toMatchObject({ failure: null, damage: null });
    for (let length = 0; length < sample.length; length++) {
      const cut = readLog(format, sample.slice(0, length), 17);
      if (cut.records.length > 0)
        expect(cut.records[0]).toMatchObject({ packets: all.records[0]?.packets, source0: 0x0a00_0005 });
      expect(faultsOf(cut.reader.counts).bad_line ?? 0).toBe(0);
    }
  });

  test('a line that is too long is skipped and counted, and costs nothing else', () => {
    const long = format === 'nfdump-json' ? `{"a":"${'x'.repeat(MAX_ENTRY)}"}` : 'x'.repeat(MAX_ENTRY + 10);
    const log = `${sample}\n${long}\n${sample}`;
    for (const piece of [1_000_000, 4096, 65_537]) {
      const { records, reader } = readLog(format, log, piece);
      expect(records).toHaveLength(2);
      expect(faultsOf(reader.counts)).toEqual({ line_too_long: 1 });
    }
  });

  test('CRLF, a byte order mark, bytes that are no UTF-8', () => {
    const bytes = new TextEncoder().encode(`\uFEFF${sample.replaceAll('\n', '\r\n')}`);
    expect(readLog(format, bytes, 1).records).toHaveLength(1);
    const text = new TextEncoder().encode(`${sample}\n`);
    const log = Uint8Array.from([...text, 0xff, 0xfe, 0xc3, 0x0a, ...text]);
    expect(readLog(format, log, 3).records).toHaveLength(2);
  });

  test('says of another format that it is another, and reads no further', () => {
    const { reader, records } = readLog(format, 'Nov 21 host sshd[1]: text\n'.repeat(5000), 1000);
    expect(reader.failure).toMatch(/^not .*"Nov 21 host sshd\[1\]: text.*set the format that it is$/);
    expect(reader.failure).not.toContain('\n');
    expect(records).toEqual([]);
    expect(reader.counts.faults.reduce((a, b) => a + b)).toBeLessThanOrEqual(1000);
  });

  test('hostile depth and width', () => {
    for (const log of [
      '['.repeat(60_000),
      `{"a":${'['.repeat(50_000)}`,
      '{'.repeat(70_000),
      ','.repeat(65_000),
      '\\x'.repeat(30_000),
    ]) {
      expect(readLog(format, `${log}\n${sample}`, 5000).records.length).toBeLessThanOrEqual(1);
    }
  });
});

test('what is not told of by a sink without names is no error', () => {
  const reader = createRecordReader('eve', { input: 1, samplingRate: null, time: 1 });
  const bytes = new TextEncoder().encode(EVE);
  reader.feed(bytes, 0, bytes.length, { onRecord: () => undefined });
  reader.finish({ onRecord: () => undefined });
  expect(reader.counts).toMatchObject({ records: 1, names: 1 });
});

test('the configured sampling rate stands where the log tells none', () => {
  for (const [format, sample] of Object.entries(SAMPLES)) {
    expect(readLog(format as LogFormat, sample, 99, { samplingRate: 512 }).records[0]?.samplingRate).toBe(512);
  }
});

test('IPFIX files have their reader', () => {
  const reader: RecordReader = createRecordReader('ipfix', { input: 1, samplingRate: null, time: 1 });
  reader.finish({ onRecord: () => undefined });
  expect(reader.counts.records).toBe(0);
});
