/** Whether what a configuration names can be used on this machine, now. Nothing is made or changed. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { compileFilter } from '../../capture/bpf-compile.ts';
import { hintSource } from '../../cli/casework.ts';
import { Reference } from '../../cli/reference.ts';
import type { SignatureRequest } from '../../cli/signatures.ts';
import { visible } from '../../cli/text.ts';
import { openLedger } from '../../ledger/sqlite/ledger.ts';
import type { EndpointOptions } from '../../signature/endpoints.ts';
import type { DaemonConfig, InputConfig } from './types.ts';

/** What the checks need from outside. */
export interface LiveWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Both throw errors whose message is one line per fault. */
  readonly loadSignatures: (request: SignatureRequest) => Promise<unknown>;
  readonly loadEndpoints: (options: EndpointOptions) => Promise<unknown>;
  /** Folder in which the kernel lists interfaces; /sys/class/net. */
  readonly interfaces?: string;
}

const ETHERNET = 1;
const INTERFACES = '/sys/class/net';

/** One line about each thing that cannot be used; [] where everything can. */
export async function checkLive(config: DaemonConfig, world: LiveWorld): Promise<readonly string[]> {
  const problems: string[] = [];
  const check = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      for (const line of message.split('\n')) problems.push(visible(`${what}: ${line}`));
    }
  };
  await check('state_directory', () => usableFolder(config.stateDirectory));
  const { detectionsFile, signatures, ledger, http } = config;
  if (detectionsFile !== null) await check('detections_file', () => usableFile(detectionsFile));
  await check('signatures', () => {
    const { paths, only, without } = signatures;
    return world.loadSignatures({ directory: paths.length === 0 ? null : paths, only, without });
  });
  await check('signatures.endpoints', () => world.loadEndpoints({ extra: signatures.endpoints }));
  if (ledger !== null) {
    await check('ledger.path', () => checkLedger(ledger.path, world));
    await check('ledger.reference', () => checkReference(ledger.reference));
    for (const file of ledger.mmdb) await check('ledger.mmdb', () => hintSource(file));
  }
  if (http !== null) await check('http.address', () => ownAddress(http.address));
  for (const input of config.inputs) {
    await check(`input ${input.name}`, () => checkInput(input, world));
    if (input.kind === 'live' && input.filter !== null) {
      const { filter } = input;
      await check(`input ${input.name}: filter`, () => compileFilter(filter, ETHERNET));
    }
  }
  return problems;
}

function checkInput(input: InputConfig, world: LiveWorld): void {
  switch (input.kind) {
    case 'live': {
      const folder = world.interfaces ?? INTERFACES;
      if (input.interface !== 'any' && existsSync(folder) && !existsSync(join(folder, input.interface))) {
        throw new Error(`there is no interface ${input.interface}: "ip link" lists those there are`);
      }
      const programs = input.program === 'auto' ? ['dumpcap', 'tcpdump'] : [input.program];
      if (programs.some((program) => isProgram(program, world.env['PATH']))) return;
      throw new Error(`${programs.join(' and ')} cannot be found: install it, or name the other with program`);
    }
    case 'pipe':
    case 'flow-log': {
      if (input.path === '-') return;
      const how =
        input.kind === 'pipe' ? 'make it with mkfifo, or start what writes into it' : 'name a file that may be read';
      access(input.path, constants.R_OK, how);
      if (input.kind === 'pipe' && statSync(input.path).isFile()) {
        throw new Error(`${input.path} is a file, not a FIFO: read captures with an input of kind spool`);
      }
      return;
    }
    case 'spool':
      access(input.directory, constants.R_OK | constants.X_OK, 'make it, or let the daemon read it');
      if (input.whenDone !== 'keep')
        access(input.directory, constants.W_OK, 'let the daemon write there, or say when_done: keep');
      if (input.moveTo !== null) usableFolder(input.moveTo);
      return;
    case 'collector':
      ownAddress(input.address);
  }
}

/** A folder that may be written, or that may be made. */
function usableFolder(path: string): void {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  if (!statSync(there).isDirectory()) throw new Error(`${there} is no folder: name another place`);
  access(there, constants.W_OK | constants.X_OK, 'let the daemon write there, or name another place');
}

/** A file that may be appended to, or made. */
function usableFile(path: string): void {
  if (!existsSync(path)) {
    if (!existsSync(dirname(path)))
      throw new Error(`there is no folder ${dirname(path)}: make it, or name another place`);
    usableFolder(dirname(path));
    return;
  }
  if (statSync(path).isDirectory()) throw new Error(`${path} is a folder: name a file`);
  access(path, constants.W_OK, 'let the daemon write it, or name another');
}

function checkLedger(path: string, { clock, random }: LiveWorld): void {
  if (!existsSync(path)) {
    usableFolder(dirname(path));
    return;
  }
  access(path, constants.W_OK, 'let the daemon write it, or name another');
  const ledger = openLedger(path, { mode: 'read', now: clock, random });
  try {
    ledger.registry.counts();
  } finally {
    ledger.close();
  }
}

/** Reads every table that leads are made by. */
function checkReference(folder: string | null): void {
  const { divisions, provinces, codes, patterns, energy } = new Reference(folder);
  for (const table of [divisions, provinces, codes, patterns, energy]) if (table === null) return;
}

function access(path: string, mode: number, how: string): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    throw new Error(`${path} cannot be used (${(error as NodeJS.ErrnoException).code}): ${how}`);
  }
}

function isProgram(name: string, searched: string | undefined): boolean {
  const folders = [...(searched ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

/** An address that a socket can be bound to here. */
function ownAddress(address: string): void {
  if (/^(?:0\.0\.0\.0|127\.[\d.]+|[0:]+1?)$/.test(address)) return;
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
  if (own.includes(address)) return;
  throw new Error(`${address} is no address of this machine: "ip address" lists those there are`);
}
