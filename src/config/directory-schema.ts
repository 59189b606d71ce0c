/** Sign-in with accounts of an Active Directory, and with Kerberos tickets. */
import { z } from 'zod';
import { secretSchema } from './secret.js';

/** What an account may do, wherever it is kept. `admin` is the built-in one alone. */
export const rolesSchema = z
  .array(z.enum(['challenge', 'read', 'approve', 'revoke']))
  .min(1)
  .default(['challenge'])
  .describe(
    '`challenge` may fetch challenges, `read` may see what happened, `approve` may decide on requests that wait, `revoke` may revoke challenges of others and certificates.',
  );

export const quotaSchema = z
  .int()
  .min(1)
  .max(10_000_000)
  .default(10_000)
  .describe('Open challenges this account may hold.');

export const accountProfilesSchema = z
  .array(z.string())
  .optional()
  .describe('Profiles it may fetch challenges for; all when absent.');

/** `user@REALM`; Kerberos knows no blanks and only these. */
export const principalSchema = z
  .string()
  .regex(/^[^\s@\\:]{1,200}@[A-Za-z0-9.-]{1,200}$/, 'a principal such as `mdm@CORP.EXAMPLE`');

const dnsName = z
  .string()
  .max(253)
  .regex(/^(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'a DNS name such as `corp.example`');

const groupRights = z
  .strictObject({
    group: z
      .string()
      .min(1)
      .max(1024)
      .describe('Its name (sAMAccountName) or its distinguished name. Groups in it count, too.'),
    roles: rolesSchema,
    quota: quotaSchema,
    profiles: accountProfilesSchema,
  })
  .describe('What the members of a group may do.');

export const directorySchema = z
  .strictObject({
    servers: z
      .array(
        z
          .string()
          .regex(
            /^ldaps:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/,
            'an address such as `ldaps://dc1.corp.example`',
          ),
      )
      .min(1)
      .max(8)
      .describe(
        'Domain controllers, by the names in their certificates; tried in this order. LDAPS only.',
      ),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file with the CA certificates to trust, instead of those of the system.'),
    domain: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,14}$/, 'a NetBIOS name such as `CORP`')
      .describe('NetBIOS name of the domain, for `CORP\\user` and for names without a domain.'),
    dnsDomain: dnsName.describe('DNS name of the domain, for `user@corp.example`.'),
    upnSuffixes: z
      .array(dnsName)
      .max(32)
      .default([])
      .describe('Further suffixes of user principal names.'),
    baseDn: z
      .string()
      .min(3)
      .max(1024)
      .regex(/=/, 'a distinguished name such as `DC=corp,DC=example`')
      .optional()
      .meta({
        description: 'Where accounts and groups are looked for.',
        defaultText: 'made of `dnsDomain`',
      }),
    groups: z
      .array(groupRights)
      .min(1)
      .max(32)
      .describe('Who may do what; rights of several groups add up, who is in none is refused.'),
    service: z
      .strictObject({
        account: z
          .string()
          .min(3)
          .max(320)
          .describe('`svc-scep@corp.example` or `CORP\\svc-scep`; it needs to read users only.'),
        password: secretSchema.describe('A reference to its password.'),
      })
      .optional()
      .describe(
        'Reads the groups of those who sign in with Kerberos. Sign-in with a password needs none.',
      ),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .describe('For connecting to a server, and for each of its answers.'),
    rememberSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(60)
      .describe(
        'How long a sign-in that was right is believed without asking again: so long a disabled account still gets in.',
      ),
    lockout: z
      .strictObject({
        failures: z
          .int()
          .min(1)
          .max(100)
          .default(3)
          .describe(
            'Wrong passwords before the gateway asks the directory no more. Less than half of the lockout threshold of the domain: an account may have two names.',
          ),
        minutes: z
          .int()
          .min(1)
          .max(1440)
          .default(30)
          .describe(
            'Within so many minutes, and for so long. At least as long as "Reset account lockout counter after" of the domain.',
          ),
      })
      .prefault({})
      .describe('So that guessing here never locks an account in the directory.'),
  })
  .describe('Accounts of an Active Directory for the admin page and the API; see access.md.');

export const negotiateSchema = z
  .strictObject({
    keytab: z
      .string()
      .min(1)
      .describe(
        'Keytab with the key of `HTTP/<name of the gateway>`, as clients call it. A new one is taken up at once.',
      ),
    channelBinding: z
      .enum(['off', 'when-sent', 'required'])
      .default('when-sent')
      .describe(
        '`when-sent`: that of a client must be right. `required`: a client without is refused, and Negotiate is offered by HTTPS listeners only. `off`: where TLS is ended by something with another certificate.',
      ),
  })
  .describe(
    'Sign-in with Kerberos (Negotiate). Needs the package koffi and MIT Kerberos; off without this key.',
  );
