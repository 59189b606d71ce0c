interface Authentication {
  readonly negotiate?:
    | {
        readonly principal?: string | undefined;
        readonly credentialCache?: string | undefined;
      }
    | undefined;
  readonly ntlm?: { readonly user: string; readonly domain: string } | undefined;
  readonly basic?: { readonly user: string } | undefined;
  readonly userNameToken?: { readonly user: string } | undefined;
}

/** As whom the server knows us, for the record; undefined where only the server can tell. */
export function accountIdentity(authentication: Authentication): string | undefined {
  const { negotiate, ntlm, basic, userNameToken } = authentication;
  if (negotiate) return negotiate.principal ?? negotiate.credentialCache;
  if (ntlm) return ntlm.domain === '' ? ntlm.user : `${ntlm.domain}\\${ntlm.user}`;
  return (basic ?? userNameToken)?.user;
}
