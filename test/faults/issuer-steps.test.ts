/**
 * The process dies before and after every step of a submission through each kind of issuer that sends it
 * away: AD CS by Web Enrollment, over RPC and through CES, an upstream SCEP server. Another process on the
 * same file takes over. No certificate is lost, and by itself the gateway sends nothing twice.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openCesIssuer, openWebEnrollmentIssuer } from '../../src/adcs/index.js';
import { AdcsIssuer } from '../../src/adcs/adcs-issuer.js';
import { givenChain } from '../../src/adcs/ca-chain-source.js';
import { CertPassage } from '../../src/adcs/rpc/cert-passage.js';
import { ntlmSignIn } from '../../src/dcerpc/index.js';
import type { EnrollmentRequest } from '../../src/enrollment/index.js';
import type { Issuer } from '../../src/issuer/index.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { createScepClient, selfSignedSigner } from '../../src/scep/client/index.js';
import { fetchThrough, ReEnrollingIssuer } from '../../src/upstream/index.js';
import type { WebRequest } from '../../src/web-client/index.js';
import { extendedKeyUsages } from '../../src/x509/index.js';
import { answerTo } from '../adcs/ces/service.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { certsrvPage } from '../adcs/certsrv/pages.js';
import { startCaServer } from '../adcs/rpc/ca-server.js';
import { testKey } from '../support/keys.js';
import { reach, startUpstream } from '../upstream/upstream-fixture.js';
import {
  deviceRequest,
  issuedCertificate,
  openInstallation,
  type Installation,
} from './installation.js';
import { Life, type Fate } from './mortal.js';

/** A CA that outlives every process, and the way to it. */
interface House {
  /** Steps within the issuer's own `submit`, in order. */
  readonly within: readonly Step[];
  /** And within `retrieve`. */
  readonly polling: readonly Step[];
  reach(life: Life): Promise<Issuer>;
  /** Requests that the CA got, and certificates that it made of them. */
  received(): number;
  setDown(isDown: boolean): void;
  /** From now on requests wait for `decide`. */
  setManual(): void;
  decide(): Promise<void>;
  close(): Promise<void>;
}

type Step = string | readonly [string, number];

const templates = { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' };
const outage = '0x800706ba';
const clock = () => new Date();

function adcs(ca: FakeCa): Omit<House, 'within' | 'polling' | 'reach' | 'close'> {
  return {
    received: () => ca.requests.length,
    setDown: (isDown) => (ca.outage = isDown ? outage : undefined),
    setManual: () => void ca.templates.set('Phones', { does: 'wait' }),
    decide: async () => {
      for (const { id } of ca.requests) await ca.issue(id);
    },
  };
}

async function byWebEnrollment(): Promise<House> {
  const ca = await FakeCa.create();
  const kept = new Map<string, string>();
  const open = (life: Life) =>
    openWebEnrollmentIssuer({
      name: 'corp',
      client: life.of({
        async send({ method, path, body = Buffer.alloc(0) }: WebRequest) {
          const request = {
            method,
            target: path,
            body,
            userAgent: 'Mozilla/5.0',
            user: 'LAB\\svc',
          };
          const { status, body: page } = await certsrvPage(ca, request);
          return { kind: 'answered' as const, status, headers: {}, body: page };
        },
      }),
      directory: '/certsrv/',
      identity: 'LAB\\svc',
      templates,
      attributes: [],
      chain: undefined,
      pins: [],
      state: {
        get: (key) => Promise.resolve(kept.get(key)),
        set: (key, value) => Promise.resolve(void kept.set(key, value)),
      },
      report: () => undefined,
      clock,
    });
  return {
    ...adcs(ca),
    // The POST, and the certificate.
    within: [
      ['send', 1],
      ['send', 2],
    ],
    polling: [['send', 1]],
    async reach(life) {
      // Who has no fate does not die: the chain is known before.
      if (kept.size === 0) await (await open(new Life())).maintain();
      return open(life);
    },
    close: () => Promise.resolve(),
  };
}

async function overRpc(): Promise<House> {
  const ca = await FakeCa.create();
  const server = await startCaServer(ca);
  const account = { user: 'svc-scep', domain: 'LAB', password: 'Scep-Passw0rd!' };
  return {
    ...adcs(ca),
    // The first of that name is the issuer's own.
    within: [['submit', 2]],
    polling: [['retrieve', 2]],
    reach: (life) =>
      Promise.resolve(
        new AdcsIssuer({
          name: 'corp',
          ca: life.of(
            new CertPassage({
              ...{ host: '127.0.0.1', port: server.port, authority: 'LAB-CA1-CA' },
              signIns: [() => Promise.resolve(ntlmSignIn(account))],
              connectMillis: 5000,
            }),
          ),
          identity: 'LAB\\svc',
          templates,
          attributes: [],
          chain: givenChain([ca.certificate]),
          report: () => undefined,
          clock,
        }),
      ),
    close: () => server.close(),
  };
}

/** Co-signed: what the CA demands is made between the record of the request and its sending. */
async function byCes(): Promise<House> {
  const ca = await FakeCa.create();
  ca.templates.set('Phones', { does: 'issue', agents: 1 });
  const agent = { certificate: await ca.agent('ra-old'), key: testKey('ra-old'), chain: [] };
  return {
    ...adcs(ca),
    setManual: () => void ca.templates.set('Phones', { does: 'wait', agents: 1 }),
    within: ['send'],
    polling: ['send'],
    reach: (life) =>
      openCesIssuer({
        name: 'corp',
        client: life.of({
          async send({ body = Buffer.alloc(0) }: WebRequest) {
            const { status = 200, body: text } = await answerTo(ca, body.toString(), 'svc');
            return { kind: 'answered' as const, status, headers: {}, body: Buffer.from(text) };
          },
        }),
        url: 'https://ca1.lab.test/LAB-CA1-CA_CES_Test/service.svc/CES',
        token: undefined,
        identity: 'LAB\\svc',
        templates,
        attributes: [],
        coSigning: {
          templates: [],
          applicationPolicy: extendedKeyUsages.certificateRequestAgent,
          form: 'cms',
          agents: () => [agent],
        },
        chain: [ca.certificate],
        pins: [],
        state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
        submitMillis: 60_000,
        report: () => undefined,
        clock,
      }),
    close: () => Promise.resolve(),
  };
}

/** @param answersAgain as this gateway does; else as NDES, which takes a password once and says no then */
async function byUpstream(answersAgain: boolean): Promise<House> {
  const upstream = await startUpstream();
  const { enrollment } = upstream.scenario;
  const answers = new Map<string, Awaited<ReturnType<typeof enrollment.enroll>>>();
  const enroll = enrollment.enroll.bind(enrollment);
  const unknown = { kind: 'rejected', code: 'challenge.refused', text: 'Unknown.' } as const;
  let isManual = false;
  let received = 0;
  enrollment.enroll = async (request) => {
    const name = request.transactionId.toString('hex');
    const known = answers.get(name);
    if (known !== undefined) return answersAgain ? known : unknown;
    received += 1;
    const issued = await enroll(request);
    answers.set(name, isManual ? { kind: 'pending' } : issued);
    if (isManual) decisions.set(name, issued);
    return isManual ? { kind: 'pending' } : issued;
  };
  const decisions = new Map<string, Awaited<ReturnType<typeof enrollment.enroll>>>();
  enrollment.poll = ({ transactionId }) => {
    const known = answers.get(transactionId.toString('hex'));
    const isTold = known !== undefined && (answersAgain || isManual);
    return Promise.resolve(isTold ? known : unknown);
  };
  const kept = new Map<string, string>();
  await reach(upstream, { state: kept }).server.current();
  return {
    within: ['enroll'],
    polling: ['poll'],
    received: () => received,
    setDown: (isDown) =>
      (upstream.misbehaviour = isDown ? { kind: 'status', status: 503 } : { kind: 'none' }),
    setManual: () => (isManual = true),
    decide: () => {
      for (const [name, issued] of decisions) answers.set(name, issued);
      return Promise.resolve();
    },
    async reach(life) {
      const { server, http } = reach(upstream, { state: kept });
      await server.load();
      return new ReEnrollingIssuer({
        name: 'corp',
        server,
        client: life.of(
          createScepClient({
            url: upstream.url.href,
            codec: createFastCodec(),
            fetch: fetchThrough(http),
          }),
        ),
        signerFor: (subject) => selfSignedSigner({ key: testKey('ra-old'), subject }),
        challenge: 'one-time',
        answersAgain,
        outageOf: () => undefined,
      });
    },
    close: () => upstream.close(),
  };
}

let directory: string;
let file = 0;
let path: string;
let now: Date;
let ca: House;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'issuer-steps-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  path = join(directory, `${++file}.db`);
  now = new Date('2026-06-01T12:00:00Z');
});

const minutesPass = (minutes: number) => {
  now = new Date(now.getTime() + minutes * 60_000);
};

async function inProcess<T>(work: (house: Installation) => Promise<T>, fate?: Fate): Promise<T> {
  const reach = (life: Life) => ca.reach(life);
  const house = await openInstallation(path, { clock: () => now, reach, ...(fate && { fate }) });
  try {
    return await work(house);
  } finally {
    await house.stores.close();
  }
}

/** In a process that meets its fate, which it must. */
const dying = (fate: Fate, work: (house: Installation) => Promise<unknown>) =>
  inProcess(async (house) => {
    await work(house).catch(() => undefined);
    expect([fate, house.life.ended]).toEqual([fate, true]);
  }, fate);

/**
 * What comes of it without anybody's help: the certificate, once; or a doubt that an operator is told of, and
 * then nothing more is sent, however often devices and backlog try.
 */
function expectNothingLost(request: EnrollmentRequest): Promise<void> {
  return inProcess(async ({ enrollment, stores }) => {
    const { enrollments, challenges } = stores;
    minutesPass(1);
    expect(['issued', 'pending']).toContain((await enrollment.enroll(request)).kind);
    for (let times = 0; times < 3; times++) {
      minutesPass(5);
      await enrollment.backlog.round();
    }
    const outcome = await enrollment.poll(request);
    if (outcome.kind === 'issued') {
      expect(ca.received()).toBe(1);
      const recorded = await enrollments.certificates({}, now);
      expect(recorded.map(({ serial }) => serial)).toEqual([issuedCertificate(outcome).serial]);
      expect(await enrollments.pending({})).toEqual([]);
      expect((await challenges.list({}, now)).map(({ uses }) => uses)).toEqual([1]);
      return;
    }
    expect(outcome).toEqual({ kind: 'pending' });
    const received = ca.received();
    expect(received).toBeLessThanOrEqual(1);
    const [row] = await enrollments.pending({});
    expect(row?.state).toEqual({ kind: 'in-doubt', issuer: 'corp' });
    minutesPass(24 * 60);
    await enrollment.backlog.round();
    expect(await enrollment.enroll(request)).toEqual({ kind: 'pending' });
    expect(ca.received()).toBe(received);
  });
}

function fates(...steps: readonly Step[]): Fate[] {
  return steps.flatMap((each) => {
    const [step, nth] = typeof each === 'string' ? [each, 1] : each;
    return (['before', 'after'] as const).map((when) => ({ step, nth, when }));
  });
}

const adcsKinds = [
  ['AD CS by Web Enrollment', byWebEnrollment],
  ['AD CS over RPC', overRpc],
  ['AD CS through CES, co-signed', byCes],
] as const;

/** They can be asked what became of a request. */
const upstreamKinds = [
  ['an upstream SCEP server that answers again', () => byUpstream(true)],
  ['an upstream NDES', () => byUpstream(false)],
] as const;

const newRequest = () =>
  inProcess(async (house) => deviceRequest({ challengePassword: await house.challenge() }));

/** Each death on a database and a CA of its own. */
async function eachDeath(
  open: () => Promise<House>,
  steps: (house: House) => readonly Step[],
  before: (request: EnrollmentRequest) => Promise<void>,
  work: (house: Installation, request: EnrollmentRequest) => Promise<unknown>,
): Promise<void> {
  for (const fate of fates(...steps(ca))) {
    await ca.close();
    ca = await open();
    path = join(directory, `${++file}.db`);
    const request = await newRequest();
    await before(request);
    await dying(fate, (house) => work(house, request));
    await expectNothingLost(request);
  }
}

const nothing = () => Promise.resolve();
const enrolling = (house: Installation, request: EnrollmentRequest) =>
  house.enrollment.enroll(request);
const aRound = (house: Installation) => house.enrollment.backlog.round();

describe.each([...adcsKinds, ...upstreamKinds])('%s', (_, open) => {
  beforeEach(async () => {
    ca = await open();
  });
  afterEach(() => ca.close());

  test('a death at any step of a request', async () => {
    const begun = ['findTransaction', 'check', 'countPending', 'reserve', 'open', 'submit'];
    const steps = ({ within }: House) => [...begun, ...within, 'conclude', 'confirm'];
    await eachDeath(open, steps, nothing, enrolling);
  }, 120_000);

  test('a death at any step when the queue is worked off', async () => {
    const begun = ['isAnythingDue', 'holdDue', 'transaction', 'conclude', 'submit'];
    const ended = [['conclude', 2], 'confirm'] as const;
    const steps = ({ within }: House) => [...begun, ...within, ...ended];
    const queued = async (request: EnrollmentRequest) => {
      ca.setDown(true);
      const outcome = await inProcess((house) => house.enrollment.enroll(request));
      expect(outcome).toEqual({ kind: 'pending' });
      ca.setDown(false);
      minutesPass(5);
    };
    await eachDeath(open, steps, queued, aRound);
  }, 120_000);

  test('a death at any step of a question after a request that waited', async () => {
    const begun = ['isAnythingDue', 'holdDue', 'transaction', 'retrieve'];
    const steps = ({ polling }: House) => [...begun, ...polling, 'conclude', 'confirm'];
    const waited = async (request: EnrollmentRequest) => {
      ca.setManual();
      const outcome = await inProcess((house) => house.enrollment.enroll(request));
      expect(outcome).toEqual({ kind: 'pending' });
      await ca.decide();
      minutesPass(5);
    };
    await eachDeath(open, steps, waited, aRound);
    // Here its id is on record: there is no doubt.
    await inProcess(async (house) => {
      expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(1);
    });
  }, 120_000);
});

describe.each(upstreamKinds)('%s', (_, open) => {
  beforeEach(async () => {
    ca = await open();
  });
  afterEach(() => ca.close());

  test('a death while it is sent, and another at any step of finding out', async () => {
    const sent = async (request: EnrollmentRequest) => {
      await dying({ step: 'enroll', when: 'after' }, (house) => enrolling(house, request));
      minutesPass(5);
    };
    const steps = ['isAnythingDue', 'holdDue', 'transaction', 'reconcile', 'poll', 'conclude'];
    await eachDeath(open, () => steps, sent, aRound);
  }, 120_000);
});
