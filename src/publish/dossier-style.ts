/** Style of the dossier: A4, body in a song or fang-song face, tables that repeat their heading on every page. */
import type { DossierLanguage } from './dossier-types.ts';

const SERIF =
  "'FangSong','仿宋','FangSong_GB2312','STFangsong','Noto Serif CJK SC','Source Han Serif SC','SimSun','宋体','Songti SC',serif";
const SANS =
  "'SimHei','黑体','Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','Heiti SC',sans-serif";

/** The style sheet. `running` stands at the head of each page: letters, digits, dashes and CJK characters only. */
export function dossierStyle(language: DossierLanguage, running: string): string {
  const pages =
    language === 'en'
      ? `"Page " counter(page) " of " counter(pages)`
      : `"第 " counter(page) " 页 / 共 " counter(pages) " 页"`;
  return `
@page { size: A4; margin: 17mm 16mm 16mm 18mm;
  @top-right { content: "${running}"; font: 8pt ${SANS}; color: #444; }
  @bottom-center { content: ${pages}; font: 8pt ${SANS}; color: #444; } }
* { box-sizing: border-box; }
html { background: #fff; color: #111; }
body { font: 10pt/1.4 ${SERIF}; margin: 0 auto; max-width: 175.4mm; overflow-wrap: break-word; word-break: normal; }
@media screen { body { padding: 12mm 4mm; } }
h1 { font: 700 18pt/1.25 ${SANS}; text-align: center; margin: 0 0 1.5mm; letter-spacing: .04em; }
h1 .en { display: block; font-size: 11pt; letter-spacing: 0; }
h2 { font: 700 11.5pt/1.3 ${SANS}; margin: 3.5mm 0 1.2mm; border-bottom: .6pt solid #333; break-after: avoid; }
h3 { font: 700 9.5pt/1.3 ${SANS}; margin: 1.5mm 0 .6mm; break-after: avoid; }
h2 .en { font-size: 9.5pt; font-weight: 400; } h3 .en { font-weight: 400; font-size: 9pt; }
p { margin: .8mm 0; }
.en { color: #333; font-size: .9em; }
p .en { display: block; }
.note { font-size: 8.2pt; line-height: 1.3; color: #333; }
h2 + .note { break-after: avoid; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: .8mm 0 1.6mm; font-size: 8.8pt; line-height: 1.28; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { border: .5pt solid #777; padding: .6mm 1.1mm; vertical-align: top; text-align: left; }
thead th { background: #eee; font-family: ${SANS}; font-weight: 700; font-size: .95em; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
th .en { font-weight: 400; font-size: 7pt; display: block; }
.facts th { width: 15%; background: #f5f5f5; font-family: ${SANS}; font-weight: 400; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.pairs td { width: 35%; }
.facts + .facts { margin-top: -1.6mm; } .facts + .facts tr:first-child > * { border-top: 0; }
.summary { border: 1.2pt solid #222; padding: .8mm 2.5mm; margin: 1.5mm 0; }
.summary table { margin: 0; font-size: 9.5pt; line-height: 1.35; } .summary th, .summary td { border: 0; border-bottom: .4pt solid #bbb; }
.summary tr:last-child th, .summary tr:last-child td { border-bottom: 0; }
.summary .facts th { background: none; width: 15%; font-weight: 700; }
.head { margin: 1mm 0; } .head th, .head td { border: 0; padding: .3mm 1mm; } .head .facts th { background: none; width: 17%; } .head .pairs td { width: 33%; }
.articles .pairs th { width: 11%; } .articles .pairs td { width: 39%; }
.grade { border: .6pt solid #333; padding: 0 1mm; display: inline-block; font-family: ${SANS}; font-size: .9em; }
.parties .grade { font-size: .8em; padding: 0 .6mm; }
.time { font-variant-numeric: tabular-nums; font-size: 7.6pt; white-space: nowrap; } .evidence .time { font-size: 6.8pt; }
.detections .time { font-size: 7pt; } .day { white-space: nowrap; }
.num td + td { text-align: right; font-variant-numeric: tabular-nums; } .num td:last-child { text-align: right; }
.id, .hash, .sig { font-family: 'DejaVu Sans Mono',Consolas,monospace; font-size: .82em; overflow-wrap: anywhere; }
.message { font: 7pt/1.3 'DejaVu Sans Mono','Noto Sans Mono CJK SC',Consolas,monospace; overflow-wrap: anywhere; }
.digest { display: block; font: 5.9pt/1.4 'DejaVu Sans Mono',Consolas,monospace; overflow-wrap: anywhere; }
.rules { display: block; font-size: 6.8pt; line-height: 1.25; }
.entry + .entry { margin-top: .5mm; } .seq { color: #555; font-size: .9em; }
.code { border: .5pt dashed #555; color: #333; font: 7.5pt ${SANS}; padding: 0 .6mm; margin: 0 .3mm; }
.pair { display: inline; } .pair b { font-weight: 400; color: #555; }
ul { margin: 0; padding-left: 4mm; }
.small td, .small th { font-size: 8pt; padding: .5mm .9mm; } .evidence td, .evidence th { font-size: 7.6pt; padding: .5mm .9mm; }
svg { width: 100%; height: auto; display: block; margin: 1mm 0; break-inside: avoid; font-family: ${SANS};
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.statement { border: .8pt solid #333; padding: 1mm 2.5mm; break-inside: avoid; }
.sign { break-inside: avoid; margin-top: 3mm; } .sign td { border: 0; padding: 3.5mm 2mm 0 0; width: 50%; }
.sign .line { display: inline-block; border-bottom: .6pt solid #333; width: 45mm; }
${widths()}
`;
}

/** Widths of the columns in per cent; fixed, so that no text of a stranger makes a table wider than the page. */
const COLUMNS: Readonly<Record<string, readonly number[]>> = {
  places: [15, 29, 42, 14],
  parties: [14, 24, 12, 12, 12, 26],
  doubts: [14, 86],
  addresses: [22, 24, 54],
  detections: [10, 23, 12, 10, 45],
  num: [43, 19, 19, 19],
  status: [5, 25, 40, 30],
  how: [35, 44, 21],
  evidence: [18, 56, 26],
  links: [17, 27, 56],
  history: [20, 13, 67],
};

function widths(): string {
  return Object.entries(COLUMNS)
    .flatMap(([kind, columns]) => columns.map((width, at) => `.${kind} th:nth-child(${at + 1}) { width: ${width}%; }`))
    .join('\n');
}
