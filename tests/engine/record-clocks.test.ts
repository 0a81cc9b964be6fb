/** Exporters whose clocks are hours or years off: what is told of others holds, and nobody is accused of tomorrow. */
import { describe, expect, test } from 'vitest';
import type { KeyFacts } from '../../src/detect/key-facts.ts';
import { RecordPipeline } from '../../src/engine/records/record-pipeline.ts';
import type { FlowRecord } from '../../src/flowrecord/record.ts';
import type { EndpointRow } from '../../src/signature/endpoint-types.ts';
import { EndpointIndex } from '../../src/signature/endpoints.ts';
import { DAY_START, MINUTE, talk } from './record-pipeline-records.ts';
import { SIGNATURES } from './run.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const POOL: EndpointRow = {
  ...{ kind: 'ip', value: '198.51.100.9', ports: [3333], pool: 'Invented Pool', coins: ['XMR'], transport: 'tcp' },
  ...{ role: 'stratum', region: '', confidence: 'high', source: 'invented' },
};
const START = DAY_START + 12 * HOUR;

function pipeline(now?: () => number): RecordPipeline {
  return new RecordPipeline({
    ...{ signatures: SIGNATURES, endpoints: new EndpointIndex([POOL], []), capacity: 1024, idleTimeout: 3600e6 },
    ...(now === undefined ? {} : { now }),
  });
}

/** Everything told to the end, with news asked for after every record, as checkpoints do. */
function tellAll(p: RecordPipeline, records: readonly FlowRecord[]): KeyFacts[] {
  const ended: KeyFacts[] = [];
  for (const r of records) {
    p.onRecord(r);
    ended.push(...p.tell().ended);
  }
  p.finish();
  return [...ended, ...p.tell().ended];
}

describe('two exporters of one point', () => {
  test.each([-200, -8, 200])('one is %i hours off: each conversation is one, and work', (hours) => {
    const right = [...talk({ from: START, minutes: 90 })];
    const wrong = [...talk({ from: START + hours * HOUR, minutes: 90, client: '100.64.0.8' })];
    const facts = tellAll(
      pipeline(),
      right.flatMap((r, i) => [r, wrong[i] as FlowRecord]),
    );
    expect(facts.map(({ miner, worked, flows }) => [miner, worked, flows]).sort()).toEqual([
      ['100.64.0.7', true, 1],
      ['100.64.0.8', true, 1],
    ]);
  });

  test('silence by the clock of the point still ends a conversation', () => {
    const p = pipeline();
    for (const r of talk({ from: START, minutes: 10 })) p.onRecord(r);
    p.tell();
    for (const r of talk({ from: START + 2 * HOUR, minutes: 10, client: '100.64.0.9' })) p.onRecord(r);
    p.tell();
    expect(p.counts().watched).toBe(1);
  });
});

describe('with a wall clock', () => {
  test('records of times that have not come are counted and tell nothing', () => {
    const p = pipeline(() => START + HOUR);
    const facts = tellAll(p, [...talk({ from: START + 3 * DAY, minutes: 30 })]);
    expect(facts).toEqual([]);
    const { ignored, records, lastTime } = p.counts();
    expect([ignored, lastTime]).toEqual([records, 0]);
  });

  test('it is asked again as time goes on', () => {
    let now = START;
    const p = pipeline(() => now);
    const records = [...talk({ from: START + 2 * DAY, minutes: 30 })];
    p.onRecord(records[0] as FlowRecord);
    now += 2 * DAY;
    for (const r of records) p.onRecord(r);
    expect(p.counts().ignored).toBe(1);
  });

  test('one that was never set is not believed', () => {
    const p = pipeline(() => 1e6);
    expect(tellAll(p, [...talk({ from: START, minutes: 30 })])).toHaveLength(1);
  });
});

describe('a record of many days', () => {
  test('all of them are told, and packets come to what it says', () => {
    const [record] = [...talk({ from: START - 10 * DAY, minutes: 10 * 1440, cut: 10 * DAY, directions: 'biflow' })];
    const facts = tellAll(pipeline(), [record as FlowRecord]);
    expect(facts.map(({ day }) => day).sort()).toHaveLength(11);
    const packets = facts.reduce((n, f) => n + f.packets[0], 0);
    expect(Math.abs(packets - (record as FlowRecord).packets)).toBeLessThanOrEqual(11);
  });

  test('a day on which less than a packet falls is none', () => {
    const [record] = [...talk({ from: START - 20 * DAY, minutes: 20 * 1440, cut: 20 * DAY })];
    Object.assign(record as FlowRecord, { packets: 4, bytes: 4000 });
    expect(tellAll(pipeline(), [record as FlowRecord])).toEqual([]);
  });
});
