/**
 * What a real daemon answers is what `schemas/api.schema.json` says, and no field more: the types of its rooms cannot
 * see what a spread brings along.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ajv } from 'ajv';
import type { Client } from '@orc/api/client';
import { type Schema, nameOf } from '../../scripts/schema-types.ts';
import { createAjv, readDocuments } from '../../scripts/validators.ts';
import { forever, idle, sh, startNew } from '../lab/engine.ts';
import { type ComposeLab, startComposeLab } from '../lab/project.ts';

const documents = readDocuments();
const { definitions } = documents;
const strict = createAjv({
  ...documents,
  definitions: Object.fromEntries(Object.entries(definitions).map(([name, each]) => [name, closed(each)])),
});

/** Answers are open to what a newer daemon adds; of this one, nothing is passed over. */
function closed(schema: Schema): Schema {
  const { allOf, oneOf, items, properties, additionalProperties } = schema;
  if (allOf !== undefined) return closed(merged(allOf));
  return {
    ...schema,
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(closed) }),
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: mapped(properties),
          additionalProperties: additionalProperties ?? oneOf !== undefined,
        }),
  };
}

function mapped(properties: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, closed(each)]));
}

function merged(parts: readonly Schema[]): Schema {
  const whole = parts.map(({ $ref, ...part }) =>
    $ref === undefined ? part : (definitions[nameOf($ref)] as Schema),
  );
  return {
    type: 'object',
    required: whole.flatMap((each) => each.required ?? []),
    properties: Object.assign({}, ...whole.map((each) => each.properties)) as Readonly<
      Record<string, Schema>
    >,
  };
}

function wrong(name: string, answers: readonly unknown[], ajv: Ajv = strict): readonly string[] {
  const validate = ajv.getSchema(`orc#/$defs/${name}`);
  if (validate === undefined) throw new Error(`there is no document ${name}`);
  return answers.flatMap((answer) => {
    validate(answer);
    return (validate.errors ?? []).map(
      ({ instancePath, keyword, params }) => `${instancePath} ${keyword} ${JSON.stringify(params)}`,
    );
  });
}

const COMPOSE = `
services:
  web:
    image: busybox
    init: true
    command: sleep 1000
    ports: ["127.0.0.1::80"]
    volumes: [data:/data]
    healthcheck: { test: "true", interval: 100ms }
volumes: { data: {} }
`;

let lab: ComposeLab;
let id: string;
beforeAll(async () => {
  lab = await startComposeLab();
  lab.project('shop', COMPOSE).ok(['up', '-d', '--wait']);
  id = await startNew(lab.instance.client, idle({ labels: { a: 'b' } }), 'alone');
});
afterAll(async () => lab?.close());

async function within<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const seen = await Array.fromAsync(rows);
  expect(seen.length).toBeGreaterThan(0);
  return seen;
}

type Ask = (client: Client) => Promise<readonly unknown[]>;
const one = async (answer: Promise<unknown>): Promise<readonly unknown[]> => [await answer];
const ASKED: Readonly<Record<string, Ask>> = {
  Version: (client) => one(client.version()),
  SystemInfo: (client) => one(client.info()),
  OrcEvent: (client) => within(client.events({ sinceMs: 0, untilMs: Date.now() }, forever())),
  ProjectSummary: (client) => client.listProjects(true),
  ProjectView: (client) => one(client.getProject('shop')),
  PutResult: (client) => one(client.actProject('shop', { kind: 'restart', timeoutMs: 0 })),
  ContainerSummary: (client) => client.listContainers({ all: true }),
  Container: async (client) => {
    const all = await client.listContainers({ all: true });
    return Promise.all(all.map((each) => client.getContainer(each.id)));
  },
  CreatedContainer: (client) => one(client.createContainer({ name: 'made', spec: { image: 'busybox' } })),
  CreatedExec: (client) => one(client.createExec(id, { argv: ['true'], tty: false, stdin: false })),
  ExecState: async (client) => {
    const exec = await client.createExec(id, { argv: ['true'], tty: false, stdin: false });
    await Array.fromAsync((await client.startExec(exec.id)).output);
    return one(client.getExec(exec.id));
  },
  Exit: async (client) => {
    const ended = await startNew(client, sh('exit 3'));
    return one(client.waitContainer(ended, 'not-running', forever()));
  },
  ImageSummary: (client) => client.listImages(),
  ImageView: (client) => one(client.inspectImage('busybox')),
  ImageStep: (client) => client.imageHistory('busybox'),
  ImageProgress: (client) => within(client.bootstrapImage('busybox', forever())),
  OpenedContext: (client) => one(client.openContext('k', [])),
  NetworkObj: (client) => client.listNetworks(),
  NetworkView: (client) => one(client.getNetwork('shop_default')),
  VolumeView: (client) => client.listVolumes(),
};

test.each(Object.entries(ASKED))('%s', async (name, ask) => {
  const answers = await ask(lab.instance.client);
  expect(answers.length).toBeGreaterThan(0);
  expect(wrong(name, answers)).toEqual([]);
});

test('a field more, and one of another type, are noticed', async () => {
  const [container] = await lab.instance.client.listContainers({ all: true });
  expect(wrong('ContainerSummary', [{ ...container, more: 1, restarts: 'x' }])).toHaveLength(2);
  const network = await lab.instance.client.getNetwork('shop_default');
  expect(wrong('NetworkView', [{ ...network, more: 1 }])).toHaveLength(1);
});
