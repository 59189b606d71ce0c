/** The embedded CA: its certificates, its CRL, its RA. */
import { examineCaCertificates } from './authority.js';
import { day } from './expiry.js';
import { failed, info, ok, type Verdict } from './finding.js';
import type { IssuerContext } from './issuer-context.js';
import { examineRa } from './registration-authority.js';
import { examineCrls } from './revocation.js';

export async function examineEmbedded(context: IssuerContext): Promise<void> {
  const { examination, world, about, view } = context;
  const now = world.clock();
  const cas = view?.chain ?? [];
  await examineCaCertificates(
    examination,
    about,
    cas,
    now,
    'Prepare the next CA in good time, and let devices learn it: scep-gateway ca rollover --help.',
  );
  await examineRa(examination, about, { view, cas, now, embedded: true });
  if (view === undefined) return;
  await examination.check({ id: 'crl.fresh', about }, () => crlVerdict(view.crlEnd, now));
  await examineCrls(examination, world, about, [...cas, view.ra.signing], cas);
}

function crlVerdict(end: Date | undefined, now: Date): Verdict {
  if (end === undefined) {
    return info('There is no CRL yet; the running gateway makes the first one when it is asked.');
  }
  if (end <= now) {
    return failed(
      `The CRL of the embedded CA ended on ${day(end)}.`,
      'Start the gateway, which makes a new one; see crl.failed in its log if it runs.',
    );
  }
  return ok(`The CRL of the embedded CA is valid until ${day(end)}.`);
}
