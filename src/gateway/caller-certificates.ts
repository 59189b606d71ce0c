/** Configuration → which client certificates are read, asked for and signed in with. */
import {
  certificateForm,
  createCertificateGate,
  createTrustList,
  parseCertificateName,
  type CertificateBinding,
  type CertificateGate,
  type CertificateRule,
  type ListenerCertificatesOptions,
} from '../access/index.js';
import type { GatewayConfig } from '../config/index.js';
import type { ListenerAccess } from './access.js';
import type { TrustLists } from './trust-lists.js';

export interface CallerCertificates {
  readonly gate: CertificateGate;
  /** In the order of the configuration. */
  readonly listeners: readonly ListenerCertificatesOptions[];
  readonly bindings: readonly CertificateBinding[];
}

export function callerCertificates(
  { access, accounts, listeners, profiles }: GatewayConfig,
  options: {
    readonly trust: TrustLists;
    readonly listeners: readonly ListenerAccess[];
    readonly clock: () => Date;
  },
): CallerCertificates {
  const { trust, clock } = options;
  const rule = (key: string, names: readonly string[] | undefined): CertificateRule | undefined =>
    names && { key, trust: names.map((name) => trust.get(name)) };
  const scep = Object.entries(profiles).flatMap(([name, { certificates }]) => {
    const found = rule(`profiles.${name}.certificates`, certificates);
    return found ? [[name, found] as const] : [];
  });
  return {
    gate: createCertificateGate({
      scep: new Map(scep),
      admin: rule('access.certificates.admin', access.certificates.admin),
      api: rule('access.certificates.api', access.certificates.api),
    }),
    listeners: listeners.map(({ tls, forwardedCertificate }, index) => {
      const origin = options.listeners[index]?.origin;
      return {
        tls: tls !== undefined && tls.clientCertificates !== 'none',
        forwarded: forwardedCertificate &&
          origin && {
            form: certificateForm(
              forwardedCertificate.form,
              forwardedCertificate.header?.toLowerCase(),
            ),
            trustedProxies: origin.trustedProxies,
            requiredHeaders: origin.requiredHeaders,
          },
        connection: rule(`listeners[${index}].tls.trust`, tls?.trust),
      };
    }),
    bindings: accounts.flatMap(({ name: account, certificates }) =>
      certificates.map(({ pin, trust: list, name }) => ({
        account,
        trust: pin === undefined ? trust.get(list ?? '') : pinned(account, pin, clock),
        name: name === undefined ? undefined : parseCertificateName(name),
      })),
    ),
  };
}

function pinned(account: string, pin: string, clock: () => Date) {
  return createTrustList({
    name: `(pin of ${account})`,
    pins: [pin],
    anchors: undefined,
    names: [],
    revocation: { rule: 'off', graceMillis: 0, lists: () => Promise.resolve([]) },
    clock,
  });
}
