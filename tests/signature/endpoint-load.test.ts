import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MAX_FAULTS } from '../../src/signature/endpoint-csv.ts';
import {
  endpointDigest,
  loadPrecompiledEndpoints,
  writePrecompiled,
} from '../../src/signature/endpoint-precompiled.ts';
import { parseEndpoints, parsePools, parseSources, SeenKeys } from '../../src/signature/endpoint-rows.ts';
import {
  defaultEndpointDirectory,
  EndpointIndex,
  type EndpointRow,
  loadEndpoints,
  loadSources,
  readEndpoints,
} from '../../src/signature/endpoints.ts';
import { SignatureError, type SignatureFault } from '../../src/signature/types.ts';

const HEAD = 'kind,value,ports,pool,coins,transport,role,region,confidence,source';
const ROW = 'host,eu.pool.example,3333;4444,Pool,XMR;BTC,tcp,stratum,eu,high,own';

function read(text: string): { rows: EndpointRow[]; faults: SignatureFault[] } {
  const faults: SignatureFault[] = [];
  return { rows: parseEndpoints(text, 'dir/own.csv', faults, new SeenKeys()), faults };
}

describe('a file', () => {
  const parsed = {
    kind: 'host',
    value: 'eu.pool.example',
    ports: [3333, 4444],
    pool: 'Pool',
    coins: ['XMR', 'BTC'],
    transport: 'tcp',
    role: 'stratum',
    region: 'eu',
    confidence: 'high',
    source: 'own',
  };
  test.each([
    ['plain', `${HEAD}\n${ROW}\n`],
    ['without a line end', `${HEAD}\n${ROW}`],
    ['with CRLF', `# note\r\n${HEAD}\r\n\r\n${ROW}\r\n`],
    ['with a byte order mark', `\uFEFF${HEAD}\n${ROW}`],
    ['with a byte order mark and a comment', `\uFEFF# note, with comma\n${HEAD}\n# another "note\n${ROW}\n`],
    ['in quotes', `${HEAD}\n"host","eu.pool.example","3333;4444",Pool,XMR;BTC,tcp,stratum,eu,high,"own"`],
    [
      'with other order',
      'role,value,kind,ports,pool,coins,transport,region,confidence,source\nstratum,eu.pool.example,host,3333;4444,Pool,XMR;BTC,tcp,eu,high,own',
    ],
  ])('%s is read', (_name, text) => {
    expect(read(text)).toEqual({ rows: [parsed], faults: [] });
  });

  test('needs kind, value and role alone', () => {
    const { rows, faults } = read('kind,value,role\ndomain,own.example,proxy');
    expect(faults).toEqual([]);
    expect(rows).toEqual([
      {
        ...parsed,
        kind: 'domain',
        value: 'own.example',
        ports: [],
        pool: '',
        coins: [],
        transport: 'unknown',
        role: 'proxy',
        region: '',
        confidence: 'medium',
        source: '',
      },
    ]);
  });

  test('may hold commas and quotes in quotes', () => {
    const { rows } = read(`${HEAD}\n${ROW.replace(',Pool,', ',"Pool, ""the"" one",')}`);
    expect(rows[0]?.pool).toBe('Pool, "the" one');
  });

  test('need not be sorted, and addresses take their canonical form', () => {
    const { rows, faults } = read(
      'kind,value,role,ports\nip,2001:DB8:0::1,stratum,1\nhost,b.example,web,\nhost,a.example,web,',
    );
    expect(faults).toEqual([]);
    expect(rows.map((row) => row.value)).toEqual(['2001:db8::1', 'b.example', 'a.example']);
  });

  const faulty: readonly (readonly [
    what: string,
    from: string,
    to: string,
    line: number,
    column: number,
    message: string,
  ])[] = [
    ['unknown column', ',region,', ',reigon,', 1, 44, '"reigon" is no column'],
    ['column twice', ',region,', ',pool,', 1, 44, 'named twice'],
    ['missing column', 'kind,', '', 1, 1, '"kind" is missing'],
    ['too few cells', ',own', '', 2, 1, 'has 9 cells where the heading has 10'],
    ['open quote', 'Pool', '"Pool', 2, 32, 'never closes'],
    ['text after a quote', 'Pool', '"Po"ol', 2, 36, 'follows a closing quote'],
    ['huge cell', 'Pool', 'P'.repeat(9000), 2, 32, 'at most 8192'],
    ['long text', 'Pool', 'P'.repeat(300), 2, 32, 'at most 200'],
    ['control character', 'Pool', 'Po\u0007ol', 2, 32, 'control characters'],
    ['bad kind', 'host,', 'cidr,', 2, 1, 'kind "cidr" is unknown'],
    ['bad role', 'stratum', 'Stratum', 2, 49, 'role "Stratum" is unknown: it is one of stratum, proxy'],
    ['bad transport', 'tcp', 'ssl', 2, 45, 'transport "ssl" is unknown'],
    ['bad confidence', ',high,', ',sure,', 2, 60, 'confidence "sure" is unknown'],
    ['bad region', ',eu,', ',E U,', 2, 57, 'is no region'],
    ['port 0', '4444', '0', 2, 22, 'holds "0", which is no port'],
    ['port too large', '4444', '65536', 2, 22, 'holds "65536"'],
    ['port with words', '4444', '4444 tls', 2, 22, 'holds "4444 tls"'],
    ['empty port', '4444', '', 2, 22, 'holds ""'],
    ['port twice', '4444', '3333', 2, 22, 'names a value twice'],
    ['bad coin', 'XMR', 'xmr coin', 2, 37, 'is no ticker'],
    ['capitals', 'eu.pool', 'EU.pool', 2, 6, 'lower case'],
    ['trailing dot', 'pool.example', 'pool.example.', 2, 6, 'without the dot'],
    ['wildcard', 'eu.pool', '*.pool', 2, 6, 'wildcard'],
    ['one label', 'eu.pool.example', 'pool', 2, 6, 'two labels'],
    ['no name', 'eu.pool.example', 'eu_.-pool.example', 2, 6, 'is no host name'],
    ['long label', 'eu.pool', `${'a'.repeat(64)}.pool`, 2, 6, 'a label of more than 63'],
    ['long name', 'eu.pool', `${'a.'.repeat(150)}pool`, 2, 6, 'at most 253'],
    ['address as host', 'eu.pool.example', '192.0.2.1', 2, 6, 'is no host name'],
    ['name as address', 'host,', 'ip,', 2, 4, 'is no IPv4 or IPv6 address'],
    ['network', 'host,eu.pool.example', 'ip,192.0.2.0/24', 2, 4, 'networks are not listed'],
    ['short address', 'host,eu.pool.example', 'ip,192.0.2', 2, 4, 'is no IPv4'],
    ['address without ports', 'host,eu.pool.example,3333;4444', 'ip,192.0.2.1,', 2, 14, 'is empty'],
    ['public suffix', 'host,eu.pool.example', 'domain,co.uk', 2, 8, 'public suffix'],
    ['general service', 'host,eu.pool.example', 'domain,github.io', 2, 8, 'general service'],
  ];
  test.each(faulty)('with %s is told where and why', (_what, from, to, line, column, message) => {
    const text = `${HEAD}\n${ROW}`.replace(from, to);
    expect(text).not.toBe(`${HEAD}\n${ROW}`);
    const { rows, faults } = read(text);
    expect(rows).toEqual([]);
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    expect(faults[0]).toMatchObject({ file: 'dir/own.csv', line, column });
  });

  test('with a key twice names both places', () => {
    const { faults } = read(`${HEAD}\n${ROW}\n\n${ROW.replace('3333;4444', '1')}\n${ROW.replace(',tcp,', ',tls,')}`);
    expect(faults).toEqual([
      { file: 'dir/own.csv', line: 4, column: 6, message: expect.stringContaining('repeats the row at dir/own.csv:2') },
    ]);
  });

  test.each([
    ['empty', ''],
    ['of comments', '# one\n# two\n'],
    ['of line ends', '\r\n\n'],
  ])('that is %s names the columns it wants', (_name, text) => {
    expect(read(text).faults).toEqual([
      { file: 'dir/own.csv', line: 0, column: 0, message: expect.stringContaining(`begin with "${HEAD}"`) },
    ]);
  });

  test('that is no such file at all gives a bounded number of faults', () => {
    expect(read('\u0000\u0001\n'.repeat(1000)).faults.length).toBeGreaterThan(0);
    expect(read(`${HEAD}\n${'x\n'.repeat(5000)}`).faults).toHaveLength(MAX_FAULTS + 1);
    expect(read(`"${'x'.repeat(1e6)}`).faults).toHaveLength(1);
    expect(read(`${HEAD}\n${'"'.repeat(100_001)}`).faults).toHaveLength(1);
  });

  test('keeps what other lines say wrong beside the first fault', () => {
    const { faults } = read(`${HEAD}\n${ROW.replace('3333', '0')}\n${ROW.replace('stratum', 'no')}`);
    expect(faults.map((fault) => fault.line)).toEqual([2, 3]);
  });
});

test('pools and sources have the same care', () => {
  const faults: SignatureFault[] = [];
  const head = 'pool,name_zh,status,suffix_domains,other_domains,coins,account_format';
  expect(parsePools(`${head}\nA,,active,a.example;b.example,,BTC,wallet`, 'p.csv', faults)).toMatchObject([
    { name: 'A', nameZh: null },
  ]);
  expect(faults).toEqual([]);
  parsePools(`${head}\nA,,active,github.io,,,\nB,,,b.example,,,\nB,,,,,,\nC,,,b.example,,,`, 'p.csv', faults);
  parseSources('id,title,url,licence\na,A,,MIT\na,B,,MIT\nb,B,,', 's.csv', faults);
  expect(faults.map((fault) => `${fault.file}:${fault.line}:${fault.column}`)).toEqual([
    ...['p.csv:2:11', 'p.csv:4:1', 'p.csv:5:5', 's.csv:3:1', 's.csv:4:6'],
  ]);
});

describe('what a build leaves', () => {
  const root = mkdtempSync(join(tmpdir(), 'endpoints-built-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const folder = defaultEndpointDirectory();
  const path = join(root, 'built.txt');
  const { rows, pools } = readEndpoints(folder);
  writeFileSync(path, writePrecompiled(endpointDigest(folder), rows, pools));

  test('gives the same list as the files', () => {
    const built = loadPrecompiledEndpoints(folder, path) as EndpointIndex;
    const plain = new EndpointIndex(rows, pools);
    expect([built.names, built.addresses]).toEqual([plain.names, plain.addresses]);
    const all = (index: EndpointIndex): unknown[] =>
      Array.from({ length: index.names }, (_, row) => {
        const host = index.host(row);
        const below = `unlisted.${host.name}`;
        const at = index.findHostText(below);
        const own = [443, 3333, 4444, 14_444].map((port) => index.ownPort(row, port));
        return [index.findHostText(host.name), host, index.classify(row, host.name), index.poolOf(row), own, at];
      });
    expect(all(built)).toEqual(all(plain));
    expect(Array.from({ length: built.addresses }, (_, row) => built.address(row))).toEqual(
      Array.from({ length: plain.addresses }, (_, row) => plain.address(row)),
    );
  });

  test('is not used where the files have changed, or where it is damaged or missing', () => {
    const other = join(root, 'other');
    cpSync(folder, other, { recursive: true });
    expect(loadPrecompiledEndpoints(other, path)).not.toBeNull();
    appendFileSync(join(other, 'hosts.csv'), '# one line more\n');
    expect(loadPrecompiledEndpoints(other, path)).toBeNull();
    const cut = join(root, 'cut.txt');
    writeFileSync(cut, readFileSync(path, 'utf8').split('\n').slice(0, -1).join('\n'));
    expect(loadPrecompiledEndpoints(folder, cut)).toBeNull();
    expect(loadPrecompiledEndpoints(folder, join(root, 'nowhere.txt'))).toBeNull();
  });
});

describe('a directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'endpoints-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const own = (name: string, ...lines: readonly string[]): string => {
    const path = join(root, name);
    writeFileSync(path, [HEAD, ...lines].join('\n'));
    return path;
  };

  test("takes a user's files, which speak last", () => {
    const path = own(
      'own.csv',
      'host,eu.own.example,3333,Own,,tcp,stratum,,high,us',
      'domain,f2pool.com,,,,unknown,unknown,,low,',
      'host,xmr-eu1.nanopool.org,1234,,,tcp,web,,high,',
      'ip,192.0.2.9,3333,,,tcp,stratum,,high,',
    );
    const plain = loadEndpoints();
    const index = loadEndpoints(undefined, { extra: [path, path] });
    const row = index.findHostText('eu.own.example');
    expect(index.host(row)).toMatchObject({ pool: 'Own', sources: ['us'] });
    expect(plain.findHostText('eu.own.example')).toBe(-1);
    expect(index.address(index.findAddress4(0xc0000209)).ip).toBe('192.0.2.9');
    for (const [name, before, after] of [
      ['unlisted.f2pool.com', 'stratum', 'weak'],
      ['xmr-eu1.nanopool.org', 'stratum', 'weak'],
      ['xmr-eu2.nanopool.org', 'stratum', 'stratum'],
    ] as const) {
      expect([plain.classify(plain.findHostText(name), name), index.classify(index.findHostText(name), name)]).toEqual([
        before,
        after,
      ]);
    }
    expect(index.poolOf(index.findHostText('unlisted.f2pool.com'))?.name).toBe('F2Pool');
  });

  test('with a fault in any file gives nothing, and lists the faults of all', () => {
    const bad = join(root, 'bad');
    cpSync(defaultEndpointDirectory(), bad, { recursive: true });
    expect(loadEndpoints(bad).names).toBe(loadEndpoints().names);
    writeFileSync(join(bad, 'addresses.csv'), `${HEAD}\nip,nowhere,1,,,tcp,stratum,,high,x`);
    rmSync(join(bad, 'pools.csv'));
    const path = own('two.csv', 'host,a.example,0,,,tcp,stratum,,high,x');
    expect.assertions(3);
    try {
      loadEndpoints(bad, { extra: [path, join(root, 'missing.csv')] });
    } catch (error) {
      expect(error).toBeInstanceOf(SignatureError);
      expect((error as SignatureError).faults.map(({ file, line }) => [file, line])).toEqual([
        [join(bad, 'addresses.csv'), 2],
        [join(bad, 'pools.csv'), 0],
        [path, 2],
        [join(root, 'missing.csv'), 0],
      ]);
    }
  });

  test('reads the files of low confidence when asked alone', () => {
    const bad = join(root, 'low');
    cpSync(defaultEndpointDirectory(), bad, { recursive: true });
    writeFileSync(join(bad, 'hosts-low.csv'), 'nonsense');
    expect(loadEndpoints(bad).names).toBeGreaterThan(0);
    expect(() => loadEndpoints(bad, { low: true })).toThrow(/hosts-low\.csv:1:1: "nonsense" is no column/);
    expect(() => loadEndpoints(join(root, 'nowhere'))).toThrow('cannot be read');
    expect(() => loadSources(join(root, 'nowhere'))).toThrow('cannot be read');
  });
});
