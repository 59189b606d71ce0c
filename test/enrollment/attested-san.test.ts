import { describe, expect, test } from '@jest/globals';
import { bindingMismatch } from '../../src/challenge/binding.js';
import { withAttested } from '../../src/enrollment/attested-content.js';
import type { PolicyDecision } from '../../src/enrollment/policy.js';
import type { CsrPolicy } from '../../src/enrollment/policy-types.js';
import type { AuthorizationGround } from '../../src/issuer/index.js';
import {
  extensionOids,
  readSubjectAltNames,
  sidExtension,
  subjectAltNameText,
} from '../../src/x509/index.js';
import { distinguishedName } from '../support/certificates.js';

const sid = 'S-1-5-21-1-2-3-1107';
const uri = (which: string) => `uri:tag:microsoft.com,2022-09-14:sid:${which}`;

const policy: CsrPolicy = {
  rsaBits: { min: 2048, max: 4096 },
  ecCurves: [],
  subject: { allowEmpty: true },
  san: { types: ['dns', 'upn', 'uri'], pattern: undefined, required: false },
  keyUsage: [],
  extendedKeyUsage: [],
  extensions: [],
  unlisted: 'strip',
  sidUri: 'attested',
  attestedSan: true,
  validityDays: 30,
  honourRequestedValidity: false,
};

function granted(
  subject: Buffer = distinguishedName('CN=phone-7'),
  ...san: string[]
): PolicyDecision {
  const content = { subject, extensions: [], validityDays: 30 };
  return { kind: 'granted', content, san, notes: [] };
}

function challenge(san?: readonly string[], attested?: string): AuthorizationGround {
  return { by: 'challenge', challengeId: 'c', account: undefined, sid: attested, san };
}

function names(decision: PolicyDecision): string[] {
  if (decision.kind === 'refused') throw new Error(decision.refusal.text);
  return decision.content.extensions
    .filter(({ oid }) => oid === extensionOids.subjectAltName)
    .flatMap(({ value }) => readSubjectAltNames(value))
    .map(subjectAltNameText);
}

describe('a request without names', () => {
  test.each<[string, AuthorizationGround]>([
    ['challenge', challenge(['DNS: phone-7.corp.example', 'upn:anna@corp.example'])],
    [
      'renewed certificate',
      {
        by: 'renewal',
        certificateSerial: '01',
        san: ['dns:phone-7.corp.example', 'upn:anna@corp.example'],
      },
    ],
  ])('gets those of its %s', (_, ground) => {
    const decision = withAttested(granted(), ground, policy);
    expect(names(decision)).toEqual(['dns:phone-7.corp.example', 'upn:anna@corp.example']);
    expect(decision).toMatchObject({
      san: ['dns:phone-7.corp.example', 'upn:anna@corp.example'],
      notes: ['attested dns:phone-7.corp.example, upn:anna@corp.example'],
    });
  });

  test('gets none where the issuer cannot tell its CA', () => {
    const ground = challenge(['dns:a']);
    expect(names(withAttested(granted(), ground, { ...policy, attestedSan: false }))).toEqual([]);
  });

  test.each<[string, AuthorizationGround]>([
    ['nobody attested any', challenge()],
    ['the profile is open', { by: 'open-profile', profile: 'default' }],
  ])('gets none where %s, and is refused where it needs some', (_, ground) => {
    expect(names(withAttested(granted(), ground, policy))).toEqual([]);
    const demanding = { ...policy, san: { ...policy.san, required: true } };
    expect(withAttested(granted(), ground, demanding)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'policy.san' },
    });
  });

  test('keeps a critical extension under an empty subject', () => {
    const decision = withAttested(granted(distinguishedName('')), challenge(['dns:a']), policy);
    expect(decision).toMatchObject({ content: { extensions: [{ critical: true }] } });
  });
});

test('names of the request itself stay, and none is put beside them', () => {
  const decision = withAttested(granted(undefined, 'dns:a'), challenge(['dns:a', 'dns:b']), policy);
  expect(names(decision)).toEqual([]);
  expect(decision).toMatchObject({ san: ['dns:a'], notes: [] });
});

describe('a name that is not granted, though attested, refuses the request', () => {
  test.each<[string, string, Partial<CsrPolicy>]>([
    ['of a type that the profile has not', 'email:a@b', {}],
    [
      'outside of its pattern',
      'dns:dc1.corp.example',
      { san: { ...policy.san, pattern: 'dns:phone-.*' } },
    ],
    ['with a SID that was not attested', uri('S-1-5-21-1-2-3-500'), {}],
    ['with a SID where SIDs are stripped', uri(sid), { sidUri: 'strip' }],
    ['that cannot be written', 'other:1.2.3=04', { san: { ...policy.san, types: ['other'] } }],
  ])('%s', (_, name, changes) => {
    const decision = withAttested(granted(), challenge(['dns:phone-7', name], sid), {
      ...policy,
      ...changes,
    });
    expect(decision).toMatchObject({ kind: 'refused', refusal: { code: 'policy.san' } });
  });
});

test('a SID that was attested may stand in the names', () => {
  const decision = withAttested(granted(), challenge([uri(sid)], sid), policy);
  expect(names(decision)).toEqual([uri(sid)]);
  expect(decision).toMatchObject({
    content: { extensions: [{ oid: extensionOids.subjectAltName }, sidExtension(sid)] },
  });
});

describe('a challenge bound to names', () => {
  const use = {
    profile: 'default',
    subject: 'CN=a',
    san: [],
    keyId: 'k',
    address: '192.0.2.1',
    transaction: 't',
    request: { transactionId: 't', csr: Buffer.alloc(0), commonName: 'a' },
  };

  test('opens for a request without any only where it gets them', () => {
    const binding = { san: ['dns:a'] };
    expect(bindingMismatch(binding, use)).toBe('bound to dns:a, used without SAN');
    expect(bindingMismatch(binding, { ...use, sanIsAdded: true })).toBeUndefined();
  });

  test('never opens for others', () => {
    const asked = { ...use, san: ['dns:b'], sanIsAdded: true };
    expect(bindingMismatch({ san: ['dns:a'] }, asked)).toContain('dns:b is not among the SANs');
  });
});
