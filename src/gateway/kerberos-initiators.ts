import type { KerberosInitiator, KerberosTarget } from '../kerberos/index.js';

/** An account of the configuration; either a keytab with its principal, or a credential cache. */
interface KerberosAccount {
  readonly keytab?: string | undefined;
  readonly principal?: string | undefined;
  readonly credentialCache?: string | undefined;
}

interface LateInitiators {
  /** @throws GatewayError `kerberos.library`, `kerberos.credentials` */
  create(target: KerberosTarget): Promise<KerberosInitiator>;
}

/** Kerberos is loaded when it is first needed: most commands ask no CA for anything. */
export function kerberosInitiators(account: KerberosAccount): LateInitiators {
  const { keytab, principal = '', credentialCache = '' } = account;
  const open = async () => {
    const { openKerberos } = await import('../kerberos/index.js');
    return (await openKerberos()).initiators(
      keytab === undefined
        ? { kind: 'ccache', ccache: credentialCache }
        : { kind: 'keytab', keytab, principal },
    );
  };
  let opened: ReturnType<typeof open> | undefined;
  return {
    create: async (target) => {
      opened ??= open();
      return (await opened).create(target);
    },
  };
}
