/** A miner that logs in, gets work and sends shares, as messages of a conversation. */
import type { TimedMessage } from '../generate/index.ts';

/** `shares` shares, `every` seconds apart; the log-in takes the first second. */
export function miningMessages(shares: number, every = 1, login = 'account.rig01'): TimedMessage[] {
  const job = ['bf', '4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000', '01', '02', []];
  const notify = { id: null, method: 'mining.notify', params: [...job, '20000000', '1c2ac4af', '504e86b9', true] };
  const lines: [number, 'client' | 'server', object][] = [
    [0.1, 'client', { id: 1, method: 'mining.subscribe', params: ['cgminer/4.11.1'] }],
    [0.2, 'server', { id: 1, result: [[['mining.notify', 'ae68']], '08000002', 4], error: null }],
    [0.3, 'client', { id: 2, method: 'mining.authorize', params: [login, 'x'] }],
    [0.4, 'server', { id: 2, result: true, error: null }],
    [0.5, 'server', { id: null, method: 'mining.set_difficulty', params: [1024] }],
    [0.6, 'server', notify],
  ];
  for (let i = 0; i < shares; i++) {
    const nonce = (0xb2950000 + i).toString(16);
    const at = 1 + i * every;
    lines.push([
      at,
      'client',
      { id: 10 + i, method: 'mining.submit', params: [login, 'bf', '00000001', '504e86ed', nonce] },
    ]);
    lines.push([at + 0.05, 'server', { id: 10 + i, result: true, error: null }]);
  }
  return lines.map(([at, from, value]) => ({ from, at, text: `${JSON.stringify(value)}\n` }));
}
