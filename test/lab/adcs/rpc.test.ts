/**
 * The issuer against a CA service over RPC that is not ours: its NDR is impacket's, its NTLM is judged by the
 * domain, its Kerberos is MIT's. `npm run test:adcs` starts it.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openRpcIssuer, type AdcsIssuer } from '../../../src/adcs/index.js';
import { CertPassage } from '../../../src/adcs/rpc/cert-passage.js';
import {
  kerberosSignIn,
  ntlmSignIn,
  spnegoNtlmSignIn,
  type RpcSignIn,
} from '../../../src/dcerpc/index.js';
import { openKerberos } from '../../../src/kerberos/index.js';
import { Certificate, readPem, verifyIssuedBy } from '../../../src/x509/index.js';
import { authorizationFor, issuanceRequest } from '../../issuer/issuer.contract.js';
import { testKey } from '../../support/keys.js';
import { describeInLab, labFile } from '../in-lab.js';
import { run } from '../run.js';
import { startCuttingRelay } from './cutting-relay.js';

const account = { user: 'svc-scep', domain: 'LAB', password: 'Scep-Passw0rd!' };
const target = { targetName: 'host/ca1.lab.test' };
const clientKey = testKey('client').publicKey.id;

const ntlm = () => Promise.resolve(ntlmSignIn(account, target));
const kerberos = () => kerberosFrom('svc-scep.keytab', 'svc-scep@LAB.TEST');

async function kerberosFrom(
  keytab: string,
  principal: string,
  spn = target.targetName,
): Promise<RpcSignIn> {
  const library = await openKerberos();
  const initiators = library.initiators({ kind: 'keytab', keytab: labFile(keytab), principal });
  closing.push(() => initiators.close());
  return kerberosSignIn((wanted) => initiators.create(wanted), spn);
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Where {
  readonly host?: string;
  readonly port?: number;
  readonly authority?: string;
  readonly signIns?: readonly (() => Promise<RpcSignIn>)[];
  readonly submitMillis?: number;
}

function issuer({
  host = 'ca1.lab.test',
  port,
  authority = 'LAB-CA1-CA',
  signIns = [ntlm],
  submitMillis = 20_000,
}: Where = {}): Promise<AdcsIssuer> {
  const [ca] = readPem(readFileSync(labFile('pki/ca.pem'), 'utf8'));
  return openRpcIssuer({
    ...{ name: 'corp', host, port, authority, signIns, identity: undefined, attributes: [] },
    templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
    chain: [Certificate.fromDer(ca!.der)],
    pins: [],
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
    submitMillis,
    report: () => undefined,
    clock: () => new Date(),
  });
}

async function submit(to: AdcsIssuer, template: string) {
  const request = { ...(await issuanceRequest('transaction-1')), template };
  return to.submit(request, authorizationFor(request));
}

interface Seen {
  readonly id: number;
  readonly user: string;
  readonly flags: number;
  readonly attributes: Readonly<Record<string, string>>;
}

function requestsSeen(): Seen[] {
  const text = readFileSync(labFile('icpr/requests'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Seen);
}

function decide(id: string, word: 'issue' | 'deny'): void {
  writeFileSync(labFile(`icpr/decide/${id}`), word);
}

const mechanisms = [
  ['NTLM', ntlm, 'LAB\\svc-scep'],
  ['Kerberos', kerberos, 'svc-scep@LAB.TEST'],
] as const;

describeInLab('adcs-rpc against a CA service that is not ours', () => {
  let before: number;

  beforeEach(() => {
    if (!existsSync(labFile('icpr'))) throw new Error('needs the peer icpr');
    before = requestsSeen().length;
  });

  describe.each(mechanisms)('%s', (_, signIn, user) => {
    const signIns = [signIn];

    test('issues, to the account that signed in', async () => {
      const to = await issuer({ signIns });
      const outcome = await submit(to, 'Phones');
      if (outcome.kind !== 'issued') throw new Error(JSON.stringify(outcome));
      expect(verifyIssuedBy(outcome.certificate, to.chain[0]!)).toBe(true);
      expect(requestsSeen().slice(before)).toMatchObject([
        { user, flags: 0x100, attributes: { CertificateTemplate: 'Phones' } },
      ]);
    });

    test('waits, then issues', async () => {
      const to = await issuer({ signIns });
      const outcome = await submit(to, 'Manual');
      if (outcome.kind !== 'pending') throw new Error(JSON.stringify(outcome));
      expect(await to.retrieve(outcome.requestId, clientKey)).toEqual(outcome);
      decide(outcome.requestId, 'issue');
      expect(await to.retrieve(outcome.requestId, clientKey)).toMatchObject({ kind: 'issued' });
      expect(requestsSeen()).toHaveLength(before + 1);
    });

    test('waits, then denies', async () => {
      const to = await issuer({ signIns });
      const outcome = await submit(to, 'Manual');
      if (outcome.kind !== 'pending') throw new Error(JSON.stringify(outcome));
      decide(outcome.requestId, 'deny');
      expect(await to.retrieve(outcome.requestId, clientKey)).toMatchObject({
        kind: 'refused',
        hresult: 0x80094014,
      });
    });

    test.each([
      ['the policy module denies', 'LongKeys', 0x80094811],
      ['the template is not offered', 'Nope', 0x80094800],
    ])('%s', async (_case, template, hresult) => {
      expect(await submit(await issuer({ signIns }), template)).toMatchObject({
        kind: 'refused',
        hresult,
      });
    });

    test('a request id that nobody has is refused', async () => {
      expect(await (await issuer({ signIns })).retrieve('99999', clientKey)).toMatchObject({
        kind: 'refused',
        hresult: 0x80094004,
      });
    });

    test('another name of the CA is refused', async () => {
      expect(
        await submit(await issuer({ signIns, authority: 'OTHER-CA' }), 'Phones'),
      ).toMatchObject({ kind: 'refused', hresult: 0x80070057 });
    });

    test('slow beyond the time-out: it may issue all the same', async () => {
      const to = await issuer({ signIns, submitMillis: 2_000 });
      expect(await submit(to, 'Slow')).toMatchObject({
        kind: 'unavailable',
        submission: 'unknown',
        detail: expect.stringContaining('the time for the whole call is over') as unknown,
      });
      expect(requestsSeen().slice(before)).toMatchObject([{ user }]);
    });

    test.each([
      ['suspended', '0x80094006'],
      ['stopping', '0x8009400f'],
    ])('%s: nothing was sent, and a request that waits is not lost', async (_case, hresult) => {
      const to = await issuer({ signIns });
      const waiting = await submit(to, 'Manual');
      if (waiting.kind !== 'pending') throw new Error(JSON.stringify(waiting));
      writeFileSync(labFile('icpr/outage.svc-scep'), hresult);
      try {
        const none = { kind: 'unavailable', submission: 'none' };
        expect(await submit(to, 'Phones')).toMatchObject(none);
        expect(await to.retrieve(waiting.requestId, clientKey)).toMatchObject(none);
      } finally {
        rmSync(labFile('icpr/outage.svc-scep'));
      }
      expect(await to.retrieve(waiting.requestId, clientKey)).toEqual(waiting);
      expect(requestsSeen()).toHaveLength(before + 1);
    });

    test('a connection cut at every step', async () => {
      const relay = await startCuttingRelay('10.77.0.20', 49_200);
      const to = await issuer({ signIns, port: relay.port });
      const seen = new Set<string>();
      try {
        for (let piece = 1; !seen.has('issued') && piece < 100; piece++) {
          const earlier = requestsSeen().length;
          relay.cutAt(piece);
          const outcome = await submit(to, 'Phones');
          const sent = requestsSeen().length - earlier;
          const what = outcome.kind === 'unavailable' ? outcome.submission : outcome.kind;
          seen.add(what);
          // What says that nothing was sent is sent again: the CA must not have it.
          if (what === 'none') expect([piece, sent]).toEqual([piece, 0]);
          else if (what === 'unknown') expect(sent).toBeLessThanOrEqual(1);
          else expect([piece, sent]).toEqual([piece, 1]);
        }
        expect([...seen].sort()).toEqual(['issued', 'none', 'unknown']);
      } finally {
        await relay.close();
      }
    });

    test('is reached at a fixed port, and looked after', async () => {
      const to = await issuer({ signIns, port: 49_200 });
      expect(await to.maintain()).toEqual([]);
      expect(await submit(to, 'Phones')).toMatchObject({ kind: 'issued' });
    });
  });

  test('a request in CMS is opened and issued', async () => {
    const { csr } = await issuanceRequest('transaction-2');
    writeFileSync(labFile('request.der'), csr.der);
    const { status, errors } = await run('openssl', [
      ...['cms', '-sign', '-binary', '-nodetach', '-outform', 'DER', '-in', labFile('request.der')],
      ...['-signer', labFile('pki/gateway.pem'), '-inkey', labFile('pki/gateway.key')],
      ...['-out', labFile('request.p7')],
    ]);
    expect([status, errors]).toEqual([0, '']);
    const passage = new CertPassage({
      ...{ host: 'ca1.lab.test', port: undefined, authority: 'LAB-CA1-CA', signIns: [ntlm] },
      connectMillis: 5_000,
    });
    const reply = await passage.submit(
      {
        csr: readFileSync(labFile('request.p7')),
        format: 'cms',
        template: 'Phones',
        attributes: [],
      },
      AbortSignal.timeout(20_000),
    );
    if (reply.kind !== 'certificate') throw new Error(JSON.stringify(reply));
    expect(reply.certificate.publicKey.id).toBe(csr.publicKey.id);
    expect(requestsSeen().at(-1)).toMatchObject({ flags: 0x300 });
  });

  describe('nothing reaches the CA', () => {
    test.each<readonly [string, Where, string]>([
      [
        'with a wrong password',
        { signIns: [() => Promise.resolve(ntlmSignIn({ ...account, user: 'umlaut' }, target))] },
        'access denied',
      ],
      [
        'with a disabled account',
        {
          signIns: [
            () =>
              Promise.resolve(
                ntlmSignIn(
                  { ...account, user: 'disabled', password: 'Disabled-Passw0rd!' },
                  target,
                ),
              ),
          ],
        },
        'access denied',
      ],
      [
        'with the key of another account',
        { signIns: [() => kerberosFrom('gateway.keytab', 'svc-scep@LAB.TEST')] },
        'svc-scep@LAB.TEST',
      ],
      [
        'by Kerberos for another service',
        {
          signIns: [
            () => kerberosFrom('svc-scep.keytab', 'svc-scep@LAB.TEST', 'HTTP/gateway.lab.test'),
          ],
        },
        'cannot sign in to HTTP/gateway.lab.test',
      ],
      [
        'by Kerberos for a service that the domain does not have',
        { signIns: [() => kerberosFrom('svc-scep.keytab', 'svc-scep@LAB.TEST', 'host/nobody')] },
        'host/nobody',
      ],
      [
        'in a way that the server does not know',
        { signIns: [() => Promise.resolve(spnegoNtlmSignIn(account, target))] },
        'authentication type not recognized',
      ],
      ['where there is another interface', { port: 135 }, 'it does not have the interface'],
    ])('%s', async (_, where, detail) => {
      expect(await submit(await issuer(where), 'Phones')).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
        detail: expect.stringContaining(detail) as unknown,
        mend: expect.any(String) as unknown,
      });
      expect(requestsSeen()).toHaveLength(before);
    });

    // A restart of the CA looks like these, so no `mend` keeps the gateway away for the longest wait.
    test.each<readonly [string, Where, string]>([
      ['where there is no CA', { host: 'dc1.lab.test' }, '0x16c9a0d6'],
      ['where nothing listens', { port: 49_999 }, 'ECONNREFUSED'],
    ])('%s', async (_, where, detail) => {
      expect(await submit(await issuer(where), 'Phones')).toEqual({
        kind: 'unavailable',
        submission: 'none',
        detail: expect.stringContaining(detail) as unknown,
      });
      expect(requestsSeen()).toHaveLength(before);
    });

    test('where nobody is', async () => {
      const to = await issuer({ host: 'gone.lab.test' });
      const passage = await submit(to, 'Phones');
      expect(passage).toMatchObject({ kind: 'unavailable', submission: 'none' });
    });
  });

  test('the next way to sign in is tried where the server does not know the first', async () => {
    const to = await issuer({
      signIns: [() => Promise.resolve(spnegoNtlmSignIn(account, target)), ntlm],
    });
    expect(await submit(to, 'Phones')).toMatchObject({ kind: 'issued' });
  });

  test('impacket without privacy is refused, so the peer demands what we give', async () => {
    const { output, errors } = await run('/usr/bin/python3', ['-c', integrityOnly]);
    expect(errors).toBe('');
    expect(output.trim()).toBe('rpc_s_access_denied');
  });
});

const integrityOnly = `
from impacket.dcerpc.v5 import rpcrt, transport
from impacket.uuid import uuidtup_to_bin
way = transport.DCERPCTransportFactory('ncacn_ip_tcp:10.77.0.20[49200]')
way.set_credentials('svc-scep', 'Scep-Passw0rd!', 'LAB')
connection = way.get_dce_rpc()
connection.set_auth_level(rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY)
connection.connect()
connection.bind(uuidtup_to_bin(('91ae6020-9e3c-11cf-8d7c-00aa00c091be', '0.0')))
connection.call(0, b'x' * 16)
try:
    connection.recv()
except rpcrt.DCERPCException as refused:
    print(str(refused).split(' ')[-1])
`;
