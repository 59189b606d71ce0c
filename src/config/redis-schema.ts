/** A Redis-compatible server for challenges. */
import { z } from 'zod';
import { secretSchema } from './secret.js';
import { serverTlsSchema } from './server-tls-schema.js';

export const redisSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^(\/[^\0]{1,100}|[A-Za-z0-9.:_-]{1,253})$/, 'a name, an address or a socket')
      .describe('Name or address of the server, or the path of its Unix socket.'),
    port: z.int().min(1).max(65535).default(6379).describe('Its port.'),
    database: z.int().min(0).max(65535).default(0).describe('Number of the database.'),
    user: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, 'a name without blanks')
      .optional()
      .meta({ description: 'The user, where the server has an ACL.', defaultText: '`default`' }),
    password: secretSchema
      .optional()
      .describe('A reference to its password, read for each new connection.'),
    tls: serverTlsSchema,
    prefix: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/, 'up to 64 letters, digits and signs, no blanks')
      .default('{scep-gateway}:')
      .describe(
        'What every key begins with; one for each installation. Braces keep all keys of it together in a cluster of one shard.',
      ),
    connectSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .describe('How long a connection may take to be made.'),
    commandSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .describe('How long a command may take; devices wait for some of them.'),
  })
  .describe('A Redis-compatible server (Redis 6 or newer, Valkey) for `challengeStore: redis`.');

export type RedisConfig = z.infer<typeof redisSchema>;
