/** Addresses as people write them and what they say: all invented, with divisions that exist. */
import type { ParsedAddress } from '../../src/identifier/address-text.ts';

export type Parts = Partial<Omit<ParsedAddress, 'raw' | 'contradictions'>>;

/** What is not named must be null: a row says everything. */
export const TABLE: readonly (readonly [raw: string, parts: Parts])[] = [
  [
    '广东省惠州市惠城区云谷路1号2号楼3层机房',
    {
      region_code: '441302',
      road: '云谷路',
      number: '1号',
      building: '2号楼',
      floor: '3层',
      room: '机房',
      precision: 'room',
    },
  ],
  ['广东惠州惠城区云谷路1号', { region_code: '441302', road: '云谷路', number: '1号', precision: 'number' }],
  [
    '惠城区云谷路１号２号楼三层',
    { region_code: '441302', road: '云谷路', number: '1号', building: '2号楼', floor: '三层', precision: 'building' },
  ],
  ['惠州大道1号', { road: '惠州大道', number: '1号', precision: 'number' }],
  ['中山路1号', { road: '中山路', number: '1号', precision: 'number' }],
  ['南京东路99号', { road: '南京东路', number: '99号', precision: 'number' }],
  ['北京市北京市海淀区示例大街27号', { region_code: '110108', road: '示例大街', number: '27号', precision: 'number' }],
  ['北京市市辖区海淀区示例大街27号', { region_code: '110108', road: '示例大街', number: '27号', precision: 'number' }],
  ['北京海淀区中关村大街27号', { region_code: '110108', road: '中关村大街', number: '27号', precision: 'number' }],
  [
    '重庆市重庆市渝北区示例大道68号附3号',
    { region_code: '500112', road: '示例大道', number: '68号附3号', precision: 'number' },
  ],
  [
    '重庆市县奉节县示例镇示例路8号',
    { region_code: '500236', township: '示例镇', road: '示例路', number: '8号', precision: 'number' },
  ],
  [
    '上海市浦东新区示例路3弄5号301室',
    { region_code: '310115', road: '示例路3弄', number: '5号', room: '301室', precision: 'room' },
  ],
  ['天津市天津市西青区示例道甲12号', { region_code: '120111', road: '示例道', number: '甲12号', precision: 'number' }],
  [
    '湖北省省直辖县级行政区划仙桃市干河街道示例路12号',
    { region_code: '429004', township: '干河街道', road: '示例路', number: '12号', precision: 'number' },
  ],
  ['新疆石河子市示例路1号', { region_code: '659001', road: '示例路', number: '1号', precision: 'number' }],
  [
    '东莞市松山湖高新技术产业开发区科技八路2号A座1203',
    {
      region_code: '441900',
      park: '松山湖高新技术产业开发区',
      road: '科技八路',
      number: '2号',
      building: 'A座',
      room: '1203',
      precision: 'room',
    },
  ],
  [
    '中山市东区街道示例四路88号',
    { region_code: '442000', township: '东区街道', road: '示例四路', number: '88号', precision: 'number' },
  ],
  [
    '内蒙古自治区鄂尔多斯市东胜区云谷产业园B区3栋',
    { region_code: '150602', park: '云谷产业园B区', building: '3栋', precision: 'building' },
  ],
  [
    '宁夏中卫市沙坡头区云谷路1号2号楼',
    { region_code: '640502', road: '云谷路', number: '1号', building: '2号楼', precision: 'building' },
  ],
  [
    '宁夏中卫市沙坡头区示例大数据产业园2号楼1层A区',
    {
      region_code: '640502',
      park: '示例大数据产业园',
      building: '2号楼',
      floor: '1层',
      free_text: 'A区',
      precision: 'building',
    },
  ],
  [
    '四川省阿坝藏族羌族自治州汶川县示例镇某某水电站旁东侧500米',
    { region_code: '513221', township: '示例镇', free_text: '某某水电站旁东侧500米', precision: 'township' },
  ],
  [
    '四川省甘孜藏族自治州康定市示例乡示例村二组',
    { region_code: '513301', township: '示例乡', village: '示例村二组', precision: 'road' },
  ],
  [
    '汶川县示例镇老街村12号',
    { region_code: '513221', township: '示例镇', village: '老街村', number: '12号', precision: 'number' },
  ],
  [
    '云南省大理白族自治州大理市示例镇原化肥厂院内',
    { region_code: '532901', township: '示例镇', free_text: '原化肥厂院内', precision: 'township' },
  ],
  [
    '新疆维吾尔自治区昌吉回族自治州准东示例工业园区东侧500米',
    { region_code: '652300', free_text: '准东示例工业园区东侧500米', precision: 'city' },
  ],
  ['惠城区云谷路1号旁', { region_code: '441302', road: '云谷路', free_text: '1号旁', precision: 'road' }],
  ['惠城区云谷路1号对面2号楼', { region_code: '441302', road: '云谷路', free_text: '1号对面2号楼', precision: 'road' }],
  [
    '惠城区云谷路与创新路交叉口东侧',
    { region_code: '441302', road: '云谷路与创新路', free_text: '交叉口东侧', precision: 'road' },
  ],
  [
    '惠城区云谷路1号（原示例厂院内）2栋',
    {
      region_code: '441302',
      road: '云谷路',
      number: '1号',
      building: '2栋',
      free_text: '原示例厂院内',
      precision: 'building',
    },
  ],
  ['惠城区云谷路1-3号', { region_code: '441302', road: '云谷路', number: '1-3号', precision: 'number' }],
  ['惠城区云谷路1号之二', { region_code: '441302', road: '云谷路', number: '1号之二', precision: 'number' }],
  ['惠城区云谷路１２', { region_code: '441302', road: '云谷路', number: '12', precision: 'number' }],
  [
    '惠城区云谷路5号院2号楼3单元401室',
    {
      region_code: '441302',
      road: '云谷路',
      number: '5号院',
      building: '2号楼',
      unit: '3单元',
      room: '401室',
      precision: 'room',
    },
  ],
  [
    '惠城区云谷路9號示例大廈B座12F',
    {
      region_code: '441302',
      road: '云谷路',
      number: '9号',
      building: '示例大厦B座',
      floor: '12F',
      precision: 'building',
    },
  ],
  [
    '惠城区云谷路9号地下二层机房3号机柜',
    { region_code: '441302', road: '云谷路', number: '9号', floor: '地下二层', room: '机房3号机柜', precision: 'room' },
  ],
  [
    '惠城区云谷路9号3#厂房',
    { region_code: '441302', road: '云谷路', number: '9号', building: '3#厂房', precision: 'building' },
  ],
  [
    '惠城区 云谷路 9号，2#',
    { region_code: '441302', road: '云谷路', number: '9号', building: '2#', precision: 'building' },
  ],
  ['516001广东省惠州市惠城区云谷路1号', { region_code: '441302', road: '云谷路', number: '1号', precision: 'number' }],
  ['中国广东省惠州市惠城区', { region_code: '441302', precision: 'county' }],
  ['广东省/惠州市/惠城区/云谷路1号', { region_code: '441302', road: '云谷路', number: '1号', precision: 'number' }],
  ['广东省', { region_code: '440000', precision: 'province' }],
  ['惠州市', { region_code: '441300', precision: 'city' }],
  [
    '密云县示例镇示例路8号',
    { region_code: '110118', township: '示例镇', road: '示例路', number: '8号', precision: 'number' },
  ],
  ['吉林省吉林市船营区示例街9号', { region_code: '220204', road: '示例街', number: '9号', precision: 'number' }],
  ['2号楼3层', { building: '2号楼', floor: '3层', precision: 'none' }],
  ['示例矿场', { free_text: '示例矿场', precision: 'none' }],
  ['', { precision: 'none' }],
];
