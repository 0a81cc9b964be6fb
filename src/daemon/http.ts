/** The HTTP side of the daemon: metrics, health, status. It reads; nothing can be changed over it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Metrics } from '../metrics/metrics.ts';
import { readiness } from './health.ts';
import type { Log } from './inputs/input.ts';
import type { DaemonStatus } from './status.ts';

/** What a stranger can hold open: 64 connections of 8 KiB of headers each, 15 seconds of silence. */
const MAX_CONNECTIONS = 64;
const MAX_HEADERS = 8192;
const HEADERS_TIMEOUT = 5_000;
const REQUEST_TIMEOUT = 10_000;
const KEEP_ALIVE = 5_000;
const SILENCE = 15_000;
/** Milliseconds that answers under way have at the end. */
const LAST_ANSWERS = 1_000;

/** Where to listen, and what to serve. */
export interface HttpOptions {
  readonly address: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly status: () => DaemonStatus;
  /** /status, which holds addresses, is served to others than this machine too. */
  readonly statusPublic: boolean;
  readonly log: Log;
}

/** A server that listens. */
export interface HttpServer {
  /** The port it listens on, also where any free one was asked for. */
  readonly port: number;
  /** Takes no further connections, lets answers under way end (a second at most), then closes. */
  close(): Promise<void>;
}

/** The server cannot be started: one line with the address, the reason and what to do. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const PAGES: Readonly<Record<string, string>> = {
  '/metrics': 'metrics for Prometheus',
  '/healthz': 'ok while the process turns',
  '/readyz': 'whether it is ready, and if not, why',
  '/status': 'everything it says of itself, as JSON',
};
const TEXT = 'text/plain; charset=utf-8';
const text = (code: number, body: string): Answer => ({ code, type: TEXT, body: `${body}\n` });
const INDEX = Object.entries(PAGES)
  .map(([path, what]) => `${path.padEnd(10)}${what}`)
  .join('\n');

/** Starts the server. Rejects with an HttpError where the address cannot be listened on. */
export function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { address, port, log } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADERS,
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      serve(options, request, response).catch((error: unknown) => {
        log.error({ error }, 'a request could not be answered');
        response.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  // Also ends those who ask and do not read the answer.
  server.setTimeout(SILENCE, (socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new HttpError(explain(error, address, port))));
    server.listen(port, address, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => log.error({ error }, 'the HTTP server met an error'));
      resolve({ port: (server.address() as AddressInfo).port, close: () => close(server) });
    });
  });
}

function explain(error: NodeJS.ErrnoException, address: string, port: number): string {
  const where = `http: cannot listen on ${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where}: another program listens there; choose another http.port or stop that program`;
    case 'EADDRNOTAVAIL':
      return `${where}: this machine has no such address; set http.address to one that it has, or to 127.0.0.1`;
    case 'EACCES':
      return `${where}: not permitted; ports below 1024 need a right that the daemon should not have: choose a higher http.port`;
    default:
      return `${where}: ${error.code ?? error.message}; check http.address and http.port`;
  }
}

async function serve(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that hangs up is no error of ours.
  response.on('error', () => response.destroy());
  request.on('error', () => response.destroy());
  const answer = await answerTo(options, request);
  if (response.destroyed) return;
  const body = Buffer.from(answer.body);
  response.writeHead(answer.code, {
    'Content-Type': answer.type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(answer.code === 405 ? { Allow: 'GET, HEAD' } : {}),
    // A body nobody asked for is not read: the connection ends instead.
    ...(hasBody(request) ? { Connection: 'close' } : {}),
  });
  response.end(body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

async function answerTo(options: HttpOptions, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (path !== '/' && !Object.hasOwn(PAGES, path)) return text(404, 'not found');
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET and HEAD');
  try {
    switch (path) {
      case '/metrics':
        return { code: 200, type: options.metrics.contentType, body: await options.metrics.text() };
      case '/readyz': {
        const { ready, reasons } = readiness(options.status());
        return ready ? text(200, 'ready') : text(503, reasons.join('\n'));
      }
      case '/status': {
        const refusal = refuseStatus(options.statusPublic, request);
        if (refusal !== null) return text(403, refusal);
        return { code: 200, type: 'application/json', body: `${JSON.stringify(options.status())}\n` };
      }
      default:
        return text(200, path === '/healthz' ? 'ok' : INDEX);
    }
  } catch (error) {
    options.log.error({ error, path }, 'the status could not be taken');
    return text(path === '/readyz' ? 503 : 500, 'the status cannot be taken now; see the log of the daemon');
  }
}

/** Why this request may not see /status, which holds addresses of miners; null = it may. */
function refuseStatus(isPublic: boolean, { socket, headers }: IncomingMessage): string | null {
  // A page in a browser on this machine may give its own name our address (DNS rebinding); only the Host header shows it.
  if (!isOwnHost(headers.host)) return 'refused: ask by address or as localhost, not by another name';
  if (isPublic) return null;
  if (!isLoopback(socket.remoteAddress)) {
    return 'refused: /status is for this machine alone; http.status_public in the configuration opens it';
  }
  // A proxy on this machine makes everybody look local.
  if (['forwarded', 'x-forwarded-for', 'via'].some((name) => headers[name] !== undefined)) {
    return 'refused: /status is not for proxies; http.status_public in the configuration opens it';
  }
  return null;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** Whether a Host header (RFC 9110 §7.2) names an address or this machine. */
function isOwnHost(host: string | undefined): boolean {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  if (parts === null) return false;
  const [, six, name = ''] = parts;
  return six === undefined ? isIP(name) === 4 || name.toLowerCase() === 'localhost' : isIP(six) === 6;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
