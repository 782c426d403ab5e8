/** One service's container: docker's Config and HostConfig in the model's words. */
import { type ContainerSpec, parseDurationMs } from '@orc/model';
import type { ModelService, StringMap } from '../../compose-model.ts';
import { type ServiceContext, defined } from './context.ts';
import { healthcheckOf, loggingOf, resourcesOf, restartOf, ulimitsOf } from './limits.ts';
import { mountsOf } from './mounts.ts';
import { exposeOf, hostsOf, namespaceOf, networkModeOf, portsOf } from './network.ts';
import { devicesOf, securityOf } from './security.ts';

export function containerOf(context: ServiceContext, image: string, labels: StringMap): ContainerSpec {
  return defined({
    image,
    ...processOf(context.service),
    ...identityOf(context.service, labels),
    ...isolationOf(context),
    ...connectionsOf(context),
    mounts: mountsOf(context),
    shmSizeBytes: context.service.shm_size === undefined ? undefined : Number(context.service.shm_size),
    readOnlyRoot: context.service.read_only,
    resources: resourcesOf(context.service),
    healthcheck: healthcheckOf(context.service),
    restart: restartOf(context),
    logging: loggingOf(context),
  });
}

type Part = { readonly [K in keyof ContainerSpec]?: ContainerSpec[K] | undefined };

const processOf = (service: ModelService): Part => ({
  platform: service.platform || undefined,
  entrypoint: service.entrypoint ?? undefined,
  command: service.command ?? undefined,
  env: service.environment,
  workingDir: service.working_dir || undefined,
  user: service.user || undefined,
  groupAdd: service.group_add,
  tty: service.tty,
  openStdin: service.stdin_open,
  init: service.init,
  stopSignal: service.stop_signal || undefined,
  stopGraceMs:
    service.stop_grace_period === undefined ? undefined : parseDurationMs(service.stop_grace_period),
});

const identityOf = (service: ModelService, labels: StringMap): Part => ({
  hostname: service.hostname || undefined,
  domainname: service.domainname || undefined,
  labels,
  annotations: service.annotations,
});

const isolationOf = (context: ServiceContext): Part => ({
  capAdd: context.service.cap_add,
  capDrop: context.service.cap_drop,
  privileged: context.service.privileged,
  security: securityOf(context),
  ulimits: ulimitsOf(context.service),
  sysctls: context.service.sysctls,
  devices: devicesOf(context),
  deviceCgroupRules: context.service.device_cgroup_rules,
  oomScoreAdj: context.service.oom_score_adj,
  pidMode: namespaceOf(context, 'pid'),
  ipcMode: namespaceOf(context, 'ipc'),
  utsMode: namespaceOf(context, 'uts'),
  cgroupnsMode: namespaceOf(context, 'cgroup'),
});

const connectionsOf = (context: ServiceContext): Part => ({
  networkMode: networkModeOf(context),
  ports: portsOf(context),
  expose: exposeOf(context),
  extraHosts: hostsOf(context.service.extra_hosts),
  dns: context.service.dns,
  dnsSearch: context.service.dns_search,
  dnsOptions: context.service.dns_opt,
});
