import { CATEGORIES, FLAGS, STATUSES } from '../ledger/types.ts';
import { CASE_OPTIONS, type GroupSpec, OUTPUT_OPTIONS, option } from './group.ts';

export type LeadsAction = 'list' | 'show' | 'set' | 'merge' | 'split' | 'link' | 'export' | 'import' | 'attribute';

/** Departments that leads are handed over to, as the field sets name them. */
export const DEPARTMENTS = [
  'ndrc',
  'cac',
  'miit',
  'finance',
  'energy',
  'tax',
  'market',
  'police',
  'discipline',
  'carrier',
] as const;

export const EXPORT_FORMATS = ['json', 'csv', 'xlsx', 'stix', 'shadowserver', 'eve', 'dossier', 'evidence'] as const;

const CONFIDENCES = ['confirmed', 'probable', 'suspected'];

const FILTERS = {
  region: option.text('only this division: 44, 4413 or 441302'),
  status: option.choices('only this status', STATUSES),
  category: option.choices('only this category', CATEGORIES),
  confidence: option.choices('only this confidence', CONFIDENCES),
  flag: option.choices('only leads with this flag', FLAGS),
  from: option.text('seen at or after this time'),
  to: option.text('seen before this time'),
};

const one = { id: { type: 'string', describe: 'id or number of the lead' } } as const;
const DOCUMENT = option.text('number of the document behind it');

export const LEADS_GROUP: GroupSpec<LeadsAction> = {
  name: 'leads',
  summary: 'List, judge, join, hand over and take in leads',
  actions: {
    list: { arguments: '', summary: 'List leads', options: { ...CASE_OPTIONS, ...FILTERS, ...OUTPUT_OPTIONS } },
    show: {
      arguments: '<ids..>',
      summary: 'Show all there is about a lead, with its history',
      positionals: { ids: { type: 'string', array: true, describe: 'ids or numbers' } },
      options: {
        ...CASE_OPTIONS,
        sealed: option.flag('show sealed fields; needs --document and --purpose, and is noted'),
        document: DOCUMENT,
        purpose: option.text('what the sealed fields are read for'),
        ...OUTPUT_OPTIONS,
      },
    },
    set: {
      arguments: '<id> <fields..>',
      summary: 'Set status, category and other fields: status=true category=new',
      positionals: { ...one, fields: { type: 'string', array: true, describe: 'NAME=VALUE …' } },
      options: {
        ...CASE_OPTIONS,
        document: DOCUMENT,
        department: option.text('department that decided'),
        date: option.text('day on which mining stopped, with status=stopped'),
        method: option.text('how it was stopped, with status=stopped'),
        person: option.text('person responsible; kept sealed'),
        note: option.text('words that go with it'),
        ...OUTPUT_OPTIONS,
      },
    },
    merge: {
      arguments: '<id> <into>',
      summary: 'Make two leads one, which keeps the id of the second',
      positionals: { ...one, into: { type: 'string', describe: 'the lead that stays' } },
      options: { ...CASE_OPTIONS, document: DOCUMENT, note: option.text('why'), ...OUTPUT_OPTIONS },
    },
    split: {
      arguments: '<id> <parts..>',
      summary: 'Take addresses or earlier ids out of a lead into one of their own',
      positionals: { ...one, parts: { type: 'string', array: true, describe: 'addresses or aliases to take out' } },
      options: { ...CASE_OPTIONS, document: DOCUMENT, note: option.text('why'), ...OUTPUT_OPTIONS },
    },
    link: {
      arguments: '<id> [other]',
      summary: 'Show what links a lead with others, or link two by hand',
      positionals: { ...one, other: { type: 'string', describe: 'the other lead' } },
      options: {
        ...CASE_OPTIONS,
        kind: option.text('kind of link (default person)'),
        note: option.text('why'),
        ...OUTPUT_OPTIONS,
      },
    },
    export: {
      arguments: '[ids..]',
      summary: 'Write leads for somebody, and note to whom, why and what',
      positionals: {
        ids: { type: 'string', array: true, describe: 'ids or numbers (default: all that fit the filters)' },
      },
      options: {
        ...CASE_OPTIONS,
        format: option.choice('form of the file (default json)', EXPORT_FORMATS),
        for: option.choice('department that receives it; decides which fields go', DEPARTMENTS),
        document: DOCUMENT,
        purpose: option.text('what it is handed over for, with the article: 1283 art. 19'),
        recipient: option.text('office that receives it (default: the department)'),
        unit: option.text('office that hands it over (default: poolprint)'),
        feedback: option.text('day by which an answer is expected, YYYY-MM-DD'),
        out: {
          ...option.text('file or folder to write (default: standard output where the format is text)'),
          alias: 'o',
        },
        encoding: option.choice('encoding of CSV (default utf-8, with a byte order mark)', ['utf-8', 'gb18030']),
        tlp: option.choice('marking of STIX bundles (default amber)', [
          'clear',
          'green',
          'amber',
          'amber+strict',
          'red',
        ]),
        'no-history': option.flag('leave the history out'),
        sealed: option.flag('with sealed fields where the department may have them; needs --document and --purpose'),
        mmdb: option.list('database in MaxMind format: autonomous systems for shadowserver and stix'),
        'observed-at': option.text('count observed time up to here (default: the last time covered)'),
        ...FILTERS,
        lang: OUTPUT_OPTIONS['lang'] ?? {},
        json: option.flag('say what was written as JSON'),
      },
    },
    import: {
      arguments: '<files..>',
      summary: 'Take in address lists, hotline reports, Shadowserver, X-ARF, EVE, and feedback to leads',
      positionals: { files: { type: 'string', array: true, describe: 'CSV, XLSX or JSON files' } },
      options: {
        ...CASE_OPTIONS,
        source: option.text('who sent it (default: the name of the file)'),
        encoding: option.text('take the text for this encoding: utf-8, utf-16le, gb18030'),
        'dry-run': option.flag('read and check, take nothing in'),
        ...OUTPUT_OPTIONS,
      },
    },
    attribute: {
      arguments: '[ids..]',
      summary: 'Ask the registry again about leads, after an import',
      positionals: { ids: { type: 'string', array: true, describe: 'ids or numbers (default: all)' } },
      options: {
        ...CASE_OPTIONS,
        mmdb: option.list('database in MaxMind format, as a hint only'),
        ...OUTPUT_OPTIONS,
      },
    },
  },
  examples: [
    ['poolprint leads list --region 64 --status open', 'open leads of a province'],
    [
      'poolprint leads set L-640502-2026-000001 status=true category=new --document 某检〔2026〕1号',
      'a finding on site',
    ],
    ['poolprint leads export --format xlsx --for ndrc --purpose "1283 art. 3" -o ledger.xlsx', 'the weekly ledger'],
  ],
  epilogue: 'Exit codes: 0 done, 1 a file or the ledger could not be read or written, 2 usage.',
};
