import { spawn } from 'node:child_process';
import { type BpfProgram, parseBpf } from './bpf.ts';
import { errorCode, FilterError } from './capture-error.ts';
import { datalinkName } from './link-type.ts';

/** Compiled filters are kept; a run needs one per link type it meets, a daemon a few more. */
const MAX_CACHED = 64;
/** tcpdump looks host names up; a resolver that does not answer must not hold the run for ever. */
const TIME_LIMIT = 30_000;
const MAX_OUTPUT = 256 * 1024;
const MAX_MESSAGE = 4096;

const cache = new Map<string, Promise<BpfProgram>>();

/**
 * Compiles a packet filter (pcap-filter(7)) for packets of a LINKTYPE_ through `tcpdump -ddd`, which needs neither
 * privileges nor an interface. Throws FilterError with one line. Results are kept per link type and expression.
 */
export function compileFilter(expression: string, linkType: number): Promise<BpfProgram> {
  const key = `${linkType} ${expression}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const compiled = compile(expression, linkType);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, compiled);
  // A failure may have passing causes (a name that does not resolve): it is not kept.
  compiled.catch(() => cache.delete(key));
  return compiled;
}

async function compile(expression: string, linkType: number): Promise<BpfProgram> {
  const name = datalinkName(linkType);
  if (name === null) throw new FilterError(`packets of link type ${linkType} cannot be filtered`);
  if (expression.includes('\0')) throw new FilterError('the filter contains a zero byte');
  // `--` ends the options: an expression that starts with a hyphen stays an expression.
  const output = await tcpdump(['-s', '262144', '-y', name, '-ddd', '--', expression]);
  return parseBpf(output);
}

function tcpdump(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new FilterError(startFailure(error)));
    let child: ReturnType<typeof spawn>;
    try {
      child = spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT, killSignal: 'SIGKILL' });
    } catch (error) {
      fail(error);
      return;
    }
    let output = '';
    let message = '';
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT) child.kill('SIGKILL');
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (message.length < MAX_MESSAGE) message += text;
    });
    child.on('error', fail);
    child.on('close', (status) => {
      if (status === 0) resolve(output);
      else reject(new FilterError(filterMessage(message, status)));
    });
  });
}

function startFailure(error: unknown): string {
  if (errorCode(error) === 'ENOENT') {
    return 'tcpdump is not installed: filters are compiled by it (install the package tcpdump)';
  }
  if (errorCode(error) === 'E2BIG') return 'the filter is too long';
  return `tcpdump could not be started: ${error instanceof Error ? error.message : String(error)}`;
}

/** tcpdump's own words in one line; warnings before the error stay out. */
function filterMessage(message: string, status: number | null): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '' && !/^Warning:/.test(line));
  const said = lines.map((line) => line.replace(/^tcpdump: /, '').trim()).join('; ');
  if (said !== '') return `filter: ${said}`;
  return status === null ? 'tcpdump gave no answer for the filter' : `tcpdump failed with status ${status}`;
}
