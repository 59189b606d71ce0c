/** What devices and proxies meet: certificates of listeners, and whose word on addresses counts. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { parseNetwork } from '../address/index.js';
import type { ResolvedConfig } from '../config/index.js';
import { readTlsIdentity } from '../gateway/index.js';
import type { Certificate } from '../x509/index.js';
import type { Examination } from './examination.js';
import { expiryVerdict, nameOf } from './expiry.js';
import { ok, warning, type Verdict } from './finding.js';

type ListenerConfig = ResolvedConfig['config']['listeners'][number];

/** `listener.certificate`, `listener.name`, `listener.proxies`. */
export async function examineListeners(
  examination: Examination,
  { config, readSecret }: ResolvedConfig,
  now: Date,
): Promise<void> {
  for (const listener of config.listeners) {
    const { address, tls } = listener;
    const about = `listener ${address}`;
    if (tls) {
      let own: Certificate | undefined;
      await examination.check({ id: 'listener.certificate', about }, async () => {
        const { certificate } = await readTlsIdentity(address, tls, readSecret);
        own = certificate;
        return expiryVerdict(
          `Its certificate ${nameOf(certificate)}`,
          certificate,
          now,
          'Put a new certificate into its files; a running gateway takes it up within seconds.',
        );
      });
      await examination.check(
        { id: 'listener.name', about, needs: ['listener.certificate'] },
        () => (own === undefined ? [] : nameVerdict(own, config.publicUrl, listener)),
      );
    }
    await examination.check({ id: 'listener.proxies', about }, () =>
      proxyVerdicts(listener, config.publicUrl),
    );
  }
}

/** Behind a proxy it is the proxy's certificate that devices see. */
function nameVerdict(
  certificate: Certificate,
  publicUrl: string | undefined,
  { clientAddress }: ListenerConfig,
): Verdict[] {
  if (publicUrl === undefined || clientAddress.trustedProxies !== undefined) return [];
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const x509 = new X509Certificate(certificate.der);
  if ((isIP(host) === 0 ? x509.checkHost(host) : x509.checkIP(host)) !== undefined) {
    return [ok(`Its certificate is for ${host}, the name in publicUrl.`)];
  }
  return [
    warning(
      `Its certificate is not for ${host}, the name that devices use by publicUrl.`,
      'Give the listener a certificate for that name, or correct publicUrl.',
    ),
  ];
}

function proxyVerdicts(
  { address, tls, clientAddress: { trustedProxies, source }, proxyProtocol }: ListenerConfig,
  publicUrl: string | undefined,
): Verdict[] {
  const isLoopback = /^(?:127\.|\[::1\]|localhost)/.test(address);
  if (trustedProxies === undefined) {
    if (tls || publicUrl?.startsWith('https:') !== true) return [];
    return [
      warning(
        'publicUrl is https but this listener speaks plain http and trusts no proxy: log, rate limits and lock-out see the address of the proxy in place of the devices, and one device can lock all out.',
        'Name the proxy under clientAddress.trustedProxies and its header under clientAddress.source.',
      ),
    ];
  }
  const networks = trustedProxies.flatMap((text) => {
    const parsed = parseNetwork(text);
    return parsed.kind === 'network' ? [parsed.network] : [];
  });
  const names = trustedProxies.length - networks.length;
  const isLocal = networks.some(({ text }) => /^(?:127\.|::1(?:\/|$))/.test(text));
  if (isLoopback && !isLocal && names === 0) {
    return [
      warning(
        'It listens on this machine alone, and none of the trusted proxies has an address of this machine: what the proxy says of clients is never read.',
        'Add 127.0.0.1 (or ::1) to clientAddress.trustedProxies, or listen on an address that the proxy reaches.',
      ),
    ];
  }
  const way = proxyProtocol === 'off' ? source : 'the PROXY protocol';
  return [
    ok(`Addresses of clients come by ${way}, from ${trustedProxies.length} trusted entries.`),
  ];
}
