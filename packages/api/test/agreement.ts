/**
 * The types of `model` and `backend.ts` beside those of `schemas/`: each row compiles only while both are the same, but
 * for brands and `readonly`.
 */
import type * as model from '@orc/model';
import type * as documents from '@orc/model/documents';
import type * as backend from '../src/backend.ts';
import type { Bodies } from '../src/bodies.ts';

/** A branded string has keys that strings have not. */
type Plain<T> = T extends string
  ? keyof T extends keyof string
    ? T
    : string
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { -readonly [Key in keyof T]: Plain<T[Key]> }
      : T;
type Identical<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : 'these types differ';
type Same<A, B> = Identical<Plain<A>, Plain<B>>;

const same = <A, B>(holds: Same<A, B>): Same<A, B> => holds;

type Answer<Name extends keyof backend.Backend> = Awaited<ReturnType<backend.Backend[Name]>>;
type RowOf<Rows> =
  Rows extends AsyncIterable<infer Row> ? Row : Rows extends readonly (infer Row)[] ? Row : never;

export const AGREED = {
  AnyObj: same<documents.AnyObj, model.AnyObj>(true),
  BindMount: same<documents.BindMount, model.BindMount>(true),
  BuildOptions: same<documents.BuildOptions, backend.BuildOptions>(true),
  BuildRequest: same<documents.BuildRequest, Bodies['BuildRequest']>(true),
  BuildSpec: same<documents.BuildSpec, model.BuildSpec>(true),
  Change: same<documents.Change, model.Change>(true),
  ChangeSet: same<documents.ChangeSet, model.ChangeSet>(true),
  ConfigObj: same<documents.ConfigObj, model.ConfigObj>(true),
  Container: same<documents.Container, model.Container>(true),
  ContainerOwner: same<documents.ContainerOwner, model.ContainerOwner>(true),
  ContainerSpec: same<documents.ContainerSpec, model.ContainerSpec>(true),
  ContainerSize: same<documents.ContainerSize, backend.ContainerSize>(true),
  ContainerStatus: same<documents.ContainerStatus, model.ContainerStatus>(true),
  ContainerSummary: same<documents.ContainerSummary, backend.ContainerSummary>(true),
  ContextFile: same<documents.ContextFile, backend.ContextFile>(true),
  ContextRequest: same<documents.ContextRequest, Bodies['ContextRequest']>(true),
  CreateContainer: same<documents.CreateContainer, backend.CreateContainer>(true),
  CreateNetwork: same<documents.CreateNetwork, Bodies['CreateNetwork']>(true),
  CreateVolume: same<documents.CreateVolume, Bodies['CreateVolume']>(true),
  CreatedContainer: same<documents.CreatedContainer, Answer<'createContainer'>>(true),
  CreatedExec: same<documents.CreatedExec, Answer<'createExec'>>(true),
  Declared: same<documents.Declared, model.Declared>(true),
  DependencyFailed: same<documents.DependencyFailed, model.DependencyFailed>(true),
  DependsOn: same<documents.DependsOn, model.DependsOn>(true),
  DeviceMapping: same<documents.DeviceMapping, model.DeviceMapping>(true),
  DownOptions: same<documents.DownOptions, model.DownOptions>(true),
  Endpoint: same<documents.Endpoint, model.Endpoint>(true),
  ExecConfig: same<documents.ExecConfig, backend.ExecConfig>(true),
  ExecState: same<documents.ExecState, backend.ExecState>(true),
  Exit: same<documents.Exit, model.Exit>(true),
  Failure: same<documents.Failure, model.Failure>(true),
  FieldChange: same<documents.FieldChange, model.FieldChange>(true),
  FileMount: same<documents.FileMount, model.FileMount>(true),
  Health: same<documents.Health, model.Health>(true),
  Healthcheck: same<documents.Healthcheck, model.Healthcheck>(true),
  ImageConfig: same<documents.ImageConfig, model.ImageConfig>(true),
  ImageProgress: same<documents.ImageProgress, backend.ImageProgress>(true),
  ImageStep: same<documents.ImageStep, model.ImageStep>(true),
  ImageSummary: same<documents.ImageSummary, model.ImageSummary>(true),
  ImageView: same<documents.ImageView, Answer<'inspectImage'>>(true),
  ImportedImage: same<documents.ImportedImage, Answer<'importImage'>>(true),
  Logging: same<documents.Logging, model.Logging>(true),
  Missing: same<documents.Missing, model.Missing>(true),
  Mount: same<documents.Mount, model.Mount>(true),
  NamespaceMode: same<documents.NamespaceMode, model.NamespaceMode>(true),
  NetworkAttachment: same<documents.NetworkAttachment, model.NetworkAttachment>(true),
  NetworkMode: same<documents.NetworkMode, model.NetworkMode>(true),
  NetworkObj: same<documents.NetworkObj, model.NetworkObj>(true),
  NetworkSpec: same<documents.NetworkSpec, model.NetworkSpec>(true),
  NetworkStatus: same<documents.NetworkStatus, model.NetworkStatus>(true),
  NetworkView: same<documents.NetworkView, Answer<'getNetwork'>>(true),
  NodeObj: same<documents.NodeObj, model.NodeObj>(true),
  NodeRefusal: same<documents.NodeRefusal, model.NodeRefusal>(true),
  OpenedContext: same<documents.OpenedContext, Answer<'openContext'>>(true),
  OrcEvent: same<documents.OrcEvent, model.OrcEvent>(true),
  PlacementReason: same<documents.PlacementReason, model.PlacementReason>(true),
  PlannedChange: same<documents.PlannedChange, model.PlannedChange>(true),
  PortBinding: same<documents.PortBinding, model.PortBinding>(true),
  Problem: same<documents.Problem, model.Problem>(true),
  Project: same<documents.Project, model.Project>(true),
  ProjectAction: same<documents.ProjectAction, model.ProjectAction>(true),
  ProjectFile: same<documents.ProjectFile, model.ProjectFile>(true),
  ProjectNetwork: same<documents.ProjectNetwork, model.ProjectNetwork>(true),
  ProjectObj: same<documents.ProjectObj, model.ProjectObj>(true),
  ProjectService: same<documents.ProjectService, model.ProjectService>(true),
  ProjectSummary: same<documents.ProjectSummary, backend.ProjectSummary>(true),
  ProjectView: same<documents.ProjectView, backend.ProjectView>(true),
  ProjectVolume: same<documents.ProjectVolume, model.ProjectVolume>(true),
  PullRequest: same<documents.PullRequest, Bodies['PullRequest']>(true),
  PutProject: same<documents.PutProject, backend.PutProject>(true),
  PutResult: same<documents.PutResult, backend.PutResult>(true),
  RegistryAuth: same<documents.RegistryAuth, backend.RegistryAuth>(true),
  RemovedImage: same<documents.RemovedImage, RowOf<Answer<'removeImage'>>>(true),
  Resources: same<documents.Resources, model.Resources>(true),
  RestartPolicy: same<documents.RestartPolicy, model.RestartPolicy>(true),
  SecretObj: same<documents.SecretObj, model.SecretObj>(true),
  SecretSpec: same<documents.SecretSpec, model.SecretSpec>(true),
  Security: same<documents.Security, model.Security>(true),
  ServiceObj: same<documents.ServiceObj, model.ServiceObj>(true),
  ServiceSpec: same<documents.ServiceSpec, model.ServiceSpec>(true),
  ServiceVerdict: same<documents.ServiceVerdict, model.ServiceVerdict>(true),
  Standing: same<documents.Standing, model.Standing>(true),
  StopRequest: same<documents.StopRequest, Bodies['StopRequest']>(true),
  Subnet: same<documents.Subnet, model.Subnet>(true),
  SystemInfo: same<documents.SystemInfo, backend.SystemInfo>(true),
  TaskDesired: same<documents.TaskDesired, model.TaskDesired>(true),
  TagsRequest: same<documents.TagsRequest, Bodies['TagsRequest']>(true),
  TaskObj: same<documents.TaskObj, model.TaskObj>(true),
  TaskSpec: same<documents.TaskSpec, model.TaskSpec>(true),
  TaskState: same<documents.TaskState, model.TaskState>(true),
  TaskStatus: same<documents.TaskStatus, model.TaskStatus>(true),
  TaskVerdict: same<documents.TaskVerdict, model.TaskVerdict>(true),
  TmpfsMount: same<documents.TmpfsMount, model.TmpfsMount>(true),
  Ulimit: same<documents.Ulimit, model.Ulimit>(true),
  UnpackedContext: same<documents.UnpackedContext, Answer<'unpackContext'>>(true),
  UpOptions: same<documents.UpOptions, backend.PutProject['options']>(true),
  UpdateConfig: same<documents.UpdateConfig, model.UpdateConfig>(true),
  Version: same<documents.Version, backend.Version>(true),
  VolumeMount: same<documents.VolumeMount, model.VolumeMount>(true),
  VolumeObj: same<documents.VolumeObj, model.VolumeObj>(true),
  VolumesFrom: same<documents.VolumesFrom, backend.VolumesFrom>(true),
  VolumeSize: same<documents.VolumeSize, Answer<'volumeSize'>>(true),
  VolumeSpec: same<documents.VolumeSpec, model.VolumeSpec>(true),
  VolumeView: same<documents.VolumeView, Answer<'getVolume'>>(true),
  WaitReason: same<documents.WaitReason, model.WaitReason>(true),
  Where: same<documents.Where, model.Where>(true),
};

type Changed<More> = Omit<model.PortBinding, 'hostIp'> & More;
export const NOTICED = [
  same<Changed<{ hostIp?: string }>, documents.PortBinding>(true),
  // @ts-expect-error a field that became required
  same<Changed<{ hostIp: string }>, documents.PortBinding>(true),
  // @ts-expect-error an optional field more
  same<model.PortBinding & { more?: string }, documents.PortBinding>(true),
  // @ts-expect-error an optional field less
  same<Changed<object>, documents.PortBinding>(true),
  // @ts-expect-error another type
  same<Changed<{ hostIp?: number }>, documents.PortBinding>(true),
  // @ts-expect-error a further word of a list, deep inside
  same<{ a: { b: 'tcp' | 'udp' | 'sctp' }[] }, { a: { b: 'tcp' | 'udp' }[] }>(true),
];
