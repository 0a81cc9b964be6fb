/** What the XLSX writer leaves out: drop-downs, A3 paper, pages side by side, headings repeated on every printed page. */

import type { Feature } from 'write-excel-file/universal';
import { getSelfClosingTagMarkup, insertElementMarkupAccordingToOrderOfSiblings } from 'write-excel-file/utility';

export interface SheetExtras {
  readonly name: string;
  /** Heading rows repeated in print, counted from 1; null for none. */
  readonly headings: readonly [first: number, last: number] | null;
  /** Columns repeated in print where a sheet is wider than a page, as letters. */
  readonly leftColumns: readonly [first: string, last: string] | null;
  /** Pages side by side; a row as narrow as one page would be too small to read. */
  readonly pagesWide: number;
  /** Values that a column offers, in rows first to last. */
  readonly lists: readonly {
    readonly column: string;
    readonly first: number;
    readonly last: number;
    readonly values: readonly string[];
  }[];
}

/** Children of a worksheet in the order of ECMA-376 part 1, section 18.3.1.99, as far as they occur here. */
const SHEET_ORDER = [
  'sheetPr',
  'dimension',
  'sheetViews',
  'sheetFormatPr',
  'cols',
  'sheetData',
  'autoFilter',
  'mergeCells',
  'conditionalFormatting',
  'dataValidations',
  'printOptions',
  'pageMargins',
  'pageSetup',
  'headerFooter',
  'drawing',
];

const A3 = 8;
/** Length of a list within its formula (ECMA-376 leaves it open, Excel takes 255 characters). */
const MAX_LIST = 255;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function validations({ lists }: SheetExtras): string {
  const items = lists.flatMap(({ column, first, last, values }) => {
    const list = values.map((value) => value.replaceAll(/[",]/g, ' ')).join(',');
    if (list.length > MAX_LIST || values.length === 0) return [];
    // A warning, not a stop: what people really found may be none of the words.
    const attributes = `type="list" allowBlank="1" showErrorMessage="1" errorStyle="warning"`;
    return `<dataValidation ${attributes} sqref="${column}${first}:${column}${last}"><formula1>${escaped(`"${list}"`)}</formula1></dataValidation>`;
  });
  return items.length === 0 ? '' : `<dataValidations count="${items.length}">${items.join('')}</dataValidations>`;
}

/** Page numbers at the foot: 第 1 页，共 3 页. */
const FOOTER = '<headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter>';

function namesOf(sheets: readonly SheetExtras[]): string {
  const names = sheets.flatMap(({ name, headings, leftColumns }, at) => {
    const areas = [leftColumns, headings].flatMap((area) =>
      area === null ? [] : `'${name.replaceAll("'", "''")}'!$${area[0]}:$${area[1]}`,
    );
    return areas.length === 0
      ? []
      : `<definedName name="_xlnm.Print_Titles" localSheetId="${at}">${escaped(areas.join(','))}</definedName>`;
  });
  return names.length === 0 ? '' : `<definedNames>${names.join('')}</definedNames>`;
}

/** The feature for sheets in their order in the book. */
export function printFeature(sheets: readonly SheetExtras[]): Feature<Blob> {
  return {
    files: {
      transform: {
        'xl/worksheets/sheet{id}.xml': {
          transformElementAttributes: (tag, attributes, _index, _options, { sheetIndex }) =>
            tag === 'pageSetup'
              ? { ...attributes, paperSize: A3, fitToWidth: sheets[sheetIndex]?.pagesWide ?? 1, fitToHeight: 0 }
              : attributes,
          transform: (xml, _, { sheetIndex }) => {
            const sheet = sheets[sheetIndex];
            if (sheet === undefined) return xml;
            const fit = getSelfClosingTagMarkup('pageSetUpPr', { fitToPage: '1' });
            const added = [`<sheetPr>${fit}</sheetPr>`, validations(sheet), FOOTER];
            return added
              .filter((markup) => markup !== '')
              .reduce(
                (text, markup) => insertElementMarkupAccordingToOrderOfSiblings(text, markup, SHEET_ORDER, 'worksheet'),
                xml,
              );
          },
        },
        'xl/workbook.xml': {
          transform: (xml) => {
            const names = namesOf(sheets);
            return names === ''
              ? xml
              : xml.replace(/<definedNames\s*\/>|<definedNames>\s*<\/definedNames>/, () => names);
          },
        },
      },
    },
  };
}
