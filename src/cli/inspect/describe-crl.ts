import { parseBer } from '../../asn1/index.js';
import { parseCrl, verifyIssuedBy, type Certificate } from '../../x509/index.js';
import { shortTime } from '../table.js';
import { signatureName, weakSignature } from './names.js';
import type { ReportDraft } from './report.js';

const mostListed = 20;

/** @throws GatewayError `x509.malformed` */
export function describeCrl(
  bytes: Buffer,
  draft: ReportDraft,
  issuers: readonly Certificate[],
): void {
  const crl = parseCrl(bytes);
  const { issuer, thisUpdate, nextUpdate, number, revoked } = crl;
  const algorithm = parseBer(crl.signatureAlgorithmDer).child(0).oid();
  draft.fact('Issuer', issuer.text);
  draft.fact('Number', number === undefined ? 'none' : String(number));
  draft.fact('This update', `${shortTime(thisUpdate)} UTC`);
  draft.fact('Next update', nextUpdate ? `${shortTime(nextUpdate)} UTC` : 'none');
  draft.fact('Signature', signatureName(algorithm));
  draft.fact('Revoked', String(revoked.length));
  for (const { serial, at } of revoked.slice(0, mostListed)) {
    draft.fact('', `${serial}, ${shortTime(at)} UTC`);
  }
  if (revoked.length > mostListed) draft.fact('', `… and ${revoked.length - mostListed} more`);

  const now = new Date();
  if (nextUpdate && nextUpdate < now) {
    draft.wrong(
      `It is out of date: the next CRL was due on ${shortTime(nextUpdate)} UTC.`,
      'Whoever fetched it holds an old copy, or the CA no longer makes CRLs.',
    );
  }
  if (thisUpdate > now) {
    draft.wrong(`It is from the future: ${shortTime(thisUpdate)} UTC.`, 'Compare the clocks.');
  }
  const weak = weakSignature(algorithm);
  if (weak) draft.wrong(`It is signed with ${weak}, which is no longer trusted.`);
  const named = issuers.filter(({ subject }) => subject.matches(issuer));
  if (named.length === 0) {
    draft.note('Its issuer is not at hand, so its signature was not checked.');
  } else if (named.some((ca) => verifyIssuedBy(crl, ca))) {
    draft.fact('Issued by', 'a CA at hand: verifies');
  } else draft.wrong('Its signature does not verify with the certificate of its issuer.');
}
