/** Parts of the dossier about time, proof and what was done: timeline, signatures, electronic data, articles, statement. */
import { STATUS_TERMS, type Term } from '../common/terms.ts';
import type { IndicationRow } from '../detect/detection.ts';
import type { HistoryEntry } from '../ledger/types.ts';
import { timelineChart } from './chart.ts';
import { articlesOf } from './dossier-articles.ts';
import { bothTimes, digest, listOf, localTime, numberText, several, spanText } from './dossier-format.ts';
import type { DossierLead, DossierOptions, EvidenceListRow } from './dossier-types.ts';
import { EVIDENCE_TERMS, type Speaker, WORDS } from './dossier-words.ts';
import { html, isEmpty, type Markup, pairs, raw, table, text } from './html.ts';

const MOST_SIGNATURES = 60;
/** Enough to recognise a message; all of it stands in the packets of the evidence package. */
const MOST_EXCERPT = 200;
const MOST_EVIDENCE = 500;
const STATUS_ACTIONS = ['lead.status', 'lead.opened', 'lead.reopened', 'lead.restarted'];

interface StatusChange {
  readonly time: string;
  readonly actor: string;
  readonly from: unknown;
  readonly to: unknown;
}

function statusChanges(history: readonly HistoryEntry[]): StatusChange[] {
  return history.flatMap(({ action, detail, time, actor }) => {
    if (!STATUS_ACTIONS.includes(action)) return [];
    const { status, previous, from = previous } = (detail ?? {}) as Readonly<Record<string, unknown>>;
    const fallback = action === 'lead.restarted' ? 'restarted' : 'open';
    return [{ time, actor, from, to: typeof status === 'string' ? status : fallback }];
  });
}

export function timelineSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of, plain, term } = speak;
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
  const rows = numbered.map((change, at) => {
    const from = of(STATUS_TERMS, change.from);
    return [
      String(at + 1),
      localTime(change.time),
      html`${from}${isEmpty(from) ? '' : ' → '}${of(STATUS_TERMS, change.to)}`,
      text(change.actor, 80),
    ];
  });
  const spans = [
    [w('observedTime'), spanText(lead.observed?.seconds)] as const,
    [w('quietTime'), spanText(lead.observed?.quiet_seconds)] as const,
  ].flatMap(([name, span]) => (span.en === '' ? [] : [html`${name}：${term(span)}`]));
  const body = [
    svg === null ? raw('') : raw(svg),
    rows.length === 0 ? raw('') : table(['', w('localTime'), w('change'), w('by')], rows, 'small status'),
    spans.length === 0 ? raw('') : html`<div>${several(spans, 2, '；')}</div>`,
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

/** Signatures that held on one message of one packet. */
interface Message {
  readonly row: IndicationRow | null;
  readonly found: Found[];
}

/** Messages in the order of their time, each with all its signatures; last what has no message. */
function byMessage(found: readonly Found[]): Message[] {
  const messages = new Map<string, Message>();
  for (const one of found) {
    const { first } = one;
    const key = first === null ? '' : JSON.stringify([first.file, first.packet, first.from, first.excerpt]);
    const known = messages.get(key);
    if (known === undefined) messages.set(key, { row: first, found: [one] });
    else known.found.push(one);
  }
  const at = ({ row }: Message): string => row?.time ?? '~';
  return [...messages.values()].sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
}

export function howSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, term } = speak;
  const found = foundSignatures(lead, options);
  if (found.length === 0) return html`<section><h2>${w('how')}</h2><p>${w('none')}</p></section>`;
  const kept = found.slice(0, MOST_SIGNATURES);
  const name = ({ id, version }: Found): Markup => {
    const words = options.explain(id);
    const meaning = words?.description ? html`<p class="note">${term(words.description)}</p>` : raw('');
    return html`<div class="entry">${words === null ? '' : html`<b>${term(words.title)}</b> `}<span class="sig">${text(id, 80)} v${version}</span>${meaning}</div>`;
  };
  const rows = byMessage(kept).map(({ row, found: held }) => [
    html`${held.map(name)}`,
    isEmpty(row?.excerpt) ? '—' : html`<span class="message">${text(row?.excerpt, MOST_EXCERPT)}</span>`,
    row === null ? '—' : html`${text(baseName(row.file), 80)} #${row.packet}<br>${localTime(row.time)}`,
  ]);
  const heads = [w('signature'), w('message'), w('packet')];
  const left = found.length - kept.length;
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
    html`<span class="id">${text(row.evidence_id, 80)}</span><br>${of(EVIDENCE_TERMS, row.category)}<br>${text(row.format, 30)}${row.bytes === null ? '' : html`，${numberText(row.bytes)} B`}`,
    html`${digest('SHA-256', row.sha256)}${digest('SM3', row.sm3)}${isEmpty(row.rule_version) ? '' : html`<span class="rules">${w('rules')}：${text(row.rule_version, 1000)}</span>`}`,
    html`${bothTimes(row.captured_at)}${origin(row, speak)}`,
  ]);
  const heads = [w('evidenceHead'), w('digestHead'), w('capturedHead')];
  const left = options.evidence.length - list.length;
  const more = left > 0 ? html`<p class="note">${w('more')}：${left}</p>` : raw('');
  return html`<section><h2>${w('evidence')}</h2>${table(heads, rows, 'evidence')}${more}</section>`;
}

function origin(row: EvidenceListRow, { w }: Speaker): Markup {
  const moved = [row.transferred_to, row.transferred_at, row.purpose].filter((part) => !isEmpty(part)).join(', ');
  const lines: [Markup, unknown][] = [
    [w('collector'), row.collector],
    [w('tool'), row.tool_version],
    [w('clock'), row.clock_source],
    [w('custodian'), row.custodian],
    [w('origin'), row.original_location],
    [w('transfer'), moved],
  ];
  const shown = lines.filter(([, value]) => !isEmpty(value));
  return html`${shown.map(([name, value]) => html`<div>${name}：${text(value, 120)}</div>`)}`;
}

export function articlesSection(lead: DossierLead, { w, term }: Speaker): Markup {
  const rows = articlesOf(lead).map(({ number, duty }): [unknown, unknown] => [number, term(duty)]);
  return html`<section><h2>${w('articles')}</h2><p class="note">${w('articlesNote')}</p><div class="articles">${pairs(rows)}</div></section>`;
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
