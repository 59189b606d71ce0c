import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseAuthenticate } from '../../src/ntlm/authenticate-message.js';
import { encodeAvPairs } from '../../src/ntlm/av-pairs.js';
import { parseChallenge } from '../../src/ntlm/challenge-message.js';
import { md4 } from '../../src/ntlm/md4.js';
import {
  encodeClientChallenge,
  ntHash,
  ntProof,
  parseNtlmV2Response,
  responseKey,
  sessionBaseKey,
} from '../../src/ntlm/ntlmv2.js';
import { createRc4 } from '../../src/ntlm/rc4.js';
import { createNtlmSession } from '../../src/ntlm/session.js';

const given = JSON.parse(readFileSync('fixtures/ntlm/ms-nlmp-4.2.4.json', 'utf8')) as Record<
  string,
  string
>;
const text = (name: string) => given[name] ?? '';
const hex = (name: string) => Buffer.from(text(name), 'hex');

describe('the worked example of MS-NLMP 4.2.4', () => {
  const key = responseKey(ntHash(text('password')), text('user'), text('domain'));
  const challenge = parseChallenge(hex('challengeMessage'));

  test('NT hash and NTOWFv2', () => {
    expect(ntHash(text('password')).toString('hex')).toBe(text('NTOWFv1'));
    expect(key.toString('hex')).toBe(text('NTOWFv2'));
  });

  test('CHALLENGE_MESSAGE is read', () => {
    expect(challenge.targetName).toBe(text('serverName'));
    expect(challenge.serverChallenge).toEqual(hex('serverChallenge'));
    expect(encodeAvPairs(challenge.targetInfo).toString('hex')).toBe(text('targetInfo'));
    expect(challenge.flags).toBe(0xe28a8233);
  });

  test('client challenge, proof and keys', () => {
    const temp = encodeClientChallenge({
      time: BigInt(text('time')),
      nonce: hex('clientChallenge'),
      targetInfo: challenge.targetInfo,
    });
    expect(temp.toString('hex')).toBe(text('temp'));
    const proof = ntProof(key, challenge.serverChallenge, temp);
    expect(proof.toString('hex')).toBe(text('NTProofStr'));
    const base = sessionBaseKey(key, proof);
    expect(base.toString('hex')).toBe(text('sessionBaseKey'));
    const encrypted = createRc4(base)(hex('randomSessionKey'));
    expect(encrypted.toString('hex')).toBe(text('encryptedSessionKey'));
  });

  test('AUTHENTICATE_MESSAGE is read', () => {
    const message = parseAuthenticate(hex('authenticateMessage'));
    expect(message).toMatchObject({
      flags: 0xe2888235,
      user: text('user'),
      domain: text('domain'),
      workstation: text('workstation'),
      mic: undefined,
    });
    expect(message.encryptedSessionKey.toString('hex')).toBe(text('encryptedSessionKey'));
    const response = parseNtlmV2Response(message.ntResponse);
    expect(response.proof.toString('hex')).toBe(text('NTProofStr'));
    expect(response.encoded.toString('hex')).toBe(text('temp'));
    expect(response.targetInfo).toEqual(challenge.targetInfo);
  });

  test('sealing', () => {
    const session = createNtlmSession(hex('randomSessionKey'), 'client');
    const plaintext = Buffer.from(text('plaintext'), 'utf16le');
    const { sealed, signature } = session.seal(plaintext);
    expect(sealed.toString('hex')).toBe(text('sealed'));
    expect(signature.toString('hex')).toBe(text('signature'));
    const server = createNtlmSession(hex('randomSessionKey'), 'server');
    expect(server.unseal(sealed, signature)).toEqual(plaintext);
  });
});

describe('what OpenSSL 3 keeps out of reach', () => {
  // RFC 1320 A.5
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    [
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
      '043f8582f241db351ce627e153e7f0e4',
    ],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('MD4 of %j', (message, digest) => {
    expect(md4(Buffer.from(message)).toString('hex')).toBe(digest);
  });

  // RFC 6229 §2
  test.each([
    ['0102030405', 'b2396305f03dc027ccc3524a0a1118a8'],
    ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97'],
  ])('RC4 with the key %s', (key, stream) => {
    expect(createRc4(Buffer.from(key, 'hex'))(Buffer.alloc(16)).toString('hex')).toBe(stream);
  });

  test('RC4 goes on where it stopped', () => {
    const key = Buffer.from('0102030405', 'hex');
    const whole = createRc4(key)(Buffer.alloc(300));
    const parts = createRc4(key);
    expect(Buffer.concat([7, 0, 200, 93].map((n) => parts(Buffer.alloc(n))))).toEqual(whole);
  });
});
