/** What the serving process last learnt about a CA, noted in the database for commands that run beside it. */
import { z } from 'zod';
import type { IssuerHealth } from '../enrollment/index.js';
import type { SettingsStore } from '../store/index.js';

const key = (issuer: string) => `issuer-health.${issuer}`;

const noted = z.object({
  since: z.coerce.date(),
  retryAt: z.coerce.date().optional(),
  problem: z.string().optional(),
  mend: z.string().optional(),
});

/** Of a CA that does not answer; retryAt is as it was when it fell silent. */
export type IssuerOutage = z.infer<typeof noted> & { readonly issuer: string };

export async function noteIssuerHealth(
  settings: SettingsStore,
  { issuer, breaker, since, retryAt, problem, mend }: IssuerHealth,
): Promise<void> {
  const value = breaker === 'open' ? JSON.stringify({ since, retryAt, problem, mend }) : '';
  await settings.set(key(issuer), value);
}

/** At the start of a process nothing is known. */
export async function forgetIssuerHealth(
  settings: SettingsStore,
  issuers: readonly string[],
): Promise<void> {
  for (const issuer of issuers) {
    if (await settings.get(key(issuer))) await settings.set(key(issuer), '');
  }
}

/** The CAs that do not answer, as far as a serving process noted it. */
export async function issuerOutages(
  settings: SettingsStore,
  issuers: readonly string[],
): Promise<readonly IssuerOutage[]> {
  const outages: IssuerOutage[] = [];
  for (const issuer of issuers) {
    const value = await settings.get(key(issuer));
    if (value) outages.push({ issuer, ...noted.parse(JSON.parse(value)) });
  }
  return outages;
}
