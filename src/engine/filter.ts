import { spawnSync } from 'node:child_process';
import { type BpfProgram, parseBpf } from '../capture/bpf.ts';
import { compileFilter } from '../capture/bpf-compile.ts';
import { FilterError } from '../capture/capture-error.ts';
import { datalinkName } from '../capture/link-type.ts';

const LINKTYPE_ETHERNET = 1;

/**
 * Checks a filter once, then compiles it for every link type that turns up. The check throws FilterError; so does the
 * first packet of a link type for which the expression makes no sense.
 */
export async function prepareFilter(expression: string | null): Promise<((linkType: number) => BpfProgram) | null> {
  if (expression === null) return null;
  const ethernet = await compileFilter(expression, LINKTYPE_ETHERNET);
  const programs = new Map<number, BpfProgram>([[LINKTYPE_ETHERNET, ethernet]]);
  return (linkType) => {
    let program = programs.get(linkType);
    if (!program) {
      program = compileNow(expression, linkType);
      programs.set(linkType, program);
    }
    return program;
  };
}

/** In the middle of a capture there is no waiting: a child is run to its end, once per link type. */
function compileNow(expression: string, linkType: number): BpfProgram {
  const name = datalinkName(linkType);
  if (name === null) throw new FilterError(`packets of link type ${linkType} cannot be filtered`);
  const run = spawnSync('tcpdump', ['-s', '262144', '-y', name, '-ddd', '--', expression], {
    encoding: 'latin1',
    timeout: 30_000,
  });
  if (run.status !== 0) {
    const said = run.stderr.replace(/^(?:tcpdump|Warning): ?/gm, '').trim();
    throw new FilterError(`filter for link type ${name}: ${said === '' ? 'tcpdump failed' : said}`);
  }
  return parseBpf(run.stdout);
}
