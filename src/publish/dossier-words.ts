/** Words of the dossier in both languages. */
import type { Term, Terms } from '../common/terms.ts';
import type { DossierLanguage } from './dossier-types.ts';
import { html, type Markup, raw, text } from './html.ts';

export const WORDS = {
  title: { zh: '虚拟货币“挖矿”线索档案', en: 'Lead dossier: cryptocurrency mining' },
  shortTitle: { zh: '线索档案', en: 'Lead dossier' },
  number: { zh: '线索编号', en: 'Lead' },
  notNumbered: { zh: '未编号', en: 'not numbered' },
  generated: { zh: '生成时间（UTC+8）', en: 'Made (UTC+8)' },
  producer: { zh: '制作单位', en: 'Made by' },
  actor: { zh: '制作人', en: 'Person' },
  fieldSet: { zh: '字段范围', en: 'Fields' },
  summary: { zh: '一、摘要', en: '1. Summary' },
  who: { zh: '对象', en: 'Who' },
  where: { zh: '地点', en: 'Where' },
  what: { zh: '行为', en: 'What' },
  howMuch: { zh: '规模', en: 'How much' },
  howSure: { zh: '把握', en: 'How sure' },
  when: { zh: '时间', en: 'When' },
  status: { zh: '状态', en: 'Status' },
  category: { zh: '类别', en: 'Category' },
  involvement: { zh: '参与方式', en: 'Involvement' },
  siteType: { zh: '场所类型', en: 'Kind of site' },
  flags: { zh: '重点标记', en: 'Flags' },
  department: { zh: '责任部门', en: 'Department' },
  deadline: { zh: '办理期限', en: 'Deadline' },
  uscc: { zh: '统一社会信用代码', en: 'Unified social credit code' },
  person: { zh: '自然人（已封存）', en: 'natural person (sealed)' },
  naturalPerson: { zh: '自然人', en: 'natural person' },
  unattributed: { zh: '未归属', en: 'not attributed' },
  notTold: { zh: '未提供', en: 'not told' },
  askProvider: {
    zh: '使用人未查明，须先向接入服务单位查询。',
    en: 'Who used it is not known: ask the access provider first.',
  },
  noDoor: { zh: '未确定具体地点，不得据此上门核查。', en: 'No place is known: not to be inspected on this ground.' },
  areaOnly: { zh: '地址段登记所在区划', en: 'division in which the address block is filed' },
  leadRegion: { zh: '线索所在区划', en: 'division of the lead' },
  noDoorNote: {
    zh: '本线索尚未归属。以上内容只说明地址段的登记或网关所在，不是使用人的地址，不得据此上门核查。',
    en: 'This lead is not attributed. What stands here tells where the block is filed or the gateway stands; it is no address of a user and no ground for an inspection.',
  },
  unknown: { zh: '不详', en: 'unknown' },
  none: { zh: '无', en: 'none' },
  grade: { zh: '等级', en: 'Grade' },
  gradeSubscriber: { zh: '线路用户', en: 'Subscriber' },
  gradeEnterprise: { zh: '企业', en: 'Enterprise' },
  gradeAddress: { zh: '地址', en: 'Address' },
  places: { zh: '二、地址', en: '2. Addresses of the site' },
  placesNote: {
    zh: '各类地址分列，互不替代。备案地址、住所只说明登记情况，不等于矿机所在地。',
    en: 'Each kind of address stands apart. A filing or a registered office tells what was registered, not where machines stand.',
  },
  placeKind: { zh: '地址类别', en: 'Kind' },
  region: { zh: '行政区划', en: 'Division' },
  address: { zh: '地址', en: 'Address' },
  parties: { zh: '三、相关主体', en: '3. Parties' },
  role: { zh: '角色', en: 'Role' },
  name: { zh: '名称', en: 'Name' },
  because: { zh: '依据', en: 'Because' },
  doubts: { zh: '四、缺失与矛盾', en: '4. What is missing, what contradicts' },
  missing: { zh: '缺失', en: 'Missing' },
  contradiction: { zh: '矛盾', en: 'Contradiction' },
  noDoubts: { zh: '没有记录到缺失或矛盾。', en: 'None was recorded.' },
  traffic: { zh: '五、网络活动', en: '5. Traffic' },
  ip: { zh: 'IP地址', en: 'IP address' },
  ports: { zh: '源端口', en: 'Source ports' },
  realm: { zh: '网络域', en: 'Realm' },
  seen: { zh: '首次发现 – 最近发现', en: 'First seen – last seen' },
  pools: { zh: '矿池', en: 'Pools' },
  endpoint: { zh: '端点', en: 'Endpoint' },
  accounts: { zh: '矿池账户与钱包', en: 'Accounts and wallets' },
  workers: { zh: '矿工名', en: 'Workers' },
  wallet: { zh: '钱包', en: 'Wallet' },
  walletValid: { zh: '校验通过', en: 'checksum holds' },
  walletInvalid: { zh: '校验不通过', en: 'checksum fails' },
  agents: { zh: '软件', en: 'Software' },
  coins: { zh: '币种', en: 'Coins' },
  hardware: { zh: '硬件', en: 'Hardware' },
  scale: { zh: '六、规模与用电', en: '6. Scale and electricity' },
  low: { zh: '低', en: 'Low' },
  mid: { zh: '中', en: 'Middle' },
  high: { zh: '高', en: 'High' },
  rateNote: {
    zh: '算力按算法分列，不同算法之间不可相加。',
    en: 'Hashrates stand by algorithm; those of different algorithms cannot be added.',
  },
  quantity: { zh: '项目', en: 'Quantity' },
  siteKw: { zh: '场所功率（kW）', en: 'Power of the site (kW)' },
  kwh: { zh: '30天用电量（kWh）', en: 'Energy of 30 days (kWh)' },
  assessed: { zh: '考核用电量（kWh，30天）', en: 'Assessed energy (kWh, 30 days)' },
  surchargeMonth: { zh: '差别电价加价（元，30天）', en: 'Surcharge (yuan, 30 days)' },
  hashrate: { zh: '算力', en: 'Hashrate' },
  factors: { zh: 'PUE；开机率', en: 'PUE; utilisation' },
  charged: { zh: '计收时段', en: 'Time charged' },
  surchargeToDate: { zh: '差别电价加价（元，累计）', en: 'Surcharge to date (yuan)' },
  method: { zh: '估算方法', en: 'Method' },
  rate: { zh: '加价标准（元/千瓦时）', en: 'Rate (yuan/kWh)' },
  document: { zh: '文件', en: 'Document' },
  rateIsDefault: { zh: '采用缺省标准', en: 'default rate' },
  meteredRatio: { zh: '实测与估算之比', en: 'Metered to estimate' },
  powerAccounts: { zh: '电力户号', en: 'Power accounts' },
  notes: { zh: '说明', en: 'Notes' },
  unestimated: { zh: '未计入', en: 'Not contained' },
  tables: { zh: '所用数据表', en: 'Tables used' },
  timeline: { zh: '七、时间线', en: '7. Timeline' },
  chartDetections: { zh: '每日检出数', en: 'detections per day' },
  chartObserved: { zh: '有观测', en: 'observed' },
  chartUnobserved: { zh: '无观测', en: 'not observed' },
  chartStatus: { zh: '状态变更', en: 'change of status' },
  observedNote: {
    zh: '“无观测”时段内没有流量记录，不得理解为已经停止。',
    en: 'Time that was not observed says nothing: it must not be read as stopped.',
  },
  observedTime: { zh: '观测时长', en: 'Observed' },
  quietTime: { zh: '最后流量后的观测时长', en: 'Observed since the last traffic' },
  time: { zh: '时间', en: 'Time' },
  localTime: { zh: '时间（UTC+8）', en: 'Time (UTC+8)' },
  change: { zh: '状态变更', en: 'Change' },
  how: { zh: '八、发现方法', en: '8. How it was found' },
  howNote: {
    zh: '系统逐包比对下列特征；特征命中的报文摘录如下，口令已隐去。',
    en: 'Packets were compared with the signatures below. The messages that matched are quoted; passwords were removed.',
  },
  signature: { zh: '特征 / 含义', en: 'Signature / meaning' },
  message: { zh: '报文摘录', en: 'Message' },
  packet: { zh: '数据包，时间（UTC+8）', en: 'Packet, time (UTC+8)' },
  finding: { zh: '活动，可信度', en: 'Activity, confidence' },
  detections: { zh: '检出记录', en: 'Detections' },
  day: { zh: '日期', en: 'Day' },
  confidence: { zh: '可信度', en: 'Confidence' },
  shares: { zh: '份额：提交 / 接受 / 拒绝', en: 'Shares: sent / accepted / rejected' },
  evidence: { zh: '九、电子数据清单', en: '9. List of electronic data' },
  kind: { zh: '类别', en: 'Kind' },
  clock: { zh: '时钟来源', en: 'Clock' },
  collector: { zh: '采集人', en: 'Collector' },
  tool: { zh: '工具版本', en: 'Tool' },
  rules: { zh: '规则版本', en: 'Rules' },
  custodian: { zh: '保管人', en: 'Custodian' },
  origin: { zh: '原始位置', en: 'Origin' },
  transfer: { zh: '移交', en: 'Handed to' },
  evidenceHead: { zh: '编号 / 类别 / 格式', en: 'Id / kind / format' },
  digestHead: { zh: '完整性校验值 / 规则版本', en: 'Check values / rules' },
  capturedHead: { zh: '采集时间 / 采集人', en: 'Captured / collector' },
  noEvidence: { zh: '没有随附电子数据。', en: 'No electronic data comes with this dossier.' },
  links: { zh: '关联线索', en: 'Linked leads' },
  linkKind: { zh: '关联方式', en: 'By' },
  history: { zh: '十、办理记录', en: '10. History' },
  by: { zh: '操作人', en: 'Person' },
  action: { zh: '事项', en: 'Action' },
  detail: { zh: '内容', en: 'Detail' },
  historyNote: {
    zh: '同一操作的记录列在一起，每条前为链上序号；检出编号和校验值过长的只列前12位，全文见第九部分或证据包内chain.jsonl。',
    en: 'Entries of one act stand together, each with its number in the chain; of detection ids and of check values listed in part 9 the first 12 digits are shown.',
  },
  earlier: { zh: '较早的记录未列出', en: 'earlier entries are not shown' },
  more: { zh: '另有未列出的记录', en: 'more rows are not shown' },
  articles: { zh: '十一、政策依据', en: '11. Articles of the notice' },
  articlesNote: {
    zh: '《关于整治虚拟货币“挖矿”活动的通知》（发改运行〔2021〕1283号）中与本线索有关的条款。适用与否由主管部门认定。',
    en: 'Articles of notice 发改运行〔2021〕1283号 that concern this lead. Whether they apply is for the competent department to decide.',
  },
  statement: { zh: '十二、声明', en: '12. Statement' },
  statementText: {
    zh: '本档案所载网络观测结果仅为线索，不是违法事实的证明。是否存在“挖矿”活动、由谁实施、规模多大，应当经现场核查和电表计量确认。估算数值附有上下限，不得单独作为处罚、计收或者停供的依据。',
    en: 'What was observed on the network is a lead and no proof of an offence. Whether mining takes place, by whom and on what scale has to be established on site and by metering. Estimates have limits on both sides and are no ground by themselves for a penalty, a charge or a disconnection.',
  },
  signatures: { zh: '签字', en: 'Signatures' },
  madeBy: { zh: '制作人', en: 'Made by' },
  reviewedBy: { zh: '审核人', en: 'Reviewed by' },
  receivedBy: { zh: '接收人', en: 'Received by' },
  unitSeal: { zh: '单位（盖章）', en: 'Unit (seal)' },
  date: { zh: '日期', en: 'Date' },
} as const;

export const EVIDENCE_TERMS: Terms = {
  packet_capture: { zh: '数据包截取', en: 'packet capture' },
  flow_record: { zh: '流记录', en: 'flow record' },
  log_line: { zh: '日志', en: 'log line' },
  third_party_list: { zh: '第三方名单', en: 'list of a third party' },
  photo: { zh: '照片', en: 'photo' },
  meter_reading: { zh: '电表读数', en: 'meter reading' },
  document: { zh: '文书', en: 'document' },
};

export const LINK_TERMS: Terms = {
  wallet: { zh: '同一钱包', en: 'same wallet' },
  account: { zh: '同一账户', en: 'same account' },
  worker: { zh: '同一矿工名', en: 'same worker' },
  pool: { zh: '同一矿池端点', en: 'same pool endpoint' },
  range: { zh: '同一地址段', en: 'same range' },
  restart_of: { zh: '复燃', en: 'restart of' },
  merged_from: { zh: '合并自', en: 'merged from' },
  person: { zh: '人工关联', en: 'linked by a person' },
};

/** Writes words in the language of the dossier: Chinese first where it has both. */
export interface Speaker {
  readonly language: DossierLanguage;
  /** A word of the program. */
  w(name: keyof typeof WORDS): Markup;
  /** A word and its translation. */
  term(term: Term): Markup;
  /** The word for a key of a table, the key itself where there is none. */
  of(terms: Terms, key: unknown): Markup;
  /** The same as plain text, for labels. */
  plain(term: Term): string;
}

export function speaker(language: DossierLanguage): Speaker {
  const term = ({ zh, en }: Term): Markup => {
    if (language === 'both' && zh !== en)
      return html`<span lang="zh-CN">${text(zh, 2000)}</span> <span class="en" lang="en">${text(en, 2000)}</span>`;
    return text(language === 'en' ? en : zh, 2000);
  };
  return {
    language,
    w: (name) => term(WORDS[name]),
    term,
    of: (terms, key) => {
      const known = typeof key === 'string' && Object.hasOwn(terms, key) ? terms[key] : undefined;
      return known === undefined ? (key === null || key === undefined ? raw('') : text(key, 60)) : term(known);
    },
    plain: ({ zh, en }) => (language === 'en' ? en : language === 'zh' ? zh : `${zh} ${en}`),
  };
}
