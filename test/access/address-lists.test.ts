import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAddressRules,
  openAddressLists,
  type AddressListNotice,
} from '../../src/access/index.js';
import { addressOf } from './origins.js';

let folder: string;
let file: string;
let notices: AddressListNotice[];
let now: Date;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'address-lists-'));
  file = join(folder, 'jamf.txt');
  notices = [];
  now = new Date('2026-12-01T12:00:00Z');
  await writeFile(file, '# date: 2026-11-01\n192.0.2.1\n');
});
afterEach(() => rm(folder, { recursive: true }));

function open(maxAgeDays = 180) {
  return openAddressLists({
    files: [{ name: 'jamf', file, maxAgeDays }],
    clock: () => now,
    report: (notice) => void notices.push(notice),
  });
}

describe('openAddressLists', () => {
  test('says what a list is and of when', async () => {
    const lists = await open();
    expect(lists.get('jamf')).toMatchObject({
      size: 1,
      date: new Date('2026-11-01'),
      text: 'list jamf (1 entry of 2026-11-01)',
    });
    expect(notices).toEqual([
      {
        level: 'info',
        message: 'address list loaded',
        fields: { list: 'jamf', entries: 1, date: '2026-11-01' },
      },
    ]);
    expect(() => lists.get('other')).toThrow('there is no address list other');
  });

  test('a list without a date is of the day it was written', async () => {
    await writeFile(file, '192.0.2.1\n192.0.2.2\n');
    await utimes(file, now, new Date('2026-06-30T23:00:00Z'));
    const lists = await open();
    expect(lists.get('jamf').text).toBe('list jamf (2 entries of 2026-06-30)');
  });

  test('takes up what changed, for rules that stand already', async () => {
    const lists = await open();
    const rules = createAddressRules([{ kind: 'list', name: 'jamf' }], lists);
    expect(rules.match(addressOf('192.0.2.2'))).toBeUndefined();
    await writeFile(file, '# date: 2026-12-01\n192.0.2.0/24\n192.0.3.1\n');
    await lists.refresh();
    expect(rules.match(addressOf('192.0.2.2'))).toBe('list jamf (2 entries of 2026-12-01)');
    await lists.refresh();
    expect(notices.map(({ message }) => message)).toEqual([
      'address list loaded',
      'address list loaded',
    ]);
  });

  test.each([
    [
      'broken',
      () => writeFile(file, '192.0.2.1\n066.208.14.206\n'),
      'line 2 (066.208.14.206) is no IP address',
    ],
    ['empty', () => writeFile(file, ''), 'it holds no address'],
    ['gone', () => rm(file), 'it cannot be read'],
  ])('a file that is %s changes nothing, and is told once', async (_, spoil, reason) => {
    const lists = await open();
    const before = lists.get('jamf');
    await spoil();
    await lists.refresh();
    await lists.refresh();
    expect(lists.get('jamf')).toBe(before);
    expect(notices.slice(1)).toEqual([
      {
        level: 'error',
        message: 'an address list cannot be used; the one before it stays in force',
        fields: { list: 'jamf', error: `The address list jamf (${file}): ${reason}.` },
      },
    ]);
    await writeFile(file, '192.0.2.9\n192.0.2.10\n');
    await lists.refresh();
    expect(lists.get('jamf').networks.has(addressOf('192.0.2.9'))).toBe(true);
  });

  test('an old list is complained about at the start and once a day', async () => {
    const lists = await open(20);
    const old = {
      level: 'warn',
      message: 'an address list is old: get the current one',
      fields: { list: 'jamf', date: '2026-11-01', ageDays: 30, maxAgeDays: 20 },
    };
    expect(notices.slice(1)).toEqual([old]);
    await lists.refresh();
    expect(notices).toHaveLength(2);
    now = new Date('2026-12-02T00:00:00Z');
    await lists.refresh();
    expect(notices).toHaveLength(3);
  });

  test('a broken list stops the start', async () => {
    await writeFile(file, 'x');
    await expect(open()).rejects.toMatchObject({ code: 'config.unreadable' });
    await rm(file);
    await expect(open()).rejects.toMatchObject({
      code: 'config.unreadable',
      message: `The address list jamf (${file}): it cannot be read.`,
    });
  });
});
