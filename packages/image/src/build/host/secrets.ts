/** What a build was given for `RUN --mount=type=secret`. */
import { fail } from '@orc/model';
import type { RunWork } from '../plan/evaluate.ts';
import type { SecretSpec } from '../plan/run-mounts.ts';
import type { Session } from './session.ts';

/** `undefined`: it was not given, and the step does without. Throws `input.missing` where it does not. */
export function secretOf(session: Session, { id, required }: SecretSpec): Uint8Array | undefined {
  const { secrets = {} } = session.request;
  if (Object.hasOwn(secrets, id)) return secrets[id];
  if (!required) return undefined;
  throw fail('input.missing', `the build was not given the secret ${id}, which the step needs`, {
    hint: `give it with --secret id=${id},src=FILE`,
  });
}

/** Those that a step wants as variables. */
export function secretVariables(session: Session, work: RunWork): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const mount of work.mounts) {
    if (mount.kind !== 'secret' || mount.env === undefined) continue;
    const content = secretOf(session, mount);
    if (content === undefined) continue;
    if (content.includes(0))
      throw fail('input.invalid', `the secret ${mount.id} has a zero byte, which no variable can hold`, {
        hint: 'mount it as a file: leave env out',
      });
    variables[mount.env] = Buffer.from(content).toString();
  }
  return variables;
}
