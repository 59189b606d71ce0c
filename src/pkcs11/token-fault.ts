/** What a failing token means for the gateway. */
import { GatewayError, messageOf } from '../errors/index.js';
import type { TokenInfo } from './structure.js';
import { Pkcs11Failure } from './return-value.js';
import type { TokenSettings } from './token.types.js';

type NamedToken = Pick<TokenSettings, 'name'>;

/** Seconds until devices come again: a token that was moved or restarted is back soon. */
const retryAfterSeconds = 10;

export function unavailable({ name }: NamedToken, what: string, cause?: unknown): GatewayError {
  return new GatewayError('keys.unavailable', `The token ${name} ${what}.`, {
    ...(cause !== undefined && { cause, detail: messageOf(cause) }),
    mend: 'See whether the device or the service behind its PKCS #11 module runs; `scep-gateway doctor` tells what answers.',
    retryAfterSeconds,
  });
}

/** Devices hear of it, too, while the gateway serves: what else the module shows is none of their business. */
export function tokenNotFound(
  settings: TokenSettings,
  present: readonly TokenInfo[],
): GatewayError {
  const { name, module, label, serial } = settings;
  const wanted = [
    ...(label === undefined ? [] : [`label ${JSON.stringify(label)}`]),
    ...(serial === undefined ? [] : [`serial ${JSON.stringify(serial)}`]),
  ].join(' and ');
  const others = present.map((info) => `${JSON.stringify(info.label)} (serial ${info.serial})`);
  const shown =
    others.length === 0
      ? 'no initialized token at all: is the device connected, and may the user of the gateway reach it?'
      : others.join(', ');
  return new GatewayError('keys.unavailable', `The token ${name} is not there.`, {
    detail: `${module} shows none with ${wanted}; it shows ${shown}`,
    mend: `Connect it, or correct tokens.${name}; the log and \`scep-gateway doctor\` say what is there instead.`,
    retryAfterSeconds,
  });
}

/** Several that fit: a wrong one would sign. */
export function tokenAmbiguous({ name, module }: TokenSettings): GatewayError {
  return new GatewayError('keys.token', `${module} shows several tokens that fit tokens.${name}.`, {
    mend: 'Name the one by its `serial`.',
  });
}

/** @throws never; the PIN itself stands nowhere */
export function pinRefused({ name }: NamedToken, failure?: Pkcs11Failure): GatewayError {
  const locked = failure?.returned === 'CKR_PIN_LOCKED';
  return new GatewayError(
    'keys.pin',
    locked ? `The PIN of the token ${name} is locked.` : `The token ${name} refuses the PIN.`,
    {
      ...(failure && { cause: failure, detail: failure.message }),
      mend: locked
        ? 'Unlock it with the means of its maker (as security officer), then correct the secret of `pin` before the next start.'
        : `Correct the secret that tokens.${name}.pin refers to. The gateway tried once and tries this PIN no more: tokens lock after a few attempts.`,
    },
  );
}

/** Modules have numbers of their own for a wrong PIN, and counters that go on with each attempt. */
export function pinDoubted({ name }: NamedToken, failure: Pkcs11Failure): GatewayError {
  return new GatewayError('keys.pin', `The token ${name} does not sign in, and may mean the PIN.`, {
    cause: failure,
    detail: failure.message,
    mend: `Check the secret that tokens.${name}.pin refers to, and the token itself. The gateway tries this PIN no more: correct it, or start the gateway again.`,
  });
}

export function pinAlmostLocked({ name }: NamedToken): GatewayError {
  return new GatewayError(
    'keys.pin',
    `The token ${name} has one attempt left before it locks the PIN.`,
    {
      mend: 'The gateway leaves that attempt to you: sign in with the right PIN by another tool (pkcs11-tool --login), which resets the count, and correct the secret of `pin`.',
    },
  );
}

export function pinMissing({ name }: NamedToken): GatewayError {
  return new GatewayError('keys.pin', `The token ${name} wants a PIN.`, {
    mend: `Set tokens.${name}.pin to a file, variable or credential that holds it.`,
  });
}

/** A failure that lasts: of the key or of the token, not of the hour. */
export function refusedByToken(
  { name }: NamedToken,
  doing: string,
  cause: Pkcs11Failure,
): GatewayError {
  return new GatewayError('keys.token', `The token ${name} cannot ${doing}.`, {
    cause,
    detail: cause.message,
    mend: 'Its makers say which mechanisms and keys it takes, and what its policy forbids.',
  });
}

/** Does `work` with a failure that lasts told as the refusal it is. */
export async function withRefusalTold<T>(
  token: NamedToken,
  doing: string,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof Pkcs11Failure ? refusedByToken(token, doing, error) : error;
  }
}
