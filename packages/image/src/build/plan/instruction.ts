/**
 * Instructions with their meaning: what each takes is checked here; variables are replaced later, per
 * stage.
 */
import type { ImageConfig, Problem } from '@orc/model';
import { FLAGS, type Flags, readFlags } from './flags.ts';
import { readHealthcheck } from './healthcheck.ts';
import { type Dockerfile, type Heredoc, type Node, opening } from './nodes.ts';
import { type Reading, refuse, unsupported } from './reading.ts';
import { readMount } from './run-mounts.ts';
import type { Place } from './source.ts';

export type Pair = { readonly name: string; readonly value: string };
export type CommandForm = { readonly shell: boolean; readonly words: readonly string[] };
/** A file that a heredoc of COPY or ADD makes. */
export type InlineFile = { readonly name: string; readonly content: string; readonly expand: boolean };

export type CopyInstruction = {
  readonly kind: 'copy' | 'add';
  readonly sources: readonly string[];
  readonly files: readonly InlineFile[];
  readonly destination: string;
  /** Stage name, stage number or image. */
  readonly from?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  /** ADD: `false` leaves archives packed. */
  readonly unpack: boolean;
};

export type Action =
  | { readonly kind: 'from'; readonly image: string; readonly platform?: string; readonly name?: string }
  | { readonly kind: 'arg'; readonly args: readonly { readonly name: string; readonly value?: string }[] }
  | { readonly kind: 'env' | 'label'; readonly pairs: readonly Pair[] }
  | {
      readonly kind: 'run';
      readonly command: CommandForm;
      readonly heredocs: readonly Heredoc[];
      /** As written; variables in them count. */
      readonly mounts: readonly string[];
      readonly network?: 'default' | 'none' | 'host';
    }
  | CopyInstruction
  | { readonly kind: 'workdir' | 'user' | 'stopsignal' | 'maintainer'; readonly value: string }
  | { readonly kind: 'expose' | 'volume'; readonly words: readonly string[] }
  | { readonly kind: 'entrypoint' | 'cmd'; readonly command: CommandForm }
  | { readonly kind: 'shell'; readonly words: readonly string[] }
  | { readonly kind: 'healthcheck'; readonly check: Healthcheck }
  | { readonly kind: 'onbuild'; readonly trigger: string; readonly instruction: Instruction };

export type Healthcheck = NonNullable<ImageConfig['Healthcheck']>;
export type Instruction = { readonly place: Place; readonly action: Action };

/** Every node that means something; a problem for each of the others. */
export function readInstructions(file: Dockerfile): {
  instructions: readonly Instruction[];
  problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const instructions: Instruction[] = [];
  for (const node of file.nodes) {
    const found = readInstruction(node, { source: file.source, node, problems });
    if (found !== undefined) instructions.push(found);
  }
  return { instructions, problems };
}

type ActionReader = (node: Node, flags: Flags, reading: Reading) => Action | undefined;

function readInstruction(node: Node, reading: Reading): Instruction | undefined {
  const flags = readFlags(node, FLAGS[node.keyword] ?? {}, reading);
  const reader = READERS[node.keyword] as ActionReader;
  const action = flags === undefined ? undefined : reader(node, flags, reading);
  return action === undefined ? undefined : { place: node.place, action };
}

/** Exactly one argument. */
const oneValue =
  (kind: 'workdir' | 'user' | 'stopsignal' | 'maintainer'): ActionReader =>
  (node, _flags, reading) => {
    const [value] = node.args;
    return value === undefined ? refuse(reading, `${kind.toUpperCase()} needs an argument`) : { kind, value };
  };

const someWords =
  (kind: 'expose' | 'volume'): ActionReader =>
  (node, _flags, reading) => {
    if (node.args.length === 0) return refuse(reading, `${kind.toUpperCase()} needs an argument`);
    if (node.args.some((each) => each.trim() === ''))
      return refuse(reading, `${kind.toUpperCase()} has an empty argument`);
    return { kind, words: node.args };
  };

const somePairs =
  (kind: 'env' | 'label'): ActionReader =>
  (node, _flags, reading) => {
    if (node.args.length === 0) return refuse(reading, `${kind.toUpperCase()} needs a name and a value`);
    const pairs: Pair[] = [];
    for (let at = 0; at < node.args.length; at += 3) {
      const [name = '', value = ''] = node.args.slice(at, at + 2);
      if (name === '') return refuse(reading, `${kind.toUpperCase()} has an empty name`, `=${value}`);
      pairs.push({ name, value });
    }
    return { kind, pairs };
  };

const someCommand =
  (kind: 'entrypoint' | 'cmd'): ActionReader =>
  (node) => ({ kind, command: { shell: !node.json, words: node.args } });

const READERS: Readonly<Record<string, ActionReader>> = {
  add: readCopy,
  arg: readArg,
  cmd: someCommand('cmd'),
  copy: readCopy,
  entrypoint: someCommand('entrypoint'),
  env: somePairs('env'),
  expose: someWords('expose'),
  from: readFrom,
  healthcheck: readHealthcheck,
  label: somePairs('label'),
  maintainer: oneValue('maintainer'),
  onbuild: readOnbuild,
  run: readRun,
  shell: readShell,
  stopsignal: oneValue('stopsignal'),
  user: oneValue('user'),
  volume: someWords('volume'),
  workdir: oneValue('workdir'),
};

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

function readFrom(node: Node, flags: Flags, reading: Reading): Action | undefined {
  const [image, as, name] = node.args;
  const shape = node.args.length === 1 || (node.args.length === 3 && as?.toLowerCase() === 'as');
  if (image === undefined || !shape) {
    return refuse(
      reading,
      'FROM takes an image and, if the stage has one, AS and its name',
      image,
      'FROM debian:bookworm AS build',
    );
  }
  const lower = name?.toLowerCase();
  if (lower !== undefined && !STAGE_NAME.test(lower)) {
    return refuse(
      reading,
      `${name} cannot be the name of a stage`,
      name,
      'a letter, then letters, digits, -, _ and .',
    );
  }
  const platform = flags.value('platform');
  return {
    kind: 'from',
    image,
    ...(platform === undefined ? {} : { platform }),
    ...(lower === undefined ? {} : { name: lower }),
  };
}

function readArg(node: Node, _flags: Flags, reading: Reading): Action | undefined {
  if (node.args.length === 0) return refuse(reading, 'ARG needs a name');
  const args = node.args.map((word) => {
    const at = word.indexOf('=');
    return at === -1 ? { name: word } : { name: word.slice(0, at), value: word.slice(at + 1) };
  });
  const unnamed = args.find((each) => each.name === '');
  return unnamed === undefined
    ? { kind: 'arg', args }
    : refuse(reading, 'ARG has an empty name', `=${unnamed.value}`);
}

function readRun(node: Node, flags: Flags, reading: Reading): Action | undefined {
  if (node.args.length === 0) return refuse(reading, 'RUN needs a command');
  const mounts = flags.values('mount');
  if (!checkMounts(mounts, reading)) return undefined;
  if (flags.value('device') !== undefined) return unsupported(reading, '--device', 'remove the flag');
  const security = flags.value('security') ?? 'sandbox';
  if (security !== 'sandbox') {
    return refuse(
      reading,
      `--security=${security} is not granted`,
      '--security',
      'RUN has the rights of a container, never more',
    );
  }
  const network = flags.value('network') ?? 'default';
  if (network !== 'default' && network !== 'none' && network !== 'host') {
    return refuse(reading, `${network} is no network of RUN`, network, 'default, none or host');
  }
  return {
    kind: 'run',
    command: { shell: !node.json, words: node.args },
    heredocs: node.heredocs,
    mounts,
    ...(flags.value('network') === undefined ? {} : { network }),
  };
}

/** What can be said before variables are known. */
function checkMounts(mounts: readonly string[], reading: Reading): boolean {
  const before = reading.problems.length;
  for (const text of mounts.filter((each) => !each.includes('$'))) {
    const found = readMount(text);
    if ('error' in found) refuse(reading, found.error, text, found.hint);
  }
  return reading.problems.length === before;
}

function readCopy(node: Node, flags: Flags, reading: Reading): Action | undefined {
  const kind = node.keyword === 'add' ? 'add' : 'copy';
  const words = node.args.slice(0, -1);
  const destination = node.args.at(-1);
  if (destination === undefined || words.length === 0) {
    return refuse(reading, `${kind.toUpperCase()} needs at least one source and a destination`, destination);
  }
  const from = flags.value('from');
  if (from?.includes('$') === true) {
    const hint = `write FROM ${from} AS some-name above, and --from=some-name`;
    return refuse(reading, '--from takes no variables', from, hint);
  }
  if (node.keyword === 'add' && refuseAdd(words, flags, reading)) return undefined;
  const files = inlineFiles(node, words);
  return {
    kind,
    sources: words.filter((word) => node.json || opening(word) === undefined),
    files,
    destination,
    link: flags.flag('link'),
    parents: flags.flag('parents'),
    exclude: flags.values('exclude'),
    unpack: flags.value('unpack') === undefined || flags.flag('unpack'),
    ...optional('from', from),
    ...optional('chown', flags.value('chown')),
    ...optional('chmod', flags.value('chmod')),
  };
}

export const optional = <K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [key in K]?: V });

const REMOTE = /^(https?|ftp|git|ssh|file):\/\/|^git@/i;

function refuseAdd(sources: readonly string[], flags: Flags, reading: Reading): boolean {
  const remote = sources.find((each) => REMOTE.test(each));
  const flag = ['checksum', 'keep-git-dir'].find((each) => flags.value(each) !== undefined);
  if (remote !== undefined)
    unsupported(reading, remote, 'fetch it in a RUN, or before the build, and COPY it');
  else if (flag !== undefined)
    unsupported(reading, `--${flag}`, 'it is for remote sources only; fetch them in a RUN');
  return remote !== undefined || flag !== undefined;
}

function inlineFiles(node: Node, words: readonly string[]): readonly InlineFile[] {
  if (node.json) return [];
  const names = words.map(opening).filter((each) => each !== undefined);
  return names.map(({ name, expand }, index) => ({ name, expand, content: bodyOf(node.heredocs[index]) }));
}

/** With the leading tabs that `<<-` takes away. */
export const bodyOf = (heredoc: Heredoc | undefined): string =>
  heredoc === undefined ? '' : heredoc.chomp ? heredoc.content.replace(/^\t+/gm, '') : heredoc.content;

function readShell(node: Node, _flags: Flags, reading: Reading): Action | undefined {
  if (!node.json || node.args.length === 0) {
    return refuse(reading, 'SHELL takes a JSON array', node.args[0], 'SHELL ["/bin/bash", "-c"]');
  }
  return { kind: 'shell', words: node.args };
}

const NOT_TRIGGERS = new Set(['onbuild', 'from', 'maintainer']);

function readOnbuild(node: Node, _flags: Flags, reading: Reading): Action | undefined {
  const { child } = node;
  if (child === undefined) return refuse(reading, 'ONBUILD needs an instruction');
  if (NOT_TRIGGERS.has(child.keyword)) {
    return refuse(reading, `${child.keyword.toUpperCase()} cannot be an ONBUILD trigger`, child.keyword);
  }
  const instruction = readInstruction(child, { ...reading, node: child });
  if (instruction === undefined) return undefined;
  const bodies = child.heredocs.map((each) => `\n${each.content}${each.name}`).join('');
  return { kind: 'onbuild', trigger: node.rest + bodies, instruction };
}
