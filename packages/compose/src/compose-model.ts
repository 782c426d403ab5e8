/**
 * The canonical model: long forms everywhere, paths absolute, names resolved. Its JSON has the shape of
 * `docker compose config --format json`: sizes are strings of digits, durations are Go's, ports that are
 * published are strings.
 */

export type StringMap = Readonly<Record<string, string>>;
export type Extensible = { readonly [extension: `x-${string}`]: unknown };

export type ModelDependency = {
  readonly condition: string;
  readonly required: boolean;
  readonly restart?: boolean;
};
export type ModelPort = {
  readonly mode: string;
  readonly target: number;
  readonly published?: string;
  readonly protocol: string;
  readonly host_ip?: string;
  readonly name?: string;
  readonly app_protocol?: string;
};
export type ModelMount = {
  readonly type: string;
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: {
    readonly propagation?: string;
    readonly create_host_path?: boolean;
    readonly recursive?: string;
    readonly selinux?: string;
  };
  readonly volume?: { readonly nocopy?: boolean; readonly subpath?: string; readonly labels?: StringMap };
  readonly tmpfs?: { readonly size?: string; readonly mode?: string };
  readonly image?: { readonly subpath?: string };
};
export type ModelFileRef = {
  readonly source: string;
  readonly target: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly mode?: string;
};
export type ModelNetworkRef = {
  readonly aliases?: readonly string[];
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly mac_address?: string;
  readonly priority?: number;
  readonly gw_priority?: number;
};
export type ModelBuild = {
  readonly context: string;
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly args?: StringMap;
  readonly target?: string;
  readonly labels?: StringMap;
  readonly no_cache?: boolean;
  readonly pull?: boolean;
  readonly tags?: readonly string[];
  readonly platforms?: readonly string[];
  readonly network?: string;
  readonly shm_size?: string;
  readonly extra_hosts?: readonly string[];
  readonly additional_contexts?: StringMap;
  readonly secrets?: readonly ModelFileRef[];
};
export type ModelUpdate = {
  readonly parallelism?: number;
  readonly delay?: string;
  readonly failure_action?: string;
  readonly monitor?: string;
  readonly max_failure_ratio?: number;
  readonly order?: string;
};
export type ModelDeploy = {
  readonly mode?: string;
  readonly replicas?: number;
  readonly placement?: { readonly constraints?: readonly string[] };
  readonly update_config?: ModelUpdate;
  readonly resources?: {
    readonly limits?: { readonly cpus?: number; readonly memory?: string; readonly pids?: number };
    readonly reservations?: { readonly cpus?: number; readonly memory?: string };
  };
  readonly restart_policy?: {
    readonly condition?: string;
    readonly delay?: string;
    readonly max_attempts?: number;
    readonly window?: string;
  };
};
export type ModelHealthcheck = {
  readonly test?: readonly string[];
  readonly interval?: string;
  readonly timeout?: string;
  readonly retries?: number;
  readonly start_period?: string;
  readonly start_interval?: string;
  readonly disable?: boolean;
};

export type ModelService = Extensible & {
  readonly annotations?: StringMap;
  readonly attach?: boolean;
  readonly blkio_config?: { readonly weight?: number };
  readonly build?: ModelBuild;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cgroup?: string;
  readonly command: readonly string[] | null;
  readonly configs?: readonly ModelFileRef[];
  readonly container_name?: string;
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_shares?: number;
  readonly cpus?: number;
  readonly cpuset?: string;
  readonly depends_on?: Readonly<Record<string, ModelDependency>>;
  readonly deploy?: ModelDeploy;
  readonly device_cgroup_rules?: readonly string[];
  readonly devices?: readonly {
    readonly source: string;
    readonly target?: string;
    readonly permissions?: string;
  }[];
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly domainname?: string;
  readonly entrypoint: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly expose?: readonly string[];
  readonly extra_hosts?: readonly string[];
  readonly group_add?: readonly string[];
  readonly healthcheck?: ModelHealthcheck;
  readonly hostname?: string;
  readonly image?: string;
  readonly init?: boolean;
  readonly ipc?: string;
  readonly labels?: StringMap;
  readonly links?: readonly string[];
  readonly logging?: { readonly driver?: string; readonly options?: StringMap };
  readonly mac_address?: string;
  readonly mem_limit?: string;
  readonly mem_reservation?: string;
  readonly mem_swappiness?: number;
  readonly memswap_limit?: string;
  readonly network_mode?: string;
  readonly networks?: Readonly<Record<string, ModelNetworkRef | null>>;
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  readonly pid?: string;
  readonly pids_limit?: number;
  readonly platform?: string;
  readonly ports?: readonly ModelPort[];
  readonly privileged?: boolean;
  readonly profiles?: readonly string[];
  readonly provider?: unknown;
  readonly pull_policy?: string;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly scale?: number;
  readonly secrets?: readonly ModelFileRef[];
  readonly security_opt?: readonly string[];
  readonly shm_size?: string;
  readonly stdin_open?: boolean;
  readonly stop_grace_period?: string;
  readonly stop_signal?: string;
  readonly sysctls?: StringMap;
  readonly tmpfs?: readonly string[];
  readonly tty?: boolean;
  readonly ulimits?: Readonly<Record<string, number | { readonly soft: number; readonly hard: number }>>;
  readonly user?: string;
  readonly userns_mode?: string;
  readonly uts?: string;
  readonly volumes?: readonly ModelMount[];
  readonly volumes_from?: readonly string[];
  readonly working_dir?: string;
};

export type ModelNetwork = Extensible & {
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly ipam?: {
    readonly driver?: string;
    readonly config?: readonly {
      readonly subnet?: string;
      readonly ip_range?: string;
      readonly gateway?: string;
      readonly aux_addresses?: StringMap;
    }[];
  };
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly labels?: StringMap;
};
export type ModelVolume = Extensible & {
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly external?: boolean;
  readonly labels?: StringMap;
};
export type ModelFile = Extensible & {
  readonly name: string;
  readonly file?: string;
  readonly environment?: string;
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: StringMap;
};

export type ComposeModel = Extensible & {
  readonly name: string;
  readonly services: Readonly<Record<string, ModelService>>;
  readonly networks?: Readonly<Record<string, ModelNetwork>>;
  readonly volumes?: Readonly<Record<string, ModelVolume>>;
  readonly secrets?: Readonly<Record<string, ModelFile>>;
  readonly configs?: Readonly<Record<string, ModelFile>>;
  readonly models?: Readonly<Record<string, unknown>>;
};
