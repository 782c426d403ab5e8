/**
 * Writes COMPATIBILITY.md, and the table in the README of the repository, from the attribute table:
 * `node packages/compose/scripts/compatibility.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { compatibilityDocument, readmeWithTable } from '../src/compatibility.ts';

const README = new URL('../../../README.md', import.meta.url);

writeFileSync(new URL('../COMPATIBILITY.md', import.meta.url), compatibilityDocument());
writeFileSync(README, readmeWithTable(readFileSync(README, 'utf8')));
