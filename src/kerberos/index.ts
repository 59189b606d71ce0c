/** Kerberos by MIT's library, through the optional package koffi: initiators, acceptors, protection. */
export { openKerberos } from './kerberos.js';
export type {
  AcceptOutcome,
  ChannelBindingPolicy,
  Kerberos,
  KerberosAcceptor,
  KerberosAcceptors,
  KerberosCredentials,
  KerberosInitiator,
  KerberosInitiators,
  KerberosTarget,
  MessageProtection,
} from './kerberos.types.js';
