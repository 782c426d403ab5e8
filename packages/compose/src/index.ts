export { ATTRIBUTES, type Honour, type Row, compatibilityTable } from './compatibility.ts';
export type * from './compose-model.ts';
export { LIMITS } from './limits.ts';
export { parseEnvFiles } from './plan/1-read/dotenv.ts';
export { loadProject } from './plan/load.ts';
export { splitWords } from './plan/5-canonical/command.ts';
export { configHash } from './plan/9-translate/labels.ts';
export { variablesOf } from './plan/3-interpolate/template.ts';
export { renderJson, renderYaml } from './render.ts';
export { type Resolved, resolveProject } from './resolve.ts';
export type {
  AttributeStatus,
  AttributeUse,
  Fact,
  LoadInput,
  LoadOptions,
  LoadResult,
  Need,
} from './types.ts';
