import type { Language } from './messages.ts';

/** Words of `leads`, `registry`, `report` and `ledger` on the terminal. */
export interface LeadsMessages {
  readonly columns: Readonly<
    Record<
      'lead' | 'status' | 'found' | 'who' | 'where' | 'coins' | 'hashrate' | 'power' | 'seen' | 'flags' | 'deadline',
      string
    >
  >;
  readonly labels: Readonly<
    Record<
      | 'status'
      | 'category'
      | 'subject'
      | 'parties'
      | 'places'
      | 'addresses'
      | 'pools'
      | 'accounts'
      | 'agents'
      | 'hashrate'
      | 'energy'
      | 'surcharge'
      | 'flags'
      | 'missing'
      | 'contradictions'
      | 'found'
      | 'observed'
      | 'links'
      | 'reports'
      | 'deadline'
      | 'history'
      | 'aliases'
      | 'sealed',
      string
    >
  >;
  readonly noLeads: string;
  readonly total: string;
  readonly unattributed: string;
  readonly person: string;
  readonly quiet: string;
  readonly notObserved: string;
  readonly leftOut: string;
  readonly and: string;
  readonly more: string;
}

const EN: LeadsMessages = {
  columns: {
    lead: 'lead',
    status: 'status',
    found: 'found',
    who: 'who',
    where: 'where',
    coins: 'coins',
    hashrate: 'hashrate',
    power: 'kW',
    seen: 'seen (UTC)',
    flags: 'flags',
    deadline: 'due',
  },
  labels: {
    status: 'status',
    category: 'category',
    subject: 'subject',
    parties: 'parties',
    places: 'places',
    addresses: 'addresses',
    pools: 'pools',
    accounts: 'accounts',
    agents: 'programs',
    hashrate: 'hashrate',
    energy: 'energy',
    surcharge: 'surcharge',
    flags: 'flags',
    missing: 'missing',
    contradictions: 'contradicts',
    found: 'found',
    observed: 'observed',
    links: 'links',
    reports: 'reports',
    deadline: 'due',
    history: 'history',
    aliases: 'also',
    sealed: 'sealed',
  },
  noLeads: 'no leads',
  total: '{n} leads: {list}',
  unattributed: 'unattributed',
  person: 'natural person (sealed)',
  quiet: 'quiet for {quiet} of observed time, observed until {until}',
  notObserved: 'its addresses were not observed: no traffic does not mean stopped',
  leftOut: 'left out for want of room: {list} (--json has everything)',
  and: ', ',
  more: 'and {n} more',
};

const ZH: LeadsMessages = {
  columns: {
    lead: '线索',
    status: '状态',
    found: '发现',
    who: '主体',
    where: '地点',
    coins: '币种',
    hashrate: '算力',
    power: '千瓦',
    seen: '时间（UTC）',
    flags: '标记',
    deadline: '期限',
  },
  labels: {
    status: '状态',
    category: '类别',
    subject: '主体',
    parties: '各方',
    places: '地址',
    addresses: 'IP地址',
    pools: '矿池',
    accounts: '账户',
    agents: '程序',
    hashrate: '算力',
    energy: '用电',
    surcharge: '差别电价',
    flags: '标记',
    missing: '尚缺',
    contradictions: '矛盾',
    found: '发现',
    observed: '观测',
    links: '关联',
    reports: '举报',
    deadline: '期限',
    history: '经过',
    aliases: '曾用编号',
    sealed: '封存信息',
  },
  noLeads: '没有线索',
  total: '线索 {n} 条：{list}',
  unattributed: '未归属',
  person: '自然人（已封存）',
  quiet: '观测时间内静默 {quiet}，观测至 {until}',
  notObserved: '其地址未被观测：没有流量不等于停止',
  leftOut: '宽度不足，略去：{list}（--json 可见全部）',
  and: '、',
  more: '另有 {n} 项',
};

export function leadsMessages(language: Language): LeadsMessages {
  return language === 'zh' ? ZH : EN;
}
