/** Headings of lists and forms in Chinese and English, and which table they make. */

/** Columns and their headings; compared without spaces, punctuation, case and compatibility forms. */
const COLUMNS = {
  id: '线索编号|线索号|编号|举报编号|受理编号|工单编号|信件编号|report_id|lead_id|id',
  source: '线索来源|数据来源|来源|下发单位|举报渠道|受理渠道|source',
  received:
    '举报时间|受理时间|来电时间|登记时间|提交时间|举报日期|受理日期|下发时间|下发日期|report_time|reported_at|received',
  ip: 'IP|IP地址|IP地址(段)|源IP|源地址|源IP地址|挖矿IP|挖矿IP地址|挖矿主机IP|矿机IP|矿机地址|主机IP|公网IP|公网IP地址|受控IP|受害IP|失陷IP|感染IP|涉事IP|疑似挖矿IP|ip_address|src_ip|source_ip|miner_ip|client_ip',
  port: '端口|源端口|端口号|源端口号|公网端口|port|src_port|source_port|miner_port',
  protocol: '协议|传输协议|协议类型|protocol|proto|transport',
  dstIp: '目的IP|目的地址|目的IP地址|目标IP|矿池IP|矿池IP地址|对端IP|dst_ip|dest_ip|destination_ip|pool_ip',
  dstPort: '目的端口|目的端口号|目标端口|矿池端口|对端端口|dst_port|dest_port|destination_port|pool_port',
  pool: '矿池|矿池名称|矿池域名|矿池地址|访问矿池|访问域名|域名|pool|pool_name|pool_domain|pool_host|domain|dst_host',
  coin: '币种|虚拟货币|虚拟货币种类|虚拟货币币种|挖矿币种|coin|coins|currency',
  first:
    '首次发现时间|首次发现|首次活跃时间|最早发现时间|发现时间|监测时间|通信时间|开始时间|起始时间|timestamp|first_seen|first|start|start_time|time|date',
  last: '最近发现时间|最近发现|最后发现时间|末次发现时间|最新发现时间|最近活跃时间|最后活跃时间|结束时间|截止时间|last_seen|last|end|end_time',
  count:
    '下发次数|提交次数|发现次数|监测次数|通信次数|连接次数|活跃次数|次数|count|hits|number|occurrences|connections',
  name: '单位|单位名称|所属单位|使用单位|涉事单位|被举报单位|被举报对象|企业|企业名称|公司|公司名称|所属企业|用户单位|法人单位|法人单位名称|用户名称|客户名称|机构名称|organisation|organization|org_name|company|unit_name|subject',
  uscc: '统一社会信用代码|社会信用代码|信用代码|组织机构代码|uscc',
  place:
    '地址|详细地址|单位地址|装机地址|安装地址|物理地址|场所地址|挖矿地址|挖矿地点|用电地址|被举报地址|具体地址|所在地址|地点|所在地|address|place|location',
  province: '省|省份|所属省份|province',
  city: '市|地市|城市|所属地市|所属城市|city',
  county: '区县|县|区|县区|县市区|所属区县|county|district',
  region: '行政区划|行政区划代码|区划代码|地区代码|region|region_code',
  text: '内容|举报内容|投诉内容|问题描述|情况说明|情况描述|举报事项|线索内容|备注|说明|描述|content|description|text|remark|note',
  tag: 'tag|tags|infection|family|algo|evidence_class|type|severity|confidence|标签',
  status: 'status|customer_type|answered_by|处置状态|反馈情况|反馈结果',
} as const;
export type Column = keyof typeof COLUMNS;

/** A heading as it is compared. */
export function headingKey(heading: string): string {
  return heading
    .slice(0, 100)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]+/gu, '');
}

const NAMES = new Map<string, Column>();
for (const [column, headings] of Object.entries(COLUMNS) as [Column, string][]) {
  for (const heading of headings.split('|')) NAMES.set(headingKey(heading), column);
}

const PERSONAL =
  /举报人|投诉人|来电人|联系|责任人|负责人|经办|操作人|法人|法定代表|姓名|电话|手机|邮箱|邮件|身份证|证件|护照|微信|qq|户主|e-?mail|phone|mobile|contact|reporter|caller|person|imsi|imei/i;

export function isPersonal(heading: string): boolean {
  return PERSONAL.test(heading.slice(0, 100).normalize('NFKC'));
}

/** A row of headings: where each known column stands, and what is over the others. */
export interface Headings {
  readonly at: ReadonlyMap<Column, number>;
  readonly others: readonly { readonly index: number; readonly name: string; readonly personal: boolean }[];
  readonly names: readonly string[];
}

/** Longest row that is looked at. */
export const MAX_COLUMNS = 256;

export function readHeadings(row: readonly string[]): Headings {
  const at = new Map<Column, number>();
  const others: Headings['others'][number][] = [];
  const names = row.slice(0, MAX_COLUMNS).map((cell) => cell.trim().slice(0, 60));
  names.forEach((name, index) => {
    const column = NAMES.get(headingKey(name));
    // Of two equal headings the first counts, the second is the contact's as a rule.
    if (column !== undefined && !at.has(column)) at.set(column, index);
    else if (name !== '') others.push({ index, name, personal: isPersonal(name) });
  });
  return { at, others, names };
}

/** How many columns of a row are known as headings. */
export function headingCount(row: readonly string[]): number {
  return (
    new Set(row.slice(0, MAX_COLUMNS).map((cell) => NAMES.get(headingKey(cell)) ?? '')).size - (hasOther(row) ? 1 : 0)
  );
}

function hasOther(row: readonly string[]): boolean {
  return row.slice(0, MAX_COLUMNS).some((cell) => !NAMES.has(headingKey(cell)));
}

export type TableKind = 'ip_list' | 'hotline' | 'shadowserver';

/** Which table the headings make; null for none that is known, `feedback` for answers to leads handed over. */
export function kindOf({ at, names, others }: Headings): TableKind | 'feedback' | null {
  const keys = names.map(headingKey);
  if (at.has('status') && (keys.includes('leadid') || keys.includes('线索编号')) && !at.has('ip')) return 'feedback';
  if (names.some((name) => /举报|投诉|来电/.test(name.normalize('NFKC')))) return 'hotline';
  if (at.has('ip')) {
    return keys.includes('timestamp') && keys.includes('ip') && !/[^\x00-\x7f]/.test(names.join(''))
      ? 'shadowserver'
      : 'ip_list';
  }
  const told = at.has('text') || others.some(({ personal }) => personal);
  return at.has('place') && told ? 'hotline' : null;
}
