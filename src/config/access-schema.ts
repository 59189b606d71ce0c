/** Who may call: lists of addresses, what they open, and how much one caller may do. */
import { z } from 'zod';
import { signInSchema } from './sign-in-schema.js';
import { callerCertificatesSchema, trustListsSchema } from './trust-schema.js';

/** Whether it is one is checked beside the names of lists, in access-checks.ts. */
const rule = z
  .string()
  .min(1)
  .max(64)
  .meta({ title: 'address, network such as `192.0.2.0/24`, or name of a list' });

/** An empty list would let in nobody, which nobody means. */
export const addressRulesSchema = z.array(rule).min(1).max(1000);

function rate(count: number, description: string, seconds = 60) {
  return z
    .strictObject({
      count: z
        .int()
        .min(1)
        .max(100_000_000)
        .default(count)
        .describe('How many in a window of `seconds`.'),
      seconds: z.int().min(1).max(86_400).default(seconds).describe('Length of the window.'),
    })
    .prefault({})
    .describe(description);
}

export const accessSchema = z
  .strictObject({
    lists: z
      .record(
        z.string(),
        z.strictObject({
          file: z
            .string()
            .min(1)
            .describe(
              'One address or network a line, `#` comments, and `# date: 2026-11-01` for the day it is of. Taken up again within seconds of a change; a broken file changes nothing.',
            ),
          maxAgeDays: z
            .int()
            .min(1)
            .max(3650)
            .default(180)
            .describe('An older list is complained about in the log, once a day.'),
        }),
      )
      .default({})
      .describe('Named lists of addresses, kept in files.'),
    allow: z
      .strictObject({
        admin: addressRulesSchema
          .optional()
          .describe('Who reaches the admin page, `/`, and all that has no list of its own.'),
        api: addressRulesSchema.optional().meta({
          description: 'Who reaches `/api`.',
          defaultText: 'as `admin`',
        }),
        publications: addressRulesSchema
          .optional()
          .describe('Who reaches CRLs and CA certificates: everybody who verifies a certificate.'),
        metrics: addressRulesSchema
          .default(['127.0.0.0/8', '::1'])
          .describe(
            'Who reads `/metrics` and `/readyz`. Behind a proxy on this host whose clients cannot be told apart, everybody comes from loopback: let the listener find the address of the client.',
          ),
      })
      .prefault({})
      .describe(
        'Addresses that are let in; every address where there is no list. SCEP has its list in the profile, `/healthz` none.',
      ),
    signIn: signInSchema,
    trustLists: trustListsSchema,
    certificates: callerCertificatesSchema,
    rateLimits: z
      .strictObject({
        operations: rate(
          60_000,
          'PKIOperations of one client address; beyond it 503 with Retry-After.',
        ),
        refusedChallenges: rate(
          300,
          'PKIOperations of one client address that were refused for their challenge; beyond it the address waits.',
        ),
        brokenMessages: rate(
          3000,
          'PKIOperations of one client address that are no SCEP message or fail their cryptographic checks; beyond it the address waits.',
        ),
        failedSignIns: rate(
          5,
          'Failed sign-ins of one client address on the admin page and the API; each is answered more slowly, and beyond it the address gets 429 with Retry-After and no password is checked. Keep it below `lockout.failures` and its window as long as `lockout.minutes`: then no single address can lock an account.',
          600,
        ),
        challenges: rate(
          60_000,
          'Challenges that one account asks for; beyond it 429 with Retry-After.',
        ),
      })
      .prefault({})
      .describe('What one caller may do. An IPv6 client counts by its first 64 bits.'),
  })
  .prefault({})
  .describe('Who may call, and how often; see access.md.');
