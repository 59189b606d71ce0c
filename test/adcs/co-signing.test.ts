/** Requests for templates that demand enrollment agents, up to a CA that judges the signatures. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { AdcsIssuer } from '../../src/adcs/adcs-issuer.js';
import { givenChain } from '../../src/adcs/ca-chain-source.js';
import type { CaInterface, CaReply } from '../../src/adcs/ca-interface.js';
import { openRpcIssuer, type CoSigning } from '../../src/adcs/index.js';
import { ntlmSignIn } from '../../src/dcerpc/index.js';
import type { AuthorizationGround, IssuanceRequest } from '../../src/issuer/index.js';
import { mintAuthorization } from '../../src/issuer/authorization-mint.js';
import type { CoSigner } from '../../src/pkcs7/index.js';
import {
  extendedKeyUsage,
  extendedKeyUsages,
  extensionOids,
  keyUsage,
  parseCertificationRequest,
  parseSubjectAltName,
  sidExtension,
  sidOf,
  writeSubjectAltNames,
  type Extension,
} from '../../src/x509/index.js';
import { issuanceRequest } from '../issuer/issuer.contract.js';
import {
  certificationRequest,
  selfSigned,
  type CertificateOptions,
} from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { FakeCa, type FakeRequest } from './certsrv/fake-ca.js';
import { startCaServer, type CaServer } from './rpc/ca-server.js';

const agentPolicy = extendedKeyUsages.certificateRequestAgent;
const agentUsage = extendedKeyUsage([agentPolicy]);

/** As templates of version 2 and later write them (MS-WCCE §2.2.2.7.7.3). */
function applicationPolicies(...oids: readonly string[]): Extension {
  const value = der.sequence(...oids.map((oid) => der.sequence(der.oid(oid))));
  return { oid: extensionOids.msApplicationPolicies, critical: false, value };
}

const sid = 'S-1-5-21-1-2-3-1107';
const attestedSid = { by: 'challenge', challengeId: 'c', account: 'mdm', sid } as const;
const nothingAttested = { by: 'challenge', challengeId: 'c', account: 'mdm' } as const;

let ca: FakeCa;
let servers: CaServer[];

beforeEach(async () => {
  ca = await FakeCa.create();
  ca.templates.set('Phones', { does: 'issue', agents: 1 });
  ca.templates.set('Two', { does: 'issue', agents: 2 });
  ca.templates.set('Open', { does: 'issue' });
  servers = [];
});

afterEach(() => Promise.all(servers.map((server) => server.close())));

async function agent(
  key: TestKeyName = 'ra-sign',
  options?: CertificateOptions,
): Promise<CoSigner> {
  return { certificate: await ca.agent(key, options), key: testKey(key), chain: [] };
}

type Options = Partial<Omit<CoSigning, 'form' | 'agents'>> & {
  readonly form?: 'cms' | 'cmc';
  readonly additions?: readonly ('sid' | 'san')[];
  readonly agents?: readonly CoSigner[];
};

function coSigning({ form = 'cms', additions = [], agents = [], ...rest }: Options): CoSigning {
  return {
    templates: [],
    applicationPolicy: extendedKeyUsages.certificateRequestAgent,
    agents: () => agents,
    ...(form === 'cms' ? { form } : { form, additions }),
    ...rest,
  };
}

function issuer(options: Options | undefined): AdcsIssuer {
  return new AdcsIssuer({
    name: 'corp',
    ca: direct(),
    identity: undefined,
    templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
    attributes: [],
    chain: givenChain([ca.certificate]),
    coSigning: options && coSigning(options),
    report: () => undefined,
    clock: () => new Date(),
  });
}

/** The CA without an interface between. */
function direct(): CaInterface {
  const replyOf = ({ id, state }: FakeRequest): CaReply => {
    const requestId = String(id);
    switch (state.kind) {
      case 'pending':
        return { kind: 'pending', requestId };
      case 'issued':
        return { kind: 'certificate', requestId, certificate: state.certificate };
      case 'denied':
        return {
          kind: 'failed',
          hresult: Number(state.hresult),
          message: state.text,
        };
    }
  };
  return {
    submit: async ({ csr, format, template }) => {
      const made = await ca.submit(csr, new Map([['CertificateTemplate', template]]), 'LAB\\svc');
      if (made.format) expect(made.format).toBe(format);
      return replyOf(made);
    },
    retrieve: (requestId) => Promise.resolve(replyOf(ca.find(Number(requestId))!)),
  };
}

async function submit(
  to: AdcsIssuer,
  {
    ground = nothingAttested,
    template,
    csr,
    granted = [],
  }: {
    readonly ground?: AuthorizationGround;
    readonly template?: string;
    readonly csr?: readonly Extension[];
    readonly granted?: readonly Extension[];
  } = {},
) {
  const made = await issuanceRequest('transaction-1', 'client', { extensions: granted });
  const request: IssuanceRequest = {
    ...made,
    ...(template !== undefined && { template }),
    ...(csr && {
      csr: parseCertificationRequest(
        await certificationRequest(testKey('client'), { subject: 'CN=device-1', extensions: csr }),
      ),
    }),
  };
  const keyId = request.csr.publicKey.id;
  return to.submit(request, mintAuthorization(request.transaction, keyId, ground));
}

describe.each(['cms', 'cmc'] as const)('%s', (form) => {
  test('an agent of the CA signs round the request of the device', async () => {
    const outcome = await submit(issuer({ form, agents: [await agent()] }));
    expect(outcome).toMatchObject({ kind: 'issued' });
    expect(ca.requests).toMatchObject([{ format: form, added: [] }]);
    const sent = (await issuanceRequest('transaction-1')).csr.der;
    expect(ca.requests[0]?.csr).toEqual(sent);
  });

  test('an EC key signs as well', async () => {
    const outcome = await submit(issuer({ form, agents: [await agent('client-p-384')] }));
    expect(outcome).toMatchObject({ kind: 'issued' });
  });

  test('two agents sign where the template demands two, and one is too few', async () => {
    const agents = [await agent(), await agent('ra-old', { subject: 'CN=Second Agent' })];
    expect(await submit(issuer({ form, agents }), { template: 'Two' })).toMatchObject({
      kind: 'issued',
    });
    const alone = issuer({ form, agents: agents.slice(0, 1) });
    expect(await submit(alone, { template: 'Two' })).toMatchObject({
      kind: 'refused',
      hresult: 0x8009480a,
    });
  });

  test('an agent of another CA is refused by the CA', async () => {
    const key = testKey('ra-old');
    const stranger = await selfSigned(key, {
      subject: 'CN=Stranger',
      extensions: [extendedKeyUsage([extendedKeyUsages.certificateRequestAgent])],
    });
    const agents = [{ certificate: stranger, key, chain: [] }];
    expect(await submit(issuer({ form, agents }))).toMatchObject({
      kind: 'refused',
      hresult: 0x800b0109,
    });
  });

  test('a certificate with the key of another signs nothing that counts', async () => {
    const agents = [{ ...(await agent()), key: testKey('ra-old') }];
    expect(await submit(issuer({ form, agents }))).toMatchObject({
      kind: 'refused',
      hresult: 0x80090006,
    });
    expect(ca.requests[0]?.state).toMatchObject({ kind: 'denied', hresult: '0x80090006' });
  });

  test.each<[string, CertificateOptions, string]>([
    ['expired', { notAfter: new Date('2024-01-01T00:00:00Z') }, 'expired on 2024-01-01'],
    ['not valid yet', { notBefore: new Date('2048-01-01T00:00:00Z') }, 'valid only from 2048'],
    [
      'none of an agent',
      { extensions: [extendedKeyUsage([extendedKeyUsages.clientAuth])] },
      'without the extended key usage 1.3.6.1.4.1.311.20.2.1',
    ],
    ['none of an agent, without any usage', { extensions: [] }, 'without the extended key usage'],
    [
      'for encryption only',
      { extensions: [keyUsage(['keyEncipherment']), agentUsage] },
      'key usage lacks digitalSignature',
    ],
    [
      'for another application policy',
      { extensions: [agentUsage, applicationPolicies(extendedKeyUsages.clientAuth)] },
      'without the application policy 1.3.6.1.4.1.311.20.2.1',
    ],
    [
      'of application policies that cannot be read',
      {
        extensions: [agentUsage, { ...applicationPolicies(), value: Buffer.from('0c0178', 'hex') }],
      },
      'without the application policy 1.3.6.1.4.1.311.20.2.1',
    ],
    [
      'of a key usage that cannot be read',
      { extensions: [{ ...keyUsage([]), value: Buffer.from('0c0178', 'hex') }, agentUsage] },
      'key usage lacks digitalSignature',
    ],
  ])('a certificate that is %s: nothing is sent', async (_, options, detail) => {
    const outcome = await submit(issuer({ form, agents: [await agent('ra-sign', options)] }));
    expect(outcome).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      detail: expect.stringContaining(detail) as unknown,
      mend: expect.stringContaining('coSign.agent') as unknown,
    });
    expect(ca.requests).toHaveLength(0);
  });
});

test.each<[string, readonly Extension[]]>([
  ['its key usage', [keyUsage(['digitalSignature', 'keyEncipherment']), agentUsage]],
  // Windows looks at these first; such a certificate has no extended key usage of its own, or another.
  ['application policies alone', [applicationPolicies(agentPolicy, extendedKeyUsages.clientAuth)]],
  [
    'application policies beside another extended key usage',
    [applicationPolicies(agentPolicy), extendedKeyUsage([extendedKeyUsages.clientAuth])],
  ],
])('an agent by %s signs', async (_, extensions) => {
  const outcome = await submit(issuer({ agents: [await agent('ra-sign', { extensions })] }), {
    template: 'Open',
  });
  expect(ca.requests).toMatchObject([{ format: 'cms', agents: [{}] }]);
  expect(outcome.kind).not.toBe('unavailable');
});

test('without co-signing the CA refuses, and says what to set', async () => {
  expect(await submit(issuer(undefined))).toMatchObject({
    kind: 'refused',
    hresult: 0x80094809,
    detail: expect.stringContaining('coSign') as unknown,
  });
});

test('while there is no agent, nothing is sent', async () => {
  expect(await submit(issuer({}))).toMatchObject({
    kind: 'unavailable',
    submission: 'none',
    mend: expect.stringContaining('ra enroll') as unknown,
  });
  expect(ca.requests).toHaveLength(0);
});

test('only the templates that are named are signed for, in any case', async () => {
  const to = issuer({ agents: [await agent()], templates: ['phones'] });
  await submit(to);
  await submit(to, { template: 'Open' });
  expect(ca.requests.map(({ format }) => format)).toEqual(['cms', 'pkcs10']);
});

test('another application policy, where the template demands one', async () => {
  const options = { extensions: [extendedKeyUsage(['1.3.6.1.4.1.99999.1'])] };
  const agents = [await agent('ra-sign', options)];
  const to = issuer({ agents, applicationPolicy: '1.3.6.1.4.1.99999.1' });
  expect(await submit(to, { template: 'Open' })).toMatchObject({ kind: 'refused' });
  expect(ca.requests[0]?.agents).toHaveLength(1);
});

describe('what the gateway adds', () => {
  const cmc = async (...additions: readonly ('sid' | 'san')[]) =>
    issuer({ form: 'cmc', additions, agents: [await agent()] });
  const names = (...texts: string[]) =>
    writeSubjectAltNames(
      texts.map((text) => parseSubjectAltName(text).raw),
      false,
    );

  test('the SID that was attested with the challenge', async () => {
    const outcome = await submit(await cmc('sid'), { ground: attestedSid });
    expect(outcome.kind === 'issued' && sidOf(outcome.certificate)).toBe(sid);
    expect(ca.requests[0]?.added).toEqual([sidExtension(sid)]);
  });

  test.each<[string, AuthorizationGround]>([
    ['the renewed certificate', { by: 'renewal', certificateSerial: '01', sid }],
    ['a challenge that somebody approved', { by: 'approval', approver: 'anna', sid }],
  ])('the SID of %s', async (_, ground) => {
    await submit(await cmc('sid'), { ground });
    expect(ca.requests[0]?.added).toEqual([sidExtension(sid)]);
  });

  test('nothing, where nobody attested a SID, whatever policy let through', async () => {
    const granted = [sidExtension('S-1-5-21-1-2-3-500')];
    for (const ground of [nothingAttested, { by: 'open-profile', profile: 'x' }] as const) {
      await submit(await cmc('sid', 'san'), { ground, granted });
    }
    expect(ca.requests.map(({ added }) => added)).toEqual([[], []]);
  });

  test('nothing, where it is not configured', async () => {
    await submit(await cmc(), { ground: attestedSid });
    await submit(issuer({ form: 'cms', agents: [await agent()] }), { ground: attestedSid });
    expect(ca.requests.map(({ added }) => added)).toEqual([[], []]);
  });

  test('a SID that the device chose for itself is refused, not replaced', async () => {
    const chosen = sidExtension('S-1-5-21-1-2-3-500');
    const outcome = await submit(await cmc('sid'), {
      ground: attestedSid,
      csr: [chosen],
      granted: [sidExtension(sid)],
    });
    expect(outcome).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('a Windows SID') as unknown,
    });
    expect(ca.requests).toHaveLength(0);
  });

  test('the SID stands once where the device wrote the attested one itself', async () => {
    const granted = [sidExtension(sid)];
    await submit(await cmc('sid'), { ground: attestedSid, csr: granted, granted });
    expect(ca.requests[0]?.added).toEqual([]);
  });

  test('the subjectAltName that was attested, to a request without one', async () => {
    const granted = [names('dns:phone-7.corp.example')];
    const ground = { ...nothingAttested, san: ['dns:phone-7.corp.example'] };
    await submit(await cmc('san'), { ground, granted });
    expect(ca.requests[0]?.added).toEqual(granted);
  });

  test('no subjectAltName that was not attested name by name', async () => {
    const granted = [names('dns:phone-7.corp.example', 'dns:dc1.corp.example')];
    const ground = { ...nothingAttested, san: ['dns:phone-7.corp.example'] };
    const outcome = await submit(await cmc('san'), { ground, granted });
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(ca.requests).toHaveLength(0);
  });

  test('a name that the CA cannot be told is no certificate without it', async () => {
    const granted = [names('dns:phone-7.corp.example')];
    const ground = { ...nothingAttested, san: ['dns:phone-7.corp.example'] };
    expect(await submit(await cmc('sid'), { ground, granted })).toMatchObject({ kind: 'refused' });
  });

  test('the subjectAltName of the device stays, and nothing stands beside it', async () => {
    const granted = [names('dns:phone-7.corp.example')];
    const ground = { ...nothingAttested, san: ['dns:phone-7.corp.example', 'upn:anna@corp'] };
    await submit(await cmc('san'), { ground, csr: granted, granted });
    expect(ca.requests[0]?.added).toEqual([]);
  });
});

describe('over RPC', () => {
  test.each([
    ['cms', 0x300],
    ['cmc', 0x400],
  ] as const)('%s has the flag %i', async (form, flag) => {
    const server = await startCaServer(ca);
    servers.push(server);
    const to = await openRpcIssuer({
      name: 'corp',
      host: '127.0.0.1',
      port: server.port,
      authority: 'LAB-CA1-CA',
      signIns: [
        () =>
          Promise.resolve(
            ntlmSignIn({ user: 'svc-scep', domain: 'LAB', password: 'Scep-Passw0rd!' }),
          ),
      ],
      identity: undefined,
      templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
      attributes: [],
      coSigning: coSigning({ form, additions: ['sid'], agents: [await agent()] }),
      chain: [ca.certificate],
      pins: [],
      state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
      submitMillis: 10_000,
      report: () => undefined,
      clock: () => new Date(),
    });
    expect(await submit(to, { ground: attestedSid })).toMatchObject({ kind: 'issued' });
    expect(server.flags).toEqual([flag]);
    expect(ca.requests[0]?.added).toHaveLength(form === 'cmc' ? 1 : 0);
  });
});
