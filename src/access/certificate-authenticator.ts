import type { AccountSource, AuthenticationOutcome, Authenticator } from './access.types.js';
import type { CertificateName } from './client-certificate/certificate-name.js';
import type { PresentedCertificate } from './client-certificate/presented-certificate.js';
import type { TrustList } from './client-certificate/trust-list.js';
import { signInName } from './sign-in-name.js';

/** Certificates that an account signs in with. */
export interface CertificateBinding {
  readonly account: string;
  readonly trust: TrustList;
  /** Besides what the list asks for; undefined: every certificate the list accepts. */
  readonly name: CertificateName | undefined;
}

/**
 * Mutual TLS, or the certificate that a trusted proxy forwards. Put it last: who sends a password or a
 * token means that. A certificate that is bound to nobody is as good as none, because routes may ask for
 * one besides the sign-in.
 */
export function createCertificateAuthenticator(options: {
  readonly bindings: readonly CertificateBinding[];
  readonly accounts: AccountSource;
}): Authenticator {
  const { bindings, accounts } = options;
  return {
    challenge: undefined,
    async authenticate(_request, { certificate }): Promise<AuthenticationOutcome | undefined> {
      const match = certificate && (await matchBinding(bindings, certificate));
      if (!match) return undefined;
      const account = await accounts.find(signInName(match.account));
      if (!account || match.kind === 'refused') {
        return { kind: 'wrong', account: account?.name, reason: match.reason };
      }
      const { name, roles, quota, profiles } = account;
      return {
        kind: 'authenticated',
        principal: { account: name, roles, quota, profiles, scheme: 'certificate' },
      };
    },
  };
}

export type BindingMatch = {
  readonly kind: 'accepted' | 'refused';
  readonly account: string;
  readonly reason: string;
};

/**
 * The first binding that accepts the certificate; else the first that would, had its trust list not found
 * fault with it: one by name, because a list without the name has nothing to do with this certificate.
 */
export async function matchBinding(
  bindings: readonly CertificateBinding[],
  presented: PresentedCertificate,
): Promise<BindingMatch | undefined> {
  if (presented.kind !== 'presented') return undefined;
  let refused: BindingMatch | undefined;
  for (const { account, trust, name } of bindings) {
    if (name && !name.isOf(presented.leaf)) continue;
    const { kind, steps } = await trust.judge(presented);
    if (kind === 'accepted')
      return { kind, account, reason: `the certificate is that of ${account}` };
    if (name) refused ??= { kind, account, reason: steps.join('; ') };
  }
  return refused;
}
