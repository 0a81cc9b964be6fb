import type { Activity, Confidence } from '../detect/detection.ts';

/** Languages of what a person reads in results. */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Every text of the table, the explanation and the summary, in one language. `{…}` is filled in by `fill`. */
export interface Messages {
  readonly confidence: Readonly<Record<Confidence, string>>;
  readonly activity: Readonly<Record<Activity, string>>;
  readonly from: Readonly<Record<'miner' | 'pool', string>>;
  readonly columns: {
    readonly confidence: string;
    readonly activity: string;
    readonly miner: string;
    readonly pool: string;
    readonly dialect: string;
    readonly coins: string;
    readonly account: string;
    readonly agent: string;
    readonly shares: string;
    readonly hashrate: string;
    readonly seen: string;
    readonly flows: string;
  };
  readonly labels: {
    readonly id: string;
    readonly protocol: string;
    readonly via: string;
    readonly coins: string;
    readonly seen: string;
    readonly login: string;
    readonly agents: string;
    readonly hardware: string;
    readonly shares: string;
    readonly difficulty: string;
    readonly hashrate: string;
    readonly reported: string;
    readonly ports: string;
    readonly traffic: string;
    readonly picked: string;
    readonly why: string;
    readonly signFor: string;
    readonly signAgainst: string;
    readonly support: string;
    readonly doubt: string;
    readonly score: string;
  };
  readonly nothing: string;
  readonly nothingRead: string;
  readonly found: string;
  readonly foundOne: string;
  readonly read: string;
  readonly traffic: string;
  readonly anomalies: string;
  readonly anomaliesOf: string;
  readonly evicted: string;
  readonly inputs: string;
  readonly interrupted: string;
  readonly leftOut: string;
  readonly reason: Readonly<Record<Confidence, string>>;
  /** Added to the reason where signs speak against. */
  readonly reasonAgainst: string;
  readonly superseded: string;
  readonly noDoubt: string;
  readonly otherScore: string;
  readonly sharesLine: string;
  readonly hashrateLine: string;
  readonly hashrateLimits: string;
  readonly indication: string;
  readonly indicationPlace: string;
  readonly moreIndications: string;
  readonly morePorts: string;
  readonly wallet: string;
  readonly walletInvalid: string;
  readonly trafficLine: string;
  readonly picked: Readonly<Record<'start' | 'midstream', string>>;
  readonly seenSide: Readonly<Record<'both' | 'miner' | 'pool', string>>;
  readonly and: string;
}

const en: Messages = {
  confidence: { confirmed: 'confirmed', probable: 'probable', suspected: 'suspected' },
  activity: { mining: 'mining', proxy: 'proxy', attempt: 'attempt', probe: 'probe' },
  from: { miner: 'miner', pool: 'pool' },
  columns: {
    confidence: 'confidence',
    activity: 'activity',
    miner: 'miner',
    pool: 'pool',
    dialect: 'dialect',
    coins: 'coins',
    account: 'account',
    agent: 'agent',
    shares: 'acc/sub',
    hashrate: 'hashrate',
    seen: 'seen (UTC)',
    flows: 'flows',
  },
  labels: {
    id: 'id',
    protocol: 'protocol',
    via: 'via',
    coins: 'coins',
    seen: 'seen (UTC)',
    login: 'login',
    agents: 'agents',
    hardware: 'hardware',
    shares: 'shares',
    difficulty: 'difficulty',
    hashrate: 'hashrate',
    reported: 'reported',
    ports: 'source ports',
    traffic: 'traffic',
    picked: 'connection',
    why: 'why',
    signFor: 'for',
    signAgainst: 'against',
    support: 'support',
    doubt: 'doubt',
    score: 'score',
  },
  nothing: 'No mining found.',
  nothingRead: 'No mining found: no packets were read.',
  found: '{n} detections: {confidence} ({activity})',
  foundOne: '1 detection: {confidence} ({activity})',
  read: 'Read {packets} packets, {bytes} on the wire, {flows} flows, {signatures} signatures',
  traffic: '{read}; {duration} of traffic, {span} UTC',
  anomalies: 'Anomalies: {list}',
  anomaliesOf: 'Anomalies: {list} ({shown} of {n} kinds)',
  evicted: 'Dropped to stay within limits: {n}',
  inputs: 'Inputs: {n}, of which {cut} cut short and {bad} not read',
  interrupted: 'Interrupted: this is what was found so far.',
  leftOut: 'Columns left out for want of room: {list}; a wider terminal, --explain or --json shows them.',
  reason: {
    confirmed: 'confirmed, score {score}: what was sent proves the mining protocol ({list})',
    probable: 'probable, score {score}: several signs agree, none proves it alone ({list})',
    suspected: 'suspected, score {score}: behaviour or a name alone; a person has to look before it is used ({list})',
  },
  reasonAgainst: '; against it: {list}',
  superseded: ' (tells the same and does not count: {list})',
  noDoubt: '0: nothing speaks against a proof',
  otherScore: '{score} with the signs that are not listed here',
  sharesLine: '{submitted} submitted, {accepted} accepted, {rejected} rejected',
  hashrateLine: '{rate} from {shares} shares in {seconds} of observed work',
  hashrateLimits: ', between {low} and {high}',
  indication: '{kind}, weight {weight}, from the {from}, {time} UTC',
  indicationPlace: '{file}, packet {packet}',
  moreIndications: '… and {n} more indications: --json lists all',
  morePorts: 'and {n} more',
  wallet: '{coin} wallet {address}',
  walletInvalid: '{coin} wallet {address} (checksum wrong)',
  trafficLine: 'flows: {flows}; miner to pool {packets0} packets, {bytes0}; pool to miner {packets1} packets, {bytes1}',
  picked: { start: 'seen from its start', midstream: 'met in the middle' },
  seenSide: { both: 'both directions', miner: 'only the miner’s side', pool: 'only the pool’s side' },
  and: ', ',
};

const zh: Messages = {
  confidence: { confirmed: '已确认', probable: '很可能', suspected: '疑似' },
  activity: { mining: '挖矿', proxy: '代理', attempt: '尝试', probe: '探测' },
  from: { miner: '矿机', pool: '矿池' },
  columns: {
    confidence: '置信度',
    activity: '行为',
    miner: '矿机',
    pool: '矿池',
    dialect: '协议',
    coins: '币种',
    account: '账户',
    agent: '挖矿软件',
    shares: '接受/提交',
    hashrate: '算力',
    seen: '时间 (UTC)',
    flows: '流数',
  },
  labels: {
    id: '编号',
    protocol: '协议',
    via: '经由',
    coins: '币种',
    seen: '时间 (UTC)',
    login: '登录名',
    agents: '挖矿软件',
    hardware: '硬件',
    shares: '份额',
    difficulty: '难度',
    hashrate: '算力',
    reported: '自报算力',
    ports: '源端口',
    traffic: '流量',
    picked: '连接',
    why: '依据',
    signFor: '支持迹象',
    signAgainst: '反对迹象',
    support: '支持度',
    doubt: '怀疑度',
    score: '得分',
  },
  nothing: '未发现挖矿行为。',
  nothingRead: '未发现挖矿行为：没有读到数据包。',
  found: '{n} 项检测结果：{confidence}（{activity}）',
  foundOne: '1 项检测结果：{confidence}（{activity}）',
  read: '已读取 {packets} 个数据包，线路上 {bytes}，{flows} 条流，{signatures} 条特征',
  traffic: '{read}；流量时长 {duration}，{span} UTC',
  anomalies: '异常：{list}',
  anomaliesOf: '异常：{list}（共 {n} 种，列出 {shown} 种）',
  evicted: '因容量限制丢弃：{n}',
  inputs: '输入：{n} 个，其中 {cut} 个提前结束，{bad} 个未能读取',
  interrupted: '已中断：以下为目前的结果。',
  leftOut: '因宽度不足省略的列：{list}；请加宽终端，或使用 --explain、--json。',
  reason: {
    confirmed: '已确认，得分 {score}：报文内容证明为挖矿协议（{list}）',
    probable: '很可能，得分 {score}：多项迹象一致，但无一可单独证明（{list}）',
    suspected: '疑似，得分 {score}：仅有行为或域名迹象，使用前须人工核实（{list}）',
  },
  reasonAgainst: '；反对：{list}',
  superseded: '（同类迹象，不计：{list}）',
  noDoubt: '0：已有证明，反对迹象不计',
  otherScore: '计入此处未列出的迹象后为 {score}',
  sharesLine: '提交 {submitted}，接受 {accepted}，拒绝 {rejected}',
  hashrateLine: '{rate}，依据 {seconds} 工作时间内的 {shares} 个份额',
  hashrateLimits: '，介于 {low} 与 {high} 之间',
  indication: '{kind}，权重 {weight}，来自{from}，{time} UTC',
  indicationPlace: '{file}，第 {packet} 个数据包',
  moreIndications: '……另有 {n} 项迹象：--json 可列出全部',
  morePorts: '另有 {n} 个',
  wallet: '{coin} 钱包 {address}',
  walletInvalid: '{coin} 钱包 {address}（校验和错误）',
  trafficLine: '{flows} 条流；矿机到矿池 {packets0} 个包，{bytes0}；矿池到矿机 {packets1} 个包，{bytes1}',
  picked: { start: '从建立时开始观察', midstream: '从中途开始观察' },
  seenSide: { both: '双向', miner: '仅矿机方向', pool: '仅矿池方向' },
  and: '，',
};

const CATALOGUE: Readonly<Record<Language, Messages>> = { en, zh };

export function messagesOf(language: Language): Messages {
  return CATALOGUE[language];
}

/** The language asked for, else that of the locale (LC_ALL, LC_MESSAGES, LANG in this order), else English. */
export function chooseLanguage(asked: string | undefined, env: Readonly<Record<string, string | undefined>>): Language {
  if (asked === 'en' || asked === 'zh') return asked;
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return /^zh(?:[_.@-]|$)/i.test(locale) ? 'zh' : 'en';
}

/** Replaces each `{name}` by its value; values are taken as they are, so make them visible first. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
