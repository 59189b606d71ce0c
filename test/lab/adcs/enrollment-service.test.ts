/** CES behind sign-ins that are not ours: Apache and MIT Kerberos in a Samba domain. */
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openCesIssuer } from '../../../src/adcs/index.js';
import type { WebClient } from '../../../src/web-client/index.js';
import { answerTo } from '../../adcs/ces/service.js';
import { FakeCa } from '../../adcs/certsrv/fake-ca.js';
import { describeInLab } from '../in-lab.js';
import { submit, testCaAnswers } from './ca-answers.js';
import { startCuttingRelay } from './cutting-relay.js';
import { labWebClient, proxyPin, type Reach } from './web-sign-in.js';

type Scheme = 'negotiate' | 'certificate';

describeInLab('adcs-ces', () => {
  let ca: FakeCa;
  let service: Server;
  let clients: WebClient[] = [];
  /** What the CA takes its time for. */
  let thinking: Promise<unknown>;

  beforeAll(async () => {
    service = createServer((request, response) => {
      void text(request).then(async (message) => {
        await thinking;
        const answer = await answerTo(ca, message, String(request.headers['x-remote-user']));
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/soap+xml' });
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => service.listen(8098, '127.0.0.1', resolve));
  });
  beforeEach(async () => {
    ca = await FakeCa.create();
    thinking = Promise.resolve();
  });
  afterEach(() => {
    clients.forEach((client) => client.close());
    clients = [];
  });
  afterAll(() => new Promise((resolve) => service.close(resolve)));

  /** @param at port and folder */
  async function open(at: string, scheme: Scheme, reach: Reach = {}) {
    const url = `https://ca1.lab.test:${at}LAB-CA1-CA_CES_Test/service.svc/CES`;
    const client = await labWebClient(url, scheme, reach);
    clients.push(client);
    return openCesIssuer({
      name: 'corp',
      client,
      url,
      token: undefined,
      identity: 'LAB\\svc-scep',
      templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
      attributes: [],
      chain: [ca.certificate],
      pins: [],
      state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
      submitMillis: 60_000,
      report: () => undefined,
      clock: () => new Date(),
    });
  }

  const ways: [string, string, Scheme][] = [
    ['Kerberos', '443/certsrv-krb/', 'negotiate'],
    ['Kerberos, bound', '8443/certsrv/', 'negotiate'],
    ['a client certificate', '7443/certsrv-certificate/', 'certificate'],
  ];

  describe.each(ways)('signed in by %s', (_, at, scheme) => {
    testCaAnswers(
      () => open(at, scheme),
      () => ca,
    );

    test('the CA down', async () => {
      ca.outage = '0x800706ba';
      const issuer = await open(at, scheme);
      expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'none' });
    });

    test('the CA slow beyond the time-out: it may issue all the same', async () => {
      let wake = (): void => undefined;
      thinking = new Promise<void>((resolve) => (wake = resolve));
      const issuer = await open(at, scheme, { answerMillis: 1500 });
      expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
      wake();
    });

    test('a key that the other side refuses', async () => {
      const issuer = await open(at, scheme, { wrongly: true });
      expect(await submit(issuer)).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
        mend: expect.any(String),
      });
      expect(ca.requests).toHaveLength(0);
    });

    test('a connection cut at every step', async () => {
      const [port = '', folder = ''] = at.split(/(?=\/)(.*)/);
      const relay = await startCuttingRelay('10.77.0.20', Number(port));
      const told = new Map<string, string>();
      try {
        for (let piece = 1; ![...told.values()].includes('issued') && piece < 100; piece++) {
          const template = `Piece${piece}`;
          ca.templates.set(template, { does: 'issue' });
          relay.cutAt(piece);
          const issuer = await open(`${relay.port}${folder}`, scheme, { answerMillis: 20_000 });
          const outcome = await submit(issuer, template);
          relay.cutAt(Infinity);
          told.set(template, outcome.kind === 'unavailable' ? outcome.submission : outcome.kind);
        }
        // What the web server had begun comes late.
        await sleep(1000);
        for (const [template, what] of told) {
          const sent = ca.requests.filter((request) => request.template === template).length;
          const right = what === 'none' ? [0] : what === 'unknown' ? [0, 1] : [1];
          expect({ template, what, right }).toEqual({
            template,
            what,
            right: expect.arrayContaining([sent]),
          });
        }
        expect([...new Set(told.values())].sort()).toEqual(['issued', 'none', 'unknown']);
      } finally {
        await relay.close();
      }
    }, 60_000);
  });

  test('nobody there: nothing was sent', async () => {
    for (const scheme of ['negotiate', 'certificate'] as const) {
      expect(await submit(await open('4/certsrv/', scheme))).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
      });
    }
  });

  test('Extended Protection = Require refuses through a TLS proxy, and the operator is told', async () => {
    const issuer = await open('9443/certsrv/', 'negotiate', { pin: proxyPin() });
    expect(await submit(issuer)).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      mend: expect.stringContaining('TLS proxy'),
    });
    expect(ca.requests).toHaveLength(0);
  });
});
