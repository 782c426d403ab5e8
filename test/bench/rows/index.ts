/** The rows of the bench by name. */
import type { Instance } from '../../lab/instance.ts';
import type { Figures } from '../figures.ts';
import type { Docker } from '../peers/docker.ts';
import { build } from './build.ts';
import { compose } from './compose.ts';
import { cycle } from './cycle.ts';
import { exec } from './exec.ts';
import { idle } from './idle.ts';
import { logs } from './logs.ts';
import { many } from './many.ts';
import { memory } from './memory.ts';
import { project } from './project.ts';
import { runtimes } from './runtimes.ts';
import { trace } from './trace.ts';
import { transfer } from './transfer.ts';

export type Bench = {
  readonly orc: Instance;
  readonly docker: Docker | undefined;
  readonly figures: Figures;
};
export type Row = (bench: Bench) => Promise<void>;

export const ROWS: Readonly<Record<string, Row>> = {
  cycle,
  runtimes,
  trace,
  many,
  exec,
  logs,
  project,
  compose,
  build,
  transfer,
  memory,
  idle,
};
