import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openLocalAuthority } from '../../../src/issuer/index.js';
import { ownCertificateRecord } from '../../../src/issuer/local/certificate-record.js';
import { FileKeyStore } from '../../../src/keys/index.js';
import { openSqliteStores, type Stores } from '../../../src/store/index.js';
import { parseCrl } from '../../../src/x509/index.js';
import { authorizationFor, issuanceRequest } from '../issuer.contract.js';
import { exampleSettings } from './authority-fixture.js';

/** The same on real files: several connections and key stores, as several processes have them. */

const passphrase = 'correct horse battery staple';
const cheap = { N: 16, r: 1, p: 1 };
let directory: string;
let open: Stores[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scep-gateway-'));
  open = [];
});

afterEach(async () => {
  for (const stores of open) await stores.close();
  rmSync(directory, { recursive: true });
});

async function startProcess() {
  const stores = await openSqliteStores(join(directory, 'gateway.db'));
  open.push(stores);
  const authority = await openLocalAuthority({
    name: 'local',
    settings: { ...exampleSettings, raCertificates: 'single' },
    keys: new FileKeyStore(directory, passphrase, cheap),
    records: stores.enrollments,
    state: stores.settings,
    publicUrl: undefined,
    caIsRecipient: false,
  });
  return { authority, stores };
}

test('processes that start at once on an empty directory share one CA, its CRLs and its rollover', async () => {
  const processes = await Promise.all([startProcess(), startProcess(), startProcess()]);
  const [server, commandLine] = [processes[0], processes[1]];
  const cas = processes.map(({ authority }) => authority.thumbprintCertificate.thumbprints.sha256);
  expect(new Set(cas).size).toBe(1);

  const request = await issuanceRequest('t');
  const outcome = await server.authority.issuer.submit(request, authorizationFor(request));
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  const { certificate } = outcome;
  const { enrollments } = server.stores;
  await enrollments.addCertificate(ownCertificateRecord(certificate, 'local', new Date()));
  const audit = {
    at: new Date(),
    event: 'certificate.revoked',
    correlationId: 'c',
    profile: undefined,
    transactionId: undefined,
    challengeId: undefined,
    subject: undefined,
    keyId: undefined,
    clientAddress: undefined,
    actor: 'test',
    outcome: 'ok',
    code: undefined,
    reason: undefined,
  } as const;
  const { sha256 } = certificate.thumbprints;
  expect(await commandLine.stores.enrollments.revoke(sha256, 1, audit)).toBe(true);
  const crls = await Promise.all(processes.map(({ authority }) => authority.issuer.currentCrl()));
  for (const crl of crls) {
    expect(crl).toEqual(crls[0]);
    expect(parseCrl(crl!).revoked.map(({ serial }) => serial)).toEqual([certificate.serial]);
  }

  await commandLine.authority.prepareRollover();
  await commandLine.authority.activateRollover();
  expect(await server.authority.reload()).toBe(true);
  const { authority: restarted } = await startProcess();
  expect(restarted.issuer.chain).toEqual(server.authority.issuer.chain);
  expect(restarted.registrationAuthority('ra').certificates).toEqual(
    server.authority.registrationAuthority('ra').certificates,
  );
}, 60_000);
