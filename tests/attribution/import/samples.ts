/**
 * Invented inputs, one for each layout: every person, firm, code and number in them is made up, addresses are those of
 * documentation. The codes 91440000MA00TE4T6L and 11010519491231002X are the standards' worked examples of their check digits.
 */
import { strToU8, type Zippable, zipSync } from 'fflate';
import iconv from 'iconv-lite';
import {
  type ImportOptions,
  importRegistry,
  type RegistryInput,
} from '../../../src/attribution/import/registry-import.ts';
import type { RegistryRow, RowFault, SourceShape } from '../../../src/attribution/types.ts';

export const FIRM = '示例算力科技有限公司';
export const CODE = '91440000MA00TE4T6L';
export const CITIZEN = '11010519491231002X';

export type TableRow = readonly string[];

const A_HEAD =
  'ID,起始IP,终止IP,分配方式,使用单位名称,创建时间,核查状态,状态,移动/铁通,所属地,操作人,分配对象,使用方式,分配日期,域名跳转,单位性质,单位所属分类,单位行业分类,单位详细地址,联系人姓名,联系人电话,联系人电子邮件,网关IP地址,网关物理地址,备注,省系统id,上传时间,通过时间,经营许可证编号,单位行政级别,单位所在地区'.split(
    ',',
  );

/** One row of the portal's export. */
export function aRow(id: number, start: string, end: string, remark: string = ''): TableRow {
  return `${id},${start},${end},分配,${FIRM},2025-03-01 08:00:00,已核查,正常,移动,示例市,李某,用户,静态,2025-03-11 00:00:00,否,企业,其他,制造业,示例区云谷路1号2号楼,张某,13800000000,noc@example.cn,203.0.113.254,某某云谷2号楼3层机房,${remark},99${id},2025-03-12 00:00:00,2025-04-12 09:30:00,,无,示例省 示例市 示例区`.split(
    ',',
  );
}

export const TABLES: Readonly<Record<string, readonly TableRow[]>> = {
  'filing-a': [
    ['IP地址备案信息导出'],
    A_HEAD,
    ...[1, 2, 3, 4].map((n) => aRow(n, `203.0.113.${n}`, `203.0.113.${n}`)),
    aRow(5, '203.0.113.5', '203.0.113.5', '另一备注'),
    aRow(6, '198.51.100.0', '198.51.100.255'),
  ],
  'filing-b': [
    '起始IP,结束IP,分配方式,使用方式,分配时间,网关IP,网关物理地址,来源单位,使用单位名称,所属行业分类,单位所属分类,单位性质,省编码,市编码,县编码,详细地址,联系人姓名,手机号,电子邮箱'.split(
      ',',
    ),
    `203.0.113.32,203.0.113.47,分配,静态,2025-03-11,203.0.113.33,某某云谷2号楼3层机房,某省电信公司,${FIRM},7,5,4,640000,640500,640502,示例区云谷路1号2号楼,张某,13800000000,noc@example.cn`.split(
      ',',
    ),
    `2001:db8:40::,2001:db8:40::ffff,分配,1,20250311,,,某省电信公司,张三丰,7,5,5,640000,640500,640502,示例区云谷路3号,张某,13800000000,noc@example.cn`.split(
      ',',
    ),
  ],
  isms: [
    'IDC/ISP许可证号,单位名称,单位属性,证件类型,证件号码,邮政编码,注册时间,服务开通时间,单位地址,责任人姓名,责任人证件类型,责任人证件号码,责任人固定电话,责任人移动电话,责任人Email,用户备注信息,所属机房,机房区域名称,机柜名称,资源分配时间,IP类型,外网起始IP,外网终止IP,网络带宽,所属区域,应用服务类型,业务类型,用户使用链路信息'.split(
      ',',
    ),
    `B1-20210000,${FIRM},4,1,${CODE},755000,2025-01-02,2025-02-03,示例区云谷路1号,张某,2,${CITIZEN},09550000000,13800000000,noc@example.cn,无,某某云谷机房,A区,A-01,2025-02-04,公网,198.51.100.8,198.51.100.15,100,640502,7,5,链路一`.split(
      ',',
    ),
    `B1-20210000,王某某,5,9,H00000000,755000,2025-01-02,2025-02-03,示例区云谷路9号,,,,,,,,某某云谷机房,A区,A-02,2025-02-04,公网,198.51.100.16,,100,640502,3,5,`.split(
      ',',
    ),
  ],
  house: [
    'ipID,startIP,endIP,pstartIP,pendIP,type,user,IDtype,IDnumber,sourceUnit,allocationUnit,useTime'.split(','),
    `11,198.51.100.32,198.51.100.39,,,0,${FIRM},1,${CODE},某省电信公司,某某云谷数据中心,2025-02-04`.split(','),
  ],
  resource: [
    'IP地址段名称,单位名称/具体业务信息,单位所属分类,单位性质,所属地市,所属区县,单位行政级别,单位所属行业分类,地址详细地址,联系人姓名(客户侧),联系人电话(客户侧),联系人邮箱(客户侧),网关物理位置,使用方式,网关IP地址,业务类型,使用状态,管理状态,设备所属机房,Loopback地址,负责部门(运营商侧),负责人(运营商侧),单位证件类型,单位证件号码,地址类型,产品实例标识,所属设备,变更时间'.split(
      ',',
    ),
    `198.51.100.64/29,${FIRM},其他,企业,示例市,示例区,无,制造业,示例区云谷路1号2号楼,张某,13800000000,noc@example.cn,某某机房,静态,198.51.100.65,互联网专线,在用,已分配,某某局房,192.0.2.9,政企部,李某,统一社会信用代码,${CODE},公网,PI-0001,BNG-01,2025-05-06 10:00:00`.split(
      ',',
    ),
  ],
  colocation: [
    '客户ID,公司名称,曾用名,客户类型,散U托管(U),整柜托管(R),预留托管(R),带宽类型,带宽数量(M),IP(个),端口,所在机房,客户行业,客户业务,所属行业分类,单位所属分类,单位性质,失效时间,IP地址段,机柜'.split(
      ',',
    ),
    [
      'C001',
      FIRM,
      '',
      '直客',
      '0',
      '12',
      '0',
      '独享',
      '20',
      '8',
      '',
      '某某云谷机房',
      '互联网',
      '计算',
      '7',
      '5',
      '4',
      '2027-01-01',
      '198.51.100.72/30、198.51.100.80',
      'B-01',
    ],
  ],
  'rack-power': [
    ['机柜', 'PDU', '额定kW', '实测kW', '采样时间'],
    ['B-01', '1', '8', '7.25', '2026-10-01 00:00:00'],
    ['B-01', '1', '8', '7.5', '2026-10-01 00:15:00'],
  ],
  customer: [
    ['account', 'name', 'id_type', 'id_number', 'region', 'install_address', 'valid_from', 'valid_to', '联系电话'],
    ['k7730011', FIRM, '统一社会信用代码', CODE, '640502', '示例区云谷路1号2号楼3层', '2025-03-11', '', '13800000000'],
    [
      'k7730012',
      '张某',
      '身份证',
      CITIZEN,
      '640502',
      '示例区云谷路5号1单元',
      '2025-03-11',
      '2026-03-10',
      '13800000000',
    ],
  ],
  'power-account': [
    ['户号', '用户名称', '用电地址', '用电类别', '容量', '供电方式', '台区'],
    ['0012345678', FIRM, '示例区云谷路1号', '大工业用电', '6300kVA', '专线', '云谷一号台区'],
    ['0012345679', '张三', '示例区云谷路5号', '城镇居民生活用电', '8', '公变', ''],
    ['0012345680', '示例超市', '示例区云谷路6号', '非居民照明', '20', '公用', ''],
  ],
  'meter-reading': [
    ['户号', '起', '止', '电量(万千瓦时)'],
    ['0012345678', '2026-09-01', '2026-09-30', '432.5'],
  ],
  machine: [
    ['型号', '数量', '功率(W)', '存放地点'],
    ['Example Miner X1', '120', '3250', '某某云谷机房'],
  ],
  geofeed: [
    ['# 示例 geofeed, invented'],
    ['203.0.113.0/24', 'CN', 'CN-NX', 'Zhongwei', ''],
    ['2001:db8::/32', 'CN', 'CN-NX', '', ''],
  ],
};

export const XML: string = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE isp [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<isp><Inetnum><BasicInfo><StartIp>203.0.113.64</StartIp><EndIp>203.0.113.71</EndIp><Status>1</Status></BasicInfo>
<IPInfo><Syfs>0</Syfs><Fprq>2025-03-11</Fprq><DeviceName>BNG-01</DeviceName><PortName>eth 3/1/2</PortName></IPInfo>
<BackInfo><Dwmc><![CDATA[${FIRM}]]></Dwmc><Xxdz>示例区云谷路1号 &amp; 2号楼</Xxdz><Dwfl>11</Dwfl><Dwxz>4</Dwxz><Dwhyfl>7</Dwhyfl>
<Lxrxm>张某</Lxrxm><Lxrdh>13800000000</Lxrdh><Shengid>640000</Shengid><Shiid>640500</Shiid><Xianid>640502</Xianid>
<Wgip>203.0.113.65</Wgip><Wgdz>某某机房</Wgdz><Sydwzjlx>1</Sydwzjlx><Sydwzjhm>${CODE}</Sydwzjhm><Yyfwlx>7</Yyfwlx></BackInfo>
<ApnicInfo><netname>EXAMPLE</netname><admin_c>ZS1-AP</admin_c></ApnicInfo></Inetnum>
<Inetnum><StartIp>203.0.113.90</StartIp><EndIp>203.0.113.80</EndIp><Dwmc>${FIRM}</Dwmc></Inetnum></isp>
`;

/** CSV of a table; quotes only where needed. */
export function csv(rows: readonly TableRow[], separator: string = ',', newline: string = '\r\n'): string {
  const cell = (text: string): string => (/["\r\n,;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join(separator) + newline).join('');
}

export const ENCODED: Readonly<Record<string, (text: string) => Uint8Array>> = {
  gb18030: (text) => iconv.encode(text, 'gb18030'),
  'utf-8': (text) => Buffer.from(text),
  'utf-8 with byte order mark': (text) => Buffer.from(`\ufeff${text}`),
  'utf-16le': (text) => Buffer.from(text, 'utf16le'),
  'utf-16le with byte order mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'utf-16be with byte order mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const NUMBER = /^-?\d+(?:\.\d+)?(?:E\+?\d+)?$/;

/** A workbook as Excel writes it: shared texts, numbers as numbers where `numbers` has their column. */
export function xlsx(
  sheets: Readonly<Record<string, readonly TableRow[]>>,
  numbers: readonly number[] = [],
): Uint8Array {
  const texts: string[] = [];
  const files: Zippable = {};
  const names = Object.keys(sheets);
  names.forEach((name, index) => {
    const rows = (sheets[name] ?? []).map((cells, r) => {
      const xml = cells.map((cell, c) => {
        const at = `${String.fromCharCode(65 + (c % 26))}`;
        const reference = `${c >= 26 ? 'A' : ''}${at}${r + 1}`;
        if (cell === '') return '';
        if (numbers.includes(c) && NUMBER.test(cell)) return `<c r="${reference}"><v>${cell}</v></c>`;
        return `<c r="${reference}" t="s"><v>${texts.push(cell) - 1}</v></c>`;
      });
      return `<row r="${r + 1}">${xml.join('')}</row>`;
    });
    files[`xl/worksheets/sheet${index + 1}.xml`] = strToU8(
      `<worksheet><sheetData>${rows.join('')}</sheetData></worksheet>`,
    );
  });
  const list = names.map((name, i) => `<sheet name="${escaped(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`);
  const relations = names.map((_, i) => `<Relationship Id="rId${i + 1}" Target="worksheets/sheet${i + 1}.xml"/>`);
  files['xl/workbook.xml'] = strToU8(`<workbook xmlns:r="r"><sheets>${list.join('')}</sheets></workbook>`);
  files['xl/_rels/workbook.xml.rels'] = strToU8(`<Relationships>${relations.join('')}</Relationships>`);
  files['xl/sharedStrings.xml'] = strToU8(`<sst>${texts.map((t) => `<si><t>${escaped(t)}</t></si>`).join('')}</sst>`);
  return zipSync(files);
}

export interface Imported {
  readonly shapes: SourceShape[];
  readonly rows: { row: number; value: RegistryRow }[];
  readonly faults: RowFault[];
  readonly notes: string[];
  bytes: number;
}

/** Bytes as an input that comes in pieces. */
export function pieces(bytes: Uint8Array, size: number = 64 * 1024, name: string = 'input.csv'): RegistryInput {
  return {
    name,
    size: bytes.length,
    path: null,
    async *open() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  };
}

/** Imports bytes and keeps everything that comes. */
export async function imported(
  input: RegistryInput | Uint8Array | string,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const result: Imported = { shapes: [], rows: [], faults: [], notes: [], bytes: 0 };
  const source =
    typeof input === 'string' ? pieces(Buffer.from(input)) : input instanceof Uint8Array ? pieces(input) : input;
  await importRegistry(
    source,
    { now: 0, ...options },
    {
      shape: (shape) => result.shapes.push(shape),
      row: (row, value) => result.rows.push({ row, value }),
      fault: (fault) => result.faults.push(fault),
      progress: (bytes) => {
        result.bytes += bytes;
      },
      note: (text) => result.notes.push(text),
    },
  );
  return result;
}
