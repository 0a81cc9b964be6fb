import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadEndpoints, loadSources } from '../../src/signature/endpoints.ts';

const SCRIPT = join(import.meta.dirname, '..', 'generate', 'import-endpoints.ts');
const HEAD = 'kind,value,ports,pool,coins,transport,role,region,confidence,first_source,licence';
const ROWS = [
  'host,eu.pool.example,3333,Pool,XMR,tcp,stratum,eu,high,https://github.com/one/list,MIT',
  'host,us.pool.example,3333;443,Pool,XMR,tls,stratum,us,medium,https://us.pool.example/help,MIT',
  'host,old.pool.example,3333,Pool,XMR,tcp,stratum,,low,https://github.com/one/list (history),none stated',
  'host,stats.pool.example,,Pool,,http,web,,low,"A list, printed in ""Mining""",none stated',
  'host,www.other.example,,Other,,http,web,,low,https://github.com/one/list,MIT',
  'ip,192.0.2.1,3333,Pool,,tcp,stratum,,medium,https://github.com/one/list,MIT',
  'ip,192.0.2.2,3333,,,unknown,unknown,,low,https://github.com/one/list,MIT',
];
const POOL_HEAD =
  'pool,name_zh,status,registrable_domains,suffix_safe_domains,ports_plain,ports_tls,coins,stratum_naming,account_format,country_of_operation,stratum_hosts_in_list,note';
const POOLS = [
  'Pool,矿池,active,pool.example;pool.example.org,pool.example,3333,,multi-algorithm,"<coin>.pool.example, others",wallet.worker,nowhere,2,',
  'BTC.com,,active,btc.com,,3333,,BTC,x,sub-account.worker,nowhere,1,"a note, left out"',
];

describe('the import', () => {
  const root = mkdtempSync(join(tmpdir(), 'endpoint-import-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function run(name: string, rows: readonly string[], pools: readonly string[]): string {
    const [endpointPath, poolPath, folder] = [`${name}.csv`, `${name}-pools.csv`, name].map((one) => join(root, one));
    writeFileSync(endpointPath as string, `${[HEAD, ...rows].join('\n')}\n`);
    writeFileSync(poolPath as string, `${[POOL_HEAD, ...pools].join('\n')}\n`);
    const argv = [SCRIPT, endpointPath as string, poolPath as string, folder as string, '2030-01'];
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('hosts.csv: ')]);
    return folder as string;
  }
  const contents = (folder: string): string[] =>
    readdirSync(folder).map((file) => `${file}\n${readFileSync(join(folder, file), 'utf8')}`);
  const folder = run('one', ROWS, POOLS);

  test('does not depend on the order of rows', () => {
    expect(contents(run('two', [...ROWS].reverse(), [...POOLS].reverse()))).toEqual(contents(folder));
  });

  test('splits by confidence, but keeps web names below mining domains', () => {
    const index = loadEndpoints(folder);
    const found = ['eu.pool.example', 'old.pool.example', 'stats.pool.example', 'www.other.example'].map((name) => {
      const row = index.findHostText(name);
      return row < 0 ? null : index.host(row).name;
    });
    expect(found).toEqual(['eu.pool.example', 'pool.example', 'stats.pool.example', null]);
    const low = loadEndpoints(folder, { low: true });
    expect(low.host(low.findHostText('old.pool.example')).stratum).toBe(true);
    expect([index.addresses, low.addresses]).toEqual([1, 2]);
    expect(readFileSync(join(folder, 'hosts.csv'), 'utf8')).toMatch(/^# .* State: 2030-01\./);
  });

  test('takes a host on which the page of the pool was read for a web site too', () => {
    const index = loadEndpoints(folder);
    expect(index.host(index.findHostText('us.pool.example'))).toMatchObject({
      stratum: true,
      web: true,
      ambiguous: true,
    });
    expect(index.host(index.findHostText('eu.pool.example')).ambiguous).toBe(false);
  });

  test('narrows domains that carry other services, and keeps pools and sources', () => {
    const index = loadEndpoints(folder);
    expect(index.findHostText('eu.btc.com')).toBe(-1);
    expect(index.host(index.findHostText('eu.ss.btc.com')).pool).toBe('BTC.com');
    expect(index.poolOf(index.findHostText('eu.pool.example'))).toMatchObject({ nameZh: '矿池', coins: [] });
    expect([...loadSources(folder).values()]).toEqual([
      { id: 'a-list', title: 'A list, printed in "Mining"', url: '', licence: 'none stated' },
      { id: 'list', title: '', url: 'https://github.com/one/list', licence: 'MIT' },
      { id: 'list-old', title: 'history', url: 'https://github.com/one/list', licence: 'none stated' },
      { id: 'us.pool.example', title: '', url: 'https://us.pool.example/help', licence: 'MIT' },
    ]);
  });

  test('adds web rows for pages of the pools at hand, once', () => {
    const rows = [
      'host,etc.2miners.com,1010,2Miners,ETC,tcp,stratum,,high,https://github.com/one/list,MIT',
      'host,ae.2miners.com,4040,2Miners,AE,tcp,stratum,,high,https://ae.2miners.com/,MIT',
      'host,asia-etc.2miners.com,1010,2Miners,ETC,tcp,stratum,,high,https://github.com/one/list,MIT',
      'host,ltc.suprnova.cc,1010,Suprnova,LTC,tcp,stratum,,high,https://github.com/one/list,MIT',
    ];
    const pool = '2Miners,,active,2miners.com,2miners.com,,,ETC,x,wallet.worker,nowhere,1,';
    const made = run('pages', rows, [pool]);
    const index = loadEndpoints(made);
    const ambiguous = ['etc.2miners.com', 'ae.2miners.com', 'asia-etc.2miners.com', 'ltc.suprnova.cc'].map(
      (name) => index.host(index.findHostText(name)).ambiguous,
    );
    expect(ambiguous).toEqual([true, true, false, false]);
    expect(index.classify(index.findHostText('rvn.2miners.com'), 'rvn.2miners.com')).toBe('weak');
    expect(loadSources(made).get('poolprint-correction')).toMatchObject({ url: '', licence: 'Apache-2.0' });
    const text = readFileSync(join(made, 'hosts.csv'), 'utf8');
    expect(text.match(/^host,ae\.2miners\.com,,.*web/gm)).toHaveLength(1);
    expect(text.match(/^host,etc\.2miners\.com,,.*web/gm)).toHaveLength(1);
  });

  test('without its two files says how it is used', () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('usage: ')]);
  });
});
