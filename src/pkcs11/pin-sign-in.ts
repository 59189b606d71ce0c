import type { GatewayError } from '../errors/index.js';
import { tokenFlags } from './constants.js';
import type { CryptokiFunctions, SessionHandle } from './cryptoki.js';
import { Pkcs11Failure } from './return-value.js';
import type { TokenInfo } from './structure.js';
import { pinAlmostLocked, pinDoubted, pinMissing, pinRefused, unavailable } from './token-fault.js';
import type { TokenSettings } from './token.types.js';

/** Undefined where the token asks for it by itself or wants none. */
type Pin = string | undefined;

/**
 * C_Login with one PIN after the other, and what the token said to them: tokens lock themselves after a few
 * wrong ones. A PIN that was refused is never tried again, nor one that an answer of unclear meaning met;
 * where it was right before, that is tried once more.
 */
export class PinSignIn {
  readonly #settings: Pick<TokenSettings, 'name'>;
  #refused: { readonly pin: Pin; readonly fault: GatewayError } | undefined;
  /** Taken by the token since this process runs, and since then met by an answer of unclear meaning. */
  #accepted: { readonly pin: Pin; readonly doubt?: GatewayError } | undefined;

  constructor(settings: Pick<TokenSettings, 'name'>) {
    this.#settings = settings;
  }

  /** @throws GatewayError `keys.pin` for the one that was refused last */
  requireUnrefused(pin: Pin): void {
    if (this.#refused && this.#refused.pin === pin) throw this.#refused.fault;
  }

  /** True for the fault of a PIN that will be tried once more. */
  isDoubt(fault: unknown): boolean {
    return fault !== undefined && fault === this.#accepted?.doubt;
  }

  /**
   * One attempt. A token that counts says so in its flags, and its last attempt is not ours to take.
   * @throws GatewayError `keys.pin`, or `keys.unavailable` for a doubt; Pkcs11Failure for what the way to the token says
   */
  async attempt(
    cryptoki: Pick<CryptokiFunctions, 'login'>,
    session: SessionHandle,
    { flags }: Pick<TokenInfo, 'flags'>,
    pin: Pin,
  ): Promise<void> {
    if ((flags & tokenFlags.loginRequired) !== 0) {
      this.#requireWorthTrying(flags, pin);
      await this.#login(cryptoki, session, pin);
    }
    this.#accepted = { pin };
  }

  #requireWorthTrying(flags: number, pin: Pin): void {
    if (pin === undefined && (flags & tokenFlags.protectedAuthenticationPath) === 0)
      throw this.#refuse(pin, pinMissing(this.#settings));
    if ((flags & tokenFlags.userPinLocked) !== 0)
      throw pinRefused(this.#settings, new Pkcs11Failure('C_GetTokenInfo', pinLocked));
    if ((flags & tokenFlags.userPinFinalTry) !== 0) throw pinAlmostLocked(this.#settings);
  }

  async #login(
    cryptoki: Pick<CryptokiFunctions, 'login'>,
    session: SessionHandle,
    pin: Pin,
  ): Promise<void> {
    try {
      await cryptoki.login(session, pin);
    } catch (error) {
      if (!(error instanceof Pkcs11Failure)) throw error;
      if (error.returned === 'CKR_USER_ALREADY_LOGGED_IN') return;
      throw error.isAboutWay ? error : this.#refusedBy(error, pin);
    }
  }

  /** What does not name the way to the token counts as a refusal of the PIN: some modules have no other word for it. */
  #refusedBy(failure: Pkcs11Failure, pin: Pin): GatewayError {
    if (failure.isAboutPin) return this.#refuse(pin, pinRefused(this.#settings, failure));
    const known = this.#accepted;
    if (known === undefined || known.pin !== pin || known.doubt)
      return this.#refuse(pin, pinDoubted(this.#settings, failure));
    const doubt = unavailable(this.#settings, 'does not sign in', failure);
    this.#accepted = { pin, doubt };
    return doubt;
  }

  #refuse(pin: Pin, fault: GatewayError): GatewayError {
    this.#refused = { pin, fault };
    return fault;
  }
}

const pinLocked = 0xa4;
