import type { GatewayConfig } from '../config/index.js';
import type { IssuerOutage } from '../gateway/index.js';
import type { TransactionRecord } from '../store/index.js';
import { printable } from './printable.js';
import { shortTime } from './table.js';

export const waitingHead = ['ID', 'SINCE', 'PROFILE', 'SUBJECT', 'FROM', 'STATE', 'NEXT'];

export function waitingRow(record: TransactionRecord): string[] {
  const { id, createdAt, key, subject, clientAddress, errand } = record;
  return [
    id.slice(0, 12),
    shortTime(createdAt),
    key.profile,
    subject,
    clientAddress,
    stateText(record),
    shortTime(errand?.dueAt),
  ];
}

/** What stands in the way, and what an operator can do; nothing for what simply waits its turn. */
export function whyLines(records: readonly TransactionRecord[], config: Issuers): string[] {
  return records.flatMap((record) => {
    const why = whyText(record, config);
    return why === '' ? [] : [printable(`${record.id.slice(0, 12)}: ${why}`)];
  });
}

/** The sealed CSR stays where it is. */
export function waitingAsJson(record: TransactionRecord, config: Issuers): unknown {
  const why = whyText(record, config);
  return { ...record, csr: undefined, ground: undefined, ...(why && { why }) };
}

/** One for each CA that does not answer. */
export function outageLines(outages: readonly IssuerOutage[]): string[] {
  return outages.map(({ issuer, since, problem = 'no reason known', mend }) =>
    printable(
      [`issuer ${issuer} does not answer since ${shortTime(since)}: ${problem}`, mend]
        .filter(Boolean)
        .join(' -> '),
    ),
  );
}

type Issuers = Pick<GatewayConfig, 'issuers' | 'profiles'>;

/** `queued` has not been sent, `in doubt` was sent and never answered, `submitted` waits at the CA. */
function stateText({ state }: TransactionRecord): string {
  switch (state.kind) {
    case 'authorized':
    case 'approved':
      return 'queued';
    case 'in-doubt':
      return `in doubt (${state.issuer})`;
    case 'submitting':
      return `being sent (${state.issuer})`;
    case 'submitted':
      return `${state.issuer}: request ${state.requestId}`;
    default:
      return state.kind;
  }
}

/** The configuration of now comes first: what is no longer there cannot go on. */
function whyText(
  { state, errand, key }: TransactionRecord,
  { issuers, profiles }: Issuers,
): string {
  if (!Object.hasOwn(profiles, key.profile))
    return `profile ${key.profile} is no longer configured; configure it again, or drop the request`;
  if ('issuer' in state && !Object.hasOwn(issuers, state.issuer))
    return `issuer ${state.issuer} is no longer configured; configure it again, or drop the request`;
  if (state.kind === 'in-doubt' && errand?.dueAt === undefined)
    return `${errand?.problem ?? 'the answer was lost'}; look at the CA, then retry or drop`;
  return errand?.problem ?? '';
}
