/** Whether what stands in the saved state has the shape of what was saved: files are damaged, and edited by hand. */
import type { KeyFacts } from '../../detect/key-facts.ts';
import type { PointConfig } from '../config/types.ts';
import type { Reported } from '../report/report-log.ts';

type Fields = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => typeof value === 'number';
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);
const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test);
const all =
  (tests: Readonly<Record<string, Test>>): Test =>
  (value) =>
    isFields(value) && Object.entries(tests).every(([name, test]) => test(value[name]));

const isOrder = listOf(isNumber);
const ordered = (test: Test): Test => all({ order: isOrder, value: test });
const isPair: Test = (value) => listOf(isNumber)(value) && (value as unknown[]).length === 2;
const isWallet = all({ coin: isText, address: isText, coins: listOf(isText) });
const isAccount = all({ login: isText, account: isText, worker: orNull(isText), wallet: orNull(isWallet) });
const isIndication = all({
  ...{ signature: isText, version: isNumber, kind: isText, weight: isNumber, family: orNull(isText) },
  ...{ time: isNumber, input: isNumber, packet: isNumber, bytes: isPair, side: isNumber },
  ...{ from: orNull(isText), dialect: orNull(isText), excerpt: isText },
});
const isOriented = listOf(ordered(all({ indication: isIndication, minerSide: isNumber })));
const isVia = all({ kind: isText, ip: isText, port: isNumber });
const FACTS = all({
  ...{ miner: isText, pool: orNull(isText), keyHost: orNull(isText), poolPort: orNull(isNumber) },
  ...{ dialect: orNull(isText), day: orNull(isNumber), first: isOrder, lastSeen: isNumber },
  ...{ transport: ordered(isText), poolHost: orNull(ordered(isText)), poolName: orNull(ordered(isText)) },
  ...{ algorithm: orNull(ordered(isText)), rateUnit: orNull(ordered(isText)), via: orNull(ordered(isVia)) },
  difficulty: orNull(ordered(all({ last: isNumber, unit: isText }))),
  ...{ accounts: listOf(ordered(isAccount)), agents: listOf(ordered(isText)), coins: listOf(isText) },
  ...{ submitted: isNumber, accepted: isNumber, rejected: isNumber, shares: isNumber, hashes: isNumber },
  ...{ intervals: listOf(isPair), reports: listOf(ordered(all({ rate: isNumber, lastSeen: isNumber }))) },
  ...{ indications: isOriented, carried: isOriented },
  conversations: listOf(ordered(all({ port: isNumber, lastSeen: isNumber }))),
  ...{ flows: isNumber, lookups: isNumber, packets: isPair, bytes: isPair, attempts: listOf(isNumber) },
});
const REPORTED = all({
  confidence: (value) => value === 'suspected' || value === 'probable' || value === 'confirmed',
  activity: isText,
  ...{ at: isNumber, times: isNumber, packets: isNumber, last: isText },
});
const POINT = all({ name: isText, nat: isText, realm: orNull(isText), clockError: isNumber, home: listOf(isText) });

/** One row that is something else must not stop the reports of all others. */
export function isFacts(value: unknown): value is KeyFacts {
  return FACTS(value);
}

export function isReported(value: unknown): value is Reported {
  return REPORTED(value);
}

/** `name`: of the point under which it was saved. */
export function isPoint(value: unknown, name: string): value is PointConfig {
  return POINT(value) && (value as PointConfig).name === name;
}
