/** Every command. Help, parsing, completions and suggestions come from these rows. */
import type { Table } from '../cli/build.ts';
import { choice, list, text } from '../cli/command.ts';
import { VERSION } from '../version.ts';
import { CONTAINER } from './container.ts';
import { IMAGE } from './image.ts';
import { ELSEWHERE, NOT_YET } from './not-yet.ts';
import { PROJECT } from './project.ts';
import { SYSTEM } from './system.ts';

export const TABLE: Table = {
  version: VERSION,
  nouns: {
    container: 'Containers',
    image: 'Images',
    network: 'Networks',
    volume: 'Volumes',
    system: 'The daemon and this host',
  },
  globals: [
    list('-f, --file <file>', 'Compose file; again for files laid over it'),
    text('-p, --project-name <name>', 'Name of the project'),
    list('--profile <name>', 'Turn a profile on'),
    list('--env-file <file>', 'Read variables from this file instead of .env'),
    text('--project-directory <folder>', 'Folder that relative paths start from'),
    choice('--progress <form>', 'How progress is shown', ['auto', 'tty', 'plain', 'json', 'quiet']),
    choice('--ansi <when>', 'Colours', ['auto', 'never', 'always']),
    text('-H, --host <socket>', 'Socket of the daemon: unix:///run/orc/orc.sock'),
  ],
  notYet: NOT_YET,
  elsewhere: ELSEWHERE,
  commands: [...PROJECT, ...CONTAINER, ...IMAGE, ...SYSTEM],
};
