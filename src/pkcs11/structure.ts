/**
 * C structures of PKCS #11 as octets, on systems where `unsigned long` and pointers have 64 bits: all but
 * Windows, where they are packed and CK_ULONG has 32.
 */
import { GatewayError } from '../errors/index.js';
import type { Address } from '../ffi/index.js';
import { attributeTypes } from './constants.js';

export const ulongOctets = 8;
export const attributeOctets = 24;
export const tokenInfoOctets = 208;
export const mechanismInfoOctets = 24;

/** CK_UNAVAILABLE_INFORMATION, (CK_ULONG)-1: an attribute that the token does not tell. */
const unavailable = 0xffffffffffffffffn;

export type AttributeName = keyof typeof attributeTypes;
type AttributeValue = boolean | number | string | Uint8Array;
/** Attributes in the order in which they are given to the token. */
export type Template = Readonly<Partial<Record<AttributeName, AttributeValue>>>;

/** CK_BBOOL, CK_ULONG, text without its end, or octets. */
export function encodeValue(value: AttributeValue): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  if (typeof value === 'number') return ulong(value);
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
}

/** An array of CK_ATTRIBUTE. @param place puts a value where the token reads it */
export function encodeTemplate(template: Template, place: (value: Buffer) => Address): Buffer {
  return encodeAttributes(
    templateEntries(template).map(([name, value]) => {
      const bytes = encodeValue(value);
      return { name, address: place(bytes), octets: bytes.length };
    }),
  );
}

export function templateLength(template: Template): number {
  return templateEntries(template).length;
}

function templateEntries(template: Template): (readonly [AttributeName, AttributeValue])[] {
  return attributeNames.flatMap((name) => {
    const value = template[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

const attributeNames = Object.keys(attributeTypes) as AttributeName[];

export interface AttributePlace {
  readonly name: AttributeName;
  /** 0n asks for the length alone. */
  readonly address: Address;
  readonly octets: number;
}

export function encodeAttributes(places: readonly AttributePlace[]): Buffer {
  const encoded = Buffer.alloc(places.length * attributeOctets);
  places.forEach(({ name, address, octets }, index) => {
    const at = index * attributeOctets;
    encoded.writeBigUInt64LE(BigInt(attributeTypes[name]), at);
    encoded.writeBigUInt64LE(address, at + 8);
    encoded.writeBigUInt64LE(BigInt(octets), at + 16);
  });
  return encoded;
}

/** ulValueLen of each CK_ATTRIBUTE; undefined where the token does not tell, or tells nonsense. */
export function attributeLengths(encoded: Buffer): (number | undefined)[] {
  return Array.from({ length: Math.floor(encoded.length / attributeOctets) }, (_, index) => {
    const octets = encoded.readBigUInt64LE(index * attributeOctets + 16);
    return octets === unavailable || octets > longestAttribute ? undefined : Number(octets);
  });
}

/** Octets; the modulus of RSA 16384 has 2048. */
const longestAttribute = 16384n;

/** CK_MECHANISM without a parameter. */
export function encodeMechanism(mechanism: number): Buffer {
  return Buffer.concat([ulong(mechanism), Buffer.alloc(16)]);
}

/** CK_C_INITIALIZE_ARGS that leaves locking to the system. */
export function encodeInitializeArgs(flags: number): Buffer {
  return Buffer.concat([Buffer.alloc(32), ulong(flags), Buffer.alloc(8)]);
}

export function ulong(value: number): Buffer {
  const encoded = Buffer.alloc(ulongOctets);
  encoded.writeBigUInt64LE(BigInt(value));
  return encoded;
}

export interface TokenInfo {
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly flags: number;
}

/** CK_TOKEN_INFO */
export function decodeTokenInfo(info: Buffer): TokenInfo {
  requireOctets(info, tokenInfoOctets);
  return {
    label: paddedText(info.subarray(0, 32)),
    manufacturer: paddedText(info.subarray(32, 64)),
    model: paddedText(info.subarray(64, 80)),
    serial: paddedText(info.subarray(80, 96)),
    flags: info.readUInt32LE(96),
  };
}

export interface MechanismInfo {
  /** Bits, for RSA. */
  readonly minKeySize: number;
  readonly maxKeySize: number;
  readonly flags: number;
}

/** CK_MECHANISM_INFO */
export function decodeMechanismInfo(info: Buffer): MechanismInfo {
  requireOctets(info, mechanismInfoOctets);
  return {
    minKeySize: info.readUInt32LE(0),
    maxKeySize: info.readUInt32LE(8),
    flags: info.readUInt32LE(16),
  };
}

/** Each a function of CK_FUNCTION_LIST and its place there; the version stands before them. */
const functionPlaces = {
  C_Initialize: 0,
  C_Finalize: 1,
  C_GetSlotList: 4,
  C_GetTokenInfo: 6,
  C_GetMechanismInfo: 8,
  C_OpenSession: 12,
  C_CloseSession: 13,
  C_Login: 18,
  C_CreateObject: 20,
  C_DestroyObject: 22,
  C_GetAttributeValue: 24,
  C_FindObjectsInit: 26,
  C_FindObjects: 27,
  C_FindObjectsFinal: 28,
  C_DecryptInit: 33,
  C_Decrypt: 34,
  C_SignInit: 42,
  C_Sign: 43,
  C_GenerateKeyPair: 59,
} as const;

export type FunctionName = keyof typeof functionPlaces;

/** Octets of CK_FUNCTION_LIST up to the last function we call. */
export const functionListOctets = 8 + (functionPlaces.C_GenerateKeyPair + 1) * 8;

/** @throws GatewayError `keys.module` for another major version than 2 or 3, or a function that is missing */
export function decodeFunctionList(list: Buffer): ReadonlyMap<FunctionName, Address> {
  requireOctets(list, functionListOctets);
  const [major = 0, minor = 0] = list;
  // Version 3 keeps the list of version 2 for C_GetFunctionList (v3.0, section 5.4.4).
  if (major !== 2 && major !== 3) throw noCryptoki(`it says that it is version ${major}.${minor}`);
  return new Map(
    (Object.keys(functionPlaces) as FunctionName[]).map((name) => {
      const address = list.readBigUInt64LE(8 + functionPlaces[name] * 8);
      if (address === 0n) throw noCryptoki(`it has no ${name}`);
      return [name, address];
    }),
  );
}

function noCryptoki(detail: string): GatewayError {
  return new GatewayError('keys.module', 'The library is no PKCS #11 module.', {
    detail,
    mend: 'Name the PKCS #11 module of the maker of the token.',
  });
}

function requireOctets(structure: Buffer, octets: number): void {
  if (structure.length < octets) throw new RangeError(`structure of ${structure.length} octets`);
}

/** Blank-padded and without an end; some tokens end it all the same. */
function paddedText(field: Buffer): string {
  return field.toString('utf8').replace(/\0.*$/s, '').trimEnd();
}
