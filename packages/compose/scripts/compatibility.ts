/** Writes COMPATIBILITY.md from the attribute table: `node packages/compose/scripts/compatibility.ts`. */
import { writeFileSync } from 'node:fs';
import { compatibilityDocument } from '../src/compatibility.ts';

writeFileSync(new URL('../COMPATIBILITY.md', import.meta.url), compatibilityDocument());
