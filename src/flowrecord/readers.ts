import { IpfixReader } from './ipfix-file.ts';
import type { LogFormat, RecordReader } from './record.ts';
import { EveParser } from './text-eve.ts';
import { Goflow2Parser } from './text-goflow2.ts';
import { NfdumpCsvParser } from './text-nfdump-csv.ts';
import { NfdumpJsonParser } from './text-nfdump-json.ts';
import type { LogOptions } from './text-output.ts';
import { TextReader } from './text-reader.ts';
import { ZeekParser } from './text-zeek.ts';

/**
 * A reader for one file or stream of flow records. `input`: number of the input in records; `samplingRate`: where the format
 * does not tell one, null = 1; `time`: µs since the epoch, for records that carry no time.
 */
export function createRecordReader(format: LogFormat, options: LogOptions): RecordReader {
  switch (format) {
    case 'ipfix':
      return new IpfixReader({ input: options.input, samplingRate: options.samplingRate });
    case 'nfdump-csv':
      return new TextReader(new NfdumpCsvParser(), options, 'lines');
    case 'nfdump-json':
      return new TextReader(new NfdumpJsonParser(), options, 'objects');
    case 'zeek':
      return new TextReader(new ZeekParser(), options, 'lines');
    case 'eve':
      return new TextReader(new EveParser(), options, 'lines');
    case 'goflow2':
      return new TextReader(new Goflow2Parser(), options, 'lines');
  }
}
