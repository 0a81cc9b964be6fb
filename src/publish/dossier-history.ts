/** Part of the dossier that says what was done: linked leads and entries of the chain, those of one act together. */
import {
  ACTIVITY_TERMS,
  CATEGORY_TERMS,
  CONFIDENCE_TERMS,
  DEPARTMENT_TERMS,
  FLAG_TERMS,
  INVOLVEMENT_TERMS,
  SITE_TYPE_TERMS,
  STATUS_TERMS,
  type Term,
  type Terms,
} from '../common/terms.ts';
import { phraseOf } from '../common/wording.ts';
import type { HistoryEntry } from '../ledger/types.ts';
import { linkValue, listOf, localTime, several } from './dossier-format.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import { LINK_TERMS, type Speaker } from './dossier-words.ts';
import { html, isEmpty, type Markup, raw, table, text } from './html.ts';

const MOST_HISTORY = 200;
const MOST_LINKS = 60;
/** Entries in one row: a row does not break over pages. */
const MOST_TOGETHER = 12;

export const ACTION_TERMS: Terms = {
  'lead.opened': { zh: '线索生成', en: 'lead opened' },
  'lead.status': { zh: '状态变更', en: 'status changed' },
  'lead.set': { zh: '字段修改', en: 'fields set' },
  'lead.flag': { zh: '标记', en: 'flag' },
  'lead.note': { zh: '备注', en: 'note' },
  'lead.document': { zh: '文书', en: 'document' },
  'lead.power_account': { zh: '电力户号', en: 'power account' },
  'lead.running_evidence': { zh: '运行佐证', en: 'evidence of running' },
  'lead.numbered': { zh: '编号', en: 'numbered' },
  'lead.linked': { zh: '关联', en: 'linked' },
  'lead.joined': { zh: '自动归并', en: 'joined' },
  'lead.merged': { zh: '合并', en: 'merged' },
  'lead.merged_into': { zh: '并入', en: 'merged into another' },
  'lead.split': { zh: '拆分', en: 'split' },
  'lead.split_off': { zh: '由拆分产生', en: 'split off' },
  'lead.moved': { zh: '改归其他线索', en: 'moved' },
  'lead.moved_partly': { zh: '部分改归其他线索', en: 'moved in part' },
  'lead.received': { zh: '接收检出', en: 'detections received' },
  'lead.taken_over': { zh: '承接原线索', en: 'taken over' },
  'lead.handed_over': { zh: '移交', en: 'handed over' },
  'lead.sent': { zh: '移交', en: 'handed over' },
  'lead.feedback': { zh: '反馈', en: 'feedback' },
  'lead.reopened': { zh: '重新打开', en: 'reopened' },
  'lead.restarted': { zh: '复燃', en: 'restarted' },
  'detection.recorded': { zh: '检出入库', en: 'detection recorded' },
  'evidence.recorded': { zh: '证据入库', en: 'evidence recorded' },
  'report.recorded': { zh: '举报入库', en: 'report recorded' },
  'sealed.read': { zh: '启封查阅', en: 'sealed fields read' },
  export: { zh: '移交', en: 'handed over' },
};

/** Names of an entry's members. */
const MEMBERS: Terms = {
  account: { zh: '户号', en: 'account' },
  activity: { zh: '活动', en: 'activity' },
  bytes: { zh: '字节', en: 'bytes' },
  category: { zh: '类别', en: 'category' },
  confidence: { zh: '可信度', en: 'confidence' },
  count: { zh: '条数', en: 'count' },
  date: { zh: '日期', en: 'date' },
  deadline: { zh: '期限', en: 'deadline' },
  department: { zh: '部门', en: 'department' },
  detection: { zh: '检出', en: 'detection' },
  detections: { zh: '检出', en: 'detections' },
  document: { zh: '文号', en: 'document' },
  entry: { zh: '移交记录', en: 'entry' },
  feedback_by: { zh: '反馈期限', en: 'feedback by' },
  flag: { zh: '标记', en: 'flag' },
  format: { zh: '格式', en: 'format' },
  from: { zh: '原', en: 'from' },
  involvement: { zh: '参与方式', en: 'involvement' },
  kind: { zh: '方式', en: 'kind' },
  lead: { zh: '线索', en: 'lead' },
  leads: { zh: '线索', en: 'leads' },
  method: { zh: '方式', en: 'method' },
  number: { zh: '编号', en: 'number' },
  on: { zh: '设为', en: 'set to' },
  packets: { zh: '数据包', en: 'packets' },
  parts: { zh: '内容校验', en: 'parts' },
  previous: { zh: '原状态', en: 'previous' },
  purpose: { zh: '目的', en: 'purpose' },
  reason: { zh: '理由', en: 'reason' },
  recipient: { zh: '接收单位', en: 'recipient' },
  reference: { zh: '来源编号', en: 'reference' },
  region: { zh: '区划', en: 'region' },
  restart_of: { zh: '原结束时间', en: 'restart of' },
  site_type: { zh: '场所类型', en: 'kind of site' },
  source: { zh: '来源', en: 'source' },
  status: { zh: '状态', en: 'status' },
  text: { zh: '说明', en: 'text' },
  title: { zh: '名称', en: 'title' },
  to: { zh: '至', en: 'to' },
};

const YES: Terms = { true: { zh: '是', en: 'yes' }, false: { zh: '否', en: 'no' } };
const VALUES: Readonly<Record<string, Terms>> = {
  ...{ status: STATUS_TERMS, previous: STATUS_TERMS, from: STATUS_TERMS, to: STATUS_TERMS },
  ...{ department: DEPARTMENT_TERMS, category: CATEGORY_TERMS, involvement: INVOLVEMENT_TERMS, flag: FLAG_TERMS },
  ...{ site_type: SITE_TYPE_TERMS, activity: ACTIVITY_TERMS, confidence: CONFIDENCE_TERMS, on: YES },
};
/** Shown elsewhere in the dossier, or the program's own: the key may name the account of a natural person. */
const HIDDEN = new Set(['key', 'state', 'remark', 'evidence']);
const DIGEST = /^[0-9a-f]{64}$/;

export function historySection(lead: DossierLead, options: DossierOptions, speak: Speaker): Markup {
  const { w } = speak;
  const entries = options.history.slice(-MOST_HISTORY);
  const listed = new Set(options.evidence.flatMap(({ sha256, sm3 }) => [sha256, sm3]));
  const rows = acts(entries).map((act) => [
    localTime(act[0]?.time),
    text(act[0]?.actor, 80),
    html`${act.map((entry) => entryLine(entry, listed, speak))}`,
  ]);
  const body =
    rows.length === 0
      ? html`<p>${w('none')}</p>`
      : table([w('localTime'), w('by'), w('action')], rows, 'small history');
  const left = options.history.length - entries.length;
  const more = left > 0 ? html`<p class="note">${w('earlier')}：${left}</p>` : raw('');
  const note = rows.length === 0 ? raw('') : html`<p class="note">${w('historyNote')}</p>`;
  return html`<section><h2>${w('history')}</h2>${linksTable(lead, speak)}${body}${more}${note}</section>`;
}

/** Entries that one person made at one moment. */
function acts(entries: readonly HistoryEntry[]): HistoryEntry[][] {
  const out: HistoryEntry[][] = [];
  for (const entry of entries) {
    const last = out.at(-1);
    const first = last?.[0];
    const same = first !== undefined && first.time === entry.time && first.actor === entry.actor;
    if (last !== undefined && same && last.length < MOST_TOGETHER) last.push(entry);
    else out.push([entry]);
  }
  return out;
}

function entryLine({ seq, action, detail }: HistoryEntry, listed: ReadonlySet<unknown>, speak: Speaker): Markup {
  const members = detailText(detail, listed, speak);
  return html`<div class="entry"><span class="seq">${seq}</span> <b>${speak.of(ACTION_TERMS, action)}</b> ${members}</div>`;
}

/** Members of an entry's detail on one line. */
function detailText(detail: unknown, listed: ReadonlySet<unknown>, speak: Speaker): Markup {
  if (typeof detail !== 'object' || detail === null) return text(detail, 200);
  const parts = Object.entries(detail)
    .filter(([name, value]) => !HIDDEN.has(name) && value !== null && value !== '')
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .slice(0, 12)
    .map(([name, value]) => html`<span class="pair"><b>${memberName(name, speak)}</b> ${shown(name, value)}</span> `);
  return html`${parts}`;

  function shown(name: string, value: unknown): Markup {
    if (Array.isArray(value)) {
      const items = value.map((item) => shown(name, item));
      return several(items, 6);
    }
    if (typeof value === 'string' && DIGEST.test(value)) {
      // An id of a detection begins the number of its evidence; what part 9 lists in full need not stand here again.
      const short = name === 'detection' || name === 'detections' || name === 'parts' || listed.has(value);
      return html`<span class="hash">${short ? `${value.slice(0, 12)}…` : value}</span>`;
    }
    const terms = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
    const key = String(value);
    if (terms !== undefined && typeof value !== 'object' && Object.hasOwn(terms, key)) return speak.of(terms, key);
    if (name === 'text' && typeof value === 'string') return speak.term(phraseOf('remark', value.slice(0, 600)));
    return text(value, 160);
  }
}

function memberName(name: string, { term }: Speaker): Markup {
  const known: Term | undefined = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
  return known === undefined || /^sha|^sm3/.test(name) ? text(name.toUpperCase().slice(0, 40), 40) : term(known);
}

/** One row for what several leads share. */
function linksTable(lead: DossierLead, speak: Speaker): Markup {
  const { w, of } = speak;
  const shared = new Map<string, { readonly kind: string; readonly value: string; readonly leads: string[] }>();
  for (const { lead: other, kind, value } of listOf(lead.links).slice(0, MOST_LINKS)) {
    const words = linkValue(value);
    const known = shared.get(`${kind} ${words}`);
    if (known === undefined) shared.set(`${kind} ${words}`, { kind, value: words, leads: [other] });
    else known.leads.push(other);
  }
  if (shared.size === 0) return raw('');
  const rows = [...shared.values()].map(({ kind, value, leads }) => [
    of(LINK_TERMS, kind),
    html`<span class="id">${text(value, 160)}</span>`,
    several(
      leads.filter((other) => !isEmpty(other)).map((other) => html`<span class="id">${text(other, 60)}</span>`),
      20,
    ),
  ]);
  return html`<h3>${w('links')}</h3>${table([w('linkKind'), w('detail'), w('number')], rows, 'small links')}`;
}
