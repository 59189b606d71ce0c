import { createHash } from 'node:crypto';
import { decodeEscapedPem, type DecodedCertificates } from './encoded-certificates.js';

/**
 * Envoy's `x-forwarded-client-cert`: `Hash=…;Cert="…";Chain="…";Subject="…";URI=…`. Exactly one element:
 * a second one is what the client or a proxy before ours wrote, which Envoy forwards only when it is told to
 * append. `Chain` begins with the leaf. Without `Cert` or `Chain` there is nothing to judge.
 */
export function decodeXfcc(value: string): DecodedCertificates {
  const pairs = element(value);
  if (pairs === undefined) return broken('cannot be read as one XFCC element');
  const of = (name: string) => pairs.filter((pair) => pair.name === name).map((pair) => pair.value);
  const [cert, ...moreCerts] = of('cert');
  const [chain, ...moreChains] = of('chain');
  const [hash, ...moreHashes] = of('hash');
  if (moreCerts.length + moreChains.length + moreHashes.length > 0) {
    return broken('names Cert, Chain or Hash twice');
  }
  const certificates = decodeEscapedPem(chain ?? cert ?? '');
  if (certificates.kind === 'broken') return certificates;
  const [leaf] = certificates.kind === 'none' ? [] : certificates.ders;
  if (leaf === undefined)
    return broken('holds no certificate: let Envoy forward `cert` or `chain`');
  if (chain !== undefined && cert !== undefined && !isOnly(decodeEscapedPem(cert), leaf)) {
    return broken('has a Cert that does not begin its Chain');
  }
  if (hash !== undefined && hash.toLowerCase() !== sha256(leaf)) {
    return broken('has a Hash of another certificate');
  }
  return certificates;
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Undefined when it is no element, or more than one. */
function element(value: string): Pair[] | undefined {
  const pairs: Pair[] = [];
  let rest = value.trim();
  for (;;) {
    const { groups } = pairPattern.exec(rest) ?? {};
    if (groups === undefined) return undefined;
    const { all = '', name = '', quoted, bare = '' } = groups;
    pairs.push({ name: name.toLowerCase(), value: quoted?.replace(/\\(.)/g, '$1') ?? bare });
    rest = rest.slice(all.length);
    if (rest === '') return pairs;
    if (!rest.startsWith(';')) return undefined;
    rest = rest.slice(1);
  }
}

const pairPattern =
  /^(?<all>(?<name>[A-Za-z]{1,16})=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^",;]*)))/;

function isOnly(certificates: DecodedCertificates, der: Buffer): boolean {
  if (certificates.kind !== 'certificates' || certificates.ders.length !== 1) return false;
  return certificates.ders[0]?.equals(der) ?? false;
}

function sha256(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}

function broken(reason: string): DecodedCertificates {
  return { kind: 'broken', reason };
}
