/**
 * The dossier of a lead (线索档案): one HTML file without scripts or outside resources that prints to A4. It shows what
 * strangers sent, so every text is escaped, cut, and what cannot be seen is written out (`html.ts`).
 */
import { localTime } from './dossier-format.ts';
import { historySection } from './dossier-history.ts';
import { doubtsSection, partiesSection, summarySection } from './dossier-lead.ts';
import { placesSection } from './dossier-places.ts';
import { articlesSection, evidenceSection, howSection, statementSection, timelineSection } from './dossier-record.ts';
import { dossierStyle } from './dossier-style.ts';
import { scaleSection, trafficSection } from './dossier-traffic.ts';
import type { DossierLead, DossierOptions } from './dossier-types.ts';
import { speaker, WORDS } from './dossier-words.ts';
import { html, isEmpty, pairs, raw, text } from './html.ts';

export type {
  DossierLanguage,
  DossierLead,
  DossierOptions,
  EvidenceCategory,
  EvidenceListRow,
  SignatureWords,
} from './dossier-types.ts';

/** Nothing may be fetched, run, sent or framed; inline styles alone (Content Security Policy Level 3). */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * The dossier as the text of an HTML file in UTF-8. Any field of the lead may be missing, null or empty, as field sets leave
 * it. Natural persons are 自然人（已封存）unless their fields are handed in. The same input gives the same text. Never throws
 * for what stands in the lead.
 */
export function dossierHtml(lead: DossierLead, options: DossierOptions): string {
  const speak = speaker(options.lang);
  const { w, plain } = speak;
  const number = lead.number ?? lead.id ?? null;
  const head = pairs([
    [
      w('number'),
      isEmpty(number)
        ? w('notNumbered')
        : html`${text(number, 60)}${lead.number ? html`<br><span class="en id">${text(lead.id, 40)}</span>` : ''}`,
    ],
    [w('producer'), text(options.producer, 120)],
    [w('actor'), text(options.actor, 80)],
    [w('generated'), localTime(options.generatedAt)],
    [w('fieldSet'), text(options.fieldSetNote, 300)],
  ]);
  const sections = [
    summarySection(lead, options, speak),
    placesSection(lead, options, speak),
    partiesSection(lead, options, speak),
    doubtsSection(lead, speak),
    trafficSection(lead, speak),
    scaleSection(lead, options, speak),
    timelineSection(lead, options, speak),
    howSection(lead, options, speak),
    evidenceSection(options, speak),
    historySection(lead, options, speak),
    articlesSection(lead, speak),
    statementSection(options, speak),
  ];
  const running = `${options.lang === 'en' ? WORDS.shortTitle.en : WORDS.shortTitle.zh} ${pageSafe(number)}`.trim();
  const page = html`<!DOCTYPE html>
<html lang="${options.lang === 'en' ? 'en' : 'zh-CN'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${text(`${plain(WORDS.shortTitle)} ${pageSafe(number)}`.trim())}</title>
<style>${raw(dossierStyle(options.lang, running))}</style>
</head>
<body>
<h1>${w('title')}</h1>
<div class="head">${head}</div>
${sections}
</body>
</html>
`;
  return page.markup;
}

/** What may stand in a string of a style sheet and in a title without any escape. */
function pageSafe(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[^A-Za-z0-9-]/g, '').slice(0, 48) : '';
}
