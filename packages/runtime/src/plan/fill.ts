/** What the image has at a fresh volume's place, copied before the launch: it may take long, and holds nobody else up. */
import type { ResolvedMount } from '../types.ts';
import { CLONE, MS } from './flags.ts';
import { OVERLAY_OPTIONS } from './mounts.ts';
import { type LaunchPlan, type Op, planOf } from './ops.ts';

type Bind = Extract<ResolvedMount, { readonly type: 'bind' }>;

/** Beside the data, where no container comes: the copy was completed. */
export const markerOf = (volume: string): string => `${volume}.copied`;

/** Volumes that an image's files may go into. */
export const volumesToFill = (mounts: readonly ResolvedMount[]): readonly Bind[] =>
  mounts.filter((each): each is Bind => each.type === 'bind' && each.copyUp === true);

/** Docker's order: each volume gets what the image has, not what another volume holds at that place. */
export const fillPlan = (folder: string, layers: readonly string[], volumes: readonly Bind[]): LaunchPlan =>
  planOf([
    ...ownRootOps(folder, layers),
    ...volumes.map(
      ({ source, target }): Op => ({ op: 'copy-up', path: target, folder: source, marker: markerOf(source) }),
    ),
  ]);

/** The root, to be read in a mount namespace that ends with the plan, when nobody else has mounted it (DECISIONS 11). */
export const ownRootOps = (folder: string, layers: readonly string[]): readonly Op[] => [
  { op: 'lock', folder },
  ...rootOps(`${folder}/work`, [`${folder}/upper`, ...layers.toReversed()]),
];

/** The same of the image alone, whoever has mounted what: two layers or more. */
export const imageRootOps = (folder: string, layers: readonly string[]): readonly Op[] =>
  rootOps(`${folder}/work`, layers.toReversed());

const rootOps = (target: string, layers: readonly string[]): readonly Op[] => [
  { op: 'unshare', flags: CLONE.NEWNS },
  { op: 'propagation', path: '/', flags: MS.REC | MS.SLAVE },
  { op: 'overlay', target, upper: '', work: '', options: OVERLAY_OPTIONS, layers },
  { op: 'root', path: target },
];
