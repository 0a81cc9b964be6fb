/** The configuration of the daemon, checked and with its defaults; docs/daemon-config.md and docs/config.schema.json tell each key. */
import type { LogFormat } from '../../flowrecord/record.ts';

export interface PointConfig {
  /** Name of the observation point; inputs that share it see the same traffic (both directions of a tap) and share tables. */
  readonly name: string;
  readonly nat: 'inside' | 'outside' | 'none';
  readonly realm: string | null;
  /** Error of its clock, seconds. */
  readonly clockError: number;
  /** Customer prefixes, CIDR. */
  readonly home: readonly string[];
}

interface InputBase {
  readonly name: string;
  readonly point: string;
}

export interface LiveInputConfig extends InputBase {
  readonly kind: 'live';
  readonly interface: string;
  /** `auto`: tcpdump where it is installed and may capture, else dumpcap. */
  readonly program: 'auto' | 'tcpdump' | 'dumpcap';
  readonly filter: string | null;
  readonly snaplen: number;
  /** Kernel buffer, MiB. */
  readonly buffer: number;
  readonly promiscuous: boolean;
}

/** A FIFO (or `-`) into which another program writes a capture, e.g. the separate capture service. */
export interface PipeInputConfig extends InputBase {
  readonly kind: 'pipe';
  readonly path: string;
}

export interface SpoolInputConfig extends InputBase {
  readonly kind: 'spool';
  readonly directory: string;
  /** Glob over file names within the directory. */
  readonly pattern: string;
  readonly format: 'capture' | LogFormat;
  readonly whenDone: 'keep' | 'move' | 'delete';
  /** For `move`. */
  readonly moveTo: string | null;
  /** A file is complete when it has not grown for so long (s), or a newer one has begun. */
  readonly settle: number;
  /** How often the directory is looked through, s. */
  readonly rescan: number;
  /** Sampling rate of flow records that do not say it themselves; null = 1. */
  readonly samplingRate: number | null;
}

export interface CollectorInputConfig extends InputBase {
  readonly kind: 'collector';
  readonly address: string;
  readonly port: number;
  readonly protocols: readonly ('netflow' | 'ipfix' | 'sflow')[];
  /** Addresses or prefixes of exporters that may send; never empty. */
  readonly exporters: readonly string[];
  /** Sampling rate of exporters that do not say it themselves; null = 1. */
  readonly samplingRate: number | null;
  /** Receive buffer of the socket, MiB. */
  readonly buffer: number;
  /** Templates are forgotten after so long without refresh, s. */
  readonly templateTimeout: number;
  /** Times of flows that ended further from their arrival are put right, s; 0 = never. */
  readonly clockTolerance: number;
}

/** A flow log as a file (read to its end, then followed where `follow`), a FIFO, or `-`. */
export interface FlowLogInputConfig extends InputBase {
  readonly kind: 'flow-log';
  readonly path: string;
  readonly format: LogFormat;
  readonly follow: boolean;
  readonly samplingRate: number | null;
}

export type InputConfig =
  | LiveInputConfig
  | PipeInputConfig
  | SpoolInputConfig
  | CollectorInputConfig
  | FlowLogInputConfig;

export interface DaemonConfig {
  readonly sensor: string;
  readonly threads: number;
  /** Folder for what must survive; made where it is missing. */
  readonly stateDirectory: string;
  readonly points: readonly PointConfig[];
  readonly inputs: readonly InputConfig[];
  readonly signatures: {
    /** Folders or files beside or instead of those that come along; empty = those alone. */
    readonly paths: readonly string[];
    readonly endpoints: readonly string[];
    readonly only: readonly string[];
    readonly without: readonly string[];
  };
  /** Null = detections go to the log alone. */
  readonly ledger: {
    readonly path: string;
    readonly actor: string;
    readonly reference: string | null;
    readonly mmdb: readonly string[];
    /** Packets behind detections are kept with them. */
    readonly evidence: boolean;
  } | null;
  /** One JSON detection a line is appended here; null = nowhere. */
  readonly detectionsFile: string | null;
  readonly limits: {
    /** Flows alive at once per observation point, over all threads. */
    readonly flows: number;
    readonly conversations: number;
    /** MiB. */
    readonly reassembly: number;
    readonly recordConversations: number;
    readonly keys: number;
  };
  readonly timeouts: {
    /** Seconds. */
    readonly flowIdle: number;
    readonly flowActive: number;
    readonly recordConversationIdle: number;
  };
  readonly overload: {
    readonly enabled: boolean;
    /** Live input further behind than this (s) sheds. */
    readonly lag: number;
    /** Never fewer than this share of flows is looked at. */
    readonly leastShare: number;
  };
  readonly checkpoint: {
    /** Seconds between checkpoints: what kill -9 can lose of live input. */
    readonly interval: number;
  };
  readonly report: {
    /** Seconds between looks for new and changed detections. */
    readonly interval: number;
  };
  readonly http: {
    readonly address: string;
    /** 0 = any that is free. */
    readonly port: number;
    /** `/status` names addresses: without this it answers callers on this machine alone. */
    readonly statusPublic: boolean;
  } | null;
  /** Look-ups of pool host names; null = off. */
  readonly resolver: {
    /** Addresses of resolvers, with an optional port. */
    readonly servers: readonly string[];
    readonly interval: number;
    /** Queries a second. */
    readonly rate: number;
    readonly timeout: number;
  } | null;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'json' | 'text' };
  /** Reload when signature, registry or configuration files change, not only on SIGHUP. */
  readonly watch: boolean;
}
