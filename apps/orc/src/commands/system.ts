/** Rows of `orc system`, `daemon` and `completion`. */
import { type CommandRow, on, text } from '../cli/command.ts';

export const SYSTEM: readonly CommandRow[] = [
  {
    name: 'system info',
    summary: 'Show what the daemon knows of itself and this host',
    flags: [text('-f, --format <form>', 'json, or a template such as "{{.cgroup}}"')],
    examples: ['orc system info', 'orc system info --format json'],
    load: async () => (await import('../verbs/system.ts')).info,
  },
  {
    name: 'system install',
    summary: 'Make the daemon a service of systemd, and the group of its socket',
    flags: [on('--print', 'Print the unit, and do nothing')],
    examples: ['sudo orc system install'],
    load: async () => (await import('../verbs/system-install.ts')).install,
  },
  {
    name: 'system uninstall',
    summary: 'Take the service and the group away again; containers and data stay',
    examples: ['sudo orc system uninstall'],
    load: async () => (await import('../verbs/system-install.ts')).uninstall,
  },
  {
    name: 'system stop',
    summary: 'End the daemon; containers live on',
    examples: ['orc system stop', 'ORC_ROOT=/srv/orc ORC_RUN=/run/orc-srv orc system stop'],
    load: async () => (await import('../verbs/system-end.ts')).stop,
  },
  {
    name: 'system purge',
    summary: 'End the daemon, and remove every container, image, volume and all other data of the instance',
    flags: [on('-f, --force', 'Do not ask')],
    examples: ['orc system purge', 'orc system purge -f'],
    load: async () => (await import('../verbs/system-end.ts')).purge,
  },
  {
    name: 'daemon',
    group: 'Engine',
    summary: 'Run the daemon in the foreground',
    flags: [text('--config <file>', 'Its configuration; /etc/orc/orcd.json')],
    examples: ['orc daemon', 'ORC_ROOT=/srv/orc ORC_RUN=/run/orc-srv orc daemon --config ./orcd.json'],
    load: async () => (await import('../verbs/system.ts')).daemon,
  },
  {
    name: 'completion',
    group: 'Engine',
    args: '<shell>',
    summary: 'Print completions for bash, zsh or fish',
    examples: ['source <(orc completion bash)', 'orc completion fish > ~/.config/fish/completions/orc.fish'],
    load: async () => (await import('../verbs/completion.ts')).completion,
  },
];
