/** Every case, in the order in which they run. */
import type { Case } from './case.ts';
import { DEVICES } from './devices.ts';
import { LIFE } from './life.ts';
import { LIMITS } from './limits.ts';
import { NETWORK } from './network.ts';
import { PROJECT } from './project.ts';
import { ROOM } from './room.ts';

export const CASES: readonly Case[] = [...LIMITS, ...DEVICES, ...LIFE, ...NETWORK, ...PROJECT, ...ROOM];

/** Judged around all others. */
export const NOTHING_LEFT = 'nothing of it all is left behind';
