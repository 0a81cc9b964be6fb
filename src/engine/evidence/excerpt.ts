import type { Message } from '../../protocol/message.ts';

/** Characters of a message that an indication keeps. */
const MAX_EXCERPT = 512;
const HIDDEN = '***';

/** The message as evidence: bounded, passwords replaced. HTTP heads come with their credentials already replaced. */
export function excerptOf(m: Message): string {
  if (m.kind === 'http') return bounded(withoutUser(m.text, m.http.target));
  return bounded(m.kind === 'json' ? (withoutPasswords(m.value) ?? m.text) : m.text);
}

/** What stands before the host in an address that names user and password (RFC 3986 §3.2.1). */
function userOf(target: string): string | null {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^@/?#]+)@/i.exec(target)?.[1] ?? null;
}

function withoutUser(text: string, target: string): string {
  const user = userOf(target);
  return user === null ? text : text.replaceAll(user, HIDDEN);
}

function bounded(text: string): string {
  return text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT - 1)}…` : text;
}

const PASSWORD_KEYS: ReadonlySet<string> = new Set(['pass', 'password', 'passwd', 'pwd', 'secret', 'token']);
/** Methods whose second parameter is a password: mining.authorize, eth_submitLogin, login and their like. */
const LOGIN_METHOD = /(?:authori[sz]e|auth|login)$/i;
/** Deeper than any message of a mining protocol; what lies below is left out. */
const MAX_DEPTH = 6;

/** The message as JSON with its passwords hidden; null where it holds none. */
function withoutPasswords(value: Readonly<Record<string, unknown>>): string | null {
  const from = secretsFrom(value);
  if (from < 0 && !holdsPassword(value, 0)) return null;
  const params = value['params'];
  if (from < 0 || !Array.isArray(params)) return JSON.stringify(hidden(value, 0));
  return JSON.stringify(hidden({ ...value, params: params.map((item, n) => (n >= from ? HIDDEN : item)) }, 0));
}

/**
 * From which parameter on a list of parameters is secret; -1 where none is. After the account of a log-in stand password
 * or worker and password, by dialect; the second parameter of a subscription may be a secret (Conflux) unless it names a
 * protocol.
 */
function secretsFrom(value: Readonly<Record<string, unknown>>): number {
  const { method, params } = value;
  if (typeof method !== 'string' || !Array.isArray(params)) return -1;
  if (LOGIN_METHOD.test(method)) return 1;
  const second = params[1];
  const secret = method === 'mining.subscribe' && params.length === 2 && typeof second === 'string' && second !== '';
  return secret && !/Stratum\/\d/.test(second) ? 1 : -1;
}

function holdsPassword(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((item) => holdsPassword(item, depth + 1));
  return Object.entries(value).some(([key, item]) => isPasswordKey(key) || holdsPassword(item, depth + 1));
}

function isPasswordKey(key: string): boolean {
  return PASSWORD_KEYS.has(key.toLowerCase());
}

function hidden(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => hidden(item, depth + 1));
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, isPasswordKey(key) ? HIDDEN : hidden(item, depth + 1)]));
}

/** Headers whose value is a credential. */
const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

/** The passwords of a message, as they stand between quotes, as a number, or in a header; what `excerptOf` hides. */
export function secretsOf(m: Message): (string | number)[] {
  if (m.kind === 'http') {
    const user = userOf(m.http.target);
    const headers = SECRET_HEADERS.flatMap((name) => m.http.headers.get(name) ?? []);
    return user === null ? headers : [user, ...headers];
  }
  if (m.kind !== 'json') return [];
  const found: (string | number)[] = [];
  const from = secretsFrom(m.value);
  const params = m.value['params'];
  if (from >= 0 && Array.isArray(params)) collect(params.slice(from), true, 0, found);
  collect(m.value, false, 0, found);
  return found;
}

function collect(value: unknown, secret: boolean, depth: number, found: (string | number)[]): void {
  if (found.length >= 64) return;
  if (typeof value === 'string' || typeof value === 'number') {
    if (secret && value !== '') found.push(value);
  } else if (value !== null && typeof value === 'object' && depth <= MAX_DEPTH) {
    if (Array.isArray(value)) for (const item of value) collect(item, secret, depth + 1, found);
    else for (const [key, item] of Object.entries(value)) collect(item, secret || isPasswordKey(key), depth + 1, found);
  }
}
