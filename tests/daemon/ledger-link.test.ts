/** What the daemon does about a ledger whose thread dies: one that is made, and a real one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DaemonConfig } from '../../src/daemon/config/types.ts';
import { LedgerLink, type LedgerLinkOptions } from '../../src/daemon/ledger/ledger-link.ts';
import type { LedgerAnswer, LedgerOrder, LedgerRequest } from '../../src/daemon/ledger/messages.ts';
import { Case } from '../cli/case-town.ts';
import { FakeWorld } from './world.ts';

type Settings = NonNullable<DaemonConfig['ledger']>;

const SETTINGS: Settings = { path: 'l.ledger', actor: 'daemon', reference: null, mmdb: [], evidence: false };
const DIED = /^error the ledger failed; it is opened again /;

/** A ledger that notes what it is asked and dies when it is told to. */
class MadeLedger {
  readonly asked: LedgerRequest[] = [];
  readonly order: LedgerOrder;
  readonly die: (reason: string) => void;
  heap = 7;
  closed = 0;
  refusal: Error | null = null;
  reloaded = false;

  constructor(order: LedgerOrder, onFailure: (error: Error) => void) {
    this.order = order;
    this.die = (reason) => {
      this.refusal = new Error(reason);
      onFailure(this.refusal);
    };
  }

  async ask(request: LedgerRequest): Promise<LedgerAnswer> {
    if (this.refusal !== null) throw this.refusal;
    this.asked.push(request);
    return { sequence: 1, error: null, reloaded: this.reloaded };
  }

  async leads(): Promise<readonly { status: string; region: string; count: number }[]> {
    return [{ status: 'new', region: 'unknown', count: this.asked.length }];
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

let world: FakeWorld;
let settings: Settings | null;
let opened: MadeLedger[];
/** Why the ledger cannot be opened now; and what holds up its opening. */
let broken: string | null;
let gate: Promise<void>;
beforeEach(() => {
  world = new FakeWorld();
  settings = SETTINGS;
  opened = [];
  broken = null;
  gate = Promise.resolve();
});

function made(): LedgerLink {
  const open: NonNullable<LedgerLinkOptions['open']> = async (order, onFailure) => {
    await gate;
    if (broken !== null) throw new Error(broken);
    const ledger = new MadeLedger(order, onFailure);
    opened.push(ledger);
    return ledger;
  };
  return new LedgerLink({ settings: () => settings, env: { LANG: 'C' }, after: world.after, log: world.log, open });
}

async function running(): Promise<{ readonly link: LedgerLink; readonly ledger: MadeLedger }> {
  const link = made();
  await link.open();
  return { link, ledger: opened[0] as MadeLedger };
}

const deaths = (): string[] => world.lines.filter((line) => DIED.test(line));

describe('a ledger that is open', () => {
  test('is opened as the settings say, and asked', async () => {
    const { link, ledger } = await running();
    expect(ledger.order).toEqual({ path: 'l.ledger', actor: 'daemon', reference: null, mmdb: [], env: { LANG: 'C' } });
    expect(link).toMatchObject({ problem: null, heap: 7, leads: null });
    await link.ping();
    expect(await link.ask({ kind: 'leads' })).toMatchObject({ error: null });
    await link.reload({ reference: 'tables', mmdb: ['a.mmdb'] });
    expect(ledger.asked).toEqual([
      { kind: 'ping' },
      { kind: 'leads' },
      { kind: 'reload', reference: 'tables', mmdb: ['a.mmdb'] },
    ]);
    await link.countLeads();
    expect(link.leads).toEqual([{ status: 'new', region: 'unknown', count: 3 }]);
    await link.close();
    expect(ledger.closed).toBe(1);
    expect(world.lines).toEqual([]);
  });

  test('says where another process has changed the registry, and not where none has', async () => {
    const { link, ledger } = await running();
    await link.refresh();
    expect(world.lines).toEqual([]);
    ledger.reloaded = true;
    await link.refresh();
    expect(world.lines).toEqual(['info the registry was changed and is read anew {}']);
  });

  test('what it refuses comes through as it is, and is no reason to open it again', async () => {
    const { link, ledger } = await running();
    const refusal = new Error('no such table');
    ledger.refusal = refusal;
    await expect(link.ask({ kind: 'leads' })).rejects.toBe(refusal);
    await expect(link.reload(SETTINGS)).rejects.toBe(refusal);
    await expect(link.refresh()).rejects.toBe(refusal);
    await expect(link.ping()).rejects.toBe(refusal);
    expect(link.problem).toBeNull();
    expect(world.waiting).toBe(0);
  });
});

test('one that cannot be opened at the start rejects with its line, and is not tried again', async () => {
  broken = 'l.ledger: is no ledger';
  const link = made();
  await expect(link.open()).rejects.toThrow('l.ledger: is no ledger');
  expect(world.waiting).toBe(0);
  await link.close();
});

test('where none is configured nothing is opened, and what is asked is refused', async () => {
  settings = null;
  const link = made();
  await link.open();
  expect(opened).toEqual([]);
  await expect(link.ask({ kind: 'ping' })).rejects.toThrow('the ledger is not open');
  await Promise.all([link.ping(), link.refresh(), link.countLeads(), link.reload(SETTINGS), link.close()]);
  expect(link).toMatchObject({ problem: null, heap: 0, leads: null });
});

describe('a thread that dies', () => {
  test('is told once, asks are refused meanwhile, and after half a minute it is open again', async () => {
    const { link, ledger } = await running();
    await link.countLeads();
    ledger.die('out of memory');
    expect(link).toMatchObject({ problem: 'out of memory', heap: 0 });
    expect(deaths()).toEqual([expect.stringContaining('"problem":"out of memory"')]);
    await expect(link.ask({ kind: 'leads' })).rejects.toThrow('out of memory');
    // The watchdog is not to end a daemon whose ledger is being seen to, nor is the reload of the rest refused.
    await Promise.all([link.ping(), link.refresh(), link.countLeads(), link.reload(SETTINGS)]);
    // Other tables would be taken unseen, and might keep it from ever opening again.
    await expect(link.reload({ reference: null, mmdb: ['bad.mmdb'] })).rejects.toThrow(
      /while it is not open .*reload again/,
    );
    expect(link.leads).toEqual([{ status: 'new', region: 'unknown', count: 0 }]);
    await world.advance(29);
    expect(opened).toHaveLength(1);
    await world.advance(1);
    expect(opened).toHaveLength(2);
    expect(link).toMatchObject({ problem: null, heap: 7 });
    await link.ask({ kind: 'leads' });
    expect(opened.map(({ asked }) => asked.length)).toEqual([0, 1]);
    expect(deaths()).toHaveLength(1);
    expect(world.waiting).toBe(0);
  });

  test('is tried until it opens, each time with the settings that hold then', async () => {
    const { link, ledger } = await running();
    ledger.die('out of memory');
    broken = 'the disk is gone';
    await world.advance(30);
    expect(link.problem).toBe('the disk is gone');
    await expect(link.ask({ kind: 'leads' })).rejects.toThrow('the disk is gone');
    await world.advance(60);
    expect(deaths()).toHaveLength(4);
    broken = null;
    settings = { ...SETTINGS, mmdb: ['new.mmdb'] };
    await world.advance(30);
    expect(link.problem).toBeNull();
    expect(opened[1]?.order.mmdb).toEqual(['new.mmdb']);
  });

  test('again and again is opened again each time', async () => {
    const { link } = await running();
    for (let i = 0; i < 3; i++) {
      opened[i]?.die(`death ${i}`);
      expect(link.problem).toBe(`death ${i}`);
      await world.advance(30);
      expect(link.problem).toBeNull();
    }
    expect(opened).toHaveLength(4);
  });
});

describe('at the end', () => {
  test('what is open answers still, and its death is no longer anything to see to', async () => {
    const { link, ledger } = await running();
    link.stop();
    await link.ask({ kind: 'leads' });
    ledger.die('ended');
    await expect(link.ask({ kind: 'leads' })).rejects.toThrow('ended');
    expect(world.lines).toEqual([]);
    expect(world.waiting).toBe(0);
    await link.close();
    expect(ledger.closed).toBe(1);
  });

  test('one that waits is opened no more', async () => {
    const { link, ledger } = await running();
    ledger.die('ended');
    link.stop();
    expect(world.waiting).toBe(0);
    await world.advance(60);
    expect(opened).toHaveLength(1);
    await link.close();
  });

  test('one that is being opened is closed, with no thread left', async () => {
    const { link, ledger } = await running();
    ledger.die('ended');
    let open = (): void => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const passed = world.advance(30);
    link.stop();
    open();
    await passed;
    expect(opened[1]?.closed).toBe(1);
    await expect(link.ask({ kind: 'leads' })).rejects.toThrow('ended');
    expect(world.waiting).toBe(0);
  });
});

describe('a real one', () => {
  let town: Case;
  let link: LedgerLink;
  beforeEach(() => {
    town = new Case();
    settings = { ...SETTINGS, path: town.ledger };
    link = new LedgerLink({ settings: () => settings, env: {}, after: world.after, log: world.log });
  });
  afterEach(async () => {
    link.stop();
    await link.close();
    town.cleanUp();
  });

  const thread = (): { terminate(): Promise<number> } =>
    (link as unknown as { client: { worker: { terminate(): Promise<number> } } }).client.worker;

  test('whose thread is ended under a request: that is refused, and the next thread answers', async () => {
    await link.open();
    await link.countLeads();
    expect(link.leads).toEqual([]);
    expect(link.heap).toBeGreaterThan(1e6);
    const waiting = link.ask({ kind: 'leads' });
    await thread().terminate();
    await expect(waiting).rejects.toThrow('the thread of the ledger has ended');
    expect(link).toMatchObject({ problem: 'the thread of the ledger has ended', heap: 0 });
    expect(deaths()).toHaveLength(1);
    await world.advance(30);
    expect(link.problem).toBeNull();
    expect(await link.ask({ kind: 'leads' })).toMatchObject({ error: null, leads: [] });
    expect((await town.run('ledger', 'verify')).code).toBe(0);
  });

  test('whose file is none when it is opened again: one line, until it is one', async () => {
    await link.open();
    town.put('other.ledger', 'this is no ledger, but a text of some length that stands where one should be');
    settings = { ...SETTINGS, path: town.at('other.ledger') };
    await thread().terminate();
    await world.advance(30);
    expect(link.problem).toMatch(/^[^\n]*other\.ledger[^\n]*$/);
    settings = { ...SETTINGS, path: town.ledger };
    await world.advance(30);
    expect(link.problem).toBeNull();
    await link.ping();
  });
});
