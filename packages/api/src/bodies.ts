/** The documents that requests carry: the types of `backend.ts` and `model`, with what checks them. */
import type { DownOptions, NetworkSpec, ProjectAction, VolumeSpec } from '@orc/model';
import * as documents from '@orc/model/documents';
import type {
  Backend,
  BuildOptions,
  ContextFile,
  CreateContainer,
  ExecConfig,
  PutProject,
} from './backend.ts';

export type Bodies = {
  readonly BootstrapRequest: documents.BootstrapRequest;
  readonly BuildRequest: { readonly context: string | null; readonly options: BuildOptions };
  readonly ContextRequest: { readonly key: string; readonly files: readonly ContextFile[] };
  readonly CreateContainer: CreateContainer;
  readonly CreateNetwork: { readonly name: string; readonly spec: NetworkSpec };
  readonly CreateVolume: { readonly name?: string; readonly spec: VolumeSpec };
  readonly DownOptions: DownOptions;
  readonly ExecConfig: ExecConfig;
  readonly KillRequest: documents.KillRequest;
  readonly Nothing: documents.Nothing;
  readonly ProjectAction: ProjectAction;
  readonly PullRequest: { readonly reference: string } & Parameters<Backend['pullImage']>[1];
  readonly PutProject: PutProject;
  readonly SaveRequest: documents.SaveRequest;
  readonly StopRequest: Parameters<Backend['stopContainer']>[1];
  readonly TagsRequest: { readonly reference: string } & Parameters<Backend['remoteTags']>[1];
  readonly TagRequest: documents.TagRequest;
};
export type BodyName = keyof Bodies;

/** Schemas know no brands; `test/agreement.ts` shows that the types are else the same. */
export const BODIES = documents satisfies Readonly<Record<BodyName, unknown>> as unknown as {
  readonly [Name in BodyName]: documents.Validator<Bodies[Name]>;
};
