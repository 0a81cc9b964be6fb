/** Headings and words of answers as offices write them, in Chinese and English. */

/** Columns of a carrier's answer and of a department's, with the headings that mean them. */
export const FEEDBACK_HEADINGS: Readonly<Record<string, readonly string[]>> = {
  lead_id: ['lead_id', 'lead', '线索编号', '项目编号', '编号', '线索号'],
  ip: ['ip', 'IP地址', 'IP地址（段）', 'ip_address', '用户IP', '公网IP'],
  port: ['port', '端口', '源端口', '用户端口'],
  asked_from: ['timestamp'],
  asked_to: ['last_seen'],
  status: ['status', '状态', '归属状态', '查询结果', '归属结果'],
  valid_from: ['valid_from', '开始时间', '使用开始时间', '分配时间', '生效时间', '起始时间'],
  valid_to: ['valid_to', '结束时间', '使用结束时间', '释放时间', '终止时间'],
  customer_type: ['customer_type', '客户类型', '用户类型', '用户性质'],
  uscc: ['uscc', '统一社会信用代码', '信用代码', '社会信用代码'],
  unit_name: ['unit_name', '单位名称', '用户单位', '客户名称', '使用单位', '单位'],
  install_address: ['install_address', '装机地址', '安装地址', '详细地址', '地址'],
  region: ['region', '行政区划', '行政区划代码', '区划代码'],
  line_type: ['line_type', '线路类型', '接入方式', '接入类型'],
  operator_ref: ['operator_ref', '运营商编号', '业务号', '电路编号'],
  /** Number of the request: one for many lines, so it names no customer. */
  request: ['request', '工单号'],
  answered_by: ['answered_by', '答复单位', '答复人', '反馈单位', '回复单位'],
  answered_at: ['answered_at', '答复时间', '反馈时间', '回复时间'],
  result: ['result', '核查结果', '核实结果', '结果', '是否属实', '核查结论'],
  visited_at: ['visited_at', '核查时间', '核查日期', '现场核查时间', '检查日期'],
  document: ['document', '文号', '文书编号', '核查文号'],
  note: ['note', '备注', '说明', '核查情况'],
  kwh: ['kwh', '电量', '用电量', '电量（千瓦时）', '用电量（千瓦时）', '核查电量'],
  machines: ['machines', '矿机数量', '矿机台数', '设备数量', '台数'],
};

export const CARRIER_STATUSES = ['attributed', 'dynamic', 'not_found', 'no_log', 'refused'] as const;
export type CarrierStatus = (typeof CARRIER_STATUSES)[number];

export const CARRIER_WORDS: Readonly<Record<CarrierStatus, readonly string[]>> = {
  attributed: ['已定位', '已归属', '已查到', '查到', '归属'],
  dynamic: ['动态', '动态地址', '动态分配'],
  not_found: ['未查到', '查无', '无此用户', '未找到'],
  no_log: ['无日志', '日志已过期', '日志缺失', '超期'],
  refused: ['拒绝', '不予提供', '手续不全'],
};

/** Results as the status of a lead that a person may then set. */
export const FEEDBACK_RESULTS = [
  'true',
  'not_true',
  'unattributable',
  'rectifying',
  'stopped',
  'inspected',
  'closed',
] as const;
export type FeedbackResult = (typeof FEEDBACK_RESULTS)[number];

export const RESULT_WORDS: Readonly<Record<FeedbackResult, readonly string[]>> = {
  true: ['属实', '是', '情况属实', '核实属实', 'confirmed', 'yes'],
  not_true: ['不属实', '否', '失实', '误报', 'not true', 'false', 'no'],
  unattributable: ['无法归属', '无法定位', '查无'],
  rectifying: ['整改中', '正在整改'],
  stopped: ['已停', '已停止', '已关停', '关停', '停止'],
  inspected: ['已核验', '已验收'],
  closed: ['销号', '已销号'],
};
