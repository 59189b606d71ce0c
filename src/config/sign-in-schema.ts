/** How administrators and MDMs sign in, beside Basic and tokens. */
import { z } from 'zod';
import { negotiateSchema } from './directory-schema.js';

export const signInSchema = z
  .strictObject({
    negotiate: negotiateSchema.optional(),
    ntlm: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            'Offer NTLMv2 to accounts that have `password`, for MDMs that know nothing else. The gateway then holds their NT hashes in memory, which are as good as the passwords.',
          ),
        channelBinding: z
          .enum(['when-sent', 'required'])
          .default('when-sent')
          .describe(
            'On TLS listeners a channel binding that the client sends must be right. `required` refuses clients without one, such as curl and Fleet, and so every relay; NTLM is then offered on TLS listeners only.',
          ),
        mic: z
          .enum(['when-announced', 'required'])
          .default('when-announced')
          .describe(
            'A MIC that the client announces must be there and right. `required` refuses clients without one, such as curl, Fleet and older Java.',
          ),
      })
      .prefault({})
      .describe('NTLMv2, bound to the TCP connection. There is no NTLMv1 and no LM.'),
  })
  .prefault({})
  .describe('How accounts sign in to the admin page and the API, beside Basic and tokens.');

export const ntlmBehindProxiesSchema = z
  .enum(['refused', 'connection-is-not-shared'])
  .default('refused')
  .describe(
    'NTLM signs in a TCP connection, and a proxy that keeps connections to the gateway sends requests of several clients by one. So NTLM is not offered where there are `trustedProxies`. Write `connection-is-not-shared` only when each client connection has its own connection to the gateway, as with TCP load balancers.',
  );
