/** Where the private keys of an issuer are, and where its next ones go. */
import { GatewayError } from '../errors/index.js';
import { isRaKeyName, viewAuthority } from '../issuer/index.js';
import { PlacedKeyStore, type KeyPlace, type SealedKeyStore } from '../keys/index.js';
import type { Token, Tokens } from '../pkcs11/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';

/** Names under `tokens`; none for sealed keys. */
export interface IssuerTokens {
  readonly keyToken?: string | undefined;
  readonly raKeyToken?: string | undefined;
  /** True when devices encrypt to the CA's own key. */
  readonly caOpens: boolean;
}

export function issuerKeys(
  sealed: SealedKeyStore,
  { byName }: Pick<Tokens, 'byName'>,
  { keyToken, raKeyToken, caOpens }: IssuerTokens,
): PlacedKeyStore {
  const place = (name: string | undefined, opens: boolean): KeyPlace => ({
    token: name === undefined ? undefined : requireToken(byName, name),
    usage: opens ? 'sign-and-decrypt' : 'sign',
  });
  const ca = place(keyToken, caOpens);
  const ra = place(raKeyToken, true);
  return new PlacedKeyStore(sealed, byName, (name) => (isRaKeyName(name) ? ra : ca));
}

/** The configuration was checked: what it names is there. */
export function requireToken(byName: Tokens['byName'], name: string): Token {
  const token = byName.get(name);
  if (token) return token;
  throw new GatewayError('internal', `The token ${name} is not open.`);
}

/** Tells of keys in force that are not where the configuration wants new ones. */
export async function tellOfPlaces(
  name: string,
  { keyToken, raKeyToken }: Omit<IssuerTokens, 'caOpens'>,
  { data, notices }: Pick<AuthorityDependencies, 'data' | 'notices'>,
): Promise<void> {
  const view = await viewAuthority(data.settings, name);
  for (const key of view?.keys ?? []) {
    const token = isRaKeyName(key) ? raKeyToken : keyToken;
    if (token === undefined || (await data.keys.read(key)).kind === 'token') continue;
    notices.post(name, {
      severity: 'warning',
      code: 'keys.place',
      text: `The key ${key} is a sealed one of before, and not in the token ${token}: only new keys go there. An RA gets one at its renewal, a CA by a rollover (scep-gateway ca rollover --help)`,
    });
  }
}
