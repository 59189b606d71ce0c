import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openTrustLists } from '../../src/gateway/trust-lists.js';
import type { Certificate } from '../../src/x509/index.js';
import { days, makeClient, makeCrl, makeRoot, now } from '../access/client-certificate/pki.js';
import type { Issuer } from '../support/certificates.js';

type Options = Parameters<typeof openTrustLists>[0];
type ListConfig = Options['lists'][string];

const empty: ListConfig = {
  pins: [],
  ca: [],
  issuers: [],
  names: [],
  crls: [],
  revocation: 'required',
  crlGraceHours: 0,
};

let folder: string;
let root: Issuer;
let client: Certificate;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trust-lists-'));
  root = await makeRoot('CN=Own');
  client = await makeClient(root);
  await writeFile(file('ca.der'), root.certificate.der);
  await writeFile(file('client.pem'), client.toPem());
  await writeFile(file('garbage'), 'garbage');
  await writeFile(file('fresh.crl'), await makeCrl(root));
  await writeFile(
    file('stale.crl'),
    await makeCrl(root, { thisUpdate: days(-9), nextUpdate: days(-2) }),
  );
});
afterAll(() => rm(folder, { recursive: true }));

function open(config: Partial<ListConfig>, ownCa: Options['ownCa'] = () => undefined) {
  const warned: string[] = [];
  const opened = openTrustLists({
    lists: { mine: { ...empty, ...config } },
    ownCa,
    clock: () => now,
    log: {
      error: () => undefined,
      warn: (message) => void warned.push(message),
      info: () => undefined,
      debug: () => undefined,
    },
  });
  return { opened, warned };
}

const shown = () => ({ kind: 'presented', leaf: client, others: [], steps: [] }) as const;

describe('a CA of this gateway', () => {
  test('revokes from one call to the next, and no CRL is no acceptance', async () => {
    let crl: Buffer | undefined = await makeCrl(root);
    const { opened } = open({ issuers: ['local'] }, (name) =>
      name === 'local'
        ? { knownCas: [root.certificate], crlFor: () => Promise.resolve(crl) }
        : undefined,
    );
    const list = (await opened).get('mine');
    expect((await list.judge(shown())).kind).toBe('accepted');
    crl = await makeCrl(root, { revoked: [client] });
    expect((await list.judge(shown())).steps.at(-1)).toMatch(/^CN=connector,O=Example was revoked/);
    crl = undefined;
    expect((await list.judge(shown())).steps.at(-1)).toBe('there is no CRL of CN=Own');
  });

  test('whose CRL cannot be made accepts nobody', async () => {
    const { opened } = open({ issuers: ['local'] }, () => ({
      knownCas: [root.certificate],
      crlFor: () => Promise.reject(new RangeError('the database is gone')),
    }));
    const verdict = await (await opened).get('mine').judge(shown());
    expect(verdict).toMatchObject({ kind: 'refused' });
    expect(verdict.steps.at(-1)).toBe('there is no CRL of CN=Own');
  });
});

describe('files', () => {
  test('DER and PEM', async () => {
    const { opened, warned } = open({ ca: [file('ca.der')], crls: [file('fresh.crl')] });
    expect((await (await opened).get('mine').judge(shown())).kind).toBe('accepted');
    expect(warned).toEqual([]);
  });

  test('a CRL out of date is warned about at the start', async () => {
    const { opened, warned } = open({ ca: [file('ca.der')], crls: [file('stale.crl')] });
    await opened;
    expect(warned).toEqual(['the CRL of CN=Own is out of date since 2026-05-30T12:00:00.000Z']);
  });

  test.each<[string, () => Partial<ListConfig>, string]>([
    ['missing', () => ({ ca: [file('nothing')] }), 'it cannot be read'],
    ['no certificate', () => ({ ca: [file('garbage')] }), 'it is neither PEM nor DER'],
    [
      'a client certificate as CA',
      () => ({ ca: [file('client.pem')] }),
      'CN=connector,O=Example is no CA certificate',
    ],
    [
      'a certificate as CRL',
      () => ({ ca: [file('ca.der')], crls: [file('client.pem')] }),
      'nothing of this kind is in it',
    ],
    [
      'a CRL that is garbage',
      () => ({ ca: [file('ca.der')], crls: [file('garbage')] }),
      'The CRL cannot be read.',
    ],
  ])('%s stops the start', async (_, config, reason) => {
    await expect(open(config()).opened).rejects.toMatchObject({
      code: 'config.unreadable',
      message: expect.stringContaining(reason) as unknown,
    });
  });
});

test('a name that is not configured', async () => {
  const { opened } = open({ pins: ['00'] });
  await expect(opened.then((lists) => lists.get('other'))).rejects.toThrow(RangeError);
});
