import {
  createNtlmClient,
  type NtlmClientOptions,
  type NtlmCredentials,
  type NtlmSession,
} from '../ntlm/index.js';
import { authType } from './auth-trailer.js';
import { signInRefused } from './rpc-error.js';
import type { RpcProtection, RpcSignIn } from './sign-in.js';

/** NTLMv2 as it is (RPC_C_AUTHN_WINNT): three tokens, the last one without an answer. */
export function ntlmSignIn(
  credentials: NtlmCredentials,
  options: Pick<NtlmClientOptions, 'targetName' | 'clock' | 'random'> = {},
): RpcSignIn {
  const client = createNtlmClient(credentials, options);
  return {
    authType: authType.ntlm,
    laterTokens: 'auth3',
    begin: () => Promise.resolve(client.negotiate()),
    proceed(challenge) {
      const { message, session } = client.authenticate(challenge);
      return Promise.resolve({ token: message, protection: protectionOf(session) });
    },
    close: () => undefined,
  };
}

/** @throws GatewayError when the server did not agree to sealing: less is never used */
export function protectionOf(session: NtlmSession | undefined): RpcProtection {
  if (session === undefined) throw signInRefused('the server does not agree to sealing by NTLM');
  return {
    signatureOctets: () => 16,
    seal({ header, stub, trailer }) {
      const { sealed, signature } = session.seal(stub, { before: header, after: trailer });
      return { stub: sealed, signature };
    },
    unseal: ({ header, stub, trailer, signature }) =>
      session.unseal(stub, signature, { before: header, after: trailer }),
  };
}
