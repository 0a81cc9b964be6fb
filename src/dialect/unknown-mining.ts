// Any `mining.*` conversation that no dialect of ours fits: other coins' variants. What all of them have in common is read
// (who logs in, that work is delivered, shares and their answers); difficulty and coin stay unknown.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { feedMining, type MiningVariant } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asArray, asText, idText } from './value.ts';

/** First values of shares, and ids of jobs, kept for a conversation: at most some 32 KiB in all. */
const MAX_NAMES = 64;
/** Longer texts are cut to this many characters. */
const MAX_LENGTH = 256;

/** What is known of the first values of a conversation's shares. */
interface FirstValues {
  readonly seen: Set<string>;
  readonly jobs: Set<string>;
  last: string | null;
}

/** Beside the session, which holds facts of all dialects alike; goes with it. */
const FIRST: WeakMap<MiningSession, FirstValues> = new WeakMap();

function firstValues(s: MiningSession): FirstValues {
  const known = FIRST.get(s);
  if (known !== undefined) return known;
  const fresh: FirstValues = { seen: new Set(), jobs: new Set(), last: null };
  FIRST.set(s, fresh);
  return fresh;
}

const variant: MiningVariant = {
  shareJob: 1,
  // See readWorker.
  shareWorker: -1,
  onNotify(s, _m, params) {
    const id = idText(params[0]);
    const { jobs } = firstValues(s);
    if (id !== null && jobs.size < MAX_NAMES) jobs.add(id.slice(0, MAX_LENGTH));
    s.job(asText(params[0]), Number.NaN);
  },
  onOther(s, m) {
    if (m.method === 'mining.set_target' || m.method === 'mining.set_difficulty') s.fromPool(m);
  },
};

/**
 * The worker of a share stands first in most variants; in some the job does, and a job taken for a worker would make a proxy
 * of every miner. So a name that logged in counts, and one that stays, or comes back after another: jobs do neither.
 */
function readWorker(s: MiningSession, m: JsonMessage): void {
  const name = asText(asArray(m.value['params'])[0])?.slice(0, MAX_LENGTH) ?? '';
  if (name === '') return;
  const first = firstValues(s);
  const { seen, jobs, last } = first;
  first.last = name;
  if (loggedIn(s, name)) s.workerLogin(name);
  else if (jobs.has(name)) s.workers.delete(name);
  else if (seen.size === 0 || (seen.has(name) && name !== last)) s.workerLogin(name);
  else if (!seen.has(name) && seen.size === 1) {
    // The second name: what the first was, its coming back will tell.
    for (const old of seen) if (!loggedIn(s, old)) s.workers.delete(old);
  }
  if (seen.size < MAX_NAMES) seen.add(name);
}

function loggedIn(s: MiningSession, name: string): boolean {
  for (const { login } of s.accounts.values()) if (login === name) return true;
  return false;
}

/** Shown without a dialect: its id is null in detections. */
export const unknownMining: Dialect = {
  id: 'unknown-mining',
  title: { en: 'mining.* of an unknown dialect', zh: '未知方言的 mining.*' },
  group: 'mining',
  priority: -1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    switch (m.method) {
      case 'mining.subscribe':
      case 'mining.authorize':
      case 'mining.notify':
      case 'mining.submit':
      case 'mining.set_target':
        // Without the usual list of parameters (`body`, objects) there is nothing to read.
        return asArray(m.value['params']).length > 0 || m.method === 'mining.subscribe' ? Fit.Possible : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind !== 'json') return;
    feedMining(s, m, variant);
    if (m.method === 'mining.submit') readWorker(s, m);
  },
};
