import { describe, expect, test } from 'vitest';
import { type Fact, configHash, resolveProject } from '../src/index.ts';
import { loadFiles } from './support.ts';

const messages = (result: { problems: readonly { message: string; severity?: string }[] }): string[] =>
  result.problems.filter((each) => each.severity !== 'warning').map((each) => each.message);

describe('where files come from', () => {
  test('standard input is the path -', () => {
    const { model } = loadFiles(
      { '-': 'name: t\nservices: {a: {image: b, volumes: [./x:/y]}}' },
      { files: ['-'] },
    );
    expect(model?.services['a']?.volumes?.[0]?.source).toBe('/dir/x');
  });

  test('an override file beside the main file is read', () => {
    const { model } = loadFiles({
      'compose.yaml': 'services: {a: {image: b}}',
      'compose.override.yaml': 'services: {a: {hostname: h}}',
    });
    expect(model?.services['a']).toMatchObject({ image: 'b', hostname: 'h' });
  });

  test('the project directory moves what is relative, and brings its .env', () => {
    const { model } = loadFiles(
      {
        'sub/compose.yaml': 'services: {a: {image: "b:${TAG}", build: .}}',
        'home/.env': 'TAG=7',
        'sub/.env': 'TAG=8',
      },
      { files: ['sub/compose.yaml'], projectDirectory: 'home' },
    );
    expect(model?.services['a']).toMatchObject({ image: 'b:7', build: { context: '/dir/home' } });
  });

  test('the environment wins over --env-file, the last of these over the first', () => {
    const { model } = loadFiles(
      {
        'compose.yaml': 'services: {a: {image: "$A-$B-$C"}}',
        '1.env': 'A=1\nB=1\nC=1',
        '2.env': 'B=2\nC=${A}2',
      },
      { envFiles: ['1.env', '2.env'], environment: { A: 'env' } },
    );
    expect(model?.services['a']?.image).toBe('env-2-env2');
  });

  test('with -f it is the .env beside that file, and not the one of the working directory', () => {
    const { model } = loadFiles(
      {
        '-': 'name: t',
        'sub/compose.yaml': 'services: {a: {image: "b:${TAG}-${ONLY:-}"}}',
        'sub/.env': 'TAG=8',
        '.env': 'TAG=7\nONLY=here',
      },
      { files: ['-', 'sub/compose.yaml'] },
    );
    expect(model?.services['a']?.image).toBe('b:8-');
  });

  test('where COMPOSE_FILE leads to another folder, its .env comes after the one here', () => {
    const { model } = loadFiles({
      'sub/compose.yaml': 'services: {a: {image: "b:${TAG}-${ONLY}"}}',
      'sub/.env': 'TAG=8\nONLY=there',
      '.env': 'COMPOSE_FILE=sub/compose.yaml\nTAG=7',
    });
    expect(model?.services['a']?.image).toBe('b:7-there');
  });

  test('a file that cannot be read says why', async () => {
    const read = async ({ path }: { path: string }): Promise<Fact> =>
      path.endsWith('/compose.yaml') ? { kind: 'unreadable', message: 'EACCES' } : { kind: 'missing' };
    expect(messages(await resolveProject(read, { cwd: '/dir', environment: {} }))).toEqual([
      'compose.yaml cannot be read: EACCES',
    ]);
  });

  test('bytes that are not UTF-8 are refused', async () => {
    const read = async ({ path }: { path: string }): Promise<Fact> =>
      path.endsWith('/compose.yaml')
        ? { kind: 'file', data: Uint8Array.of(0xff, 0xfe) }
        : { kind: 'missing' };
    expect(messages(await resolveProject(read, { cwd: '/dir', environment: {} }))).toEqual([
      'compose.yaml is not UTF-8 text',
    ]);
  });
});

describe('variables of compose in .env', () => {
  const two = {
    'a.yaml': 'services: {a: {image: a}, b: {image: b, profiles: [x]}, c: {image: c, profiles: [y]}}',
    'b.yaml': 'services: {a: {hostname: h}}',
  };
  const COUNT: readonly (readonly [env: string, expected: object])[] = [
    ['COMPOSE_FILE=a.yaml', { name: 'dir', services: { a: {} } }],
    ['COMPOSE_FILE=a.yaml:b.yaml', { services: { a: { hostname: 'h' } } }],
    ['COMPOSE_FILE=a.yaml;b.yaml\nCOMPOSE_PATH_SEPARATOR=;', { services: { a: { hostname: 'h' } } }],
    ['COMPOSE_FILE=a.yaml:b.yaml\nCOMPOSE_PATH_SEPARATOR=', { services: { a: { hostname: 'h' } } }],
    ['COMPOSE_FILE=a.yaml\nCOMPOSE_PROJECT_NAME=named', { name: 'named' }],
    ['COMPOSE_FILE=a.yaml\nCOMPOSE_PROFILES=x,y', { services: { a: {}, b: {}, c: {} } }],
  ];
  test.each(COUNT)('%j counts', (text, expected) => {
    const { model, problems } = loadFiles({ ...two, '.env': text });
    expect([problems, model]).toMatchObject([[], expected]);
  });

  test('the process goes before it, and flags before both', () => {
    const files = { 'compose.yaml': two['a.yaml'], '.env': 'COMPOSE_PROFILES=x\nCOMPOSE_PROJECT_NAME=low' };
    const environment = { COMPOSE_PROFILES: 'y', COMPOSE_PROJECT_NAME: 'mid' };
    const seen = (input: Parameters<typeof loadFiles>[1]): unknown => {
      const { model } = loadFiles(files, input);
      return [model?.name, Object.keys(model?.services ?? {})];
    };
    expect(seen({})).toEqual(['low', ['a', 'b']]);
    expect(seen({ environment })).toEqual(['mid', ['a', 'c']]);
    expect(seen({ environment, profiles: ['x'], projectName: 'high' })).toEqual(['high', ['a', 'b']]);
  });

  test('which env files are read is not said there, and that is told', () => {
    const text = 'A=1\nexport COMPOSE_ENV_FILES=other.env\nCOMPOSE_DISABLE_ENV_FILE=1';
    const { model, problems } = loadFiles({
      'compose.yaml': 'services: {a: {image: "b:${A}"}}',
      '.env': text,
      'other.env': 'A=2',
    });
    expect(model?.services['a']?.image).toBe('b:1');
    expect(problems.map(({ severity, message, where }) => [severity, where?.line, message])).toEqual([
      ['warning', 2, 'COMPOSE_ENV_FILES has no effect in an env file'],
      ['warning', 3, 'COMPOSE_DISABLE_ENV_FILE has no effect in an env file'],
    ]);
  });

  test.each(['1', 'true', 'True', 'T'])(
    'COMPOSE_DISABLE_ENV_FILE=%s: no .env, but what is named',
    (value) => {
      const files = { 'compose.yaml': 'services: {a: {image: "b:${A:-0}"}}', '.env': 'A=1', 'my.env': 'A=2' };
      const environment = { COMPOSE_DISABLE_ENV_FILE: value };
      const image = (envFiles: string[]): unknown =>
        loadFiles(files, { environment, envFiles }).model?.services['a']?.image;
      expect([image([]), image(['my.env'])]).toEqual(['b:0', 'b:2']);
    },
  );
});

describe('problems of env files show their line, and no value', () => {
  const shown = (text: string): unknown =>
    loadFiles({ 'compose.yaml': 'services: {a: {image: a}}', '.env': text }).problems.map(({ where }) => [
      where?.line,
      where?.column,
      where?.excerpt,
    ]);
  const LINES: readonly [text: string, line: number, column: number, excerpt: string | undefined][] = [
    ['OK=1\nMY KEY=s3cret', 2, 1, 'MY KEY=…'],
    ["OPEN='s3cret", 1, 6, "OPEN='…"],
    ['export PW=s3cret${ROOT:?s3cret}s3cret', 1, 17, 'export PW=******${ROOT…'],
    ['PW="s3cret\ns3${bad!}s3"', 2, 3, '**$…'],
    ['A=1\r\nB=2\r\nMY KEY=s3cret\r\n', 3, 1, 'MY KEY=…'],
    ['just s3cret', 1, 1, undefined],
  ];
  test.each(LINES)('%j', (text, ...where) => {
    expect(shown(text)).toEqual([where]);
  });
});

describe('options', () => {
  test('without interpolation what is written stays', () => {
    const text =
      'services: {a: {image: "b:${TAG:?}", ports: ["${A}:80", "${B}:80"], scale: "${N}", env_file: "${F}"}}';
    const { model, problems } = loadFiles(
      { 'compose.yaml': text },
      { options: { interpolate: false, translate: false } },
    );
    expect(problems).toEqual([]);
    expect(model?.services['a']).toMatchObject({
      image: 'b:${TAG:?}',
      ports: ['${A}:80', '${B}:80'],
      scale: '${N}',
    });
  });

  test('services that are named bring their profiles', () => {
    const files = {
      'compose.yaml':
        'services: {a: {image: a, profiles: [x]}, b: {image: b, profiles: [x]}, c: {image: c, profiles: [y]}}',
    };
    const { project } = loadFiles(files, { options: { services: ['a'] } });
    expect(project?.services.map((each) => each.service)).toEqual(['a', 'b']);
  });

  test('for the model alone no secret is asked for, and nothing valid is refused', () => {
    const text = 'services: {a: {image: b, gpus: all, secrets: [s]}}\nsecrets: {s: {file: ./missing}}';
    const { model, problems } = loadFiles({ 'compose.yaml': text }, { options: { translate: false } });
    expect(problems).toEqual([]);
    expect(model?.secrets?.['s']).toMatchObject({ file: '/dir/missing' });
  });
});

describe('secrets', () => {
  test('are in the project and nowhere else', () => {
    const { model, project } = loadFiles(
      { 'compose.yaml': 'services: {a: {image: b, secrets: [s]}}\nsecrets: {s: {environment: S}}' },
      { environment: { S: 'hunter2' } },
    );
    expect(JSON.stringify(model)).not.toContain('hunter2');
    expect(project?.secrets[0]?.data).toBe(Buffer.from('hunter2').toString('base64'));
  });

  test('do not show in problems of env files', () => {
    const { problems } = loadFiles({
      'compose.yaml': 'services: {a: {image: b, env_file: e}}',
      e: 'P="hunter2\nhunter3 x',
    });
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('hunter');
  });
});

test('the hash of a service is of what makes its container', () => {
  const hashOf = (text: string): string => {
    const { model } = loadFiles({ 'compose.yaml': `name: t\nservices: {a: {${text}}, b: {image: b}}` });
    return configHash(model?.services['a'] as never);
  };
  const base = hashOf('image: a');
  expect(hashOf('image: a, scale: 3, depends_on: [b], profiles: []')).toBe(base);
  expect(hashOf('image: a, deploy: {replicas: 3}')).not.toBe(hashOf('image: a, environment: {A: 1}'));
  expect(hashOf('image: a2')).not.toBe(base);
});

test('files are asked for in few rounds', async () => {
  const rounds: string[][] = [];
  let open: string[] = [];
  const read = async ({ path }: { path: string }): Promise<Fact> => {
    if (open.length === 0) queueMicrotask(() => rounds.push(open.splice(0)));
    open.push(path);
    if (path === '/dir/compose.yaml')
      return {
        kind: 'text',
        text: 'services: {a: {image: b, env_file: [x, y], secrets: [s]}}\nsecrets: {s: {file: z}}',
      };
    return ['x', 'y', 'z'].some((name) => path === `/dir/${name}`)
      ? { kind: 'text', text: '' }
      : { kind: 'missing' };
  };
  const { project } = await resolveProject(read, { cwd: '/dir', environment: {} });
  open = [];
  expect(project).toBeDefined();
  expect(rounds.length).toBeLessThanOrEqual(5);
});

test('of many problems the first are shown, and the others counted', () => {
  const services = Array.from({ length: 150 }, (_, index) => `  s${index}: {imag: x}`).join('\n');
  const { problems } = loadFiles({ 'compose.yaml': `services:\n${services}\n` });
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message).toBe('50 further problems are not shown');
});

test('an unset variable is named once', () => {
  const { problems } = loadFiles({ 'compose.yaml': 'services: {a: {image: "b$V", hostname: "x$V"}}' });
  expect(problems.map((each) => each.where?.column)).toEqual([25]);
});
