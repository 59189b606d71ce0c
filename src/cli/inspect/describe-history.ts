import type { PkiMessageExplanation } from '../../scep/index.js';
import { shortTime } from '../table.js';
import type { AtHand } from './at-hand.js';
import { attributeOf } from './attribute.js';
import type { ReportDraft } from './report.js';

/** The audit trail of the transaction. */
export async function describeHistory(
  found: PkiMessageExplanation,
  { data }: AtHand,
  draft: ReportDraft,
): Promise<void> {
  const transactionId = attributeOf(found, 'transactionID');
  if (transactionId === undefined) return;
  const history = await data.enrollments.audit({ transactionId, limit: 5 });
  if (history.length === 0) {
    if (found.what.startsWith('CertPoll')) {
      draft.wrong(
        'It polls for a transaction that this gateway does not know.',
        'A poll must repeat the transactionID of its request, at the URL of the same profile.',
      );
    }
    return;
  }
  draft.section('This gateway decided');
  for (const { at, event, outcome, reason, correlationId } of [...history].reverse()) {
    draft.fact(
      shortTime(at),
      `${event} (${outcome})${reason === undefined ? '' : `: ${reason}`}; reference ${correlationId}`,
    );
  }
}
