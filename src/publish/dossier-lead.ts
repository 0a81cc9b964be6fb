/** Parts of the dossier that say who, where and how sure. */
import type { Place } from '../attribution/types.ts';
import {
  ACTIVITY_TERMS,
  CATEGORY_TERMS,
  CONFIDENCE_TERMS,
  DEPARTMENT_TERMS,
  FLAG_TERMS,
  gradeTerm,
  INVOLVEMENT_TERMS,
  PLACE_TERMS,
  ROLE_TERMS,
  SITE_TYPE_TERMS,
  STATUS_TERMS,
} from '../common/terms.ts';
import type { LeadSubject } from '../ledger/types.ts';
import { bothTimes, listOf, numberText, rateText, several } from './dossier-format.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import type { Speaker } from './dossier-words.ts';
import { facts, html, isEmpty, type Markup, raw, table, text } from './html.ts';

/** Order in which places are shown: nearest to the machines first. */
const PLACE_ORDER = ['install', 'power', 'site', 'filing', 'registered', 'gateway'];
/** Kinds that say where machines may stand; the grade of the address is theirs. */
const GRADED = ['install', 'power', 'site', 'filing'];
const MOST_ROWS = 60;

export function grade(value: unknown, { term }: Speaker): Markup {
  if (typeof value !== 'number' || !Number.isFinite(value)) return raw('');
  return html`<span class="grade">${term(gradeTerm(value))} ${Math.round(value)}</span>`;
}

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

/** 宁夏回族自治区 中卫市 沙坡头区（640502）. */
export function region(code: unknown, options: DossierOptions): Markup {
  if (typeof code !== 'string' || code === '') return raw('');
  const name = options.regionName(code);
  return name === code || name === '' ? text(code, 20) : html`${text(name, 80)}（${text(code, 20)}）`;
}

function placeLine(place: Place | undefined, options: DossierOptions): Markup {
  if (place === undefined) return raw('');
  const written = [place.text, place.detail].filter((part) => !isEmpty(part)).map((part) => text(part, 160));
  return written.length > 0 ? html`${written.map((part) => html`${part} `)}` : region(place.region, options);
}

function sortedPlaces(lead: DossierLead): readonly Place[] {
  const at = (kind: string): number => (PLACE_ORDER.indexOf(kind) + PLACE_ORDER.length + 1) % (PLACE_ORDER.length + 1);
  return [...listOf(lead.places)].sort((a, b) => at(a.kind) - at(b.kind));
}

export function summarySection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  const [place] = sortedPlaces(lead).filter(({ kind }) => GRADED.includes(kind));
  const where = [
    region(lead.region, options),
    place === undefined ? raw('') : html`${of(PLACE_TERMS, place.kind)}：${placeLine(place, options)}`,
  ];
  const rates = listOf(lead.hashrates).map(
    (rate) =>
      html`${text(rate.algorithm, 40)} ${rateText(rate.mid, rate.unit)}（${rateText(rate.low, rate.unit)} – ${rateText(rate.high, rate.unit)}）`,
  );
  const kw = lead.energy?.siteKw;
  const power = kw
    ? html`${numberText(kw.mid, 1)} kW（${numberText(kw.low, 1)} – ${numberText(kw.high, 1)}）`
    : raw('');
  const sure = [
    isEmpty(lead.confidence) ? raw('') : html`${w('confidence')}：${of(CONFIDENCE_TERMS, lead.confidence)}`,
    isEmpty(lead.subject?.grades?.subscriber)
      ? raw('')
      : html`${w('gradeSubscriber')} ${grade(lead.subject?.grades.subscriber, speak)}`,
    isEmpty(lead.subject?.grades?.enterprise)
      ? raw('')
      : html`${w('gradeEnterprise')} ${grade(lead.subject?.grades.enterprise, speak)}`,
    isEmpty(lead.subject?.grades?.address)
      ? raw('')
      : html`${w('gradeAddress')} ${grade(lead.subject?.grades.address, speak)}`,
  ].filter((part) => !isEmpty(part));
  const what = [of(ACTIVITY_TERMS, lead.activity), ...listOf(lead.coins).map((coin) => text(coin, 20))];
  const flags = listOf(lead.flags).map(({ flag }) => of(FLAG_TERMS, flag));
  const uscc = lead.subject?.uscc;
  const rows: [unknown, unknown][] = [
    [
      w('who'),
      html`${partyName(lead.subject, options, speak)}${isEmpty(uscc) ? '' : html`<br>${w('uscc')} ${text(uscc, 40)}`}`,
    ],
    [w('where'), joined(where)],
    [w('what'), joined(what)],
    [w('howMuch'), joined([...rates.slice(0, 6), power])],
    [w('howSure'), joined(sure)],
    [
      w('when'),
      isEmpty(lead.first_seen)
        ? raw('')
        : html`<table class="bare"><tbody><tr><td>${w('firstSeen')}<br>${bothTimes(lead.first_seen)}</td><td>${w('lastSeen')}<br>${bothTimes(lead.last_seen)}</td></tr></tbody></table>`,
    ],
    [w('status'), of(STATUS_TERMS, lead.status)],
    [
      w('category'),
      joined([
        of(CATEGORY_TERMS, lead.category),
        isEmpty(lead.involvement) ? raw('') : html`${w('involvement')}：${of(INVOLVEMENT_TERMS, lead.involvement)}`,
        isEmpty(lead.site_type) ? raw('') : html`${w('siteType')}：${of(SITE_TYPE_TERMS, lead.site_type)}`,
      ]),
    ],
    [w('flags'), flags.length > 0 ? several(flags) : raw('')],
    [
      w('department'),
      joined([
        of(DEPARTMENT_TERMS, lead.department),
        isEmpty(lead.deadline) ? raw('') : html`${w('deadline')}：${text(lead.deadline, 40)}`,
      ]),
    ],
  ];
  const shown = rows.map(([name, value]): [unknown, unknown] => [name, isEmpty(value) ? w('unknown') : value]);
  return html`<section><h2>${w('summary')}</h2><div class="summary">${facts(shown)}</div></section>`;
}

function joined(parts: readonly Markup[]): Markup {
  const shown = parts.filter((part) => !isEmpty(part));
  return shown.length === 0 ? raw('') : html`${shown.map((part, at) => html`${at === 0 ? '' : '；'}${part}`)}`;
}

export function placesSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  const rows = sortedPlaces(lead)
    .slice(0, MOST_ROWS)
    .map((place) => [
      of(PLACE_TERMS, place.kind),
      region(place.region, options),
      isEmpty(place.text) && isEmpty(place.detail) ? w('unknown') : placeLine(place, options),
      GRADED.includes(place.kind) ? grade(lead.subject?.grades?.address, speak) : '—',
    ]);
  const body =
    rows.length > 0
      ? table([w('placeKind'), w('region'), w('address'), w('grade')], rows, 'places')
      : html`<p>${w('address')}：${w('unknown')}${isEmpty(lead.region) ? '' : html`（${region(lead.region, options)}）`}</p>`;
  return html`<section><h2>${w('places')}</h2>${body}<p class="note">${w('placesNote')}</p></section>`;
}

export function partiesSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  const given = listOf(lead.parties);
  const parties = given.length > 0 || !lead.subject ? given : [lead.subject];
  const rows = parties
    .slice(0, MOST_ROWS)
    .map((party) => [
      of(ROLE_TERMS, party.role),
      html`${partyName(party, options, speak)}${isEmpty(party.uscc) ? '' : html`<br>${text(party.uscc, 40)}`}`,
      html`${w('gradeSubscriber')} ${grade(party.grades?.subscriber, speak)}<br>${w('gradeEnterprise')} ${grade(party.grades?.enterprise, speak)}<br>${w('gradeAddress')} ${grade(party.grades?.address, speak)}`,
      text(party.because, 200),
    ]);
  const body =
    rows.length > 0
      ? table([w('role'), w('name'), w('grade'), w('because')], rows, 'parties')
      : html`<p>${w('unattributed')}</p>`;
  return html`<section><h2>${w('parties')}</h2>${body}</section>`;
}

export function doubtsSection(lead: DossierLead, { w }: Speaker): Markup {
  const remarks = (list: DossierLead['missing'], name: 'missing' | 'contradiction'): unknown[][] =>
    listOf(list)
      .slice(0, MOST_ROWS)
      .map((remark) => [w(name), text(remark.text, 400)]);
  const rows = [...remarks(lead.missing, 'missing'), ...remarks(lead.contradictions, 'contradiction')];
  const body = rows.length > 0 ? table([w('kind'), w('detail')], rows, 'doubts') : html`<p>${w('noDoubts')}</p>`;
  return html`<section><h2>${w('doubts')}</h2>${body}</section>`;
}
