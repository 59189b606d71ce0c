/** Kerberos by MIT's library, through the optional package koffi: initiators, acceptors, protection. */
export { openKerberos } from './kerberos.js';
export type {
  AcceptOutcome,
  ChannelBindingPolicy,
  KerberosAcceptor,
  KerberosAcceptors,
  KerberosInitiator,
  KerberosTarget,
} from './kerberos.types.js';
