import { describe, expect, test } from '@jest/globals';
import { createScepPaths } from '../../src/http/scep-paths.js';
import { requestTarget } from '../../src/http/request-target.js';

const match = createScepPaths(
  [
    { name: 'ndes', paths: ['/certsrv/mscep/mscep.dll', '/scep'] },
    { name: 'wifi', paths: ['/scep/wifi/', '/scep/legacy.cgi'] },
    { name: 'root', paths: ['/'] },
  ],
  'ndes',
);

describe('the profile at a path', () => {
  test.each([
    ['/certsrv/mscep/mscep.dll', 'ndes'],
    ['/CertSrv/MSCEP/MSCEP.DLL', 'ndes'],
    ['/certsrv/mscep/mscep.dll/', 'ndes'],
    ['//certsrv//mscep/mscep.dll', 'ndes'],
    ['/certsrv/mscep/mscep.dll/pkiclient.exe', 'ndes'],
    ['/certsrv/mscep/mscep.dll/PKICLIENT.EXE/', 'ndes'],
    ['/certsrv/mscep', 'ndes'],
    ['/certsrv/mscep/', 'ndes'],
    ['/certsrv/mscep/pkiclient.exe', 'ndes'],
    ['/certsrv/mscep%2Fmscep.dll', 'ndes'],
    ['http://gateway.example:8080/scep', 'ndes'],
    ['/scep', 'ndes'],
    ['/scep/pkiclient.exe', 'ndes'],
    ['/scep/other.dll', 'ndes'],
    ['/scep/wifi', 'wifi'],
    ['/scep/wifi/pkiclient.cgi', 'wifi'],
    ['/scep/legacy.cgi', 'wifi'],
    ['/cgi-bin/pkiclient.exe', 'ndes'],
    ['/', 'root'],
    ['/pkiclient.exe', 'root'],
    ['/scep/unknown', undefined],
    ['/scep/wifi/x/pkiclient.exe', undefined],
    ['/scepwifi', undefined],
    ['/certsrv', undefined],
    ['/%E0%A4%A', undefined],
  ])('%s is %s', (url, profile) => {
    expect(match(requestTarget(url).path)?.profile).toBe(profile);
  });

  test('the admin address serves SCEP only when an operation is named', () => {
    expect(match('/certsrv/mscep_admin/mscep.dll')).toEqual({
      profile: 'ndes',
      needsOperation: true,
    });
    expect(match('/certsrv/mscep_admin')).toBeUndefined();
  });

  test('a profile at /cgi-bin has its pkiclient.exe, whatever the default profile is', () => {
    const profiles = [
      { name: 'default', paths: ['/scep'] },
      { name: 'routers', paths: ['/scep/routers', '/cgi-bin'] },
    ];
    const match = createScepPaths(profiles, 'default');
    expect(match('/cgi-bin/pkiclient.exe')?.profile).toBe('routers');
    expect(match('/cgi-bin')?.profile).toBe('routers');
  });

  test('without a default profile there are only the configured paths', () => {
    const configured = createScepPaths([{ name: 'a', paths: ['/a'] }], undefined);
    expect(configured('/cgi-bin/pkiclient.exe')).toBeUndefined();
    expect(configured('/a')).toEqual({ profile: 'a', needsOperation: false });
  });
});

test.each([
  ['/scep?operation=GetCACaps#x', '/scep', 'operation=GetCACaps'],
  ['/scep?a=b?c', '/scep', 'a=b?c'],
  ['HTTP://h/a/?q', '/a', 'q'],
  ['http://h?q', '/', 'q'],
  ['*', '/*', ''],
  ['', '/', ''],
])('requestTarget(%s)', (url, path, query) => {
  expect(requestTarget(url)).toEqual({ path, query });
});
