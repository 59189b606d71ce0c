/** SECURITY.md names files as proof of what it claims: they are there. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('every claim of SECURITY.md has its proof', () => {
  const [, table = ''] = readFileSync('SECURITY.md', 'utf8').split('## Claim and proof');
  const rows = table.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| -'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows.slice(1)) {
    const files = [...row.matchAll(/`([a-z.][\w./-]*\/?[\w./-]+\.(?:ts|cjs))`/g)].map(
      ([, file]) => file,
    );
    expect([row, files.length > 0]).toEqual([row, true]);
    expect([row, files.filter((file) => !existsSync(file ?? ''))]).toEqual([row, []]);
  }
});
