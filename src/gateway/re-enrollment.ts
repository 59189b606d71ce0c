/** An upstream SCEP server as the CA of profiles that the gateway serves itself. */
import { createPrivateKey } from 'node:crypto';
import type { ResolvedConfig } from '../config/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import { frontedAuthority, type Authority, type Notice } from '../issuer/index.js';
import { SoftwareKey, type KeyStore } from '../keys/index.js';
import type { ScepSigner } from '../scep/index.js';
import { createScepClient, selfSignedSigner } from '../scep/client/index.js';
import { fetchThrough, ReEnrollingIssuer } from '../upstream/index.js';
import type { RsaKey } from '../x509/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { configuredCodec } from './codec.js';
import { readImport } from './imported-pair.js';
import { upstreamOutage } from './upstream-outage.js';
import { upstreamWarnings } from './upstream-warnings.js';
import type { Upstream } from './upstreams.js';

export async function openReEnrollment(
  name: string,
  { config, server, http, ra }: Upstream,
  { resolved, data, clock }: AuthorityDependencies,
): Promise<Authority> {
  if (!ra) throw new GatewayError('internal', 'Re-enrollment has no RA keys.', { detail: name });
  const codec = await configuredCodec(resolved.config);
  const issuer = new ReEnrollingIssuer({
    name,
    server,
    client: createScepClient({ url: config.url, codec, fetch: fetchThrough(http) }),
    signerFor:
      (await importedSigner(config.signer, resolved.readSecret)) ??
      selfSigning(await signerKey(data.keys, `${name}.upstream-signer`), clock),
    challenge: config.challenge,
    answersAgain: config.answersAgain,
    outageOf: upstreamOutage,
  });
  return frontedAuthority({
    issuer,
    ra,
    replacedCas: () => server.known?.record.replaced ?? [],
    maintain: () => {
      // Behind the back of who waits for this: a server that is down would hold up the start.
      void server.refresh();
      const { origin } = ra.raKeeper.status();
      return Promise.resolve([
        ...upstreamWarnings(server),
        ...(origin === 'self' ? [selfCertified] : []),
      ]);
    },
  });
}

const selfCertified: Notice = {
  severity: 'warning',
  code: 'ra.self-certified',
  text: 'The RA certificates are certified by the gateway itself; devices that check them against the CA (certmonger does) refuse its replies. Import those of the server (importRa), or have the CA sign: scep-gateway ra request',
};

type SignerFor = (subject: Buffer) => Promise<ScepSigner>;

/** RFC 8894 §2.3: a certificate of its own with the subject of the request. */
function selfSigning(key: RsaKey, clock: () => Date): SignerFor {
  return (subject) => selfSignedSigner({ key, subject, clock });
}

/** @throws GatewayError `config.unreadable`, `config.invalid` */
async function importedSigner(
  pair: Upstream['config']['signer'],
  readSecret: ResolvedConfig['readSecret'],
): Promise<SignerFor | undefined> {
  const identity = pair && (await readImport(pair, readSecret, false));
  if (!identity) return undefined;
  const key = new SoftwareKey(createPrivateKey(identity.privateKeyPem));
  const certificate = identity.certificates.find(
    ({ publicKey }) => publicKey.id === key.publicKey.id,
  );
  if (!certificate || certificate.publicKey.kind !== 'rsa') {
    throw new GatewayError('config.invalid', 'The `signer` of the issuer cannot sign for it.', {
      mend: 'Name an RSA key and the certificate of that very key.',
    });
  }
  const signer = { certificate, key };
  return () => Promise.resolve(signer);
}

/** Made at the first start; of several processes one makes it and the others load it. */
async function signerKey(keys: KeyStore, name: string): Promise<RsaKey> {
  if (await keys.has(name)) return keys.load(name);
  try {
    return await keys.generate(name, 2048);
  } catch (error) {
    if (isGatewayError(error) && error.code === 'keys.exists') return keys.load(name);
    throw error;
  }
}
