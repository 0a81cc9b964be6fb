import { DEFAULT_SETTINGS, type LeadSettings, REFERENCE_DATES } from '../ledger/services.ts';
import { type Ledger, RETENTION, type RetentionPolicy } from '../ledger/sqlite/ledger.ts';
import { STATUSES, type Status } from '../ledger/types.ts';
import { UsageError } from './exit.ts';
import { visible } from './text.ts';

/** Under this name the ledger keeps its settings: everybody who works with it works by the same ones. */
const NAME = 'settings';
const MAX_DAYS = 36_500;

/** What a user may set, with what it means; values are kept as texts. */
export const SETTINGS: Readonly<Record<string, string>> = {
  reference_date: `running by this day (in China) is existing, later new; presets ${REFERENCE_DATES.join(', ')}`,
  threshold: 'least overall grade, 1 to 100, with which traffic goes to a subject',
  join_gap_hours: 'the same worker under a new address within these hours is the same lead',
  report_window_hours: 'a report belongs to traffic of its address within these hours',
  industrial_kw: 'from this power of the site a lead is industrial',
  rare_leads: 'what more leads than this share links nothing',
  ...Object.fromEntries(STATUSES.map((status) => [`deadline.${status}`, 'working days in this status, or none'])),
  'retention.captures': 'days to keep packets of leads that are not open',
  'retention.detections': 'days to keep detections after their lead ended',
  'retention.sealed': 'days to keep sealed fields after their lead ended',
  'retention.audit': 'days to keep personal parts of the history, at least 183',
};

type Values = Readonly<Record<string, string>>;

/** What was set; names that this version does not know are kept and passed over. */
export function settingValues({ leads }: Pick<Ledger, 'leads'>): Values {
  const text = leads.setting(NAME);
  if (text === null) return {};
  const value: unknown = JSON.parse(text);
  if (value === null || typeof value !== 'object') return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, set]) => (typeof set === 'string' ? [[name, set]] : [])),
  );
}

/** Checks one value. Throws UsageError. */
export function checkSetting(name: string, value: string): void {
  if (!Object.hasOwn(SETTINGS, name)) {
    throw new UsageError(`'${visible(name)}' is no setting; there are ${Object.keys(SETTINGS).join(', ')}`);
  }
  if (name === 'reference_date') {
    const day = /^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(Date.parse(`${value}T00:00:00Z`) || 0).toISOString();
    if (day === false || !day.startsWith(value))
      throw new UsageError(`${name}: '${visible(value)}' is no day such as 2021-09-03`);
    return;
  }
  if (name.startsWith('deadline.') && value === 'none') return;
  const number = Number(value);
  const [least, most] = name === 'threshold' ? [1, 100] : name === 'retention.audit' ? [183, MAX_DAYS] : [0, MAX_DAYS];
  if (!/^\d+(?:\.\d+)?$/.test(value) || number < least || number > most) {
    throw new UsageError(`${name}: '${visible(value)}' is no number from ${least} to ${most}`);
  }
}

/** Stores settings; an empty value takes one back to the default. The caller writes the entry about it. */
export function storeSettings({ leads }: Pick<Ledger, 'leads'>, changes: Values): void {
  const values = { ...settingValues({ leads }), ...changes };
  const kept = Object.entries(values).filter(([, value]) => value !== '');
  leads.putSetting(NAME, JSON.stringify(Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))));
}

/** The settings of the lead logic. */
export function leadSettings(values: Values): Partial<LeadSettings> {
  const number = (name: string, key: keyof LeadSettings): Partial<LeadSettings> =>
    values[name] === undefined ? {} : { [key]: Number(values[name]) };
  const deadlines = Object.fromEntries(
    STATUSES.map((status): [Status, number | null] => {
      const value = values[`deadline.${status}`];
      if (value === undefined) return [status, DEFAULT_SETTINGS.deadlineDays[status]];
      return [status, value === 'none' ? null : Number(value)];
    }),
  );
  return {
    ...(values['reference_date'] === undefined ? {} : { referenceDate: values['reference_date'] }),
    ...number('threshold', 'threshold'),
    ...number('join_gap_hours', 'joinGapHours'),
    ...number('report_window_hours', 'reportWindowHours'),
    ...number('industrial_kw', 'industrialKw'),
    ...number('rare_leads', 'rareLeads'),
    deadlineDays: deadlines as Record<Status, number | null>,
  };
}

/** How long each class is kept. */
export function retentionPolicy(values: Values): RetentionPolicy {
  const days = (name: string, fallback: number): number =>
    values[`retention.${name}`] === undefined ? fallback : Number(values[`retention.${name}`]);
  return {
    ...RETENTION,
    captures: days('captures', RETENTION.captures),
    detections: days('detections', RETENTION.detections),
    leadPersonal: days('sealed', RETENTION.leadPersonal),
    sealed: days('sealed', RETENTION.sealed),
    auditPersonal: days('audit', RETENTION.auditPersonal),
  };
}

/** Every setting with its value and whether somebody set it. */
export function allSettings(values: Values): { name: string; value: string; set: boolean; meaning: string }[] {
  const lead = { ...DEFAULT_SETTINGS, ...leadSettings(values) };
  const kept = retentionPolicy(values);
  const current: Record<string, string> = {
    reference_date: lead.referenceDate,
    threshold: String(lead.threshold),
    join_gap_hours: String(lead.joinGapHours),
    report_window_hours: String(lead.reportWindowHours),
    industrial_kw: String(lead.industrialKw),
    rare_leads: String(lead.rareLeads),
    'retention.captures': String(kept.captures),
    'retention.detections': String(kept.detections),
    'retention.sealed': String(kept.sealed),
    'retention.audit': String(kept.auditPersonal),
  };
  for (const status of STATUSES) current[`deadline.${status}`] = String(lead.deadlineDays[status] ?? 'none');
  return Object.entries(SETTINGS).map(([name, meaning]) => ({
    name,
    value: current[name] ?? '',
    set: values[name] !== undefined,
    meaning,
  }));
}
