/** Of which service a problem of a build is, and where. */
import { type Problem, formatProblem } from '@orc/model';
import { expect, test } from 'vitest';
import { placed, placeOf } from '../src/project/build-place.ts';

const away: Problem = {
  code: 'internal',
  message: 'registry docker.io cannot be reached',
  where: { file: 'Dockerfile', line: 1, column: 1 },
};

test.each([
  ['a service’s', {}, '/p/web/Dockerfile', 'web', 'web/Dockerfile:1:1: service web: registry'],
  ['above the folder', {}, '/q/Dockerfile', 'web', '/q/Dockerfile:1:1: service web: registry'],
  [
    'inline',
    { dockerfileInline: 'FROM a' },
    undefined,
    'web',
    'dockerfile_inline of service web:1:1: registry',
  ],
  ['no service’s', {}, '/p/Dockerfile', undefined, 'Dockerfile:1:1: registry'],
  ['standard input', { dockerfileInline: 'FROM a' }, undefined, undefined, 'Dockerfile:1:1: registry'],
])('%s', (_, spec, file, service, expected) => {
  const further = { ...(file === undefined ? {} : { file }), ...(service === undefined ? {} : { service }) };
  const place = placeOf(spec, { name: 'Dockerfile', cwd: '/p', ...further });
  expect(formatProblem(placed(away, place))).toContain(expected);
});

test('causes are of the service too, and other places stay', () => {
  const cause = { ...away, where: { file: 'other', line: 1 } };
  const place = placeOf({}, { name: 'Dockerfile', cwd: '/p', file: '/p/Dockerfile', service: 'web' });
  expect(placed({ ...away, cause }, place).cause).toMatchObject({
    message: 'service web: registry docker.io cannot be reached',
    where: { file: 'other' },
  });
});
