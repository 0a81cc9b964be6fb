/** HTTP/1.x messages with JSON bodies (RFC 9112). */

export type Headers = readonly (readonly [string, string])[];

export function httpRequest(line: string, headers: Headers, body: string): string {
  const all = [...headers, ['Content-Length', String(Buffer.byteLength(body))] as const];
  return `${line}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

export function httpResponse(status: string, headers: Headers, body: string): string {
  return httpRequest(`HTTP/1.1 ${status}`, headers, body);
}

export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
