/** What a CA of the lab says, through whichever web interface and sign-in it is asked. */
import { expect, test } from '@jest/globals';
import type { IssuanceOutcome, Issuer } from '../../../src/issuer/index.js';
import type { FakeCa } from '../../adcs/certsrv/fake-ca.js';
import { authorizationFor, issuanceRequest } from '../../issuer/issuer.contract.js';
import { testKey } from '../../support/keys.js';

const csrKey = testKey('client').publicKey.id;

export async function submit(issuer: Issuer, template = 'Phones'): Promise<IssuanceOutcome> {
  const request = { ...(await issuanceRequest('transaction-1')), template };
  return issuer.submit(request, authorizationFor(request));
}

/** @param asked the CA of the test that runs */
export function testCaAnswers(open: () => Promise<Issuer>, asked: () => FakeCa): void {
  test('issued, to the account that signed in', async () => {
    expect(await submit(await open())).toMatchObject({ kind: 'issued' });
    expect(asked().requests).toHaveLength(1);
    expect(asked().requests[0]?.user.toLowerCase()).toContain('svc-scep');
  });

  test('pending, then issued', async () => {
    const issuer = await open();
    expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
    await asked().issue(81);
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
  });

  test('pending, then denied', async () => {
    const issuer = await open();
    expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
    asked().deny(81);
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({
      kind: 'refused',
      hresult: 0x80094014,
    });
  });

  test('denied by policy, and a template that is not offered', async () => {
    const issuer = await open();
    expect(await submit(issuer, 'LongKeys')).toMatchObject({ hresult: 0x80094811 });
    expect(await submit(issuer, 'Nowhere')).toMatchObject({ hresult: 0x80094800 });
  });
}
