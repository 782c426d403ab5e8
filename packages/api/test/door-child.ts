/** A door in a process of its own; it says where, and closes with its input. */
import { once } from 'node:events';
import { openDoor } from './door.ts';
import { createMemory } from './memory.ts';

await using door = await openDoor(createMemory());
process.stdout.write(`${door.socketPath}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
for (const each of new Set(door.emitted)) process.stderr.write(`${each}\n`);
