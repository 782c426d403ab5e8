/** Verbs of docker and docker compose that are not commands here: a likeness of letters would mislead to others. */

/** The same under another name. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  convert: 'config',
  history: 'image history',
  images: 'image ls',
  import: 'image import',
  info: 'system info',
  inspect: 'container inspect',
  load: 'image load',
  rmi: 'image rm',
  save: 'image save',
  tag: 'image tag',
  'network remove': 'network rm',
};

const HELP = 'see "orc --help" for what is there';

const without = (names: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, HELP]));

/** By name, with what helps until then. */
export const NOT_YET: Readonly<Record<string, string>> = {
  ...without('bridge commit diff export pause publish push rename search unpause update watch'),
  ...without('builder buildx checkpoint context manifest node plugin secret service stack swarm trust'),
  attach: 'follow a service with "orc logs -f", or see "orc container attach --help"',
  cp: 'pipe through "orc exec -T", such as: orc exec -T web cat /etc/hosts > hosts',
  login: 'write the registry into ~/.docker/config.json, which is read',
  logout: 'take the registry out of ~/.docker/config.json',
  stats: 'see "orc exec SERVICE ps", and "orc system info"',
  top: 'see "orc exec SERVICE ps"',
  volumes: 'see "orc volume ls"',
  'container commit': HELP,
  'container cp': 'pipe through "orc container exec"',
  'container diff': HELP,
  'container export': HELP,
  'container pause': HELP,
  'container port': 'see "orc container ls"',
  'container rename': HELP,
  'container stats': HELP,
  'container top': 'see "orc container exec CONTAINER ps"',
  'container unpause': HELP,
  'container update': HELP,
  'image push': 'see "orc image save"',
  'network connect': 'name the networks at "orc container run"',
  'network disconnect': HELP,
  'system df': 'see "orc image ls" and "orc volume ls"',
  'system events': 'see "orc events"',
  'system prune': 'see "orc image rm" and "orc volume rm"',
  'volume update': HELP,
};
