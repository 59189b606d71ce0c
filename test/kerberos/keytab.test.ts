import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keytabPrincipals } from '../../src/kerberos/keytab.js';

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function entry(realm: string, components: readonly string[], hole = false): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(components.length);
  // Name type, time, version, key type and an AES-256 key.
  const rest = Buffer.alloc(4 + 4 + 1 + 2 + 2 + 32);
  const body = Buffer.concat([count, counted(realm), ...components.map(counted), rest]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(hole ? -body.length : body.length);
  return Buffer.concat([size, body]);
}

const header = Buffer.from('0502', 'hex');
const gateway = entry('CORP.EXAMPLE', ['HTTP', 'gateway.corp.example']);

describe('a keytab', () => {
  test('names its principals, each once, and none that were removed', () => {
    const user = entry('CORP.EXAMPLE', ['svc-scep']);
    const removed = entry('CORP.EXAMPLE', ['gone'], true);
    expect(keytabPrincipals(Buffer.concat([header, gateway, removed, gateway, user]))).toEqual([
      'HTTP/gateway.corp.example@CORP.EXAMPLE',
      'svc-scep@CORP.EXAMPLE',
    ]);
    expect(keytabPrincipals(header)).toEqual([]);
  });

  test('is not what is cut short, of version 1, or text', () => {
    const whole = Buffer.concat([header, gateway]);
    for (let length = 6; length < whole.length; length++) {
      expect(keytabPrincipals(whole.subarray(0, length))).toBeUndefined();
    }
    expect(keytabPrincipals(Buffer.from('0501', 'hex'))).toBeUndefined();
    expect(keytabPrincipals(Buffer.from('[libdefaults]\n'))).toBeUndefined();
  });

  test('of any bytes is read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const principals = keytabPrincipals(Buffer.concat([header, bytes]));
        expect(principals === undefined || Array.isArray(principals)).toBe(true);
      }),
    );
  });
});
