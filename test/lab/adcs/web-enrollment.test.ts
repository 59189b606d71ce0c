/** The issuer against sign-ins that are not ours: Apache, gss-ntlmssp, MIT Kerberos, a Samba domain. */
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openWebEnrollmentIssuer } from '../../../src/adcs/index.js';
import type { WebClient } from '../../../src/web-client/index.js';
import { FakeCa } from '../../adcs/certsrv/fake-ca.js';
import { certsrvPage } from '../../adcs/certsrv/pages.js';
import { testKey } from '../../support/keys.js';
import { describeInLab, labFile } from '../in-lab.js';
import { run } from '../run.js';
import { submit, testCaAnswers } from './ca-answers.js';
import { startCuttingRelay } from './cutting-relay.js';
import { labWebClient, proxyPin, type Reach, type Scheme } from './web-sign-in.js';

const csrKey = testKey('client').publicKey.id;

interface KeptReach extends Reach {
  /** Keeps the chain from one issuer to the next. */
  readonly kept?: Map<string, string>;
}

describeInLab('adcs-webenroll', () => {
  let ca: FakeCa;
  let pages: Server;
  let clients: WebClient[] = [];
  /** What the CA takes its time for. */
  let thinking: Promise<unknown>;

  beforeAll(async () => {
    pages = createServer((request, response) => {
      void buffer(request).then(async (body) => {
        await thinking;
        const answer = await certsrvPage(ca, {
          method: request.method ?? '',
          target: request.url ?? '',
          body,
          userAgent: request.headers['user-agent'] ?? '',
          user: String(request.headers['x-remote-user']),
        });
        response.writeHead(answer.status, { 'content-type': answer.contentType });
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => pages.listen(8099, '127.0.0.1', resolve));
  });
  beforeEach(async () => {
    ca = await FakeCa.create();
    thinking = Promise.resolve();
  });
  afterEach(() => {
    clients.forEach((client) => client.close());
    clients = [];
  });
  afterAll(() => new Promise((resolve) => pages.close(resolve)));

  async function open(url: string, scheme: Scheme, reach: KeptReach = {}) {
    const { kept = new Map<string, string>() } = reach;
    const { pathname } = new URL(url);
    const client = await labWebClient(url, scheme, reach);
    clients.push(client);
    return openWebEnrollmentIssuer({
      name: 'corp',
      client,
      directory: pathname,
      identity: 'LAB\\svc-scep',
      templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
      attributes: [],
      chain: undefined,
      pins: [],
      state: {
        get: (key) => Promise.resolve(kept.get(key)),
        set: (key, value) => Promise.resolve(void kept.set(key, value)),
      },
      report: () => undefined,
      clock: () => new Date(),
    });
  }

  describe.each<[string, string, Scheme]>([
    ['Kerberos', 'https://ca1.lab.test/certsrv/', 'negotiate'],
    ['Kerberos, the only scheme', 'https://ca1.lab.test/certsrv-krb/', 'negotiate'],
    ['NTLM', 'https://ca1.lab.test/certsrv/', 'ntlm'],
    ['Basic', 'https://ca1.lab.test/certsrv-basic/', 'basic'],
    ['Kerberos, bound', 'https://ca1.lab.test:8443/certsrv/', 'negotiate'],
    ['NTLM, bound', 'https://ca1.lab.test:8443/certsrv/', 'ntlm'],
    ['a client certificate', 'https://ca1.lab.test:7443/certsrv-certificate/', 'certificate'],
  ])('signed in by %s', (_, url, scheme) => {
    testCaAnswers(
      () => open(url, scheme),
      () => ca,
    );

    test('the CA down', async () => {
      const issuer = await open(url, scheme);
      await issuer.maintain();
      ca.outage = '0x800706ba';
      expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'none' });
    });

    test('the CA slow beyond the time-out: it may issue all the same', async () => {
      const kept = new Map<string, string>();
      await (await open(url, scheme, { kept })).maintain();
      let wake = (): void => undefined;
      thinking = new Promise<void>((resolve) => (wake = resolve));
      const issuer = await open(url, scheme, { kept, answerMillis: 1500 });
      expect(await submit(issuer)).toMatchObject({
        kind: 'unavailable',
        submission: 'unknown',
        detail: expect.stringContaining('no answer within 1500 ms'),
      });
      wake();
    });
  });

  test.each<[string, string, Scheme]>([
    ['Kerberos', '443/certsrv/', 'negotiate'],
    ['NTLM', '443/certsrv/', 'ntlm'],
    ['Basic', '443/certsrv-basic/', 'basic'],
    ['Kerberos, bound', '8443/certsrv/', 'negotiate'],
    ['NTLM, bound', '8443/certsrv/', 'ntlm'],
    ['a client certificate', '7443/certsrv-certificate/', 'certificate'],
  ])(
    'a connection cut at every step, signed in by %s',
    async (_, where, scheme) => {
      const [port = '', path = ''] = where.split(/(?=\/)(.*)/);
      const relay = await startCuttingRelay('10.77.0.20', Number(port));
      const url = `https://ca1.lab.test:${relay.port}${path}`;
      const kept = new Map<string, string>();
      const seen = new Set<string>();
      const told = new Map<string, string>();
      try {
        expect(await (await open(url, scheme, { kept })).maintain()).toEqual([]);
        for (let piece = 1; !seen.has('issued') && piece < 100; piece++) {
          const template = `Piece${piece}`;
          ca.templates.set(template, { does: 'issue' });
          relay.cutAt(piece);
          const issuer = await open(url, scheme, { kept, answerMillis: 20_000 });
          const outcome = await submit(issuer, template);
          relay.cutAt(Infinity);
          const what = outcome.kind === 'unavailable' ? outcome.submission : outcome.kind;
          seen.add(what);
          told.set(template, what);
          if (outcome.kind === 'pending')
            expect(await issuer.retrieve(outcome.requestId, csrKey)).toMatchObject({
              kind: 'issued',
            });
        }
        // What the web server had begun comes late. What says that nothing was sent is sent again: the CA
        // must not have it.
        await sleep(1000);
        for (const [template, what] of told) {
          const sent = ca.requests.filter((request) => request.template === template).length;
          const right = what === 'none' ? [0] : what === 'unknown' ? [0, 1] : [1];
          expect({ template, what, sent: right }).toEqual({
            template,
            what,
            sent: expect.arrayContaining([sent]),
          });
        }
        expect([...seen].sort()).toEqual(['issued', 'none', 'pending', 'unknown']);
      } finally {
        await relay.close();
      }
    },
    60_000,
  );

  test.each<Scheme>(['negotiate', 'ntlm', 'basic', 'certificate'])(
    'no web server there: nothing was sent, signed in by %s',
    async (scheme) => {
      for (const url of ['https://ca1.lab.test:4/certsrv/', 'https://gone.lab.test/certsrv/']) {
        expect(await submit(await open(url, scheme))).toMatchObject({
          kind: 'unavailable',
          submission: 'none',
        });
      }
    },
  );

  test.each<[string, string, Scheme]>([
    ['Kerberos', 'https://ca1.lab.test/certsrv/', 'negotiate'],
    ['NTLM', 'https://ca1.lab.test/certsrv/', 'ntlm'],
    ['Basic', 'https://ca1.lab.test/certsrv-basic/', 'basic'],
    [
      'a certificate of another CA',
      'https://ca1.lab.test:7443/certsrv-certificate/',
      'certificate',
    ],
  ])('a wrong password: %s', async (_, url, scheme) => {
    expect(await submit(await open(url, scheme, { wrongly: true }))).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      mend: expect.any(String),
    });
    expect(ca.requests).toHaveLength(0);
  });

  describe('Extended Protection = Require', () => {
    test('refuses a client that sends no channel binding', async () => {
      const url = 'https://ca1.lab.test:8443/certsrv/';
      const ticket = await run('kinit', ['-k', '-t', labFile('svc-scep.keytab'), 'svc-scep']);
      expect(ticket).toMatchObject({ status: 0 });
      const trust = ['--cacert', labFile('pki/ca.pem')];
      const curl = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--negotiate', '-u', ':'];
      expect((await run('curl', [...curl, ...trust, url])).output).toBe('401');
    });

    test.each<Scheme>(['negotiate', 'ntlm'])(
      'refuses %s through a TLS proxy, and the operator is told',
      async (scheme) => {
        const issuer = await open('https://ca1.lab.test:9443/certsrv/', scheme, {
          pin: proxyPin(),
        });
        expect(await submit(issuer)).toMatchObject({
          kind: 'unavailable',
          submission: 'none',
          mend: expect.stringContaining('TLS proxy'),
        });
        expect(ca.requests).toHaveLength(0);
      },
    );
  });
});
