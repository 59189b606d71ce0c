import { describe, expect, test } from '@jest/globals';
import { createRateLimit } from '../../src/access/index.js';

describe('createRateLimit', () => {
  test('counts each caller on its own, and says how long to wait', async () => {
    const limit = createRateLimit({ count: 2, seconds: 30 });
    expect(await limit.wait('192.0.2.1')).toBe(0);
    expect([await limit.take('192.0.2.1'), await limit.take('192.0.2.1')]).toEqual([0, 0]);
    expect(await limit.wait('192.0.2.1')).toBe(30);
    expect(await limit.take('192.0.2.1')).toBe(30);
    expect(await limit.take('192.0.2.2')).toBe(0);
  });

  test('IPv6 callers count by their first 64 bits, others by their text', async () => {
    const limit = createRateLimit({ count: 1, seconds: 30 });
    expect(await limit.take('2001:db8::1')).toBe(0);
    expect(await limit.take('2001:db8::ffff:1')).toBeGreaterThan(0);
    expect(await limit.take('2001:db8:0:1::1')).toBe(0);
    expect(await limit.take('undetermined (peer 10.0.0.5)')).toBe(0);
    expect(await limit.take('10.0.0.5')).toBe(0);
  });
});
