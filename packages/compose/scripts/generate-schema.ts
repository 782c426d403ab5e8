/**
 * Copies `schemas/compose.schema.json` into the room, compact: `node packages/compose/scripts/generate-schema.ts`. The
 * copy is what the validator walks and what bundles carry.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../../schemas/compose.schema.json', import.meta.url), 'utf8'),
);
writeFileSync(
  new URL('../src/generated/compose-schema.json', import.meta.url),
  `${JSON.stringify(schema)}\n`,
);
