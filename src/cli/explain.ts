import type { AccountRow, DetectionRow, IndicationRow } from '../detect/detection.ts';
import { type CountedSign, type Fusion, type WeighedSign, weigh } from '../detect/fuse.ts';
import { fill, type Messages } from './messages.ts';
import { ACTIVITY_STYLE, CONFIDENCE_STYLE, type Paint } from './style.ts';
import { poolName, sortForPeople } from './table.ts';
import { pad, shellWord, textWidth, visible } from './text.ts';
import { formatBytes, formatCount, formatDuration, formatRate, formatTime } from './units.ts';

export interface ExplainOptions {
  readonly messages: Messages;
  readonly paint: Paint;
  /** Title of a signature in the reader's language, or null for one that is not in the set. */
  readonly title: (signature: string) => string | null;
  /** Family of a signature, or null for one without a family or not in the set; without it every sign counts by itself. */
  readonly family?: (signature: string) => string | null;
}

const MAX_INDICATIONS = 20;
const MAX_LISTED = 10;
const MAX_REASONS = 3;
/** As in docs/detections.md: from this weight on a message proves mining by itself. */
const PROOF_WEIGHT = 0.9;
const STANDARD_INPUT = '-';

/** For each detection a block that says what is known of it, which indications held and how the numbers came about. */
export function renderExplanation(detections: readonly DetectionRow[], options: ExplainOptions): string[] {
  return sortForPeople(detections).flatMap((row, index) => [...explain(row, index + 1, options), '']);
}

function explain(row: DetectionRow, number: number, options: ExplainOptions): string[] {
  const { messages, paint } = options;
  const confidence = paint(CONFIDENCE_STYLE[row.confidence], messages.confidence[row.confidence]);
  const activity = paint(ACTIVITY_STYLE[row.activity], messages.activity[row.activity]);
  const address = row.pool.host !== null && row.pool.ip !== null ? ` (${visible(row.pool.ip)})` : '';
  const head = `${visible(row.miner.ip)} → ${visible(poolName(row))}${address}`;
  return [
    `${number}. ${confidence} ${activity}  ${paint('bold', head)}`,
    ...fieldLines(row, options),
    ...indicationLines(row.indications, options),
  ];
}

function fieldLines(row: DetectionRow, options: ExplainOptions): string[] {
  const { messages, paint } = options;
  const { labels } = messages;
  const fusion = weighRow(row, options);
  const fields: [string, string][] = [
    [labels.id, visible(row.id)],
    [labels.why, reasonLine(row, fusion, messages)],
    ...sumFields(row, fusion, messages),
    [labels.protocol, visible([row.dialect, row.transport, row.pool.name].filter((part) => part !== null).join(', '))],
  ];
  if (row.via !== null) fields.push([labels.via, visible(`${row.via.kind} ${row.via.ip} port ${row.via.port}`)]);
  const coins = [row.coins.join(', '), row.algorithm ?? ''].filter((part) => part !== '').join('; ');
  if (coins !== '') fields.push([labels.coins, visible(coins)]);
  fields.push([labels.seen, `${longTime(row.first_seen)} – ${longTime(row.last_seen)}`]);
  for (const account of row.accounts.slice(0, MAX_LISTED)) fields.push([labels.login, accountLine(account, messages)]);
  if (row.accounts.length > MAX_LISTED) fields.push([labels.login, more(row.accounts.length, messages)]);
  if (row.agents.length > 0) fields.push([labels.agents, visible(row.agents.slice(0, MAX_LISTED).join(', '))]);
  if (row.hardware_class !== 'unknown') fields.push([labels.hardware, row.hardware_class]);
  const { submitted, accepted, rejected } = row.shares;
  if (submitted + accepted + rejected > 0) {
    fields.push([labels.shares, fill(messages.sharesLine, mapValues({ submitted, accepted, rejected }, formatCount))]);
  }
  if (row.difficulty !== null)
    fields.push([labels.difficulty, visible(`${row.difficulty.last} ${row.difficulty.unit}`)]);
  if (row.hashrate !== null) fields.push([labels.hashrate, hashrateLine(row.hashrate, messages)]);
  if (row.reported_hashrate !== null) {
    fields.push([labels.reported, formatRate(row.reported_hashrate.last, visible(row.reported_hashrate.unit))]);
  }
  if (row.conversations.length > 0) fields.push([labels.ports, portsLine(row, messages)]);
  fields.push([labels.traffic, trafficLine(row, messages)]);
  fields.push([labels.picked, messages.picked[row.picked_up] + messages.and + messages.seenSide[row.seen]]);
  const width = Math.max(...fields.map(([label]) => textWidth(label)));
  return fields.map(([label, value]) => `   ${paint('dim', pad(label, width))}  ${value}`);
}

/** The signs of a row put together as the engine does (src/detect/fuse.ts). */
function weighRow(row: DetectionRow, { family }: ExplainOptions): Fusion {
  return weigh(
    row.indications.map(({ signature, kind, weight }) => ({
      signature,
      weight: Math.abs(weight),
      against: weight < 0,
      family: family?.(signature) ?? null,
      proof: row.confidence === 'confirmed' && weight >= PROOF_WEIGHT && (kind === 'payload' || kind === 'http'),
    })),
  );
}

function reasonLine(row: DetectionRow, { signs, against }: Fusion, messages: Messages): string {
  const list = signs.slice(0, MAX_REASONS).map(signText).join(', ') || '–';
  const doubts = against.slice(0, MAX_REASONS).map(signText).join(', ');
  const line = fill(messages.reason[row.confidence], { score: row.score.toFixed(2), list });
  return doubts === '' ? line : line + fill(messages.reasonAgainst, { list: doubts });
}

/** What counted, what did not, and the score as a sum that can be checked by hand. */
function sumFields(row: DetectionRow, fusion: Fusion, messages: Messages): [string, string][] {
  const { labels } = messages;
  const { signs, against, support, doubt, proof } = fusion;
  if (signs.length + against.length === 0) return [];
  const fields: [string, string][] = [
    ...signs.map((sign): [string, string] => [labels.signFor, countedText(sign, messages)]),
    ...against.map((sign): [string, string] => [labels.signAgainst, countedText(sign, messages)]),
    [labels.support, `${unknownText(signs)} = ${four(support)}`],
  ];
  if (against.length > 0) {
    fields.push([labels.doubt, proof ? messages.noDoubt : `${unknownText(against)} = ${four(doubt)}`]);
  }
  const [s, d, score] = [four(support), four(doubt), four(fusion.score)];
  fields.push([labels.score, doubt === 0 ? score : `${s} × (1 − ${d}) / (1 − ${s} × ${d}) = ${score}`]);
  // A row keeps a bounded number of indications, so what is shown may be less than what counted.
  if (four(fusion.score) !== four(row.score)) {
    fields.push([labels.score, fill(messages.otherScore, { score: four(row.score) })]);
  }
  return fields;
}

function countedText(sign: CountedSign, messages: Messages): string {
  const line = sign.family === null ? signText(sign) : `${visible(sign.family)}: ${signText(sign)}`;
  if (sign.superseded.length === 0) return line;
  const shown = sign.superseded.slice(0, MAX_LISTED).map(signText);
  if (sign.superseded.length > MAX_LISTED) shown.push(more(sign.superseded.length, messages));
  return line + fill(messages.superseded, { list: shown.join(', ') });
}

/** `1 − (1 − 0.55) × (1 − 0.1)`, strongest first. */
function unknownText(signs: readonly WeighedSign[]): string {
  return signs.length === 0 ? '0' : `1 − ${signs.map(({ weight }) => `(1 − ${weight})`).join(' × ')}`;
}

function signText({ signature, weight }: WeighedSign): string {
  return `${visible(signature)} ${weight}`;
}

function four(value: number): string {
  return value.toFixed(4);
}

function accountLine(account: AccountRow, messages: Messages): string {
  const parts = [visible(account.login)];
  if (account.wallet !== null) {
    const { coin, address, valid } = account.wallet;
    const template = valid === false ? messages.walletInvalid : messages.wallet;
    parts.push(fill(template, { coin: visible(coin), address: visible(address) }));
  }
  return parts.join(messages.and);
}

function hashrateLine(hashrate: NonNullable<DetectionRow['hashrate']>, messages: Messages): string {
  const unit = visible(hashrate.unit);
  const line = fill(messages.hashrateLine, {
    rate: formatRate(hashrate.mid, unit),
    shares: formatCount(hashrate.shares_used),
    seconds: formatDuration(hashrate.observed_seconds),
  });
  return (
    line + fill(messages.hashrateLimits, { low: formatRate(hashrate.low, unit), high: formatRate(hashrate.high, unit) })
  );
}

function portsLine(row: DetectionRow, messages: Messages): string {
  const ports = row.conversations.slice(0, MAX_LISTED).map(({ miner_port }) => String(miner_port));
  const rest = row.conversations.length - ports.length;
  return rest > 0 ? `${ports.join(', ')} ${fill(messages.morePorts, { n: formatCount(rest) })}` : ports.join(', ');
}

function trafficLine(row: DetectionRow, messages: Messages): string {
  return fill(messages.trafficLine, {
    flows: formatCount(row.flows),
    packets0: formatCount(row.packets[0]),
    packets1: formatCount(row.packets[1]),
    bytes0: formatBytes(row.bytes[0]),
    bytes1: formatBytes(row.bytes[1]),
  });
}

function more(total: number, messages: Messages): string {
  return fill(messages.morePorts, { n: formatCount(total - MAX_LISTED) });
}

function mapValues<K extends string>(
  values: Record<K, number>,
  format: (value: number) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries<number>(values).map(([key, value]) => [key, format(value)]));
}

function longTime(time: string): string {
  return visible(time.replace('T', ' ').replace('Z', ''));
}

function indicationLines(indications: readonly IndicationRow[], options: ExplainOptions): string[] {
  const { messages, paint } = options;
  const lines = indications.slice(0, MAX_INDICATIONS).flatMap((item) => indicationBlock(item, options));
  const rest = indications.length - MAX_INDICATIONS;
  if (rest > 0) lines.push(paint('dim', `   ${fill(messages.moreIndications, { n: formatCount(rest) })}`));
  return lines;
}

function indicationBlock(item: IndicationRow, { messages, paint, title }: ExplainOptions): string[] {
  const about = title(item.signature);
  const name = `${visible(item.signature)} v${item.version}`;
  const detail = fill(messages.indication, {
    kind: item.kind,
    weight: item.weight,
    from: messages.from[item.from],
    time: formatTime(item.time) + visible(item.time.slice(19)).replace('Z', ''),
  });
  const place = fill(messages.indicationPlace, { file: visible(item.file), packet: item.packet });
  const lines = [
    `   • ${paint('bold', name)}${about === null ? '' : `  ${visible(about)}`}`,
    `     ${detail}`,
    `     ${place}`,
  ];
  if (item.excerpt !== '') lines.push(`     ${paint('cyan', visible(item.excerpt))}`);
  if (item.file !== STANDARD_INPUT) {
    lines.push(paint('dim', `     tshark -r ${shellWord(item.file)} -Y frame.number==${item.packet}`));
  }
  return lines;
}
