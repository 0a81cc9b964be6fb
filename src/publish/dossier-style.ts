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
@page { size: A4; margin: 22mm 18mm 20mm 20mm;
  @top-right { content: "${running}"; font: 8.5pt ${SANS}; color: #444; }
  @bottom-center { content: ${pages}; font: 8.5pt ${SANS}; color: #444; } }
* { box-sizing: border-box; }
html { background: #fff; color: #111; }
body { font: 10.5pt/1.5 ${SERIF}; margin: 0 auto; max-width: 172mm; overflow-wrap: anywhere; }
@media screen { body { padding: 12mm 4mm; } }
h1 { font: 700 20pt/1.3 ${SANS}; text-align: center; margin: 0 0 2mm; letter-spacing: .04em; }
h1 .en { display: block; font-size: 12pt; letter-spacing: 0; }
h2 { font: 700 12.5pt/1.4 ${SANS}; margin: 6mm 0 2mm; border-bottom: .6pt solid #333; break-after: avoid; }
h3 { font: 700 10.5pt/1.4 ${SANS}; margin: 3.5mm 0 1mm; break-after: avoid; }
h2 .en { font-size: 10pt; font-weight: 400; } h3 .en { font-weight: 400; font-size: 9.5pt; }
p { margin: 1.2mm 0; }
.en { color: #333; font-size: .9em; }
p .en { display: block; }
.note { font-size: 9pt; color: #333; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: 1.5mm 0 3mm; font-size: 9pt; line-height: 1.35; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { border: .5pt solid #777; padding: 1mm 1.4mm; vertical-align: top; text-align: left; }
thead th { background: #eee; font-family: ${SANS}; font-weight: 700; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
th .en { font-weight: 400; font-size: 7.5pt; display: block; }
.facts th { width: 27%; background: #f5f5f5; font-family: ${SANS}; font-weight: 400; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.summary { border: 1.2pt solid #222; padding: 2mm 3mm; margin: 3mm 0; }
.summary table { margin: 0; font-size: 10pt; } .summary th, .summary td { border: 0; border-bottom: .4pt solid #bbb; }
.summary tr:last-child th, .summary tr:last-child td { border-bottom: 0; }
.summary .facts th { background: none; width: 20%; font-weight: 700; }
.head { margin: 2mm 0 3mm; font-size: 9.5pt; } .head th, .head td { border: 0; padding: .3mm 1mm; } .head .facts th, .head th { background: none; width: 20%; }
.grade { border: .6pt solid #333; padding: 0 1.2mm; display: inline-block; margin: .3mm 0; font-family: ${SANS}; font-size: .92em; }
.time { font-variant-numeric: tabular-nums; font-size: 8pt; } .detections .time, .evidence .time { font-size: 6.6pt; }
.num td + td { text-align: right; font-variant-numeric: tabular-nums; } .num td:last-child { text-align: right; }
.message { font: 8pt/1.35 'DejaVu Sans Mono','Noto Sans Mono CJK SC',Consolas,monospace; overflow-wrap: anywhere; }
.digest { display: block; font: 6.8pt/1.3 'DejaVu Sans Mono',Consolas,monospace; overflow-wrap: anywhere; }
.code { border: .5pt dashed #a33; color: #a33; font: 7.5pt ${SANS}; padding: 0 .6mm; margin: 0 .3mm; }
.pair { display: inline; } .pair b { font-weight: 400; color: #555; }
.small td, .small th { font-size: 8pt; padding: .7mm 1mm; } .evidence td, .evidence th { font-size: 7.6pt; padding: .6mm .9mm; }
svg { width: 100%; height: auto; display: block; margin: 2mm 0; break-inside: avoid; font-family: ${SANS};
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.statement { border: .8pt solid #333; padding: 2mm 3mm; break-inside: avoid; }
.sign { break-inside: avoid; margin-top: 8mm; } .sign td { border: 0; padding: 5mm 2mm 0 0; width: 50%; }
.sign .line { display: inline-block; border-bottom: .6pt solid #333; width: 45mm; }
${widths()}
`;
}

/** Widths of the columns in per cent; fixed, so that no text of a stranger makes a table wider than the page. */
const COLUMNS: Readonly<Record<string, readonly number[]>> = {
  places: [16, 30, 40, 14],
  parties: [16, 32, 24, 28],
  doubts: [16, 84],
  addresses: [17, 17, 33, 33],
  pools: [44, 28, 28],
  accounts: [24, 36, 40],
  detections: [9, 18, 8, 9, 11, 45],
  num: [40, 20, 20, 20],
  status: [5, 33, 18, 18, 26],
  how: [34, 35, 31],
  evidence: [12, 13, 27, 26, 22],
  links: [30, 18, 52],
  history: [7, 31, 15, 15, 32],
  articles: [18, 82],
};

function widths(): string {
  return Object.entries(COLUMNS)
    .flatMap(([kind, columns]) => columns.map((width, at) => `.${kind} th:nth-child(${at + 1}) { width: ${width}%; }`))
    .join('\n');
}
