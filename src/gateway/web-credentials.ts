/** Configuration → what a web client signs in with. Secrets are read here, and Kerberos loaded, where they are configured. */
import type { ResolvedConfig, WebEnrollmentConfig } from '../config/index.js';
import type { WebCredential, WebTls } from '../web-client/index.js';
import { toPem } from '../x509/index.js';
import { readImport } from './imported-pair.js';
import { kerberosInitiators } from './kerberos-initiators.js';
import { readText } from './text-file.js';

type Authentication = WebEnrollmentConfig['authentication'];
type ReadSecret = ResolvedConfig['readSecret'];

/** @throws GatewayError `config.unreadable`, `kerberos.library` */
export async function webCredentials(
  { negotiate, ntlm, basic }: Authentication,
  readSecret: ReadSecret,
): Promise<WebCredential[]> {
  const credentials: WebCredential[] = [];
  if (negotiate) {
    credentials.push({
      kind: 'negotiate',
      initiators: kerberosInitiators(negotiate),
      ...(negotiate.spn !== undefined && { spn: negotiate.spn }),
    });
  }
  if (ntlm) {
    const { user, domain } = ntlm;
    credentials.push({ kind: 'ntlm', user, domain, password: await readSecret(ntlm.password) });
  }
  if (basic) {
    credentials.push({
      kind: 'basic',
      user: basic.user,
      password: await readSecret(basic.password),
    });
  }
  return credentials;
}

/** @throws GatewayError `config.unreadable` */
export async function webTls(
  { tls, authentication: { certificate } }: Pick<WebEnrollmentConfig, 'tls' | 'authentication'>,
  readSecret: ReadSecret,
): Promise<WebTls> {
  const identity = certificate && (await readImport(certificate, readSecret, false));
  return {
    ...(tls.ca !== undefined && { ca: await readText(tls.ca, 'Correct `tls.ca` of the issuer.') }),
    ...(tls.pins.length > 0 && { pins: tls.pins }),
    ...(tls.maximum && { maximum: tls.maximum }),
    ...(identity && {
      clientCertificate: {
        certificate: identity.certificates.map(({ der }) => toPem('CERTIFICATE', der)).join(''),
        key: identity.privateKeyPem,
      },
    }),
  };
}
