import type { DaemonConfig } from '../config/types.ts';
import type { Log } from '../inputs/input.ts';
import { LedgerClient } from './ledger-client.ts';
import type { LeadCount, LedgerAnswer, LedgerOrder, LedgerRequest } from './messages.ts';

/** Seconds after which a ledger whose thread died is opened again. */
const RETRY = 30;

type OpenLedger = Pick<LedgerClient, 'ask' | 'leads' | 'close' | 'heap'>;

/** What is opened, and how failures are told and tried again. */
export interface LedgerLinkOptions {
  /** The settings that hold now; null: there is no ledger. */
  readonly settings: () => DaemonConfig['ledger'];
  /** Environment variables, which the settings of the command line may come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back after `seconds`; the result cancels. */
  readonly after: (seconds: number, run: () => void) => () => void;
  readonly log: Log;
  /** Opens the ledger; another one in tests. Rejects with one line; `onFailure`: what was open failed. */
  readonly open?: (order: LedgerOrder, onFailure: (error: Error) => void) => Promise<OpenLedger>;
}

/** The ledger as the rest of the daemon knows it: where its thread dies it is opened again, and until then refuses. */
export class LedgerLink {
  private readonly options: LedgerLinkOptions;
  private client: OpenLedger | null = null;
  private failure: string | null = null;
  private counted: readonly LeadCount[] | null = null;
  private stopping = false;
  private cancel: () => void = () => undefined;

  constructor(options: LedgerLinkOptions) {
    this.options = options;
  }

  /** Why the ledger cannot be used now, one line; null where it can, and where there is none. */
  get problem(): string | null {
    return this.failure;
  }

  /** Heap in use by its thread, bytes, as of its last answer; 0 while it is not open. */
  get heap(): number {
    return this.client?.heap ?? 0;
  }

  /** Leads as `countLeads` counted them last; null before that. */
  get leads(): readonly LeadCount[] | null {
    return this.counted;
  }

  /** Opens the ledger, where there is one. Rejects with one line where it cannot be used. */
  async open(): Promise<void> {
    const settings = this.options.settings();
    if (settings !== null) this.client = await this.connect(settings);
  }

  /** Rejects with the ledger's own line where it refuses, and with its problem while it is not open. */
  async ask(request: LedgerRequest): Promise<LedgerAnswer> {
    if (this.client === null) throw new Error(this.failure ?? 'the ledger is not open');
    return await this.client.ask(request);
  }

  /**
   * Reads registry and tables anew. Rejects with one line where they cannot be used: the old ones stay. A ledger that is
   * not open cannot say whether other tables than those in the settings can be used: they are refused.
   */
  async reload({ reference, mmdb }: Pick<LedgerOrder, 'reference' | 'mmdb'>): Promise<void> {
    if (this.client !== null) {
      await this.client.ask({ kind: 'reload', reference, mmdb });
      return;
    }
    const known = this.options.settings();
    if (known === null || (known.reference === reference && known.mmdb.join('\n') === mmdb.join('\n'))) return;
    throw new Error(
      `ledger: other tables cannot be tried while it is not open (${this.failure}); reload again when it is`,
    );
  }

  /** Reads the registry anew where another process has changed it. Rejects where the ledger refuses. */
  async refresh(): Promise<void> {
    const answer = await this.client?.ask({ kind: 'refresh' });
    if (answer?.reloaded === true) this.options.log.info({}, 'the registry was changed and is read anew');
  }

  /** Counts the leads anew, where the ledger is open. Rejects where it refuses. */
  async countLeads(): Promise<void> {
    if (this.client !== null) this.counted = await this.client.leads();
  }

  /** Settles once its thread answers, at once where it is not open: that is being seen to. Rejects where it is gone. */
  async ping(): Promise<void> {
    await this.client?.ask({ kind: 'ping' });
  }

  /** It is opened no more, whatever happens to it; one that is open goes on to answer. */
  stop(): void {
    this.stopping = true;
    this.cancel();
  }

  /** Waits for what was asked, then closes. Never rejects. */
  async close(): Promise<void> {
    await this.client?.close();
  }

  private async connect({ path, actor, reference, mmdb }: NonNullable<DaemonConfig['ledger']>): Promise<OpenLedger> {
    const { env, open = LedgerClient.open } = this.options;
    return await open({ path, actor, reference, mmdb, env }, (error) => this.failed(error));
  }

  /** The thread of the ledger died, or could not be started again: detections wait meanwhile. */
  private failed(error: Error): void {
    if (this.stopping) return;
    const { after, log } = this.options;
    this.client = null;
    this.failure = error.message;
    log.error({ problem: error.message }, 'the ledger failed; it is opened again');
    this.cancel = after(RETRY, () => this.openAgain());
  }

  private async openAgain(): Promise<void> {
    const settings = this.options.settings();
    if (settings === null || this.stopping) return;
    try {
      const client = await this.connect(settings);
      if (this.stopping) return await client.close();
      this.client = client;
      this.failure = null;
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
