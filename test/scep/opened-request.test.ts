import { expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';
import { openRequest, proveDecoy } from '../../src/scep/opened-request.js';

test('the decoy is a whole request whose proof holds: it costs what a real one does', () => {
  expect(proveDecoy()).toBe(true);
});

test('what cannot be opened or read is refused as before', async () => {
  const undecryptable = new GatewayError('cms.undecryptable', 'No.');
  await expect(openRequest(() => Promise.reject(undecryptable))).rejects.toBe(undecryptable);
  const opened = {
    content: Buffer.from('3000', 'hex'),
    cipher: 'aes-128-cbc',
    keyTransport: { kind: 'rsaes-pkcs1-v1_5' },
    recipient: undefined,
  } as const;
  await expect(openRequest(() => Promise.resolve(opened))).rejects.toMatchObject({
    code: 'csr.malformed',
  });
});
