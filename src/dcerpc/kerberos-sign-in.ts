import type { KerberosInitiator, KerberosTarget } from '../kerberos/index.js';
import { authType } from './auth-trailer.js';
import { malformed, signInRefused } from './rpc-error.js';
import type { RpcProtection, RpcSignIn } from './sign-in.js';

/**
 * Kerberos as DCE/RPC wants it (RPC_C_AUTHN_GSS_KERBEROS, MS-RPCE §2.2.1.1.7): three tokens, the second of
 * which proves the server, the third one without an answer.
 *
 * @param spn of the server, `host/ca1.corp.example`
 */
export async function kerberosSignIn(
  create: (target: KerberosTarget) => KerberosInitiator | Promise<KerberosInitiator>,
  spn: string,
): Promise<RpcSignIn> {
  const target = { spn, channelBinding: undefined, mechanism: 'krb5', dceStyle: true } as const;
  const initiator = await create(target);
  return {
    authType: authType.kerberos,
    laterTokens: 'auth3',
    async begin() {
      const token = await initiator.step(undefined);
      if (token === undefined) throw signInRefused('Kerberos has nothing to say');
      return token;
    },
    async proceed(answer) {
      const token = await initiator.step(answer);
      if (!initiator.established) throw malformed('a Kerberos sign-in that does not end');
      return { token, protection: protectionOf(initiator) };
    },
    close: () => initiator.close(),
  };
}

function protectionOf({ protection }: KerberosInitiator): RpcProtection {
  return {
    signatureOctets: (stubOctets) => protection.signatureLength(stubOctets),
    seal: (parts) => protection.sealPdu(parts),
    unseal: (parts) => protection.unsealPdu(parts),
  };
}
