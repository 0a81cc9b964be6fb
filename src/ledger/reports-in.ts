/** Reports of others (IP lists, hotline, abuse reports): leads that wait for traffic to confirm them. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../common/canonical-json.ts';
import { WITHHELD } from './decisions.ts';
import type { Desk } from './desk.ts';
import { LeadError } from './lead-error.ts';
import { nodeId } from './node-key.ts';
import { canonicalAddress } from './prefix.ts';
import type { Change } from './services.ts';
import type { LeadKey } from './types.ts';

export interface Report {
  /** Who reports, and the number of the report there; both together are its key. */
  readonly source: string;
  readonly reference: string;
  readonly ip?: string;
  readonly port?: number;
  /** When it is said to have happened, microseconds; `to` for a span. */
  readonly from?: number;
  readonly to?: number;
  /** Enterprise; the name of a natural person belongs into `personal`. */
  readonly subject?: { readonly name: string | null; readonly uscc: string | null };
  readonly place?: { readonly region: string | null; readonly text: string | null };
  /** Pool and coin as named there, and how often it was handed down. */
  readonly pool?: string;
  readonly coin?: string;
  readonly protocol?: string;
  readonly count?: number;
  /** Text of the report, contacts, natural persons: kept beside the chain. */
  readonly personal?: Readonly<Record<string, string>>;
}

/** The key of a report's node. */
export function reportKey({ source, reference }: Pick<Report, 'source' | 'reference'>): LeadKey {
  return { kind: 'report', source: source.trim(), reference: reference.trim() };
}

const UNIT_END =
  /(?:公司|集团|电信|联通|移动|铁通|广电|电力|电网|银行|大学|中学|小学|学院|医院|中心|政府|委员会|[局厂院校所站部社店村镇乡县市区委办处队])$/u;

/** Two to four Chinese characters that are no unit, or two names with a dot between: a natural person, to be careful. */
function isPersonal(name: string): boolean {
  const plain = name.trim();
  if (/^\p{Script=Han}{1,8}[·•.]\p{Script=Han}{1,12}$/u.test(plain) || /(?:先生|女士|同志)$/u.test(plain)) return true;
  return /^\p{Script=Han}{2,4}$/u.test(plain) && !UNIT_END.test(plain);
}

/**
 * Takes a report in; the same report again changes nothing, one with other contents under its number replaces it. Gives the
 * id of the lead it belongs to: its own, or that of the traffic it speaks of. Throws a LeadError for one that cannot be kept.
 */
export function recordReport(
  desk: Desk,
  report: Report,
  change: Change,
): { readonly lead: string; readonly added: boolean } {
  const { storage } = desk;
  const key = reportKey(report);
  if (key.kind !== 'report' || key.source === '' || key.reference === '') {
    throw new LeadError('a report needs a source and a reference: without them it cannot be told from another');
  }
  const where = `report ${key.source} ${key.reference}`.slice(0, 120);
  const ip = report.ip === undefined ? null : canonicalAddress(report.ip);
  if (report.ip !== undefined && ip === null) throw new LeadError(`${where}: the address is none`);
  const port = report.port ?? null;
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new LeadError(`${where}: the port must be 0 to 65535`);
  }
  const from = report.from ?? null;
  const to = report.to ?? from;
  if ([from, to].some((time) => time !== null && !Number.isSafeInteger(time))) {
    throw new LeadError(`${where}: the time is none`);
  }
  const name = report.subject?.name ?? null;
  const uscc = report.subject?.uscc ?? null;
  const place = report.place?.text ?? null;
  const personal = uscc === null && (name === null || isPersonal(name));
  const content = {
    source: key.source,
    reference: key.reference,
    ip,
    port,
    from,
    to,
    subject: personal ? null : name,
    uscc,
    region: report.place?.region ?? null,
    place: personal ? null : place,
    ...(report.pool === undefined ? {} : { pool: report.pool }),
    ...(report.coin === undefined ? {} : { coin: report.coin }),
    ...(report.protocol === undefined ? {} : { protocol: report.protocol }),
    ...(report.count === undefined ? {} : { count: report.count }),
  };
  // Where a person lives, or may live, is nothing for the chain: it lies beside it, and so outside of the plain digest.
  const withheld = personal && (name !== null || place !== null) ? { subject: name, place } : null;
  const digest = createHash('sha256').update(canonicalJson(content)).digest('hex');
  return storage.transaction(() => {
    const id = nodeId(key);
    const earlier = [...storage.entries({ leads: [id], actions: ['report.recorded'] })].at(-1);
    const same = earlier?.detail['digest'] === digest;
    if (same && (earlier.purged || canonicalJson(earlier.personal?.[WITHHELD] ?? null) === canonicalJson(withheld)))
      return { lead: storage.node(id)?.lead ?? id, added: false };
    desk.ensureNode(id, key);
    const beside = withheld === null ? (report.personal ?? null) : { ...report.personal, [WITHHELD]: withheld };
    const detail = { ...content, digest };
    storage.append({ ...change, action: 'report.recorded', lead: id, detail, personal: beside });
    desk.regroup({ nodes: new Set([id]) }, change);
    return { lead: storage.node(id)?.lead ?? id, added: true };
  });
}
