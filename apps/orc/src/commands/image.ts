/** Rows of `orc image`, `network` and `volume`. */
import { choice, type CommandRow, type Flag, list, on, text } from '../cli/command.ts';

const format = text('--format <form>', 'table, json, or a template such as "{{.Name}}"');
const inspectFormat = text('-f, --format <form>', 'json, or a template such as "{{.Id}}"');
const filter = list('-f, --filter <name=value>', 'Show only those that fit');
const quiet = on('-q, --quiet', 'Show ids only');
const noTrunc = on('--no-trunc', 'Show everything in full');
const label = list('--label <name=value>', 'Set a label');
const force = on('-f, --force', 'Do not ask');
const jsonFormat = choice('--format <form>', 'json', ['json']);
const pruneFilter = (such: string): Flag => list('--filter <name=value>', `Only those that fit: ${such}`);
const option = list('-o, --opt <name=value>', 'Option of the driver');

const IMAGES: readonly CommandRow[] = [
  {
    name: 'image ls',
    aliases: ['list'],
    args: '[name]',
    summary: 'List images',
    flags: [
      on('-a, --all', 'All of them'),
      on('--digests', 'With their digests'),
      filter,
      format,
      quiet,
      noTrunc,
    ],
    examples: ['orc image ls', 'orc image ls --format "{{.Repository}}:{{.Tag}} {{.Size}}"'],
    load: async () => (await import('../verbs/image.ts')).ls,
  },
  {
    name: 'image pull',
    args: '<image...>',
    summary: 'Fetch images from their registries',
    flags: [
      on('-a, --all-tags', 'All tags of the repository'),
      text('--platform <os/arch>', 'Platform of the image'),
      on('-q, --quiet', 'Do not show progress'),
    ],
    examples: ['orc image pull redis:7', 'orc image pull --platform linux/arm64 registry.local:5000/app'],
    load: async () => (await import('../verbs/image.ts')).pull,
  },
  {
    name: 'image build',
    args: '<folder|->',
    summary: 'Build an image from a Dockerfile',
    flags: [
      list('-t, --tag <name>', 'Name of the image'),
      text('-f, --file <file>', 'Dockerfile, when it is not FOLDER/Dockerfile; - for standard input'),
      list('--build-arg <name=value>', 'Value of an ARG; a bare name takes over its value from here'),
      list('--secret <id=name,src=file>', 'Give RUN --mount=type=secret a file, or with env= a variable'),
      text('--target <stage>', 'Stage to build'),
      label,
      on('--no-cache', 'Do every step again'),
      on('--pull', 'Look for newer base images'),
      text('--platform <os/arch>', 'Platform of the image'),
      text('--network <mode>', 'Network of RUN steps'),
      list('--add-host <name:address>', 'Further line of /etc/hosts in RUN steps'),
      text('--shm-size <bytes>', 'Size of /dev/shm in RUN steps'),
      list('--cache-from <source>', 'Taken and not used: steps come from the cache of this host'),
      list('--cache-to <target>', 'Taken and not used: steps come from the cache of this host'),
      text('--iidfile <file>', 'Write the id of the image to a file'),
      on('-q, --quiet', 'Print the id only'),
    ],
    examples: [
      'orc image build -t app .',
      'orc image build -t app:dev --target dev --build-arg VERSION=2 .',
      'orc image build -t app --secret id=token,src=token.txt .',
      'tar -C app -c . | orc image build -t app -',
    ],
    load: async () => (await import('../verbs/image-build.ts')).build,
  },
  {
    name: 'image bootstrap',
    args: '<image...>',
    summary: 'Make base images out of Debian packages, with no registry',
    examples: ['orc image bootstrap debian:bookworm', 'orc image bootstrap busybox'],
    load: async () => (await import('../verbs/image.ts')).bootstrap,
  },
  {
    name: 'image import',
    args: '<file> [image]',
    summary: 'Make an image of a root filesystem in a tar archive',
    flags: [
      list('-c, --change <instruction>', 'Dockerfile instruction to apply'),
      text('-m, --message <text>', 'Message of its history'),
    ],
    examples: ['orc image import rootfs.tar base:1', 'tar -C rootfs -c . | orc image import - base:1'],
    load: async () => (await import('../verbs/image.ts')).importArchive,
  },
  {
    name: 'image load',
    summary: 'Load images from an archive',
    flags: [text('-i, --input <file>', 'Archive; standard input'), on('-q, --quiet', 'Do not show progress')],
    examples: ['orc image load -i images.tar'],
    load: async () => (await import('../verbs/image.ts')).load,
  },
  {
    name: 'image save',
    args: '<image...>',
    summary: 'Save images to an archive',
    flags: [text('-o, --output <file>', 'Archive; standard output')],
    completes: 'image',
    examples: ['orc image save -o images.tar redis:7 app'],
    load: async () => (await import('../verbs/image.ts')).save,
  },
  {
    name: 'image tag',
    args: '<image> <name>',
    summary: 'Give an image another name',
    completes: 'image',
    examples: ['orc image tag app registry.local:5000/app:1'],
    load: async () => (await import('../verbs/image.ts')).tag,
  },
  {
    name: 'image rm',
    aliases: ['remove'],
    args: '<image...>',
    summary: 'Remove names of images, and images without a name',
    flags: [on('-f, --force', 'Also when stopped containers use it')],
    completes: 'image',
    examples: ['orc image rm app:old'],
    load: async () => (await import('../verbs/image.ts')).rm,
  },
  {
    name: 'image prune',
    summary: 'Remove images without a name, or all that no container uses',
    flags: [
      on('-a, --all', 'Also those with a name, unless a container has them'),
      pruneFilter('until=24h, label=name=value'),
      force,
    ],
    examples: ['orc image prune', 'orc image prune -af --filter until=24h'],
    load: async () => (await import('../verbs/image-prune.ts')).prune,
  },
  {
    name: 'image inspect',
    args: '<image...>',
    summary: 'Show everything about images',
    flags: [inspectFormat],
    completes: 'image',
    examples: ['orc image inspect redis:7', 'orc image inspect -f "{{json .Config.Cmd}}" redis:7'],
    load: async () => (await import('../verbs/image.ts')).inspect,
  },
  {
    name: 'image history',
    args: '<image>',
    summary: 'Show the steps that made an image',
    flags: [format, quiet, noTrunc],
    completes: 'image',
    examples: ['orc image history app'],
    load: async () => (await import('../verbs/image.ts')).history,
  },
];

const NETWORKS: readonly CommandRow[] = [
  {
    name: 'network ls',
    aliases: ['list'],
    summary: 'List networks',
    flags: [filter, format, quiet, noTrunc],
    examples: ['orc network ls'],
    load: async () => (await import('../verbs/network.ts')).ls,
  },
  {
    name: 'network create',
    args: '<network>',
    summary: 'Make a network',
    flags: [
      text('-d, --driver <driver>', 'Kind of network; bridge'),
      list('--subnet <cidr>', 'Addresses of the network'),
      list('--gateway <address>', 'Gateway of the subnet'),
      list('--ip-range <cidr>', 'Part of the subnet that addresses are given from'),
      on('--internal', 'Without a way out'),
      on('--attachable', 'Containers of orc container run may join'),
      on('--ipv6', 'Not offered'),
      option,
      label,
    ],
    examples: ['orc network create back', 'orc network create --subnet 10.9.0.0/24 --internal db'],
    load: async () => (await import('../verbs/network.ts')).create,
  },
  {
    name: 'network inspect',
    args: '<network...>',
    summary: 'Show everything about networks',
    flags: [inspectFormat],
    completes: 'network',
    examples: ['orc network inspect shop_default'],
    load: async () => (await import('../verbs/network.ts')).inspect,
  },
  {
    name: 'network rm',
    aliases: ['remove'],
    args: '<network...>',
    summary: 'Remove networks',
    flags: [on('-f, --force', 'No error for one that is not there')],
    completes: 'network',
    examples: ['orc network rm back'],
    load: async () => (await import('../verbs/network.ts')).rm,
  },
  {
    name: 'network prune',
    summary: 'Remove networks that no container and no project uses',
    flags: [pruneFilter('until=24h, label=name=value'), force, jsonFormat],
    examples: ['orc network prune', 'orc network prune -f --filter until=24h'],
    load: async () => (await import('../verbs/prune.ts')).networks,
  },
];

const VOLUMES: readonly CommandRow[] = [
  {
    name: 'volume ls',
    aliases: ['list'],
    summary: 'List volumes',
    flags: [filter, format, on('-q, --quiet', 'Show names only')],
    examples: ['orc volume ls'],
    load: async () => (await import('../verbs/volume.ts')).ls,
  },
  {
    name: 'volume create',
    args: '[volume]',
    summary: 'Make a volume',
    flags: [text('-d, --driver <driver>', 'Kind of volume; local'), option, label],
    examples: ['orc volume create data'],
    load: async () => (await import('../verbs/volume.ts')).create,
  },
  {
    name: 'volume inspect',
    args: '<volume...>',
    summary: 'Show everything about volumes',
    flags: [inspectFormat],
    completes: 'volume',
    examples: ['orc volume inspect shop_data'],
    load: async () => (await import('../verbs/volume.ts')).inspect,
  },
  {
    name: 'volume rm',
    aliases: ['remove'],
    args: '<volume...>',
    summary: 'Remove volumes and what is in them',
    flags: [on('-f, --force', 'No error for one that is not there')],
    completes: 'volume',
    examples: ['orc volume rm shop_data'],
    load: async () => (await import('../verbs/volume.ts')).rm,
  },
  {
    name: 'volume prune',
    summary: 'Remove anonymous volumes, or all, that no container has, and what is in them',
    flags: [
      on('-a, --all', 'Also those with a name'),
      pruneFilter('label=name=value, label!=name, all=true'),
      force,
      jsonFormat,
    ],
    examples: ['orc volume prune', 'orc volume prune -af --filter label!=keep'],
    load: async () => (await import('../verbs/prune.ts')).volumes,
  },
];

export const IMAGE: readonly CommandRow[] = [...IMAGES, ...NETWORKS, ...VOLUMES];
