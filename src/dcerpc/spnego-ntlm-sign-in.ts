import {
  createNtlmClient,
  type NtlmClientOptions,
  type NtlmCredentials,
  type NtlmSession,
} from '../ntlm/index.js';
import { authType } from './auth-trailer.js';
import { protectionOf } from './ntlm-sign-in.js';
import { malformed, signInRefused } from './rpc-error.js';
import type { RpcSignIn, SignInStep } from './sign-in.js';
import { encodeInit, encodeResponse, mechanismList, parseResponse } from './spnego.js';

const ntlmMechanism = '1.3.6.1.4.1.311.2.2.10';

/** NTLMv2 in SPNEGO (RPC_C_AUTHN_GSS_NEGOTIATE), for servers that take no bare NTLM. */
export function spnegoNtlmSignIn(
  credentials: NtlmCredentials,
  options: Pick<NtlmClientOptions, 'targetName' | 'clock' | 'random'> = {},
): RpcSignIn {
  const client = createNtlmClient(credentials, options);
  let session: NtlmSession | undefined;

  function proceed(answer: Buffer): SignInStep {
    const { state, token, mechListMic } = parseResponse(answer);
    if (state === 'rejected') throw signInRefused('the server rejects the negotiation');
    if (session === undefined) {
      if (token === undefined) throw malformed('a negotiation without a token');
      const authentication = client.authenticate(token);
      ({ session } = authentication);
      const mic = session?.sign(mechanismList(ntlmMechanism));
      return { token: encodeResponse(authentication.message, mic), protection: undefined };
    }
    if (state !== 'completed') throw malformed('a negotiation that does not end');
    if (mechListMic !== undefined && !isSigned(session, mechListMic)) {
      throw malformed('a negotiation whose signature is wrong');
    }
    session.restartCiphers();
    return { token: undefined, protection: protectionOf(session) };
  }

  return {
    authType: authType.spnego,
    laterTokens: 'alter-context',
    begin: () => Promise.resolve(encodeInit(ntlmMechanism, client.negotiate())),
    proceed: (answer) => Promise.resolve(proceed(answer)),
    close: () => undefined,
  };
}

function isSigned(session: NtlmSession, mechListMic: Buffer): boolean {
  return session.verify(mechanismList(ntlmMechanism), mechListMic);
}
