/**
 * Proof-carrying issuance: `Issuer.submit` demands an Authorization, and only the authorizers of
 * `src/enrollment` can make one (`authorization-mint.ts`, fenced by the architecture rules). No message
 * type, path or header reaches a CA without it.
 */
export type AuthorizationGround =
  | ({
      readonly by: 'challenge';
      readonly challengeId: string;
      readonly account: string | undefined;
    } & Attested)
  /** What it attests stands in the renewed certificate. */
  | ({ readonly by: 'renewal'; readonly certificateSerial: string } & Attested)
  /** What was attested before somebody approved. */
  | ({ readonly by: 'approval'; readonly approver: string } & Attested)
  /** A profile that says in so many words that no challenge is asked for. */
  | { readonly by: 'open-profile'; readonly profile: string };

/** What somebody other than the device vouched for. */
export interface Attested {
  /** Windows SID, `S-1-5-21-…`. */
  readonly sid?: string | undefined;
  /** As `subjectAltNameText` writes them: `dns:host`. */
  readonly san?: readonly string[] | undefined;
}

export function attestedBy(ground: AuthorizationGround): Attested {
  if (ground.by === 'open-profile') return {};
  const { sid, san } = ground;
  return { ...(sid !== undefined && { sid }), ...(san && { san }) };
}

export class Authorization {
  readonly #genuine = true;

  /** Only `authorization-mint.ts` calls this; the key proves it. */
  constructor(
    mint: typeof authorizationMint,
    /** The enrollment transaction it is good for. */
    readonly transaction: string,
    /** KeyId of the CSR's public key it is good for. */
    readonly keyId: string,
    readonly ground: AuthorizationGround,
  ) {
    if (mint !== authorizationMint)
      throw new TypeError('an Authorization is made by an authorizer');
    Object.freeze(this);
  }

  /** True for an object this constructor made; a look-alike from outside fails. */
  static isGenuine(value: unknown): value is Authorization {
    return typeof value === 'object' && value !== null && #genuine in value && value.#genuine;
  }
}

export const authorizationMint: unique symbol = Symbol('authorization mint');
