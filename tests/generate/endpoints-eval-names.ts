/** Names that resemble mining endpoints and are none. */
import type { Random } from './random.ts';

/** First labels of what pools show to people and programs; '' = the bare domain. */
export const POOL_SITE_LABELS: readonly string[] = [
  '',
  'www',
  'api',
  'status',
  'blog',
  'help',
  'support',
  'docs',
  'm',
  'static',
  'cdn',
];

/** First labels of what pools show on port 443 below their domains; none of them mines. */
export const POOL_SERVICE_LABELS: readonly string[] = `
restapi openapi solostats eusolostats minerstats poolapi eu-api helpsupport mempool rpc data grid faucet addresses scan
browser my research firmware update updates test hashrate index trade cloud bank card bot support stats api2 www-eu cdn-3
`
  .trim()
  .split(/\s+/);

/** Languages of web sites, as the only label below a domain that a pool bought. */
export const POOL_LANGUAGE_LABELS: readonly string[] = ['en', 'cn', 'es', 'ru', 'ko', 'ja', 'de', 'fr'];

/** Names that serve pages or public interfaces on port 443, under names that are or resemble those of miners. */
export const POOL_PAGES: readonly string[] = `
ae.2miners.com bch.2miners.com beam.2miners.com ckb.2miners.com etc.2miners.com eth.2miners.com rvn.2miners.com ethereum.miningpoolhub.com ravencoin.miningpoolhub.com
unlisted.miningpoolhub.com zcash.miningpoolhub.com ltc.suprnova.cc unlisted.suprnova.cc doge.suprnova.cc eusolostats.ckpool.org solostats.ckpool.org restapi.vipor.net master.vipor.net
qtc.luckypool.io unlisted.solopool.org
en.huobipool.com es.huobipool.com monero.herominers.com kaspa.herominers.com
ergo.herominers.com beam.herominers.com grin.herominers.com pearl.herominers.com clore.herominers.com
unlisted.herominers.com
`
  .trim()
  .split(/\s+/);

/** Names at and below public suffixes, names that end in one, and names with the words of mining in them. */
export const PUBLIC_SUFFIX_EDGES: readonly string[] = `
com net org io co.uk com.cn co.jp com.au com.br org.uk gov.cn edu.cn ac.uk ne.jp github.io gitlab.io pages.dev workers.dev
netlify.app vercel.app herokuapp.com appspot.com blogspot.com cloudfront.net azurewebsites.net web.app firebaseapp.com
s3.amazonaws.com duckdns.org no-ip.org dyndns.org kawasaki.jp www.ck xn--fiqs8s xn--55qx5d.cn pool.github.io
stratum.github.io mining.pages.dev eth.workers.dev miner.netlify.app pool.vercel.app xmr.herokuapp.com pool.web.app
btc.co.uk pool.co.uk eth.com.cn stratum.com.cn pool.com.cn ss.com btc.net stratum.net pool.org mining.org pool.ntp.org
0.pool.ntp.org 1.cn.pool.ntp.org 2.debian.pool.ntp.org mypool.example eth-pool.example stratum.example miner.example
mining.example pool.example xmr-pool.example bitcoin-news.example stratum-ntp.example time-stratum1.example
data-mining.example swimming-pool.example thread-pool.example connection-pool.example carpool.example whirlpool.example
liverpool.example eth1.switch.example eth0.router.example btc-news.example monero-wallet.example ethermine.example
nanopool.org.evil.example www.nanopool.org.evil.example notnanopool.org evilnanopool.org nanopool.org.example
ethermine.org.example f2pool.com.example supportxmr.com.example xn--nanopool-9za.example pool.minexmr.com.example
stratum.localdomain pool.local pool.internal miner.lan localhost ns1.pool.example pool-ntp.example
`
  .trim()
  .split(/\s+/);

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * For each name one that ends in a foreign domain, one with a label glued to its domain and one with a letter of its domain
 * changed. Some of them may be listed themselves, or lie below a listed domain: that is for the caller to know.
 */
export function nearMisses(names: readonly string[], rng: Random): string[] {
  return names.flatMap((name) => {
    const labels = name.split('.');
    const behind = `${name}.${rng.pick(['evil.example', 'example', 'cdn.example.net', 'attacker.example.org'])}`;
    const last = Math.max(0, labels.length - 2);
    const owner = labels[last] ?? '';
    const glued = [...labels];
    glued[last] = `${rng.pick(['not', 'my', 'x-', 'the'])}${owner}`;
    const changed = [...labels];
    const at = rng.int(0, owner.length - 1);
    const letter = rng.pick(LETTERS.split('').filter((one) => one !== owner[at]));
    changed[last] = `${owner.slice(0, at)}${letter}${owner.slice(at + 1)}`;
    const front = `${rng.pick(['mail', 'shop', 'x1', 'cam'])}.${name}`;
    return [behind, glued.join('.'), changed.join('.'), front];
  });
}
