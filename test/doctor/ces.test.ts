/** The doctor in front of CES, over real TLS and HTTP. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../src/doctor/index.js';
import { account, password, startCes, type CesService, type Scheme } from '../adcs/ces/service.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { clientIdentity } from '../adcs/certsrv/server.js';
import { remove, temporaryFolder } from '../gateway/running.js';
import { offer, startUpstream, tlsIdentity, type Handler } from '../web-client/upstream.js';
import { examineYaml, found, results } from './examining.js';

let folder: string;
let ca: FakeCa;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  const identity = await clientIdentity();
  await writeFile(join(folder, 'password.txt'), password);
  await writeFile(join(folder, 'wrong.txt'), 'not the password');
  await writeFile(join(folder, 'svc.pem'), identity.certificate);
  await writeFile(join(folder, 'svc.key'), identity.key);
  await writeFile(join(folder, 'svc.keytab'), '');
});
beforeEach(async () => {
  ca = await FakeCa.create();
  await writeFile(join(folder, 'ca.pem'), ca.certificate.toPem());
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(() => remove(folder));

const signIns = {
  userNameToken: `userNameToken: { user: '${account}', password: { file: password.txt } }`,
  wrongPassword: `userNameToken: { user: '${account}', password: { file: wrong.txt } }`,
  negotiate: 'negotiate: { keytab: svc.keytab, principal: svc-scep@LAB.TEST }',
  certificate: 'certificate: { certificate: svc.pem, key: svc.key }',
} as const;

interface Where {
  readonly url: string;
  readonly pin: string;
}

function yaml({ url, pin }: Where, signIn: keyof typeof signIns): string {
  return `
issuers:
  corp:
    kind: adcs-ces
    url: ${url}
    template: Phones
    authentication: { ${signIns[signIn]} }
    tls: { pins: ['${pin}'] }
    caCertificates: ca.pem
profiles:
  phones: { paths: [/scep], issuer: corp }
`;
}

async function service(scheme: Scheme): Promise<CesService> {
  const started = await startCes(ca, scheme);
  closing.push(() => started.close());
  return started;
}

/** A web server that is something else. */
async function elsewhere(handler: Handler) {
  const { certificate, options } = await tlsIdentity();
  const upstream = await startUpstream(handler, options);
  closing.push(() => upstream.close());
  const url = `${upstream.origin}/CORP-CA1-CA_CES_Test/service.svc/CES`;
  return { url, pin: certificate.thumbprints.sha256, seen: upstream.seen };
}

function answering(status: number, headers: Record<string, string> = {}): Handler {
  return (_request, response) => void response.writeHead(status, headers).end('no');
}

/** Findings that are neither good nor mere information, without their words. */
function bad(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ result }) => result === 'failed' || result === 'warning')
    .map(({ id, result }) => `${id} ${result}`);
}

describe('a healthy CES', () => {
  test('by user name token: nothing fails, and what cannot be told is said to be so', async () => {
    const ces = await service('userNameToken');
    const findings = await examineYaml(folder, yaml(ces, 'userNameToken'));
    expect(bad(findings)).toEqual([]);
    expect(findings.filter(({ result }) => result === 'skipped')).toEqual([]);
    expect(found(findings, 'sign-in.offered')).toMatchObject([
      {
        result: 'info',
        text: 'No sign-in stands before the message (HTTP 405), as it must be for a user name token. Whether this one is taken cannot be told without a message: ca.reachable tries it.',
      },
    ]);
    expect(found(findings, 'sign-in.used')).toMatchObject([
      { result: 'ok', text: 'CES lets the gateway in by user name token.' },
    ]);
    expect(found(findings, 'sign-in.channel-binding')).toMatchObject([{ result: 'info' }]);
    expect(results(findings, 'ca.chain')).toEqual(['ok']);
    // Nothing that could issue a certificate.
    expect(ces.questions.map(({ type }) => type)).not.toContain('Issue');
    expect(ca.requests).toEqual([]);
    expect(JSON.stringify(findings)).not.toContain(password);
  });

  test('by client certificate', async () => {
    const ces = await service('certificate');
    const findings = await examineYaml(folder, yaml(ces, 'certificate'));
    expect(bad(findings)).toEqual([]);
    expect(found(findings, 'sign-in.offered')).toMatchObject([
      { result: 'info', text: expect.stringContaining('Nothing beside the client certificate') },
    ]);
    expect(found(findings, 'sign-in.used')).toMatchObject([
      { result: 'ok', text: 'CES lets the gateway in by client certificate.' },
    ]);
    expect(ca.requests).toEqual([]);
  });

  test('by Kerberos, as far as it goes without a domain', async () => {
    const ces = await service('negotiate');
    const findings = await examineYaml(folder, yaml(ces, 'negotiate'));
    expect(found(findings, 'sign-in.offered')).toMatchObject([
      {
        result: 'ok',
        text: 'The application offers negotiate before it reads a message; the gateway signs in by Kerberos.',
      },
    ]);
    expect(bad(findings)).toEqual(['ca.reachable failed']);
    expect(found(findings, 'sign-in.channel-binding')).toMatchObject([
      { result: 'skipped', because: 'sign-in.used' },
    ]);
  });
});

describe('what is wrong with the sign-in', () => {
  test('a wrong password: the one finding, after one message', async () => {
    const ces = await service('userNameToken');
    const findings = await examineYaml(folder, yaml(ces, 'wrongPassword'));
    expect(bad(findings)).toEqual(['ca.reachable failed']);
    expect(found(findings, 'ca.reachable')[0]).toMatchObject({
      text: expect.stringContaining('CES refused the login'),
      next: expect.stringContaining('Check user name and password'),
    });
    expect(found(findings, 'sign-in.used')[0]).toMatchObject({
      result: 'skipped',
      because: 'ca.reachable',
    });
    expect(ces.questions).toHaveLength(1);
    expect(JSON.stringify(findings)).not.toContain('not the password');
  });

  test('a user name token for the application of Kerberos: no message is sent', async () => {
    const ces = await service('negotiate');
    const findings = await examineYaml(folder, yaml(ces, 'userNameToken'));
    expect(bad(findings)).toEqual(['sign-in.offered failed']);
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({
      text: 'The application asks for a sign-in (negotiate) before it reads a message; the gateway has a user name token.',
      next: expect.stringContaining('_CES_UsernamePassword'),
    });
    expect(found(findings, 'ca.reachable')[0]).toMatchObject({
      result: 'skipped',
      because: 'sign-in.offered',
    });
    expect(ces.questions).toEqual([]);
  });

  test('Kerberos, where another scheme is offered', async () => {
    const where = await elsewhere((_request, response) => offer(response, 'NTLM'));
    const findings = await examineYaml(folder, yaml(where, 'negotiate'));
    expect(bad(findings)).toEqual(['sign-in.offered failed']);
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({
      text: 'The application asks for a sign-in (ntlm) before it reads a message; the gateway has Kerberos.',
      next: expect.stringContaining('provider Negotiate'),
    });
    expect(where.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  test('Kerberos for the application of user names', async () => {
    const ces = await service('userNameToken');
    const findings = await examineYaml(folder, yaml(ces, 'negotiate'));
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({
      result: 'warning',
      next: expect.stringContaining('_CES_Kerberos'),
    });
    expect(results(findings, 'ca.reachable')).toEqual(['failed']);
  });

  test('a client certificate that is not let in, or not known', async () => {
    const shut = await elsewhere(answering(403));
    const unmapped = await elsewhere((_request, response) => offer(response, 'Negotiate'));
    for (const where of [shut, unmapped]) {
      const findings = await examineYaml(folder, yaml(where, 'certificate'));
      expect(bad(findings)).toEqual(['sign-in.offered failed']);
      expect(found(findings, 'sign-in.offered')[0]?.next).toContain('a mapping to an account');
    }
  });

  test('a user name token for the application of client certificates', async () => {
    const ces = await service('certificate');
    const findings = await examineYaml(folder, yaml(ces, 'userNameToken'));
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({
      result: 'warning',
      text: expect.stringContaining('HTTP 403'),
      next: expect.stringContaining('_CES_UsernamePassword'),
    });
    expect(results(findings, 'ca.reachable')).toEqual(['failed']);
  });
});

describe('what is no CES', () => {
  test.each([
    [404, {}, 'Nothing is said to be at this address (HTTP 404)', 'Check `url`'],
    [302, { location: '/elsewhere' }, 'redirects (HTTP 302)', 'into `url`'],
    [503, {}, 'an error of its own (HTTP 503)', 'application pool'],
  ])('HTTP %i', async (status, headers, text, next) => {
    const where = await elsewhere(answering(status, headers));
    const findings = await examineYaml(folder, yaml(where, 'userNameToken'));
    expect(bad(findings)).toEqual(['sign-in.offered warning', 'ca.reachable failed']);
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({
      text: expect.stringContaining(text),
      next: expect.stringContaining(next),
    });
  });
});

test('a token goes by the clock, too', async () => {
  const ces = await service('userNameToken');
  const findings = await examineYaml(folder, yaml(ces, 'userNameToken'), {
    world: { clock: () => new Date(Date.now() + 3_600_000) },
  });
  expect(found(findings, 'clock.skew')[0]).toMatchObject({
    result: 'failed',
    text: expect.stringContaining('a user name token is refused beyond five minutes'),
  });
});
