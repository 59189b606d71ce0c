import type { Certificate } from '../../x509/index.js';
import type { RaStatus } from '../ra-keeper.js';
import { readAuthorityRecord } from './authority-record.js';
import { storedCrlEnd } from './crl-publisher.js';
import type { AuthorityState } from './local-authority.types.js';
import { raStatusOf } from './ra-request.js';
import { stateKeyOf } from './state-key.js';

/** What an authority remembers, for who only looks: nothing is made, renewed or written. */
export interface AuthorityView {
  /** Issuing CA first, root last. In front of a CA that is not ours: hidden, and of no meaning. */
  readonly chain: readonly Certificate[];
  readonly ra: RaStatus;
  /** nextUpdate of the CRL of the issuing CA; undefined while there was none. */
  readonly crlEnd: Date | undefined;
  /** Names in the key store of the keys in force. */
  readonly keys: readonly string[];
}

/** Undefined before the first start of this issuer. @throws GatewayError `store.schema` */
export async function viewAuthority(
  state: Pick<AuthorityState, 'get'>,
  name: string,
): Promise<AuthorityView | undefined> {
  const text = await state.get(stateKeyOf(name));
  if (text === undefined) return undefined;
  const record = readAuthorityRecord(text);
  const { ca, above, number, ra } = record.current;
  const crl = await state.get(`${stateKeyOf(name)}.crl.ca.${number}`);
  return {
    chain: [ca.certificate, ...above],
    ra: raStatusOf(record),
    crlEnd: crl === undefined ? undefined : storedCrlEnd(crl),
    keys: [...new Set([ca.key, ra.signing.key, ra.encryption.key])],
  };
}
