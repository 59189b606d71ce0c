/** How administrators and MDMs sign in, beside Basic and tokens. */
import { z } from 'zod';
import { negotiateSchema } from './directory-schema.js';

export const signInSchema = z
  .strictObject({
    negotiate: negotiateSchema.optional(),
  })
  .prefault({})
  .describe('How accounts sign in to the admin page and the API, beside Basic and tokens.');
