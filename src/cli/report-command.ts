import { readFileSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import * as v from 'valibot';
import { OutputError } from '../capture/capture-error.ts';
import type { Lead } from '../ledger/types.ts';
import {
  departmentReport,
  type Report,
  type ReportOptions,
  regionReport,
  weeklyReport,
} from '../publish/report-data.ts';
import { renderReportText, reportCsvRows } from '../publish/report-text.ts';
import { writeReason } from '../publish/write-reason.ts';
import { openCasework } from './casework.ts';
import { type Answer, type Context, contextOf, dayOf, jsonLine, printAnswer, textOf } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_DONE, UsageError } from './exit.ts';
import type { GivenArguments } from './group.ts';
import { regionOf } from './leads-common.ts';
import type { ReportAction } from './ledger-options.ts';
import { visible } from './text.ts';

/** Midnight in China. */
const ZONE = '+08:00';
const DAY_MS = 86_400_000;
const FRIDAY = 5;

/** What a comparison reads of the report before. */
const PREVIOUS = v.object({
  type: v.literal('report'),
  version: v.literal(1),
  total: v.object({
    listed: v.number(),
    running: v.number(),
    cleared: v.number(),
    overdue: v.number(),
    energy: v.object({ kwh_per_month: v.object({ mid: v.number() }) }),
  }),
  key_list: v.object({ clear_by: v.string(), batch: v.array(v.string()) }),
});

/** `poolprint report …`. Returns the exit code. */
export async function reportCommand(
  action: ReportAction,
  given: GivenArguments,
  environment: CliEnvironment,
): Promise<number> {
  const context = contextOf(given, environment);
  const casework = openCasework(context, 'read');
  try {
    // With history a lead counts in every state it passed in the period.
    const leads = casework.casebook.exportLeads({}, { history: true });
    const report = build(action, leads, context);
    return await printAnswer(
      answerOf(report, context, (code) => casework.regionName(code)),
      environment,
    );
  } finally {
    casework.close();
  }
}

function build(action: ReportAction, leads: Iterable<Lead>, { given, environment }: Context): Report {
  const options = period(given, environment);
  if (action === 'weekly') return weeklyReport(leads, options);
  if (action === 'department') return departmentReport(leads, { ...options, department: textOf(given, 'department') });
  return regionReport(leads, { ...options, region: regionOf(given) ?? '' });
}

function answerOf(report: Report, { json, given, language }: Context, regionName: (code: string) => string): Answer {
  if (json) return { lines: [jsonLine(report)], code: EXIT_DONE };
  const options = { language, regionName };
  if (given['csv'] === true) {
    const text = stringify(reportCsvRows(report, options), { escape_formulas: true, record_delimiter: '\n' });
    return { lines: text.trimEnd().split('\n').map(visible), code: EXIT_DONE };
  }
  return { lines: renderReportText(report, options).split('\n').map(visible), code: EXIT_DONE };
}

/** From Friday to Friday: what is frozen on Thursday is cleared on Friday. Days are those of China. */
function period(given: GivenArguments, { clock }: CliEnvironment): ReportOptions {
  const until = dayOf(given, 'to') ?? comingFriday(clock() / 1000);
  const since = dayOf(given, 'from') ?? dayText(Date.parse(`${until}T00:00:00Z`) - 7 * DAY_MS);
  if (since >= until) throw new UsageError(`--from ${since} is not before --to ${until}`);
  const iso = (day: string): string => new Date(`${day}T00:00:00${ZONE}`).toISOString();
  return { from: iso(since), to: iso(until), previous: previousReport(textOf(given, 'previous')) };
}

function comingFriday(now: number): string {
  const china = now + 8 * 3_600_000;
  const weekday = new Date(china).getUTCDay();
  return dayText(china + ((FRIDAY - weekday + 7) % 7 || 7) * DAY_MS);
}

function dayText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

function previousReport(file: string | null): Report | null {
  if (file === null) return null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new OutputError(`${file}: cannot be read: ${writeReason(error)}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (v.is(PREVIOUS, value)) return value as unknown as Report;
  } catch {
    // The line below says it.
  }
  throw new UsageError(`--previous: ${visible(file)} is no report written by 'poolprint report … --json'`);
}
