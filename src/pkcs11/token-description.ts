import { mechanismFlags, mechanisms } from './constants.js';
import { withRefusalTold } from './token-fault.js';
import type { Token } from './token.js';

/** What a token says of itself, for people and for what they want of it. */
export interface TokenDescription {
  readonly label: string;
  readonly serial: string;
  /** Maker and model. */
  readonly maker: string;
  /** CKM_RSA_PKCS */
  readonly signs: boolean;
  /** CKM_RSA_X_509 */
  readonly opens: boolean;
  /** Largest RSA key it makes, bits; 0 where keys come from its maker's tools. */
  readonly makesBits: number;
}

/** @throws GatewayError `keys.*` */
export function describeToken(token: Token): Promise<TokenDescription> {
  const reading = token.run(async ({ cryptoki, slot }) => {
    const { label, serial, manufacturer, model } = await cryptoki.tokenInfo(slot);
    const able = async (mechanism: number, flag: number) => {
      const found = await cryptoki.mechanism(slot, mechanism);
      return found && (found.flags & flag) !== 0 ? found : undefined;
    };
    const { rsaPkcs, rsaX509, rsaKeyPairGeneration } = mechanisms;
    const makes = await able(rsaKeyPairGeneration, mechanismFlags.generateKeyPair);
    return {
      label,
      serial,
      maker: [manufacturer, model].filter((text) => text !== '').join(' '),
      signs: (await able(rsaPkcs, mechanismFlags.sign)) !== undefined,
      opens: (await able(rsaX509, mechanismFlags.decrypt)) !== undefined,
      makesBits: makes?.maxKeySize ?? 0,
    };
  });
  return withRefusalTold(token, 'tell what it is', reading);
}
