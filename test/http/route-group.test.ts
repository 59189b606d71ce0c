import { describe, expect, test } from '@jest/globals';
import { createRouteGroups, requestTarget } from '../../src/http/index.js';

describe('createRouteGroups', () => {
  const groupOf = createRouteGroups(
    [
      { name: 'ndes', paths: ['/certsrv/mscep/mscep.dll'] },
      { name: 'root', paths: ['/'] },
    ],
    'ndes',
  );

  test.each([
    ['/certsrv/mscep', { kind: 'scep', profile: 'ndes' }],
    ['/cgi-bin/pkiclient.exe', { kind: 'scep', profile: 'ndes' }],
    ['/', { kind: 'scep', profile: 'root' }],
    ['/CA/local.cer', { kind: 'publications' }],
    ['/crl', { kind: 'publications' }],
    ['/api', { kind: 'api' }],
    ['/healthz', { kind: 'health' }],
    ['/healthz/', { kind: 'health' }],
    ['/HealthZ', { kind: 'health' }],
    ['/healthz/x', { kind: 'admin' }],
    ['/healthz/../metrics', { kind: 'admin' }],
    ['/metrics/x', { kind: 'metrics' }],
    ['/%6Detrics', { kind: 'metrics' }],
    ['http://healthz/metrics', { kind: 'metrics' }],
    ['/metrics%00', { kind: 'admin' }],
    ['/%256detrics', { kind: 'admin' }],
    ['/%6detrics%zz', { kind: 'admin' }],
    ['/metrics', { kind: 'metrics' }],
    ['/readyz', { kind: 'metrics' }],
    ['/metricz', { kind: 'admin' }],
    ['/apis', { kind: 'admin' }],
    ['/../api/v1', { kind: 'admin' }],
    ['/%2e%2e/certsrv/mscep', { kind: 'admin' }],
  ])('%s is %j', (path, group) => expect(groupOf(requestTarget(path))).toEqual(group));
});
