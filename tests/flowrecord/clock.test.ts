/** Exporters whose clocks are wrong: attribution goes by time, and hours later an address is another subscriber's. */
import { expect, test } from 'vitest';
import { Collector } from '../../src/flowrecord/collector.ts';
import * as b from './netflow-builder.ts';

const ADDRESS = '203.0.113.1';
const HOUR = 3600e6;
const MILLISECONDS: readonly b.FieldSpec[] = [...b.ADDRESSES, [152, 8], [153, 8]];
const UPTIMES: readonly b.FieldSpec[] = [...b.ADDRESSES, [22, 4], [21, 4]];

function taken(bytes: Uint8Array, clockTolerance: number | undefined, time: number = b.TIME) {
  const collector = new Collector({
    exporters: [ADDRESS],
    protocols: ['netflow', 'ipfix'],
    samplingRate: null,
    templateTimeout: 600e6,
    ...(clockTolerance === undefined ? {} : { clockTolerance }),
  });
  const sink = new b.Kept();
  collector.onDatagram(bytes, 0, bytes.length, ADDRESS, 2055, time, sink);
  expect(sink.records).toHaveLength(1);
  return {
    start: sink.last.start - time,
    end: sink.last.end - time,
    off: collector.exporters()[0]?.clockOff,
    faults: b.faultsOf(collector.counts),
  };
}

/** A flow of a minute by the absolute clock of the exporter, which ended `ended` µs from T0. */
const absolute = (ended: number, seconds?: number): Uint8Array => {
  const end = (b.TIME + ended) / 1000;
  const record = [...b.addresses(), ...b.uint(end - 60_000, 8), ...b.uint(end, 8)];
  return b.ipfix([b.template(256, MILLISECONDS), b.data(256, record)], seconds === undefined ? {} : { seconds });
};
/** The same by its uptime; of `up` ms when it was told, `ended` ms when it ended. */
const relative = (ended: number, up: number, seconds: number): Uint8Array =>
  b.v9(
    [b.template(256, UPTIMES, 0), b.data(256, [...b.addresses(), ...b.uint(ended - 60_000, 4), ...b.uint(ended, 4)])],
    { uptime: up, seconds },
  );
const FINE = { off: 0, faults: {} };
const right = (end: number, off: number) => ({ start: end - 60e6, end, off, faults: { bad_time: 1 } });

test.each([
  ['a clock that is right', absolute(-5e6), { start: -65e6, end: -5e6, ...FINE }],
  ['one that is a little off', absolute(-500e6), { start: -560e6, end: -500e6, ...FINE }],
  ['six hours slow, also in its header', absolute(-6 * HOUR - 5e6, b.T0 - 6 * 3600), right(-5e6, -6 * HOUR - 5e6)],
  ['an hour fast', absolute(HOUR - 5e6, b.T0 + 3600), right(-5e6, HOUR - 5e6)],
  ['only the header is wrong (uptime in its place)', absolute(-5e6, 129_080), { start: -65e6, end: -5e6, ...FINE }],
  ['only the flow is wrong', absolute(-10 * 24 * HOUR), right(0, -10 * 24 * HOUR)],
  ['by uptime, six hours slow', relative(95_000, 100_000, b.T0 - 6 * 3600), right(-5e6, -6 * HOUR - 5e6)],
  ['by uptime, uptime of the header 0', relative(18_000_000, 0, b.T0), right(0, -(2 ** 32 - 18_000_000) * 1000)],
])('%s', (_name, bytes, expected) => {
  expect(taken(bytes, 600e6)).toEqual(expected);
});

test('without a tolerance any clock is believed: flows that are sent again', () => {
  expect(taken(absolute(-6 * HOUR, b.T0 - 6 * 3600), undefined)).toEqual({
    start: -6 * HOUR - 60e6,
    end: -6 * HOUR,
    ...FINE,
  });
  expect(taken(absolute(-6 * HOUR, b.T0 - 6 * 3600), 0)).toMatchObject({ end: -6 * HOUR, ...FINE });
});
