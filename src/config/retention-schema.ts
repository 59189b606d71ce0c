/** How long records are kept. */
import { z } from 'zod';

const days = (least: number, usual: number, what: string) =>
  z.int().min(least).max(36_500).default(usual).describe(what);

export const retentionSchema = z
  .strictObject({
    certificateDays: days(
      30,
      400,
      'Certificates of devices are kept so long after their end, and in any case as long as their renewal (`renewal.graceDays`) or a CRL (twice `crlHours`) may need them.',
    ),
    transactionDays: days(
      2,
      90,
      'Finished requests are kept so long after their answer, and in any case for `replayHours`.',
    ),
    auditDays: days(30, 1100, 'Lines of the audit trail are kept so long.'),
    archive: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder for what is dropped, one gzipped file of JSON lines for each kind and round; relative to the configuration file. Without it dropped records are gone.',
      ),
  })
  .prefault({})
  .describe('How long records are kept; once an hour what is older is dropped, a few at a time.');
