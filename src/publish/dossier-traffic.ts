/** Parts of the dossier about what was seen and how big it is. */
import { ACTIVITY_TERMS, CONFIDENCE_TERMS, HARDWARE_TERMS, METHOD_TERMS } from '../common/terms.ts';
import { phraseOf } from '../common/wording.ts';
import type { Band, EnergyEstimate } from '../estimate/types.ts';
import type { Lead } from '../ledger/types.ts';
import { listOf, numberText, rateText, several, timeRange } from './dossier-format.ts';
import { region } from './dossier-places.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import type { Speaker } from './dossier-words.ts';
import { facts, html, isEmpty, type Markup, pairs, raw, table, text } from './html.ts';

const MOST_ROWS = 80;

/** The rows that fit, and a line where there are more. */
function limited<T>(rows: readonly T[], { w }: Speaker): { rows: readonly T[]; more: Markup } {
  const left = rows.length - MOST_ROWS;
  return {
    rows: rows.slice(0, MOST_ROWS),
    more: left > 0 ? html`<p class="note">${w('more')}：${left}</p>` : raw(''),
  };
}

export function trafficSection(lead: DossierLead, speak: Speaker): Markup {
  const { w, of } = speak;
  const addresses = limited(listOf(lead.addresses), speak);
  const pools = limited(listOf(lead.pools), speak);
  const accounts = limited(listOf(lead.accounts), speak);
  const detections = limited(listOf(lead.detections), speak);
  const coins = joinedTexts(lead.coins);
  const parts = [
    addresses.rows.length === 0
      ? raw('')
      : html`${table(
          [w('ip'), w('ports'), w('seen')],
          addresses.rows.map((row) => [
            html`${text(row.ip, 60)}${isEmpty(row.realm) ? '' : html`<br>${w('realm')} ${text(row.realm, 64)}`}`,
            several(listOf(row.ports), 10, ', '),
            timeRange(row.first_seen, row.last_seen),
          ]),
          'addresses',
        )}${addresses.more}`,
    html`${facts([
      [w('pools'), lines(pools.rows.map(poolLine))],
      [w('accounts'), lines(accounts.rows.map((row) => accountLine(row, speak)))],
    ])}${pools.more}${accounts.more}`,
    pairs([
      [w('coins'), coins],
      [w('hardware'), lead.hardware_class === 'unknown' ? '' : of(HARDWARE_TERMS, lead.hardware_class)],
      [w('agents'), joinedTexts(lead.agents)],
    ]),
    detections.rows.length === 0
      ? raw('')
      : html`<h3>${w('detections')}</h3>${table(
          [w('day'), w('endpoint'), w('finding'), w('shares'), w('time')],
          detections.rows.map((row) => [
            html`<span class="day">${text(row.day, 10)}</span>`,
            html`${text(row.pool, 100)}<br><span class="en">${text([row.dialect, row.transport].filter((part) => !isEmpty(part)).join(', '), 60)}</span>`,
            html`${of(ACTIVITY_TERMS, row.activity)}<br>${of(CONFIDENCE_TERMS, row.confidence)}`,
            row.shares ? html`${row.shares.submitted} / ${row.shares.accepted} / ${row.shares.rejected}` : '',
            timeRange(row.first_seen, row.last_seen),
          ]),
          'small detections',
        )}${detections.more}`,
  ];
  const body = parts.every(isEmpty) ? html`<p>${w('none')}</p>` : parts;
  return html`<section><h2>${w('traffic')}</h2>${body}</section>`;
}

/** Values one below the other. */
function lines(values: readonly Markup[]): Markup {
  return values.length === 0
    ? raw('')
    : html`${values.map((value, at) => html`${at === 0 ? '' : raw('<br>')}${value}`)}`;
}

/** Endpoint, name and address, each where it says something new. */
function poolLine({ endpoint, name, ip }: Partial<Lead['pools'][number]>): Markup {
  const more = [name, typeof ip === 'string' && endpoint?.includes(ip) === true ? null : ip]
    .filter((part) => !isEmpty(part))
    .map((part) => text(part, 80));
  return html`${text(endpoint, 120)}${more.length === 0 ? '' : html`（${several(more, 2, '，')}）`}`;
}

/** Account, wallet (once, where they are the same) and the names of its workers. */
function accountLine(row: Partial<Lead['accounts'][number]>, speak: Speaker): Markup {
  const { w } = speak;
  const account = row.account || row.login;
  const workers = listOf(row.workers).map((worker) => text(worker, 60));
  const purse = row.wallet;
  const parts = [
    isEmpty(account) || account === purse?.address ? raw('') : html`<span class="id">${text(account, 160)}</span>`,
    isEmpty(purse) ? raw('') : html`${w('wallet')}：${wallet(purse, speak)}`,
    workers.length === 0 ? raw('') : html`${w('workers')}：${several(workers, 20, ', ')}`,
  ].filter((part) => !isEmpty(part));
  return html`${parts.map((part, at) => html`${at === 0 ? '' : '；'}${part}`)}`;
}

function wallet(value: unknown, { w }: Speaker): Markup {
  if (typeof value !== 'object' || value === null) return text(value, 160);
  const { coin, address, valid } = value as { coin?: unknown; address?: unknown; valid?: unknown };
  const check =
    valid === true ? html`（${w('walletValid')}）` : valid === false ? html`（${w('walletInvalid')}）` : raw('');
  return html`${text(coin, 20)} <span class="id">${text(address, 160)}</span>${check}`;
}

function joinedTexts(values: readonly string[] | null | undefined): Markup {
  const shown = listOf(values).map((value) => text(value, 120));
  return shown.length === 0 ? raw('') : several(shown, 20);
}

export function scaleSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w } = speak;
  const energy = lead.energy ?? null;
  const rates = listOf(lead.hashrates).slice(0, MOST_ROWS);
  const rows = [
    ...rates.map((rate) => [
      html`${w('hashrate')} ${text(rate.algorithm, 40)}`,
      rateText(rate.low, rate.unit),
      rateText(rate.mid, rate.unit),
      rateText(rate.high, rate.unit),
    ]),
    ...(energy === null ? [] : energyRows(energy, speak)),
  ];
  const body = [
    rows.length === 0 ? raw('') : table([w('quantity'), w('low'), w('mid'), w('high')], rows, 'num'),
    rates.length === 0 ? raw('') : html`<p class="note">${w('rateNote')}</p>`,
    energy === null ? raw('') : energyFacts(energy, lead, options, speak),
    energy === null ? facts([[w('powerAccounts'), joinedTexts(lead.power_accounts)]]) : raw(''),
  ];
  return html`<section><h2>${w('scale')}</h2>${body.every(isEmpty) ? html`<p>${w('unknown')}</p>` : body}</section>`;
}

type LooseEnergy = { readonly [K in keyof EnergyEstimate]?: EnergyEstimate[K] | null };

function energyRows(energy: LooseEnergy, { w }: Speaker): unknown[][] {
  const { surcharge } = energy;
  const band = (name: Markup, value: Band | null | undefined, digits = 0): unknown[][] =>
    value ? [[name, numberText(value.low, digits), numberText(value.mid, digits), numberText(value.high, digits)]] : [];
  const money = (name: Markup, value: unknown): unknown[][] => {
    if (typeof value !== 'object' || value === null) return [];
    const { low, mid, high } = value as Record<string, unknown>;
    const figures = [numberText(low), numberText(mid), numberText(high)];
    return figures.every((figure) => figure === '') ? [] : [[name, ...figures]];
  };
  const small = (energy.siteKw?.mid ?? 1) < 1;
  return [
    ...band(w('siteKw'), energy.siteKw, small ? 3 : 1),
    ...band(w('kwh'), energy.kwhPerMonth),
    ...band(w('assessed'), energy.assessedKwhPerMonth),
    ...money(w('surchargeMonth'), surcharge?.yuanPerMonth),
    ...money(w('surchargeToDate'), surcharge?.yuanToDate),
  ];
}

function energyFacts(energy: LooseEnergy, lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w, of, term } = speak;
  const { surcharge } = energy;
  const rate = surcharge
    ? html`${text(surcharge.rate, 20)}（${region(surcharge.region, options, speak)}${surcharge.isDefault ? html`，${w('rateIsDefault')}` : ''}）`
    : raw('');
  const charged = [surcharge?.from, surcharge?.to].filter((day) => !isEmpty(day)).map((day) => text(day, 10));
  const figures = (band: Band | null | undefined): string =>
    band ? [band.low, band.mid, band.high].map((value) => numberText(value, 2)).join(' – ') : '';
  const factors = [figures(energy.pue), figures(energy.utilisation)].filter((part) => part.replace(/[ –]/g, '') !== '');
  const notes = [
    ...listOf(energy.notes).map((note) => phraseOf('energy', String(note.text ?? '').slice(0, 600))),
    ...listOf(surcharge?.notes).map((note) => phraseOf('surcharge', String(note).slice(0, 600))),
  ]
    .slice(0, 30)
    .map((note) => html`<li>${term(note)}</li>`);
  const left = listOf(energy.unestimated)
    .slice(0, 20)
    .map(
      (part) =>
        html`<li>${text(part.what, 80)}：${term(phraseOf('energy', String(part.reason ?? '').slice(0, 600)))}</li>`,
    );
  const names = listOf(energy.tables).map((each) => `${each.name} ${each.version}`);
  return html`${pairs([
    [w('method'), of(METHOD_TERMS, energy.method)],
    [w('meteredRatio'), numberText(energy.meteredRatio, 2)],
    [w('rate'), rate],
    [w('document'), text(surcharge?.document, 200)],
    [w('charged'), charged.length === 0 ? '' : several(charged, 2, ' – ')],
    [w('powerAccounts'), joinedTexts(lead.power_accounts)],
    [w('factors'), factors.length === 0 ? '' : html`${factors.join('；')}`],
    [w('tables'), joinedTexts(names)],
  ])}${facts([
    [w('notes'), notes.length === 0 ? '' : html`<ul>${notes}</ul>`],
    [w('unestimated'), left.length === 0 ? '' : html`<ul>${left}</ul>`],
  ])}`;
}
