import type { AuthType } from './auth-trailer.js';

/** One sign-in for one connection: the mechanism behind it, and how its tokens travel. */
export interface RpcSignIn {
  readonly authType: AuthType;
  /**
   * How a token after the first one is sent. `auth3` has no answer: a refusal shows with the first call.
   * `alter-context` has one, which carries the server's next token.
   */
  readonly laterTokens: 'auth3' | 'alter-context';
  /** The first token. */
  begin(): Promise<Buffer>;
  /**
   * @param token of the server
   * @throws GatewayError `rpc.sign-in-refused`, and those of the mechanism
   */
  proceed(token: Buffer): Promise<SignInStep>;
  /** Frees what the mechanism holds. */
  close(): void;
}

export interface SignInStep {
  /** To be sent; undefined when there is nothing left to say. */
  readonly token: Buffer | undefined;
  /** Undefined as long as the server has to answer first. */
  readonly protection: RpcProtection | undefined;
}

/**
 * Packet privacy: the stub is enciphered, header and trailer are signed with it (MS-RPCE §3.3.1.5.2.2).
 * Messages are counted, so each is sealed or opened once, in order.
 */
export interface RpcProtection {
  /** Octets of the signature for a stub of so many octets. */
  signatureOctets(stubOctets: number): number;
  seal(parts: PduParts): { readonly stub: Buffer; readonly signature: Buffer };
  /** Undefined, or a GatewayError of the mechanism, when anything was altered. */
  unseal(parts: PduParts & { readonly signature: Buffer }): Buffer | undefined;
}

interface PduParts {
  /** Everything in front of the stub. */
  readonly header: Buffer;
  /** With its padding. */
  readonly stub: Buffer;
  /** sec_trailer without the signature. */
  readonly trailer: Buffer;
}
