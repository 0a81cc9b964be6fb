/** The files of a dialect that has just been named: small, whole and working, to be edited from there. */

/** Every spelling of the name that the files need. */
export interface Names {
  /** As in detections and file names: `foo-bar`. */
  readonly id: string;
  /** As in code: `fooBar`. */
  readonly variable: string;
}

/** Path in the checkout → text of each file that is new. */
export function newFiles(names: Names): ReadonlyMap<string, string> {
  return new Map([
    [`src/dialect/${names.id}.ts`, dialectFile(names)],
    [`signatures/${names.id}.yaml`, signatureFile(names)],
    [`tests/generate/catalogue/${names.id}.ts`, captureFile(names)],
    [`tests/golden/${names.id}/case.yaml`, goldenFile(names)],
  ]);
}

/** Row of the table in captures/README.md. */
export function captureRow({ id }: Names): string {
  return `| \`${id}.pcap\` | one log-in, one job, one share that is accepted | ${id}.login, ${id}.job, ${id}.submit | made up |`;
}

/** Row of the table in docs/dialects.md. */
export function dialectRow({ id }: Names): string {
  return `| \`${id}\` | new, not yet described | \`${id}.yaml\` | JSON lines | log-in, job, share | draft: at most probable |`;
}

function dialectFile({ id, variable }: Names): string {
  return `// ${id}: log-in, jobs and shares as JSON lines.
// Source: name the specification here, and the program whose traffic showed it.
// Look-alikes: name what else sends such messages, and what tells it apart.
import type { JsonMessage, Message } from '../protocol/message.ts';
import { type Dialect, Fit } from './dialect.ts';
import { isAccepted } from './family-mining.ts';
import type { MiningSession } from './session.ts';
import { asNumber, asRecord, asText } from './value.ts';

export const ${variable}: Dialect = {
  id: '${id}',
  title: { en: '${id}', zh: '${id}' },
  group: '${id}',
  priority: 1,
  probe(m: Message) {
    if (m.kind !== 'json' || m.transport === 'http') return Fit.None;
    const params = asRecord(m.value['params']);
    switch (m.method) {
      case '${id}.login':
        return typeof params?.['login'] === 'string' ? Fit.Possible : Fit.None;
      case '${id}.job':
        return isJob(params) ? Fit.Sure : Fit.None;
      case '${id}.submit':
        return isShare(params) ? Fit.Sure : Fit.None;
      default:
        return Fit.None;
    }
  },
  feed(s, m) {
    if (m.kind === 'json') feedJson(s, m);
  },
};

type Params = Readonly<Record<string, unknown>> | null;

function isJob(params: Params): boolean {
  return typeof params?.['job_id'] === 'string' && asNumber(params['difficulty']) > 0;
}

function isShare(params: Params): boolean {
  return typeof params?.['job_id'] === 'string' && typeof params['nonce'] === 'string';
}

function feedJson(s: MiningSession, m: JsonMessage): void {
  const params = asRecord(m.value['params']);
  switch (m.method) {
    case '${id}.login':
      s.fromMiner(m);
      s.login(asText(params?.['login']));
      s.agent(asText(params?.['agent']));
      s.request(m, 'login');
      return;
    case '${id}.job': {
      if (!isJob(params)) return;
      s.fromPool(m);
      // Hashes that finding a share takes on average; convert here where the protocol counts otherwise.
      const hashes = asNumber(params?.['difficulty']);
      s.setNext(hashes, hashes, 'hashes per share');
      s.job(asText(params?.['job_id']), hashes);
      return;
    }
    case '${id}.submit':
      if (!isShare(params)) return;
      s.fromMiner(m);
      s.share(m, asText(params?.['job_id']));
      return;
    case null:
      if (s.answered(m) !== 'share') return;
      if (isAccepted(m)) s.accept();
      else s.reject();
      return;
    default:
  }
}
`;
}

function signatureFile({ id }: Names): string {
  const one = (what: string, text: { en: string; zh: string }, from: string, weight: string, rest: string): string =>
    `- id: ${id}.${what}
  version: 1
  status: draft
  kind: payload
  title: { en: "${id} ${text.en}", zh: "${id} ${text.zh}" }
  dialect: "${id}"
  from: ${from}
  transports: [tcp, ws]
  match:
    all:
      - { method: ["${id}.${what}"] }
${rest}
`
      .replace('  match:', `  weight: ${weight}\n  match:`)
      .trimEnd();
  const common = `  look_alikes: { en: "None known yet: name them.", zh: 暂无已知的相似协议，请补充。 }
  references: ["https://example.org/${id}"]`;
  const login = `      - { member: params.login, type: string, length: [1, 512] }
${common}
  tests:
    - { miner: '{"id":1,"method":"${id}.login","params":{"login":"account.rig1","pass":"x"}}', expect: indication }
    - { miner: '{"id":1,"method":"${id}.login","params":{"user":"somebody"}}', expect: none }
    - { miner: '{"id":1,"method":"login","params":{"login":"account.rig1","pass":"x"}}', expect: none }`;
  const job = `      - { member: params.job_id, type: string, length: [1, 256] }
      - { member: params.difficulty, type: number, range: [1, 1e+30] }
${common}
  tests:
    - { pool: '{"method":"${id}.job","params":{"job_id":"7","header":"00ff","difficulty":1000}}', expect: indication }
    - { pool: '{"method":"${id}.job","params":{"job_id":"7","title":"driver wanted"}}', expect: none }`;
  const submit = `      - { member: params.job_id, type: string, length: [1, 256] }
      - { member: params.nonce, hex: 16 }
${common}
  tests:
    - { miner: '{"id":2,"method":"${id}.submit","params":{"job_id":"7","nonce":"00000000deadbeef"}}', expect: indication }
    - { miner: '{"id":2,"method":"${id}.submit","params":{"job_id":"7","nonce":"wp_nonce"}}', expect: none }`;
  return `# yaml-language-server: $schema=schema.json
# ${id}. A draft stays below 0.9 and never gives "confirmed"; make it stable when source and look-alikes are known.
${[
  one('login', { en: 'log-in', zh: '登录' }, 'miner', '0.6', login),
  one('job', { en: 'job', zh: '任务下发' }, 'pool', '0.8', job),
  one('submit', { en: 'share', zh: '提交份额' }, 'miner', '0.8', submit),
].join('\n\n')}
`;
}

function captureFile({ id, variable }: Names): string {
  return `/** ${id}: one session seen whole, from log-in to an accepted share. */
import { Script, type Session } from '../session.ts';
import { compact } from '../wire/json.ts';
import { type Capture, single } from './capture.ts';

const LOGIN = 'account.rig1';
const AGENT = 'example-miner/1.0';
const DIFFICULTY = 1000;

const line = (value: unknown): string => \`\${compact(value)}\\n\`;

function session(): Session {
  const script = new Script();
  const login = { login: LOGIN, pass: 'x', agent: AGENT };
  script.client(0.04, line({ id: 1, method: '${id}.login', params: login }));
  script.server(0.09, line({ id: 1, result: { status: 'OK' } }));
  const job = { job_id: '1', header: 'c0ffee00'.repeat(8), difficulty: DIFFICULTY };
  script.server(0.1, line({ method: '${id}.job', params: job }));
  const share = { job_id: '1', nonce: '00000000deadbeef' };
  const submit = script.client(4.2, line({ id: 2, method: '${id}.submit', params: share }));
  const answer = script.server(4.25, line({ id: 2, result: { status: 'OK' } }));
  return {
    dialect: '${id}',
    messages: script.messages,
    shares: [{ submit, answer, accepted: true, work: DIFFICULTY, at: 4.2 }],
    logins: [LOGIN],
    agents: [AGENT],
    difficulty: DIFFICULTY,
  };
}

export function ${variable}Capture(): Capture {
  const capture = single('${id}.pcap', session(), 39, 3333);
  // Drafts prove nothing: once a signature is stable and weighs 0.9 or more, this line goes.
  return { ...capture, expected: capture.expected.map((item) => ({ ...item, confidence: 'probable' })) };
}
`;
}

function goldenFile({ id }: Names): string {
  return `# One session of ${id}, seen whole.
inputs:
  - captures/${id}.pcap
`;
}
