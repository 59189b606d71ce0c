/** What inputs are made of: the fixtures, and some objects of every kind made for the purpose. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { der } from '../src/asn1/index.js';
import { certificateBundle, crlBundle } from '../src/pkcs7/index.js';
import {
  buildCrl,
  basicConstraints,
  crlDistributionPoints,
  csrAttributeOids,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  parseDistinguishedName,
  sidExtension,
  type Certificate,
} from '../src/x509/index.js';
import { readVectors } from '../test/bad-input/vectors.js';
import { certificationRequest, selfSigned } from '../test/support/certificates.js';
import { fixedAuthority } from '../test/support/fixed-authority.js';
import { testKey } from '../test/support/keys.js';

const sid = 'S-1-5-21-1004336348-1177238915-682003330-1104';

const altNames = {
  oid: '2.5.29.17',
  critical: false,
  value: der.sequence(
    der.context(1, Buffer.from('a@example.org')),
    der.context(2, Buffer.from('device-1.example.org')),
    der.context(6, Buffer.from(`tag:microsoft.com,2022-09-14:sid:${sid}`)),
    der.context(7, Buffer.from([192, 0, 2, 1])),
    der.contextConstructed(
      0,
      der.oid('1.3.6.1.4.1.311.20.2.3'),
      der.contextConstructed(0, der.utf8String('device-1@corp.example')),
    ),
    der.contextConstructed(4, parseDistinguishedName('CN=device-1,O=Example')),
  ),
};

export async function certificateExamples(): Promise<readonly Certificate[]> {
  const { ca, ra } = await fixedAuthority();
  const extensions = [
    altNames,
    sidExtension(sid),
    basicConstraints({ ca: true, pathLength: 1 }),
    keyUsage(['digitalSignature', 'keyEncipherment', 'decipherOnly']),
    extendedKeyUsage([extendedKeyUsages.clientAuth, '2.5.29.37.0']),
    crlDistributionPoints(['http://ca.example/crl', 'ldap:///CN=ca']),
  ];
  return [
    ca.certificate,
    ra.certificate,
    await selfSigned(testKey('client-2'), { extensions, subject: 'CN=device-1,O=Example,C=DE' }),
    await selfSigned(testKey('client-p-256'), { serial: Buffer.from('ff80', 'hex') }),
    await selfSigned(testKey('client-1024'), { version: 1 }),
  ];
}

export async function requestExamples(): Promise<readonly Buffer[]> {
  const validity = [
    der.sequence(bmp('ValidityPeriod'), bmp('Days')),
    der.sequence(bmp('ValidityPeriodUnits'), bmp('30')),
  ];
  return [
    await certificationRequest(testKey('client-2'), {
      subject: 'CN=device-1,O=Example,SERIALNUMBER=C02',
      challengePassword: '0123456789ABCDEF',
      challengeType: 'bmp',
      extensions: [altNames, extendedKeyUsage([extendedKeyUsages.clientAuth])],
    }),
    await certificationRequest(testKey('client-p-256'), {
      challengePassword: '0123456789ABCDEF',
      challengeType: 'printable',
      extensions: [sidExtension(sid), keyUsage(['digitalSignature'])],
      microsoftExtensionRequest: true,
      attributes: [
        { oid: csrAttributeOids.msEnrollmentNameValuePair, values: validity },
        { oid: '1.3.6.1.4.1.311.13.2.3', values: [der.element(0x16, Buffer.from('10.0.1.2'))] },
      ],
    }),
  ];
}

function bmp(text: string): Buffer {
  return der.element(0x1e, Buffer.from(text, 'utf16le').swap16());
}

export function crlExample(): Promise<Buffer> {
  const key = testKey('ca');
  const at = new Date('2026-01-01T00:00:00Z');
  return buildCrl(
    {
      issuer: parseDistinguishedName('CN=Fixed CA,O=Example'),
      thisUpdate: at,
      nextUpdate: new Date('2050-01-08T00:00:00Z'),
      number: 258,
      authorityKeyIdentifier: key.publicKey.subjectKeyIdentifier,
      revoked: [
        { serial: Buffer.from('80ff', 'hex'), at, reason: 1 },
        { serial: '0a', at, reason: undefined },
      ],
    },
    { key, digest: 'sha256' },
  );
}

export async function bundleExamples(): Promise<readonly Buffer[]> {
  return [
    certificateBundle((await certificateExamples()).slice(0, 3)),
    crlBundle([await crlExample()]),
  ];
}

/** One of each kind that is no message. */
export async function derExamples(): Promise<readonly Buffer[]> {
  return [
    ...(await certificateExamples()).map(({ der: bytes }) => bytes),
    ...(await requestExamples()),
    await crlExample(),
  ];
}

/** pkiMessages, good and bad. */
export function messageExamples(): readonly Buffer[] {
  return readVectors()
    .map(({ bytes }) => bytes)
    .filter(({ length }) => length > 0 && length < 6000);
}

/** Files of a folder of fixtures whose names end so. */
export function fixtureFiles(folder: string, ending: string): readonly Buffer[] {
  return readdirSync(join('fixtures', folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join('fixtures', folder, name)));
}
