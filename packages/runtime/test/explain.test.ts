import { join } from 'node:path';
import type { ContainerId, ContainerSpec, Digest } from '@orc/model';
import { type GoldenCase, goldenSuite } from '../../../test/golden/golden.ts';
import { resolveCapabilities } from '../src/plan/capabilities.ts';
import { compileStart, type StartFacts } from '../src/plan/compile.ts';
import { explain } from '../src/plan/explain.ts';
import type { ResolvedMount, StartRequest } from '../src/types.ts';

/** Body: a JSON object of a spec. Arguments: `mounts` (JSON), `net`, `only` (lines that start with one of these words). */
goldenSuite(join(import.meta.dirname, 'golden/start'), {
  explain: (each) => pick(each, explain(compileStart(requestOf(each), FACTS))),
  refuse: (each) => {
    try {
      compileStart(requestOf(each), FACTS);
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  },
});

const FACTS: StartFacts = {
  joins: {},
  program: { argv: ['sh'], env: { PATH: '/bin', HOME: '/root' }, cwd: '/work' },
  identity: {
    user: { uid: 1000, gid: 1001, groups: [2000], home: '/' },
    capabilities: resolveCapabilities({ add: [], drop: [], privileged: false, uid: 1000 }),
    noNewPrivileges: true,
    seccomp: new Uint8Array(80),
  },
  tasksFiles: ['/cg/memory/orc/c1/tasks'],
  cgroupView: { kind: 'v1', controllers: ['memory'] },
  oomFile: '/cg/memory/orc/c1/memory.oom_control',
  skeleton: '/root/skeleton',
  devices: [],
  maskedMore: [],
  terminal: { columns: 0, rows: 0 },
};

function requestOf(each: GoldenCase): StartRequest {
  const spec = JSON.parse(each.body || '{}') as ContainerSpec;
  const net = each.args['net'];
  return {
    id: 'c1' as ContainerId,
    folder: '/root/c1',
    attempt: 2,
    spec: { ...spec, image: 'i' },
    image: { id: 'sha256:0' as Digest, config: {}, layers: ['/layers/base', '/layers/top'] },
    hostname: 'c1',
    mounts: JSON.parse(each.args['mounts'] ?? '[]') as ResolvedMount[],
    etc: { hosts: '', hostname: '', resolvConf: '' },
    ...(net === undefined ? {} : { networkNamespace: net }),
  };
}

function pick(each: GoldenCase, text: string): string {
  const only = each.args['only']?.split(',');
  if (only === undefined) return text;
  return text
    .split('\n')
    .map((line) => line.replace(/^\d+ /, ''))
    .filter((line) => only.includes(line.split(' ')[0] as string))
    .join('\n');
}
