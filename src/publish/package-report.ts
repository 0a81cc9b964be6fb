/** The result of checking a package, and how it reads for a person. */

import type { PackageFault } from './package-check.ts';
import type { Comparison } from './package-compare.ts';
import { escapeForLine } from './package-line.ts';

/** Field names as `--json` prints them. */
export interface PackageReport {
  readonly type: 'evidence_report';
  readonly version: 1;
  readonly file: string;
  readonly ok: boolean;
  /** Digests and size of the package itself; null where it could not be read. */
  readonly sha256: string | null;
  readonly sm3: string | null;
  readonly bytes: number;
  readonly lead: string | null;
  readonly made_at: string | null;
  readonly program: string | null;
  readonly files: { readonly listed: number; readonly agreed: number };
  readonly chain: {
    readonly entries: number;
    /** Links computed again, and captures that an entry of the history names with the same digests. */
    readonly linked: number;
    readonly captures_named: number;
    readonly head: { readonly seq: number; readonly sha256: string; readonly sm3: string } | null;
  };
  /** Signatures whose version differs from the installed one; `installed` null where there is none. */
  readonly signatures: readonly { readonly id: string; readonly package: number; readonly installed: number | null }[];
  readonly detections: readonly ({
    readonly id: string;
    readonly capture: string;
    readonly miner: string;
    readonly pool: string;
    readonly dialect: string | null;
    readonly confidence: string;
    readonly activity: string;
  } & Comparison)[];
  readonly faults: readonly PackageFault[];
  readonly remarks: readonly string[];
}

type Language = 'en' | 'zh';

const VERDICTS = {
  en: {
    same: 'same detection',
    weaker: 'same miner, pool and dialect; the excerpt does not show',
    not_reproducible: 'not reproducible from the excerpt',
    different: 'NOT THE SAME',
  },
  zh: {
    same: '检出一致',
    weaker: '矿工、矿池、协议一致；截取中不含',
    not_reproducible: '无法由截取重现',
    different: '不一致',
  },
} as const;

const REASONS: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  behaviour: ['behaviour of the whole conversation', '整段会话的行为'],
  look_up: ['a name seen in other traffic', '其他流量中的域名'],
  redacted: ['messages with an overwritten password', '口令已覆盖的报文'],
  fragment: ['datagrams of which one fragment was kept', '仅保留部分分片的数据报'],
  opening: ['the opening of the connection', '连接建立过程'],
  not_installed: ['signatures that are not installed', '未安装的特征'],
  left_out: ['packets that were left out', '未收录的数据包'],
};

function reasonText(reason: string, language: Language): string {
  const codes = reason.split(', ');
  if (!codes.every((code) => Object.hasOwn(REASONS, code))) return reason;
  return codes.map((code) => REASONS[code]?.[language === 'en' ? 0 : 1] ?? code).join(language === 'en' ? ', ' : '、');
}

/** Lines for a terminal; everything from the package is made visible. */
export function renderPackageReport(report: PackageReport, language: Language): string[] {
  const zh = language === 'zh';
  const say = escapeForLine;
  const { files, chain, detections, signatures, faults } = report;
  const lines = [
    `${say(report.file)}: ${report.ok ? (zh ? '核验通过' : 'everything holds') : zh ? '核验未通过' : 'DOES NOT HOLD'}`,
  ];
  if (report.sha256 !== null) lines.push(`  SHA-256 ${report.sha256}`, `  SM3     ${report.sm3 ?? ''}`);
  if (report.lead !== null) {
    lines.push(
      `  ${zh ? '线索' : 'lead'} ${say(report.lead)}, ${say(report.program ?? '')}, ${say(report.made_at ?? '')}`,
    );
  }
  lines.push(
    zh
      ? `  文件：清单 ${files.listed} 个，校验值一致 ${files.agreed} 个`
      : `  files: ${files.listed} listed, ${files.agreed} agree with their digests`,
    zh
      ? `  台账摘录：${chain.entries} 条，重算链接 ${chain.linked} 条，登记了 ${chain.captures_named} 份截取`
      : `  history: ${chain.entries} entries, ${chain.linked} links computed again, ${chain.captures_named} captures named in it`,
  );
  if (chain.head !== null) {
    lines.push(
      `  ${zh ? '链头' : 'head'} ${chain.head.seq}: SHA-256 ${chain.head.sha256}`,
      `    SM3 ${chain.head.sm3}`,
    );
  }
  for (const { id, package: named, installed } of signatures) {
    const have =
      installed === null ? (zh ? '未安装' : 'not installed') : `${zh ? '已安装' : 'installed'} v${installed}`;
    lines.push(`  ${say(id)}: ${zh ? '包内' : 'package names'} v${named}, ${have}`);
  }
  for (const row of detections) {
    const why = row.reason === '' ? '' : `: ${say(reasonText(row.reason, language))}`;
    const now = row.found !== null && row.verdict !== 'same' ? ` (${row.found.confidence}, ${row.found.activity})` : '';
    lines.push(
      `  ${say(row.miner)} → ${say(row.pool)} ${say(row.dialect ?? '-')} ${say(row.confidence)}, ${say(row.activity)}`,
      `    ${VERDICTS[language][row.verdict]}${why}${now}`,
    );
    for (const { signature, version, why: code } of row.missing) {
      lines.push(
        `      - ${say(signature)} v${version}: ${say(code === 'lost' ? (zh ? '应重现而未重现' : 'should have come back') : reasonText(code, language))}`,
      );
    }
  }
  for (const { file, code, text } of faults)
    lines.push(`  ! ${say(file ?? (zh ? '证据包' : 'package'))}: ${say(text)} [${say(code)}]`);
  for (const remark of report.remarks) lines.push(`  ${say(remark)}`);
  return lines;
}
