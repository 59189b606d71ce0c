import { extensionOids, readBasicConstraints, type Certificate } from '../../x509/index.js';
import type { CertificateName } from './certificate-name.js';
import { certificationPath } from './certification-path.js';
import { dateFault, nameOf, pathFault } from './path-constraints.js';
import type { PresentedCertificate } from './presented-certificate.js';
import { judgeRevocation, type RevocationRule } from './revocation.js';

/** Whose certificates are accepted. */
export interface TrustList {
  readonly name: string;
  judge(presented: PresentedCertificate): Promise<TrustVerdict>;
}

/** `steps` say in words, in order, what was looked at; the last one decided. */
interface TrustVerdict {
  readonly kind: 'accepted' | 'refused';
  readonly steps: readonly string[];
}

export interface TrustListOptions {
  readonly name: string;
  /** SHA-256 of certificates, upper-case hex. Empty: any certificate that `anchors` vouch for. */
  readonly pins: readonly string[];
  /** CA certificates as they are now; undefined: the pins alone decide. */
  readonly anchors: (() => readonly Certificate[]) | undefined;
  /** One of these the certificate must have. Empty: any. */
  readonly names: readonly CertificateName[];
  readonly revocation: RevocationRule;
  readonly clock: () => Date;
}

/** Everything that is configured must hold: a pin, a name and a path to a CA are asked for together. */
export function createTrustList(options: TrustListOptions): TrustList {
  const { name, pins, anchors, names, revocation, clock } = options;
  const pinned = new Set(pins);

  async function judgeLeaf(
    leaf: Certificate,
    others: readonly Certificate[],
  ): Promise<TrustVerdict> {
    const now = clock();
    const { sha256 } = leaf.thumbprints;
    const steps = [`trust list ${name}: the certificate is ${nameOf(leaf)}, SHA-256 ${sha256}`];
    const refuse = (step: string): TrustVerdict => ({ kind: 'refused', steps: [...steps, step] });
    if (pinned.size > 0) {
      if (!pinned.has(sha256)) return refuse('it is none of the pinned ones');
      steps.push('it is pinned');
    }
    const dates = dateFault(leaf, now);
    if (dates !== undefined) return refuse(`the certificate ${dates}`);
    if (names.length > 0) {
      const has = names.find((one) => one.isOf(leaf));
      if (!has)
        return refuse(`it has none of the names ${names.map(({ text }) => text).join(', ')}`);
      steps.push(`it has the name ${has.text}`);
    }
    if (anchors) {
      const outcome = certificationPath(leaf, others, anchors(), now);
      if (outcome.kind === 'none') return refuse(`the certificate ${outcome.reason}`);
      steps.push(`its path: ${outcome.path.map(nameOf).join(' ← ')}`);
      const fault = pathFault(outcome.path, now);
      if (fault !== undefined) return refuse(fault);
      for (const [index, issuer] of outcome.path.slice(1).entries()) {
        const verdict = await judgeRevocation(outcome.path[index] ?? leaf, issuer, revocation, now);
        if (verdict.kind === 'refused') return refuse(verdict.step);
        steps.push(verdict.step);
      }
    }
    return { kind: 'accepted', steps: [...steps, `trust list ${name} accepts it`] };
  }

  return {
    name,
    judge(presented) {
      if (presented.kind === 'presented') return judgeLeaf(presented.leaf, presented.others);
      const step = `trust list ${name}: there is no certificate`;
      return Promise.resolve({ kind: 'refused', steps: [step] });
    },
  };
}

/** Whether a certificate can stand for a CA at all; one that cannot is to be pinned. */
export function isAnchor(certificate: Certificate): boolean {
  const constraints = certificate.extension(extensionOids.basicConstraints);
  return constraints !== undefined && readBasicConstraints(constraints).ca;
}
