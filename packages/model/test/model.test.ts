import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Cidr,
  containerNameFault,
  contains,
  defined,
  firstFreeAddress,
  firstFreeSubnet,
  fail,
  formatCidr,
  formatDurationMs,
  formatIpv4,
  formatProblem,
  formatSize,
  isContainerId,
  macOf,
  nearestWord,
  newContainerId,
  newObjectId,
  overlaps,
  parseBytes,
  parseCidr,
  parseDurationMs,
  parseIpv4,
  projectNameFault,
  resolveId,
  toProblem,
} from '../src/index.ts';

describe('units', () => {
  test.each([
    ['10', 10],
    ['1k', 1024],
    ['1.5g', 1.5 * 1024 ** 3],
    ['64MB', 64 * 1024 ** 2],
    ['64 mib', 64 * 1024 ** 2],
    ['2b', 2],
    ['', undefined],
    ['-1', undefined],
    ['1x', undefined],
    ['g', undefined],
  ])('bytes %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test.each([
    ['0', 0],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['2us', 0.002],
    ['-10s', -10_000],
    ['10', undefined],
    ['1s2', undefined],
    ['', undefined],
  ])('duration %s', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  test('a formatted duration reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), (ms) => parseDurationMs(formatDurationMs(ms)) === ms),
    );
  });
  test('sizes as docker writes them', () => {
    expect([0, 999, 1000, 7_250_000, 123_456_789].map(formatSize)).toEqual([
      '0B',
      '999B',
      '1kB',
      '7.25MB',
      '123MB',
    ]);
  });
});

describe('addresses', () => {
  test('text and back', () => {
    fc.assert(fc.property(fc.nat(0xffffffff), (value) => parseIpv4(formatIpv4(value)) === value));
    expect(parseIpv4('256.0.0.1')).toBeUndefined();
    expect(parseCidr('10.0.0.7/24')).toEqual({ base: parseIpv4('10.0.0.0'), prefixLength: 24 });
    expect(parseCidr('10.0.0.0/33')).toBeUndefined();
  });
  test('subnets never overlap and addresses are never taken twice', () => {
    const pool = parseCidr('10.128.0.0/20');
    if (pool === undefined) throw new Error('no pool');
    const taken: Cidr[] = [];
    for (
      let subnet = firstFreeSubnet(pool, 24, taken);
      subnet !== undefined;
      subnet = firstFreeSubnet(pool, 24, taken)
    )
      taken.push(subnet);
    expect(taken.map(formatCidr)).toHaveLength(16);
    expect(taken.every((a, at) => taken.every((b, other) => at === other || !overlaps(a, b)))).toBe(true);
    const small = parseCidr('10.0.0.0/29');
    if (small === undefined) throw new Error('no subnet');
    const used = new Set<number>();
    for (
      let each = firstFreeAddress(small, used, { base: small.base + 4, prefixLength: 30 });
      each !== undefined;
      each = firstFreeAddress(small, used)
    )
      used.add(each);
    expect([...used].map(formatIpv4).sort()).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.3',
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
    ]);
    expect([...used][0]).toBe(small.base + 4);
    const half = { base: small.base + 4, prefixLength: 30 };
    expect(
      firstFreeAddress(small, new Set([4, 5, 6].map((each) => small.base + each)), half),
    ).toBeUndefined();
    expect([...used].every((each) => contains(small, each))).toBe(true);
    expect(macOf(small.base)).toBe('02:42:0a:00:00:00');
  });
});

describe('ids', () => {
  test('are well formed', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(255)), (bytes) => {
        const random = (count: number): Uint8Array => Uint8Array.from(bytes.take(count));
        expect(newObjectId(random)).toMatch(/^[0-9a-z]{25}$/);
        const id = newContainerId(random);
        expect(isContainerId(id) && /[a-f]/.test(id.slice(0, 12))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
  test('are found by name and unique prefix', () => {
    const rows = [
      { id: 'abc1', name: 'web' },
      { id: 'abd2', name: 'abc' },
    ];
    expect(resolveId(rows, 'web')).toEqual({ found: rows[0] });
    expect(resolveId(rows, 'abc')).toEqual({ found: rows[1] });
    expect(resolveId(rows, 'abd')).toEqual({ found: rows[1] });
    expect(resolveId(rows, 'ab')).toEqual({ ambiguous: ['abc1', 'abd2'] });
    expect(resolveId(rows, '')).toEqual({ missing: true });
  });
});

describe('problems', () => {
  test('stand at their place', () => {
    const where = { file: 'compose.yaml', line: 3, column: 5, excerpt: '    imag: nginx' };
    const text = formatProblem({
      code: 'compose.schema',
      message: 'unknown attribute imag',
      where,
      hint: 'did you mean image?',
    });
    expect(text).toBe(
      'compose.yaml:3:5: unknown attribute imag\n      imag: nginx\n      ^\n  hint: did you mean image?',
    );
  });
  test.each([
    [1, /^ {2}.{200}…\n {2}\^$/],
    [100, /^ {2}.{200}…\n {101}\^$/],
    [500, /^ {2}….{200}…\n {123}\^$/],
    [1000, /^ {2}….{200}\n {202}\^$/],
  ])('in a long line show the part about column %i', (column, expected) => {
    const excerpt = Array.from({ length: 1000 }, (_, at) => (at === column - 1 ? '!' : '.')).join('');
    const [, ...shown] = formatProblem({
      code: 'compose.schema',
      message: 'wrong',
      where: { file: 'c.yaml', line: 1, column, excerpt },
    }).split('\n');
    expect(shown.join('\n')).toMatch(expected);
    expect(shown[0]?.[shown[1]?.indexOf('^') ?? 0]).toBe('!');
  });
  test('of names that are too long say the limit', () => {
    const fault = projectNameFault('a'.repeat(300));
    expect(fault?.message).toBe(`invalid project name "${'a'.repeat(20)}…": it has 300 characters`);
    expect(fault?.hint).toBe('the limit is 200');
    expect(containerNameFault('a'.repeat(256))?.hint).toBe('the limit is 255');
    expect(containerNameFault('a')?.hint).toMatch('two or more');
    expect(containerNameFault('a'.repeat(255))).toBeUndefined();
    expect([projectNameFault('a'.repeat(200)), projectNameFault('A')?.hint]).toEqual([
      undefined,
      'such as "a"',
    ]);
  });
  test('of any thrown value', () => {
    expect(toProblem(fail('conflict.port', 'x')).code).toBe('conflict.port');
    expect(toProblem(Object.assign(new Error('write'), { code: 'ENOSPC' })).code).toBe('disk.full');
    const full = (message: string, more: object = {}): string =>
      toProblem(Object.assign(new Error(message), { code: 'ENOSPC', ...more })).message;
    const node = 'ENOSPC: no space left on device';
    expect(full(`${node}, write`)).toBe('no space left on device: write');
    expect(full(`${node}, write`, { path: '/a/b' })).toBe("no space left on device: write '/a/b'");
    expect(full(`${node}, open '/a/b'`, { path: '/a/b' })).toBe("no space left on device: open '/a/b'");
    expect(full('write /a/b')).toBe('no space left on device: write /a/b');
    expect(toProblem('odd')).toEqual({ code: 'internal', message: 'odd' });
  });
});

describe('did you mean', () => {
  const known = ['up', 'down', 'start', 'stop', 'restart', 'image', 'environment', 'deploy', '_'];
  test.each([
    ['satrt', 'start'],
    ['dwon', 'down'],
    ['UP', 'up'],
    ['imagee', 'image'],
    ['enviroment', 'environment'],
    ['deploi', 'deploy'],
    ['image', undefined],
    ['xyzzy', undefined],
    ['X', undefined],
    ['U', 'up'],
    ['', undefined],
    ['u'.repeat(65), undefined],
  ])('%s: %s', (word, meant) => expect(nearestWord(word, known)).toBe(meant));
});

test('what is undefined is left out, and nothing else', () => {
  expect(Object.keys(defined({ a: undefined, b: null, c: 0, d: '' }))).toEqual(['b', 'c', 'd']);
});
