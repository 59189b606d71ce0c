/** A whole gateway: messages wrong at every depth, and requests as they stand on the wire. */
import { connect } from 'node:net';
import { errorCodes, isGatewayError } from '../../src/errors/index.js';
import { startTarget } from '../../test/bad-input/profiles.js';
import { staticSecret } from '../../test/bad-input/maker.js';
import { createMutants } from '../mutated-messages.js';
import { mutateDer } from '../mutators/der.js';
import { textMutator } from '../mutators/text.js';
import { Disagreement, type Target } from '../target.js';

/** What the CA has may be asked for; nothing else is ever granted. */
const expected =
  /^(http\..*|asn1\..*|failure: (crypto|algorithm|request|unauthorized|policy)|success: (GetCert|GetCRL))$/;

export const targets: readonly Target[] = [
  {
    name: 'gateway-message',
    about: 'messages, envelopes, CSRs and what they sign, all around the change made right again',
    pace: 0.03,
    prepare: async () => {
      const gateway = await startTarget();
      const { originals, make } = await createMutants();
      let serial = 0;
      return {
        seeds: originals,
        mutate: mutateDer,
        generate: make,
        mostOctets: 64 * 1024,
        refuses: [],
        run: async (message) => {
          const correlationId = `M${(serial += 1)}`;
          const client = { correlationId, address: '192.0.2.1', userAgent: undefined };
          const request = { profile: 'default', operation: 'PKIOperation', message, client };
          let outcome: string;
          try {
            await gateway.scep.handle(request);
            const at = gateway.events.findIndex((event) => event.correlationId === correlationId);
            const [event] = gateway.events.splice(at, 1);
            const said = event?.code ? errorCodes[event.code] : event?.messageType?.split(' ')[0];
            outcome = `${event?.outcome}: ${said}`;
          } catch (error) {
            if (!isGatewayError(error)) throw error;
            outcome = error.code;
          }
          gateway.lines.length = 0;
          if (!expected.test(outcome)) throw new Disagreement(outcome);
          return outcome;
        },
        finish: async () => {
          const { enrollments } = gateway.installation.data;
          const issued = await enrollments.certificates({ profile: 'default' }, new Date());
          if (issued.length > 0) throw new Error(`${issued.length} certificates were issued`);
          const health = await fetch(`http://127.0.0.1:${gateway.port}/healthz`);
          if ((await health.text()) !== 'ok\n') throw new Error('the gateway is not well');
        },
        close: () => gateway.close(),
      };
    },
  },
  {
    name: 'gateway-request',
    about: 'HTTP requests on a socket: every door, never a 500',
    pace: 0.03,
    prepare: async () => {
      const gateway = await startTarget();
      return {
        seeds: requests.map((text) => Buffer.from(text)),
        mutate: textMutator(words),
        mostOctets: 64 * 1024,
        refuses: [],
        run: async (input) => {
          const answer = await exchange(gateway.port, input);
          gateway.lines.length = 0;
          const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(
            ([, status]) => status,
          );
          const odd = statuses.find((status) => status === '500' || status === '502');
          if (odd !== undefined) throw new Disagreement(`status ${odd}`);
          if (answer.includes(staticSecret)) throw new Disagreement('a secret is told');
          return statuses[0] ?? 'nothing';
        },
        finish: async () => {
          const health = await fetch(`http://127.0.0.1:${gateway.port}/healthz`);
          if ((await health.text()) !== 'ok\n') throw new Error('the gateway is not well');
        },
        close: () => gateway.close(),
      };
    },
  },
];

/** All that comes back; what is not whole is ended from our side. */
function exchange(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', () => undefined);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.end(request);
  });
}

const basic = `Authorization: Basic ${Buffer.from('admin:wrong').toString('base64')}`;

function request(line: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const fields = ['Host: gateway', 'Connection: close', ...headers, ...length];
  return `${line} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body}`;
}

const requests = [
  request('GET /scep?operation=GetCACaps&message=ca'),
  request('GET /certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACert'),
  request('GET /scep?operation=PKIOperation&message=MIIB%2B%0A'),
  request(
    'POST /scep?operation=PKIOperation',
    ['Content-Type: application/x-pki-message'],
    'MAMCAQE=',
  ),
  request('GET /certsrv/mscep_admin/', ['X-Forwarded-For: 192.0.2.1']),
  request('POST /api/v1/challenges', ['Content-Type: application/json'], '{"subject":"CN=a"}'),
  request('GET /api/v1/challenges?state=open', ['Authorization: Bearer sgw_0']),
  request('POST /api/v1/webhooks/jamf/default', [basic], '{"webhook":{}}'),
  request('GET /crl/default.crl'),
  request('OPTIONS *'),
  request(
    'POST /scep?operation=PKIOperation',
    ['Transfer-Encoding: chunked'],
    '3\r\nMAM\r\n0\r\n\r\n',
  ),
];

const words = [
  ...[
    'GET',
    'POST',
    'PUT',
    'HEAD',
    'CONNECT',
    'HTTP/1.1',
    'HTTP/1.0',
    '\r\n',
    '\r\n\r\n',
    '?',
    '&',
  ],
  ...[
    'operation=',
    'PKIOperation',
    'GetNextCACert',
    'message=',
    '/scep',
    '/../',
    '%2e',
    '//',
    '%00',
  ],
  ...[
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    'Host: ',
    'Upgrade: h2c',
  ],
  ...[
    'Authorization: ',
    'Basic ',
    'NTLM ',
    'Negotiate ',
    'Bearer ',
    'X-Forwarded-For: ',
    'Forwarded: ',
  ],
  ...[
    'Content-Encoding: gzip',
    'Connection: keep-alive',
    '0\r\n\r\n',
    '/metrics',
    '/readyz',
    '/api/v1/',
  ],
];
