import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributeTypes } from '../../src/pkcs11/constants.js';
import {
  attributeLengths,
  attributeOctets,
  decodeFunctionList,
  decodeMechanismInfo,
  decodeTokenInfo,
  encodeAttributes,
  encodeInitializeArgs,
  encodeMechanism,
  encodeTemplate,
  encodeValue,
  functionListOctets,
  mechanismInfoOctets,
  templateLength,
  tokenInfoOctets,
  type AttributeName,
} from '../../src/pkcs11/structure.js';

const names = Object.keys(attributeTypes) as AttributeName[];
const value = fc.oneof(
  fc.boolean(),
  fc.nat({ max: 0xffffffff }),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 600 }),
);
const template = fc.dictionary(fc.constantFrom(...names), value);

describe('CK_ATTRIBUTE', () => {
  test('each points at its value, with its length, and no value is placed twice', () => {
    fc.assert(
      fc.property(template, (given) => {
        const memory = new Map<bigint, Buffer>();
        let next = 4096n;
        const encoded = encodeTemplate(given, (bytes) => {
          memory.set((next += 4096n), bytes);
          return next;
        });
        const length = templateLength(given);
        expect(length).toBe(Object.keys(given).length);
        expect(encoded).toHaveLength(length * attributeOctets);
        expect(memory.size).toBe(length);
        for (let index = 0; index < length; index++) {
          const at = index * attributeOctets;
          const type = Number(encoded.readBigUInt64LE(at));
          const name = names.find((each) => attributeTypes[each] === type)!;
          const bytes = memory.get(encoded.readBigUInt64LE(at + 8))!;
          expect(bytes).toEqual(encodeValue(given[name]!));
          expect(Number(encoded.readBigUInt64LE(at + 16))).toBe(bytes.length);
        }
      }),
    );
  });

  test('lengths that a module writes: what it does not tell, or what is absurd, is no length', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (lengths) => {
        const encoded = encodeAttributes(
          lengths.map(() => ({ name: 'modulus', address: 0n, octets: 0 })),
        );
        lengths.forEach((octets, index) => encoded.writeBigUInt64LE(octets, index * 24 + 16));
        expect(attributeLengths(encoded)).toEqual(
          lengths.map((octets) => (octets > 16384n ? undefined : Number(octets))),
        );
      }),
    );
  });

  test('values as PKCS #11 writes them', () => {
    expect(encodeValue(true).toString('hex')).toBe('01');
    expect(encodeValue(false).toString('hex')).toBe('00');
    expect(encodeValue(2048).toString('hex')).toBe('0008000000000000');
    expect(encodeValue('Gerät').toString('hex')).toBe('476572c3a474');
    expect(encodeValue(Buffer.from([1, 0, 1])).toString('hex')).toBe('010001');
  });
});

test('CK_MECHANISM and CK_C_INITIALIZE_ARGS', () => {
  expect(encodeMechanism(3).toString('hex')).toBe(`0300000000000000${'00'.repeat(16)}`);
  expect(encodeInitializeArgs(2).toString('hex')).toBe(
    `${'00'.repeat(32)}0200000000000000${'00'.repeat(8)}`,
  );
});

describe('what a module tells', () => {
  const padded = (text: string, octets: number) => Buffer.from(text.padEnd(octets, ' '));
  const label = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);

  test('CK_TOKEN_INFO', () => {
    fc.assert(
      fc.property(label, fc.stringMatching(/^[0-9a-f]{1,16}$/), fc.nat(), (text, serial, flags) => {
        const info = Buffer.alloc(tokenInfoOctets);
        padded(text, 32).copy(info, 0);
        padded('SoftHSM project', 32).copy(info, 32);
        padded('SoftHSM v2', 16).copy(info, 64);
        padded(serial, 16).copy(info, 80);
        info.writeUInt32LE(flags, 96);
        expect(decodeTokenInfo(info)).toEqual({
          label: text,
          manufacturer: 'SoftHSM project',
          model: 'SoftHSM v2',
          serial,
          flags,
        });
      }),
    );
  });

  test('a label that ends with NUL', () => {
    const info = Buffer.alloc(tokenInfoOctets, 0x20);
    info.write('token\0rest', 0);
    expect(decodeTokenInfo(info).label).toBe('token');
  });

  test('any octets are read or refused, never past their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (octets) => {
        const bytes = Buffer.from(octets);
        for (const [decode, least] of [
          [decodeTokenInfo, tokenInfoOctets],
          [decodeMechanismInfo, mechanismInfoOctets],
        ] as const) {
          if (bytes.length < least) expect(() => decode(bytes)).toThrow(RangeError);
          else expect(decode(bytes)).toBeDefined();
        }
      }),
    );
  });
});

describe('CK_FUNCTION_LIST', () => {
  function list(version: readonly [number, number]): Buffer {
    const bytes = Buffer.alloc(functionListOctets);
    bytes.set(version);
    for (let at = 8; at < bytes.length; at += 8) bytes.writeBigUInt64LE(BigInt(at) << 40n, at);
    return bytes;
  }

  test.each([
    [2, 11],
    [2, 40],
    [3, 0],
  ] as const)('of version %d.%d: each function from its place', (major, minor) => {
    const functions = decodeFunctionList(list([major, minor]));
    // Places of pkcs11f.h, counted from C_Initialize.
    for (const [name, place] of [
      ['C_Initialize', 0],
      ['C_OpenSession', 12],
      ['C_Login', 18],
      ['C_FindObjects', 27],
      ['C_Decrypt', 34],
      ['C_Sign', 43],
      ['C_GenerateKeyPair', 59],
    ] as const)
      expect(functions.get(name)).toBe(BigInt(8 + place * 8) << 40n);
  });

  test('of another version, or without a function, is none', () => {
    expect(() => decodeFunctionList(list([1, 0]))).toThrow(
      expect.objectContaining({ code: 'keys.module', detail: 'it says that it is version 1.0' }),
    );
    const holed = list([2, 40]);
    holed.writeBigUInt64LE(0n, 8 + 43 * 8);
    expect(() => decodeFunctionList(holed)).toThrow(
      expect.objectContaining({ code: 'keys.module', detail: 'it has no C_Sign' }),
    );
    expect(() => decodeFunctionList(Buffer.alloc(100))).toThrow(RangeError);
  });
});
