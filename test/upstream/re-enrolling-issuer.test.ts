import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { IssuanceRequest } from '../../src/issuer/index.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { createScepClient, selfSignedSigner } from '../../src/scep/client/index.js';
import { fetchThrough, ReEnrollingIssuer } from '../../src/upstream/index.js';
import {
  extensionOids,
  parseCertificationRequest,
  writeSubjectAltNames,
  type Extension,
} from '../../src/x509/index.js';
import { der } from '../../src/asn1/index.js';
import { authorizationFor, issuerContract } from '../issuer/issuer.contract.js';
import { certificationRequest, selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import {
  impatient,
  reach,
  startUpstream,
  type ReachOptions,
  type Upstream,
} from './upstream-fixture.js';

let upstream: Upstream;
const all: Upstream[] = [];
beforeEach(async () => {
  upstream = await startUpstream();
  all.push(upstream);
});
afterEach(async () => {
  await Promise.all(all.splice(0).map((each) => each.close()));
});

const challengePassword = '8CE317021F690069';

function issuer(
  options: Partial<ConstructorParameters<typeof ReEnrollingIssuer>[0]> & ReachOptions = {},
  at: Pick<Upstream, 'url'> = upstream,
) {
  const { server, http } = reach(at, options);
  const client = createScepClient({
    url: at.url.href,
    codec: createFastCodec(),
    fetch: fetchThrough(http),
  });
  const key = testKey('ra-old');
  return {
    server,
    issuer: new ReEnrollingIssuer({
      name: 'old-ndes',
      server,
      client,
      signerFor: (subject) => selfSignedSigner({ key, subject }),
      challenge: 'one-time',
      answersAgain: false,
      outageOf: () => undefined,
      ...options,
    }),
  };
}

async function request(
  transaction = 'transaction-1',
  extensions: readonly Extension[] = [],
  granted: readonly Extension[] = extensions,
): Promise<IssuanceRequest> {
  const csr = parseCertificationRequest(
    await certificationRequest(testKey('client'), {
      subject: 'CN=device-1,O=Example',
      challengePassword,
      extensions,
    }),
  );
  return {
    transaction,
    csr,
    content: { subject: csr.subject.der, extensions: granted, validityDays: 30 },
  };
}

const submit = async (of: ReturnType<typeof issuer>, asked?: IssuanceRequest) => {
  const wanted = asked ?? (await request());
  return of.issuer.submit(wanted, authorizationFor(wanted));
};

const reconcile = async (of: ReturnType<typeof issuer>) => {
  const wanted = await request();
  return of.issuer.reconcile(wanted, authorizationFor(wanted));
};

issuerContract('an upstream SCEP server', async (ca) => {
  const made = issuer({ challenge: 'none' });
  if (ca === 'unreachable') {
    await upstream.close();
    return made.issuer;
  }
  await made.server.current();
  return made.issuer;
});

describe('submit', () => {
  test('sends the very CSR of the device, under a transaction and a key of ours', async () => {
    const made = issuer();
    const wanted = await request();
    const outcome = await submit(made, wanted);
    expect(outcome).toMatchObject({ kind: 'issued' });
    const [enrolled] = upstream.scenario.enrollment.enrolled;
    expect(enrolled?.csr.der).toEqual(wanted.csr.der);
    expect(enrolled?.signer.publicKey.id).toBe(testKey('ra-old').publicKey.id);
    expect(enrolled?.signer.subject.text).toBe('CN=device-1,O=Example');
    expect(enrolled?.transactionId.toString()).toMatch(/^[0-9a-f]{40}$/);
  });

  test('the same transaction has the same name upstream, another has another', async () => {
    const made = issuer();
    await submit(made);
    await submit(made);
    await submit(made, await request('transaction-2'));
    const [one, two, three] = upstream.scenario.enrollment.enrolled.map(({ transactionId }) =>
      transactionId.toString(),
    );
    expect(one).toBe(two);
    expect(one).not.toBe(three);
  });

  test('upstream’s refusal is final, its words are for the record', async () => {
    upstream.scenario.enrollment.outcome = {
      kind: 'rejected',
      code: 'challenge.refused',
      text: 'The password cannot be verified.',
    };
    expect(await submit(issuer())).toEqual({
      kind: 'refused',
      text: 'The CA behind this gateway refused the request (badRequest).',
      detail: expect.stringContaining('FAILURE: badRequest, The password cannot be verified.'),
    });
  });

  test('PENDING upstream is asked for with CertPoll', async () => {
    const made = issuer();
    upstream.scenario.enrollment.outcome = { kind: 'pending' };
    const pending = await submit(made);
    if (pending.kind !== 'pending') throw new Error(pending.kind);
    expect(pending.requestId).not.toContain(challengePassword);
    expect(await made.issuer.retrieve(pending.requestId)).toEqual(pending);
    const wanted = await request();
    upstream.scenario.enrollment.outcome = undefined;
    const { enrollment } = upstream.scenario;
    const issued = await enrollment.enroll({ ...enrollment.enrolled[0]!, csr: wanted.csr });
    upstream.scenario.enrollment.outcome = issued;
    expect(await made.issuer.retrieve(pending.requestId)).toMatchObject({
      kind: 'issued',
      certificate: { publicKey: { id: wanted.csr.publicKey.id } },
    });
    expect(upstream.operations().filter((name) => name === 'PKIOperation')).toHaveLength(3);
    expect(enrollment.polled).toHaveLength(2);
  });

  test.each(['', 'x', 'abc.def.ghi', '5', 'a'.repeat(5000)])(
    'a request id that is none of ours (%#) is refused without asking',
    async (requestId) => {
      expect(await issuer().issuer.retrieve(requestId)).toMatchObject({ kind: 'refused' });
      expect(upstream.seen).toEqual([]);
    },
  );

  test.each([
    ['down', { kind: 'status', status: 503 }, 'none'],
    ['misconfigured', { kind: 'status', status: 404 }, 'none'],
    ['in trouble', { kind: 'status', status: 500 }, 'unknown'],
    ['cut off', { kind: 'cut' }, 'unknown'],
    ['slow', { kind: 'silent' }, 'unknown'],
    ['talking garbage', { kind: 'body', body: Buffer.from('garbage') }, 'unknown'],
    ['endless', { kind: 'body', body: Buffer.alloc(10_000_000) }, 'unknown'],
  ] as const)('an upstream that is %s is unavailable', async (_n, how, submission) => {
    const made = issuer(how.kind === 'silent' ? impatient : {});
    await made.server.current();
    upstream.misbehaviour = how;
    expect(await submit(made)).toMatchObject({ kind: 'unavailable', submission });
  });

  test.each(['cut', 'an error page'] as const)(
    'GetCACert of an unknown upstream is %s: nothing was sent',
    async (how) => {
      if (how === 'cut') upstream.dead = true;
      else upstream.caCert = Buffer.from('<html>Server Error</html>');
      expect(await submit(issuer())).toMatchObject({ kind: 'unavailable', submission: 'none' });
      expect(upstream.operations()).not.toContain('PKIOperation');
    },
  );

  test('an answer with a status that HTTP does not have leaves the submission unknown', async () => {
    const made = issuer();
    await made.server.current();
    upstream.misbehaviour = { kind: 'status', status: 999 };
    expect(await submit(made)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
  });

  test.each(['none', 'unknown'] as const)(
    'a FAILURE by which upstream tells of an outage is one: submission %s',
    async (submission) => {
      const other = await startUpstream({ microsoftAttributes: true });
      all.push(other);
      other.scenario.enrollment.outcome = { kind: 'rejected', code: 'policy.key', text: 'No.' };
      const made = issuer(
        { outageOf: (code) => (code === 0x80070057 ? submission : undefined) },
        other,
      );
      expect(await submit(made)).toEqual({
        kind: 'unavailable',
        submission,
        detail: expect.stringContaining('HRESULT 0x80070057'),
      });
    },
  );

  test('a certificate that no CA of upstream signed is not believed', async () => {
    const strange = await selfSigned(testKey('client'), { subject: 'CN=device-1,O=Example' });
    upstream.scenario.enrollment.outcome = { kind: 'issued', certificate: strange, chain: [] };
    expect(await submit(issuer())).toEqual({
      kind: 'unavailable',
      submission: 'unknown',
      detail: expect.stringContaining('is signed by no CA of GetCACert'),
      mend: expect.any(String),
    });
    const other = await selfSigned(testKey('client-2'));
    upstream.scenario.enrollment.outcome = { kind: 'issued', certificate: other, chain: [] };
    expect(await submit(issuer())).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
  });
});

describe('what a CSR cannot be made to leave out', () => {
  const sid: Extension = {
    oid: extensionOids.msSid,
    critical: false,
    value: der.sequence(der.octetString(Buffer.from('S-1-5-21'))),
  };
  const san = (value: string) =>
    writeSubjectAltNames([der.element(0x82, Buffer.from(value, 'latin1'))], false);
  const usage: Extension = {
    oid: extensionOids.keyUsage,
    critical: true,
    value: Buffer.from('030205a0', 'hex'),
  };

  test.each([
    ['an extension that policy strips', [sid], []],
    ['a SAN that policy changes', [san('a.example')], [san('b.example')]],
    ['a SAN that policy strips', [san('a.example')], []],
  ])('%s is refused here', async (_name, asked, granted) => {
    const outcome = await submit(issuer(), await request('t', asked, granted));
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(upstream.seen).toEqual([]);
  });

  test('what policy lets in goes on, and usages, which the template decides', async () => {
    const granted = [san('a.example'), sid];
    const outcome = await submit(issuer(), await request('t', [...granted, usage], granted));
    expect(outcome.kind).toBe('issued');
  });

  test('a request without a challenge is refused where upstream reads one', async () => {
    const csr = parseCertificationRequest(
      await certificationRequest(testKey('client'), { subject: 'CN=device-1,O=Example' }),
    );
    const wanted = {
      transaction: 't',
      csr,
      content: { subject: csr.subject.der, extensions: [], validityDays: 30 },
    };
    for (const challenge of ['one-time', 'fixed'] as const) {
      expect(await submit(issuer({ challenge }), wanted)).toMatchObject({ kind: 'refused' });
    }
    expect(upstream.seen).toEqual([]);
    expect((await submit(issuer({ challenge: 'none' }), wanted)).kind).toBe('issued');
  });
});

describe('reconcile', () => {
  const lost = { kind: 'rejected', code: 'scep.unknown-transaction', text: 'Unknown.' } as const;

  test('finds by CertPoll what was issued, and sends nothing again', async () => {
    const { enrollment } = upstream.scenario;
    const wanted = await request();
    const made = issuer();
    upstream.misbehaviour = { kind: 'cut' };
    expect(await submit(made)).toMatchObject({ submission: 'unknown' });
    upstream.misbehaviour = { kind: 'none' };
    const [certificate] = enrollment.certificates;
    enrollment.outcome = { kind: 'issued', certificate: certificate!, chain: [] };
    expect(await reconcile(made)).toMatchObject({
      kind: 'issued',
      certificate: { publicKey: { id: wanted.csr.publicKey.id } },
    });
    expect(enrollment.enrolled).toHaveLength(1);
    expect(enrollment.polled).toHaveLength(1);
    expect(enrollment.polled[0]?.transactionId).toEqual(enrollment.enrolled[0]?.transactionId);
  });

  test('one that waits is pending under the same request id', async () => {
    const made = issuer();
    upstream.scenario.enrollment.outcome = { kind: 'pending' };
    expect(await reconcile(made)).toEqual(await submit(made));
  });

  test.each([
    ['one-time', false],
    ['fixed', true],
    ['none', true],
  ] as const)(
    'unknown upstream, challenge %s, answers again %s: the same request goes once more',
    async (challenge, answersAgain) => {
      const made = issuer({ challenge, answersAgain });
      const { enrollment } = upstream.scenario;
      enrollment.poll = () => Promise.resolve(lost);
      expect(await reconcile(made)).toMatchObject({ kind: 'issued' });
      expect(enrollment.enrolled).toHaveLength(1);
    },
  );

  test.each(['fixed', 'none'] as const)(
    'unknown upstream and challenge %s: to send it again could issue twice, so an operator decides',
    async (challenge) => {
      const { enrollment } = upstream.scenario;
      enrollment.poll = () => Promise.resolve(lost);
      expect(await reconcile(issuer({ challenge }))).toMatchObject({ kind: 'undecidable' });
      expect(enrollment.enrolled).toEqual([]);
    },
  );

  test.each([
    [false, 'undecidable'],
    [true, 'refused'],
  ])('refused at the second time, answers again %s: %s', async (answersAgain, kind) => {
    upstream.scenario.enrollment.outcome = lost;
    expect(await reconcile(issuer({ answersAgain }))).toMatchObject({ kind });
  });

  test.each([
    [{ kind: 'status', status: 503 }],
    [{ kind: 'cut' }],
    [{ kind: 'silent' }],
    [{ kind: 'status', status: 500 }],
  ] as const)('while upstream answers %j it is asked later', async (misbehaviour) => {
    const made = issuer(misbehaviour.kind === 'silent' ? impatient : {});
    await made.server.current();
    upstream.misbehaviour = misbehaviour;
    expect(await reconcile(made)).toMatchObject({ kind: 'unavailable' });
  });

  test('a certificate that cannot be believed is for an operator', async () => {
    const strange = await selfSigned(testKey('client'), { subject: 'CN=device-1,O=Example' });
    upstream.scenario.enrollment.outcome = { kind: 'issued', certificate: strange, chain: [] };
    expect(await reconcile(issuer())).toMatchObject({ kind: 'undecidable' });
  });

  test('demands an Authorization as submit does', async () => {
    const wanted = await request();
    const other = authorizationFor(await request('other'));
    await expect(issuer().issuer.reconcile(wanted, other)).rejects.toMatchObject({
      code: 'internal',
    });
  });
});

test('a request id is taken for what it is by nobody else', async () => {
  const { issuer: made } = issuer();
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      expect((await made.retrieve(text)).kind).toBe('refused');
    }),
    { numRuns: 50 },
  );
});
