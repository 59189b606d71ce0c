/** What `/api/v1/challenges` is asked for: the body of a POST, the query of a GET. */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Challenges } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';

const orderSchema = z.strictObject({
  profile: z.string().max(32).optional(),
  subject: z.string().min(1).max(1024).optional(),
  san: z
    .array(
      z
        .string()
        .max(1024)
        .regex(
          /^(?:dns|email|upn|uri|ip):./,
          'must be `dns:host`, `email:`, `upn:`, `uri:` or `ip:`',
        ),
    )
    .min(1)
    .max(100)
    .optional(),
  key: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be the SHA-256 of the SubjectPublicKeyInfo, 64 hex digits')
    .transform((text) => text.toLowerCase())
    .optional(),
  requester: z.string().refine(isNetwork, 'must be an address or a network in CIDR').optional(),
  validityMinutes: z.int().min(1).max(525_600).optional(),
  uses: z.int().min(1).max(100_000).optional(),
});

export type ChallengeRequest = z.infer<typeof orderSchema>;

const filterSchema = z.strictObject({
  state: z.enum(['open', 'used', 'expired', 'revoked']).optional(),
  limit: z.coerce.number().int().min(1).max(100_000).optional(),
});

/** @throws GatewayError `http.message`, naming every member that is wrong */
export function parseChallengeRequest(body: unknown): ChallengeRequest {
  const parsed = orderSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw unreadable('order', parsed.error, Object.keys(orderSchema.shape));
}

/** `?state=open&limit=50`. @throws GatewayError `http.message` */
export function parseChallengeFilter(query: string): Parameters<Challenges['list']>[0] {
  const parsed = filterSchema.safeParse(Object.fromEntries(new URLSearchParams(query)));
  if (!parsed.success) throw unreadable('query', parsed.error, Object.keys(filterSchema.shape));
  const { state, limit } = parsed.data;
  return { ...(state !== undefined && { state }), ...(limit !== undefined && { limit }) };
}

function unreadable(what: string, error: z.ZodError, members: readonly string[]): GatewayError {
  const problems = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  return new GatewayError('http.message', `The ${what} cannot be read: ${problems.join('; ')}.`, {
    mend: `It may hold: ${members.join(', ')}.`,
  });
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
