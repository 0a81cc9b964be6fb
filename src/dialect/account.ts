/** A login taken apart. The wallet is judged by its shape alone. */
export interface Account {
  readonly login: string;
  readonly account: string;
  readonly worker: string | null;
  readonly wallet: { readonly coin: string; readonly address: string } | null;
}

/** Shapes of addresses, most telling first (fact: each coin's address format; several coins share one shape). */
const WALLET_SHAPES: readonly (readonly [coin: string, shape: RegExp])[] = [
  ['XMR', /^[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?$/],
  ['ETH', /^0x[0-9a-fA-F]{40}$/],
  ['ZEC', /^t[13][1-9A-HJ-NP-Za-km-z]{33}$/],
  ['BTC', /^(?:bc1[02-9ac-hj-np-z]{11,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34})$/],
  ['LTC', /^(?:ltc1[02-9ac-hj-np-z]{11,71}|[LM][1-9A-HJ-NP-Za-km-z]{26,33})$/],
  ['DOGE', /^D[1-9A-HJ-NP-Za-km-z]{32,33}$/],
  ['DASH', /^X[1-9A-HJ-NP-Za-km-z]{33}$/],
  ['BCH', /^(?:bitcoincash:)?[qp][02-9ac-hj-np-z]{41}$/],
  ['KAS', /^kaspa:[02-9ac-hj-np-z]{61,63}$/],
  ['RVN', /^R[1-9A-HJ-NP-Za-km-z]{33}$/],
];

/** An e-mail address as an account (MinerGate), or behind a slash beside one. */
const EMAIL_ACCOUNT = /^[^/@\s]+@[^/@+\s]+\.[A-Za-z]{2,}(?=$|[/+])/;
const EMAIL_BESIDE = /\/[^/]*@[^/]*/g;

/**
 * Takes a login apart as pools do: `wallet.worker`, `account.worker`, `0xwallet/worker/email`, `wallet.paymentid.worker`,
 * `wallet+difficulty`. `worker` is what the dialect sent beside it and wins.
 */
export function splitLogin(login: string, worker: string | null): Account {
  const stop = EMAIL_ACCOUNT.exec(login)?.[0].length ?? login.search(/[./+]/);
  let account = stop < 0 ? login : login.slice(0, stop);
  let own: string | null = null;
  if (stop >= 0) {
    const rest = login.slice(stop).replace(EMAIL_BESIDE, '');
    const parts = rest.split(/[./]/).filter((part) => part !== '' && !part.startsWith('+') && !part.includes('@'));
    // A 16- or 64-digit payment id stands before the worker.
    const names = parts
      .map((part) => part.replace(/\+\d+$/, ''))
      .filter((part) => !/^(?:[0-9a-f]{16}|[0-9a-f]{64})$/i.test(part));
    own = names[names.length - 1] ?? null;
  }
  if (account === '') account = login;
  const shape = WALLET_SHAPES.find(([, expression]) => expression.test(account));
  return {
    login,
    account,
    worker: worker !== null && worker !== '' ? worker : own,
    wallet: shape ? { coin: shape[0], address: account } : null,
  };
}
