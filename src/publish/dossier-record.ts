/** Parts of the dossier about time, proof and what was done: timeline, signatures, electronic data, history, statement. */
import { STATUS_TERMS, type Term, type Terms } from '../common/terms.ts';
import type { IndicationRow } from '../detect/detection.ts';
import type { HistoryEntry } from '../ledger/types.ts';
import { timelineChart } from './chart.ts';
import { articlesOf } from './dossier-articles.ts';
import { bothTimes, detailText, digest, listOf, numberText, spanText } from './dossier-format.ts';
import type { DossierLead, DossierOptions, EvidenceListRow } from './dossier-types.ts';
import { EVIDENCE_TERMS, LINK_TERMS, type Speaker, WORDS } from './dossier-words.ts';
import { facts, html, isEmpty, type Markup, raw, table, text } from './html.ts';

const MOST_HISTORY = 200;
const MOST_SIGNATURES = 60;
const MOST_EVIDENCE = 500;
const STATUS_ACTIONS = ['lead.status', 'lead.opened', 'lead.reopened', 'lead.restarted'];

const ACTION_TERMS: Terms = {
  'lead.opened': { zh: '线索生成', en: 'lead opened' },
  'lead.status': { zh: '状态变更', en: 'status changed' },
  'lead.set': { zh: '字段修改', en: 'fields set' },
  'lead.flag': { zh: '标记', en: 'flag' },
  'lead.note': { zh: '备注', en: 'note' },
  'lead.document': { zh: '文书', en: 'document' },
  'lead.power_account': { zh: '电力户号', en: 'power account' },
  'lead.running_evidence': { zh: '运行佐证', en: 'evidence of running' },
  'lead.numbered': { zh: '编号', en: 'numbered' },
  'lead.linked': { zh: '关联', en: 'linked' },
  'lead.merged': { zh: '合并', en: 'merged' },
  'lead.split': { zh: '拆分', en: 'split' },
  'lead.reopened': { zh: '重新打开', en: 'reopened' },
  'lead.restarted': { zh: '复燃', en: 'restarted' },
  'detection.recorded': { zh: '检出入库', en: 'detection recorded' },
  'evidence.recorded': { zh: '证据入库', en: 'evidence recorded' },
  'report.recorded': { zh: '举报入库', en: 'report recorded' },
  'sealed.read': { zh: '启封查阅', en: 'sealed fields read' },
  export: { zh: '移交', en: 'handed over' },
};

interface StatusChange {
  readonly time: string;
  readonly actor: string;
  readonly from: unknown;
  readonly to: unknown;
}

function statusChanges(history: readonly HistoryEntry[]): StatusChange[] {
  return history.flatMap(({ action, detail, time, actor }) => {
    if (!STATUS_ACTIONS.includes(action)) return [];
    const { status, from } = (detail ?? {}) as Readonly<Record<string, unknown>>;
    const fallback = action === 'lead.restarted' ? 'restarted' : 'open';
    return [{ time, actor, from, to: typeof status === 'string' ? status : fallback }];
  });
}

export function timelineSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of, plain } = speak;
  const changes = statusChanges(options.history);
  const observed = options.observed?.map(({ from, to }) => [Date.parse(from), Date.parse(to)] as const) ?? null;
  const perDays = (days: number): string => {
    if (days === 1) return plain(WORDS.chartDetections);
    return plain({ zh: `每${days}日检出数`, en: `detections per ${days} days` });
  };
  const svg = timelineChart({
    days: listOf(lead.detections).map(({ day, first_seen }) => day || first_seen?.slice(0, 10) || ''),
    observed,
    changes: changes.map(({ time }) => ({ time: Date.parse(time), label: '' })),
    words: {
      detections: plain(WORDS.chartDetections),
      observed: plain(WORDS.chartObserved),
      unobserved: plain(WORDS.chartUnobserved),
      status: plain(WORDS.chartStatus),
      perDays,
    },
  });
  const numbered = changes.slice(-12);
  const rows = numbered.map((change, at) => [
    String(at + 1),
    bothTimes(change.time),
    of(STATUS_TERMS, change.from),
    of(STATUS_TERMS, change.to),
    text(change.actor, 80),
  ]);
  const body = [
    svg === null ? raw('') : raw(svg),
    rows.length === 0 ? raw('') : table(['', w('time'), w('from'), w('to'), w('by')], rows, 'small status'),
    facts([
      [w('observedTime'), spanText(lead.observed?.seconds)],
      [w('quietTime'), spanText(lead.observed?.quiet_seconds)],
    ]),
  ];
  const shown = body.every(isEmpty) ? html`<p>${w('none')}</p>` : body;
  return html`<section><h2>${w('timeline')}</h2>${shown}<p class="note">${w('observedNote')}</p></section>`;
}

/** One signature with the first message on which it held. */
interface Found {
  readonly id: string;
  readonly version: number;
  readonly first: IndicationRow | null;
}

function foundSignatures(lead: DossierLead, options: DossierOptions): Found[] {
  const found = new Map<string, Found>();
  for (const { indications } of options.indications ?? []) {
    for (const row of indications) {
      const key = `${row.signature}@${row.version}`;
      const known = found.get(key)?.first;
      if (known === undefined || known === null || row.time < known.time) {
        found.set(key, { id: row.signature, version: row.version, first: row });
      }
    }
  }
  for (const { signatures } of listOf(lead.detections)) {
    for (const { id, version } of listOf(signatures)) {
      if (!found.has(`${id}@${version}`)) found.set(`${id}@${version}`, { id, version, first: null });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.version - b.version));
}

export function howSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, term } = speak;
  const found = foundSignatures(lead, options);
  if (found.length === 0) return html`<section><h2>${w('how')}</h2><p>${w('none')}</p></section>`;
  const rows = found.slice(0, MOST_SIGNATURES).map(({ id, version, first }) => {
    const words = options.explain(id);
    const name = html`${words === null ? '' : html`<b>${term(words.title)}</b><br>`}<span class="en">${text(id, 80)} v${version}</span>`;
    const meaning = words?.description ? html`${term(words.description)}` : raw('');
    const message =
      first === null || isEmpty(first.excerpt)
        ? raw('')
        : html`<span class="message">${text(first.excerpt, 400)}</span>`;
    const place =
      first === null ? raw('') : html`${text(baseName(first.file), 80)} #${first.packet}<br>${bothTimes(first.time)}`;
    return [html`${name}${isEmpty(meaning) ? '' : html`<p class="note">${meaning}</p>`}`, message, place];
  });
  const heads = [html`${w('signature')} / ${w('meaning')}`, w('message'), w('packet')];
  const left = found.length - rows.length;
  const more = left > 0 ? html`<p class="note">${w('more')}：${left}</p>` : raw('');
  return html`<section><h2>${w('how')}</h2><p class="note">${w('howNote')}</p>${table(heads, rows, 'small how')}${more}</section>`;
}

/** The folder of whoever ran the program is nobody's business. */
function baseName(path: unknown): string {
  return typeof path === 'string' ? (path.split(/[\\/]/).at(-1) ?? '') : '';
}

export function evidenceSection(options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  const list = options.evidence.slice(0, MOST_EVIDENCE);
  if (list.length === 0) return html`<section><h2>${w('evidence')}</h2><p>${w('noEvidence')}</p></section>`;
  const rows = list.map((row) => [
    text(row.evidence_id, 80),
    html`${of(EVIDENCE_TERMS, row.category)}<br>${text(row.format, 30)}<br>${numberText(row.bytes)} B`,
    html`${digest('SHA-256', row.sha256)}${digest('SM3', row.sm3)}`,
    html`${bothTimes(row.captured_at)}${isEmpty(row.clock_source) ? '' : html`<br>${w('clock')}：${text(row.clock_source, 80)}`}`,
    origin(row, speak),
  ]);
  const heads = [
    w('evidenceId'),
    html`${w('kind')} / ${w('format')} / ${w('bytes')}`,
    w('digests'),
    w('captured'),
    html`${w('collector')} / ${w('tool')} / ${w('custodian')}`,
  ];
  const left = options.evidence.length - list.length;
  const more = left > 0 ? html`<p class="note">${w('more')}：${left}</p>` : raw('');
  return html`<section><h2>${w('evidence')}</h2>${table(heads, rows, 'evidence')}${more}</section>`;
}

function origin(row: EvidenceListRow, { w }: Speaker): Markup {
  const moved = [row.transferred_to, row.transferred_at, row.purpose].filter((part) => !isEmpty(part)).join(', ');
  const lines: [Markup, unknown][] = [
    [w('collector'), row.collector],
    [w('tool'), row.tool_version],
    [w('rules'), row.rule_version],
    [w('custodian'), row.custodian],
    [w('origin'), row.original_location],
    [w('transfer'), moved],
  ];
  const shown = lines.filter(([, value]) => !isEmpty(value));
  return html`${shown.map(([name, value], at) => html`${at === 0 ? '' : html`<br>`}${name}：${text(value, 120)}`)}`;
}

export function historySection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  const links = listOf(lead.links).slice(0, 60);
  const linked =
    links.length === 0
      ? raw('')
      : html`<h3>${w('links')}</h3>${table(
          [w('number'), w('linkKind'), w('detail')],
          links.map((link) => [text(link.lead, 60), of(LINK_TERMS, link.kind), text(link.value, 160)]),
          'small links',
        )}`;
  const entries = options.history.slice(-MOST_HISTORY);
  const rows = entries.map((entry) => [
    String(entry.seq),
    bothTimes(entry.time),
    text(entry.actor, 80),
    of(ACTION_TERMS, entry.action),
    detailText(entry.detail),
  ]);
  const body =
    rows.length === 0
      ? html`<p>${w('none')}</p>`
      : table([w('entry'), w('time'), w('by'), w('action'), w('detail')], rows, 'small history');
  const left = options.history.length - entries.length;
  const more = left > 0 ? html`<p class="note">${w('earlier')}：${left}</p>` : raw('');
  return html`<section><h2>${w('history')}</h2>${linked}${body}${more}</section>`;
}

export function articlesSection(lead: DossierLead, { w, term }: Speaker): Markup {
  const rows = articlesOf(lead).map(({ number, duty }) => [number, term(duty)]);
  return html`<section><h2>${w('articles')}</h2><p class="note">${w('articlesNote')}</p>${table([w('article'), w('detail')], rows, 'articles')}</section>`;
}

export function statementSection(options: DossierOptions, { w, term }: Speaker): Markup {
  const line = (name: Markup, value: string): Markup =>
    html`<td>${name}：<span class="line">${text(value, 60)}&nbsp;</span></td>`;
  const both: Term = WORDS.date;
  return html`<section><h2>${w('statement')}</h2><div class="statement"><p>${w('statementText')}</p></div>
<div class="sign"><h3>${w('signatures')}</h3><table><tbody>
<tr>${line(w('madeBy'), options.actor)}${line(w('reviewedBy'), '')}</tr>
<tr>${line(w('receivedBy'), '')}${line(w('unitSeal'), '')}</tr>
<tr>${line(term(both), '')}${line(term(both), '')}</tr></tbody></table></div></section>`;
}
