/** DCE/RPC over TCP as a client: endpoint mapper, sign-in, calls under packet privacy (C706, MS-RPCE). */
export { faultStatus, type Fault } from './call.js';
export { connectRpc, type RpcAnswer, type RpcConnection } from './connection.js';
export { endpointMapperPort, tcpPort } from './endpoint-mapper.js';
export { kerberosSignIn } from './kerberos-sign-in.js';
export { NdrReader } from './ndr-reader.js';
export { NdrWriter } from './ndr-writer.js';
export { ntlmSignIn } from './ntlm-sign-in.js';
export type { RpcSignIn } from './sign-in.js';
export { spnegoNtlmSignIn } from './spnego-ntlm-sign-in.js';
export type { SyntaxId } from './syntax.js';
