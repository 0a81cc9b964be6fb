import { CASE_OPTIONS, type GroupSpec, LEDGER_OPTIONS, OUTPUT_OPTIONS, option } from './group.ts';

export type RegistryAction = 'import' | 'list' | 'lookup';

export const REGISTRY_GROUP: GroupSpec<RegistryAction> = {
  name: 'registry',
  summary: 'Import filings, sessions, NAT logs, customers and meters; look an address up',
  actions: {
    import: {
      arguments: '<files..>',
      summary: 'Import files of operators and regulators',
      positionals: {
        files: { type: 'string', array: true, describe: 'CSV, XLS, XLSX, XML, ZIP, RADIUS detail, syslog, IPFIX …' },
      },
      options: {
        ...CASE_OPTIONS,
        layout: option.text('take the files for this layout instead of finding out (docs/registry.md)'),
        encoding: option.text('take the text for this encoding: utf-8, utf-16le, gb18030'),
        'clock-error': option.text('error of the clock of the source, seconds (default 0)'),
        realm: option.text('realm of private addresses in the files, where they name none'),
        carrier: option.text('whose accounts the files name; needed where accounts of several carriers are imported'),
        set: option.list('setting of a layout, NAME=VALUE: zone=+08:00, interim-interval=900 …'),
        profile: option.text('profile of NAT event numbers: rfc8158 or draft (default: found out)'),
        'dry-run': option.flag('read and check, import nothing'),
        'max-faults': option.text('bad rows to print (default 20)'),
        ...OUTPUT_OPTIONS,
        quiet: { ...option.flag('no progress bar'), alias: 'q' },
      },
    },
    list: {
      arguments: '',
      summary: 'List what was imported, and the layouts that are known',
      options: {
        ...LEDGER_OPTIONS,
        layouts: option.flag('list the layouts that are known; docs/registry.md has their columns'),
        ...OUTPUT_OPTIONS,
      },
    },
    lookup: {
      arguments: '<address>',
      summary: 'Say who had an address (and port) at a time',
      positionals: { address: { type: 'string', describe: 'ADDRESS or ADDRESS:PORT; IPv6 with a port in brackets' } },
      options: {
        ...CASE_OPTIONS,
        at: option.text('time, ISO 8601; without a zone UTC'),
        until: option.text('end of the time seen (default: --at)'),
        nat: option.choice('where the sensor stood to address translation (default none)', [
          'inside',
          'outside',
          'none',
        ]),
        realm: option.text('realm of a private address'),
        protocol: option.choice('transport protocol (default tcp)', ['tcp', 'udp']),
        'clock-error': option.text('error of the clock of the sensor, seconds (default 0)'),
        'known-at': option.text('answer as the registry was known at this time'),
        mmdb: option.list('database in MaxMind format, as a hint only'),
        sealed: option.flag('show sealed fields; needs --document and --purpose, and is noted'),
        document: option.text('number of the document that allows it'),
        purpose: option.text('what the sealed fields are read for'),
        ...OUTPUT_OPTIONS,
      },
    },
  },
  examples: [
    ['poolprint registry import filing.csv sessions.csv.gz', 'with layout and encoding found out'],
    ["poolprint registry lookup 198.51.100.17:5533 --nat outside --at '2026-11-03T02:14:07Z'", 'behind carrier NAT'],
  ],
  epilogue: 'Exit codes: 0 done (bad rows are listed), 1 a file could not be read or nothing of it was taken, 2 usage.',
};
