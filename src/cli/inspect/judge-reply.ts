import type { PkiMessageExplanation } from '../../scep/index.js';
import { failInfoMeaning } from '../fail-info.js';
import { attributeOf } from './attribute.js';
import type { ReportDraft } from './report.js';

/** What a CertRep says, and what to do next. */
export function judgeReply(found: PkiMessageExplanation, draft: ReportDraft): void {
  if (found.what.endsWith('PENDING')) {
    draft.note('The request waits for an administrator: scep-gateway pending list');
  }
  if (!found.what.endsWith('FAILURE')) return;
  const failInfo = attributeOf(found, 'failInfo');
  const text = attributeOf(found, 'failInfoText');
  const reference = text === undefined ? undefined : /\(reference ([^)\s]+)\)/.exec(text)?.[1];
  const known = Object.entries(failInfoMeaning).find(([name]) => name === failInfo)?.[1];
  draft.wrong(
    `The server refused: ${known ? `${failInfo ?? ''}. ${known.means}` : (failInfo ?? 'no failInfo')}`,
    [known?.mend, reference && `More on the server: scep-gateway certificate show ${reference}`]
      .filter(Boolean)
      .join(' '),
  );
}
