/** Connections to whichever of the servers answers. */
import type { Client } from 'ldapts';
import { GatewayError } from '../errors/index.js';
import type { DirectoryOptions, DirectoryReport } from './directory.types.js';

export interface LdapServers {
  /**
   * Runs `use` on a fresh connection, which is closed afterwards.
   * @throws GatewayError `directory.unavailable` when none can be reached; what `use` throws otherwise
   */
  withConnection<T>(use: (client: Client) => Promise<T>, report: DirectoryReport): Promise<T>;
}

/** A server that did not answer is asked last for so long. */
const avoidedMillis = 60_000;

export function createLdapServers(
  options: Pick<DirectoryOptions, 'servers' | 'ca' | 'millis' | 'clock'>,
): LdapServers {
  const { servers, millis, clock } = options;
  const avoidedUntil = new Map<string, number>();

  function inOrder(): readonly string[] {
    const now = clock().getTime();
    const avoided = (url: string) => (avoidedUntil.get(url) ?? 0) > now;
    return [...servers.filter((url) => !avoided(url)), ...servers.filter(avoided)];
  }

  async function connect(url: string): Promise<Client> {
    // Loaded where a directory is configured.
    const { Client } = await import('ldapts');
    const client = new Client({
      url,
      timeout: millis,
      connectTimeout: millis,
      strictDN: false,
      tlsOptions: { minVersion: 'TLSv1.2', ...(options.ca !== undefined && { ca: options.ca }) },
    });
    try {
      // The first operation connects; this one needs no sign-in, and says that the server is in order.
      await client.search('', { scope: 'base', attributes: ['dnsHostName'] });
      return client;
    } catch (error) {
      await close(client);
      throw error;
    }
  }

  return {
    async withConnection(use, report) {
      const faults: string[] = [];
      for (const url of inOrder()) {
        let client: Client;
        try {
          client = await connect(url);
        } catch (error) {
          const fault = `${url}: ${faultText(error)}`;
          faults.push(fault);
          avoidedUntil.set(url, clock().getTime() + avoidedMillis);
          report({ step: 'connect', ok: false, text: fault });
          continue;
        }
        avoidedUntil.delete(url);
        report({ step: 'connect', ok: true, text: `${url}: TLS, and its certificate is in order` });
        try {
          return await use(client);
        } catch (error) {
          throw broken(error) ? unavailable([`${url}: ${faultText(error)}`], error) : error;
        } finally {
          await close(client);
        }
      }
      throw unavailable(faults);
    },
  };
}

async function close(client: Client): Promise<void> {
  // Where there is no connection any more there is nothing to close.
  await client.unbind().catch(() => undefined);
}

/** Not an answer of the server to what was asked: a time-out, a lost connection, a server that is busy. */
function broken(error: unknown): boolean {
  if (error instanceof GatewayError) return false;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code !== 'number' || busyCodes.has(code);
}

/** busy, unavailable (RFC 4511 A.2) */
const busyCodes: ReadonlySet<number> = new Set([51, 52]);

function unavailable(faults: readonly string[], cause?: unknown): GatewayError {
  return new GatewayError('directory.unavailable', 'The directory does not answer.', {
    mend: 'Try again later; `scep-gateway directory test` shows where it fails.',
    detail: faults.join('; '),
    cause,
  });
}

function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && !error.message.includes(code)
    ? `${error.message} (${code})`
    : error.message;
}
