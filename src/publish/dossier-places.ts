/** Parts of the dossier that say where, and how sure of it. Kinds of address never stand for one another. */
import type { Place } from '../attribution/types.ts';
import { gradeTerm, PLACE_TERMS, type Term } from '../common/terms.ts';
import { listOf, several } from './dossier-format.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import type { Speaker } from './dossier-words.ts';
import { html, isEmpty, type Markup, raw, table, text } from './html.ts';

/** Order in which places are shown: nearest to the machines first. */
const PLACE_ORDER = ['install', 'power', 'site', 'filing', 'registered', 'gateway'];
/** Kinds that may say where machines stand. */
const NEAR = ['install', 'power', 'site', 'filing'];
/** Most that an address of a kind is worth, as in the grading table of docs/attribution.md. */
export const PLACE_LIMITS: Readonly<Record<string, number>> = { filing: 55, registered: 30, gateway: 20 };
/** Roles whose grade of the address is that of a place, in the order of trust. */
const PLACE_ROLES: Readonly<Record<string, readonly string[]>> = {
  install: ['line_subscriber'],
  power: ['power_account_holder', 'line_subscriber'],
  site: ['site_operator', 'line_subscriber'],
  filing: ['filing_unit', 'line_subscriber', 'access_provider'],
};
const MOST_ROWS = 60;
/** Regions of the surcharge table that are no divisions. */
const REGIONS: Readonly<Record<string, Term>> = {
  CN: { zh: '全国', en: 'national' },
  XPCC: { zh: '新疆生产建设兵团', en: 'Xinjiang Production and Construction Corps' },
};

export function grade(value: unknown, { term }: Speaker): Markup {
  if (typeof value !== 'number' || !Number.isFinite(value)) return raw('');
  return html`<span class="grade">${term(gradeTerm(value))} ${Math.round(value)}</span>`;
}

/** 宁夏回族自治区 中卫市 沙坡头区（640502）. */
export function region(code: unknown, options: DossierOptions, { term }: Speaker): Markup {
  if (typeof code !== 'string' || code === '') return raw('');
  const special = Object.hasOwn(REGIONS, code) ? REGIONS[code] : undefined;
  if (special !== undefined) return term(special);
  const name = options.regionName(code);
  return name === code || name === '' ? text(code, 20) : html`${text(name, 80)}（${text(code, 20)}）`;
}

/** No enterprise and no person stands behind the address yet; a lead whose subject a field set took away is another matter. */
export function isUnattributed(lead: DossierLead): boolean {
  return !lead.subject && lead.key?.kind !== 'subject_site';
}

function placeLine(place: Place | undefined, options: DossierOptions, speak: Speaker): Markup {
  if (place === undefined) return raw('');
  const written = [place.text, place.detail].filter((part) => !isEmpty(part)).map((part) => text(part, 160));
  return written.length > 0 ? html`${written.map((part) => html`${part} `)}` : region(place.region, options, speak);
}

function sortedPlaces(lead: DossierLead): readonly Place[] {
  const at = (kind: string): number => (PLACE_ORDER.indexOf(kind) + PLACE_ORDER.length + 1) % (PLACE_ORDER.length + 1);
  return [...listOf(lead.places)].sort((a, b) => at(a.kind) - at(b.kind));
}

/** Grade of a place: that of the address of the party it belongs to, under the limit of its kind; null where none is known. */
function placeGrade(lead: DossierLead, kind: string): number | null {
  const parties = listOf(lead.parties);
  const of = (role: string): number | undefined => {
    const party =
      parties.find((each) => each.role === role) ?? (lead.subject?.role === role ? lead.subject : undefined);
    return party?.grades?.address;
  };
  const found = (PLACE_ROLES[kind] ?? []).map(of).find((value) => typeof value === 'number');
  const value = found ?? lead.subject?.grades?.address;
  return typeof value === 'number' ? Math.min(value, PLACE_LIMITS[kind] ?? 100) : null;
}

/** Where, in the summary: the nearest address with its grade; of an unattributed lead the area alone. */
export function whereText(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  if (isUnattributed(lead)) {
    const area = region(lead.region, options, speak);
    return html`${w('noDoor')}${isEmpty(area) ? '' : html`<br>${w('areaOnly')}：${area}`}`;
  }
  const [place] = sortedPlaces(lead).filter(({ kind }) => NEAR.includes(kind));
  const own = place === undefined ? null : placeGrade(lead, place.kind);
  const area = region(place?.region ?? null, options, speak);
  // A region of the lead may come from another source than an address that has none: each is named for what it is.
  const other = isEmpty(area) ? region(lead.region, options, speak) : raw('');
  const line = isEmpty(place?.text) && isEmpty(place?.detail) ? w('unknown') : placeLine(place, options, speak);
  const parts = [
    place === undefined ? raw('') : html`${of(PLACE_TERMS, place.kind)}：${area} ${line} ${grade(own, speak)}`,
    isEmpty(other) ? raw('') : html`${w('leadRegion')}：${other}`,
  ].filter((part) => !isEmpty(part));
  return parts.length === 0 ? raw('') : html`${parts.map((part, at) => html`${at === 0 ? '' : raw('<br>')}${part}`)}`;
}

export function placesSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of } = speak;
  const rows = sortedPlaces(lead)
    .slice(0, MOST_ROWS)
    .map((place) => {
      const own = grade(placeGrade(lead, place.kind), speak);
      return [
        of(PLACE_TERMS, place.kind),
        isEmpty(place.region) ? '—' : region(place.region, options, speak),
        isEmpty(place.text) && isEmpty(place.detail) ? w('unknown') : placeLine(place, options, speak),
        isEmpty(own) ? '—' : own,
      ];
    });
  const area = isEmpty(lead.region) ? raw('') : html`（${w('leadRegion')}：${region(lead.region, options, speak)}）`;
  const body =
    rows.length > 0
      ? table([w('placeKind'), w('region'), w('address'), w('grade')], rows, 'places')
      : html`<p>${w('address')}：${w('unknown')}${area}</p>`;
  const note = isUnattributed(lead) ? w('noDoorNote') : w('placesNote');
  return html`<section><h2>${w('places')}</h2>${body}<p class="note">${note}</p></section>`;
}

/** Addresses of the traffic, for a lead of which nothing else is known. */
export function addressList(lead: DossierLead): Markup {
  const ips = [...new Set(listOf(lead.addresses).map(({ ip }) => ip))].filter((ip) => !isEmpty(ip));
  return ips.length === 0
    ? raw('')
    : several(
        ips.map((ip) => text(ip, 60)),
        6,
      );
}
