import { readFile } from 'node:fs/promises';
import {
  combineValidators,
  createWebhook,
  ExternalChallenges,
  type ChallengeValidator,
} from '../challenge/index.js';
import type { ProfileConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { DataDirectory } from './data-directory.js';

/**
 * Who judges the challenges of requests: the gateway itself, and the webhooks of profiles.
 * @throws GatewayError `config.unreadable`, `config.invalid`
 */
export async function openChallengeValidators(
  { config, readSecret }: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  data: Pick<DataDirectory, 'challenges' | 'challengeState'>,
  clock: () => Date,
): Promise<ChallengeValidator> {
  const external = new Map<string, ChallengeValidator>();
  for (const [name, { challenges }] of Object.entries(config.profiles)) {
    if (challenges.webhook === undefined) continue;
    const ask = await openWebhook(challenges.webhook, readSecret, clock);
    const denialMillis = challenges.webhook.denialSeconds * 1000;
    const { store, secret } = data.challengeState;
    external.set(name, new ExternalChallenges({ store, secret, ask, denialMillis, clock }));
  }
  return external.size === 0 ? data.challenges : combineValidators(data.challenges, external);
}

async function openWebhook(
  webhook: NonNullable<ProfileConfig['challenges']['webhook']>,
  readSecret: ResolvedConfig['readSecret'],
  clock: () => Date,
) {
  const { url, secret, keyId, format, ca, pins = [], timeoutSeconds } = webhook;
  return createWebhook({
    url,
    secret: await readSecret(secret),
    keyId,
    format,
    ca: ca === undefined ? undefined : await readCertificates(ca),
    pins,
    timeoutMillis: timeoutSeconds * 1000,
    clock,
  });
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new GatewayError('config.unreadable', `The CA file ${path} cannot be read.`, { cause });
  }
}
