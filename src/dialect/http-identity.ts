import type { HttpHead } from '../protocol/message.ts';
import type { MiningSession } from './session.ts';

/** What the head of a mining request over HTTP tells of the miner: agent, Basic user (never the password), host, rate. `named`: the request
 * names its wallet elsewhere, so that the Basic user is the node's. */
export function readHttpIdentity(s: MiningSession, head: HttpHead, named = false): void {
  s.agent(head.headers.get('user-agent') ?? null);
  const authorization = head.headers.get('authorization');
  if (!named && authorization !== undefined && /^basic /i.test(authorization)) {
    const decoded = Buffer.from(authorization.slice(6, 1024).trim(), 'base64').toString('utf8');
    const stop = decoded.indexOf(':');
    const user = stop < 0 ? decoded : decoded.slice(0, stop);
    if (/^[\x21-\x7e]{1,256}$/.test(user)) s.login(user);
  }
  const host = (head.headers.get('host') ?? '').replace(/:\d+$/, '').toLowerCase();
  // An address is no name.
  if (/^[\w.-]+\.[a-z][\w-]*$/.test(host)) s.host(host);
  const rate = Number(head.headers.get('x-mining-hashrate') ?? Number.NaN);
  if (rate > 0) s.report(rate, 'x-mining-hashrate');
}
