import type { CareFault } from '../signature/diff.ts';
import type { SearchField } from '../signature/search.ts';
import type { SignatureKind, SignatureStatus } from '../signature/types.ts';
import type { Language } from './messages.ts';

export type SignatureColumn =
  | 'id'
  | 'version'
  | 'status'
  | 'kind'
  | 'dialect'
  | 'weight'
  | 'tests'
  | 'title'
  | 'found'
  | 'proving';

/** Every text of the `signatures` commands in one language. `{…}` is filled in by `fill`. */
export interface SignatureMessages {
  readonly columns: Readonly<Record<SignatureColumn, string>>;
  readonly status: Readonly<Record<SignatureStatus, string>>;
  readonly kind: Readonly<Record<SignatureKind, string>>;
  readonly field: Readonly<Record<SearchField, string>>;
  readonly label: Readonly<
    Record<
      'file' | 'from' | 'transports' | 'match' | 'coins' | 'algorithm' | 'family' | 'lookAlikes' | 'references',
      string
    >
  >;
  readonly from: Readonly<Record<'miner' | 'pool' | 'both', string>>;
  readonly weight: Readonly<Record<'proof' | 'strong' | 'ask' | 'hint' | 'draft' | 'retired' | 'against', string>>;
  readonly shared: string;
  readonly expect: Readonly<Record<'indication' | 'none', string>>;
  readonly lintGood: string;
  readonly lintBad: string;
  readonly testsGood: string;
  readonly testsBad: string;
  readonly testsNone: string;
  readonly nothing: string;
  readonly leftOut: string;
  readonly total: string;
  readonly proving: string;
  readonly withoutStable: string;
  readonly unknownDialects: string;
  readonly judged: Readonly<Record<'leads' | 'true' | 'not_true' | 'none', string>>;
  readonly same: string;
  readonly compared: string;
  readonly careFound: string;
  readonly care: Readonly<Record<CareFault['reason'], string>>;
  readonly and: string;
}

const en: SignatureMessages = {
  columns: {
    id: 'id',
    version: 'version',
    status: 'status',
    kind: 'kind',
    dialect: 'dialect',
    weight: 'weight',
    tests: 'tests',
    title: 'title',
    found: 'found in',
    proving: 'proving',
  },
  status: { draft: 'draft', stable: 'stable', retired: 'retired' },
  kind: { payload: 'payload', tls: 'tls', dns: 'dns', http: 'http', endpoint: 'endpoint', behaviour: 'behaviour' },
  field: {
    id: 'id',
    title: 'title',
    dialect: 'dialect',
    coins: 'coins',
    literals: 'match',
    look_alikes: 'look-alikes',
    references: 'references',
  },
  label: {
    file: 'file',
    from: 'sent by',
    transports: 'transports',
    match: 'match',
    coins: 'coins',
    algorithm: 'algorithm',
    family: 'family',
    lookAlikes: 'look-alikes',
    references: 'references',
  },
  from: { miner: 'miner', pool: 'pool', both: 'miner and pool' },
  weight: {
    proof: 'one such message proves mining',
    strong: 'strong, but one more sign is wanted',
    ask: 'asks for work, proves nothing alone',
    hint: 'a hint',
    draft: 'a draft, never proves anything alone',
    retired: 'retired, never holds',
    against: 'speaks against mining',
  },
  shared: 'shared by several dialects',
  expect: { indication: 'must hold', none: 'must not hold' },
  lintGood: '{n} signatures in {files} files, no faults',
  lintBad: 'Faults: {n}',
  testsGood: '{n} tests of {signatures} signatures passed',
  testsBad: '{failed} of {n} tests failed',
  testsNone: 'No tests: retired signatures are not tested.',
  nothing: 'No signature fits.',
  leftOut: 'Columns left out for want of room: {list}; a wider terminal or --json shows them.',
  total: '{n} signatures: {list}',
  proving: '{proving} prove mining alone (weight 0.9 or more); {positive} positive and {negative} negative tests',
  withoutStable: 'Dialects without a stable signature: {list}',
  unknownDialects: 'Dialects the program has no reader for: {list}',
  judged: { leads: 'leads', true: 'true', not_true: 'not true', none: 'No lead of the ledger rests on a signature.' },
  same: 'No differences in {n} signatures.',
  compared: '{added} added, {removed} removed, {changed} changed, {unchanged} the same',
  careFound: 'Promises broken: {n}',
  care: {
    removed: 'the id is gone, but ids are stable for ever: bring it back with status: retired',
    unversioned: 'the meaning changed ({list}), but the version did not: raise it',
    lowered: 'the version went down: raise it above the older one',
  },
  and: ', ',
};

const zh: SignatureMessages = {
  columns: {
    id: '编号',
    version: '版本',
    status: '状态',
    kind: '类别',
    dialect: '协议',
    weight: '权重',
    tests: '测试',
    title: '名称',
    found: '匹配处',
    proving: '可单独证明',
  },
  status: { draft: '草案', stable: '稳定', retired: '停用' },
  kind: { payload: '载荷', tls: 'TLS', dns: 'DNS', http: 'HTTP', endpoint: '端点', behaviour: '行为' },
  field: {
    id: '编号',
    title: '名称',
    dialect: '协议',
    coins: '币种',
    literals: '条件',
    look_alikes: '相似流量',
    references: '参考资料',
  },
  label: {
    file: '文件',
    from: '发送方',
    transports: '承载',
    match: '条件',
    coins: '币种',
    algorithm: '算法',
    family: '同类组',
    lookAlikes: '相似流量',
    references: '参考资料',
  },
  from: { miner: '矿机', pool: '矿池', both: '矿机和矿池' },
  weight: {
    proof: '一条报文即可证明挖矿',
    strong: '很强，但还需要另一项迹象',
    ask: '请求任务，单独不能证明',
    hint: '仅为线索',
    draft: '草案，单独不作证明',
    retired: '已停用，不再匹配',
    against: '表明不是挖矿',
  },
  shared: '多种协议共用',
  expect: { indication: '应匹配', none: '不应匹配' },
  lintGood: '{files} 个文件，{n} 条特征，没有错误',
  lintBad: '{n} 处错误',
  testsGood: '{signatures} 条特征的 {n} 项测试全部通过',
  testsBad: '{n} 项测试中有 {failed} 项失败',
  testsNone: '没有测试：已停用的特征不测试。',
  nothing: '没有符合的特征。',
  leftOut: '因宽度不足省略的列：{list}；请加宽终端，或使用 --json。',
  total: '{n} 条特征：{list}',
  proving: '{proving} 条可单独证明挖矿（权重不低于 0.9）；{positive} 项正向测试，{negative} 项反向测试',
  withoutStable: '没有稳定特征的协议：{list}',
  unknownDialects: '程序不能解读的协议：{list}',
  judged: { leads: '线索', true: '属实', not_true: '不属实', none: '台账中没有依据特征的线索。' },
  same: '{n} 条特征没有差异。',
  compared: '新增 {added}，删除 {removed}，修改 {changed}，未变 {unchanged}',
  careFound: '违反约定：{n} 处',
  care: {
    removed: '编号消失，而编号永久有效：请恢复并标为 status: retired',
    unversioned: '含义已变（{list}），版本未变：请提高版本号',
    lowered: '版本号降低：请高于旧版本',
  },
  and: '，',
};

const CATALOGUE: Readonly<Record<Language, SignatureMessages>> = { en, zh };

export function signatureMessages(language: Language): SignatureMessages {
  return CATALOGUE[language];
}
