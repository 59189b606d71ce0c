import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { decidePolicy } from '../../src/enrollment/policy.js';
import type { CsrPolicy } from '../../src/enrollment/index.js';
import {
  extendedKeyUsage,
  extensionOids,
  keyUsage,
  parseCertificationRequest,
  parseDistinguishedName,
  parseSubjectAltName,
  readExtendedKeyUsage,
  readKeyUsage,
  writeSubjectAltNames,
  type Extension,
} from '../../src/x509/index.js';
import { certificationRequest, type CertificationRequestOptions } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';

const base: CsrPolicy = {
  rsaBits: { min: 2048, max: 4096 },
  ecCurves: ['P-256'],
  subject: { allowEmpty: false },
  san: { types: ['dns', 'uri'], required: false },
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
  extensions: [],
  unlisted: 'strip',
  sidUri: 'refuse',
  validityDays: 365,
  honourRequestedValidity: true,
};

async function decide(
  policy: Partial<CsrPolicy>,
  request: CertificationRequestOptions = {},
  key: TestKeyName = 'client',
) {
  const csr = await certificationRequest(testKey(key), { subject: 'CN=device-1', ...request });
  return decidePolicy(parseCertificationRequest(csr), { ...base, ...policy });
}

async function refusal(
  ...args: Parameters<typeof decide>
): Promise<{ code: string; text: string }> {
  const decision = await decide(...args);
  if (decision.kind !== 'refused') throw new Error('the policy let it through');
  return { code: decision.refusal.code, text: decision.refusal.text };
}

async function grant(...args: Parameters<typeof decide>) {
  const decision = await decide(...args);
  if (decision.kind !== 'granted') throw new Error(decision.refusal.text);
  return decision;
}

const san = (...names: string[]): Extension =>
  writeSubjectAltNames(
    names.map((name) => parseSubjectAltName(name).raw),
    false,
  );
const sid = 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500';
const unknownExtension = (oid: string): Extension => ({ oid, critical: false, value: der.nul() });

describe('keys', () => {
  test('a key that is too small is named with what would do', async () => {
    const { code, text } = await refusal({}, {}, 'client-1024');
    expect(code).toBe('policy.key');
    expect(text).toContain('RSA 1024, is too small; this profile takes RSA 2048 to 4096, EC P-256');
  });

  test('a curve that is not listed is refused, a listed one is not asked for key encipherment', async () => {
    expect((await refusal({}, {}, 'client-p-384')).code).toBe('policy.key');
    const { content } = await grant({}, {}, 'client-p-256');
    const usage = content.extensions.find(({ oid }) => oid === extensionOids.keyUsage)!;
    expect(readKeyUsage(usage)).toEqual(['digitalSignature']);
  });
});

describe('subject', () => {
  test('an empty subject needs permission and a SAN', async () => {
    expect((await refusal({}, { subject: '' })).code).toBe('policy.subject');
    const subject = { allowEmpty: true };
    expect((await refusal({ subject }, { subject: '' })).code).toBe('policy.subject');
    const { content } = await grant(
      { subject },
      { subject: '', extensions: [san('dns:a.example')] },
    );
    expect(
      content.extensions.find(({ oid }) => oid === extensionOids.subjectAltName)?.critical,
    ).toBe(true);
  });

  test.each([
    ['a NUL', der.utf8String('admin\0.example'), 'The subject contains a NUL character.'],
    [
      'octets that are no UTF-8',
      der.element(0x0c, Buffer.from([0x61, 0xff])),
      'The subject has a part that is not text.',
    ],
    [
      'half a BMP character',
      der.element(0x1e, Buffer.from([0, 0x61, 0])),
      'The subject has a part that is not text.',
    ],
  ])('%s is refused: another reader would see another name', async (_name, value, text) => {
    const subjectDer = der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), value)));
    expect(await refusal({}, { subjectDer })).toEqual({ code: 'policy.subject', text });
  });

  test('what came as BER goes into the certificate as DER', async () => {
    const common = Buffer.concat([
      Buffer.from('3180', 'hex'),
      Buffer.from('3080', 'hex'),
      der.oid('2.5.4.3'),
      Buffer.from('2c80', 'hex'),
      der.utf8String('de'),
      der.utf8String('vice'),
      Buffer.alloc(6),
    ]);
    const subjectDer = Buffer.concat([Buffer.from('3080', 'hex'), common, Buffer.alloc(2)]);
    const { content } = await grant({}, { subjectDer });
    expect(content.subject).toEqual(parseDistinguishedName('CN=device'));
  });

  test('the pattern is for the whole subject', async () => {
    const subject = { allowEmpty: false, pattern: 'CN=[^,]+,O=Example' };
    expect((await refusal({ subject }, { subject: 'CN=a,O=Example,OU=admin' })).code).toBe(
      'policy.subject',
    );
    await grant({ subject }, { subject: 'CN=a,O=Example' });
  });
});

describe('subjectAltName', () => {
  test('types that are not listed are stripped and noted, or refused', async () => {
    const request = { extensions: [san('dns:a.example', 'email:root@example.com')] };
    const granted = await grant({}, request);
    expect(granted.san).toEqual(['dns:a.example']);
    expect(granted.notes).toEqual(['left out a subjectAltName of type email']);
    expect((await refusal({ unlisted: 'refuse' }, request)).code).toBe('policy.san');
  });

  test.each([
    ['refuse', 'policy.san'],
    ['strip', undefined],
    ['allow', undefined],
  ] as const)('a SID URI: %s', async (sidUri, code) => {
    const request = { extensions: [san('dns:a.example', sid)] };
    if (code) expect((await refusal({ sidUri }, request)).code).toBe(code);
    else expect((await grant({ sidUri }, request)).san.includes(sid)).toBe(sidUri === 'allow');
  });

  test('the pattern and the requirement are enforced', async () => {
    const types: CsrPolicy['san']['types'] = ['dns'];
    const rules = { types, pattern: 'dns:[a-z0-9-]+\\.example', required: true };
    expect((await refusal({ san: rules }, { extensions: [san('dns:a.example.evil')] })).code).toBe(
      'policy.san',
    );
    expect((await refusal({ san: rules })).code).toBe('policy.san');
    await grant({ san: rules }, { extensions: [san('dns:a.example')] });
  });

  test('one that cannot be read is refused, not dropped', async () => {
    const broken = {
      oid: extensionOids.subjectAltName,
      critical: false,
      value: Buffer.from('3003', 'hex'),
    };
    expect((await refusal({}, { extensions: [broken] })).code).toBe('policy.san');
  });
});

describe('usages and extensions', () => {
  test('what is listed is granted, the rest stripped and noted', async () => {
    const { content, notes } = await grant(
      {},
      {
        extensions: [
          keyUsage(['digitalSignature', 'keyCertSign']),
          extendedKeyUsage(['1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.20.2.2']),
        ],
      },
    );
    const find = (oid: string) => content.extensions.find((extension) => extension.oid === oid)!;
    expect(readKeyUsage(find(extensionOids.keyUsage))).toEqual(['digitalSignature']);
    expect(readExtendedKeyUsage(find(extensionOids.extendedKeyUsage))).toEqual([
      '1.3.6.1.5.5.7.3.2',
    ]);
    expect(notes).toEqual([
      'left out keyUsage keyCertSign',
      'left out extendedKeyUsage 1.3.6.1.4.1.311.20.2.2',
    ]);
  });

  test.each([
    ['empty', [keyUsage([]), extendedKeyUsage([])]],
    // Bit 9 has no name (RFC 5280 §4.2.1.3).
    [
      'of bits without a name',
      [{ ...keyUsage([]), value: der.namedBits([9]) }, extendedKeyUsage([])],
    ],
  ])('usages that are %s are those of the profile, never none', async (_name, extensions) => {
    const { content } = await grant({}, { extensions });
    const find = (oid: string) => content.extensions.find((extension) => extension.oid === oid)!;
    expect(readKeyUsage(find(extensionOids.keyUsage))).toEqual(base.keyUsage);
    expect(readExtendedKeyUsage(find(extensionOids.extendedKeyUsage))).toEqual(
      base.extendedKeyUsage,
    );
  });

  test('a request for nothing that is allowed is refused', async () => {
    expect((await refusal({}, { extensions: [keyUsage(['keyCertSign'])] })).code).toBe(
      'policy.usage',
    );
  });

  test.each([
    extensionOids.msSid,
    extensionOids.msApplicationPolicies,
    extensionOids.msTemplate,
    '1.2.3.4',
  ])('extension %s is stripped, refused or copied as the profile says', async (oid) => {
    const request = { extensions: [unknownExtension(oid)] };
    const has = (extensions: readonly Extension[]) =>
      extensions.some((extension) => extension.oid === oid);
    expect(has((await grant({}, request)).content.extensions)).toBe(false);
    expect((await refusal({ unlisted: 'refuse' }, request)).code).toBe('policy.extension');
    expect(has((await grant({ extensions: [oid] }, request)).content.extensions)).toBe(true);
  });

  test('a CA certificate is never issued', async () => {
    const ca = {
      oid: extensionOids.basicConstraints,
      critical: true,
      value: der.sequence(der.boolean(true)),
    };
    expect(
      (await refusal({ extensions: [extensionOids.basicConstraints] }, { extensions: [ca] })).code,
    ).toBe('policy.extension');
  });

  test('an extension that stands twice is refused', async () => {
    const twice = [san('dns:a.example'), san('dns:b.example')];
    expect((await refusal({}, { extensions: twice })).code).toBe('policy.extension');
  });
});

describe('validity', () => {
  const bmp = (text: string) => der.element(0x1e, Buffer.from(text, 'utf16le').swap16());
  const asked = (days: string) => ({
    attributes: ['ValidityPeriod', 'ValidityPeriodUnits'].map((name, index) => ({
      oid: '1.3.6.1.4.1.311.13.2.1',
      values: [der.sequence(bmp(name), bmp(index === 0 ? 'Days' : days))],
    })),
  });

  test('a shorter life is granted, a longer one is not', async () => {
    expect((await grant({}, asked('30'))).content.validityDays).toBe(30);
    expect((await grant({}, asked('9000'))).content.validityDays).toBe(365);
    expect(
      (await grant({ honourRequestedValidity: false }, asked('30'))).content.validityDays,
    ).toBe(365);
  });
});
