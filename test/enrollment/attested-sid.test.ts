import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { withAttestedSid } from '../../src/enrollment/attested-sid.js';
import type { PolicyDecision } from '../../src/enrollment/policy.js';
import type { AuthorizationGround } from '../../src/issuer/index.js';
import {
  extensionOids,
  sidExtension,
  sidInUri,
  sidOf,
  writeSubjectAltNames,
  type Extension,
} from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';

const sid = 'S-1-5-21-1004336348-1177238915-682003330-1121';
const administrator = 'S-1-5-21-1004336348-1177238915-682003330-500';
const uri = (which: string) => `uri:tag:microsoft.com,2022-09-14:sid:${which}`;

function granted(...san: string[]): PolicyDecision {
  const content = { subject: Buffer.alloc(0), extensions: [], validityDays: 30 };
  return { kind: 'granted', content, san, notes: [] };
}

function challenge(attested?: string): AuthorizationGround {
  return { by: 'challenge', challengeId: 'c', account: undefined, sid: attested };
}

const attested = { sidUri: 'attested' } as const;

describe('a SID URI, where it has to be attested', () => {
  test.each<[string, AuthorizationGround]>([
    ['the challenge', challenge(sid)],
    ['the renewed certificate', { by: 'renewal', certificateSerial: '01', sid }],
  ])('passes when %s vouches for it, and stands in the extension too', (_, ground) => {
    const decision = withAttestedSid(granted('dns:a', uri(sid)), ground, attested);
    if (decision.kind === 'refused') throw new Error(decision.refusal.text);
    expect(decision.content.extensions).toEqual([sidExtension(sid)]);
    expect(decision.notes).toEqual([`attested SID ${sid}`]);
  });

  test.each<[string, AuthorizationGround]>([
    ['nobody', challenge()],
    ['another SID', challenge(administrator)],
    ['a renewal without one', { by: 'renewal', certificateSerial: '01' }],
    ['an approval', { by: 'approval', approver: 'admin' }],
    ['an open profile', { by: 'open-profile', profile: 'default' }],
  ])('is refused when it is %s that vouches', (_, ground) => {
    const decision = withAttestedSid(granted(uri(sid)), ground, attested);
    expect(decision).toMatchObject({ kind: 'refused', refusal: { code: 'policy.san' } });
  });

  test('one of two that is not vouched for is one too many', () => {
    const decision = withAttestedSid(
      granted(uri(sid), uri(administrator)),
      challenge(sid),
      attested,
    );
    expect(decision.kind).toBe('refused');
  });

  test('without one, there is nothing to attest', () => {
    expect(withAttestedSid(granted('dns:a'), challenge(), attested)).toEqual(granted('dns:a'));
  });
});

test.each([
  [uri(sid), sid],
  [`URI: TAG:microsoft.com,2022-09-14:SID:${sid}`, sid],
  [`uri:tag:microsoft.com,2022-09-14:sid:`, ''],
  [`uri:tag:microsoft.com,2022-09-14:sid:${sid}\nx`, `${sid}\nx`],
  [`dns:tag:microsoft.com,2022-09-14:sid:${sid}`, undefined],
  ['uri:https://example.org', undefined],
])('sidInUri(%j)', (name, found) => expect(sidInUri(name)).toBe(found));

describe('the SID of a certificate', () => {
  const uris = (...sids: string[]): Extension =>
    writeSubjectAltNames(
      sids.map((one) => der.context(6, Buffer.from(uri(one).slice(4)))),
      false,
    );
  const broken: Extension = { oid: extensionOids.msSid, critical: false, value: Buffer.from([5]) };
  const foreign: Extension = {
    ...sidExtension(sid),
    value: der.sequence(
      der.contextConstructed(
        0,
        der.oid('1.2.3'),
        der.contextConstructed(0, der.octetString(Buffer.from(sid))),
      ),
    ),
  };

  test.each<[string, Extension[], string | undefined]>([
    ['by extension', [sidExtension(sid)], sid],
    ['by URI', [uris(sid)], sid],
    [
      'by extension rather than by URI, as Windows has it',
      [uris(administrator), sidExtension(sid)],
      sid,
    ],
    ['by two URIs: none', [uris(sid, administrator)], undefined],
    ['unreadable', [broken, uris(sid)], undefined],
    ['of another type', [foreign], undefined],
    ['none', [], undefined],
  ])('%s', async (_, extensions, found) => {
    expect(sidOf(await selfSigned(testKey('client'), { extensions }))).toBe(found);
  });
});
