import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { loadConfig, type ResolvedConfig } from '../config/index.js';
import {
  openDataDirectory,
  openInstallation,
  type DataDirectory,
  type Installation,
} from '../gateway/index.js';
import type { AuditRecord } from '../store/index.js';

/** Works on the records of the data directory, beside a running gateway or without one. */
export async function withData<T>(
  work: (data: DataDirectory, resolved: ResolvedConfig) => Promise<T>,
): Promise<T> {
  const resolved = await loadConfig({ environment: process.env });
  const data = await openDataDirectory(resolved, () => new Date());
  try {
    return await work(data, resolved);
  } finally {
    await data.close();
  }
}

/** The same with its CAs opened; makes them in a new data directory. */
export async function withInstallation<T>(
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const installation = await openInstallation(await loadConfig({ environment: process.env }));
  try {
    return await work(installation);
  } finally {
    await installation.close();
  }
}

/** Who acts, for the audit trail. */
export function actor(): string {
  return `cli:${userInfo().username}`;
}

/** An audit record of something done at the command line. */
export function cliAudit(
  event: string,
  about: Partial<Omit<AuditRecord, 'at' | 'event' | 'actor' | 'outcome'>> = {},
): AuditRecord {
  return {
    at: new Date(),
    event,
    correlationId: newCliCorrelationId(),
    profile: undefined,
    transactionId: undefined,
    challengeId: undefined,
    subject: undefined,
    keyId: undefined,
    clientAddress: undefined,
    actor: actor(),
    outcome: 'ok',
    code: undefined,
    reason: undefined,
    ...about,
  };
}

export function newCliCorrelationId(): string {
  return `cli-${randomUUID().slice(0, 8)}`;
}
