import { CASE_OPTIONS, type GroupSpec, LEDGER_OPTIONS, OUTPUT_OPTIONS, option } from './group.ts';

export type LedgerAction = 'verify' | 'anchor' | 'backup' | 'restore' | 'purge' | 'settings';
export type ReportAction = 'weekly' | 'region' | 'department';
export type EvidenceAction = 'verify';

export const LEDGER_GROUP: GroupSpec<LedgerAction> = {
  name: 'ledger',
  summary: 'Check, anchor, back up, restore and purge the ledger',
  actions: {
    verify: {
      arguments: '',
      summary: 'Check every entry of the history and everything that hangs on it',
      options: { ...LEDGER_OPTIONS, anchor: option.list('file with an anchor that must fit'), ...OUTPUT_OPTIONS },
    },
    anchor: {
      arguments: '',
      summary: 'Print the head of the history, to be kept elsewhere',
      options: { ...LEDGER_OPTIONS, out: { ...option.text('file to write instead'), alias: 'o' }, ...OUTPUT_OPTIONS },
    },
    backup: {
      arguments: '<file>',
      summary: 'Copy the ledger while it is in use',
      positionals: { file: { type: 'string', describe: 'file to write; must not exist' } },
      options: { ...LEDGER_OPTIONS, ...OUTPUT_OPTIONS },
    },
    restore: {
      arguments: '<file>',
      summary: 'Make a ledger from a backup that verifies',
      positionals: { file: { type: 'string', describe: 'the backup' } },
      options: {
        ...LEDGER_OPTIONS,
        replace: option.flag('set a ledger of that name aside'),
        ...OUTPUT_OPTIONS,
      },
    },
    settings: {
      arguments: '[pairs..]',
      summary: 'Show or change what leads are made by: reference_date=2021-09-24 deadline.open=5',
      positionals: { pairs: { type: 'string', array: true, describe: 'NAME=VALUE …; NAME= takes the default again' } },
      options: { ...LEDGER_OPTIONS, ...OUTPUT_OPTIONS },
    },
    purge: {
      arguments: '',
      summary: 'Erase what is kept longer than allowed; the history still verifies',
      options: {
        ...LEDGER_OPTIONS,
        'captures-days': option.text('days to keep packets of leads that are not open (default 90)'),
        'detections-days': option.text('days to keep detections after their lead was closed (default 365)'),
        'sealed-days': option.text('days to keep sealed fields after their lead was closed (default 1095)'),
        'audit-days': option.text('days to keep personal parts of the history, at least 183 (default 1095)'),
        'dry-run': option.flag('say what would go, erase nothing'),
        ...OUTPUT_OPTIONS,
      },
    },
  },
  examples: [
    ['poolprint ledger verify --anchor monday.json', 'against a head kept elsewhere'],
    ['poolprint ledger purge --dry-run', 'what retention would erase'],
  ],
  epilogue: 'Exit codes: 0 done, 1 the ledger does not verify or could not be read or written, 2 usage.',
};

const PERIOD = {
  from: option.text('first day, YYYY-MM-DD (default: the Friday before --to)'),
  to: option.text('day after the last (default: the Friday that comes)'),
};

const reportOptions = {
  ...CASE_OPTIONS,
  ...PERIOD,
  previous: option.text('JSON of the report before, for the differences'),
  csv: option.flag('print CSV'),
  ...OUTPUT_OPTIONS,
};

export const REPORT_GROUP: GroupSpec<ReportAction> = {
  name: 'report',
  summary: 'Figures of a week, by region or by department',
  actions: {
    weekly: { arguments: '', summary: 'What changed in a week', options: reportOptions },
    region: {
      arguments: '',
      summary: 'The same for one region',
      options: { region: option.text('division: 44, 4413 or 441302 (default: all that have one)'), ...reportOptions },
    },
    department: {
      arguments: '',
      summary: 'The same for the leads that a department owns',
      options: { department: option.text('department that owns the leads (default: nobody)'), ...reportOptions },
    },
  },
  examples: [['poolprint report weekly --to 2026-11-20 --lang zh', 'the week that ended on Thursday']],
  epilogue: 'Exit codes: 0 done, 1 the ledger could not be read, 2 usage.',
};

export const EVIDENCE_GROUP: GroupSpec<EvidenceAction> = {
  name: 'evidence',
  summary: 'Check an evidence package',
  actions: {
    verify: {
      arguments: '<files..>',
      summary: 'Check hashes, run the named signatures on the packets, compare the detections',
      positionals: {
        files: { type: 'string', array: true, describe: 'packages written by leads export --format evidence' },
      },
      options: {
        signatures: option.list('use the signatures of this folder or file instead of those that come along'),
        ...OUTPUT_OPTIONS,
      },
    },
  },
  examples: [['poolprint evidence verify lead.zip', 'no ledger is needed']],
  epilogue: 'Exit codes: 0 everything holds, 1 something does not or could not be read, 2 usage.',
};
