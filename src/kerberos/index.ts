/** Kerberos by MIT's library, through the optional package koffi: initiators, acceptors, protection. */
export { openKerberos } from './kerberos.js';
export type {
  KerberosCredentials,
  AcceptOutcome,
  ChannelBindingPolicy,
  KerberosAcceptor,
  KerberosAcceptors,
  KerberosInitiator,
  KerberosInitiators,
  KerberosTarget,
} from './kerberos.types.js';
