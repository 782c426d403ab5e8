/** Which file it is, whatever links to it: the number and when it was given out (numbers are used again). */
import type { BigIntStats } from 'node:fs';

export const inodeOf = ({ ino, size, birthtimeNs }: BigIntStats): string => `${ino}-${size}-${birthtimeNs}`;
