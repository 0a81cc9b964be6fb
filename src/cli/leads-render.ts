import {
  ACTIVITY_TERMS,
  CATEGORY_TERMS,
  CONFIDENCE_TERMS,
  FLAG_TERMS,
  gradeTerm,
  INVOLVEMENT_TERMS,
  METHOD_TERMS,
  PLACE_TERMS,
  ROLE_TERMS,
  SITE_TYPE_TERMS,
  STATUS_TERMS,
  termOf,
} from '../common/terms.ts';
import { phraseOf, remarkOf } from '../common/wording.ts';
import type { Lead, LeadSubject } from '../ledger/types.ts';
import { type LeadsMessages, leadsMessages } from './leads-messages.ts';
import { fill, type Language } from './messages.ts';
import { type PlainColumn, plainTable } from './signatures-table.ts';
import type { Paint } from './style.ts';
import { pad, textWidth, visible } from './text.ts';
import { endpoint, formatDuration, formatRange, formatSpan, formatTime, siParts } from './units.ts';

export interface RenderOptions {
  readonly language: Language;
  readonly paint: Paint;
  readonly width: number | null;
  /** Name of a division by its code, or the code. */
  readonly regionName: (code: string) => string;
}

const MAX_LINES = 40;

/** Lines of a table of leads, surest and newest first as they come; a last line counts them by status. */
export function renderLeads(leads: readonly Lead[], options: RenderOptions): string[] {
  const { language, paint, width } = options;
  const messages = leadsMessages(language);
  if (leads.length === 0) return [messages.noLeads];
  const column = (name: keyof LeadsMessages['columns'], more: Partial<PlainColumn> = {}): PlainColumn => ({
    title: messages.columns[name],
    ...more,
  });
  const columns: PlainColumn[] = [
    column('lead'),
    column('status'),
    column('found', { dropOrder: 6 }),
    column('who'),
    column('where', { dropOrder: 7 }),
    column('coins', { dropOrder: 3 }),
    column('hashrate', { dropOrder: 4 }),
    column('power', { right: true, dropOrder: 5 }),
    column('flags', { dropOrder: 2 }),
    column('deadline', { dropOrder: 1 }),
    column('seen'),
  ];
  const rows = leads.map((lead) => [
    lead.number ?? lead.id,
    termOf(STATUS_TERMS, lead.status, language),
    foundText(lead, language),
    whoText(lead, messages),
    whereText(lead, options),
    lead.coins.join(','),
    lead.hashrates.map(rateText).join(', '),
    lead.energy === null ? '' : siKw(lead.energy.siteKw.mid),
    lead.flags.map(({ flag }) => termOf(FLAG_TERMS, flag, language)).join(messages.and),
    lead.deadline ?? '',
    lead.first_seen === null || lead.last_seen === null ? '' : formatSpan(lead.first_seen, lead.last_seen),
  ]);
  const counts = new Map<string, number>();
  for (const { status } of leads) counts.set(status, (counts.get(status) ?? 0) + 1);
  const list = [...counts].map(([status, n]) => `${n} ${termOf(STATUS_TERMS, status, language)}`).join(messages.and);
  const shown = columns.flatMap((_, at) => (at === 0 || rows.some((row) => row[at] !== '') ? [at] : []));
  return [
    ...plainTable(
      shown.map((at) => columns[at] as PlainColumn),
      rows.map((row) => shown.map((at) => row[at] ?? '')),
      { paint, width, leftOut: messages.leftOut, and: messages.and },
    ),
    '',
    fill(messages.total, { n: leads.length, list }),
  ];
}

function foundText(lead: Lead, language: Language): string {
  if (lead.activity === null || lead.confidence === null) return '';
  return `${termOf(CONFIDENCE_TERMS, lead.confidence, language)} ${termOf(ACTIVITY_TERMS, lead.activity, language)}`;
}

function whoText(lead: Lead, messages: LeadsMessages): string {
  if (lead.subject !== null) return subjectName(lead.subject, messages);
  const first = lead.addresses[0];
  const more = lead.addresses.length > 1 ? ` +${lead.addresses.length - 1}` : '';
  return first === undefined ? messages.unattributed : `${first.ip}${more} (${messages.unattributed})`;
}

function subjectName(subject: LeadSubject, messages: LeadsMessages): string {
  if (subject.person) return messages.person;
  return subject.name ?? subject.key;
}

/** Where the machines stand; of a natural person's home the region alone, because a list is read by many. */
function whereText(lead: Lead, { regionName }: RenderOptions): string {
  if (lead.subject?.person === true) return lead.region === null ? '' : regionName(lead.region);
  const order = ['install', 'site', 'power', 'filing', 'registered', 'gateway'];
  const best = order.map((kind) => lead.places.find((place) => place.kind === kind && place.text !== null));
  const text = best.find((place) => place !== undefined)?.text ?? null;
  return text ?? (lead.region === null ? '' : regionName(lead.region));
}

function rateText({ low, mid, high, unit }: Lead['hashrates'][number]): string {
  return formatRange(low, mid, high, unit);
}

function siKw(kw: number): string {
  if (kw >= 1000) return Math.round(kw).toLocaleString('en-US');
  return siParts(kw).prefix === '' && kw > 0 ? siParts(kw).digits : String(Number(kw.toPrecision(2)));
}

/** Lines about one lead with everything a person needs to judge it. */
export function renderLead(lead: Lead, options: RenderOptions): string[] {
  const { language, paint } = options;
  const messages = leadsMessages(language);
  const blocks: [keyof LeadsMessages['labels'], string[]][] = [
    ['status', [statusText(lead, language)]],
    ['deadline', lead.deadline === null ? [] : [lead.deadline]],
    ['category', [categoryText(lead, language)]],
    ['subject', lead.subject === null ? [messages.unattributed] : [partyText(lead.subject, messages, language)]],
    ['places', lead.places.map((place) => placeText(place, options))],
    ['parties', lead.parties.map((party) => partyText(party, messages, language))],
    ['missing', lead.missing.map((remark) => remarkOf(remark)[language])],
    ['contradictions', lead.contradictions.map((remark) => remarkOf(remark)[language])],
    ['found', [`${foundText(lead, language)}`]],
    ['addresses', lead.addresses.map(addressText)],
    ['pools', lead.pools.map(({ endpoint: at, name }) => (name === null ? at : `${at} (${name})`))],
    ['accounts', lead.accounts.map(accountText)],
    ['agents', [...lead.agents]],
    ['hashrate', lead.hashrates.map((rate) => `${rateText(rate)} ${rate.algorithm}`)],
    ['energy', energyLines(lead, language)],
    ['surcharge', surchargeLines(lead, language)],
    [
      'flags',
      lead.flags.map(({ flag, rule }) => `${termOf(FLAG_TERMS, flag, language)}: ${phraseOf('flag', rule)[language]}`),
    ],
    ['observed', [observedText(lead, messages)]],
    ['links', lead.links.map(({ lead: other, kind, value }) => `${other} ${kind} ${linkText(value)}`.trim())],
    ['reports', lead.reports.map(({ source, reference, received }) => `${source} ${reference} ${received}`)],
    ['aliases', [...lead.aliases]],
    ['history', (lead.history ?? []).map(historyText)],
  ];
  const filled = blocks.filter(([, lines]) => lines.some((line) => line !== ''));
  const width = Math.max(...filled.map(([label]) => textWidth(messages.labels[label])));
  const title = lead.number === null ? lead.id : `${lead.number} (${lead.id})`;
  return [
    paint('bold', visible(title)),
    ...filled.flatMap(([label, lines]) => {
      const kept = lines.slice(0, MAX_LINES);
      if (lines.length > kept.length) kept.push(fill(messages.more, { n: lines.length - kept.length }));
      return kept.map((line, at) => `  ${pad(at === 0 ? messages.labels[label] : '', width)}  ${visible(line)}`);
    }),
  ];
}

function statusText(lead: Lead, language: Language): string {
  const since = lead.status_since === null ? '' : ` (${formatTime(lead.status_since)} UTC)`;
  return `${termOf(STATUS_TERMS, lead.status, language)}${since}`;
}

function categoryText(lead: Lead, language: Language): string {
  return [
    termOf(CATEGORY_TERMS, lead.category, language),
    termOf(INVOLVEMENT_TERMS, lead.involvement, language),
    termOf(SITE_TYPE_TERMS, lead.site_type, language),
  ].join(', ');
}

function partyText(party: LeadSubject, messages: LeadsMessages, language: Language): string {
  const { subscriber, enterprise, address } = party.grades;
  const overall = Math.min(subscriber, enterprise, address);
  const code = party.uscc === null ? '' : ` ${party.uscc}`;
  const grades = `${gradeTerm(overall)[language]} ${overall} (${subscriber}/${enterprise}/${address})`;
  return `${termOf(ROLE_TERMS, party.role, language)}: ${subjectName(party, messages)}${code}, ${grades}, ${phraseOf('because', party.because)[language]}`;
}

function placeText(place: Lead['places'][number], { language, regionName }: RenderOptions): string {
  const region = place.region === null ? '' : `${regionName(place.region)} `;
  const detail = place.detail === null ? '' : `, ${place.detail}`;
  return `${termOf(PLACE_TERMS, place.kind, language)}: ${region}${place.text ?? ''}${detail}`.trim();
}

function addressText(address: Lead['addresses'][number]): string {
  const realm = address.realm === null ? '' : ` @${address.realm}`;
  const ports = address.ports.length === 0 ? '' : `:${address.ports.slice(0, 8).join(',')}`;
  const more = address.ports.length > 8 ? '…' : '';
  return `${endpoint(address.ip, null)}${ports}${more}${realm} ${formatSpan(address.first_seen, address.last_seen)}`;
}

function accountText({ login, workers, wallet }: Lead['accounts'][number]): string {
  const who = wallet === null ? login : `${wallet.coin} ${wallet.address}`;
  return workers.length === 0 ? who : `${who} [${workers.slice(0, 8).join(', ')}${workers.length > 8 ? ', …' : ''}]`;
}

/** What is shared within a realm is a JSON list of the realm and the value. */
export function linkText(value: string): string {
  if (!value.startsWith('[')) return value;
  try {
    const parts: unknown = JSON.parse(value);
    return Array.isArray(parts) ? parts.filter((part) => part !== null && part !== '').join(' ') : value;
  } catch {
    return value;
  }
}

function energyLines({ energy }: Lead, language: Language): string[] {
  if (energy === null) return [];
  const { siteKw, kwhPerMonth, method, notes } = energy;
  const kwh = [kwhPerMonth.low, kwhPerMonth.mid, kwhPerMonth.high].map((n) => Math.round(n).toLocaleString('en-US'));
  return [
    `${siKw(siteKw.low)} / ${siKw(siteKw.mid)} / ${siKw(siteKw.high)} kW, ${termOf(METHOD_TERMS, method, language)}`,
    `${kwh.join(' / ')} kWh / 30 d`,
    ...notes.map(({ text }) => phraseOf('energy', text)[language]),
  ];
}

function surchargeLines({ energy }: Lead, language: Language): string[] {
  const surcharge = energy?.surcharge ?? null;
  if (surcharge === null) return [];
  const { rate, region, document, yuanPerMonth, notes } = surcharge;
  const band = `${yuanPerMonth.low} / ${yuanPerMonth.mid} / ${yuanPerMonth.high}`;
  return [
    `${rate} yuan/kWh (${region}${document === null ? '' : `, ${document}`}): ${band} yuan / 30 d`,
    ...notes.map((note) => (language === 'en' ? note : phraseOf('surcharge', note).zh)),
  ];
}

function observedText({ observed }: Lead, messages: LeadsMessages): string {
  if (observed.seconds === 0 || observed.until === null) return messages.notObserved;
  return fill(messages.quiet, { quiet: formatDuration(observed.quiet_seconds), until: formatTime(observed.until) });
}

function historyText({ seq, time, actor, action, detail }: NonNullable<Lead['history']>[number]): string {
  const words = Object.entries(detail)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name}=${String(value)}`);
  return `${seq} ${formatTime(time)} ${actor}: ${action}${words.length === 0 ? '' : ` (${words.join(', ')})`}`;
}
