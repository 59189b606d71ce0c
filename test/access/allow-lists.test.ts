import { describe, expect, test } from '@jest/globals';
import { createAllowLists, openToAll, type ClientOrigin } from '../../src/access/index.js';
import { addressOf, rulesOf } from './origins.js';

const inside = origin('192.0.2.7');
const outside = origin('198.51.100.7');
const nobody: ClientOrigin = { ...inside, kind: 'undetermined' };
const rules = rulesOf('192.0.2.0/24', '2001:db8::/32');

function origin(address: string): ClientOrigin {
  return { kind: 'determined', address: addressOf(address), steps: [] };
}

const lists = createAllowLists({
  scep: new Map([['jamf', rules]]),
  admin: rules,
  api: undefined,
  publications: undefined,
  metrics: rulesOf('127.0.0.1'),
});

describe('createAllowLists', () => {
  test('tells which list and what of it', () => {
    expect(lists.judge({ kind: 'scep', profile: 'jamf' }, inside)).toEqual({
      kind: 'allowed',
      step: 'profiles.jamf.allow holds 192.0.2.7: 192.0.2.0/24',
    });
    expect(lists.judge({ kind: 'scep', profile: 'jamf' }, outside)).toEqual({
      kind: 'denied',
      rule: 'profiles.jamf.allow',
      step: 'profiles.jamf.allow does not hold 198.51.100.7: 192.0.2.0/24, 2001:db8::/32',
    });
  });

  test('a client without an address is in no list, though its peer be', () => {
    expect(lists.judge({ kind: 'admin' }, nobody)).toEqual({
      kind: 'denied',
      rule: 'access.allow.admin',
      step: 'access.allow.admin lets in no client without an address',
    });
    expect(lists.judge({ kind: 'publications' }, nobody).kind).toBe('allowed');
  });

  test('metrics have a list of their own, which is always there', () => {
    expect(lists.judge({ kind: 'metrics' }, origin('127.0.0.1')).kind).toBe('allowed');
    for (const caller of [
      inside,
      nobody,
      { ...origin('127.0.0.1'), kind: 'undetermined' as const },
    ]) {
      expect(lists.judge({ kind: 'metrics' }, caller)).toMatchObject({
        kind: 'denied',
        rule: 'access.allow.metrics',
      });
    }
  });

  test('the API has the list of the admin page unless it has its own', () => {
    expect(lists.judge({ kind: 'api' }, outside)).toMatchObject({ rule: 'access.allow.admin' });
    const open = createAllowLists({
      scep: new Map(),
      admin: rules,
      api: rulesOf('0.0.0.0/0'),
      publications: undefined,
      metrics: rulesOf('127.0.0.1'),
    });
    expect(open.judge({ kind: 'api' }, outside).kind).toBe('allowed');
  });

  test('other profiles, publications and health are open', () => {
    const groups = [
      { kind: 'scep', profile: 'other' },
      { kind: 'publications' },
      { kind: 'health' },
    ] as const;
    for (const group of groups) {
      expect(lists.judge(group, outside)).toEqual({
        kind: 'allowed',
        step: 'no list restricts this',
      });
    }
    expect(openToAll.judge({ kind: 'admin' }, nobody).kind).toBe('allowed');
  });
});
