/**
 * An invented access network with its truth and its imperfect records: who really had which address when, what the logs,
 * filings and customer lists say of it, and conversations seen by a sensor. Everybody and everything in it is invented,
 * public addresses are documentation ranges. Clocks are off by up to what is stated; stops and releases go missing, lines of
 * logs are lost, filings are old and overlap. Times in seconds since the epoch. Same seed, same network.
 */
import { createRandom, type Random } from './random.ts';
import type { Access, Network, Rule, Seen, SourceLine, Subscriber } from './sessions-eval-types.ts';

export type { Access, Network, Rule, Seen, SourceLine, Subscriber };

/** 1 October 2026, and the days that sessions are drawn from. */
const START = Date.UTC(2026, 9, 1) / 1000;
const DAY = 86_400;
const DAYS = 30;
const END = START + DAYS * DAY;
const REALM = 'BNG-A';
const RULE_REALM = 'BNG-B';
const OPERATOR: Subscriber = { account: '', name: '示例市电信有限公司', code: null };
/** What sources say of their clocks, seconds; the true offset is anything within. */
const ERRORS = { bng: 2, nat: 1, sensor: 2 } as const;

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** An invented credit code that passes both checks (GB 32100-2015, GB 11714-1997). */
export function inventedCode(n: number): string {
  const eight = `MA${n
    .toString(36)
    .toUpperCase()
    .padStart(6, '0')
    .replace(/[IOSVZ]/g, 'X')}`;
  const sum = [3, 7, 9, 10, 5, 8, 4, 2].reduce(
    (total, weight, i) => total + weight * Number.parseInt(eight[i] as string, 36),
    0,
  );
  const check = 11 - (sum % 11);
  const code = `91640502${eight}${check === 10 ? 'X' : check === 11 ? '0' : check}`;
  let weighted = 0;
  for (let i = 0, weight = 1; i < 17; i++, weight = (weight * 3) % 31)
    weighted += ALPHABET.indexOf(code[i] as string) * weight;
  return code + (ALPHABET[(31 - (weighted % 31)) % 31] as string);
}

/** One holding of something (an address, a block) by somebody: the truth. */
interface Holding {
  readonly who: Subscriber;
  readonly from: number;
  readonly to: number;
}

const BLANK: SourceLine = {
  ...{ kind: 'session', first: '', last: '', ports: null, realm: null, from: 0, to: null, endInferred: false },
  ...{ clockError: 0, account: null, inside: null, who: null, use: null, checked: null, rule: null },
};

class Builder {
  readonly lines: SourceLine[] = [];
  readonly seen: Seen[] = [];
  readonly rng: Random;
  readonly subscribers: readonly Subscriber[];
  /** True offsets of the clocks, drawn once. */
  readonly offsets: { readonly bng: number; readonly nat: number; readonly sensor: number };

  constructor(seed: number, subscribers: number) {
    this.rng = createRandom(seed);
    const offset = (error: number): number => (this.rng.float() * 2 - 1) * error;
    this.offsets = { bng: offset(ERRORS.bng), nat: offset(ERRORS.nat), sensor: offset(ERRORS.sensor) };
    this.subscribers = Array.from({ length: subscribers }, (_, n) => ({
      account: `k${(7_000_000 + n).toString()}`,
      name: `示例${n}号有限公司`,
      code: n % 3 === 0 ? inventedCode(n + 1) : null,
    }));
  }

  chance(share: number): boolean {
    return this.rng.float() < share;
  }

  /** Holdings of one address one after the other, `count` of them, by different people each time. */
  timeline(count: number): Holding[] {
    const mean = (DAYS * DAY) / count;
    const holdings: Holding[] = [];
    let at = START + this.rng.float() * mean * 0.2;
    let last: Subscriber | null = null;
    while (holdings.length < count && at < END) {
      let who = this.rng.pick(this.subscribers);
      while (who === last) who = this.rng.pick(this.subscribers);
      const to = at + 120 + this.rng.exponential(mean * 0.7);
      holdings.push({ who, from: at, to });
      last = who;
      // Every other change of hands is a matter of seconds.
      at = to + (this.chance(0.5) ? this.rng.float() * 3 : this.rng.exponential(mean * 0.25));
    }
    return holdings;
  }

  /** What the log makes of a holding: `null` where its line is lost. */
  logged(
    { from, to }: Holding,
    offset: number,
    clockError: number,
  ): Pick<SourceLine, 'from' | 'to' | 'endInferred' | 'clockError'> | null {
    if (this.chance(0.05)) return null;
    const start = from + offset;
    if (this.chance(0.05)) {
      // The stop is missing: last sign of life every 600 s, plus one interval.
      const inferred = start + (Math.floor((to - from) / 600) + 1) * 600;
      return { from: start, to: inferred, endInferred: true, clockError };
    }
    if (this.chance(0.03)) return { from: start, to: null, endInferred: false, clockError };
    return { from: start, to: to + offset, endInferred: false, clockError };
  }

  /** A conversation within [from, to): often close to its ends, its opening seen or not. */
  conversation(holding: Holding, rest: Pick<Seen, 'access' | 'ip' | 'port' | 'nat' | 'realm'>): void {
    const { from, to, who } = holding;
    const length = to - from;
    if (length < 2) return;
    let begin = from + this.rng.float() * (length - 1);
    const where = this.rng.float();
    if (where < 0.15) begin = from + this.rng.float() * Math.min(4, length - 1);
    else if (where < 0.3) begin = Math.max(from, to - 1 - this.rng.float() * 4);
    const end = Math.min(to - 0.5, begin + this.rng.exponential(7200));
    const { sensor } = this.offsets;
    this.seen.push({
      ...rest,
      from: begin + sensor,
      to: Math.max(begin, end) + sensor,
      clockError: ERRORS.sensor,
      opened: this.chance(0.5),
      truth: who,
    });
  }

  add(line: Partial<SourceLine>): void {
    this.lines.push({ ...BLANK, ...line });
  }

  session(address: string, realm: string | null, holding: Holding): void {
    const logged = this.logged(holding, this.offsets.bng, ERRORS.bng);
    if (logged !== null)
      this.add({ kind: 'session', first: address, last: address, realm, account: holding.who.account, ...logged });
  }
}

/** Public addresses handed out by the BNG for a session at a time. */
function dynamicLines(b: Builder, sessions: number): void {
  const addresses = 250;
  for (let n = 0; n < addresses; n++) {
    const ip = `198.51.100.${n + 1}`;
    for (const holding of b.timeline(Math.ceil(sessions / addresses))) {
      b.session(ip, null, holding);
      b.conversation(holding, { access: 'dynamic', ip, port: b.rng.int(1024, 65_535), nat: 'none', realm: null });
    }
  }
  b.add({
    kind: 'filing',
    first: '198.51.100.0',
    last: '198.51.100.255',
    from: START - 900 * DAY,
    who: OPERATOR,
    use: 'dynamic',
  });
  // Ranges that were static once and were never taken out of the filing.
  for (let n = 0; n < 6; n++) {
    const ip = `198.51.100.${1 + n * 40}`;
    b.add({
      kind: 'filing',
      first: ip,
      last: ip,
      from: START - 1200 * DAY,
      who: b.rng.pick(b.subscribers),
      use: 'static',
    });
  }
}

/** A resource that is handed out again when it is free: ports of public addresses. */
class Pool {
  private readonly free: { readonly ip: string; readonly ports: readonly [number, number]; until: number }[];
  private at = 0;

  constructor(items: readonly { readonly ip: string; readonly ports: readonly [number, number] }[]) {
    this.free = items.map((item) => ({ ...item, until: 0 }));
  }

  take(from: number, until: number): { readonly ip: string; readonly ports: readonly [number, number] } | null {
    for (let tried = 0; tried < this.free.length; tried++) {
      const item = this.free[this.at++ % this.free.length];
      if (item === undefined || item.until > from) continue;
      item.until = until;
      return item;
    }
    return null;
  }
}

/** CGNAT with logs: inside addresses by session, and for each session a block of ports or single mappings. */
function loggedNat(b: Builder, sessions: number, access: 'block' | 'mapping', network: number): void {
  const perUser = access === 'block' ? 1008 : 1;
  const items = Array.from({ length: 16 * 8 }, (_, n) => {
    const low = 1024 + Math.floor(n / 16) * perUser;
    return { ip: `203.0.113.${network + (n % 16)}`, ports: [low, low + perUser - 1] as const };
  });
  const pool = new Pool(items);
  const addresses = 100;
  const inside = Array.from({ length: addresses }, (_, n) => `100.64.${network}.${n + 1}`);
  const holdings = inside
    .flatMap((ip) => b.timeline(Math.ceil(sessions / addresses)).map((holding) => ({ ip, holding })))
    .sort((x, y) => x.holding.from - y.holding.from);
  for (const { ip: insideIp, holding } of holdings) {
    b.session(insideIp, REALM, holding);
    const from = holding.from + b.rng.float() * 20;
    // The NAT lets go a little after the session does.
    const to =
      access === 'block' ? holding.to + b.rng.float() * 30 : Math.min(holding.to, from + 60 + b.rng.exponential(7200));
    const taken = pool.take(from, to);
    if (taken === null) continue;
    const logged = b.logged({ ...holding, from, to }, b.offsets.nat, ERRORS.nat);
    if (logged !== null) {
      const kind = access === 'block' ? 'nat_block' : 'nat_session';
      const account = b.chance(0.3) ? holding.who.account : null;
      b.add({
        kind,
        first: taken.ip,
        last: taken.ip,
        ports: taken.ports,
        realm: null,
        inside: insideIp,
        account,
        ...logged,
      });
    }
    const used = { ...holding, from, to: Math.min(to, holding.to) };
    if (b.chance(0.2)) {
      const realm = b.chance(0.1) ? null : REALM;
      b.conversation(used, { access, ip: insideIp, port: b.rng.int(1024, 65_535), nat: 'inside', realm });
    } else {
      const port = b.chance(0.05) ? null : b.rng.int(...(taken.ports as [number, number]));
      b.conversation(used, { access, ip: taken.ip, port, nat: 'outside', realm: null });
    }
  }
  b.add({
    ...{ kind: 'filing', first: `203.0.113.${network}`, last: `203.0.113.${network + 15}`, from: START - 700 * DAY },
    ...{ who: OPERATOR, use: 'dynamic' },
  });
}

/** CGNAT by arithmetic: no log but the sessions, and parameters that change in the middle of the month. */
function deterministicNat(b: Builder, sessions: number): void {
  const users = 64;
  const middle = START + (DAYS / 2) * DAY;
  const rules = [16, 32].map((ratio, n) => {
    const portsPerUser = Math.floor((65_536 - 1024) / ratio);
    const rule: Rule = {
      insideFirst: '100.65.0.0',
      insideLast: `100.65.0.${users - 1}`,
      firstPort: 1024,
      portsPerUser,
      ratio,
    };
    const [first, last] = ['203.0.113.64', `203.0.113.${63 + users / ratio}`];
    b.add({ kind: 'nat_rule', first, last, rule, from: n === 0 ? START - DAY : middle, to: n === 0 ? middle : null });
    return rule;
  });
  for (let user = 0; user < users; user++) {
    const inside = `100.65.0.${user}`;
    for (const holding of b.timeline(Math.ceil(sessions / users))) {
      b.session(inside, RULE_REALM, holding);
      // Sessions do not live through the change of the parameters.
      if (holding.from < middle && holding.to > middle - 10) continue;
      const rule = rules[holding.from < middle ? 0 : 1] as Rule;
      const ip = `203.0.113.${64 + Math.floor(user / rule.ratio)}`;
      const port = rule.firstPort + (user % rule.ratio) * rule.portsPerUser + b.rng.int(0, rule.portsPerUser - 1);
      b.conversation(holding, {
        access: 'deterministic',
        ip,
        port: b.chance(0.05) ? null : port,
        nat: 'outside',
        realm: null,
      });
    }
  }
}

/** Static lines of enterprises: resource system and filing, some out of date, some overlapping. */
function staticLines(b: Builder, sessions: number): Holding[] {
  const lines = 400;
  const all: Holding[] = [];
  for (let n = 0; n < lines; n++) {
    const v6 = n >= 200;
    const [first, last] = v6
      ? [`2001:db8:${n.toString(16)}::`, `2001:db8:${n.toString(16)}:ffff:ffff:ffff:ffff:ffff`]
      : [`192.0.2.${n + 1}`, `192.0.2.${n + 1}`];
    // The line began long ago; one in four changed hands, some of them lately.
    const begun = START - b.rng.int(100, 1500) * DAY;
    const changed = b.chance(0.25)
      ? Math.min(END - DAY, Math.max(begun + DAY, END - b.rng.exponential(250 * DAY)))
      : null;
    const unit = (i: number): Subscriber => {
      const number = 100_000 + n * 2 + i;
      return { account: `c${number}`, name: `示例${number}号科技有限公司`, code: inventedCode(number) };
    };
    const holders: Holding[] = [{ who: unit(0), from: begun, to: changed ?? END + 30 * DAY }];
    if (changed !== null) holders.push({ who: unit(1), from: changed + b.rng.float() * 20 * DAY, to: END + 30 * DAY });
    for (const holding of holders) {
      const gone = holding.to < END;
      const until = Math.min(END, holding.to);
      // A check finds what is true when it is made; a row that was not closed has not been checked since.
      const checked = holding.from + b.rng.float() * (until - holding.from);
      const closed = !gone || b.chance(0.6);
      const to = gone && closed ? holding.to : null;
      const common = { first, last, from: holding.from, to, who: holding.who, use: 'static' as const };
      if (b.chance(0.8)) {
        const account = b.chance(0.7) ? holding.who.account : null;
        b.add({ kind: 'resource', ...common, account, checked: b.chance(0.8) ? checked : null });
      }
      if (b.chance(0.7)) {
        const stale = gone && b.chance(0.5) ? null : to;
        b.add({ kind: 'filing', ...common, to: stale, checked: b.chance(0.5) ? checked : null });
      }
      all.push(holding);
      const conversations = Math.ceil(sessions / lines / holders.length);
      const within = { ...holding, from: Math.max(START, holding.from), to: until };
      for (let k = 0; k < conversations && within.to > within.from; k++) {
        const ip = v6 ? `2001:db8:${n.toString(16)}::${b.rng.int(1, 0xffff).toString(16)}` : first;
        b.conversation(within, { access: 'static', ip, port: b.rng.int(1024, 65_535), nat: 'none', realm: null });
      }
    }
  }
  return all;
}

/** A network of `sessions` conversations: a fifth static, a third dynamic, the rest behind CGNAT of three kinds. */
export function inventNetwork(seed: number, sessions: number): Network {
  const b = new Builder(seed, 1500);
  const some = sessions * 1.15;
  const held = staticLines(b, some * 0.2);
  dynamicLines(b, some * 0.3);
  loggedNat(b, some * 0.2, 'block', 0);
  loggedNat(b, some * 0.15, 'mapping', 16);
  deterministicNat(b, some * 0.15);
  // The customer list: who left his line is closed in it on the day; a few rows are missing.
  const customers = [...b.subscribers.map((who) => ({ who, from: START - 2000 * DAY, to: END + DAY })), ...held];
  for (const { who, from, to } of customers) {
    if (!b.chance(0.03)) b.add({ kind: 'customer', account: who.account, who, from, to: to < END ? to : null });
  }
  // Timelines end with the month: more conversations than asked for were made, and are left out here and there.
  for (let i = b.seen.length - 1; i > 0; i--) {
    const j = b.rng.int(0, i);
    [b.seen[i], b.seen[j]] = [b.seen[j] as Seen, b.seen[i] as Seen];
  }
  return { lines: b.lines, seen: b.seen.slice(0, sessions) };
}
