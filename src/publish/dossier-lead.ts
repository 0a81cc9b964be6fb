/** Parts of the dossier that say who, how sure, and what is in doubt. */
import {
  ACTIVITY_TERMS,
  CATEGORY_TERMS,
  CONFIDENCE_TERMS,
  DEPARTMENT_TERMS,
  FLAG_TERMS,
  INVOLVEMENT_TERMS,
  ROLE_TERMS,
  SITE_TYPE_TERMS,
  STATUS_TERMS,
} from '../common/terms.ts';
import { phraseOf, remarkOf } from '../common/wording.ts';
import type { LeadSubject } from '../ledger/types.ts';
import { listOf, numberText, rateText, timeRange } from './dossier-format.ts';
import { addressList, grade, isUnattributed, whereText } from './dossier-places.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import type { Speaker } from './dossier-words.ts';
import { facts, html, isEmpty, type Markup, raw, table, text } from './html.ts';

const MOST_ROWS = 60;

/** Name of a party; of a natural person only what sealed fields were handed in for it. */
export function partyName(
  party: Partial<LeadSubject> | null | undefined,
  options: DossierOptions,
  { w }: Speaker,
): Markup {
  if (party === null || party === undefined) return w('unattributed');
  if (party.person !== true) return isEmpty(party.name) ? w('unknown') : text(party.name, 120);
  const sealed = options.sealed ?? {};
  const opened = typeof party.key === 'string' && Object.hasOwn(sealed, party.key) ? sealed[party.key] : undefined;
  if (opened === undefined) return w('person');
  const shown = Object.entries(opened).map(([name, value]) => html`<br><b>${text(name, 40)}</b> ${text(value, 120)}`);
  return html`${w('naturalPerson')}${shown}`;
}

function who(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w } = speak;
  if (isUnattributed(lead)) {
    const ips = addressList(lead);
    return html`${w('unattributed')}${isEmpty(ips) ? '' : html`（${ips}）`}<br>${w('askProvider')}`;
  }
  if (!lead.subject) return w('notTold');
  const { uscc } = lead.subject;
  return html`${partyName(lead.subject, options, speak)}${isEmpty(uscc) ? '' : html`<br>${w('uscc')} ${text(uscc, 40)}`}`;
}

function howSure(lead: DossierLead, speak: Speaker): Markup {
  const { w, of } = speak;
  const { subscriber, enterprise, address } = lead.subject?.grades ?? {};
  const one = (name: Markup, value: unknown): Markup =>
    isEmpty(value) ? raw('') : html`${name} ${grade(value, speak)}`;
  return joined([
    isEmpty(lead.confidence) ? raw('') : html`${w('confidence')}：${of(CONFIDENCE_TERMS, lead.confidence)}`,
    one(w('gradeSubscriber'), subscriber),
    // A natural person is no enterprise.
    lead.subject?.person === true ? raw('') : one(w('gradeEnterprise'), enterprise),
    one(w('gradeAddress'), address),
  ]);
}

function howMuch(lead: DossierLead): Markup {
  const rates = listOf(lead.hashrates).map(
    (rate) =>
      html`${text(rate.algorithm, 40)} ${rateText(rate.mid, rate.unit)}（${rateText(rate.low, rate.unit)} – ${rateText(rate.high, rate.unit)}）`,
  );
  const kw = lead.energy?.siteKw;
  const digits = kw && kw.mid < 1 ? 3 : 1;
  const power = kw
    ? html`${numberText(kw.mid, digits)} kW（${numberText(kw.low, digits)} – ${numberText(kw.high, digits)}）`
    : raw('');
  return joined([...rates.slice(0, 6), power]);
}

export function summarySection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of, term } = speak;
  const what = [of(ACTIVITY_TERMS, lead.activity), ...listOf(lead.coins).map((coin) => text(coin, 20))];
  const flags = listOf(lead.flags).map(({ flag, rule }) => {
    const why = isEmpty(rule) ? raw('') : html`：${term(phraseOf('flag', String(rule)))}`;
    return html`${of(FLAG_TERMS, flag)}${why}`;
  });
  const rows: [unknown, unknown][] = [
    [w('who'), who(lead, options, speak)],
    [w('where'), whereText(lead, options, speak)],
    [w('what'), joined(what)],
    [w('howMuch'), howMuch(lead)],
    [w('howSure'), howSure(lead, speak)],
    [w('when'), isEmpty(lead.first_seen) ? raw('') : timeRange(lead.first_seen, lead.last_seen)],
    [
      w('status'),
      joined([
        of(STATUS_TERMS, lead.status),
        isEmpty(lead.department) ? raw('') : html`${w('department')}：${of(DEPARTMENT_TERMS, lead.department)}`,
        isEmpty(lead.deadline) ? raw('') : html`${w('deadline')}：${text(lead.deadline, 40)}`,
      ]),
    ],
    [
      w('category'),
      joined([
        of(CATEGORY_TERMS, lead.category),
        isEmpty(lead.involvement) ? raw('') : html`${w('involvement')}：${of(INVOLVEMENT_TERMS, lead.involvement)}`,
        isEmpty(lead.site_type) ? raw('') : html`${w('siteType')}：${of(SITE_TYPE_TERMS, lead.site_type)}`,
      ]),
    ],
    [w('flags'), flags.length === 0 ? w('none') : joined(flags)],
  ];
  const shown = rows.map(([name, value]): [unknown, unknown] => [name, isEmpty(value) ? w('unknown') : value]);
  return html`<section><h2>${w('summary')}</h2><div class="summary">${facts(shown)}</div></section>`;
}

function joined(parts: readonly Markup[]): Markup {
  const shown = parts.filter((part) => !isEmpty(part));
  return shown.length === 0 ? raw('') : html`${shown.map((part, at) => html`${at === 0 ? '' : '；'}${part}`)}`;
}

export function partiesSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of, term } = speak;
  const given = listOf(lead.parties);
  const parties = given.length > 0 || !lead.subject ? given : [lead.subject];
  const rows = parties
    .slice(0, MOST_ROWS)
    .map((party) => [
      of({ ...ROLE_TERMS, reported: { zh: '举报所称对象', en: 'named in a report' } }, party.role),
      html`${partyName(party, options, speak)}${isEmpty(party.uscc) ? '' : html`<br>${text(party.uscc, 40)}`}`,
      grade(party.grades?.subscriber, speak),
      party.person === true ? '—' : grade(party.grades?.enterprise, speak),
      grade(party.grades?.address, speak),
      isEmpty(party.because) ? raw('') : term(phraseOf('because', String(party.because).slice(0, 600))),
    ]);
  const heads = [w('role'), w('name'), w('gradeSubscriber'), w('gradeEnterprise'), w('gradeAddress'), w('because')];
  const body = rows.length > 0 ? table(heads, rows, 'parties') : html`<p>${w('unattributed')}</p>`;
  return html`<section><h2>${w('parties')}</h2>${body}</section>`;
}

export function doubtsSection(lead: DossierLead, { w, term }: Speaker): Markup {
  const remarks = (list: DossierLead['missing'], name: 'missing' | 'contradiction'): unknown[][] =>
    listOf(list)
      .slice(0, MOST_ROWS)
      .map(({ code, text: words }) => [w(name), term(remarkOf({ code: String(code ?? ''), text: shortened(words) }))]);
  const rows = [...remarks(lead.missing, 'missing'), ...remarks(lead.contradictions, 'contradiction')];
  const body = rows.length > 0 ? table([w('kind'), w('detail')], rows, 'doubts') : html`<p>${w('noDoubts')}</p>`;
  return html`<section><h2>${w('doubts')}</h2>${body}</section>`;
}

function shortened(words: unknown): string {
  return typeof words === 'string' ? words.slice(0, 600) : '';
}
