import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Authorization, IssuanceRequest, Issuer } from '../../src/issuer/index.js';
import { mintAuthorization } from '../../src/issuer/authorization-mint.js';
import {
  keyUsage,
  parseCertificationRequest,
  parseCrl,
  verifyIssuedBy,
} from '../../src/x509/index.js';
import { certificationRequest } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';

/** A request as enrollment makes it, for one of the device keys of fixtures/keys. */
export async function issuanceRequest(
  transaction: string,
  key: TestKeyName = 'client',
  content: Partial<IssuanceRequest['content']> = {},
): Promise<IssuanceRequest> {
  const csr = parseCertificationRequest(
    await certificationRequest(testKey(key), { subject: 'CN=device-1,O=Example' }),
  );
  return {
    transaction,
    csr,
    content: {
      subject: csr.subject.der,
      extensions: [keyUsage(['digitalSignature'])],
      validityDays: 30,
      ...content,
    },
  };
}

export function authorizationFor(request: IssuanceRequest): Authorization {
  return mintAuthorization(request.transaction, request.csr.publicKey.id, {
    by: 'approval',
    approver: 'contract',
  });
}

/**
 * What every issuer keeps.
 *
 * @param make an issuer whose CA answers, or one whose CA does not
 */
export function issuerContract(
  name: string,
  make: (ca: 'reachable' | 'unreachable') => Promise<Issuer>,
): void {
  describe(`Issuer contract: ${name}`, () => {
    let issuer: Issuer;

    beforeEach(async () => {
      issuer = await make('reachable');
    });

    test('its chain begins with the CA that issues and each is issued by the next', () => {
      expect(issuer.name).not.toBe('');
      expect(issuer.chain.length).toBeGreaterThan(0);
      issuer.chain.slice(1).forEach((above, index) => {
        expect(verifyIssuedBy(issuer.chain[index]!, above)).toBe(true);
      });
    });

    test('an authorized request is issued for the key of the CSR, or kept under a request id', async () => {
      const request = await issuanceRequest('transaction-1');
      const outcome = await issuer.submit(request, authorizationFor(request));
      expect(['issued', 'pending']).toContain(outcome.kind);
      if (outcome.kind === 'issued') {
        expect(outcome.certificate.publicKey.id).toBe(request.csr.publicKey.id);
        expect(verifyIssuedBy(outcome.certificate, issuer.chain[0]!)).toBe(true);
      }
      if (outcome.kind === 'pending') expect(outcome.requestId).not.toBe('');
    });

    test('an Authorization that no authorizer made is refused, however alike it looks', async () => {
      const request = await issuanceRequest('transaction-1');
      const genuine = authorizationFor(request);
      const lookAlikes = [
        Object.fromEntries(Object.entries(genuine)),
        Object.assign(Object.create(Object.getPrototypeOf(genuine) as object) as object, genuine),
        new Proxy(genuine, {}),
        undefined,
        null,
      ];
      for (const lookAlike of lookAlikes) {
        await expect(issuer.submit(request, lookAlike as Authorization)).rejects.toMatchObject({
          code: 'internal',
          detail: 'the Authorization is not genuine',
        });
      }
    });

    test('an Authorization for another transaction is refused', async () => {
      const request = await issuanceRequest('transaction-1');
      const other = authorizationFor({ ...request, transaction: 'transaction-2' });
      await expect(issuer.submit(request, other)).rejects.toMatchObject({
        code: 'internal',
        detail: 'the Authorization is for another transaction',
      });
    });

    test('an Authorization for another key is refused', async () => {
      const request = await issuanceRequest('transaction-1', 'client');
      const other = authorizationFor(await issuanceRequest('transaction-1', 'client-2'));
      await expect(issuer.submit(request, other)).rejects.toMatchObject({
        code: 'internal',
        detail: 'the Authorization is for another key',
      });
    });

    test('an unknown request id is answered, not thrown, and issues nothing', async () => {
      const outcome = await issuer.retrieve('no such request', testKey('client').publicKey.id);
      expect(['refused', 'unavailable']).toContain(outcome.kind);
    });

    test('a CA that does not answer is an outcome, not an exception', async () => {
      const down = await make('unreachable');
      const request = await issuanceRequest('transaction-1');
      await expect(down.submit(request, authorizationFor(request))).resolves.toMatchObject({
        kind: 'unavailable',
      });
    });

    test('what became of a submission, where it can be asked, is an outcome too', async () => {
      const request = await issuanceRequest('transaction-1');
      const down = await make('unreachable');
      const found = await down.reconcile?.(request, authorizationFor(request));
      expect(['unavailable', 'undecidable', undefined]).toContain(found?.kind);
    });

    test('its CRL, where it serves one, is signed by the CA that issues', async () => {
      const crl = await issuer.currentCrl();
      expect(crl === undefined || verifyIssuedBy(parseCrl(crl), issuer.chain[0]!)).toBe(true);
    });
  });
}
