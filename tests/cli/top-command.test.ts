/** `poolprint top` against a real HTTP server; the terminal is a made-up one. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import type { CliEnvironment, StopSignal } from '../../src/cli/environment.ts';
import { UsageError } from '../../src/cli/exit.ts';
import { topCommand } from '../../src/cli/top-command.ts';
import { describeTop, type RawTopArguments, topArguments } from '../../src/cli/top-options.ts';
import { TopError } from '../../src/cli/top-status.ts';
import type { Terminal } from '../../src/cli/top-terminal.ts';
import { NOW, SECOND, sampleStatus } from './top-sample.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener, port = 0): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${bound}`, port: bound, server };
}
const status: RequestListener = (request, response) => {
  response.statusCode = request.url === '/status' ? 200 : 404;
  response.end(JSON.stringify(sampleStatus()));
};

interface Screen {
  readonly environment: CliEnvironment;
  readonly terminal: Terminal;
  readonly frames: string[];
  readonly printed: string[];
  press(keys: string): void;
  signal(name: StopSignal): void;
  resize(columns: number, rows: number): void;
  /** How often the screen was taken over and given back. */
  opened: number;
  left: number;
}

function screen(isTTY: boolean, env: Record<string, string> = {}): Screen {
  let handlers: { onKeys(keys: string): void; onResize(): void } | null = null;
  let onSignal: (name: StopSignal) => void = () => undefined;
  let size = { columns: 100, rows: 30 };
  const made: Omit<Screen, 'environment' | 'terminal'> = {
    frames: [],
    printed: [],
    opened: 0,
    left: 0,
    press: (keys) => handlers?.onKeys(keys),
    signal: (name) => onSignal(name),
    resize(columns, rows) {
      size = { columns, rows };
      handlers?.onResize();
    },
  };
  const output = {
    isTTY,
    columns: 100,
    write(text: string, done?: (error?: Error | null) => void) {
      made.printed.push(text);
      done?.();
      return true;
    },
  };
  const never = (): never => {
    throw new Error('not for top');
  };
  const environment: CliEnvironment = {
    loadEngine: never,
    loadSignatures: never,
    loadEndpoints: never,
    stdout: output,
    stderr: output,
    env,
    now: () => performance.now(),
    clock: () => NOW + 5 * SECOND,
    random: never,
    user: never,
    onSignal: (handler) => {
      onSignal = handler;
    },
    exit: never,
  };
  const terminal: Terminal = {
    size: () => size,
    open(given) {
      made.opened++;
      handlers = given;
      return () => {
        made.left++;
      };
    },
    draw: (lines) => void made.frames.push(lines.join('\n')),
  };
  return Object.assign(made, { environment, terminal });
}

describe('once', () => {
  test.each<[string, boolean, RawTopArguments, Record<string, string>]>([
    ['asked for', true, { once: true, color: 'never' }, {}],
    ['no terminal', false, {}, {}],
    ['a terminal that can nothing', true, {}, { TERM: 'dumb' }],
  ])('%s: prints the state and ends', async (_, isTTY, raw, env) => {
    const { url } = await serve(status);
    const s = screen(isTTY, env);
    expect(await topCommand({ ...raw, url }, s.environment, s.terminal)).toBe(0);
    expect(s.printed.join('')).toContain('poolprint 1.0.0  sensor-a  up 2 h 0 min');
    expect([s.opened, s.frames.length]).toEqual([0, 0]);
  });

  test('NO_COLOR, --color and --lang are heeded', async () => {
    const { url } = await serve(status);
    const text = async (raw: RawTopArguments, env: Record<string, string>): Promise<string> => {
      const s = screen(true, env);
      await topCommand({ ...raw, once: true, url }, s.environment, s.terminal);
      return s.printed.join('');
    };
    expect(await text({}, {})).toContain('\x1b[');
    expect(await text({}, { NO_COLOR: '1' })).not.toContain('\x1b');
    expect(await text({ color: 'never', lang: 'zh' }, {})).toContain('已运行 2 h 0 min  就绪');
    expect(await text({ color: 'never' }, { LANG: 'zh_CN.UTF-8' })).toContain('就绪');
  });

  test('a daemon that is not there: one clear line, exit code 1', async () => {
    const { url, server } = await serve(status);
    await new Promise((done) => server.close(done));
    const s = screen(false);
    const failed = topCommand({ url }, s.environment, s.terminal);
    await expect(failed).rejects.toBeInstanceOf(TopError);
    await expect(failed).rejects.toMatchObject({
      exitCode: 1,
      message: `cannot reach the daemon at ${url}/status: connection refused; is 'poolprint run' running, with this address and port under 'http'?`,
    });
  });

  test.each<[string, RequestListener, RegExp]>([
    ['another page', (_, response) => response.end('<html>'), /with something else than the status/],
    ['other JSON', (_, response) => response.end('{"a":1}'), /with something else than the status/],
    ['not found', (_, response) => response.writeHead(404).end(), /answered 404/],
    ['forbidden', (_, response) => response.writeHead(403).end(), /on its own machine alone/],
    ['elsewhere', (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end(), /cannot reach/],
    ['cut off', (request) => request.socket.destroy(), /cannot reach .*: connection (?:closed|reset)/],
    [
      'without end',
      (_, response) => {
        const piece = Buffer.alloc(1 << 20, 0x20);
        const more = (): void => {
          while (response.write(piece));
          response.once('drain', more);
        };
        more();
      },
      /more than 16777216 bytes/,
    ],
  ])('%s: one line', async (_, listener, line) => {
    const { url } = await serve(listener);
    const s = screen(false);
    const error: unknown = await topCommand({ url }, s.environment, s.terminal).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TopError);
    expect((error as Error).message).toMatch(line);
    expect((error as Error).message).not.toContain('\n');
  });
});

describe('live', () => {
  const start = (url: string, s: Screen): Promise<number> =>
    topCommand({ url, interval: '0.2' }, s.environment, s.terminal);

  test.each(['q', 'Q', '\x03', 'xq'])('shows frames until %j, and gives the terminal back', async (key) => {
    const { url } = await serve(status);
    const s = screen(true);
    const code = start(url, s);
    await vi.waitFor(() => expect(s.frames.length).toBeGreaterThan(2));
    expect(s.frames[0]).toContain(`connecting to ${url}/status`);
    expect(s.frames.at(-1)).toContain('q: quit');
    s.press(key);
    expect(await code).toBe(0);
    expect([s.opened, s.left]).toEqual([1, 1]);
    const drawn = s.frames.length;
    s.resize(50, 10);
    expect(s.frames).toHaveLength(drawn);
  });

  test('other keys change nothing', async () => {
    const { url } = await serve(status);
    const s = screen(true);
    const code = start(url, s);
    s.press('x');
    s.press('\x1b[q');
    await vi.waitFor(() => expect(s.frames.length).toBeGreaterThan(1));
    expect(s.left).toBe(0);
    s.press('q');
    await code;
  });

  test.each<[StopSignal, number]>([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('%s gives the terminal back and ends with %i', async (name, expected) => {
    const { url } = await serve(status);
    const s = screen(true);
    const code = start(url, s);
    s.signal(name);
    s.press('q');
    expect(await code).toBe(expected);
    expect(s.left).toBe(1);
  });

  test('an error gives the terminal back too', async () => {
    const { url } = await serve(status);
    const s = screen(true);
    const broken: Terminal = {
      ...s.terminal,
      draw() {
        throw new Error('screen');
      },
    };
    await expect(topCommand({ url }, s.environment, broken)).rejects.toThrow('screen');
    expect(s.left).toBe(1);
  });

  test('draws anew where the size changes', async () => {
    const { url } = await serve(status);
    const s = screen(true);
    const code = topCommand({ url, interval: '3600', color: 'never' }, s.environment, s.terminal);
    await vi.waitFor(() => expect(s.frames).toHaveLength(2));
    s.resize(40, 8);
    expect(s.frames).toHaveLength(3);
    expect(s.frames[2]?.split('\n').every((line) => line.length <= 40)).toBe(true);
    expect(s.frames[2]?.split('\n').length).toBeLessThanOrEqual(8);
    s.press('q');
    await code;
  });

  test('a daemon that goes away is said so, with what was last seen, and found again', async () => {
    const first = await serve(status);
    const s = screen(true, { NO_COLOR: '1' });
    const code = start(first.url, s);
    await vi.waitFor(() => expect(s.frames.at(-1)).toContain('sensor-a'));
    first.server.closeAllConnections();
    await new Promise((done) => first.server.close(done));
    await vi.waitFor(() =>
      expect(s.frames.at(-1)).toMatch(
        /^not reachable since 2026-03-01 08:00:05 UTC \(0 s\), trying again: connection refused/,
      ),
    );
    expect(s.frames.at(-1)).toContain('sensor-a');
    await serve(status, first.port);
    await vi.waitFor(() => expect(s.frames.at(-1)).toMatch(/^poolprint/));
    s.press('q');
    expect(await code).toBe(0);
  });
});

describe('arguments', () => {
  test('by default this machine, every two seconds', () => {
    const { url, interval, once, color, language } = topArguments({});
    expect([url.href, interval, once, color, language]).toEqual([
      'http://127.0.0.1:9477/status',
      2,
      false,
      'auto',
      null,
    ]);
  });

  test.each([
    ['http://127.0.0.1:1', 'http://127.0.0.1:1/status'],
    ['http://127.0.0.1:1/', 'http://127.0.0.1:1/status'],
    ['https://[2001:db8::1]:8443/a/b/?x#y', 'https://[2001:db8::1]:8443/a/b/status'],
    ['http://localhost:1/status', 'http://localhost:1/status'],
  ])('%s asks %s', (url, href) => {
    expect(topArguments({ url }).url.href).toBe(href);
  });

  test.each<[RawTopArguments]>([
    [{ url: 'ftp://127.0.0.1' }],
    [{ url: 'file:///etc/passwd' }],
    [{ url: '127.0.0.1:9477' }],
    [{ url: '' }],
    [{ url: 'http://a:b@127.0.0.1' }],
    [{ url: ['http://127.0.0.1', 'http://127.0.0.2'] }],
    [{ interval: '0' }],
    [{ interval: '' }],
    [{ interval: '-1' }],
    [{ interval: 'x' }],
    [{ interval: '3601' }],
  ])('%j is wrong usage', (raw) => {
    expect(() => topArguments(raw)).toThrow(UsageError);
  });

  test('the help names every option', async () => {
    const help = await describeTop(yargs([])).help().getHelp();
    for (const name of ['--url', '--once', '--interval', '--color', '--lang']) expect(help).toContain(name);
  });
});
