/** Verbs of docker and docker compose that are not commands here: a likeness of letters would mislead to others. */

/** The same under another name. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  convert: 'config',
  history: 'image history',
  import: 'image import',
  info: 'system info',
  inspect: 'container inspect',
  load: 'image load',
  rmi: 'image rm',
  save: 'image save',
  tag: 'image tag',
  'system events': 'events',
};

const FREEZE = 'hold its first program, and let it go on with CONT';
const PROCESSES = 'if the image has it';
const OTHER_HOSTS = 'one host runs all there is: a compose file with deploy.replicas is "orc up"';
const OF_DOCKER = 'what docker keeps beside containers has no like here; see "orc --help"';

/** By name, with the nearest that there is. docs/not-yet.md has the same table. */
export const NOT_YET: Readonly<Record<string, string>> = {
  attach: 'hear a service with "orc logs -f SERVICE", or join one container with "orc container attach"',
  commit: 'write what was done by hand into a Dockerfile, and run "orc build"',
  cp: 'pipe through exec: orc exec -T web tar -C /app -c . > app.tar, and back with -x < app.tar',
  export: 'pipe through exec: orc exec -T web tar -C /app -c . > app.tar',
  login: 'write the registry into ~/.docker/config.json, which is read: docker login does so',
  logout: 'take the registry out of ~/.docker/config.json',
  pause: `${FREEZE}: orc kill -s STOP SERVICE`,
  publish: 'put the compose file where others get it; "orc config" prints it whole',
  push: 'carry images over: orc image save app | ssh HOST orc image load',
  stats: `see "orc exec SERVICE top", ${PROCESSES}, and "orc container ls -s" for what each wrote`,
  top: `see "orc exec SERVICE ps", ${PROCESSES}`,
  unpause: 'what "orc kill -s STOP" holds goes on with "orc kill -s CONT SERVICE"',
  update: 'change the compose file, and run "orc up -d"',
  volumes: 'see "orc volume ls"',
  watch: 'mount the sources, whose changes are seen at once, or run "orc up -d --build SERVICE" after each',
  bridge: OF_DOCKER,
  builder: 'the cache of builds goes with the images: orc image prune',
  buildx: 'it is "orc build", and "orc image build"',
  checkpoint: OF_DOCKER,
  context: 'name the daemon with "orc -H unix:///PATH", or ORC_HOST',
  diff: 'see how much each wrote with "orc container ls -s"',
  manifest: 'an image of another platform comes with "orc image pull --platform"',
  node: OTHER_HOSTS,
  plugin: OF_DOCKER,
  rename: 'the name is given at the start: container_name of the service, or "orc container run --name"',
  search: 'nothing is searched: name the image, and "orc pull" says whether it is there',
  secret: 'secrets are given by the compose file: its top-level key secrets',
  service: 'services are those of a compose file: orc up, orc ps, orc scale',
  stack: OTHER_HOSTS,
  swarm: OTHER_HOSTS,
  trust: OF_DOCKER,
  'container commit': 'write what was done by hand into a Dockerfile, and run "orc image build"',
  'container cp':
    'pipe through exec: orc container exec web tar -C /app -c . > app.tar, and back with -i and -x < app.tar',
  'container diff': 'see how much it wrote with "orc container ls -as"',
  'container export': 'pipe through exec: orc container exec web tar -C /app -c . > app.tar',
  'container pause': `${FREEZE}: orc container kill -s STOP CONTAINER`,
  'container port':
    'see "orc container ls", or: orc container inspect -f "{{json .NetworkSettings.Ports}}" CONTAINER',
  'container rename': 'make it anew with "orc container run --name"',
  'container stats': `see "orc container exec CONTAINER top", ${PROCESSES}`,
  'container top': `see "orc container exec CONTAINER ps", ${PROCESSES}`,
  'container unpause': 'what "-s STOP" holds goes on with "orc container kill -s CONT CONTAINER"',
  'container update': 'make it anew with other limits: "orc container run --help" shows them',
  'image push': 'carry it over: orc image save app | ssh HOST orc image load',
  'network connect':
    'name all its networks when it is made: in the compose file, or "orc container run --network"',
  'network disconnect':
    'take the network out of the compose file, and run "orc up -d"; or make the container anew',
  'system df': 'see "orc image ls", "orc container ls -as" and "orc volume ls"',
  'system prune': 'run "orc container prune", "orc network prune", "orc image prune", and "orc volume prune"',
  'volume update': 'make another one, and name that',
};
