import { GatewayError } from '../../errors/index.js';
import type { ScepSigner } from '../../scep/index.js';
import { selfSignedSigner } from '../../scep/client/index.js';
import {
  parseCrl,
  parseDistinguishedName,
  toPem,
  verifyIssuedBy,
  type Certificate,
  type Name,
} from '../../x509/index.js';
import { exitCodes } from '../exit-code.js';
import { readCertificate, writeWhole } from '../pem-file.js';
import { passingKey, readPrivateKey } from '../private-key.js';
import { shortTime } from '../table.js';
import { note, print } from '../terminal.js';
import { connect, messageOptions } from './connection.js';
import type { EnrollFlags } from './enroll-flags.js';

type QueryFlags = EnrollFlags & { readonly url: string };

export async function getCa(flags: QueryFlags): Promise<number> {
  const { session } = await connect(flags);
  const { certificates } = session.authority;
  const { lines } = session.capabilities;
  for (const certificate of certificates) noteCertificate(certificate);
  note(`capabilities: ${lines.join(', ') || 'none'}`);
  await deliver(flags, pemOf(certificates), {
    capabilities: lines,
    certificates: certificates.map(asJson),
  });
  return exitCodes.ok;
}

export async function getNextCa(flags: QueryFlags): Promise<number> {
  const { client, session } = await connect(flags);
  const certificates = await client.getNextCaCert(session);
  for (const certificate of certificates) noteCertificate(certificate);
  await deliver(flags, pemOf(certificates), { certificates: certificates.map(asJson) });
  return exitCodes.ok;
}

export async function getCert(flags: QueryFlags): Promise<number> {
  const serial = serialBytes(flags.getCert ?? '');
  const { client, session } = await connect(flags);
  const found = await client.getCert(session, {
    ...messageOptions(flags, await signerOf(flags)),
    issuer: session.authority.issuer,
    serial,
  });
  if (found.kind === 'failed') return refused(flags, found);
  noteCertificate(found.certificate);
  await deliver(flags, found.certificate.toPem(), asJson(found.certificate));
  return exitCodes.ok;
}

export async function getCrl(flags: QueryFlags): Promise<number> {
  const about = flags.cert === undefined ? undefined : await readCertificate(flags.cert);
  const { client, session } = await connect(flags);
  const issuer = about?.issuer ?? session.authority.issuer;
  const ca = session.authority.certificates.find(({ subject }) => subject.matches(issuer));
  const found = await client.getCrl(session, {
    ...messageOptions(flags, await signerOf(flags)),
    issuer,
    serial: about?.serialBytes ?? ca?.serialBytes ?? Buffer.from([1]),
  });
  if (found.kind === 'failed') return refused(flags, found);
  const crl = parseCrl(found.crl);
  requireCrlOf(issuer, ca, found.crl);
  const { thisUpdate, nextUpdate, number, revoked } = crl;
  note(
    `CRL ${number ?? ''} of ${crl.issuer.text}: ${revoked.length} revoked, ` +
      `from ${shortTime(thisUpdate)} to ${shortTime(nextUpdate)} UTC`,
  );
  await deliver(flags, toPem('X509 CRL', found.crl), {
    issuer: crl.issuer.text,
    number,
    thisUpdate,
    nextUpdate,
    revoked,
    crl: toPem('X509 CRL', found.crl),
  });
  return exitCodes.ok;
}

function requireCrlOf(issuer: Name, ca: Certificate | undefined, bytes: Buffer): void {
  const crl = parseCrl(bytes);
  if (!crl.issuer.matches(issuer)) {
    throw new GatewayError('scep.reply', `The reply brings a CRL of ${crl.issuer.text}.`);
  }
  if (ca === undefined) note('GetCACert has no certificate of the CA: the CRL was not checked');
  else if (!verifyIssuedBy(crl, ca)) {
    throw new GatewayError('scep.reply', 'The signature of the CRL does not verify.');
  }
}

/** Servers want a signature; whose it is, they do not ask (RFC 8894 §3.3.4). */
async function signerOf({ cert, key, passphraseFile }: QueryFlags): Promise<ScepSigner> {
  const own = key === undefined ? await passingKey() : await readPrivateKey(key, passphraseFile);
  if (cert !== undefined && key !== undefined) {
    const certificate = await readCertificate(cert);
    if (certificate.publicKey.id === own.publicKey.id) return { certificate, key: own };
    throw new GatewayError('cli.usage', `The key in ${key} is not that of ${cert}.`);
  }
  return selfSignedSigner({ key: own, subject: parseDistinguishedName('CN=scep-gateway query') });
}

/** INTEGER content octets: a leading zero keeps the number positive. */
function serialBytes(text: string): Buffer {
  const hex = text.replace(/^0x/i, '').replace(/[\s:]/g, '');
  if (!/^[0-9a-f]{1,128}$/i.test(hex)) {
    throw new GatewayError('cli.usage', `${text} is no serial number.`, {
      mend: 'Write it in hex, such as 7b28ef7970b5ca15.',
    });
  }
  const digits = hex.padStart(hex.length + (hex.length % 2), '0');
  return Buffer.from(/^[89a-f]/i.test(digits) ? `00${digits}` : digits, 'hex');
}

function refused(
  { json }: QueryFlags,
  { failInfo, failInfoText }: { readonly failInfo: unknown; readonly failInfoText: unknown },
): number {
  note(`refused: ${[failInfo ?? 'without a failInfo', failInfoText].filter(Boolean).join(': ')}`);
  if (json) print(JSON.stringify({ outcome: 'refused', failInfo, failInfoText }, null, 2));
  return exitCodes.refused;
}

async function deliver({ out, json }: QueryFlags, pem: string, facts: unknown): Promise<void> {
  if (out !== undefined) await writeWhole(out, pem);
  if (json) print(JSON.stringify(facts, null, 2));
  else if (out === undefined) print(pem.trimEnd());
}

function pemOf(certificates: readonly Certificate[]): string {
  return certificates.map((certificate) => certificate.toPem()).join('');
}

function noteCertificate({ subject, serial, notAfter, thumbprints }: Certificate): void {
  note(
    `${subject.text}, serial ${serial}, until ${shortTime(notAfter)} UTC, SHA-256 ${thumbprints.sha256}`,
  );
}

function asJson(certificate: Certificate): unknown {
  const { subject, issuer, serial, notBefore, notAfter, thumbprints } = certificate;
  return {
    subject: subject.text,
    issuer: issuer.text,
    serial,
    notBefore,
    notAfter,
    thumbprints,
    certificate: certificate.toPem(),
  };
}
