/** The certificate and key of a TLS listener, from its files. */
import { readFile } from 'node:fs/promises';
import type { GatewayConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { ListenerTls, TlsIdentity } from '../http/index.js';
import { importPem, importPfx } from '../keys/index.js';
import type { Log } from '../telemetry/index.js';
import type { Certificate } from '../x509/index.js';
import { watchFiles, type Watched } from './watched-files.js';

type TlsConfig = NonNullable<GatewayConfig['listeners'][number]['tls']>;

interface LoadedTlsIdentity extends TlsIdentity {
  /** The listener's own. */
  readonly certificate: Certificate;
}

/** @throws GatewayError `config.*` or `keys.passphrase`, which name the listener */
export async function readTlsIdentity(
  address: string,
  { pfx, certificate = '', key = '', passphrase }: TlsConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<LoadedTlsIdentity> {
  try {
    const secret = passphrase && (await readSecret(passphrase));
    const { privateKeyPem, certificates } =
      pfx === undefined
        ? importPem(
            {
              certificate: (await read(certificate)).toString('utf8'),
              key: (await read(key)).toString('utf8'),
              passphrase: secret,
            },
            'tls',
          )
        : await importPfx(await read(pfx), secret, 'tls');
    const [own] = certificates;
    if (!own) throw new RangeError('a key without its certificate');
    return {
      certificate: own,
      certificateChain: certificates.map((one) => one.toPem()).join(''),
      privateKey: privateKeyPem,
    };
  } catch (cause) {
    if (!isGatewayError(cause)) throw cause;
    throw new GatewayError(cause.code, `TLS of the listener ${address}: ${cause.message}`, {
      ...(cause.mend !== undefined && { mend: cause.mend }),
      cause,
    });
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new GatewayError('config.unreadable', `The file ${path} cannot be read.`, {
      mend: 'Correct the path under `tls`, or make it readable for the user of the gateway.',
      cause,
    });
  }
}

export interface WatchedTls {
  readonly tls: ListenerTls;
  refresh(): Promise<void>;
}

/** @throws GatewayError as `readTlsIdentity`, at the start only */
export async function openTls(
  address: string,
  config: TlsConfig,
  options: {
    readonly readSecret: ResolvedConfig['readSecret'];
    readonly clock: () => Date;
    readonly log: Log;
    /** A new certificate came. */
    readonly renew: (identity: TlsIdentity) => void;
  },
): Promise<WatchedTls> {
  const { clock, log, renew } = options;
  const { pfx, certificate, key, passphrase } = config;
  const secretFile = passphrase && 'file' in passphrase ? passphrase.file : undefined;
  const identity: Watched<LoadedTlsIdentity> = await watchFiles({
    what: `TLS certificate of ${address}`,
    files: [pfx, certificate, key, secretFile].filter((file) => file !== undefined),
    read: () => readTlsIdentity(address, config, options.readSecret),
    log,
    onChange: renew,
  });
  let warnedOn = '';

  /** Once a day, and at the start. */
  function warn(): void {
    const today = clock().toISOString().slice(0, 10);
    const warning = expiryWarning(identity.current().certificate, clock());
    if (warning === undefined || warnedOn === today) return;
    warnedOn = today;
    log[warning.level](`the TLS certificate ${warning.text}`, { listener: address });
  }

  warn();
  return {
    tls: {
      identity: identity.current(),
      minVersion: config.minVersion,
      asksForCertificate: config.clientCertificates !== 'none',
      handshakeMillis: config.handshakeSeconds * 1000,
    },
    async refresh() {
      await identity.refresh();
      warn();
    },
  };
}

const warnDays = 30;
const dayMillis = 86_400_000;

/** `text` completes "the TLS certificate …". */
export function expiryWarning(
  { notBefore, notAfter, subject }: Certificate,
  now: Date,
): { readonly level: 'warn' | 'error'; readonly text: string } | undefined {
  const name = subject.text.slice(0, 200);
  if (now > notAfter) {
    return {
      level: 'error',
      text: `${name} expired on ${notAfter.toISOString()}: clients refuse it`,
    };
  }
  if (now < notBefore) {
    return { level: 'error', text: `${name} is valid only from ${notBefore.toISOString()} on` };
  }
  const days = Math.floor((notAfter.getTime() - now.getTime()) / dayMillis);
  if (days > warnDays) return undefined;
  return { level: 'warn', text: `${name} expires on ${notAfter.toISOString()}, in ${days} days` };
}
