import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { withProgress } from '../../src/cli/progress.js';

let written: string[];

beforeEach(() => {
  written = [];
  jest.useFakeTimers();
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

test('what is done within two seconds goes without a word', async () => {
  expect(await withProgress('Making a key', Promise.resolve(7))).toBe(7);
  jest.advanceTimersByTime(60_000);
  expect(written).toEqual([]);
});

test('what takes longer says what it is, then how long', async () => {
  let finish: (value: string) => void = () => undefined;
  const done = withProgress('Making a key', new Promise<string>((resolve) => (finish = resolve)));
  jest.advanceTimersByTime(1_999);
  expect(written).toEqual([]);
  jest.advanceTimersByTime(20_001);
  expect(written).toEqual(['Making a key …\n', 'Making a key: 12 s\n', 'Making a key: 22 s\n']);
  finish('done');
  expect(await done).toBe('done');
  jest.advanceTimersByTime(60_000);
  expect(written).toHaveLength(3);
});
