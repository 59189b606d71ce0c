import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseScepQuery } from '../../src/http/scep-query.js';
import { decodeMessageText, decodeQueryMessage } from '../../src/http/message-text.js';
import { GatewayError } from '../../src/errors/index.js';

const limit = {
  bytes: 1024,
  tooLarge: () => new GatewayError('http.uri-too-large', 'too large'),
};

describe('parseScepQuery', () => {
  test.each([
    ['operation=GetCACaps', 'GetCACaps', undefined],
    ['OPERATION=getcacaps&MESSAGE=ca', 'getcacaps', 'ca'],
    ['message=ca&operation=GetCACert', 'GetCACert', 'ca'],
    ['operation=PKIOperation&message=', 'PKIOperation', ''],
    ['operation=PKIOperation&message', 'PKIOperation', ''],
    ['operation=PKIOperation&message=MII=&x=1&y', 'PKIOperation', 'MII='],
    ['operation=GetCACert&operation=PKIOperation&message=a&message=b', 'GetCACert', 'a'],
    ['operation=%50KIOperation%20&message=%2B+', 'PKIOperation', '%2B+'],
    ['operat%69on=GetCACaps', 'GetCACaps', undefined],
    ['operation=', undefined, undefined],
    ['operation=+', undefined, undefined],
    ['operation=%ZZ', '%ZZ', undefined],
    ['', undefined, undefined],
    ['&&=&=x', undefined, undefined],
  ])('%s', (query, operation, message) => {
    expect(parseScepQuery(query)).toEqual({ operation, message });
  });

  test('is total', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (query) => {
        const { operation } = parseScepQuery(query);
        expect(operation).not.toBe('');
      }),
    );
  });
});

describe('a message in the query', () => {
  const spellings: readonly [string, (base64: string) => string][] = [
    ['as Apple sends it: + and / raw', (base64) => base64.replaceAll('=', '%3D')],
    ['as jscep sends it: all raw', (base64) => base64],
    ['percent-encoded', (base64) => encodeURIComponent(base64)],
    ['percent-encoded in lower case', (base64) => base64.replace(/[+/=]/g, escapedInLowerCase)],
    ['every character percent-encoded', percentEncoded],
    ['percent-encoded twice', (base64) => encodeURIComponent(encodeURIComponent(base64))],
    ['with + gone to blanks', (base64) => base64.replaceAll('+', ' ')],
    ['with + gone to %20', (base64) => encodeURIComponent(base64.replaceAll('+', ' '))],
    ['in lines, as sscep sends it', (base64) => inLines(base64, '%0A')],
    ['in lines of CRLF', (base64) => inLines(base64, '%0D%0A')],
    ['as scepclient 2.1.0 sends it: URL-safe', urlSafe],
    ['URL-safe without padding', (base64) => urlSafe(base64).replace(/=+$/, '')],
    ['without padding', (base64) => base64.replace(/=+$/, '')],
    ['with blanks round it', (base64) => `%20${base64}%20%0A`],
  ];

  test.each(spellings)('%s', (_, spell) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (tail) => {
        const message = Buffer.from([0x30, ...tail]);
        expect(decodeQueryMessage(spell(message.toString('base64')), limit)).toEqual(message);
      }),
    );
  });

  test.each([
    ['%', 'http.message'],
    ['MII%ZZ', 'http.message'],
    ['MII*', 'http.message'],
    ['M', 'http.message'],
    ['%20', 'http.message'],
    ['====', 'http.message'],
    ['MII=MII=', 'http.message'],
    ['MIIé', 'http.message'],
  ])('%s is refused', (value, code) => {
    expect(() => decodeQueryMessage(value, limit)).toThrow(expect.objectContaining({ code }));
  });

  test('is limited in octets, however it is spelt', () => {
    const largest = Buffer.alloc(1024, 0xfb).toString('base64');
    expect(decodeQueryMessage(percentEncoded(largest), limit)).toHaveLength(1024);
    for (const value of [
      Buffer.alloc(1025).toString('base64'),
      '%41'.repeat(1800),
      'A'.repeat(1e6),
    ]) {
      expect(() => decodeQueryMessage(value, limit)).toThrow(
        expect.objectContaining({ code: 'http.uri-too-large' }),
      );
    }
  });

  test('is total: octets or a GatewayError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (value) => {
        try {
          decodeQueryMessage(value, limit);
        } catch (error) {
          expect((error as GatewayError).code).toMatch(/^http\./);
        }
      }),
    );
  });
});

test('much padding in the middle is refused in one pass: step by step this would take hours', () => {
  const text = `M${'='.repeat(4 * 2 ** 20)}x`;
  const large = { ...limit, bytes: text.length };
  expect(() => decodeMessageText(text, large)).toThrow('The message is not base64.');
  expect(() => decodeQueryMessage(text, large)).toThrow('The message is not base64.');
  expect(decodeMessageText('MAMCAQE=\t= =\n', limit).toString('hex')).toBe('3003020101');
});

test('a posted message may be PEM of any label', () => {
  const message = Buffer.from('3003020101', 'hex');
  const pem = `-----BEGIN PKCS7-----\r\n${message.toString('base64')}\r\n-----END PKCS7-----\r\n`;
  expect(decodeMessageText(pem, limit)).toEqual(message);
});

function inLines(base64: string, newline: string): string {
  const lines = base64.replace(/.{64}/g, '$&\n').replaceAll('\n', newline);
  return `${lines}${newline}`;
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

function percentEncoded(text: string): string {
  return text.replace(/./g, escapedInLowerCase);
}

function escapedInLowerCase(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}
