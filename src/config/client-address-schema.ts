/** How a listener learns the address of a client that comes through a proxy. */
import { z } from 'zod';
import { addressRulesSchema } from './access-schema.js';

const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

export const clientAddressSchema = z
  .strictObject({
    trustedProxies: addressRulesSchema
      .optional()
      .describe(
        'Proxies and load balancers, by address. Only what these peers say of clients is read; they are passed over on the way to the client.',
      ),
    source: z
      .string()
      .regex(
        /^(?:none|x-forwarded-for|forwarded|header:[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64})$/i,
        'none, x-forwarded-for, forwarded, or header:NAME such as `header:CF-Connecting-IP`',
      )
      .default('none')
      .meta({ title: '`none`, `x-forwarded-for`, `forwarded` or `header:NAME`' })
      .describe(
        'The one header that names the client: `X-Forwarded-For`, `Forwarded` (RFC 7239), or a header that holds one address.',
      ),
    requiredHeaders: z
      .record(z.string().regex(headerName, 'the name of a header'), z.string().min(1).max(256))
      .default({})
      .describe(
        'Headers that a trusted proxy must send besides, with their values, such as `X-MS-Proxy: AzureAD-Application-Proxy`. They never stand in for `trustedProxies`.',
      ),
  })
  .prefault({})
  .describe('How the address of a client is found behind a proxy.');

export const proxyProtocolSchema = z
  .enum(['off', 'v1', 'v2', 'both'])
  .default('off')
  .describe(
    'The PROXY protocol of TCP load balancers. With it every connection of `trustedProxies` must begin with a PROXY header, and that names the client.',
  );
