/** Geofeed (RFC 8805): prefix, country, region, city, postal code; no headings, comments begin with #. City at most. */
import { shown } from './import-error.ts';
import type { Head, TableLayout, Verdict } from './layout.ts';
import { parseRange } from './ranges.ts';
import { addressRow, place, Rest } from './rows.ts';

export const geofeed: TableLayout = {
  id: 'geofeed',
  title: 'geofeed of an operator (RFC 8805: prefix, country, region, city)',
  input: 'table',
  detect(head: Head): Verdict {
    const rows = head.rows.filter((cells) => cells.length > 0 && !cells[0]?.startsWith('#'));
    const fits = rows.filter((cells) => isEntry(cells)).length;
    if (rows.length === 0 || fits * 2 <= rows.length)
      return { score: 0, because: 'no lines of prefix, country, region' };
    return { score: 80, because: 'lines of prefix, country, region, city without headings', header: null };
  },
  open(context) {
    return {
      feed(cells, row) {
        const [prefix = '', alpha2 = '', region = '', city = '', postal = ''] = cells;
        if (prefix.startsWith('#')) return;
        const range = parseRange(prefix);
        if (typeof range === 'string') {
          const message = `"${shown(prefix, 60)}" is no prefix: correct it`;
          context.fault({ row, reason: 'bad_start_ip', code: '2006', message });
          return;
        }
        const rest = new Rest();
        rest.keep('country', alpha2.toUpperCase());
        rest.keep('region', region.toUpperCase());
        rest.keep('city', city);
        rest.keep('postal', postal);
        const text = [region.toUpperCase(), city].filter((part) => part !== '').join(' ');
        context.row(row, addressRow({ kind: 'geofeed', ...range, places: place('gateway', text) }, rest));
      },
      end: () => undefined,
    };
  },
};

function isEntry([prefix = '', country = '', region = '']: readonly string[]): boolean {
  if (!prefix.includes('/') && !/^[\d.]+$|:/.test(prefix)) return false;
  if (!/^(?:[A-Za-z]{2})?$/.test(country) || !/^(?:[A-Za-z]{2}(?:-[A-Za-z0-9]{1,3})?)?$/.test(region)) return false;
  return country + region !== '' && typeof parseRange(prefix) !== 'string';
}
