/**
 * The whole configuration as one schema: defaults, limits and the sentence that documents each key
 * (`docs/configuration.md` is generated from it). Every object is strict: an unknown key stops the start.
 */
import { z } from 'zod';
import { issuerSchema } from './issuer-schema.js';
import { profileSchema } from './profile-schema.js';
import { secretSchema } from './secret.js';

const listener = z
  .strictObject({
    address: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port')
      .describe('Address and port to listen on, `host:port`.'),
  })
  .describe('One HTTP listener.');

const data = z
  .strictObject({
    directory: z.string().min(1).default('./data').describe('Where keys and records live.'),
    passphrase: secretSchema
      .optional()
      .describe(
        'Passphrase that encrypts private keys at rest. Without it one is generated into the data directory, which protects copies of the key files but not of the whole directory.',
      ),
    challengeStore: z
      .enum(['sqlite', 'memory'])
      .default('sqlite')
      .describe(
        '`sqlite` keeps challenges over a restart; `memory` (node-cache) forgets them and allows one process only.',
      ),
    processes: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Gateway processes that share the data directory.'),
  })
  .prefault({});

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
  })
  .prefault({});

const account = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(104)
      .describe('`user`; clients may also send `DOMAIN\\user` or `user@domain`.'),
    passwordHash: z
      .string()
      .startsWith('scrypt$')
      .optional()
      .describe('From `scep-gateway account hash`.'),
    password: secretSchema
      .optional()
      .describe('A reference to the password, never the password itself.'),
    roles: z.array(z.enum(['challenge', 'read'])).default(['challenge']),
    quota: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(10_000)
      .describe('Open challenges this account may hold.'),
    profiles: z
      .array(z.string())
      .optional()
      .describe('Profiles it may fetch challenges for; all when absent.'),
  })
  .describe('An account for the admin page and the API, beside the built-in `admin`.');

export const configSchema = z.strictObject({
  listeners: z
    .array(listener)
    .min(1)
    .default([{ address: '127.0.0.1:8080' }]),
  publicUrl: z
    .url({ protocol: /^https?$/ })
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
      level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
      format: z
        .enum(['auto', 'json', 'text'])
        .default('auto')
        .describe('`auto`: text on a terminal, else JSON lines.'),
    })
    .prefault({}),
  limits,
  issuers: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), issuerSchema).default({}),
  profiles: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), profileSchema).default({}),
  accounts: z.array(account).default([]),
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
    .prefault({}),
});

export type GatewayConfig = z.infer<typeof configSchema>;
