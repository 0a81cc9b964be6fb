import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import process from 'node:process';
import { internalError, runCli } from './cli.ts';
import { EXIT_FAILED } from './exit.ts';
import { isBrokenPipe, type Output, print } from './output.ts';

/** Runs the command line of this process and ends it with the exit code of design and docs. */
export async function main(): Promise<void> {
  // Errors of writes arrive at the writes; without a listener they would end the process with a stack.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  process.on('uncaughtException', (error) => {
    // A reader that went away (`| head`) is no fault of ours.
    if (isBrokenPipe(error)) process.exit(0);
    process.stderr.write(internalError(error));
    process.exit(EXIT_FAILED);
  });
  const code = await runCli(process.argv.slice(2), {
    loadEngine: async () => await import('../engine/replay.ts'),
    loadEndpoints: async (options) => (await import('../signature/endpoints.ts')).loadEndpoints(undefined, options),
    loadSignatures: async (request) => (await import('./signatures.ts')).loadSelectedSignatures(request),
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: () => performance.now(),
    clock: () => Date.now() * 1000,
    random: (bytes) => randomBytes(bytes),
    user: userName,
    onSignal: (handler) => {
      process.on('SIGINT', handler);
      process.on('SIGTERM', handler);
    },
    onReload: (handler) => process.on('SIGHUP', handler),
    exit: (exitCode) => process.exit(exitCode),
  });
  await flush(process.stdout);
  await flush(process.stderr);
  leave(code);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Time for what is still open to close by itself, in milliseconds. */
const PATIENCE = 2000;

/**
 * Ends the process by letting its event loop run out: `process.exit` may wait for ever for a compiler thread that waits for
 * it (nodejs/node#54918). What still holds the loop after a moment, such as a pipe somebody keeps open, is left behind.
 */
function leave(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), PATIENCE).unref();
}

async function flush(output: Output): Promise<void> {
  try {
    await print(output, '');
  } catch {
    // Reported where the write was made, or nobody is left to read it.
  }
}
