import { readableOr } from '../../errors/index.js';
import { readBundle } from '../../pkcs7/pkijs/index.js';
import { Certificate, readPem } from '../../x509/index.js';

/** A certificate as DER, PEM or bare base64; undefined for anything else, such as a page. */
export function readCertificate(body: Buffer): Certificate | undefined {
  return readableOr(undefined, () => {
    const der = derOf(body);
    return der && Certificate.fromDer(der);
  });
}

/**
 * The certificates of `certnew.p7b`: DER, or armoured as PKCS7, or as CERTIFICATE around a PKCS#7, which
 * is what certsrv writes; plain certificates are taken too. Empty for anything else.
 */
export function readCertificates(body: Buffer): readonly Certificate[] {
  return readableOr([], () => {
    const blocks = isBinary(body) ? [body] : pemBlocks(body);
    return blocks.flatMap((der) => {
      const certificate = readableOr(undefined, () => Certificate.fromDer(der));
      return certificate ? [certificate] : readBundle(der).certificates;
    });
  });
}

/** DER of a CRL or a certificate, whatever its armour; undefined where there is none. */
export function derOf(body: Buffer): Buffer | undefined {
  if (isBinary(body)) return body;
  return readableOr(undefined, () => pemBlocks(body)[0]);
}

/** A SEQUENCE with a long length; pages begin with `<`, armour with `-` or `M`. */
function isBinary(body: Buffer): boolean {
  return body[0] === 0x30 && ((body[1] ?? 0) & 0x80) !== 0;
}

const mostBlocks = 32;

function pemBlocks(body: Buffer): Buffer[] {
  const text = body.toString('latin1').trim();
  if (/^M[A-Za-z0-9+/\r\n]+={0,2}$/.test(text)) return [Buffer.from(text, 'base64')];
  if (!text.startsWith('-----BEGIN')) return [];
  return readPem(text)
    .slice(0, mostBlocks)
    .map(({ der }) => der);
}
