/** What may be listed as a name, and what a name below a pool's domain tells by its labels. */

/** Longest name in octets without the trailing dot, and longest label (RFC 1035 §2.3.4). */
export const MAX_NAME = 253;
export const MAX_LABEL = 63;

const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** What is wrong with a listed name, or null. Underscores are allowed: some pools use them. */
export function nameFault(name: string): string | null {
  if (name.length <= MAX_NAME && NAME.test(name)) return null;
  if (name.length > MAX_NAME) return `has ${name.length} characters and a name has at most ${MAX_NAME}`;
  if (name !== name.toLowerCase()) return 'must be written in lower case';
  if (name.endsWith('.')) return 'must be written without the dot at its end';
  if (name.includes('*')) return 'must not hold a wildcard: names below a domain match where its kind is domain';
  if (!name.includes('.')) return 'must have two labels or more';
  if (name.split('.').some((label) => label.length > MAX_LABEL))
    return `has a label of more than ${MAX_LABEL} characters`;
  return 'is no host name: letters, digits, hyphens and dots make one';
}

/** Second levels under which registries of countries sell names to anybody. */
const REGISTRY =
  /^(?:ac|co|com|edu|firm|gen|gob|gov|go|gv|id|ind|info|ltd|me|mil|ne|net|nom|or|org|plc|pp|sch|web)\.[a-z]{2}$/;

/** Domains below which anybody may have a name, and services that everybody uses: never a pool's own. */
const GENERAL: ReadonlySet<string> = new Set(
  `
  akamaiedge.net akamaihd.net akamaized.net alibabacloud.com alicdn.com aliyun.com aliyuncs.com amazon.com amazonaws.com
  apple.com appspot.com awsglobalaccelerator.com azure.com azureedge.net azurewebsites.net baidu.com bilibili.com
  binance.com bing.com bitbucket.io blob.core.windows.net blogspot.com cdn77.org cloudapp.azure.com cloudapp.net
  cloudflare.com cloudflare.net cloudfront.net coinbase.com ddns.net digitalocean.com digitaloceanspaces.com discord.com
  discord.gg docker.com duckdns.org dyndns.org dynu.net edgekey.net edgesuite.net facebook.com fastly.net fly.dev
  freeddns.org github.com github.io githubusercontent.com gitlab.com gitlab.io gmail.com google.com googleapis.com
  googleusercontent.com gstatic.com hetzner.com herokuapp.com hopto.org huaweicloud.com icloud.com ipfs.io jd.com
  kraken.com linode.com linodeusercontent.com live.com microsoft.com mooo.com mozilla.org myqcloud.com netlify.app ngrok.io
  no-ip.org ntp.org office.com okx.com onrender.com oracle.com ovh.net pages.dev qq.com railway.app readthedocs.io
  reddit.com s3.amazonaws.com scaleway.com steampowered.com sytes.net taobao.com telegram.org t.me tencent.com
  tencentcloud.com trafficmanager.net twitter.com uk.com us.com vercel.app vultr.com vultrusercontent.com webhop.me
  weibo.com whatsapp.com wikipedia.org windows.net wordpress.com workers.dev x.com yahoo.com yandex.ru youtube.com
  zapto.org zendesk.com
  `
    .trim()
    .split(/\s+/),
);

/** Whether names below `domain` belong to more than one party: a public suffix or a general service. */
export function isGeneralDomain(domain: string): boolean {
  return GENERAL.has(domain) || REGISTRY.test(domain);
}

/** Whether a domain is one that a registry sells: nothing stands before it but a public suffix. */
export function isBareDomain(domain: string): boolean {
  const parent = domain.slice(domain.indexOf('.') + 1);
  return !parent.includes('.') || isGeneralDomain(parent);
}

/** First labels of web sites, interfaces, mail and name servers; digits at their end do not count. */
const SERVICE: ReadonlySet<string> = new Set(
  `
  about academy account accounts addresses admin affiliate affiliates analytics announce announcement api apidoc apis
  app apps archive asset assets auth autoconfig autodiscover backend backoffice bank beta billing blog board bot brand
  browser business buy calc calculator card careers cdn chart charts chat checkout cloud cms cname community console
  contact content cp cpanel crm css customer dashboard data demo dev developer developers discord dl dns doc docs
  download downloads email error events exchange explorer faq faucet feedback file files firmware fonts forum forums
  ftp games gateway-api git gitlab grafana graphql grid guide guides hashrate help helpdesk home hosting id image
  images imap img index info insight insights intranet invite jenkins jira job jobs js kb knowledge landing learn
  legal library link links lists live login logs m mail maintenance manage market marketing marketplace me media
  member members mempool metrics mob mobile monitor monitoring mta mx my news newsletter notify ns oauth office old
  online openapi order panel partner partners passport pay payment payments photo photos phpmyadmin pic pics play pop
  portal postmaster press preview profile profitability promo push qa queue rates redirect referral register reports
  res research resource resources restapi review rpc rss sandbox scan search secure security server-status service
  services shop signin signup site sitemap sms smtp socket-api sso staff stage staging stat static statics stats
  status storage store support survey team terms test tickets tools track tracker tracking trade translate trends
  tutorial tutorials update updates upload uploads user users video videos vpn wallet wap web webapi webdisk webmail
  webstatic whm widget widgets wiki ws-api www wx zendesk
  `
    .trim()
    .split(/\s+/),
);

/** Words that mark a web name as the first part of a label too: `www-2`, `api-eu`, `cdn-assets`. */
const SERVICE_FIRST: ReadonlySet<string> = new Set([
  'api',
  'assets',
  'cdn',
  'img',
  'mail',
  'mx',
  'ns',
  'static',
  'www',
]);

/** Ends of labels such as `solostats`, `helpsupport` and `restapi`. */
const SERVICE_LAST = /(?:stats|support|api)$/;

/**
 * Languages in which pools serve their sites, some of which are countries with mining hosts too: only the one label below
 * a pool's own domain tells nothing of mining (`de.pool.example`, not `de.zano.pool.example`).
 */
const LANGUAGES: ReadonlySet<string> = new Set(['cn', 'de', 'en', 'es', 'fr', 'ja', 'ko', 'ru']);

/** Whether a label is one that pools give to web sites, interfaces and mail. `label` in lower case. */
export function isServiceLabel(label: string): boolean {
  const word = label.replace(/\d{1,4}$/, '');
  if (SERVICE.has(word) || SERVICE.has(label) || SERVICE_LAST.test(word)) return true;
  const hyphen = label.indexOf('-');
  return hyphen > 0 && SERVICE_FIRST.has(label.slice(0, hyphen).replace(/\d{1,4}$/, ''));
}

/** Whether any label of `name` before the domain at its end is a service's. Both in lower case, `name` the longer one. */
export function hasServiceLabel(name: string, domain: string): boolean {
  const labels = name.slice(0, -domain.length - 1).split('.');
  const [first = ''] = labels;
  if (labels.length === 1 && LANGUAGES.has(first) && isBareDomain(domain)) return true;
  return labels.some(isServiceLabel);
}
