/** Rows of `services.<name>.build`. */
import { type ShortRow, YES, no, only, warned } from './row.ts';

const CACHE = warned('builds use the cache of this host');
const SECRETS = no('build secrets are not supported yet', 'pass them at run time');
const ULIMITS = no('limits of build steps are not supported yet', 'remove it');
const ATTEST = only(['false'], 'attestations are not made yet', 'remove it');

export const BUILD_ROWS: readonly ShortRow[] = [
  ['', 'buildContext', '', YES],
  ['context', 'path', '', YES],
  ['dockerfile', '', '', YES, 'Dockerfile'],
  ['dockerfile_inline', '', '', YES],
  ['args', 'args', '', YES],
  [
    'ssh',
    'ssh',
    '',
    no('SSH forwarding into builds is not supported yet', 'copy what is needed into the context'),
  ],
  ['labels', 'labels', '', YES],
  ['cache_from', '', 'unique', CACHE],
  ['cache_to', '', 'unique', CACHE],
  ['no_cache', 'bool', '', YES],
  ['no_cache_filter', 'strings', 'unique', no('single stages cannot be built anew yet', 'use no_cache')],
  [
    'additional_contexts',
    'contexts',
    '',
    no('named contexts are not supported yet', 'use stages of one Dockerfile'),
  ],
  [
    'additional_contexts.*',
    'path',
    '',
    no('named contexts are not supported yet', 'use stages of one Dockerfile'),
  ],
  ['network', '', '', YES],
  ['provenance', 'string', '', ATTEST],
  ['sbom', 'string', '', ATTEST],
  ['pull', 'bool', '', YES],
  ['target', '', '', YES],
  ['shm_size', 'bytes', '', YES],
  ['extra_hosts', 'extraHosts', 'unique', YES],
  ['isolation', '', '', only(['', 'default'], 'it concerns Windows', 'remove it')],
  ['privileged', 'bool', '', only(['false'], 'privileged builds are not supported', 'remove it')],
  ['entitlements', '', 'unique', no('entitlements are not supported yet', 'remove it')],
  ['secrets', 'fileRefs', 'by:secret', SECRETS],
  ['secrets.*.mode', 'mode', '', SECRETS],
  ['secrets.*.uid', 'string', '', SECRETS],
  ['secrets.*.gid', 'string', '', SECRETS],
  ['tags', '', 'unique', YES],
  ['ulimits', '', '', ULIMITS],
  ['ulimits.*', 'ulimit', 'replaceUnlike', ULIMITS],
  ['ulimits.*.hard', '', '', ULIMITS],
  ['ulimits.*.soft', '', '', ULIMITS],
  ['platforms', '', 'unique', YES],
];
