/** What image offers to agent and orcd. */
import type { BuildSpec, Digest, ImageConfig, ImageStep, ImageSummary, ResolvedImage } from '@orc/model';

/** One line of progress; `id` is a layer's short digest or a build step. */
export type Progress = {
  readonly id?: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
  /** Output of a build step, with its newline. */
  readonly output?: string;
};
/** A promise: whoever can wait with more does until then. */
export type OnProgress = (progress: Progress) => void | Promise<void>;

export type Auth =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** A file of a build context as its sender lists it; `fingerprint` (device, inode, size, times) spares unchanged files. */
export type ContextFile = {
  /** Relative, `/`-separated, no leading slash. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly linkname?: string;
  readonly fingerprint: string;
};

/** A context whose files lie below `folder` on the daemon's disk. */
export type BuildContext = {
  readonly folder: string;
  readonly remove: () => Promise<void>;
  /** Of one that was sent: files of the store, root's, never written again once they are there. */
  readonly sent?: SentContext;
};
export type SentContext = {
  /** Of all that a COPY may take from it. */
  readonly digest: string;
  /** Inode (context/inode.ts) and SHA-256, base64url, of the file at a path when it came. */
  hashOf(path: string): { readonly inode: string; readonly sha256: string } | undefined;
  /** Names in a folder of it ('': itself) when it came, sorted. */
  namesIn(folder: string): readonly string[];
  /** It is not there any more as it came: the next transfer brings all of it. */
  forget(): void;
};

/** Build contexts that clients send, each in a folder named by its key: what is unchanged is not sent again. */
export type Contexts = {
  /** Says by index which contents it does not have. Throws `input.invalid` for a path that leaves the context. */
  open(
    key: string,
    files: readonly ContextFile[],
  ): Promise<{ readonly context: string; readonly needed: readonly number[] }>;
  /** The contents of the needed files, in that order, one after the other. */
  fill(context: string, contents: AsyncIterable<Uint8Array>): Promise<void>;
  /** A whole context as a tar archive of any compression, for one build. */
  unpack(archive: AsyncIterable<Uint8Array>): Promise<{ readonly context: string }>;
  /** `null`: an empty one (`dockerfile_inline` without a context). Call `remove` when the build is over. */
  take(context: string | null): Promise<BuildContext>;
};

/** What `RUN --mount` adds to a step, as runtime's resolved mounts have it. Sources and targets are there. */
export type RunMount =
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly options: readonly string[] }
  /** A secret: in memory only, gone with the step. */
  | {
      readonly type: 'file';
      readonly target: string;
      readonly content: Uint8Array;
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
      readonly secret: boolean;
    };

/** One RUN step, as a plan that agent gives to runtime. */
export type RunStep = {
  readonly argv: readonly string[];
  /** Lower directories, the lowest first, and the folder that takes what the step writes. */
  readonly layers: readonly string[];
  readonly upper: string;
  readonly config: ImageConfig;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  readonly network: 'default' | 'none' | 'host';
  readonly shmSizeBytes?: number;
  /** Only when the request says `runMounts`. */
  readonly mounts?: readonly RunMount[];
  readonly extraHosts: readonly { readonly name: string; readonly address: string }[];
  /** More is taken from the program once what it returns has settled. */
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void | Promise<void>;
  readonly signal?: AbortSignal;
};
export type RunStepRunner = (step: RunStep) => Promise<{ readonly code: number }>;

export type BuildRequest = {
  readonly spec: BuildSpec;
  readonly context: BuildContext;
  /** Its text, where whoever asks has read it; absent: it lies in the context. */
  readonly dockerfile?: string;
  /** What the user calls the file, for problems; its path where it lies in the context. */
  readonly dockerfileName: string;
  readonly tags: readonly string[];
  readonly run: RunStepRunner;
  /** `run` honours `RunStep.mounts`; without it `RUN --mount` is refused at its place. */
  readonly runMounts?: boolean;
  /** By id, for `RUN --mount=type=secret`. They enter no layer, no key of the cache and no history. */
  readonly secrets?: Readonly<Record<string, Uint8Array>>;
  /** By registry, as a reference names it (`docker.io`, `localhost:5000`): for the images that it is built from. */
  readonly auths?: Readonly<Record<string, Auth>>;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
};

export type ImageInspect = {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Created: string;
  readonly Architecture: string;
  readonly Os: string;
  readonly Size: number;
  readonly Config: ImageConfig;
  readonly RootFS: { readonly Type: 'layers'; readonly Layers: readonly string[] };
  readonly [more: string]: unknown;
};

/** References are as a user writes them: name, name:tag, name@digest, image id or a unique prefix of one. */
export type ImageStore = {
  list(): Promise<readonly ImageSummary[]>;
  /** Ready to run: its layers are unpacked. `undefined`: not here. */
  resolve(reference: string): Promise<ResolvedImage | undefined>;
  inspect(reference: string): Promise<ImageInspect | undefined>;
  /** The steps that made it, the newest first. */
  history(reference: string): Promise<readonly ImageStep[]>;
  pull(
    reference: string,
    options: {
      readonly platform?: string;
      readonly auth?: Auth;
      readonly onProgress?: OnProgress;
      readonly signal?: AbortSignal;
    },
  ): Promise<ResolvedImage>;
  /** Tags of the repository that a reference names, as its registry lists them. */
  remoteTags(
    reference: string,
    options: { readonly auth?: Auth; readonly signal?: AbortSignal },
  ): Promise<readonly string[]>;
  /** Of the manifest or index that a tag stands for in its registry now. Nothing is pulled. */
  remoteDigest(
    reference: string,
    options: { readonly auth?: Auth; readonly signal?: AbortSignal },
  ): Promise<Digest>;
  /** Makes an image by the program that knows how: debootstrap for `debian:*` and `ubuntu:*`, busybox for `busybox`. */
  bootstrap(
    reference: string,
    options: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
  ): Promise<ResolvedImage>;
  /** docker save archives and OCI layouts, tar or compressed tar. Returns what was loaded (`name:tag` or id). */
  load(archive: AsyncIterable<Uint8Array>, onProgress?: OnProgress): Promise<readonly string[]>;
  /** An archive that docker and skopeo read (OCI layout with manifest.json). */
  save(references: readonly string[]): AsyncIterable<Uint8Array>;
  /** A plain root file system as a one-layer image; `changes` are Dockerfile instructions. */
  import(
    archive: AsyncIterable<Uint8Array>,
    options: { readonly reference?: string; readonly changes?: readonly string[]; readonly message?: string },
  ): Promise<Digest>;
  tag(reference: string, target: string): Promise<void>;
  /** docker rmi: untags, deletes when it was the last name and nothing uses it (`force` untags all). */
  remove(
    reference: string,
    options: { readonly force?: boolean },
  ): Promise<readonly ({ readonly untagged: string } | { readonly deleted: string })[]>;
  build(request: BuildRequest): Promise<Digest>;
  readonly contexts: Contexts;
  /** Bytes of the files in a folder, each once; counted in a thread. */
  contentBytes(folder: string): Promise<number>;
  /** DECISIONS 13: who (a container id, a pull, a build) uses which image; synced before the mount. */
  lease(holder: string, image: Digest): Promise<void>;
  release(holder: string): Promise<void>;
  /** Leases of holders not in `known` go; then layers and blobs that nothing names. */
  collect(
    known?: ReadonlySet<string>,
  ): Promise<{ readonly deleted: readonly string[]; readonly bytes: number }>;
  close(): Promise<void>;
};

export type ImageStoreOptions = {
  /** ORC_ROOT: `images/` (OCI layout), `layers/`, `leases/`, `trash/` below it. */
  readonly root: string;
  readonly clock: import('@orc/model').Clock;
  readonly random: import('@orc/model').Random;
  readonly emit: import('@orc/model').Emit;
  readonly failpoint: import('@orc/model').Failpoint;
};
