import type { EndpointIndex } from '../../signature/endpoints.ts';

/**
 * Host names of the list that are mining endpoints by themselves, in the order of the list. Names known from certificates alone
 * are left out: nobody says that they exist in the DNS, nor whose they are there.
 */
export function stratumHosts(index: EndpointIndex): string[] {
  const names: string[] = [];
  for (let row = 0; row < index.names; row++) {
    const { name, kinds } = index.host(row);
    if (kinds.every((kind) => kind === 'tls-name')) continue;
    if (index.classify(row, name) === 'stratum') names.push(name);
  }
  return names;
}

/** The items in an order that `seed` decides: which name is asked for when tells nobody where the list begins. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const order = [...items];
  let state = seed | 0;
  for (let i = order.length - 1; i > 0; i--) {
    // mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    const at = Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (i + 1));
    [order[i], order[at]] = [order[at] as T, order[i] as T];
  }
  return order;
}
