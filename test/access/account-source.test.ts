import { expect, test } from '@jest/globals';
import { createAccountSource, type Account } from '../../src/access/index.js';

const passwordHash = `scrypt$16384$8$1$${'s'.repeat(22)}$${'h'.repeat(43)}`;
const configured: Account = {
  name: 'Admin',
  passwordHash,
  roles: ['challenge'],
  quota: 5,
  profiles: ['wifi'],
};

test('the built-in account comes before a configured one of its name', async () => {
  const source = createAccountSource({
    settings: {
      account: (name) =>
        Promise.resolve(
          name === 'admin'
            ? { name, passwordHash: 'stored', roles: ['admin', 'king'], createdAt: new Date(0) }
            : undefined,
        ),
    },
    configured: [configured, { ...configured, name: 'Other@Example' }],
    storedQuota: 100,
  });
  expect(await source.find('admin')).toEqual({
    name: 'admin',
    passwordHash: 'stored',
    roles: ['admin'],
    quota: 100,
    profiles: undefined,
  });
  expect(await source.find('other')).toMatchObject({ name: 'Other@Example', quota: 5 });
  expect(await source.find('nobody')).toBeUndefined();
});

test('a configured hash that cannot be read stops the start', () => {
  const settings = { account: () => Promise.resolve(undefined) };
  const broken = [{ ...configured, passwordHash: 'secret' }];
  expect(() => createAccountSource({ settings, configured: broken, storedQuota: 1 })).toThrow(
    expect.objectContaining({ code: 'config.invalid' }),
  );
});
