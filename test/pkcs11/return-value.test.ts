import { describe, expect, test } from '@jest/globals';
import { Pkcs11Failure } from '../../src/pkcs11/return-value.js';

function kindOf(value: number): string {
  const { isAboutPin, isPassing } = new Pkcs11Failure('C_Sign', value);
  return isAboutPin ? 'pin' : isPassing ? 'passing' : 'lasting';
}

describe('Pkcs11Failure', () => {
  test.each([
    [0x032, 'CKR_DEVICE_REMOVED', 'passing'],
    [0x0e0, 'CKR_TOKEN_NOT_PRESENT', 'passing'],
    [0x0b3, 'CKR_SESSION_HANDLE_INVALID', 'passing'],
    [0x030, 'CKR_DEVICE_ERROR', 'passing'],
    [0x101, 'CKR_USER_NOT_LOGGED_IN', 'passing'],
    [0x005, 'CKR_GENERAL_ERROR', 'passing'],
    [0x190, 'CKR_CRYPTOKI_NOT_INITIALIZED', 'passing'],
    [0x082, 'CKR_OBJECT_HANDLE_INVALID', 'passing'],
    [0x0a0, 'CKR_PIN_INCORRECT', 'pin'],
    [0x0a4, 'CKR_PIN_LOCKED', 'pin'],
    [0x102, 'CKR_USER_PIN_NOT_INITIALIZED', 'pin'],
    [0x070, 'CKR_MECHANISM_INVALID', 'lasting'],
    [0x068, 'CKR_KEY_FUNCTION_NOT_PERMITTED', 'lasting'],
    [0x040, 'CKR_ENCRYPTED_DATA_INVALID', 'lasting'],
    [0x031, 'CKR_DEVICE_MEMORY', 'lasting'],
  ] as const)('%d is %s: %s', (value, name, kind) => {
    const failure = new Pkcs11Failure('C_Sign', value);
    expect(failure.message).toBe(`C_Sign returned ${name}`);
    expect(kindOf(value)).toBe(kind);
  });

  test('a number of the vendor is told as it is, and may pass', () => {
    const failure = new Pkcs11Failure('C_Login', 0x80000012);
    expect([failure.message, failure.returned]).toEqual(['C_Login returned 0x80000012', undefined]);
    expect(kindOf(0x80000012)).toBe('passing');
  });
});
