/** Of this release; lerna writes it into the packages, and a test compares. */
export const VERSION = '0.1.0';
