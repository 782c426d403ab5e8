/** Rows of `services.<name>.deploy`. */
import { type ShortRow, YES, emulated, no, only, plainRows } from './row.ts';

const ROLLBACK = no(
  'rolling back by rules of its own is not supported yet',
  'remove it; update_config is honoured',
);
const DEVICES = no('devices by capability are not supported yet', 'pass device files with `devices:`');
const PLACEMENT = no('placement rules are not supported on one host', 'remove it');

export const DEPLOY_ROWS: readonly ShortRow[] = [
  [
    'mode',
    '',
    '',
    only(
      ['', 'replicated', 'global'],
      'jobs are not supported yet',
      'use restart: "no" and depends_on conditions',
    ),
  ],
  ['endpoint_mode', '', '', emulated('the name answers with the addresses of all replicas')],
  ['replicas', 'int', '', YES],
  ['labels', 'labels', '', no('labels of services are not supported yet', 'use `labels:` of the service')],
  ['update_config', '', '', YES],
  ['update_config.parallelism', 'int', '', YES],
  [
    'update_config.delay',
    'duration',
    '',
    only(
      ['0s', '0'],
      'each batch follows when the one before has been up for the time of monitor, 5 s',
      'remove it, and write a healthcheck',
    ),
  ],
  [
    'update_config.failure_action',
    '',
    '',
    only(['', 'pause', 'continue'], 'rolling back is not supported yet', 'use pause or continue'),
  ],
  ['update_config.monitor', 'duration', '', YES],
  [
    'update_config.max_failure_ratio',
    'float',
    '',
    only(['0'], 'the first failure counts', 'remove it, or write failure_action: continue'),
  ],
  ['update_config.order', '', '', YES],
  ['rollback_config', '', '', ROLLBACK],
  ['rollback_config.parallelism', 'int', '', ROLLBACK],
  ['rollback_config.delay', 'duration', '', ROLLBACK],
  ['rollback_config.monitor', 'duration', '', ROLLBACK],
  ['rollback_config.max_failure_ratio', 'float', '', ROLLBACK],
  ['resources', '', '', YES],
  ['resources.limits.cpus', 'float', '', YES],
  ['resources.limits.memory', 'bytes', '', YES],
  ['resources.limits.pids', 'int', '', YES],
  ['resources.reservations.cpus', 'float', '', emulated('it does not keep other services away on one host')],
  ['resources.reservations.memory', 'bytes', '', emulated('it is the soft limit of memory')],
  [
    'resources.reservations.generic_resources',
    '',
    '',
    no('generic resources are not supported yet', 'remove it'),
  ],
  ['resources.reservations.devices', '', '', DEVICES],
  ['resources.reservations.devices.*.count', 'deviceCount', '', DEVICES],
  ['resources.reservations.devices.*.options', 'stringMap', '', DEVICES],
  ['restart_policy', '', '', YES],
  ['restart_policy.condition', '', '', YES],
  ['restart_policy.delay', 'duration', '', YES],
  ['restart_policy.max_attempts', 'int', '', YES],
  ['restart_policy.window', 'duration', '', YES],
  ['placement', '', '', YES],
  ['placement.constraints', '', '', emulated('the one host is a manager; other constraints are refused')],
  ['placement.preferences', '', '', emulated('one host is one value of every attribute')],
  ...plainRows('placement.preferences.*.spread'),
  ['placement.max_replicas_per_node', 'int', '', PLACEMENT],
];
