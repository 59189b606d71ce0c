/** Where records are kept: a file in the data directory, or a PostgreSQL server. */
import { z } from 'zod';
import { secretSchema } from './secret.js';
import { serverTlsSchema } from './server-tls-schema.js';

const sqliteSchema = z
  .strictObject({
    kind: z.literal('sqlite').describe('`sqlite`: the file gateway.db in the data directory.'),
  })
  .describe('The embedded database.');

const postgresSchema = z
  .strictObject({
    kind: z.literal('postgres').describe('`postgres`: a PostgreSQL server, 12 or newer.'),
    host: z
      .string()
      .regex(/^(\/[^\0]{1,100}|[A-Za-z0-9.:_-]{1,253})$/, 'a name, an address or a folder')
      .describe('Name or address of the server, or the folder of its Unix socket.'),
    port: z.int().min(1).max(65535).default(5432).describe('Its port; part of the socket name.'),
    database: z
      .string()
      .min(1)
      .max(63)
      .default('scep_gateway')
      .describe('The database: encoding UTF8, and nothing else in it.'),
    user: z
      .string()
      .min(1)
      .max(63)
      .default('scep_gateway')
      .describe('The role. It should own the database: it makes and changes the tables.'),
    password: secretSchema
      .optional()
      .describe(
        'A reference to its password, read for each new connection. None where the server tells the role by its certificate or its system account.',
      ),
    tls: serverTlsSchema,
    connections: z
      .int()
      .min(2)
      .max(200)
      .default(10)
      .describe('Connections at once, of each gateway process.'),
    connectSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .describe('How long a connection may take to be made, or to come free.'),
    statementSeconds: z
      .int()
      .min(1)
      .max(300)
      .default(15)
      .describe('How long a statement may take; devices wait for some of them.'),
  })
  .describe('A PostgreSQL server.');

export const storeSchema = z
  .discriminatedUnion('kind', [sqliteSchema, postgresSchema])
  .prefault({ kind: 'sqlite' })
  .describe('Where challenges, transactions, certificates and the audit trail are kept.');

export const keysSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('files').describe('`files`: sealed files in the data directory.'),
      })
      .describe('In the data directory.'),
    z
      .strictObject({
        kind: z
          .literal('database')
          .describe(
            '`database`: sealed in the PostgreSQL database, so that several gateways have the same and find what another one made. Each needs the same `data.passphrase`. Keys of the data directory are taken up where the database has none yet.',
          ),
      })
      .describe('In the database of `data.store`.'),
  ])
  .prefault({ kind: 'files' })
  .describe('Where private keys are kept, sealed with the passphrase.');

export type PostgresConfig = z.infer<typeof postgresSchema>;
