import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SoftwareKey } from '../../src/keys/index.js';

export type TestKeyName =
  | 'ca'
  | 'ra-sign'
  | 'ra-encrypt'
  | 'ra-old'
  | 'client'
  | 'client-2'
  | 'client-1024'
  | 'client-4096'
  | 'client-8192'
  | 'client-p-256'
  | 'client-p-384'
  | 'client-p-521';

/** A fixed private key from fixtures/keys. */
export function testKeyObject(name: TestKeyName): KeyObject {
  return createPrivateKey(readFileSync(`fixtures/keys/${name}.pem`));
}

export function testKey(name: TestKeyName): SoftwareKey {
  return new SoftwareKey(testKeyObject(name));
}
