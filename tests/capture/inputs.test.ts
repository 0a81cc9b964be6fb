import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/capture/capture-error.ts';
import { expandInputs } from '../../src/capture/inputs.ts';
import { pcap, section } from './builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'poolprint-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...parts: string[]): string => join(folder, ...parts);

for (const name of ['tree/b', 'tree/a/deep', 'tree/Z', 'empty', 'plain', 'globs'])
  mkdirSync(at(name), { recursive: true });
for (const name of [
  'tree/b/2.pcap',
  'tree/b/10.pcap',
  'tree/a/deep/x.PCAPNG.zst',
  'tree/a/y.cap.gz',
  'tree/Z/z.ntar',
  'tree/b/log.txt',
  'tree/a/archive.gz',
  'plain/notes.txt',
  'globs/one.pcap',
  'globs/two.pcap',
  'globs/[odd].pcap',
]) {
  writeFileSync(at(name), 'not looked into');
}
writeFileSync(at('tree/b/trace.0'), pcap([]));
writeFileSync(at('tree/b/trace.1'), section(false));
symlinkSync(at('globs/one.pcap'), at('tree/link.dmp'));
symlinkSync(at('tree'), at('tree/a/loop'));
symlinkSync(at('nowhere'), at('tree/dangling.pcap'));

const names = async (...args: string[]): Promise<string[]> =>
  (await expandInputs(args)).map((input) => (input.path === '-' ? '-' : relative(folder, input.path)));

describe('expandInputs', () => {
  it('takes files and standard input as they come, each once', async () => {
    const { path, size } = (await expandInputs([at('globs/one.pcap')]))[0] ?? {};
    expect([path, size]).toEqual([at('globs/one.pcap'), 15]);
    expect(await names('-', at('plain/notes.txt'), '-', at('globs/../plain/notes.txt'))).toEqual([
      '-',
      'plain/notes.txt',
    ]);
  });

  it('finds the captures of a folder by suffix or magic bytes, in the order of their names', async () => {
    expect(await names(at('tree'))).toEqual([
      'tree/Z/z.ntar',
      'tree/a/deep/x.PCAPNG.zst',
      'tree/a/y.cap.gz',
      'tree/b/2.pcap',
      'tree/b/10.pcap',
      'tree/b/trace.0',
      'tree/b/trace.1',
      'tree/link.dmp',
    ]);
  });

  it('expands patterns in the order of names; a file whose name looks like one comes first', async () => {
    expect(await names(at('globs/*.pcap'))).toEqual(['globs/[odd].pcap', 'globs/one.pcap', 'globs/two.pcap']);
    expect(await names(at('globs/t?o.pcap'))).toEqual(['globs/two.pcap']);
    expect(await names(at('globs/[odd].pcap'))).toEqual(['globs/[odd].pcap']);
    expect(await names(at('tree/{Z,b}'))).toEqual([
      'tree/Z/z.ntar',
      'tree/b/2.pcap',
      'tree/b/10.pcap',
      'tree/b/trace.0',
      'tree/b/trace.1',
    ]);
  });

  it.each([
    ['missing.pcap', 1, 'no such file'],
    ['globs/one.pcap/below', 1, 'no such file'],
    ['globs/*.none', 1, 'no file matches'],
    ['empty', 2, 'the folder holds no captures'],
    ['plain', 2, 'the folder holds no captures'],
  ])('%s: exit code %i, %s', async (name, exitCode, message) => {
    const error = await expandInputs([at(name)]).then(
      () => null,
      (e: InputError) => e,
    );
    expect(error).toBeInstanceOf(InputError);
    expect([error?.exitCode, error?.message]).toEqual([exitCode, `${at(name)}: ${message}`]);
  });

  it('hands errors of exit code 1 over and gives the other inputs, but not those of usage', async () => {
    const errors: string[] = [];
    const inputs = await expandInputs([at('no'), at('globs/one.pcap'), at('x*')], (e) => errors.push(e.message));
    expect(inputs.map((i) => i.path)).toEqual([at('globs/one.pcap')]);
    expect(errors).toEqual([`${at('no')}: no such file`, `${at('x*')}: no file matches`]);
    await expect(expandInputs([at('empty')], (e) => errors.push(e.message))).rejects.toMatchObject({ exitCode: 2 });
  });

  it('puts control characters of a name out of the message', async () => {
    await expect(expandInputs(['a\u001b\u0007c\nb'])).rejects.toThrow('a c b: no such file');
  });

  const isRoot = process.getuid?.() === 0;
  if (isRoot) console.log('running as root, who may read everything: the test of permissions runs as nobody');
  it('tells what may not be read', () => {
    mkdirSync(at('locked/sub'), { recursive: true });
    writeFileSync(at('locked/secret.pcap'), pcap([]));
    chmodSync(at('locked/secret.pcap'), 0o000);
    chmodSync(at('locked/sub'), 0o000);
    chmodSync(folder, 0o755);
    const program = `
      const [module, ...paths] = process.argv.slice(1);
      const { expandInputs } = await import(module);
      if (process.getuid() === 0) process.setuid(65534);
      for (const path of paths) await expandInputs([path]).catch((e) => console.log(e.exitCode, e.message));
    `;
    const module = join(import.meta.dirname, '../../src/capture/inputs.ts');
    const paths = [at('locked/secret.pcap'), at('locked')];
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program, module, ...paths], {
      encoding: 'utf8',
    });
    chmodSync(at('locked/sub'), 0o755);
    expect(output.trim().split('\n')).toEqual([
      `1 ${at('locked/secret.pcap')}: permission denied`,
      `1 ${at('locked/sub')}: the folder cannot be read (permission denied)`,
    ]);
  });
});
