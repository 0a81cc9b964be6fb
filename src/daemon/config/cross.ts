/** What no key can tell alone. */
import { nearestName } from '../../signature/search.ts';
import type { YamlPath } from '../../signature/yaml.ts';
import { shortened } from './overrides.ts';
import type { CollectorInputConfig, DaemonConfig, InputConfig } from './types.ts';

type Say = (path: YamlPath, message: string) => void;

/** Checks a configuration whose values are right each by itself. `tree` is what was written. */
export function checkTogether(
  config: DaemonConfig,
  tree: Readonly<Record<string, unknown>>,
  fault: Say,
  warn: Say,
): void {
  checkNames(config.inputs, 'input', ['inputs'], fault);
  checkPoints(config, tree, fault, warn);
  checkSources(config.inputs, fault);
  for (const [index, input] of config.inputs.entries()) if (input.kind === 'spool') checkSpool(input, index, fault);
  const { flows, conversations } = config.limits;
  if (conversations > flows) {
    const message = `limits.conversations: ${conversations} conversations are more than the ${flows} flows of limits.flows, and each is one: lower it`;
    fault(['limits', 'conversations'], message);
  }
}

function checkNames(items: readonly { readonly name: string }[], what: string, path: YamlPath, fault: Say): void {
  const first = new Map<string, number>();
  for (const [index, { name }] of items.entries()) {
    const taken = first.get(name);
    if (taken === undefined) first.set(name, index);
    else fault([...path, index, 'name'], `${name} is the name of ${what} ${taken + 1} already: give it another`);
  }
}

function checkPoints(config: DaemonConfig, tree: Readonly<Record<string, unknown>>, fault: Say, warn: Say): void {
  const listed = (tree['points'] ?? []) as readonly { readonly name: string }[];
  checkNames(listed, 'point', ['points'], fault);
  const names = listed.map(({ name }) => name);
  const used = new Set(config.inputs.map(({ point }) => point));
  for (const [index, name] of names.entries()) {
    if (!used.has(name)) warn(['points', index, 'name'], `no input has point: ${name}, so this point has no effect`);
  }
  for (const [index, { name, point }] of config.inputs.entries()) {
    if (point === name || names.includes(point)) continue;
    const nearest = names.length === 0 ? null : nearestName(point, names);
    if (nearest !== null) {
      warn(
        ['inputs', index, 'point'],
        `${point} is not among the points and gets no NAT side; did you mean ${nearest}?`,
      );
    }
  }
  for (const [index, { nat, name, realm }] of config.points.entries()) {
    if (nat !== 'outside' || realm === null) continue;
    const at = names.indexOf(name);
    const message = `a point outside of the translation sees public addresses, which need no realm: remove realm, or say nat: inside`;
    fault(['points', at < 0 ? index : at, 'realm'], message);
  }
}

/** Two inputs that read the same thing would tell everything twice, or take it from each other. */
function checkSources(inputs: readonly InputConfig[], fault: Say): void {
  const first = new Map<string, string>();
  const collectors: CollectorInputConfig[] = [];
  for (const [index, input] of inputs.entries()) {
    if (input.kind === 'collector') {
      const other = collectors.find((one) => sameSocket(one, input));
      collectors.push(input);
      if (other === undefined) continue;
      const message = `${input.name} and ${other.name} would listen at the same socket, port ${input.port}: give one another address or port, or make them one input`;
      fault(['inputs', index, 'port'], message);
      continue;
    }
    const [key, place] = sourceOf(input);
    const other = first.get(place);
    if (other === undefined) first.set(place, input.name);
    else fault(['inputs', index, key], `${input.name} would read the same as ${other}: remove one of them`);
  }
}

function sourceOf(input: Exclude<InputConfig, CollectorInputConfig>): [key: string, place: string] {
  if (input.kind === 'live') return ['interface', `live ${input.interface} ${input.filter ?? ''}`];
  if (input.kind === 'spool') return ['directory', `spool ${input.directory} ${input.pattern}`];
  return ['path', `file ${input.path}`];
}

function sameSocket(a: CollectorInputConfig, b: CollectorInputConfig): boolean {
  if (a.port !== b.port) return false;
  const [one, other] = [a.address.toLowerCase(), b.address.toLowerCase()];
  if (one === other) return true;
  // "::" takes IPv4 too.
  const sixOf = (address: string): boolean => address.includes(':');
  const holds = (wide: string, narrow: string): boolean => isAny(wide) && (sixOf(wide) || !sixOf(narrow));
  return holds(one, other) || holds(other, one);
}

const isAny = (address: string): boolean => address === '0.0.0.0' || /^[0:]+$/.test(address);

function checkSpool(input: Extract<InputConfig, { kind: 'spool' }>, index: number, fault: Say): void {
  const { whenDone, moveTo, directory, format, samplingRate } = input;
  if (format === 'capture' && samplingRate !== null) {
    const message = `inputs[${index}].sampling_rate has no effect with format: capture: remove it, or say which log it is`;
    fault(['inputs', index, 'sampling_rate'], message);
  }
  if (whenDone === 'move' && moveTo === null) {
    fault(['inputs', index, 'when_done'], `inputs[${index}].when_done: move has no folder to move to: add move_to`);
  }
  if (whenDone !== 'move' && moveTo !== null) {
    const message = `inputs[${index}].move_to has no effect with when_done: ${whenDone}: say when_done: move, or remove it`;
    fault(['inputs', index, 'move_to'], message);
  }
  if (moveTo === directory) {
    const message = `inputs[${index}].move_to: '${shortened(moveTo)}' is the folder that is read, so files would be read again: name another`;
    fault(['inputs', index, 'move_to'], message);
  }
}
