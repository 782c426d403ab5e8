import { defineConfig } from 'vitest/config';
import { SOURCE_FLAGS } from './apps/orc/src/cli/program.ts';

/** Real-kernel tests (`test/kernel/`) run in processes of their own; long ones (`*.long.test.ts`) only when asked for. */
const long = process.env['ORC_TEST_LONG'] === '1';

export default defineConfig({
  test: {
    include: [long ? '**/test/**/*.long.test.ts' : '**/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', ...(long ? [] : ['**/*.long.test.ts'])],
    pool: 'forks',
    execArgv: [...SOURCE_FLAGS],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes late on a busy machine; a test says what comes, not when.
    expect: { poll: { timeout: 15_000, interval: 20 } },
  },
});
