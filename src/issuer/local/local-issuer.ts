import { isGatewayError, type GatewayError } from '../../errors/index.js';
import {
  extensionOids,
  readBasicConstraints,
  type Certificate,
  type Extension,
} from '../../x509/index.js';
import { demandAuthorization } from '../authorization-demand.js';
import type { Authorization } from '../authorization.js';
import type { IssuanceOutcome, IssuanceRequest, Issuer } from '../issuer.js';
import type { CertificateMint } from './certificate-mint.js';
import type { LoadedAuthority } from './loaded-authority.js';
import { addDays } from './validity.js';

export interface LocalIssuerOptions {
  readonly name: string;
  /** The authority at this moment. */
  readonly authority: () => LoadedAuthority;
  readonly mint: CertificateMint;
  readonly crl: () => Promise<Buffer>;
  readonly clock: () => Date;
}

/** The embedded CA as an Issuer: it decides at once and never leaves a request pending. */
export class LocalIssuer implements Issuer {
  readonly name: string;
  readonly inProcess = true;
  readonly #options: LocalIssuerOptions;

  constructor(options: LocalIssuerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get chain(): readonly Certificate[] {
    return this.#options.authority().chain;
  }

  async submit(request: IssuanceRequest, authorization: Authorization): Promise<IssuanceOutcome> {
    demandAuthorization(request, authorization);
    const { content, csr } = request;
    if (content.extensions.some(asksForCa)) {
      return {
        kind: 'refused',
        text: 'This CA issues no CA certificates.',
        detail:
          'basicConstraints of the content says cA; look at the allowed extensions of the profile',
      };
    }
    const { mint, clock, authority } = this.#options;
    const { issuing } = authority();
    const now = clock();
    if (issuing.certificate.notAfter <= now) {
      return unavailable(
        `the CA certificate ended on ${issuing.certificate.notAfter.toISOString()}`,
      );
    }
    try {
      const certificate = await mint.issue(issuing, {
        subject: content.subject,
        publicKey: csr.publicKey,
        extensions: content.extensions,
        notAfter: addDays(now, content.validityDays),
      });
      return { kind: 'issued', certificate };
    } catch (error) {
      return {
        ...unavailable(`the CA key could not sign: ${String(error)}`),
        ...(isGatewayError(error) && afterOutage(error)),
      };
    }
  }

  retrieve(requestId: string): Promise<IssuanceOutcome> {
    return Promise.resolve({
      kind: 'refused',
      text: 'The CA knows no such request.',
      detail: `the embedded CA keeps no requests; asked for ${JSON.stringify(requestId)}`,
    });
  }

  currentCrl(): Promise<Buffer> {
    return this.#options.crl();
  }
}

/** True as well for what cannot be read: the CA signs no riddles about CAs. */
function asksForCa(extension: Extension): boolean {
  if (extension.oid !== extensionOids.basicConstraints) return false;
  try {
    return readBasicConstraints(extension).ca;
  } catch {
    return true;
  }
}

/** Nothing was issued: a retry is safe. */
function unavailable(detail: string) {
  return { kind: 'unavailable', submission: 'none', detail } as const;
}

/** What the token of the key says about its outage. */
function afterOutage({ mend, retryAfterSeconds }: GatewayError) {
  return {
    ...(mend !== undefined && { mend }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}
