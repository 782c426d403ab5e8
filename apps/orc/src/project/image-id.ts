/** Which image a name stands for. Apart from what makes images: that loads too much for a command that only runs one. */
import type { Client } from '@orc/api/client';
import { OrcError } from '@orc/model';

/** Undefined: there is none here. */
export async function idOf(client: Client, image: string): Promise<string | undefined> {
  try {
    return (await client.inspectImage(image)).Id;
  } catch (error) {
    if (error instanceof OrcError && error.problem.code === 'notfound.image') return undefined;
    throw error;
  }
}
