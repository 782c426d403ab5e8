import type { Project } from '@orc/model';
import type { ComposeModel } from '../../compose-model.ts';
import type { Inputs } from '../1-read/inputs.ts';
import type { Loading } from '../loading.ts';
import type { MapNode } from '../node.ts';
export function translate(_l: Loading, _t: MapNode, _m: ComposeModel, _i: Inputs): Project | undefined {
  return undefined;
}
