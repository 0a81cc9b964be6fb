/** Captures of this project as an exporter would tell them: packets are all counted once, whatever its timeouts. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecordPipeline } from '../../src/engine/records/record-pipeline.ts';
import { FlowRecord } from '../../src/flowrecord/record.ts';
import { feed, recordsOf } from './record-pipeline-maker.ts';
import { ENDPOINTS, SIGNATURES } from './run.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'captures');
const FILES = readdirSync(CAPTURES).filter((name) => /\.pcap(?:ng)?$/.test(name));

describe('captures as flow records', () => {
  test('there are captures', () => expect(FILES.length).toBeGreaterThan(50));

  test.each(FILES)('%s', (file) => {
    for (const settings of [
      { active: 60, inactive: 15, sampling: 1 },
      { active: 300, inactive: 60, sampling: 10 },
    ]) {
      const told = recordsOf(join(CAPTURES, file), settings);
      const options = { signatures: SIGNATURES, endpoints: ENDPOINTS, capacity: 1024, idleTimeout: 3600e6 };
      const p = new RecordPipeline(options);
      feed(told, p);
      const { records, ignored } = p.counts();
      expect(records).toBe(told.filter((t) => t instanceof FlowRecord).length);
      expect(ignored).toBe(told.filter((t) => t instanceof FlowRecord && t.protocol !== 6).length);
      p.finish();
      const { ended, open } = p.tell();
      const signs = [...ended, ...open.flatMap(([, facts]) => facts)].flatMap((f) => f.indications);
      expect(signs.filter(({ value }) => value.indication.proof)).toEqual([]);
      // What is not named and not listed is never reported by shape here: none of these lasts for hours on such a port.
      expect(signs.filter(({ value }) => value.indication.signature === 'flow-record.unlisted')).toEqual([]);
    }
  });
});
