/** `.dockerignore`: which paths of a context are sent, or seen, at all. */
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

export function readIgnore(ignoreText: string): ContextFilter {
  const patterns = ignoreText
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'));
  const written = patterns.map((line) => line.trim()).filter((line) => line !== '');
  if (written.length === 0) return { includes: () => true, reincludes: false };
  const matcher = dockerignore.default().add(written);
  return {
    includes: (path) => path === '' || path === '.' || !matcher.ignores(path),
    reincludes: written.some((line) => line.startsWith('!')),
  };
}

/** The ignore file that counts: the Dockerfile's own before the context's. Paths relative to the context. */
export const ignoreFileNames = (dockerfile: string): readonly string[] => [
  `${dockerfile}.dockerignore`,
  '.dockerignore',
];
