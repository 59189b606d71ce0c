/** What `config check` looks at besides the configuration itself: files of listeners and trust lists. */
import { parseCertificateName } from '../access/index.js';
import { ConfigFault, type ResolvedConfig } from '../config/index.js';
import { isGatewayError } from '../errors/index.js';
import { agentNotices, readAgents } from './enrollment-agents.js';
import { openTrustLists, silentLog } from './trust-lists.js';
import { expiryWarning, readTlsIdentity } from './tls-identity.js';

type Problem = ConfigFault['problems'][number];
type Warning = ResolvedConfig['warnings'][number];

/**
 * Everything that would stop the start, and what will one day stop clients.
 * @throws ConfigFault `config.unreadable`
 */
export async function checkFiles(resolved: ResolvedConfig, now: Date): Promise<Warning[]> {
  const { config, file, readSecret } = resolved;
  const problems: Problem[] = [];
  const warnings: Warning[] = [];

  async function attempt(key: string, work: () => Promise<Warning[]> | Warning[]): Promise<void> {
    try {
      warnings.push(...(await work()));
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      const { message: problem, mend = 'correct it' } = error;
      problems.push({ key, problem, mend, path: [key] });
    }
  }

  for (const [index, { address, tls }] of config.listeners.entries()) {
    if (!tls) continue;
    const key = `listeners[${index}].tls`;
    await attempt(key, async () => {
      const { certificate } = await readTlsIdentity(address, tls, readSecret);
      const warning = expiryWarning(certificate, now);
      return warning ? [{ key, warning: `the certificate ${warning.text}` }] : [];
    });
  }
  for (const [name, issuer] of Object.entries(config.issuers)) {
    const coSign = 'coSign' in issuer ? issuer.coSign : undefined;
    if (!coSign) continue;
    const key = `issuers.${name}.coSign`;
    await attempt(key, async () => {
      const agents = await readAgents(coSign, readSecret);
      return agents.flatMap((agent) =>
        agentNotices(agent, coSign.applicationPolicy, now).map(({ text }) => ({
          key,
          warning: text,
        })),
      );
    });
  }
  for (const [name, list] of Object.entries(config.access.trustLists)) {
    const key = `access.trustLists.${name}`;
    await attempt(key, async () => {
      const opened = await openTrustLists({
        lists: { [name]: list },
        ownCa: () => undefined,
        clock: () => now,
        log: silentLog,
      });
      return opened.warnings().map(({ text }) => ({ key, warning: text }));
    });
  }
  for (const [index, { certificates }] of config.accounts.entries()) {
    await attempt(`accounts[${index}].certificates`, () => {
      for (const binding of certificates) {
        if (binding.name !== undefined) parseCertificateName(binding.name);
      }
      return [];
    });
  }
  if (problems.length > 0) {
    throw new ConfigFault('config.unreadable', file ?? 'environment', problems);
  }
  return warnings;
}
