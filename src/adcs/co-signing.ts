import { coSignedCmc, coSignedRequest, type CoSigner } from '../pkcs7/index.js';
import type { CertificationRequest, Extension } from '../x509/index.js';
import type { Addition } from './added-extensions.js';
import type { CaRequest } from './ca-interface.js';
import { faultOfAgent } from './enrollment-agent.js';
import type { Unavailable } from './unavailable.js';

/** How requests are signed for templates that demand an enrollment agent (MS-CRTD `msPKI-RA-Signature`). */
export type CoSigning = {
  /** The templates that demand it, by name; empty: every template of this issuer. */
  readonly templates: readonly string[];
  /** OID of the application policy that the templates demand of their signers. */
  readonly applicationPolicy: string;
  /** Read anew for each request: agents are renewed while the gateway runs. Empty while there is none. */
  readonly agents: () => readonly CoSigner[];
} &
  /** A signature round the PKCS#10. */
  (
    | { readonly form: 'cms' }
    /** Can add to it besides. */
    | { readonly form: 'cmc'; readonly additions: readonly Addition[] }
  );

/** What goes to the CA in place of the bare CSR. */
type Wrapped = Pick<CaRequest, 'csr' | 'format'>;

/** Whether requests for this template are co-signed. Names of templates are not case-sensitive. */
export function isCoSigned({ templates }: Pick<CoSigning, 'templates'>, template: string): boolean {
  const name = template.toLowerCase();
  return templates.length === 0 || templates.some((each) => each.toLowerCase() === name);
}

/**
 * The request with the signatures of the agents round it; the PKCS#10 inside stays as the device signed it.
 * Without agents that the CA could accept nothing is sent: that is our fault, not the device's.
 */
export async function coSigned(
  { form, agents, applicationPolicy }: CoSigning,
  { der: csr, publicKey }: CertificationRequest,
  extensions: readonly Extension[],
  now: Date,
): Promise<Wrapped | Unavailable> {
  const signers = agents();
  if (signers.length === 0) return noAgent;
  for (const { certificate } of signers) {
    const fault = faultOfAgent(certificate, applicationPolicy, now);
    if (fault !== undefined) return { ...noAgent, detail: fault };
  }
  if (form === 'cms') return { format: 'cms', csr: await coSignedRequest(csr, signers) };
  const request = { csr, keyIdentifier: publicKey.subjectKeyIdentifier, extensions };
  return { format: 'cmc', csr: await coSignedCmc(request, signers) };
}

const noAgent: Unavailable = {
  kind: 'unavailable',
  submission: 'none',
  detail: 'There is no enrollment agent: the RA certificates are not of the CA.',
  mend: 'Obtain RA certificates from a template for enrollment agents (scep-gateway ra enroll), or give the issuer another agent under `coSign.agent`.',
};
