import type { Message } from '../protocol/message.ts';

/** Characters of a message that an indication keeps. */
const MAX_EXCERPT = 512;
const HIDDEN = '***';

/** The message as evidence: bounded, passwords replaced. HTTP heads come with their credentials already replaced. */
export function excerptOf(m: Message): string {
  if (m.kind !== 'json') return bounded(m.text);
  return bounded(hidesPassword(m.value) ? JSON.stringify(withoutPasswords(m.value)) : m.text);
}

function bounded(text: string): string {
  return text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT - 1)}…` : text;
}

const PASSWORD_KEYS: ReadonlySet<string> = new Set(['pass', 'password', 'passwd', 'pwd', 'secret', 'token']);
/** Methods whose second parameter is a password. */
const PASSWORD_SECOND: ReadonlySet<string> = new Set(['mining.authorize', 'eth_submitLogin', 'eth_login', 'login']);

function hidesPassword(value: Readonly<Record<string, unknown>>): boolean {
  const method = value['method'];
  if (typeof method === 'string' && PASSWORD_SECOND.has(method)) return true;
  for (const holder of [value, value['params'], value['body']]) {
    if (holder !== null && typeof holder === 'object') {
      for (const key of Object.keys(holder)) if (PASSWORD_KEYS.has(key.toLowerCase())) return true;
    }
  }
  return false;
}

function withoutPasswords(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy = hideKeys(value);
  const params = value['params'];
  if (Array.isArray(params)) {
    copy['params'] = params.map((item, index) => {
      if (index === 1 && PASSWORD_SECOND.has(String(value['method']))) return HIDDEN;
      return item !== null && typeof item === 'object' && !Array.isArray(item) ? hideKeys(item as Record<string, unknown>) : item;
    });
  } else if (params !== null && typeof params === 'object') copy['params'] = hideKeys(params as Record<string, unknown>);
  const body = value['body'];
  if (body !== null && typeof body === 'object' && !Array.isArray(body)) copy['body'] = hideKeys(body as Record<string, unknown>);
  return copy;
}

function hideKeys(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, PASSWORD_KEYS.has(key.toLowerCase()) ? HIDDEN : item]));
}
