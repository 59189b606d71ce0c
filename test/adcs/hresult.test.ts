import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  failureCode,
  hresultInText,
  hresultTable,
  hresultText,
  meaningOf,
} from '../../src/adcs/index.js';

describe('failureCode', () => {
  test.each([
    ['signed decimal, as WSTEP faults carry it', -2146875375, 0x80094811],
    ['unsigned', 0x80094811, 0x80094811],
    ['the smallest', 0x80000000, 0x80000000],
    ['all bits', -1, 0xffffffff],
  ])('%s', (_, value, hresult) => {
    expect(failureCode(value)).toBe(hresult);
  });

  test.each([[0], [-0], [NaN], [Infinity], [1.5], [2 ** 32], [-(2 ** 31) - 1]])(
    '%p is none',
    (value) => {
      expect(failureCode(value)).toBeUndefined();
    },
  );

  test.each([
    ['S_FALSE', 1],
    ['what would be ERROR_ACCESS_DENIED as a Win32 code', 5],
    ['CERTSRV_E_UNSUPPORTED_CERT_TYPE without its highest bit', 0x00094800],
    ['the largest', 0x7fffffff],
  ])('a code of success is none: %s', (_, value) => {
    expect(failureCode(value)).toBeUndefined();
    expect(hresultInText(`x ${hresultText(value)}, y`)).toBeUndefined();
  });

  test('signed and unsigned spellings of any code are one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x80000000, max: 0xffffffff }), (code) => {
        expect(failureCode(code | 0)).toBe(code);
        expect(hresultInText(`x ${hresultText(code)}, y`)).toBe(code);
      }),
    );
  });
});

test.each([
  ['Denied by Policy Module  0x80094800, The request was …', 0x80094800],
  ['0x80094014 (-2146877420 CERTSRV_E_ADMIN_DENIED_REQUEST)', 0x80094014],
  ['0x5 then 0x800706BA', 0x800706ba],
  ['0x8009480012 is too long', undefined],
  ['no number', undefined],
  ['0x00000000', undefined],
  ['0x00000001', undefined],
  ['0x00000000 (0), then 0x80094800', 0x80094800],
  ['0x00040028 and 0x0009480a', undefined],
])('hresultInText(%j)', (text, expected) => {
  expect(hresultInText(text)).toBe(expected);
});

describe('the table', () => {
  test('each entry is complete and fit for a sentence', () => {
    for (const [code, { name, meaning, nextStep, class: kind }] of hresultTable) {
      expect(failureCode(code)).toBe(code);
      expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(meaning).toMatch(/^[a-zA].*[^.]$/);
      expect(nextStep.trim()).not.toBe('');
      expect(['permanent', 'configuration', 'transient']).toContain(kind);
    }
  });

  test('no name stands twice', () => {
    const names = [...hresultTable.values()].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    [0x80094811, 'permanent', 'CERTSRV_E_KEY_LENGTH'],
    [0x80094014, 'permanent', 'CERTSRV_E_ADMIN_DENIED_REQUEST'],
    [0x80094800, 'configuration', 'CERTSRV_E_UNSUPPORTED_CERT_TYPE'],
    [0x80094012, 'configuration', 'CERTSRV_E_TEMPLATE_DENIED'],
    [0x80070005, 'configuration', 'E_ACCESSDENIED'],
    [0x80094006, 'transient', 'CERTSRV_E_SERVER_SUSPENDED'],
    [0x8009400f, 'transient', 'CERTSRV_E_NO_DB_SESSIONS'],
    [0x800706ba, 'transient', 'RPC_S_SERVER_UNAVAILABLE'],
    [0x80092013, 'transient', 'CRYPT_E_REVOCATION_OFFLINE'],
  ])('%d is %s: %s', (code, kind, name) => {
    expect(meaningOf(code)).toMatchObject({ class: kind, name });
  });
});

describe('codes that the table does not know', () => {
  test.each([
    ['0x8009481f', 0x8009481f, 'permanent', 'the CA refused the request'],
    ['0x80093102 (ASN.1)', 0x80093102, 'permanent', 'the CA cannot read the request'],
    ['0x800706c5 (RPC)', 0x800706c5, 'transient', 'the call to the CA failed'],
    ['0x80010105 (COM call)', 0x80010105, 'transient', 'the call to the CA failed'],
    ['0x80072ee7 (WinHTTP name)', 0x80072ee7, 'transient', 'the CA cannot be reached'],
    ['0x8007274c (Winsock)', 0x8007274c, 'transient', 'the CA cannot be reached'],
    ['0x80070035 (network path)', 0x80070035, 'transient', 'the CA cannot be reached'],
    ['0xc8000713 (ESE)', 0xc8000713, 'transient', 'the database of the CA failed'],
    ['0x800b0112 (chain)', 0x800b0112, 'configuration', 'a certificate in the chain was rejected'],
    ['0x80090345 (SEC_E)', 0x80090345, 'configuration', 'the sign-in of the gateway failed'],
    ['0x80070002 (Win32)', 0x80070002, 'configuration', 'Windows reported an error at the CA'],
    [
      '0x8fff0001',
      0x8fff0001,
      'configuration',
      'the CA failed for a reason unknown to the gateway',
    ],
  ])('%s', (_, code, kind, meaning) => {
    expect(meaningOf(code)).toMatchObject({ name: hresultText(code), class: kind, meaning });
  });

  test('a call that broke off may have been carried out', () => {
    expect(meaningOf(0x800706be).mayHaveHappened).toBe(true);
    expect(meaningOf(0x800706c5).mayHaveHappened).toBe(true);
    expect(meaningOf(0x800706bf).mayHaveHappened).toBeUndefined();
    expect(meaningOf(0x800706ba).mayHaveHappened).toBeUndefined();
  });

  test('every number has a meaning', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), (code) => {
        const { name, meaning, nextStep } = meaningOf(code);
        expect([name, meaning, nextStep].every((text) => text !== '')).toBe(true);
      }),
    );
  });
});
