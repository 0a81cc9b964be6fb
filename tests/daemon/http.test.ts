/** The HTTP side: what is answered, to whom, and what hostile clients cannot do. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpError, type HttpOptions, type HttpServer, startHttp } from '../../src/daemon/http.ts';
import type { Log } from '../../src/daemon/inputs/input.ts';
import type { DaemonStatus } from '../../src/daemon/status.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { NAMES, sampleStatus } from '../metrics/status-sample.ts';

const servers: HttpServer[] = [];
const lines: string[] = [];
const note = (_: unknown, message: string): void => void lines.push(message);
const log: Log = { debug: note, info: note, warn: note, error: note };

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  lines.length = 0;
});

async function start(
  more: Partial<HttpOptions> = {},
  status: () => DaemonStatus = () => sampleStatus(),
): Promise<HttpServer> {
  const metrics = createMetrics(status, NAMES);
  const options = { address: '127.0.0.1', port: 0, metrics, status, statusPublic: false, log, ...more };
  const server = await startHttp(options);
  servers.push(server);
  return server;
}

interface Got {
  readonly code: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function ask(
  port: number,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
  body = '',
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, body: Buffer.concat(parts).toString(), headers: response.headers });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Everything a server says to raw bytes until it closes the connection. */
async function raw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(parts).toString('latin1');
}

describe('pages', () => {
  test('metrics, health, readiness, status and the list', async () => {
    const { port } = await start();
    const metrics = await ask(port, '/metrics');
    expect([metrics.code, metrics.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(metrics.body).toContain('\npoolprint_ready 1\n');
    expect(await ask(port, '/healthz')).toMatchObject({ code: 200, body: 'ok\n' });
    expect(await ask(port, '/readyz')).toMatchObject({ code: 200, body: 'ready\n' });
    expect(await ask(port, '/readyz?verbose=1')).toMatchObject({ code: 200 });
    const status = await ask(port, '/status');
    expect([status.code, status.headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(status.body)).toEqual(sampleStatus());
    const index = await ask(port, '/');
    for (const page of ['/metrics', '/healthz', '/readyz', '/status']) expect(index.body).toContain(page);
  });

  test('HEAD has the headers and nothing more', async () => {
    const { port } = await start();
    const { code, body, headers } = await ask(port, '/healthz', 'HEAD');
    expect([code, body, headers['content-length']]).toEqual([200, '', '3']);
  });

  test('not ready gives 503 and the reasons, without addresses and control characters', async () => {
    const notReady = ['input "routers": nothing from 192.0.2.9 or 2001:db8::9', 'ledger: \x1b[31mlocked\nby another'];
    const { port } = await start({}, () => sampleStatus({ ready: false, notReady }));
    const { code, body } = await ask(port, '/readyz');
    expect(code).toBe(503);
    expect(body).toBe('input "routers": nothing from [address] or [address]\nledger: \\x1b[31mlocked\\nby another\n');
    expect(await ask(port, '/healthz')).toMatchObject({ code: 200 });
  });

  test('a status that cannot be taken is no end', async () => {
    let broken = true;
    const { port } = await start({}, () => {
      if (broken) throw new Error('secret detail');
      return sampleStatus();
    });
    for (const [path, code] of [
      ['/metrics', 500],
      ['/status', 500],
      ['/readyz', 503],
      ['/healthz', 200],
    ] as const) {
      const got = await ask(port, path);
      expect([path, got.code]).toEqual([path, code]);
      expect(got.body).not.toContain('secret detail');
    }
    expect(lines).toContain('the status could not be taken');
    broken = false;
    expect(await ask(port, '/metrics')).toMatchObject({ code: 200 });
  });

  test.each(['/metric', '/metrics/', '//metrics', '/../etc/passwd', '/__proto__', '/toString', '/%6detrics'])(
    '%s is not found',
    async (path) => {
      const { port } = await start();
      expect(await ask(port, path)).toMatchObject({ code: 404, body: 'not found\n' });
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('%s is not allowed', async (method) => {
    const { port } = await start();
    const got = await ask(port, '/metrics', method);
    expect([got.code, got.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  test('a body is not read: the connection ends', async () => {
    const { port } = await start();
    const got = await ask(port, '/metrics', 'POST', { 'Content-Length': '5' }, 'hello');
    expect([got.code, got.headers['connection']]).toEqual([405, 'close']);
  });
});

describe('/status', () => {
  test.each(['localhost', 'LOCALHOST:9477', '127.0.0.1', '127.0.0.1:80', '[::1]:9464', '192.0.2.1:9464'])(
    'answers where Host is %s',
    async (host) => {
      const { port } = await start();
      expect(await ask(port, '/status', 'GET', { Host: host })).toMatchObject({ code: 200 });
    },
  );

  test.each([
    'rebind.example',
    'rebind.example:9477',
    'localhost.example',
    '127.0.0.1.example',
    '[fe80::1%eth0]',
    '[evil]',
    'localhost@evil',
    '127.0.0.1:99999999',
    ' ',
  ])('refuses where Host is %j', async (host) => {
    const { port } = await start({ statusPublic: true });
    const got = await ask(port, '/status', 'GET', { Host: host });
    expect(got.code).toBe(403);
    expect(got.body).not.toContain('10.1.2.3');
    // The other pages hold no addresses.
    expect(await ask(port, '/metrics', 'GET', { Host: host })).toMatchObject({ code: 200 });
  });

  test.each(['X-Forwarded-For', 'Forwarded', 'Via'])(
    'refuses what a proxy passes on (%s), unless public',
    async (name) => {
      const { port } = await start();
      expect(await ask(port, '/status', 'GET', { [name]: 'for=203.0.113.7' })).toMatchObject({ code: 403 });
      const { port: open } = await start({ statusPublic: true });
      expect(await ask(open, '/status', 'GET', { [name]: 'for=203.0.113.7' })).toMatchObject({ code: 200 });
    },
  );
});

describe('hostile clients', () => {
  test.each([
    ['garbage', Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 131) % 256))],
    ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex')],
    ['headers without end', `GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9000)}\r\n\r\n`],
    ['no Host', 'GET /metrics HTTP/1.1\r\n\r\n'],
    ['two lengths', 'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ])('%s gives 4xx and an end', async (_, bytes) => {
    const { port } = await start();
    expect(await raw(port, bytes)).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/);
    expect(await ask(port, '/healthz')).toMatchObject({ code: 200 });
  });

  test('one that hangs up in the middle changes nothing', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<string>();
    const held = {
      contentType: 'text/plain',
      text: () => {
        asked.resolve();
        return answer.promise;
      },
    };
    const { port } = await start({ metrics: held });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    await asked.promise;
    socket.resetAndDestroy();
    answer.resolve('x'.repeat(1 << 20));
    expect(await ask(port, '/healthz')).toMatchObject({ code: 200 });
    expect(lines).toEqual([]);
  });

  test('are dropped beyond 64, and the place is free again after', async () => {
    const { port } = await start();
    const held: Socket[] = [];
    for (let n = 0; n < 64; n++) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      held.push(socket);
    }
    // A request proves that the server has taken all before it.
    const last = held.at(-1)!;
    last.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(last, 'data');
    expect(await raw(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('');
    last.end();
    await once(last, 'close');
    expect(await ask(port, '/healthz')).toMatchObject({ code: 200 });
    for (const socket of held) socket.destroy();
  });

  test('cannot keep it from closing', async () => {
    const server = await start();
    const idle = connect(server.port, '127.0.0.1');
    idle.on('error', () => {});
    await once(idle, 'connect');
    idle.write('GET /metrics HTTP/1.1\r\nHo');
    await server.close();
    await expect(ask(server.port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('what cannot be listened on', () => {
  test('a port in use', async () => {
    const { port } = await start();
    const failed = await start({ port }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(HttpError);
    expect((failed as Error).message).toBe(
      `http: cannot listen on 127.0.0.1:${port}: another program listens there; choose another http.port or stop that program`,
    );
  });

  test('an address of another machine', async () => {
    await expect(start({ address: '203.0.113.1' })).rejects.toThrow(
      'http: cannot listen on 203.0.113.1:0: this machine has no such address; set http.address to one that it has',
    );
  });
});
