/** CKR_…: what functions of PKCS #11 return (v2.40, section 11.1). */

const names = {
  0x000: 'CKR_OK',
  0x001: 'CKR_CANCEL',
  0x002: 'CKR_HOST_MEMORY',
  0x003: 'CKR_SLOT_ID_INVALID',
  0x005: 'CKR_GENERAL_ERROR',
  0x006: 'CKR_FUNCTION_FAILED',
  0x007: 'CKR_ARGUMENTS_BAD',
  0x00a: 'CKR_CANT_LOCK',
  0x010: 'CKR_ATTRIBUTE_READ_ONLY',
  0x011: 'CKR_ATTRIBUTE_SENSITIVE',
  0x012: 'CKR_ATTRIBUTE_TYPE_INVALID',
  0x013: 'CKR_ATTRIBUTE_VALUE_INVALID',
  0x01b: 'CKR_ACTION_PROHIBITED',
  0x020: 'CKR_DATA_INVALID',
  0x021: 'CKR_DATA_LEN_RANGE',
  0x030: 'CKR_DEVICE_ERROR',
  0x031: 'CKR_DEVICE_MEMORY',
  0x032: 'CKR_DEVICE_REMOVED',
  0x040: 'CKR_ENCRYPTED_DATA_INVALID',
  0x041: 'CKR_ENCRYPTED_DATA_LEN_RANGE',
  0x050: 'CKR_FUNCTION_CANCELED',
  0x054: 'CKR_FUNCTION_NOT_SUPPORTED',
  0x060: 'CKR_KEY_HANDLE_INVALID',
  0x062: 'CKR_KEY_SIZE_RANGE',
  0x063: 'CKR_KEY_TYPE_INCONSISTENT',
  0x068: 'CKR_KEY_FUNCTION_NOT_PERMITTED',
  0x070: 'CKR_MECHANISM_INVALID',
  0x071: 'CKR_MECHANISM_PARAM_INVALID',
  0x082: 'CKR_OBJECT_HANDLE_INVALID',
  0x090: 'CKR_OPERATION_ACTIVE',
  0x091: 'CKR_OPERATION_NOT_INITIALIZED',
  0x0a0: 'CKR_PIN_INCORRECT',
  0x0a1: 'CKR_PIN_INVALID',
  0x0a2: 'CKR_PIN_LEN_RANGE',
  0x0a3: 'CKR_PIN_EXPIRED',
  0x0a4: 'CKR_PIN_LOCKED',
  0x0b0: 'CKR_SESSION_CLOSED',
  0x0b1: 'CKR_SESSION_COUNT',
  0x0b3: 'CKR_SESSION_HANDLE_INVALID',
  0x0b5: 'CKR_SESSION_READ_ONLY',
  0x0d0: 'CKR_TEMPLATE_INCOMPLETE',
  0x0d1: 'CKR_TEMPLATE_INCONSISTENT',
  0x0e0: 'CKR_TOKEN_NOT_PRESENT',
  0x0e1: 'CKR_TOKEN_NOT_RECOGNIZED',
  0x0e2: 'CKR_TOKEN_WRITE_PROTECTED',
  0x100: 'CKR_USER_ALREADY_LOGGED_IN',
  0x101: 'CKR_USER_NOT_LOGGED_IN',
  0x102: 'CKR_USER_PIN_NOT_INITIALIZED',
  0x103: 'CKR_USER_TYPE_INVALID',
  0x104: 'CKR_USER_ANOTHER_ALREADY_LOGGED_IN',
  0x105: 'CKR_USER_TOO_MANY_TYPES',
  0x150: 'CKR_BUFFER_TOO_SMALL',
  0x190: 'CKR_CRYPTOKI_NOT_INITIALIZED',
  0x191: 'CKR_CRYPTOKI_ALREADY_INITIALIZED',
  0x200: 'CKR_FUNCTION_REJECTED',
} as const;

export type ReturnValueName = (typeof names)[keyof typeof names];

const namesByValue: ReadonlyMap<number, ReturnValueName> = new Map(
  Object.entries(names).map(([value, name]) => [Number(value), name]),
);

/** Answers to what was asked: the same question would get them again. */
const lasting: ReadonlySet<ReturnValueName | undefined> = new Set([
  'CKR_ARGUMENTS_BAD',
  'CKR_CANT_LOCK',
  'CKR_ATTRIBUTE_READ_ONLY',
  'CKR_ATTRIBUTE_SENSITIVE',
  'CKR_ATTRIBUTE_TYPE_INVALID',
  'CKR_ATTRIBUTE_VALUE_INVALID',
  'CKR_ACTION_PROHIBITED',
  'CKR_DATA_INVALID',
  'CKR_DATA_LEN_RANGE',
  'CKR_DEVICE_MEMORY',
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
  'CKR_FUNCTION_NOT_SUPPORTED',
  'CKR_KEY_SIZE_RANGE',
  'CKR_KEY_TYPE_INCONSISTENT',
  'CKR_KEY_FUNCTION_NOT_PERMITTED',
  'CKR_MECHANISM_INVALID',
  'CKR_MECHANISM_PARAM_INVALID',
  'CKR_SESSION_READ_ONLY',
  'CKR_TEMPLATE_INCOMPLETE',
  'CKR_TEMPLATE_INCONSISTENT',
  'CKR_TOKEN_WRITE_PROTECTED',
  'CKR_BUFFER_TOO_SMALL',
  'CKR_FUNCTION_REJECTED',
]);

const aboutPin: ReadonlySet<ReturnValueName | undefined> = new Set([
  'CKR_PIN_INCORRECT',
  'CKR_PIN_INVALID',
  'CKR_PIN_LEN_RANGE',
  'CKR_PIN_EXPIRED',
  'CKR_PIN_LOCKED',
  'CKR_USER_PIN_NOT_INITIALIZED',
]);

/** To C_Login: these name the way to the token, nothing else leaves the PIN out of it for sure. */
const aboutWay: ReadonlySet<ReturnValueName | undefined> = new Set([
  'CKR_HOST_MEMORY',
  'CKR_DEVICE_REMOVED',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
]);

/** A function that did not return CKR_OK. Stays inside the process: callers outside see a GatewayError. */
export class Pkcs11Failure extends Error {
  override readonly name = 'Pkcs11Failure';
  /** Undefined for a number the standard does not have. */
  readonly returned: ReturnValueName | undefined;

  constructor(
    /** `C_Sign` */
    readonly called: string,
    readonly value: number,
  ) {
    const returned = namesByValue.get(value);
    super(`${called} returned ${returned ?? `0x${value.toString(16).padStart(8, '0')}`}`);
    this.returned = returned;
  }

  /** The token does not take this PIN: trying again counts against it. */
  get isAboutPin(): boolean {
    return aboutPin.has(this.returned);
  }

  /** The token was not reached: no PIN was looked at. */
  get isAboutWay(): boolean {
    return aboutWay.has(this.returned);
  }

  /**
   * A new session or login may help: the token was away, the session or the login is lost. Vendors return
   * numbers of their own and CKR_GENERAL_ERROR for that as well.
   */
  get isPassing(): boolean {
    return !this.isAboutPin && !lasting.has(this.returned);
  }
}
