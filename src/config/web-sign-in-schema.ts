import { z } from 'zod';
import { filePath, importedPair } from './imported-pair-schema.js';
import { pinSchema } from './pin-schema.js';
import { kerberosAccount, ntlmAccount, passwordAccount } from './windows-account-schema.js';

/** How the gateway signs in to a Windows web server; what the server does not offer is never sent. */
export const webSignIn = z
  .strictObject({
    negotiate: kerberosAccount
      .optional()
      .describe('Kerberos; needs the package koffi and MIT Kerberos on this machine.'),
    ntlm: ntlmAccount.optional().describe('NTLMv2.'),
    basic: passwordAccount
      .optional()
      .describe('User name and password in the clear, over TLS only.'),
    certificate: importedPair
      .optional()
      .describe('A TLS client certificate that the server maps to an account.'),
  })
  .describe('How the gateway signs in; of several, the strongest that the server offers is used.');

export const webTls = z
  .strictObject({
    ca: filePath
      .optional()
      .describe('PEM file of CAs to trust for the TLS of the server, instead of the system’s.'),
    pins: z
      .array(pinSchema)
      .default([])
      .describe('SHA-256 of server certificates to accept, whatever their chain and name.'),
    maximum: z
      .enum(['TLSv1.2', 'TLSv1.3'])
      .optional()
      .describe('`TLSv1.2` for an IIS that asks for client certificates on some paths only.'),
  })
  .prefault({})
  .describe('TLS to the server.');
