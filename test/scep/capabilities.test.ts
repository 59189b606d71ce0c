import { describe, expect, test } from '@jest/globals';
import type { ScepProfile } from '../../src/scep/index.js';
import { scenario } from './scenario.js';

const everything = 'AES DES3 SHA-1 SHA-256 SHA-384 SHA-512 SCEPStandard POSTPKIOperation Renewal';

describe('GetCACaps', () => {
  test.each<[string, Partial<ScepProfile>, string]>([
    ['the default profile', {}, everything],
    ['no renewal', { renewal: false }, everything.replace(' Renewal', '')],
    [
      'a CA rollover',
      { rollover: () => ({ chain: [], raCertificates: [] }) },
      `${everything} GetNextCACert`,
    ],
    [
      'AES-256 alone: the RFC means AES-128 by AES',
      { floor: { digests: ['sha256'], ciphers: ['aes-256-cbc'] } },
      'SHA-256 POSTPKIOperation Renewal',
    ],
    [
      'a strict floor',
      { floor: { digests: ['sha256', 'sha512'], ciphers: ['aes-128-cbc', 'aes-256-cbc'] } },
      'AES SHA-256 SHA-512 SCEPStandard POSTPKIOperation Renewal',
    ],
    [
      'a legacy floor: MD5 and DES have no name here',
      { floor: { digests: ['md5', 'sha1'], ciphers: ['des-cbc', 'des-ede3-cbc'] } },
      'DES3 SHA-1 POSTPKIOperation Renewal',
    ],
  ])('%s', async (_name, overrides, expected) => {
    const s = await scenario(overrides);
    const response = await s.get('GetCACaps');
    expect(response).toMatchObject({ status: 200, contentType: 'text/plain' });
    expect(response.body.toString()).toBe(`${expected.replaceAll(' ', '\n')}\n`);
    expect(response.body.length).toBeLessThan(1024);
  });

  test.each(['getcacaps', 'GETCACAPS', 'GetCaCaps'])('in any case: %s', async (operation) => {
    const s = await scenario();
    expect((await s.get(operation)).status).toBe(200);
  });
});
