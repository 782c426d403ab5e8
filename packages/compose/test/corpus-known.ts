/** Cases of the corpus that do not hold, each with the reason. One that begins to hold fails the test. */
export const KNOWN_EXPECT: Readonly<Record<string, string>> = {};
export const KNOWN_REAL: Readonly<Record<string, string>> = {};
export const KNOWN_FIXTURES: Readonly<Record<string, string>> = {};
