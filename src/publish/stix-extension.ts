/** What STIX has no property for: the lead behind an infrastructure object, as a property extension of our own. */
import { STATUS_TERMS } from '../common/terms.ts';
import type { Band } from '../estimate/types.ts';
import { objectId } from './stix-id.ts';
import { CONTENT_TIME, type StixObject } from './stix-object.ts';
import { compactObject, instant, list, plain, plainList, type Reduced, type ReducedLead } from './stix-value.ts';

/** Of stix2extensions (Apache-2.0, https://github.com/muchdogesec/stix2extensions): the object cryptocurrency-wallet. */
export const WALLET_EXTENSION = 'extension-definition--be78509e-6958-51b1-8b26-d17ee0eba2d7';

const TOOL_ID = objectId('identity', { name: 'Poolprint' });
export const LEAD_EXTENSION: string = objectId('extension-definition', { name: 'Poolprint lead' });

/** The definition of the extension and the identity that made it; the specification wants both to be known. */
export function extensionObjects(): StixObject[] {
  const common = { spec_version: '2.1', created: CONTENT_TIME, modified: CONTENT_TIME };
  return [
    { type: 'identity', id: TOOL_ID, ...common, name: 'Poolprint', identity_class: 'system' },
    {
      type: 'extension-definition',
      id: LEAD_EXTENSION,
      ...common,
      created_by_ref: TOOL_ID,
      name: 'Poolprint lead',
      description:
        'On infrastructure: a site where cryptocurrency is mined, with the state of its case. On cryptocurrency-wallet: the coins.',
      schema:
        'lead_id, lead_number, status, status_zh, status_since, category, involvement, site_type, flags, activity, ' +
        'region_code (GB/T 2260), coins, hardware_class, hashrates (one per algorithm: algorithm, unit, low, mid, high), ' +
        'power_kw, energy_kwh_30d (low, mid, high), energy_method, detection_count, observed_until; all optional',
      version: '1.0.0',
      extension_types: ['property-extension'],
    },
  ];
}

/** The properties of a lead; whatever it lacks, or has only a placeholder for, is left out. */
export function leadExtension(lead: ReducedLead): Record<string, unknown> {
  const project = !list(lead.hand_over?.withheld).includes('project');
  const known = (value: string | null | undefined): string | undefined =>
    value === 'unknown' ? undefined : plain(value, 64);
  const status = project ? plain(lead.status, 64) : undefined;
  const energy = lead.energy ?? {};
  const power = bandOf(energy.siteKw);
  const kwh = bandOf(energy.kwhPerMonth);
  const detections = list(lead.detections).length;
  return compactObject({
    extension_type: 'property-extension',
    lead_id: plain(lead.id, 128),
    lead_number: plain(lead.number, 128),
    status,
    status_zh: status === undefined ? undefined : STATUS_TERMS[status]?.zh,
    status_since: project ? instant(lead.status_since, 'first') : undefined,
    category: project ? known(lead.category) : undefined,
    involvement: known(lead.involvement),
    site_type: known(lead.site_type),
    flags: plainList(list(lead.flags).map(({ flag }) => flag)),
    activity: plain(lead.activity, 64),
    region_code: plain(lead.region, 32),
    coins: plainList(lead.coins),
    hardware_class: known(lead.hardware_class),
    hashrates: hashratesOf(lead),
    power_kw: power,
    energy_kwh_30d: kwh,
    energy_method: power === undefined && kwh === undefined ? undefined : plain(energy.method, 64),
    detection_count: detections === 0 ? undefined : detections,
    observed_until: instant(lead.observed?.until, 'last'),
  });
}

function hashratesOf(lead: ReducedLead): object[] | undefined {
  const rates = list(lead.hashrates).flatMap((rate) => {
    const [algorithm, unit, band] = [plain(rate.algorithm, 64), plain(rate.unit, 32), bandOf(rate)];
    return algorithm === undefined || unit === undefined || band === undefined ? [] : [{ algorithm, unit, ...band }];
  });
  return rates.length === 0 ? undefined : rates;
}

function bandOf(band: Reduced<Band> | null | undefined): Band | undefined {
  const { low, mid, high } = band ?? {};
  const values = [low, mid, high];
  if (!values.every((value): value is number => typeof value === 'number' && Number.isFinite(value))) return undefined;
  return { low: low as number, mid: mid as number, high: high as number };
}
