/** The note in a package that says how to check it, for somebody who has nothing but the package. */
import type { DossierLead } from './dossier-types.ts';
import type { PackageContext } from './package-types.ts';

/** Plain text, Chinese first. */
export function packageReadme(lead: DossierLead, { program, version }: PackageContext, captures: number): string {
  const name = lead.number ?? lead.id ?? '';
  return `线索证据包 ${name}

本证据包由 ${program} ${version} 生成，含 ${captures} 份数据包截取。网络观测结果仅为线索，不是违法事实的证明。

文件
  captures/          数据包截取（pcapng），注释中载明命中的特征及版本；可用 Wireshark 打开
  detections.jsonl   检出记录，每行一条
  signatures/        所用特征的定义（如已随附）
  chain.jsonl        台账历史的摘录及链头校验值
  dossier.html       线索档案（如已随附）
  manifest.json      电子数据清单：每个文件的字节数、SHA-256、SM3 等
  manifest.check     清单自身的校验值

核验
  1. 核对 manifest.check 中的校验值：sha256sum manifest.json；openssl dgst -sm3 manifest.json。
     两个校验值应当与移交文书所载一致，否则清单可能被替换。
  2. 逐一核对清单所列文件：sha256sum；openssl dgst -sm3。
  3. 一次完成并重新检测：poolprint evidence verify 本文件.zip
     该命令核对全部校验值，用已安装的特征重新分析数据包，并比对检出结果。


Evidence package ${name}

Made by ${program} ${version}, with ${captures} packet captures. What was observed on the network is a lead and no
proof of an offence.

Files
  captures/          packets (pcapng); comments name the signatures that held, with their versions; Wireshark opens them
  detections.jsonl   the detections, one a line
  signatures/        definitions of the signatures used, where they come along
  chain.jsonl        extract of the ledger's history and the digests of its head
  dossier.html       the dossier, where it comes along
  manifest.json      list of electronic data: bytes, SHA-256, SM3 and more of each file
  manifest.check     check values of the list itself

How to check
  1. Compare manifest.check: sha256sum manifest.json; openssl dgst -sm3 manifest.json.
     Both values have to agree with those in the hand-over document, else the list may have been replaced.
  2. Check every file of the list: sha256sum; openssl dgst -sm3.
  3. All at once, with the packets read again: poolprint evidence verify THIS-FILE.zip
     It checks all values, runs the installed signatures on the packets and compares the detections.
`;
}
