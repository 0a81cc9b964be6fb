import type { Language } from './messages.ts';

export type TopColumn =
  | 'input'
  | 'kind'
  | 'point'
  | 'state'
  | 'rate'
  | 'lag'
  | 'drops'
  | 'waiting'
  | 'time'
  | 'miner'
  | 'pool'
  | 'dialect'
  | 'confidence'
  | 'activity'
  | 'coins';

/** Every text of `top` in one language, beside those of results. `{…}` is filled in by `fill`. */
export interface TopMessages {
  readonly columns: Readonly<Record<TopColumn, string>>;
  readonly kind: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly label: Readonly<
    Record<'traffic' | 'match' | 'open' | 'tables' | 'overload' | 'ledger' | 'checkpoint' | 'addresses', string>
  >;
  readonly up: string;
  readonly ready: string;
  readonly notReady: string;
  readonly program: string;
  readonly reloads: string;
  readonly reloadFailures: string;
  readonly perSecond: Readonly<Record<'packets' | 'flows' | 'records', string>>;
  readonly sinceStart: string;
  readonly matched: string;
  readonly matchedNone: string;
  readonly recordsMatched: string;
  readonly table: Readonly<Record<'flows' | 'conversations' | 'recordConversations', string>>;
  readonly reassembly: string;
  readonly evicted: string;
  readonly noOverload: string;
  readonly keptShare: string;
  readonly putAside: string;
  readonly noLedger: string;
  readonly never: string;
  readonly ago: string;
  readonly pending: string;
  readonly written: string;
  readonly failures: string;
  readonly took: string;
  readonly learnt: string;
  readonly resolved: string;
  readonly resolverOff: string;
  readonly inputs: string;
  readonly noInputs: string;
  readonly newest: string;
  readonly noNewest: string;
  readonly more: string;
  readonly unreachable: string;
  readonly connecting: string;
  readonly keys: string;
}

const en: TopMessages = {
  columns: {
    input: 'input',
    kind: 'kind',
    point: 'point',
    state: 'state',
    rate: 'rate',
    lag: 'lag',
    drops: 'dropped',
    waiting: 'waiting',
    time: 'time (UTC)',
    miner: 'miner',
    pool: 'pool',
    dialect: 'dialect',
    confidence: 'confidence',
    activity: 'activity',
    coins: 'coins',
  },
  kind: {},
  state: {},
  label: {
    traffic: 'traffic',
    match: 'matches',
    open: 'open',
    tables: 'tables',
    overload: 'overload',
    ledger: 'ledger',
    checkpoint: 'checkpoint',
    addresses: 'addresses',
  },
  up: 'up {time}',
  ready: 'ready',
  notReady: 'NOT READY',
  program: 'Node {node}, process {pid}, {threads} threads, {signatures} signatures, event loop p99 {delay}',
  reloads: 'reloaded {n} times',
  reloadFailures: '{n} reloads refused',
  perSecond: { packets: ' packets/s', flows: ' flows/s', records: ' records/s' },
  sinceStart: '(mean since the start)',
  matched: '{share} % of flows looked at ({matched} of {inspected})',
  matchedNone: 'no flows looked at',
  recordsMatched: '{share} % of new conversations of records ({matched} of {seen})',
  table: { flows: 'flows', conversations: 'conversations', recordConversations: 'of records' },
  reassembly: 'reassembly {used} of {limit}',
  evicted: '{n} gave way',
  noOverload: 'none',
  keptShare: 'looks at {share} % of flows',
  putAside: 'put aside so far: {packets} packets, {flows} flows',
  noLedger: 'none configured',
  never: 'never written',
  ago: 'written {time} ago',
  pending: '{n} detections wait',
  written: '{n} detections',
  failures: '{n} FAILED',
  took: '{time} each',
  learnt: '{n} learnt from observed DNS',
  resolved: '{n} resolved ({queries} queries, {failures} without answer)',
  resolverOff: 'resolver off',
  inputs: 'inputs',
  noInputs: 'no inputs',
  newest: 'newest detections',
  noNewest: 'no detections yet',
  more: '… and {n} more',
  unreachable: 'not reachable since {since} UTC ({ago}), trying again: {why}',
  connecting: 'connecting to {url} …',
  keys: 'q: quit',
};

const zh: TopMessages = {
  columns: {
    input: '输入',
    kind: '类型',
    point: '观测点',
    state: '状态',
    rate: '速率',
    lag: '滞后',
    drops: '丢弃',
    waiting: '待处理',
    time: '时间 (UTC)',
    miner: '矿机',
    pool: '矿池',
    dialect: '协议',
    confidence: '置信度',
    activity: '行为',
    coins: '币种',
  },
  kind: { live: '网卡', pipe: '管道', spool: '文件目录', collector: '流记录接收', 'flow-log': '流日志' },
  state: {
    starting: '启动中',
    running: '运行',
    waiting: '等待',
    restarting: '重启中',
    failed: '失败',
    stopped: '已停止',
    done: '完成',
  },
  label: {
    traffic: '流量',
    match: '命中',
    open: '当前检测',
    tables: '表占用',
    overload: '过载',
    ledger: '台账',
    checkpoint: '检查点',
    addresses: '矿池地址',
  },
  up: '已运行 {time}',
  ready: '就绪',
  notReady: '未就绪',
  program: 'Node {node}，进程 {pid}，{threads} 个线程，{signatures} 条特征，事件循环 p99 {delay}',
  reloads: '已重新加载 {n} 次',
  reloadFailures: '{n} 次重新加载被拒绝',
  perSecond: { packets: ' 包/s', flows: ' 流/s', records: ' 记录/s' },
  sinceStart: '（启动以来平均）',
  matched: '已检查流的 {share} %（{inspected} 条中 {matched} 条）',
  matchedNone: '尚无已检查的流',
  recordsMatched: '流记录新会话的 {share} %（{seen} 条中 {matched} 条）',
  table: { flows: '流', conversations: '会话', recordConversations: '流记录会话' },
  reassembly: '重组缓存 {used} / {limit}',
  evicted: '因容量淘汰 {n}',
  noOverload: '无',
  keptShare: '仅检查 {share} % 的流',
  putAside: '累计跳过 {packets} 个数据包、{flows} 条流',
  noLedger: '未配置',
  never: '尚未写入',
  ago: '{time} 前写入',
  pending: '{n} 项检测待写入',
  written: '{n} 项检测',
  failures: '{n} 次失败',
  took: '平均耗时 {time}',
  learnt: '从观测到的 DNS 学到 {n} 个',
  resolved: '主动解析 {n} 个（{queries} 次查询，{failures} 次无应答）',
  resolverOff: '主动解析未启用',
  inputs: '输入',
  noInputs: '没有输入',
  newest: '最新检测',
  noNewest: '尚无检测结果',
  more: '…… 另有 {n} 项',
  unreachable: '自 {since} UTC 起无法连接（{ago}），正在重试：{why}',
  connecting: '正在连接 {url} ……',
  keys: 'q：退出',
};

export const TOP_MESSAGES: Readonly<Record<Language, TopMessages>> = { en, zh };
