/** Kerberos in SPNEGO (RFC 4178, RFC 4559) by MIT's library, for both sides of a sign-in. */

export type KerberosCredentials =
  | {
      readonly kind: 'keytab';
      /** Path of the file. */
      readonly keytab: string;
      /** `svc-scep@CORP.EXAMPLE`; the realm may be left out where krb5.conf has a default. */
      readonly principal: string;
    }
  | {
      /** Tickets that another program keeps fresh, such as `k5start`. */
      readonly kind: 'ccache';
      /** `FILE:/run/scep-gateway/krb5cc`, or a path. */
      readonly ccache: string;
    };

export interface KerberosTarget {
  /** Service principal, `HTTP/ca1.corp.example`; without a realm it is the one krb5.conf gives the host. */
  readonly spn: string;
  /**
   * Application data of the channel binding (RFC 5929): `tls-server-end-point:` and the hash of the
   * server's certificate; undefined where there is no TLS.
   */
  readonly channelBinding: Buffer | undefined;
  /** Default `spnego`. */
  readonly mechanism?: 'spnego' | 'krb5';
  /** Three legs, as DCE/RPC wants them (MS-RPCE 2.2.1.1.7). */
  readonly dceStyle?: boolean;
}

/** One side of one security context. */
export interface KerberosInitiator {
  /**
   * The next token for the acceptor; the first call has none of its tokens. Undefined when the context
   * stands and there is nothing left to send.
   * @throws GatewayError `kerberos.refused`, `kerberos.credentials`, `kerberos.unavailable`
   */
  step(token: Buffer | undefined): Promise<Buffer | undefined>;
  /** True when both sides have proven who they are. */
  readonly established: boolean;
  /**
   * Of an established context.
   * @throws RangeError when it does not stand yet
   */
  readonly protection: MessageProtection;
  /** Frees the context, after a call that is under way. */
  close(): void;
}

/** Signs and seals what travels between the two. Sequence numbers are counted: in order, each once. */
export interface MessageProtection {
  /** RFC 4121 §4.2.4, encrypted. */
  wrap(message: Buffer): Buffer;
  /** @throws GatewayError `kerberos.refused` when it was altered, repeated or not encrypted */
  unwrap(message: Buffer): Buffer;
  /** Octets of the signature that `sealPdu` makes for a stub of so many octets. */
  signatureLength(stubLength: number): number;
  /** Encrypts the stub, and signs header and trailer with it (MS-RPCE 2.2.2.11, header signing). */
  sealPdu(pdu: PduParts): { readonly stub: Buffer; readonly signature: Buffer };
  /** @throws GatewayError `kerberos.refused` when anything was altered */
  unsealPdu(pdu: PduParts & { readonly signature: Buffer }): Buffer;
}

export interface PduParts {
  /** All before the stub. */
  readonly header: Buffer;
  /** With its padding. */
  readonly stub: Buffer;
  /** The `sec_trailer`, without the signature. */
  readonly trailer: Buffer;
}

export interface KerberosInitiators {
  create(target: KerberosTarget): KerberosInitiator;
  /** Frees the credentials; contexts live on. */
  close(): void;
}

/** `required`: a client without a binding is refused (IIS: Extended Protection = Require). */
export type ChannelBindingPolicy = 'off' | 'when-sent' | 'required';

export interface KerberosAcceptor {
  /** Takes the next token of the initiator. Never throws for what a client sends. */
  step(token: Buffer): AcceptOutcome;
  close(): void;
}

export type AcceptOutcome =
  | { readonly kind: 'continue'; readonly token: Buffer }
  | {
      readonly kind: 'accepted';
      /** Proves the acceptor to the initiator; empty when there is nothing to send. */
      readonly token: Buffer;
      /** `mdm@CORP.EXAMPLE` */
      readonly principal: string;
      readonly channelBound: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly why: 'channel-binding' | 'replay' | 'clock' | 'key' | 'token';
      /** For the log and the audit trail. */
      readonly reason: string;
    };

export interface KerberosAcceptors {
  /** Whose tickets can be judged, `HTTP/gateway.corp.example@CORP.EXAMPLE`. */
  readonly principals: readonly string[];
  /** @param binding what the channel is bound to, and what a client without it gets */
  create(binding: {
    readonly policy: ChannelBindingPolicy;
    readonly data: Buffer | undefined;
  }): KerberosAcceptor;
  close(): void;
}

export interface Kerberos {
  /** Reads nothing yet: the first `step` does. */
  initiators(
    credentials: KerberosCredentials,
    limits?: Partial<KerberosLimits>,
  ): KerberosInitiators;
  /**
   * @param keytab path of the file; any principal in it may be asked for
   * @throws GatewayError `kerberos.credentials` when there is no usable key in it
   */
  acceptors(keytab: string): Promise<KerberosAcceptors>;
}

export interface KerberosLimits {
  /** For one `step` of an initiator, waiting included: the library itself is patient. Default 15 000. */
  readonly stepMillis: number;
}
