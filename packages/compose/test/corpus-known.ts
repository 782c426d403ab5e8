/** Cases of the corpus that do not hold, each with the reason. One that begins to hold fails the test. */

const PART =
  'one file of a project, without those that define the networks, services or secrets that it names';
const OVERLAY = 'an overlay, without the file that it lies over';
const UNSET = 'a part whose paths and ports come from variables that it does not bring along';
const TEMPLATE = 'a name in it is to be filled in by hand';
const CIRCLE = 'its services wait for each other';

export const KNOWN_EXPECT: Readonly<Record<string, string>> = {};

/** Real files that are refused with right. */
export const KNOWN_REAL: Readonly<Record<string, string>> = {
  'deviantony_docker-elk__dc-1-3': PART,
  'docker_labs__dockercon-us-2017-windows-modernize-aspnet-dev-v2-src-dc': TEMPLATE,
  'frappe_frappe_docker__overrides-compose.mariadb-secrets-2': OVERLAY,
  'frappe_frappe_docker__overrides-compose.multi-bench-1': OVERLAY,
  'laradock_laradock__dc.multi-php': PART,
  'laradock_laradock__docker-in-dc': PART,
  'laradock_laradock__elasticsearch-compose': PART,
  'laradock_laradock__gitlab-compose': PART,
  'laradock_laradock__graylog-compose': PART,
  'laradock_laradock__jenkins-compose': PART,
  'laradock_laradock__kafka-compose': PART,
  'laradock_laradock__keycloak-compose': UNSET,
  'laradock_laradock__mailu-compose': PART,
  'laradock_laradock__minio-compose': PART,
  'laradock_laradock__mysql-compose': PART,
  'laradock_laradock__nginx-compose': PART,
  'laradock_laradock__php-worker-compose': PART,
  'laradock_laradock__rabbitmq-compose': PART,
  'laradock_laradock__sonarqube-compose': PART,
  'laradock_laradock__traefik-compose': UNSET,
  'laradock_laradock__workspace-compose': PART,
  'zulip_docker-zulip__compose': PART,
  'zulip_docker-zulip__compose-1': PART,
  'zulip_docker-zulip__compose-1-10': PART,
  'zulip_docker-zulip__compose-1-2': PART,
  'zulip_docker-zulip__compose-1-3': PART,
  'zulip_docker-zulip__compose-1-4': PART,
  'zulip_docker-zulip__compose-1-5': PART,
  'zulip_docker-zulip__compose-1-6': PART,
  'zulip_docker-zulip__compose-1-7': PART,
  'zulip_docker-zulip__compose-1-8': PART,
  'zulip_docker-zulip__compose-1-9': PART,
};

/** Inputs of tests that are to be refused. */
export const KNOWN_FIXTURES: Readonly<Record<string, string>> = {
  'compose-spec_compose-go__loader-testdata-compose-depends-on-cycle': CIRCLE,
  'compose-spec_compose-go__loader-testdata-compose-depends-on-profile-no-cycle': CIRCLE,
  'compose-spec_compose-go__loader-testdata-compose-depends-on-self': CIRCLE,
  'compose-spec_compose-go__loader-testdata-compose-include-cycle': 'it includes itself',
  'docker_cli__cli-compose-loader-full-example':
    'an example of every attribute, whose references lead nowhere',
};
