/**
 * Writes signatures/endpoints/ from two collections of facts about pools; the same input gives the same files.
 * Usage: node tests/generate/import-endpoints.ts POOL-ENDPOINTS.csv POOLS.csv [FOLDER] [YEAR-MONTH]
 *
 * POOL-ENDPOINTS.csv has the columns kind, value, ports, pool, coins, transport, role, region, confidence, first_source,
 * licence; POOLS.csv has pool, name_zh, status, registrable_domains, suffix_safe_domains, coins, account_format and others
 * that are left out. YEAR-MONTH is the state of the collections, shown at the head of each file.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STATE = '2026-11';

/** The format, written down here a second time on purpose: the loader refuses what does not follow its own. */
const ENDPOINT_COLUMNS: readonly string[] = [
  ...['kind', 'value', 'ports', 'pool', 'coins', 'transport', 'role', 'region', 'confidence', 'source'],
];
const POOL_COLUMNS: readonly string[] = [
  ...['pool', 'name_zh', 'status', 'suffix_domains', 'other_domains', 'coins', 'account_format'],
];
const SOURCE_COLUMNS: readonly string[] = ['id', 'title', 'url', 'licence'];
const KINDS: readonly string[] = ['domain', 'host', 'tls-name', 'ip'];
const CONFIDENCES: readonly string[] = ['high', 'medium', 'low'];

/** Short ids of the sources that most rows name; every other id is made from the address. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['hive-pooltemplates', 'hive'],
  ['miningpoolfinder', 'mpfinder'],
  ['mining-pool-domain-intel', 'domain-intel'],
  ['di-cryptominingdetection', 'nesfit'],
  ['rainbowminer', 'rainbow'],
]);

type Record = Readonly<{ [column: string]: string }>;

/** Coins that have region hosts, `de.COIN.herominers.com`, below a page of theirs. */
const HEROMINERS: readonly string[] = `
alephium beam clore conflux cortex dynex ergo etc ironfish karlsen kaspa monero neoxa pearl qrl quai ravencoin salvium
warthog xelis zano zephyr
`
  .trim()
  .split(/\s+/);

/** Algorithms that have region hosts, `asia.ALGORITHM-hub.miningpoolhub.com`. */
const HUBS: readonly string[] = ['cryptonight', 'equihash', 'etchash', 'ethash', 'kawpow', 'lyra2z', 'randomx'];

/** Domains of pools that carry other services too, a page for each coin for instance, and what to match below instead. */
const NARROWER: ReadonlyMap<string, readonly string[]> = new Map([
  ['braiins.com', ['stratum.braiins.com']],
  ['btc.com', ['ss.btc.com']],
  ['herominers.com', HEROMINERS.map((coin) => `${coin}.herominers.com`)],
  ['miningpoolhub.com', HUBS.map((hub) => `${hub}-hub.miningpoolhub.com`)],
  // Unlisted names below these are pages of coins: only what is listed mines.
  ['solopool.org', []],
  ['suprnova.cc', []],
]);

/** Where the web rows of `PAGES` come from, as a source of the collections says it. */
const PAGES_SOURCE = 'Poolprint correction (pages and interfaces that pools serve on port 443 beside their endpoints)';

/** Names under which pools serve a page or an interface though the collections know them as endpoints, or not at all. */
const PAGES: readonly { readonly domain: string; readonly role: 'web' | 'api'; readonly labels: string }[] = [
  // Interfaces that public programs ask: https://etc.2miners.com/api/stats and the like.
  { domain: '2miners.com', role: 'web', labels: 'etc eth rvn' },
  { domain: 'ckpool.org', role: 'web', labels: 'eusolostats solostats' },
  { domain: 'herominers.com', role: 'web', labels: `${HEROMINERS.join(' ')} ethereum grin` },
  // Languages of the site.
  { domain: 'huobipool.com', role: 'web', labels: 'en es' },
  { domain: 'miningpoolhub.com', role: 'web', labels: 'ethereum' },
  { domain: 'suprnova.cc', role: 'web', labels: 'ltc' },
  { domain: 'vipor.net', role: 'api', labels: 'master restapi' },
];

/** Rows of a CSV file (RFC 4180, no line break inside quotes) by the columns of its first line. */
function records(path: string): Record[] {
  const lines = readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter(Boolean);
  const columns = cells(lines[0] ?? '');
  return lines.slice(1).map((line, i) => {
    const row = cells(line);
    if (row.length !== columns.length) throw new Error(`${path}:${i + 2}: ${row.length} cells, not ${columns.length}`);
    return Object.fromEntries(columns.map((column, k) => [column, row[k] as string]));
  });
}

function cells(line: string): string[] {
  return [...line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)].map(
    ([, inQuotes, bare]) => inQuotes?.replaceAll('""', '"') ?? (bare as string),
  );
}

function get(record: Record, column: string): string {
  const cell = record[column];
  if (cell === undefined) throw new Error(`there is no column "${column}"`);
  return cell;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function quoted(cell: string): string {
  return /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Sources as a table: each text of `first_source` with its licence becomes a short id, a title and an address. */
class Sources {
  private readonly ids = new Map<string, string>();
  private readonly rows = new Map<string, string[]>();

  /** Takes the texts in order of their bytes, so that ids do not depend on the order of rows. */
  constructor(all: readonly Record[]) {
    const keys = new Set(all.map((one) => JSON.stringify([get(one, 'first_source'), get(one, 'licence')])));
    for (const key of [...keys].sort(compare)) {
      const [text, licence] = JSON.parse(key) as [string, string];
      const url = /https:\/\/[^\s)]+/.exec(text)?.[0] ?? '';
      const id = this.free(text, url);
      this.ids.set(key, id);
      // The address need not stand in the title again; what stands beside it in brackets is the title.
      const rest = text.replace(url, '').trim();
      this.rows.set(id, [id, rest.replace(/^\((.*)\)$/, '$1'), url, licence]);
    }
  }

  idOf(record: Record): string {
    return this.ids.get(JSON.stringify([get(record, 'first_source'), get(record, 'licence')])) as string;
  }

  table(): string[][] {
    return [...this.rows].sort(([a], [b]) => compare(a, b)).map(([, row]) => row);
  }

  private free(text: string, url: string): string {
    const github = /github\.com\/[^/\s]+\/([\w.-]+)/.exec(url)?.[1];
    const host = /^https:\/\/(?:www\.)?([^/]+)/.exec(url)?.[1];
    const words =
      github ??
      host ??
      text
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .filter(Boolean)
        .slice(0, 2)
        .join('-');
    const word = words.toLowerCase();
    const stem = `${SHORT.get(word) ?? word}${text.includes('history)') ? '-old' : ''}`.replaceAll(/[^a-z0-9.-]/g, '-');
    for (let n = 1; ; n++) {
      const id = n === 1 ? stem : `${stem}-${n}`;
      if (!this.rows.has(id)) return id;
    }
  }
}

/** Whether a name lies below one of the domains, or is one. */
function within(name: string, domains: ReadonlySet<string>): boolean {
  for (let at = 0; at >= 0; at = name.indexOf('.', at) < 0 ? -1 : name.indexOf('.', at) + 1) {
    if (domains.has(name.slice(at))) return true;
  }
  return false;
}

/** Hosts on which an operator's page was read, with the first row that names it. */
function pages(endpoints: readonly Record[]): Map<string, Record> {
  const found = new Map<string, Record>();
  for (const one of endpoints) {
    const host = /^https:\/\/([a-z0-9.-]+)/.exec(get(one, 'first_source'))?.[1];
    if (host === undefined || host === 'github.com') continue;
    const before = found.get(host);
    if (before === undefined || compare(get(one, 'value'), get(before, 'value')) < 0) found.set(host, one);
  }
  return found;
}

/** Web rows of `PAGES` for the pools of the collection, without those that it has itself. */
function pageRows(pools: readonly Record[], endpoints: readonly Record[]): Record[] {
  const nameOf = new Map(
    pools.flatMap((pool) =>
      get(pool, 'registrable_domains')
        .split(';')
        .map((domain) => [domain, get(pool, 'pool')]),
    ),
  );
  const known = new Set(endpoints.filter((one) => /web|api/.test(get(one, 'role'))).map((one) => get(one, 'value')));
  return PAGES.flatMap(({ domain, role, labels }) => {
    const pool = nameOf.get(domain);
    const names = pool === undefined ? [] : labels.split(' ').map((label) => `${label}.${domain}`);
    return names
      .filter((value) => !known.has(value))
      .map((value) => ({
        kind: 'host',
        value,
        ports: '',
        pool: endpoints.find((one) => get(one, 'value') === domain)?.['pool'] ?? pool ?? '',
        coins: '',
        transport: 'http',
        role,
        region: '',
        confidence: 'medium',
        first_source: PAGES_SOURCE,
        licence: 'Apache-2.0',
      }));
  });
}

function poolRows(pools: readonly Record[]): string[][] {
  const rows = pools.map((pool) => {
    const all = get(pool, 'registrable_domains').split(';').filter(Boolean);
    const safe = new Set(get(pool, 'suffix_safe_domains').split(';').filter(Boolean));
    for (const domain of all) {
      const instead = NARROWER.get(domain);
      if (instead === undefined) continue;
      safe.delete(domain);
      for (const narrower of instead) safe.add(narrower);
    }
    const coins = get(pool, 'coins') === 'multi-algorithm' ? '' : get(pool, 'coins');
    return [
      get(pool, 'pool'),
      get(pool, 'name_zh'),
      get(pool, 'status'),
      [...safe].join(';'),
      all.filter((domain) => !safe.has(domain)).join(';'),
      coins,
      get(pool, 'account_format'),
    ];
  });
  return rows.sort(([a = ''], [b = '']) => compare(a.toLowerCase(), b.toLowerCase()) || compare(a, b));
}

function main(endpointPath: string, poolPath: string, folder: string, state: string): void {
  const described = records(poolPath);
  const endpoints = records(endpointPath);
  endpoints.push(...pageRows(described, endpoints));
  const pools = poolRows(described);
  const sources = new Sources(endpoints);
  const mining = new Set(pools.flatMap((pool) => (pool[3] as string).split(';').filter(Boolean)));
  for (const one of endpoints) {
    if (get(one, 'kind') === 'domain' && /stratum|proxy/.test(get(one, 'role'))) mining.add(get(one, 'value'));
  }
  const weakened = new Set([...mining, ...NARROWER.keys()]);
  const listedHosts = new Set(endpoints.filter((one) => get(one, 'kind') === 'host').map((one) => get(one, 'value')));
  const keys = new Set(
    endpoints
      .filter((one) => /web|api/.test(get(one, 'role')) || get(one, 'transport') === 'http')
      .map((one) => get(one, 'value')),
  );
  const files = new Map<string, string[][]>(
    ['hosts.csv', 'hosts-low.csv', 'addresses.csv', 'addresses-low.csv'].map((name) => [name, []]),
  );
  const rank = (one: Record): number => KINDS.indexOf(get(one, 'kind'));
  for (const [host, page] of pages(endpoints)) {
    const listed = listedHosts.has(host);
    if (!(listed || within(host, mining)) || keys.has(host)) continue;
    // Where the operator's page lies, a web site answers: the name alone no longer tells mining from reading.
    endpoints.push({
      ...page,
      kind: 'host',
      value: host,
      ports: '',
      coins: '',
      transport: 'http',
      role: 'web',
      region: '',
    });
  }
  endpoints.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(get(a, 'value'), get(b, 'value')) ||
      compare(get(a, 'transport'), get(b, 'transport')),
  );
  for (const one of endpoints) {
    if (!CONFIDENCES.includes(get(one, 'confidence'))) throw new Error('bad confidence');
    const name = get(one, 'kind') === 'ip' ? 'addresses' : 'hosts';
    // Web names below a mining domain only ever weaken a match, so they are kept however weakly they are known.
    const weakens = /web|api/.test(get(one, 'role')) && within(get(one, 'value'), weakened);
    const low = get(one, 'confidence') === 'low' && !weakens;
    const cells = ENDPOINT_COLUMNS.map((column) => (column === 'source' ? sources.idOf(one) : get(one, column)));
    files.get(`${name}${low ? '-low' : ''}.csv`)?.push(cells);
  }
  mkdirSync(folder, { recursive: true });
  const write = (
    file: string,
    columns: readonly string[],
    rows: readonly (readonly string[])[],
    what: string,
  ): void => {
    const head = [
      `# ${what} State: ${state}. Format: docs/endpoints.md`,
      '# Facts only, from the sources in sources.csv; NOTICE names them and their licences.',
      columns.join(','),
    ];
    const lines = [...head, ...rows.map((row) => row.map(quoted).join(','))];
    writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
    process.stderr.write(`${file}: ${rows.length} rows\n`);
  };
  const what: Readonly<{ [file: string]: string }> = {
    'hosts.csv': 'Names of mining pools that are well or fairly well attested.',
    'hosts-low.csv': 'Names of mining pools that one source alone attests; not loaded unless asked for.',
    'addresses.csv': 'Addresses that pools and hash-power markets publish.',
    'addresses-low.csv': 'Addresses seen in old captures and block lists; not loaded unless asked for.',
  };
  for (const [file, rows] of files) write(file, ENDPOINT_COLUMNS, rows, what[file] as string);
  write('pools.csv', POOL_COLUMNS, pools, 'Larger pools, their domains and how their logins are built.');
  write('sources.csv', SOURCE_COLUMNS, sources.table(), 'Where the rows of the other files come from.');
}

const [endpointPath, poolPath, folder, state] = process.argv.slice(2);
if (endpointPath === undefined || poolPath === undefined) {
  process.stderr.write('usage: import-endpoints.ts POOL-ENDPOINTS.csv POOLS.csv [FOLDER] [YEAR-MONTH]\n');
  process.exitCode = 2;
} else {
  main(
    endpointPath,
    poolPath,
    folder ?? join(import.meta.dirname, '..', '..', 'signatures', 'endpoints'),
    state ?? STATE,
  );
}
