/** Rows of the top level: networks, volumes, secrets, configs, models. */
import { type ShortRow, YES, emulated, no, only, plainRows, silent } from './row.ts';

const IPAM = no('other drivers of addresses are not supported', 'remove it');
const TEMPLATE = no(
  'templates in secrets and configs are not supported yet',
  'use interpolation and `content:`',
);
const LOCAL = only(
  ['', 'local'],
  'only local volumes are supported',
  'use driver: local, or mount it on the host',
);
const MODELS = no('AI models are not supported', 'run the model as a service');

export const TOP_ROWS: readonly ShortRow[] = [
  ['version', '', '', silent('it is obsolete')],
  ['name', '', '', YES],
  ['include', '', '', YES],
  ...plainRows('include.*.path', 'include.*.env_file', 'include.*.project_directory'),
  ...plainRows(
    'networks.*.ipam.config.*.subnet',
    'networks.*.ipam.config.*.ip_range',
    'networks.*.ipam.config.*.gateway',
  ),
  ...['networks', 'volumes', 'secrets', 'configs'].flatMap((section) =>
    plainRows(`${section}.*.external.name`),
  ),
  ['models', '', '', MODELS],
  ['models.*.context_size', 'int', '', MODELS],
  ['networks.*.name', '', '', YES],
  [
    'networks.*.driver',
    '',
    '',
    only(
      ['', 'default', 'bridge', 'host', 'none', 'null'],
      'this network driver is not supported yet',
      'use bridge, the default',
    ),
  ],
  ['networks.*.driver_opts', 'stringMap', '', YES],
  ['networks.*.ipam', '', '', YES],
  ['networks.*.ipam.driver', '', '', only(['', 'default'], IPAM.kind === 'no' ? IPAM.why : '', 'remove it')],
  ['networks.*.ipam.config', '', 'subnets', YES],
  [
    'networks.*.ipam.config.*.aux_addresses',
    '',
    '',
    no('reserved addresses are not supported yet', 'use ip_range'),
  ],
  ['networks.*.ipam.options', '', '', IPAM],
  ['networks.*.external', 'external', '', YES],
  ['networks.*.internal', 'bool', '', YES],
  ['networks.*.enable_ipv4', 'bool', '', only(['true'], 'every network has IPv4 addresses', 'remove it')],
  ['networks.*.enable_ipv6', 'bool', '', only(['false'], 'networks have no IPv6 addresses yet', 'remove it')],
  ['networks.*.attachable', 'bool', '', emulated('every network of the host can be attached to')],
  ['networks.*.labels', 'labels', '', YES],
  ['volumes.*.name', '', '', YES],
  ['volumes.*.driver', '', '', LOCAL],
  [
    'volumes.*.driver_opts',
    'stringMap',
    '',
    emulated('`o: bind` with a device is a bind mount; others are refused'),
  ],
  ['volumes.*.external', 'external', '', YES],
  ['volumes.*.labels', 'labels', '', YES],
  ...['secrets', 'configs'].flatMap((section): ShortRow[] => [
    [`${section}.*.name`, '', '', YES],
    [`${section}.*.file`, 'file', '', YES],
    [`${section}.*.environment`, '', '', YES],
    [`${section}.*.external`, 'external', '', YES],
    [`${section}.*.labels`, 'labels', '', YES],
    [`${section}.*.template_driver`, '', '', TEMPLATE],
  ]),
  ['configs.*.content', '', '', YES],
  ['secrets.*.driver', '', '', no('secret drivers are not supported', 'use file: or environment:')],
  [
    'secrets.*.driver_opts',
    'stringMap',
    '',
    no('secret drivers are not supported', 'use file: or environment:'),
  ],
];
