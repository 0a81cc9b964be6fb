/** Reads a YAML text and remembers where each of its values stands, so that a fault can name its line and column. */
import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import type { SignatureFault } from './types.ts';

/** Aliases stay forbidden (ten lines of them can unfold to gigabytes) and nesting is bounded. */
const MAX_ALIASES = 0;
const MAX_DEPTH = 24;

/** Steps from the top of a document: keys and indices. */
export type YamlPath = readonly (string | number)[];

/** A parsed text with its places. */
export interface YamlSource {
  readonly value: unknown;
  /** Line and column, both from 1, of the value at `path`; of its key with `key`; else of the nearest parent known. */
  place(path: YamlPath, key?: boolean): { readonly line: number; readonly column: number };
}

/**
 * Parses one YAML document, which holds `what`. Returns a fault instead where it is no YAML or breaks the limits; never
 * throws.
 */
export function readYaml(text: string, file: string, what = 'a list of signatures'): YamlSource | SignatureFault {
  try {
    const events = parseEvents(text, { filename: file, maxDepth: MAX_DEPTH });
    const documents = constructFromEvents(events, { source: text, filename: file, maxAliases: MAX_ALIASES });
    if (documents.length !== 1) {
      const message = `the file holds ${documents.length} YAML documents: write exactly one, ${what}`;
      return { file, line: 0, column: 0, message };
    }
    const root = placeTree(text, events);
    return {
      value: documents[0],
      place(path, key = false) {
        let node = root;
        for (const step of path) {
          const next = node.children.get(step);
          if (next === undefined) return lineAndColumn(text, node.start);
          node = next;
        }
        return lineAndColumn(text, key ? node.keyStart : node.start);
      },
    };
  } catch (error) {
    const mark = error instanceof YAMLException ? error.mark : undefined;
    const reason = error instanceof YAMLException ? error.reason : String(error);
    const line = mark === undefined ? 0 : mark.line + 1;
    const column = mark === undefined ? 0 : mark.column + 1;
    return { file, line, column, message: `not readable as YAML: ${reason}: correct the text here` };
  }
}

/** Where a value starts, where its key does, and the values inside it by key or index. */
interface PlaceNode {
  readonly start: number;
  readonly keyStart: number;
  readonly mapping: boolean;
  readonly children: Map<string | number, PlaceNode>;
  /** In a mapping: the key whose value comes next, or null where a key comes next. */
  key: string | null;
  nextKeyStart: number;
}

function placeNode(start: number, keyStart: number, mapping: boolean): PlaceNode {
  return { start, keyStart, mapping, children: new Map(), key: null, nextKeyStart: start };
}

/** Places of all values of the one document in `events`. */
function placeTree(text: string, events: readonly Event[]): PlaceNode {
  const root = placeNode(0, 0, false);
  const stack: PlaceNode[] = [];
  let top: PlaceNode | null = null;
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      stack.push(root);
      continue;
    }
    if (event.type === EVENT_ID.POP) {
      stack.pop();
      continue;
    }
    const start = startOf(event);
    const parent = stack.at(-1) ?? root;
    if (parent.mapping && parent.key === null) {
      parent.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
      parent.nextKeyStart = start;
      // A key that is itself a collection has no name to look it up by; its inside is walked over.
      if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) {
        stack.push(placeNode(start, start, event.type === EVENT_ID.MAPPING));
      }
      continue;
    }
    const node = placeNode(start, parent.mapping ? parent.nextKeyStart : start, event.type === EVENT_ID.MAPPING);
    if (parent === root) top = node;
    else parent.children.set(parent.key ?? parent.children.size, node);
    parent.key = null;
    if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) stack.push(node);
  }
  return top ?? root;
}

function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) {
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    return Math.max(0, quoted ? event.valueStart - 1 : event.valueStart);
  }
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return Math.max(0, event.start);
  return 0;
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  return { line, column: offset - start + 1 };
}
