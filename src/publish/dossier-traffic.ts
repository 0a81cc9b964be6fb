/** Parts of the dossier about what was seen and how big it is. */
import { ACTIVITY_TERMS, CONFIDENCE_TERMS, METHOD_TERMS } from '../common/terms.ts';
import type { Band, EnergyEstimate } from '../estimate/types.ts';
import { bothTimes, listOf, numberText, rateText, several, timeRange } from './dossier-format.ts';
import { region } from './dossier-lead.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import type { Speaker } from './dossier-words.ts';
import { facts, html, isEmpty, type Markup, raw, table, text } from './html.ts';

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
  const parts = [
    addresses.rows.length === 0
      ? raw('')
      : html`${table(
          [w('ip'), w('ports'), w('firstSeen'), w('lastSeen')],
          addresses.rows.map((row) => [
            html`${text(row.ip, 60)}${isEmpty(row.realm) ? '' : html`<br>${w('realm')} ${text(row.realm, 64)}`}`,
            several(listOf(row.ports), 10, ', '),
            bothTimes(row.first_seen),
            bothTimes(row.last_seen),
          ]),
          'addresses',
        )}${addresses.more}`,
    pools.rows.length === 0
      ? raw('')
      : html`<h3>${w('pools')}</h3>${table(
          [w('endpoint'), w('name'), w('poolIp')],
          pools.rows.map((row) => [text(row.endpoint, 120), text(row.name, 80), text(row.ip, 60)]),
          'pools',
        )}${pools.more}`,
    accounts.rows.length === 0
      ? raw('')
      : html`<h3>${w('accounts')}</h3>${table(
          [w('account'), w('workers'), w('wallet')],
          accounts.rows.map((row) => [
            text(row.account || row.login, 160),
            several(
              listOf(row.workers).map((worker) => text(worker, 60)),
              20,
              ', ',
            ),
            wallet(row.wallet, speak),
          ]),
          'accounts',
        )}${accounts.more}`,
    facts([
      [w('coins'), joinedTexts(lead.coins)],
      [w('agents'), joinedTexts(lead.agents)],
      [w('hardware'), lead.hardware_class === 'unknown' ? '' : text(lead.hardware_class, 20)],
    ]),
    detections.rows.length === 0
      ? raw('')
      : html`<h3>${w('detections')}</h3>${table(
          [w('day'), w('endpoint'), w('activity'), w('confidence'), w('shares'), w('time')],
          detections.rows.map((row) => [
            text(row.day, 10),
            html`${text(row.pool, 100)}<br><span class="en">${text([row.dialect, row.transport].filter((part) => !isEmpty(part)).join(', '), 60)}</span>`,
            of(ACTIVITY_TERMS, row.activity),
            of(CONFIDENCE_TERMS, row.confidence),
            row.shares ? html`${row.shares.submitted}/${row.shares.accepted}/${row.shares.rejected}` : '',
            timeRange(row.first_seen, row.last_seen),
          ]),
          'small detections',
        )}${detections.more}`,
  ];
  const body = parts.every(isEmpty) ? html`<p>${w('none')}</p>` : parts;
  return html`<section><h2>${w('traffic')}</h2>${body}</section>`;
}

function wallet(value: unknown, { w }: Speaker): Markup {
  if (typeof value !== 'object' || value === null) return text(value, 160);
  const { coin, address, valid } = value as { coin?: unknown; address?: unknown; valid?: unknown };
  const check =
    valid === true ? html`（${w('walletValid')}）` : valid === false ? html`（${w('walletInvalid')}）` : raw('');
  return html`${text(coin, 20)} ${text(address, 160)}${check}`;
}

function joinedTexts(values: readonly string[] | null | undefined): Markup {
  const shown = listOf(values).map((value) => text(value, 120));
  return shown.length === 0 ? raw('') : several(shown, 20);
}

export function scaleSection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w } = speak;
  const rates = listOf(lead.hashrates).slice(0, MOST_ROWS);
  const rows = rates.map((rate) => [
    text(rate.algorithm, 40),
    rateText(rate.low, rate.unit),
    rateText(rate.mid, rate.unit),
    rateText(rate.high, rate.unit),
  ]);
  const energy = lead.energy ?? null;
  const body = [
    rows.length === 0
      ? raw('')
      : html`${table([w('algorithm'), w('low'), w('mid'), w('high')], rows, 'num')}<p class="note">${w('rateNote')}</p>`,
    energy === null ? raw('') : energyBlock(energy, options, speak),
    facts([[w('powerAccounts'), joinedTexts(lead.power_accounts)]]),
  ];
  return html`<section><h2>${w('scale')}</h2>${body.every(isEmpty) ? html`<p>${w('unknown')}</p>` : body}</section>`;
}

type LooseEnergy = { readonly [K in keyof EnergyEstimate]?: EnergyEstimate[K] | null };

function energyBlock(energy: LooseEnergy, options: DossierOptions, { w, of }: Speaker): Markup {
  const { surcharge } = energy;
  const band = (name: Markup, value: Band | null | undefined, digits = 0): unknown[][] =>
    value ? [[name, numberText(value.low, digits), numberText(value.mid, digits), numberText(value.high, digits)]] : [];
  const money = (name: Markup, value: unknown): unknown[][] => {
    if (typeof value !== 'object' || value === null) return [];
    const { low, mid, high } = value as Record<string, unknown>;
    return [[name, numberText(low), numberText(mid), numberText(high)]];
  };
  const rows = [
    ...band(w('siteKw'), energy.siteKw, 1),
    ...band(w('kwh'), energy.kwhPerMonth),
    ...band(w('assessed'), energy.assessedKwhPerMonth),
    ...money(w('surchargeMonth'), surcharge?.yuanPerMonth),
    ...money(w('surchargeToDate'), surcharge?.yuanToDate),
  ];
  const rate = surcharge
    ? html`${text(surcharge.rate, 20)}（${region(surcharge.region, options)}${surcharge.isDefault ? html`，${w('rateIsDefault')}` : ''}）`
    : raw('');
  const notes = listOf(energy.notes)
    .slice(0, 20)
    .map((note) => html`<li>${text(note.text, 300)}</li>`);
  const left = listOf(energy.unestimated)
    .slice(0, 20)
    .map((part) => html`<li>${text(part.what, 80)}：${text(part.reason, 200)}</li>`);
  const names = listOf(energy.tables).map((each) => `${each.name} ${each.version}`);
  return html`${rows.length === 0 ? '' : table([w('quantity'), w('low'), w('mid'), w('high')], rows, 'num')}${facts([
    [w('method'), of(METHOD_TERMS, energy.method)],
    [w('rate'), rate],
    [w('document'), text(surcharge?.document, 200)],
    [w('meteredRatio'), numberText(energy.meteredRatio, 2)],
    [w('notes'), notes.length === 0 ? '' : html`<ul>${notes}</ul>`],
    [w('unestimated'), left.length === 0 ? '' : html`<ul>${left}</ul>`],
    [w('tables'), joinedTexts(names)],
  ])}`;
}
