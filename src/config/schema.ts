/**
 * The whole configuration as one schema: defaults, limits and the sentence that documents each key
 * (`docs/configuration.md` is generated from it). Every object is strict: an unknown key stops the start.
 */
import { z } from 'zod';
import { accessSchema } from './access-schema.js';
import { backlogSchema } from './backlog-schema.js';
import { clientAddressSchema, proxyProtocolSchema } from './client-address-schema.js';
import {
  accountProfilesSchema,
  directorySchema,
  principalSchema,
  quotaSchema,
  rolesSchema,
} from './directory-schema.js';
import { issuerSchema } from './issuer-schema.js';
import { profileSchema, type ProfileConfig } from './profile-schema.js';
import { redisSchema } from './redis-schema.js';
import { retentionSchema } from './retention-schema.js';
import { secretSchema } from './secret.js';
import { ntlmBehindProxiesSchema } from './sign-in-schema.js';
import { keysSchema, storeSchema } from './store-schema.js';
import { forwardedCertificateSchema, tlsSchema } from './tls-schema.js';
import { tokenSchema } from './token-schema.js';
import { accountCertificateSchema } from './trust-schema.js';

const listener = z
  .strictObject({
    address: z
      .string()
      .regex(
        /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/,
        'an address and port such as `0.0.0.0:8080` or `[::]:8080`',
      )
      .describe('Address and port to listen on, `host:port`.'),
    clientAddress: clientAddressSchema,
    proxyProtocol: proxyProtocolSchema,
    ntlmBehindProxies: ntlmBehindProxiesSchema,
    tls: tlsSchema.optional(),
    forwardedCertificate: forwardedCertificateSchema.optional(),
  })
  .describe('One HTTP listener.');

const data = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .default('./data')
      .describe('Where keys and records live; relative to the working directory.'),
    store: storeSchema,
    keys: keysSchema,
    passphrase: secretSchema
      .optional()
      .describe(
        'Passphrase that encrypts private keys at rest. Without it one is generated into the data directory, which protects copies of the key files but not of the whole directory.',
      ),
    challengeStore: z
      .enum(['database', 'redis', 'memory', 'sqlite'])
      .default('database')
      .describe(
        '`database` keeps challenges over a restart, in `data.store`; `redis` on the server of `data.redis`; `memory` (node-cache) forgets them and allows one process only. `sqlite` is the older word for `database`.',
      ),
    redis: redisSchema.optional(),
    retention: retentionSchema,
    processes: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'Gateway processes that share the data directory; with records in SQLite one more is refused at its start.',
      ),
  })
  .prefault({})
  .describe('Keys and records.');

const limits = z
  .strictObject({
    messageBytes: z
      .int()
      .min(4096)
      .max(1048576)
      .default(65536)
      .describe('Largest PKIOperation message, octets.'),
    concurrentOperations: z
      .int()
      .min(1)
      .max(10000)
      .default(256)
      .describe('PKIOperations in work at once; more get 503 with Retry-After.'),
    lineMillis: z
      .int()
      .min(10)
      .max(60_000)
      .default(500)
      .describe(
        'How long a PKIOperation may wait before it is begun. When more wait than can be begun in that time (and more than 48), new ones get 503 with Retry-After.',
      ),
    connections: z
      .int()
      .min(16)
      .max(1_000_000)
      .default(2048)
      .describe(
        'Connections that one listener holds at once; more are closed. One address gets three quarters of what is free. Each takes a file descriptor.',
      ),
  })
  .prefault({})
  .describe('What one gateway takes on.');

const account = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(104)
      .describe('`user`; clients may also send `DOMAIN\\user` or `user@domain`.'),
    passwordHash: z
      .string()
      .startsWith('scrypt$', 'a hash that begins with `scrypt$`')
      .max(1024)
      .optional()
      .describe('Hash of the password, `scrypt$N$r$p$salt$hash`; instead of `password`.'),
    password: secretSchema
      .optional()
      .describe('A reference to the password, never the password itself.'),
    certificates: z
      .array(accountCertificateSchema)
      .max(32)
      .default([])
      .describe('Client certificates it signs in with, beside a password or instead of one.'),
    principals: z
      .array(principalSchema)
      .max(32)
      .default([])
      .describe(
        'Kerberos principals it signs in as, `mdm@CORP.EXAMPLE`; see `access.signIn.negotiate`.',
      ),
    roles: rolesSchema,
    quota: quotaSchema,
    profiles: accountProfilesSchema,
  })
  .describe('An account.');

export const configSchema = z.strictObject({
  listeners: z
    .array(listener)
    .min(1)
    .prefault([{ address: '127.0.0.1:8080' }])
    .describe('Where the gateway listens; each entry is one HTTP listener.'),
  publicUrl: z
    .url({
      protocol: /^https?$/,
      error: 'an absolute http or https URL such as `https://scep.example.org`',
    })
    .optional()
    .describe('How devices reach the gateway from outside; links, CDP and AIA are made from it.'),
  data,
  codec: z
    .enum(['fast', 'pkijs'])
    .default('fast')
    .describe(
      'CMS implementation: `fast`, or the reference through pkijs (about four times the CPU).',
    ),
  log: z
    .strictObject({
      level: z
        .enum(['error', 'warn', 'info', 'debug'])
        .default('info')
        .describe('The least important lines that are written.'),
      format: z
        .enum(['auto', 'json', 'text'])
        .default('auto')
        .describe('`auto`: text on a terminal, else JSON lines.'),
    })
    .prefault({})
    .describe('The log on standard output.'),
  limits,
  backlog: backlogSchema,
  tokens: z
    .record(z.string(), tokenSchema)
    .default({})
    .describe('Hardware and software tokens by name, for the keys of issuers (PKCS #11).'),
  issuers: z.record(z.string(), issuerSchema).default({}).meta({
    description: 'CAs by name. Without any, the embedded CA under the name `local`.',
    defaultText: '`local`',
  }),
  profiles: z.record(z.string(), profileSchema).default({}).meta({
    description:
      'Enrollment policies by name, chosen by URL path. Without any, `default` at `/scep`, `/scep/default` and `/certsrv/mscep/mscep.dll`.',
    defaultText: '`default`',
  }),
  accounts: z
    .array(account)
    .default([])
    .describe('Accounts for the admin page and the API, beside the built-in `admin`.'),
  directory: directorySchema.optional(),
  access: accessSchema,
  shutdown: z
    .strictObject({
      drainSeconds: z
        .int()
        .min(0)
        .max(300)
        .default(0)
        .describe(
          'How long after SIGTERM the gateway still serves, with `/readyz` at 503 and the end of each connection announced: so long that load balancers have noticed.',
        ),
    })
    .prefault({})
    .describe('How the gateway ends.'),
  lockout: z
    .strictObject({
      failures: z
        .int()
        .min(1)
        .max(1000)
        .default(10)
        .describe('Failed sign-ins of an account before it is locked.'),
      minutes: z.int().min(1).max(1440).default(10).describe('How long it stays locked.'),
    })
    .prefault({})
    .describe('Against guessing of passwords.'),
});

/** As the schema parses it: `ndes` still stands beside `challenges`. */
export type ParsedConfig = z.infer<typeof configSchema>;

/** What the rest of the gateway reads. */
export type GatewayConfig = Omit<ParsedConfig, 'profiles'> & {
  profiles: Record<string, ProfileConfig>;
};
