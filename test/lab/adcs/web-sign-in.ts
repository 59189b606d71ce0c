/** Signs in to the web servers of the lab. */
import { readFileSync } from 'node:fs';
import { openKerberos } from '../../../src/kerberos/index.js';
import {
  createWebClient,
  type WebClient,
  type WebCredential,
} from '../../../src/web-client/index.js';
import { Certificate, readPem } from '../../../src/x509/index.js';
import { labFile } from '../in-lab.js';

export type Scheme = 'negotiate' | 'ntlm' | 'basic' | 'certificate';

export interface Reach {
  /** Sign in with something that is refused. */
  readonly wrongly?: boolean;
  readonly pin?: string;
  readonly answerMillis?: number;
}

/** As `svc-scep`, to the server of `url`. */
export async function labWebClient(url: string, scheme: Scheme, reach: Reach): Promise<WebClient> {
  const { wrongly = false, pin, answerMillis = 60_000 } = reach;
  return createWebClient({
    origin: new URL(url).origin,
    credentials: await credentials(scheme, wrongly),
    tls: {
      ...(pin === undefined
        ? { ca: readFileSync(labFile('pki/ca.pem'), 'utf8') }
        : { pins: [pin] }),
      ...(scheme === 'certificate' && { clientCertificate: clientCertificate(wrongly) }),
    },
    userAgent: 'Mozilla/5.0 (compatible; scep-gateway)',
    limits: { answerMillis },
  });
}

/** SHA-256 of the certificate that the proxy on port 9443 shows. */
export function proxyPin(): string {
  const [block] = readPem(readFileSync(labFile('pki/gateway.pem'), 'latin1'));
  if (block === undefined) throw new Error('no certificate');
  return Certificate.fromDer(block.der).thumbprints.sha256;
}

async function credentials(scheme: Scheme, wrongly: boolean): Promise<WebCredential[]> {
  const password = wrongly ? 'wrong' : 'Scep-Passw0rd!';
  switch (scheme) {
    case 'certificate':
      return [];
    case 'basic':
      return [{ kind: 'basic', user: 'svc-scep', password }];
    case 'ntlm':
      return [{ kind: 'ntlm', user: 'svc-scep', domain: 'LAB', password }];
    case 'negotiate': {
      const kerberos = await openKerberos();
      // Another account's key under this name is what a wrong password is to a keytab.
      const keytab = labFile(wrongly ? 'gateway.keytab' : 'svc-scep.keytab');
      const principal = 'svc-scep@LAB.TEST';
      const initiators = kerberos.initiators({ kind: 'keytab', keytab, principal });
      return [{ kind: 'negotiate', initiators }];
    }
  }
}

/** Wrongly: of a CA that the server does not trust. */
function clientCertificate(wrongly: boolean) {
  const account = wrongly ? 'stranger' : 'svc-scep';
  const read = (file: string) => readFileSync(labFile(`pki/${account}.${file}`), 'utf8');
  return { certificate: read('pem'), key: read('key') };
}
