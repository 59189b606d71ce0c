/** The body of `POST /api/v1/challenges`. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { GatewayError } from '../errors/index.js';

const schema = z.strictObject({
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

export type ChallengeRequest = z.infer<typeof schema>;

/** @throws GatewayError `http.message`, naming every member that is wrong */
export function parseChallengeRequest(body: unknown): ChallengeRequest {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  throw new GatewayError('http.message', `The order cannot be read: ${problems.join('; ')}.`, {
    mend: 'Members: profile, subject, san, key, requester, validityMinutes, uses.',
  });
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
