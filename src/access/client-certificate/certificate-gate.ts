import type { RouteGroup } from '../allow-lists.js';
import type { PresentedCertificate } from './presented-certificate.js';
import type { TrustList } from './trust-list.js';

/** Which routes ask for a certificate that a trust list accepts. */
export interface CertificateGate {
  /** Undefined where the route asks for none. */
  judge(
    group: RouteGroup,
    presented: PresentedCertificate,
  ): Promise<CertificateVerdict> | undefined;
}

export type CertificateVerdict =
  | { readonly kind: 'allowed'; readonly steps: readonly string[] }
  /** `rule` is the key of the configuration that says no. */
  | { readonly kind: 'denied'; readonly rule: string; readonly steps: readonly string[] };

/** One of the lists must accept the certificate. */
export interface CertificateRule {
  readonly key: string;
  readonly trust: readonly TrustList[];
}

/** As with addresses, `api` follows `admin` where it has no rule of its own. */
export function createCertificateGate(rules: {
  readonly scep: ReadonlyMap<string, CertificateRule>;
  readonly admin: CertificateRule | undefined;
  readonly api: CertificateRule | undefined;
}): CertificateGate {
  function ruleOf(group: RouteGroup): CertificateRule | undefined {
    switch (group.kind) {
      case 'scep':
        return rules.scep.get(group.profile);
      case 'api':
        return rules.api ?? rules.admin;
      case 'publications':
      case 'health':
        return undefined;
      case 'metrics':
        // Its list of addresses is never open to all by default.
        return undefined;
      default:
        return rules.admin;
    }
  }

  return {
    judge(group, presented) {
      const rule = ruleOf(group);
      return rule && judgeCertificate(rule, presented);
    },
  };
}

export async function judgeCertificate(
  { key, trust }: CertificateRule,
  presented: PresentedCertificate,
): Promise<CertificateVerdict> {
  const refusals: string[] = [];
  for (const list of trust) {
    const { kind, steps } = await list.judge(presented);
    if (kind === 'accepted') return { kind: 'allowed', steps };
    refusals.push(...steps);
  }
  return { kind: 'denied', rule: key, steps: [...refusals, `${key} asks for a certificate`] };
}

export const noCertificateNeeded: CertificateGate = { judge: () => undefined };
