import { z } from 'zod';

const pace = (first: number, longest: number) => ({
  firstSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(first)
    .describe('The first wait; each further one is twice as long.'),
  longestSeconds: z.int().min(1).max(86_400).default(longest).describe('No wait is longer.'),
});

export const backlogSchema = z
  .strictObject({
    retry: z
      .strictObject(pace(15, 600))
      .prefault({})
      .describe('Between attempts at a CA that does not answer. Half of each wait is chance.'),
    poll: z
      .strictObject(pace(30, 900))
      .prefault({})
      .describe('Between questions to a CA that has a request under submission.'),
    breakerFailures: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .describe(
        'Calls in a row without an answer after which a CA is left alone for the waits of `retry`. A refused login counts at once.',
      ),
    parallel: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe('Waiting requests that one process works on at once, for each issuer.'),
    overdueHours: z
      .int()
      .min(1)
      .max(8760)
      .default(24)
      .describe('The log has an error line every hour for what waits for a CA longer than this.'),
    dropHours: z
      .int()
      .min(1)
      .max(8760)
      .default(168)
      .describe(
        'What no CA has seen is dropped after this, and its challenge given back. What a CA has, or may have, is kept until it answers or an operator decides.',
      ),
  })
  .prefault({})
  .describe('Requests that wait for a CA: the gateway works on them by itself.');
