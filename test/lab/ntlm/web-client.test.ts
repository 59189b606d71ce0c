/** The web client before Apache, as before IIS; the domain controller judges. Needs the peer `web`. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  createWebClient,
  type WebCredential,
  type WebOutcome,
} from '../../../src/web-client/index.js';
import { describeInLab, labFile } from '../in-lab.js';

const origin = 'https://ca1.lab.test';
const ntlm: WebCredential = {
  kind: 'ntlm',
  user: 'svc-scep',
  domain: 'LAB',
  password: 'Scep-Passw0rd!',
};
const basic: WebCredential = { kind: 'basic', user: 'svc-scep', password: 'Scep-Passw0rd!' };

async function twice(
  credentials: readonly WebCredential[],
  path: string,
  body?: Buffer,
): Promise<WebOutcome[]> {
  const ca = readFileSync(labFile('pki/ca.pem'), 'utf8');
  const web = createWebClient({ origin, credentials, tls: { ca } });
  const request = {
    method: body ? ('POST' as const) : ('GET' as const),
    path,
    ...(body && { body }),
  };
  const outcomes = [await web.send(request), await web.send(request)];
  web.close();
  return outcomes;
}

const answered = {
  kind: 'answered',
  status: 200,
  body: expect.objectContaining({ length: expect.any(Number) as unknown }) as unknown,
};

describeInLab('the web client before Apache', () => {
  test('signs in by NTLM, with a body of 100 000 octets too', async () => {
    for (const body of [undefined, Buffer.alloc(100_000, 'A')]) {
      const outcomes = await twice([ntlm], '/certsrv/x', body);
      expect(outcomes).toMatchObject([answered, answered]);
      for (const outcome of outcomes) {
        if (outcome.kind === 'answered') expect(outcome.body.toString()).toContain('svc-scep');
      }
    }
  });

  test('signs in by Basic', async () => {
    expect(await twice([basic], '/certsrv-basic/x')).toMatchObject([answered, answered]);
  });

  test('takes NTLM and not Basic where both would do', async () => {
    const [outcome] = await twice([basic, ntlm], '/certsrv/x');
    expect(outcome).toMatchObject(answered);
  });

  test('is refused with a wrong password, and where only Kerberos is offered', async () => {
    const wrong = { ...ntlm, user: 'stranger', password: 'wrong' } as const;
    const refused = { kind: 'login-refused', scheme: 'ntlm' };
    expect(await twice([wrong], '/certsrv/x')).toMatchObject([refused, refused]);
    const [kerberosOnly] = await twice([ntlm], '/certsrv-krb/x');
    expect(kerberosOnly).toMatchObject({ kind: 'login-refused', offered: ['negotiate'] });
  });
});
