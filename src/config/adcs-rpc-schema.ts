import { z } from 'zod';
import { adcsKeys, submitSeconds } from './adcs-schema.js';
import { kerberosAccount, ntlmAccount } from './windows-account-schema.js';

export const adcsRpcSchema = z
  .strictObject({
    kind: z
      .literal('adcs-rpc')
      .describe('`adcs-rpc` is AD CS over RPC, as certreq speaks to it: no IIS is needed.'),
    host: z
      .string()
      .max(253)
      .regex(
        /^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/,
        'the DNS name of the CA server such as `ca1.corp.example`',
      )
      .describe('DNS name of the CA server, `ca1.corp.example`.'),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe(
        'TCP port of the CA service where it is a fixed one; absent: the endpoint mapper (port 135) is asked.',
      ),
    caName: z
      .string()
      .regex(/^[^\p{C}\\]{1,250}$/u, 'the common name of the CA such as `CORP-CA1-CA`')
      .describe(
        'Common name of the CA, what stands behind the backslash in `certutil -getconfig`.',
      ),
    authentication: z
      .strictObject({
        negotiate: kerberosAccount
          .optional()
          .describe('Kerberos; needs the package koffi and MIT Kerberos on this machine.'),
        ntlm: ntlmAccount.optional().describe('NTLMv2, bare or in SPNEGO as the server wants it.'),
      })
      .describe(
        'How the gateway signs in; of both, Kerberos is used, and NTLM where the server takes no Kerberos.',
      ),
    timeoutSeconds: submitSeconds,
    ...adcsKeys,
  })
  .describe('AD CS over RPC (MS-ICPR), always with packet privacy.');
