import { expect, test } from '@jest/globals';
import { upstreamOutage } from '../../src/gateway/upstream-outage.js';

test.each<readonly [string, number, 'none' | 'unknown' | undefined]>([
  ['the CA service is down', 0x800706ba, 'none'],
  ['the call broke off', 0x800706be, 'unknown'],
  ['the CA is suspended', 0x80094006, 'none'],
  ['the login of NDES is refused', 0x8009030c, 'none'],
  ['the key is too short', 0x80094811, undefined],
  ['the template is not there', 0x80094800, undefined],
  ['denied by an officer', 0x80094014, undefined],
  ['a wrong argument, which is what NDES says of a wrong password', 0x80070057, undefined],
  ['anything', 0x80004005, undefined],
  ['nothing foreseen', 0x8000ffff, undefined],
])('%s', (_, hresult, outage) => {
  expect(upstreamOutage(hresult)).toBe(outage);
});
