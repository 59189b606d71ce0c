import { Agent, request } from 'node:https';
import { afterEach, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { tlsServerEndPoint } from '../../src/ntlm/channel-binding/index.js';
import { encodeChallenge, parseChallenge } from '../../src/ntlm/challenge-message.js';
import { createWebClient } from '../../src/web-client/index.js';
import { tlsIdentity } from '../web-client/upstream.js';
import { as } from './client.js';
import { issuedPassword, now, type Gateway } from './gateway.js';
import {
  authenticateWithoutMic,
  field,
  httpntlmNegotiate,
  line,
  ntlmClient,
  page,
  signIn,
  startNtlmGateway,
  tokenOf,
  withoutMicField,
  type Line,
  type NtlmGatewayOptions,
} from './ntlm.js';

let gateway: Gateway;
const lines: Line[] = [];
afterEach(async () => {
  for (const one of lines.splice(0)) one.close();
  await gateway.close();
});

async function start(options: NtlmGatewayOptions = {}): Promise<Line> {
  gateway = await startNtlmGateway(options);
  return connect();
}

function connect(path?: string): Line {
  const one = line(gateway, path);
  lines.push(one);
  return one;
}

const basicOffer = 'Basic realm="Network Device Enrollment Service"';

/** Every WWW-Authenticate field of an answer, in its order. */
function offers(answer: { readonly rawHeaders: readonly string[] }): string[] {
  return answer.rawHeaders.filter((_, at) => answer.rawHeaders[at - 1] === 'WWW-Authenticate');
}

function reasons(): (string | undefined)[] {
  return gateway.audits
    .filter(({ event }) => event === 'access.denied')
    .map(({ reason }) => reason);
}

describe('a sign-in by NTLM', () => {
  test('opens the page, and the connection stays signed in', async () => {
    const on = await start();
    const first = await on.get();
    expect([first.status, offers(first)]).toEqual([401, ['NTLM', basicOffer]]);
    const client = ntlmClient();
    const challenged = await on.get(field(client.negotiate()));
    expect([challenged.status, offers(challenged).length]).toEqual([401, 1]);
    const opened = await on.get(field(client.authenticate(tokenOf(challenged)).message));
    expect(opened.status).toBe(200);
    expect(opened.headers['www-authenticate']).toBeUndefined();
    expect(opened.body.toString('utf16le')).toContain(issuedPassword);
    expect((await on.get()).status).toBe(200);
    expect(gateway.audits.map(({ event, actor }) => [event, actor])).toEqual([
      ['challenge.issued', 'mdm'],
      ['challenge.issued', 'mdm'],
    ]);
  });

  test('opens the API', async () => {
    await start();
    const on = connect('/api/v1/challenges');
    expect((await signIn(on)).status).toBe(200);
  });

  test('as Negotiate, bare', async () => {
    const on = await start();
    const client = ntlmClient();
    const first = await on.get(field(client.negotiate(), 'Negotiate'));
    const { message } = client.authenticate(tokenOf(first, 'Negotiate'));
    expect((await on.get(field(message, 'Negotiate'))).status).toBe(200);
  });

  test('as Negotiate, in SPNEGO, with a MIC over the mechanisms', async () => {
    const on = await start();
    const client = ntlmClient();
    const ntlmOid = '1.3.6.1.4.1.311.2.2.10';
    const mechanisms = der.sequence(der.oid(ntlmOid));
    const initial = der.element(
      0x60,
      der.oid('1.3.6.1.5.5.2'),
      der.element(
        0xa0,
        der.sequence(
          der.element(0xa0, mechanisms),
          der.element(0xa2, der.octetString(client.negotiate())),
        ),
      ),
    );
    const first = tokenOf(await on.get(field(initial, 'Negotiate')), 'Negotiate');
    const { message, session } = client.authenticate(first.subarray(first.indexOf('NTLMSSP')));
    const reply = (mic: Buffer) =>
      der.element(
        0xa1,
        der.sequence(
          der.element(0xa2, der.octetString(message)),
          der.element(0xa3, der.octetString(mic)),
        ),
      );
    const answer = await on.get(field(reply(session!.sign(mechanisms)), 'Negotiate'));
    expect(answer.status).toBe(200);
    const last = Buffer.from(answer.headers['www-authenticate']!.slice(10), 'base64');
    expect(last.subarray(0, 9).toString('hex')).toBe('a11b3019a0030a0100');
    expect(session!.verify(mechanisms, last.subarray(-16))).toBe(true);
  });

  test('ends for a connection with the account, or after ten minutes', async () => {
    let time = now.getTime();
    const on = await start({ clock: () => new Date(time) });
    await signIn(on);
    expect((await on.get()).status).toBe(200);
    time += 10 * 60_000;
    expect((await on.get()).status).toBe(401);
  });

  test('ends with a request that brings other credentials', async () => {
    const on = await start();
    await signIn(on);
    expect((await on.get('Bearer nonsense')).status).toBe(401);
    expect((await on.get()).status).toBe(401);
  });
});

describe('is refused', () => {
  test('with a wrong password, and to accounts that are not there or have no password, all alike', async () => {
    await start();
    const answers = [];
    for (const who of [{ password: 'wrong' }, { user: 'nobody' }, { user: 'hashed' }]) {
      const { status, headers, body } = await signIn(connect(), ntlmClient(who));
      const id = String(headers['x-correlation-id']);
      const same = { ...headers, date: 'now', 'x-correlation-id': 'ID' };
      answers.push({ status, headers: same, body: body.toString().replace(id, 'ID') });
    }
    expect(answers[0]).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': `NTLM, ${basicOffer}` },
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(reasons()).toEqual(Array(3).fill('NTLM: wrong account or password.'));
    expect(gateway.audits.map(({ actor }) => actor)).toEqual(['mdm', undefined, 'hashed']);
    expect(JSON.stringify([gateway.audits, gateway.lines])).not.toContain('TlRM');
  });

  test('after too many wrong passwords, even with the right one; a signed-in connection goes on', async () => {
    const before = await start({ failures: 3 });
    await signIn(before);
    for (let attempt = 0; attempt < 3; attempt++) {
      await signIn(connect(), ntlmClient({ user: 'CORP\\MDM', password: `wrong ${attempt}` }));
    }
    expect((await signIn(connect())).status).toBe(401);
    expect((await connect().get(as('mdm', 'wrong')['authorization'])).status).toBe(401);
    expect(gateway.audits.map(({ event }) => event)).toEqual([
      'challenge.issued',
      'access.denied',
      'access.denied',
      'access.locked',
    ]);
    expect((await before.get()).status).toBe(200);
  });

  test('with an answer to no challenge, to that of another connection, or to an old one', async () => {
    const on = await start();
    const client = ntlmClient();
    const challenge = tokenOf(await on.get(field(client.negotiate())));
    const message = field(client.authenticate(challenge).message);
    expect((await connect().get(message)).status).toBe(401);
    const other = connect();
    await other.get(field(ntlmClient().negotiate()));
    expect((await other.get(message)).status).toBe(401);
    expect((await on.get(message)).status).toBe(200);
    // Replayed: on the signed-in connection, and on a new one.
    expect((await on.get(message)).status).toBe(401);
    expect((await on.get()).status).toBe(401);
    expect((await connect().get(message)).status).toBe(401);
    const outOfOrder = 'NTLM: an answer to no challenge of this connection.';
    expect(reasons()).toEqual([
      outOfOrder,
      'NTLM: wrong account or password.',
      outOfOrder,
      outOfOrder,
    ]);
  });

  test.each([
    ['without credentials', undefined],
    ['by Basic', as('mdm', 'wrong')['authorization']],
    ['by NTLM', 'NTLM'],
  ])('when another request comes in between, %s', async (_, authorization) => {
    const on = await start();
    const client = ntlmClient();
    const challenge = tokenOf(await on.get(field(client.negotiate())));
    expect((await on.get(authorization)).status).toBe(401);
    const { message } = client.authenticate(challenge);
    expect((await on.get(field(message))).status).toBe(401);
  });

  test('when a MIC is wrong, cut out, or prevented', async () => {
    const on = await start();
    const client = ntlmClient();
    const attempt = async (alter: (challenge: Buffer) => Buffer) => {
      const challenge = tokenOf(await on.get(field(client.negotiate())));
      return on.get(field(alter(challenge)));
    };
    const answers = [
      await attempt((challenge) => {
        const { message } = client.authenticate(challenge);
        message.fill(0, 72, 88);
        return message;
      }),
      await attempt((challenge) => {
        return withoutMicField(client.authenticate(challenge).message);
      }),
      await attempt((challenge) => client.authenticate(withoutTime(challenge)).message),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(reasons()).toEqual([
      'NTLM: the MIC is wrong: a message was altered on its way.',
      'NTLM: the client sends no MIC.',
      'NTLM: the challenge was altered on its way.',
    ]);
    // The password was right each time: nobody is locked.
    expect((await signIn(connect())).status).toBe(200);
  });

  test('in messages cut short, and the connection lives on', async () => {
    const on = await start({ failures: 1000 });
    const client = ntlmClient();
    const negotiate = client.negotiate();
    const whole = client.authenticate(tokenOf(await on.get(field(negotiate)))).message.length;
    for (let size = 12; size < whole; size += 23) {
      const challenge = tokenOf(await on.get(field(negotiate)));
      const { message } = client.authenticate(challenge);
      const answer = await on.get(field(message.subarray(0, size)));
      expect([size, answer.status, offers(answer).length]).toEqual([size, 401, 2]);
    }
    expect((await signIn(on)).status).toBe(200);
  });

  test.each([
    ['nothing behind the scheme', 'NTLM'],
    ['no base64', 'NTLM ????'],
    ['no NTLM', `NTLM ${Buffer.from('hello world, hello').toString('base64')}`],
    [
      'a CHALLENGE',
      `NTLM ${Buffer.from('NTLMSSP\0\x02\0\0\0'.padEnd(64, '\0')).toString('base64')}`,
    ],
    [
      'an unknown type',
      `NTLM ${Buffer.from('NTLMSSP\0\x09\0\0\0'.padEnd(64, '\0')).toString('base64')}`,
    ],
    [
      '100 000 octets',
      `NTLM ${Buffer.concat([Buffer.from('NTLMSSP\0\x01\0\0\0'), Buffer.alloc(100_000)]).toString('base64')}`,
    ],
    ['two tokens', 'NTLM TlRMTVNTUAABAAAA TlRMTVNTUAABAAAA'],
    ['Kerberos', 'Negotiate YIIB'],
  ])('with %s', async (_, authorization) => {
    const on = await start();
    const answer = await on.get(authorization);
    expect([answer.status, offers(answer)]).toEqual([401, ['NTLM', basicOffer]]);
  });
});

function withoutTime(challenge: Buffer): Buffer {
  const parsed = parseChallenge(challenge);
  const targetInfo = parsed.targetInfo.filter(({ id }) => id !== 7);
  return encodeChallenge({ ...parsed, targetInfo });
}

describe('clients that send neither MIC nor channel binding', () => {
  async function old(on: Line, negotiate: Buffer, secret?: string) {
    const challenge = tokenOf(await on.get(field(negotiate)));
    return on.get(field(authenticateWithoutMic(challenge, secret)));
  }

  test.each([
    ['curl', ntlmClient().negotiate().subarray(0, 32)],
    ['axios-ntlm', ntlmClient().negotiate().subarray(0, 36)],
    ['httpntlm', httpntlmNegotiate()],
  ])('such as %s are let in', async (_, negotiate) => {
    const on = await start();
    expect((await old(on, negotiate)).status).toBe(200);
    expect((await old(connect(), negotiate, 'wrong')).status).toBe(401);
  });

  test('are refused where a MIC is required', async () => {
    const on = await start({ micRequired: true });
    expect((await old(on, httpntlmNegotiate())).status).toBe(401);
    expect(reasons()).toEqual(['NTLM: the client sends no MIC.']);
    expect((await signIn(connect())).status).toBe(200);
  });
});

describe('over TLS', () => {
  async function secure(options: NtlmGatewayOptions) {
    const { certificate, options: identity } = await tlsIdentity();
    await start({
      ...options,
      listener: {
        ...options.listener,
        tls: {
          identity: { certificateChain: identity.cert, privateKey: String(identity.key) },
          minVersion: 'TLSv1.2',
          asksForCertificate: false,
          handshakeMillis: 5000,
        },
      },
    });
    return { pin: certificate.thumbprints.sha256, binding: tlsServerEndPoint(certificate.der)! };
  }

  test('the channel binding of our own client is right', async () => {
    const { pin } = await secure({ channelBindingRequired: true, micRequired: true });
    const web = createWebClient({
      origin: `https://127.0.0.1:${gateway.listener.port}`,
      credentials: [{ kind: 'ntlm', user: 'mdm', domain: 'CORP', password: 'pass-mdm' }],
      tls: { pins: [pin] },
    });
    const outcome = await web.send({ method: 'GET', path: page });
    web.close();
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  });

  /** As a relay would: everything right, but for another channel. */
  async function relay(channelBinding: Buffer | undefined): Promise<number> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const client = ntlmClient({}, { channelBinding });
    const get = (authorization: string) =>
      new Promise<{ status: number; token: string }>((resolve, reject) => {
        request(
          {
            port: gateway.listener.port,
            host: '127.0.0.1',
            path: page,
            agent,
            headers: { authorization },
          },
          (answer) => {
            const token = answer.headers['www-authenticate'] ?? '';
            answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, token }));
          },
        )
          .once('error', reject)
          .end();
      });
    const { token } = await get(field(client.negotiate()));
    const challenge = Buffer.from(token.replace('NTLM ', ''), 'base64');
    const { status } = await get(field(client.authenticate(challenge).message));
    agent.destroy();
    return status;
  }

  test('another binding is refused, none only where one is required', async () => {
    const { binding } = await secure({});
    const other = Buffer.from(binding);
    other[30] = (other[30] ?? 0) ^ 1;
    expect([await relay(binding), await relay(other), await relay(undefined)]).toEqual([
      200, 401, 200,
    ]);
    expect(reasons()).toEqual([
      'NTLM: the channel binding is that of another connection: a relay, or TLS ends at a proxy.',
    ]);
    await gateway.close();
    const required = await secure({ channelBindingRequired: true });
    expect([await relay(required.binding), await relay(undefined)]).toEqual([200, 401]);
    expect(reasons()).toEqual(['NTLM: the client sends no channel binding.']);
  });

  test('a binding to a TLS channel is refused without TLS', async () => {
    const on = await start();
    const channelBinding = Buffer.from('tls-server-end-point:0123456789abcdef0123456789abcdef');
    expect((await signIn(on, ntlmClient({}, { channelBinding }))).status).toBe(401);
  });

  test('is all there is where a binding is required', async () => {
    const on = await start({ channelBindingRequired: true });
    expect(offers(await on.get())).toEqual([basicOffer]);
    expect(offers(await on.get(field(ntlmClient().negotiate())))).toEqual([basicOffer]);
  });
});

describe('behind a proxy', () => {
  const behind = (notShared: boolean): NtlmGatewayOptions => ({
    listener: { channel: { behindProxies: true, proxyProtocol: false, notShared } },
  });

  test('NTLM is not offered, and its messages are not looked at', async () => {
    const on = await start(behind(false));
    expect(offers(await on.get())).toEqual([basicOffer]);
    expect(offers(await on.get(field(ntlmClient().negotiate())))).toEqual([basicOffer]);
    expect(gateway.audits).toEqual([]);
  });

  test.each(['via', 'forwarded', 'x-forwarded-for', 'x-real-ip'])(
    'nor where a proxy nobody knows of leaves its trace: %s',
    async (name) => {
      const on = await start();
      const trace = { [name]: '1.1 squid' };
      expect(offers(await on.get(undefined, trace))).toEqual([basicOffer]);
      await signIn(on);
      // Another client of the proxy, on the connection that is signed in.
      expect((await on.get(undefined, trace)).status).toBe(401);
      expect((await on.get()).status).toBe(401);
    },
  );

  test('in so many words it is, for one request at a time', async () => {
    const on = await start(behind(true));
    const trace = { 'x-forwarded-for': '192.0.2.1' };
    expect((await signIn(on, ntlmClient(), trace)).status).toBe(200);
    expect((await on.get(undefined, trace)).status).toBe(401);
  });

  test('a binding to the TLS of the proxy cannot be judged, and is let be', async () => {
    const on = await start(behind(true));
    const channelBinding = Buffer.from('tls-server-end-point:of the proxy');
    expect((await signIn(on, ntlmClient({}, { channelBinding }))).status).toBe(200);
  });
});
