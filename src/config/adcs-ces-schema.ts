import { z } from 'zod';
import { adcsKeys, submitSeconds } from './adcs-schema.js';
import { importedPair } from './imported-pair-schema.js';
import { webTls } from './web-sign-in-schema.js';
import { kerberosAccount, passwordAccount } from './windows-account-schema.js';

export const adcsCesSchema = z
  .strictObject({
    kind: z
      .literal('adcs-ces')
      .describe('`adcs-ces` is AD CS by its Certificate Enrollment Web Service (CES).'),
    url: z
      .url({
        protocol: /^https$/,
        error:
          'the https URL of CES such as `https://ca1.corp.example/CORP-CA1-CA_CES_UsernamePassword/service.svc/CES`; a user name token would carry the password in the clear without TLS',
      })
      .describe(
        'Where CES is, `https://ca1.corp.example/CORP-CA1-CA_CES_UsernamePassword/service.svc/CES`; always https.',
      ),
    authentication: z
      .strictObject({
        userNameToken: passwordAccount
          .optional()
          .describe('User name and password inside the message (WS-Security UsernameToken).'),
        negotiate: kerberosAccount
          .optional()
          .describe('Kerberos; needs the package koffi and MIT Kerberos on this machine.'),
        certificate: importedPair
          .optional()
          .describe('A TLS client certificate that the server maps to an account.'),
      })
      .describe('How the gateway signs in; one of these, the one that this URL of CES is for.'),
    tls: webTls,
    timeoutSeconds: submitSeconds,
    ...adcsKeys,
  })
  .describe('AD CS through CES (MS-WSTEP).');
