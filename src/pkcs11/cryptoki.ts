/** The functions of a PKCS #11 module, with values for structures and failures for return values. */
import { GatewayError } from '../errors/index.js';
import { Arena, loadFfi, type Address, type Ffi, type NativeFunction } from '../ffi/index.js';
import { normalUser, osLockingOk, sessionFlags } from './constants.js';
import { Pkcs11Failure } from './return-value.js';
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
  functionListOctets,
  mechanismInfoOctets,
  templateLength,
  tokenInfoOctets,
  ulong,
  ulongOctets,
  type AttributeName,
  type FunctionName,
  type MechanismInfo,
  type Template,
  type TokenInfo,
} from './structure.js';

/** Handles of 64 bits: some modules use addresses. */
export type Slot = bigint;
export type SessionHandle = bigint;
export type ObjectHandle = bigint;

const parameters = {
  C_Initialize: ['p'],
  C_Finalize: ['p'],
  C_GetSlotList: ['i', 'p', 'p'],
  C_GetTokenInfo: ['l', 'p'],
  C_GetMechanismInfo: ['l', 'l', 'p'],
  C_OpenSession: ['l', 'l', 'p', 'p', 'p'],
  C_CloseSession: ['l'],
  C_Login: ['l', 'l', 'p', 'l'],
  C_CreateObject: ['l', 'p', 'l', 'p'],
  C_DestroyObject: ['l', 'l'],
  C_GetAttributeValue: ['l', 'l', 'p', 'l'],
  C_FindObjectsInit: ['l', 'p', 'l'],
  C_FindObjects: ['l', 'p', 'l', 'p'],
  C_FindObjectsFinal: ['l'],
  C_DecryptInit: ['l', 'p', 'l'],
  C_Decrypt: ['l', 'p', 'l', 'p', 'p'],
  C_SignInit: ['l', 'p', 'l'],
  C_Sign: ['l', 'p', 'l', 'p', 'p'],
  C_GenerateKeyPair: ['l', 'p', 'p', 'l', 'p', 'l', 'p', 'p'],
} as const satisfies Record<FunctionName, readonly ('p' | 'l' | 'i')[]>;

const mostSlots = 256;

function noModule(file: string, { message }: Pkcs11Failure): GatewayError {
  return new GatewayError('keys.module', `The PKCS #11 module ${file} cannot be used.`, {
    detail: message,
    mend: 'Look at its configuration file and its log.',
  });
}

/**
 * Every method rejects with a Pkcs11Failure for whatever is not CKR_OK. All run on threads of node's pool:
 * a token across a network may take its time. Memory is freed when the call has returned, not before.
 */
export class Cryptoki {
  readonly #ffi: Ffi;
  readonly #functions: ReadonlyMap<FunctionName, NativeFunction>;

  private constructor(ffi: Ffi, functions: ReadonlyMap<FunctionName, NativeFunction>) {
    this.#ffi = ffi;
    this.#functions = functions;
  }

  /** Loads the module and calls nothing of it but C_GetFunctionList. @throws GatewayError `keys.module` */
  static async load(file: string): Promise<Cryptoki> {
    if (process.platform === 'win32') {
      throw new GatewayError('keys.module', 'Keys in PKCS #11 tokens need Linux or macOS.', {
        mend: 'Remove `tokens` from the configuration, or run the gateway there.',
      });
    }
    const ffi = await loadFfi({
      file,
      code: 'keys.module',
      subject: 'PKCS #11',
      mends: {
        notLoaded:
          'Check `module`: the path of the PKCS #11 library of the token, for this processor, readable for the user of the gateway.',
        tooOld: 'Name the PKCS #11 module of the maker of the token.',
      },
    });
    const arena = new Arena(ffi);
    try {
      const list = arena.room(8);
      const value = ffi.nativeFunction('C_GetFunctionList', ['p']).now(list);
      if (value !== 0) throw noModule(file, new Pkcs11Failure('C_GetFunctionList', value));
      const places = decodeFunctionList(ffi.read(arena.pointerAt(list), functionListOctets));
      return new Cryptoki(
        ffi,
        new Map(
          [...places].map(([name, address]) => [name, ffi.functionAt(address, parameters[name])]),
        ),
      );
    } finally {
      arena.free();
    }
  }

  initialize(): Promise<void> {
    return this.#with((arena) =>
      this.#call('C_Initialize', arena.bytes(encodeInitializeArgs(osLockingOk))),
    );
  }

  finalize(): Promise<void> {
    return this.#call('C_Finalize', 0n);
  }

  /** With a token in it. */
  slots(): Promise<Slot[]> {
    return this.#with(async (arena) => {
      const list = arena.room(mostSlots * ulongOctets);
      const count = arena.bytes(ulong(mostSlots));
      await this.#call('C_GetSlotList', 1, list, count);
      return handles(arena.read(list, boundedAt(arena, count, mostSlots) * ulongOctets));
    });
  }

  tokenInfo(slot: Slot): Promise<TokenInfo> {
    return this.#with(async (arena) => {
      const info = arena.room(tokenInfoOctets);
      await this.#call('C_GetTokenInfo', slot, info);
      return decodeTokenInfo(arena.read(info, tokenInfoOctets));
    });
  }

  /** Undefined where the token does not have it. */
  mechanism(slot: Slot, mechanism: number): Promise<MechanismInfo | undefined> {
    return this.#with(async (arena) => {
      const info = arena.room(mechanismInfoOctets);
      try {
        await this.#call('C_GetMechanismInfo', slot, mechanism, info);
      } catch (error) {
        if (error instanceof Pkcs11Failure && error.returned === 'CKR_MECHANISM_INVALID')
          return undefined;
        throw error;
      }
      return decodeMechanismInfo(arena.read(info, mechanismInfoOctets));
    });
  }

  openSession(slot: Slot, writing: boolean): Promise<SessionHandle> {
    return this.#with(async (arena) => {
      const session = arena.room(ulongOctets);
      const flags = sessionFlags.serial | (writing ? sessionFlags.readWrite : 0);
      await this.#call('C_OpenSession', slot, flags, 0n, 0n, session);
      return arena.pointerAt(session);
    });
  }

  closeSession(session: SessionHandle): Promise<void> {
    return this.#call('C_CloseSession', session);
  }

  /** Without a PIN, the token asks for it by itself (CKF_PROTECTED_AUTHENTICATION_PATH). */
  login(session: SessionHandle, pin: string | undefined): Promise<void> {
    return this.#with(async (arena) => {
      const bytes = Buffer.from(pin ?? '', 'utf8');
      const address = pin === undefined ? 0n : arena.bytes(bytes);
      await this.#call('C_Login', session, normalUser, address, bytes.length);
    });
  }

  findObjects(session: SessionHandle, template: Template, most: number): Promise<ObjectHandle[]> {
    return this.#with(async (arena) => {
      const [attributes, length] = placeTemplate(arena, template);
      await this.#call('C_FindObjectsInit', session, attributes, length);
      const found = arena.room(most * ulongOctets);
      const count = arena.room(ulongOctets);
      await this.#call('C_FindObjects', session, found, most, count);
      await this.#call('C_FindObjectsFinal', session);
      return handles(arena.read(found, boundedAt(arena, count, most) * ulongOctets));
    });
  }

  /** Undefined for those that the token does not tell. */
  async attributes<Name extends AttributeName>(
    session: SessionHandle,
    object: ObjectHandle,
    names: readonly Name[],
  ): Promise<Partial<Record<Name, Buffer>>> {
    const told: Partial<Record<Name, Buffer>> = {};
    // One by one: a token that refuses one of several may leave the others out.
    for (const name of names) {
      const value = await this.#attribute(session, object, name);
      if (value !== undefined) told[name] = value;
    }
    return told;
  }

  #attribute(
    session: SessionHandle,
    object: ObjectHandle,
    name: AttributeName,
  ): Promise<Buffer | undefined> {
    return this.#with(async (arena) => {
      const octets = await this.#readAttribute(arena, [session, object], {
        name,
        address: 0n,
        octets: 0,
      });
      if (octets === undefined) return undefined;
      const place = { name, address: arena.room(octets), octets };
      const told = await this.#readAttribute(arena, [session, object], place);
      return told === undefined || told > octets ? undefined : arena.read(place.address, told);
    });
  }

  /** @returns how long the value is */
  async #readAttribute(
    arena: Arena,
    [session, object]: readonly [SessionHandle, ObjectHandle],
    place: Parameters<typeof encodeAttributes>[0][number],
  ): Promise<number | undefined> {
    const attribute = arena.bytes(encodeAttributes([place]));
    try {
      await this.#call('C_GetAttributeValue', session, object, attribute, 1);
    } catch (error) {
      if (error instanceof Pkcs11Failure && untold.has(error.returned)) return undefined;
      throw error;
    }
    return attributeLengths(arena.read(attribute, attributeOctets))[0];
  }

  sign(session: SessionHandle, key: ObjectHandle, operation: Operation): Promise<Buffer> {
    return this.#operate('C_SignInit', 'C_Sign', session, key, operation);
  }

  decrypt(session: SessionHandle, key: ObjectHandle, operation: Operation): Promise<Buffer> {
    return this.#operate('C_DecryptInit', 'C_Decrypt', session, key, operation);
  }

  #operate(
    begin: 'C_SignInit' | 'C_DecryptInit',
    end: 'C_Sign' | 'C_Decrypt',
    session: SessionHandle,
    key: ObjectHandle,
    { mechanism, input, mostOctets }: Operation,
  ): Promise<Buffer> {
    return this.#with(async (arena) => {
      await this.#call(begin, session, arena.bytes(encodeMechanism(mechanism)), key);
      const output = arena.room(mostOctets);
      const octets = arena.bytes(ulong(mostOctets));
      await this.#call(end, session, arena.bytes(input), input.length, output, octets);
      return arena.read(output, boundedAt(arena, octets, mostOctets));
    });
  }

  generateKeyPair(
    session: SessionHandle,
    mechanism: number,
    templates: { readonly public: Template; readonly private: Template },
  ): Promise<void> {
    return this.#with(async (arena) => {
      await this.#call(
        'C_GenerateKeyPair',
        session,
        arena.bytes(encodeMechanism(mechanism)),
        ...placeTemplate(arena, templates.public),
        ...placeTemplate(arena, templates.private),
        arena.room(ulongOctets),
        arena.room(ulongOctets),
      );
    });
  }

  createObject(session: SessionHandle, template: Template): Promise<void> {
    return this.#with(async (arena) => {
      const object = arena.room(ulongOctets);
      await this.#call('C_CreateObject', session, ...placeTemplate(arena, template), object);
    });
  }

  destroyObject(session: SessionHandle, object: ObjectHandle): Promise<void> {
    return this.#call('C_DestroyObject', session, object);
  }

  async #with<T>(use: (arena: Arena) => Promise<T>): Promise<T> {
    const arena = new Arena(this.#ffi);
    try {
      return await use(arena);
    } finally {
      // PINs, imported keys and opened messages stood there.
      arena.wipe();
    }
  }

  async #call(name: FunctionName, ...values: readonly (Address | number)[]): Promise<void> {
    const value = await this.#functions.get(name)?.later(...values);
    if (value !== 0) throw new Pkcs11Failure(name, value ?? generalError);
  }
}

/** As Token needs it; tests play it. */
export type CryptokiFunctions = Pick<Cryptoki, keyof Cryptoki>;

export interface Operation {
  /** CKM_… */
  readonly mechanism: number;
  readonly input: Uint8Array;
  /** Room for the result, octets. */
  readonly mostOctets: number;
}

const generalError = 5;

const untold: ReadonlySet<unknown> = new Set([
  'CKR_ATTRIBUTE_SENSITIVE',
  'CKR_ATTRIBUTE_TYPE_INVALID',
]);

function placeTemplate(arena: Arena, template: Template): [Address, number] {
  const encoded = encodeTemplate(template, (value) => arena.bytes(value));
  return [arena.bytes(encoded), templateLength(template)];
}

/** A length or count that the module wrote: never more than there is room for. */
function boundedAt(arena: Arena, address: Address, most: number): number {
  const value = arena.pointerAt(address);
  if (value > BigInt(most)) throw new Pkcs11Failure('A length out of bounds', generalError);
  return Number(value);
}

function handles(octets: Buffer): bigint[] {
  return Array.from({ length: octets.length / ulongOctets }, (_, index) =>
    octets.readBigUInt64LE(index * ulongOctets),
  );
}
