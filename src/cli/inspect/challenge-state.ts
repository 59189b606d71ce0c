import { isGatewayError } from '../../errors/index.js';
import type { ChallengeRecord } from '../../store/index.js';
import {
  extensionOids,
  readSubjectAltNames,
  subjectAltNameText,
  type CertificationRequest,
} from '../../x509/index.js';
import { shortTime } from '../table.js';
import type { AtHand } from './at-hand.js';
import type { ReportDraft } from './report.js';

const mend = 'Obtain a new one: scep-gateway challenge new';

/**
 * Looks the challenge up without spending it; it is never shown.
 *
 * @param transactionId of the message, as people read it: a challenge spent by it is not wrong
 */
export async function judgeChallenge(
  csr: CertificationRequest,
  transactionId: string | undefined,
  atHand: AtHand,
  draft: ReportDraft,
): Promise<void> {
  const { data, profile, profileName } = atHand;
  const { challengePassword } = csr;
  if (challengePassword === undefined) return;
  if (data.challengesInMemory) {
    draft.note('Challenges are in the memory of the running gateway: the state is not known here.');
    return;
  }
  const verdict = await data.challenges.check(challengePassword, {
    profile: profileName,
    subject: csr.subject.text,
    san: sanTexts(csr),
    keyId: csr.publicKey.id,
    address: '',
    transaction: 'inspect',
    request: {
      transactionId: transactionId ?? '',
      csr: csr.der,
      commonName: csr.subject.values('CN')[0],
    },
  });
  if (verdict.kind !== 'refused') {
    judgeKind(verdict.id, profile.challenges, draft);
    const record = await find(verdict.id, atHand);
    draft.fact(
      'Its state',
      `open${record?.expiresAt ? ` until ${shortTime(record.expiresAt)} UTC` : ''}, ${verdict.id}`,
    );
    return;
  }
  const { id, reason, detail } = verdict;
  draft.fact('Its state', id === undefined ? reason : `${stateNames[reason]}, ${id}`);
  switch (reason) {
    case 'unknown':
    case 'denied':
      if (profile.challenges.webhook !== undefined) {
        draft.note(
          'The gateway does not know the challenge: the validator of the profile judges it.',
        );
        return;
      }
      draft.wrong(`This gateway does not know the challenge (${wordOf(challengePassword)}).`, mend);
      return;
    case 'expired':
      draft.wrong(`The challenge ${id ?? ''} has expired.`, mend);
      return;
    case 'revoked':
      draft.wrong(`The challenge ${id ?? ''} is revoked.`, mend);
      return;
    case 'used':
      await judgeUsed(id ?? '', transactionId, atHand, draft);
      return;
    case 'binding':
      if (detail?.startsWith('bound to requester') === true) {
        draft.note(
          `The challenge ${detail.replace(/, used from .*/, '')}; where this came from is not known here.`,
        );
      } else {
        draft.wrong(
          `The challenge ${id ?? ''} opens for something else: ${detail ?? ''}.`,
          'Obtain one that is bound to this device, or correct the request.',
        );
      }
  }
}

const stateNames = {
  unknown: 'unknown',
  expired: 'expired',
  revoked: 'revoked',
  used: 'used',
  binding: 'bound to something else',
  denied: 'denied',
} as const;

/** What help desks see most: a challenge that was typed, cut off or never filled in. */
function wordOf(challenge: string): string {
  if (/[%$]|\{\{?|\}\}?/.test(challenge)) return 'it looks like a variable that nobody filled in';
  if (/^[0-9A-Fa-f]+$/.test(challenge)) return `${challenge.length} hex digits`;
  return 'it does not look like one of ours: not hex';
}

function judgeKind(
  id: string,
  { dynamic, single, static: fixed }: AtHand['profile']['challenges'],
  draft: ReportDraft,
): void {
  const isStatic = id.startsWith('static:');
  if (isStatic ? fixed.length > 0 : dynamic || single) return;
  draft.wrong(`The profile takes no ${isStatic ? 'static' : 'dynamic'} challenges.`);
}

async function judgeUsed(
  id: string,
  transactionId: string | undefined,
  { data }: AtHand,
  draft: ReportDraft,
): Promise<void> {
  const history = await data.enrollments.audit({ text: id, limit: 20 });
  const use = history.find((record) => record.challengeId === id && record.transactionId);
  if (use?.transactionId !== undefined && use.transactionId === transactionId) {
    draft.note(
      'The challenge was spent by this very transaction: the same request gets the same answer.',
    );
    return;
  }
  draft.wrong(
    use
      ? `The challenge ${id} was used already, on ${shortTime(use.at)} UTC for ${use.subject ?? 'another request'}.`
      : `The challenge ${id} was used already.`,
    mend,
  );
}

async function find(id: string, { data }: AtHand): Promise<ChallengeRecord | undefined> {
  const open = await data.challenges.list({ state: 'open', limit: 1_000_000 });
  return open.find((record) => record.id === id);
}

function sanTexts({ extensions }: CertificationRequest): string[] {
  const extension = extensions.find(({ oid }) => oid === extensionOids.subjectAltName);
  try {
    return extension ? readSubjectAltNames(extension.value).map(subjectAltNameText) : [];
  } catch (error) {
    if (isGatewayError(error)) return [];
    throw error;
  }
}
