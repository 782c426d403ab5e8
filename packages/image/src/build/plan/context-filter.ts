/** `.dockerignore`: which paths of a context are sent, or seen, at all. */
import { fail } from '@orc/model';
import dockerignore from '@balena/dockerignore';

export type ContextFilter = {
  /** Of a file or directory, relative, `/`-separated. */
  readonly includes: (path: string) => boolean;
  /** A pattern may bring back something below an excluded directory, so that it has to be walked. */
  readonly reincludes: boolean;
};

/**
 * For the sender of a context: `true` is sent. Whoever reads Dockerfile and ignore file does so before,
 * past the filter: listing them only hides them from COPY, as in docker. Directories above what `!` brings
 * back are the sender's to walk.
 */
export const contextFilter = (ignoreText: string): ((path: string) => boolean) =>
  readIgnore(ignoreText).includes;

/** Throws `input.invalid` for a malformed pattern. */
export function readIgnore(ignoreText: string): ContextFilter {
  const patterns = ignoreText
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'));
  const written = patterns.map((line) => line.trim()).filter((line) => line !== '');
  if (written.length === 0) return { includes: () => true, reincludes: false };
  for (const pattern of written) checkPattern(pattern);
  const matcher = dockerignore.default({ ignorecase: false }).add(written);
  return {
    includes: (path) => path === '' || path === '.' || !matcher.ignores(path),
    reincludes: written.some((line) => line.startsWith('!')),
  };
}

/** The library would say so only when it matches, and as a bug. */
function checkPattern(pattern: string): void {
  try {
    dockerignore.default({ ignorecase: false }).add([pattern]).ignores('a');
  } catch (error) {
    const hint = 'close its [, or write \\[';
    throw fail('input.invalid', `${pattern} is no pattern: ${(error as Error).message}`, { hint });
  }
}

/** The ignore file that counts: the Dockerfile's own before the context's. Paths relative to the context. */
export const ignoreFileNames = (dockerfile: string): readonly string[] => [
  `${dockerfile}.dockerignore`,
  '.dockerignore',
];
