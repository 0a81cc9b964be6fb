/** Words of the ledger in English and Chinese, for the command line, tables, dossiers and reports alike. */

export interface Term {
  readonly en: string;
  readonly zh: string;
}

export type Terms = Readonly<Record<string, Term>>;

export const STATUS_TERMS: Terms = {
  waiting: { en: 'waiting', zh: '待人工判断' },
  open: { en: 'open', zh: '待核' },
  true: { en: 'true', zh: '属实' },
  not_true: { en: 'not true', zh: '不属实' },
  unattributable: { en: 'unattributable', zh: '无法归属' },
  rectifying: { en: 'rectifying', zh: '整改中' },
  stopped: { en: 'stopped', zh: '已停' },
  inspected: { en: 'inspected', zh: '已核验' },
  closed: { en: 'closed', zh: '销号' },
  restarted: { en: 'restarted', zh: '复燃' },
};

export const CATEGORY_TERMS: Terms = {
  existing: { en: 'existing', zh: '存量' },
  new: { en: 'new', zh: '增量' },
  building: { en: 'under construction', zh: '在建' },
  planned: { en: 'planned', zh: '拟建' },
  unknown: { en: 'unknown', zh: '待定' },
};

export const INVOLVEMENT_TERMS: Terms = {
  active: { en: 'active', zh: '主动' },
  passive: { en: 'passive', zh: '被动' },
  unknown: { en: 'unknown', zh: '待定' },
};

export const SITE_TYPE_TERMS: Terms = {
  industrial: { en: 'industrial', zh: '工业集中式' },
  data_centre: { en: 'data centre', zh: '数据中心' },
  park: { en: 'park', zh: '园区' },
  residential: { en: 'residential', zh: '居民' },
  office: { en: 'office', zh: '单位机房' },
  power_plant: { en: 'power plant', zh: '电厂内' },
  unknown: { en: 'unknown', zh: '待定' },
};

export const FLAG_TERMS: Terms = {
  industrial: { en: 'industrial scale', zh: '工业规模' },
  state_owned: { en: 'state-owned', zh: '国有单位' },
  residential_tariff: { en: 'residential tariff', zh: '居民电价' },
  bitcoin: { en: 'Bitcoin', zh: '比特币' },
  data_centre: { en: 'data centre', zh: '数据中心' },
  park: { en: 'park', zh: '园区' },
  key: { en: 'key list', zh: '重点清单' },
};

export const CONFIDENCE_TERMS: Terms = {
  confirmed: { en: 'confirmed', zh: '已证实' },
  probable: { en: 'probable', zh: '很可能' },
  suspected: { en: 'suspected', zh: '疑似' },
};

export const ACTIVITY_TERMS: Terms = {
  mining: { en: 'mining', zh: '挖矿' },
  attempt: { en: 'attempt', zh: '尝试' },
  probe: { en: 'probe', zh: '探测' },
  proxy: { en: 'proxy', zh: '代理' },
};

export const ROLE_TERMS: Terms = {
  ip_holder: { en: 'holder of the address', zh: 'IP地址持有单位' },
  access_provider: { en: 'access provider', zh: '接入服务单位' },
  filing_unit: { en: 'unit in the filing', zh: '备案使用单位' },
  line_subscriber: { en: 'subscriber of the line', zh: '线路用户' },
  site_operator: { en: 'operator of the site', zh: '场所运营单位' },
  power_account_holder: { en: 'holder of the power account', zh: '用电户主' },
  beneficiary: { en: 'beneficiary', zh: '受益人' },
};

export const PLACE_TERMS: Terms = {
  install: { en: 'install address', zh: '装机地址' },
  power: { en: 'power address', zh: '用电地址' },
  site: { en: 'data centre', zh: '机房地址' },
  filing: { en: 'filing address', zh: '备案地址' },
  registered: { en: 'registered office', zh: '住所' },
  gateway: { en: 'gateway', zh: '网关地址' },
};

export const METHOD_TERMS: Terms = {
  metered: { en: 'metered', zh: '实测' },
  inventory: { en: 'from machines counted', zh: '按矿机清点估算' },
  shares: { en: 'from shares', zh: '按份额推算' },
  connections: { en: 'from connections', zh: '按连接数估算' },
  addresses: { en: 'from addresses', zh: '按地址数估算' },
};

export const DEPARTMENT_TERMS: Terms = {
  ndrc: { en: 'development and reform', zh: '发展改革' },
  cac: { en: 'cyberspace', zh: '网信、通信管理' },
  miit: { en: 'industry and information', zh: '工业和信息化' },
  finance: { en: 'finance', zh: '金融' },
  energy: { en: 'energy and grid', zh: '能源、电网' },
  tax: { en: 'fiscal and tax', zh: '财政、税务' },
  market: { en: 'market regulation', zh: '市场监管' },
  police: { en: 'police', zh: '公安' },
  discipline: { en: 'discipline and owners', zh: '纪检监察、主管部门' },
  carrier: { en: 'carrier', zh: '电信运营商' },
};

/** Kinds of mining hardware. */
export const HARDWARE_TERMS: Terms = {
  asic: { en: 'ASIC', zh: '专用矿机（ASIC）' },
  gpu: { en: 'graphics cards', zh: '显卡' },
  cpu: { en: 'processors', zh: '中央处理器' },
};

/** What is missing or contradicts, by code and without details: for readers to whom the details may not go. */
export const REMARK_TERMS: Terms = {
  bad_address: { en: 'the observed address is no IP address', zh: '观测到的地址不是IP地址' },
  bad_time: { en: 'the times of the observation make no sense', zh: '观测时间有误' },
  need_source_port: { en: 'source port and exact time needed', zh: '需要源端口和精确时间' },
  need_realm: { en: 'realm of the private address needed', zh: '需要私网地址所属区域' },
  need_session_log: { en: 'session or NAT log of the carrier needed', zh: '需要运营商会话或地址转换日志' },
  need_registry: { en: 'no filing covers the address', zh: '地址无备案记录' },
  need_crm: { en: 'customer record of the line needed', zh: '需要线路客户资料' },
  need_customer_list: { en: 'customer list of the operator or data centre needed', zh: '需要运营商或机房的客户清单' },
  need_release_log: { en: 'end of the assignment needed', zh: '需要地址释放记录' },
  need_better_clock: { en: 'more exact times needed', zh: '需要更精确的时间' },
  filing_old: { en: 'the filing is old', zh: '备案信息较旧' },
  need_uscc: { en: 'credit code needed', zh: '需要统一社会信用代码' },
  need_install_address: { en: 'install or power address needed', zh: '需要装机或用电地址' },
  need_confirmation: { en: 'confirmation of the carrier needed', zh: '需要运营商确认' },
  short_conversation: { en: 'only short conversations of this subscriber', zh: '本用户只有短时会话' },
  several_subscribers: { en: 'several subscribers fit', zh: '符合条件的用户不止一个' },
  filing_names_operator: { en: 'the filing names the operator', zh: '备案单位为运营商' },
  filing_dynamic_pool: { en: 'the filing names the operator or a dynamic pool', zh: '备案为运营商或动态地址池' },
  static_in_several_sessions: { en: 'filed as static, seen in several sessions', zh: '备案为静态，实际多个会话使用' },
  reserved_in_use: { en: 'filed as reserved, yet in use', zh: '备案为保留，实际在用' },
  region_differs: { en: 'regions differ', zh: '地区不一致' },
  person_with_enterprise_nature: { en: 'enterprise by nature, person by document', zh: '单位性质与证件类型不一致' },
  code_invalid: { en: 'the credit code fails its checks', zh: '统一社会信用代码校验不通过' },
  deregistered: { en: 'the unit was struck off before', zh: '单位此前已注销' },
  subjects_differ: { en: 'sources name different subjects', zh: '各来源的主体不一致' },
  customers_differ: { en: 'several customers under one account', zh: '同一账号下有多个客户' },
  customer_not_live: { en: 'the customer record was not valid then', zh: '客户记录当时无效' },
  flow_outlives_assignment: { en: 'traffic outlasted the assignment', zh: '通信时间超出地址分配时间' },
  nat_stated_none: { en: 'NAT logs where none was stated', zh: '声明无地址转换，实际有日志' },
  port_outside_rule: { en: 'port outside the NAT rule', zh: '端口不在地址转换规则内' },
  two_live_rows: { en: 'two live rows cover the address', zh: '两条有效记录覆盖同一地址' },
  pool_overlaps: { en: 'in a range of a unit and a pool at once', zh: '同时属于单位地址段和地址池' },
  region_ambiguous: { en: 'the name of the region is ambiguous', zh: '地区名称不唯一' },
  region_not_inside: { en: 'the region is not where the address says', zh: '地区隶属关系不符' },
  region_code_unknown: { en: 'unknown region code', zh: '行政区划代码不存在' },
  region_code_differs: { en: 'region code and address text differ', zh: '行政区划代码与地址不一致' },
  to_be_verified: { en: 'reported, not yet confirmed by traffic', zh: '仅有举报，尚未在流量中证实' },
  not_observed: { en: 'not observed all the time', zh: '未持续观测' },
  conversations_not_all_listed: { en: 'not all conversations are listed', zh: '会话未全部列出' },
  shared_detections: { en: 'detections cover several subscribers', zh: '检测结果涉及多个用户' },
  restarted: { en: 'traffic after the lead had ended', zh: '结束后又有流量' },
  reopened_stronger_evidence: {
    en: 'stronger evidence after it was judged not true',
    zh: '判为不属实后又有更强的证据',
  },
  other: { en: 'see the ledger', zh: '详见台账' },
};

/** Label of a grade 0 – 100: ≥ 90 locatable, 70 high, 40 medium (needs the carrier's confirmation), 1 low, 0 none. */
export function gradeTerm(grade: number): Term {
  if (grade >= 90) return { en: 'certain', zh: '确认' };
  if (grade >= 70) return { en: 'high', zh: '高' };
  if (grade >= 40) return { en: 'medium', zh: '中' };
  return grade > 0 ? { en: 'low', zh: '低' } : { en: 'unattributable', zh: '无法归属' };
}

/** A term in a language; the key itself where there is no such term. */
export function termOf(terms: Terms, key: string, language: 'en' | 'zh'): string {
  return terms[key]?.[language] ?? key;
}
