/** What the HTTP face needs from the house; the composition root supplies it. */
import type {
  AllowLists,
  Authenticator,
  CertificateGate,
  ClientAddressResolver,
  RateLimits,
  SignInBrake,
} from '../access/index.js';
import type { Challenges, ChallengeSource } from '../challenge/index.js';
import type { ScepServer } from '../scep/index.js';
import type { Log, Metrics } from '../telemetry/index.js';
import type { Certificate } from '../x509/index.js';
import type { OperationGate } from './operation-gate.js';

export interface HttpDeps {
  readonly scep: ScepServer;
  readonly challenges: Challenges;
  readonly profiles: readonly HttpProfile[];
  /** Answers at addresses that name no profile: `/cgi-bin/pkiclient.exe`, the admin page, the API. */
  readonly defaultProfile: string | undefined;
  readonly limits: {
    /** Largest pkiMessage, octets. */
    readonly messageBytes: number;
    /** Messages on their way in at once; default 1024. */
    readonly sendersAtOnce?: number;
  };
  /** Lets PKIOperations in. */
  readonly operations: OperationGate;
  /** For listeners that have none of their own. */
  readonly clientAddress: ClientAddressResolver;
  readonly allowLists: AllowLists;
  readonly certificateGate: CertificateGate;
  readonly rateLimits: RateLimits;
  readonly signInBrake: SignInBrake;
  readonly authenticators: {
    /** For the admin page: what MDMs that scrape it understand. */
    readonly page: readonly Authenticator[];
    readonly api: readonly Authenticator[];
  };
  readonly decisions: Decisions;
  readonly publications: Publications;
  readonly metrics: Pick<Metrics, 'answered' | 'denied' | 'expose'>;
  /** Told whom a limit of this room turned away. */
  readonly turnedAway: (limit: string, caller: string) => void;
  /** Whether a certificate could be issued now, check by check. */
  readonly readiness: () => Promise<
    readonly { readonly name: string; readonly fault: string | undefined }[]
  >;
  /** How the gateway is reached from outside, without a final slash; links are relative without it. */
  readonly publicUrl: string | undefined;
  readonly log: Log;
  /** Resolves when the record is durable; a challenge leaves only after its record. */
  readonly audit: (record: HttpAuditRecord) => Promise<void>;
  readonly newCorrelationId: () => string;
  readonly clock: () => Date;
}

export interface HttpProfile {
  readonly name: string;
  /** URL paths as configured. */
  readonly paths: readonly string[];
  readonly challenges: {
    readonly dynamic: boolean;
    /** NDES UseSinglePassword. */
    readonly single: boolean;
    /** NDES EnforcePassword = 0: anyone may enroll. */
    readonly none: boolean;
    /** Octets of a challenge. */
    readonly length: number;
    readonly validityMinutes: number;
    /** Open challenges one account may hold here (NDES PasswordMax). */
    readonly max: number;
  };
  readonly jamfWebhook?: JamfWebhook | undefined;
  /** Who makes the one-time challenges of this profile, when it is not the gateway. */
  readonly challengeSource?: ChallengeSource | undefined;
  /** The issuing CA, whose thumbprint the admin page shows. */
  readonly caCertificate: () => Certificate;
}

/** A door of Jamf Pro's webhook SCEPChallenge. */
export interface JamfWebhook {
  readonly path: string;
  /** What becomes of the serial number and UDID in the event. */
  readonly device: 'bind' | 'require' | 'ignore';
  /** `CN={serialNumber},O=Example`: the whole subject that the challenge opens for. */
  readonly subject: string | undefined;
}

/** What administrators decide. */
export interface Decisions {
  /** Requests of profiles with manual approval, oldest first. */
  waiting(limit: number): Promise<readonly WaitingRequest[]>;
  /** False when nothing waits under the id. Recorded before it resolves, as is a revocation. */
  decide(
    maker: DecisionMaker,
    decision: {
      readonly id: string;
      readonly decision: 'approve' | 'deny';
      /** Shown to the device. */
      readonly reason: string | undefined;
    },
  ): Promise<boolean>;
  /** False when there is no such certificate, or it is revoked already. */
  revoke(
    maker: DecisionMaker,
    /** @param reason a name of RFC 5280 §5.3.1 */
    revocation: { readonly thumbprint: string; readonly reason: string },
  ): Promise<boolean>;
}

export interface DecisionMaker {
  readonly account: string;
  readonly correlationId: string;
  readonly clientAddress: string;
}

interface WaitingRequest {
  readonly id: string;
  readonly since: Date;
  readonly profile: string;
  readonly subject: string;
  readonly clientAddress: string;
}

/** What is fetched by AIA and CDP; undefined when there is no such issuer. */
export interface Publications {
  crl(issuer: string): Promise<Buffer | undefined>;
  certificate(issuer: string): Promise<Buffer | undefined>;
}

/** The shape of the audit trail's record, for the events that happen at this door. */
export interface HttpAuditRecord {
  readonly at: Date;
  readonly event:
    | 'access.denied'
    | 'access.locked'
    | 'access.stopped'
    | 'challenge.issued'
    | 'challenge.denied'
    | 'challenge.shown'
    | 'challenge.revoked';
  readonly correlationId: string;
  readonly profile: string | undefined;
  readonly transactionId: undefined;
  readonly challengeId: string | undefined;
  readonly subject: string | undefined;
  readonly keyId: string | undefined;
  readonly clientAddress: string;
  readonly actor: string | undefined;
  readonly outcome: 'ok' | 'refused';
  readonly code: string | undefined;
  readonly reason: string | undefined;
}
