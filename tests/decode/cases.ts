import type { Case } from './case.ts';
import { LINKS } from './cases-link.ts';
import { NETWORKS } from './cases-network.ts';
import { TUNNELS } from './cases-tunnel.ts';

export const CASES: readonly Case[] = [...NETWORKS, ...LINKS, ...TUNNELS];
