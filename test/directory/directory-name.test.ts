import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDirectoryName } from '../../src/directory/directory-name.js';

const domain = { domain: 'CORP', dnsDomain: 'corp.example', upnSuffixes: ['mail.example'] };
const parse = (typed: string) => parseDirectoryName(typed, domain);

describe('a name of the directory', () => {
  test.each([
    ['mdm', 'CORP\\mdm', 'mdm', undefined],
    [' MDM ', 'CORP\\mdm', 'mdm', undefined],
    ['corp\\Mdm', 'CORP\\mdm', 'mdm', undefined],
    ['corp.example\\mdm', 'CORP\\mdm', 'mdm', undefined],
    ['Mdm@Corp.Example', 'mdm@corp.example', 'mdm', 'mdm@corp.example'],
    ['mdm@mail.example', 'mdm@mail.example', 'mdm', 'mdm@mail.example'],
    // What MDMs make of a domain field.
    ['mdm@CORP', 'CORP\\mdm', 'mdm', undefined],
    ['jörg', 'CORP\\jörg', 'jörg', undefined],
    ['first.last-2_x$', 'CORP\\first.last-2_x$', 'first.last-2_x$', undefined],
  ])('%s', (typed, bindName, user, userPrincipalName) => {
    expect(parse(typed)).toEqual({ bindName, user, userPrincipalName });
  });

  test.each([
    ['nothing', ''],
    ['another domain', 'OTHER\\mdm'],
    ['another suffix', 'mdm@other.example'],
    ['both at once', 'CORP\\mdm@corp.example'],
    ['a distinguished name', 'CN=mdm,CN=Users,DC=corp,DC=example'],
    ['a SID', 'S-1-5-21-1-2-3-1104;x'],
    ['a canonical name', 'corp.example/Users/mdm'],
    ['a service principal name', 'HTTP/host'],
    ['a filter', '*)(objectClass=*'],
    ['a NUL', 'mdm\0'],
    ['two domains', 'CORP\\CORP\\mdm'],
    ['two suffixes', 'mdm@corp.example@corp.example'],
    ['65 characters', 'x'.repeat(65)],
  ])('is not %s', (_, typed) => {
    expect(parse(typed)).toBeUndefined();
  });

  test('holds nothing that a bind or a filter could read as something else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (typed) => {
        const name = parse(typed);
        if (!name) return;
        expect(name.user).toMatch(/^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,64}$/u);
        expect(name.bindName).toBe(name.userPrincipalName ?? `CORP\\${name.user}`);
      }),
    );
  });
});
