/** A transaction as columns, and columns as a transaction. */
import { GatewayError } from '../../errors/index.js';
import type {
  BacklogGroup,
  Conclusion,
  Errand,
  Hold,
  TransactionRecord,
  TransactionRowId,
  TransactionState,
} from '../transaction-store.js';
import type { Row } from './row.js';
import type { Columns } from './statement.js';

/** As the partial index transactions_pending has it. */
export const isPending =
  "(state IN ('awaiting-approval', 'submitting', 'in-doubt', 'submitted') OR due_at IS NOT NULL)";
export const isConcluded = "state IN ('issued', 'rejected')";
/** Not sent to any CA yet, and to be tried again. */
export const isQueued = "state = 'authorized' AND due_at IS NOT NULL";

export function transactionColumns(record: TransactionRecord): Columns {
  return {
    id: record.id,
    profile: record.key.profile,
    transaction_id: record.key.transactionId,
    purpose: record.key.purpose,
    csr_key: record.csrKey,
    signer_key: record.signerKey,
    request_digest: record.requestDigest,
    csr: record.csr,
    ground: record.ground,
    challenge_id: record.challengeId,
    subject: record.subject,
    client_address: record.clientAddress,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    ...stateColumns(record.state),
    ...workColumns(record),
  };
}

/** All that a conclusion changes of a row. */
export function conclusionColumns({ state, now, ...work }: Conclusion): Columns {
  return { ...stateColumns(state), ...workColumns(work), updated_at: now };
}

function stateColumns(state: TransactionState): Columns {
  const columns = {
    state: state.kind,
    approver: undefined,
    issuer: undefined,
    request_id: undefined,
    certificate: undefined,
    code: undefined,
    text: undefined,
    identity: undefined,
    hresult: undefined,
  };
  switch (state.kind) {
    case 'authorized':
    case 'awaiting-approval':
      return columns;
    case 'approved':
      return { ...columns, approver: state.approver };
    case 'submitting':
    case 'in-doubt':
      return { ...columns, approver: state.approver, issuer: state.issuer };
    case 'submitted': {
      const { approver, issuer, requestId, identity } = state;
      return { ...columns, approver, issuer, request_id: requestId, identity };
    }
    case 'issued':
      return { ...columns, certificate: state.certificate };
    case 'rejected':
      return { ...columns, code: state.code, text: state.text, hresult: state.hresult };
  }
}

function workColumns({
  errand,
  hold,
}: {
  readonly errand?: Errand | undefined;
  readonly hold?: Hold | undefined;
}): Columns {
  return {
    due_at: errand?.dueAt,
    attempts: errand?.attempts,
    problem: errand?.problem,
    holder: hold?.holder,
    held_until: hold?.until,
  };
}

function stateFromRow(row: Row): TransactionState {
  const kind = stateKind(row);
  switch (kind) {
    case 'authorized':
    case 'awaiting-approval':
      return { kind };
    case 'approved':
      return { kind, approver: row.text('approver') };
    case 'submitting':
    case 'in-doubt':
      return { kind, issuer: row.text('issuer'), approver: row.textOrNone('approver') };
    case 'submitted':
      return {
        kind,
        issuer: row.text('issuer'),
        requestId: row.text('request_id'),
        identity: row.textOrNone('identity'),
        approver: row.textOrNone('approver'),
      };
    case 'issued':
      return { kind, certificate: row.text('certificate') };
    case 'rejected':
      return {
        kind,
        code: row.text('code'),
        text: row.text('text'),
        hresult: row.integerOrNone('hresult'),
      };
  }
}

function stateKind(row: Row): TransactionState['kind'] {
  const kind = row.text('state');
  switch (kind) {
    case 'authorized':
    case 'awaiting-approval':
    case 'approved':
    case 'submitting':
    case 'in-doubt':
    case 'submitted':
    case 'issued':
    case 'rejected':
      return kind;
    default:
      throw new GatewayError('internal', 'The database holds a transaction that cannot be read.', {
        detail: `no such state: ${kind}`,
      });
  }
}

function errandFromRow(row: Row): Errand | undefined {
  const attempts = row.integerOrNone('attempts');
  if (attempts === undefined) return undefined;
  return { dueAt: row.dateOrNone('due_at'), attempts, problem: row.textOrNone('problem') };
}

function holdFromRow(row: Row): Hold | undefined {
  const holder = row.textOrNone('holder');
  return holder === undefined ? undefined : { holder, until: row.date('held_until') };
}

export function transactionFromRow(row: Row): TransactionRecord {
  return {
    id: row.text('id') as TransactionRowId,
    key: {
      profile: row.text('profile'),
      transactionId: row.text('transaction_id'),
      purpose: row.text('purpose'),
    },
    csrKey: row.text('csr_key'),
    signerKey: row.text('signer_key'),
    requestDigest: row.text('request_digest'),
    csr: row.blob('csr'),
    ground: row.text('ground'),
    challengeId: row.textOrNone('challenge_id'),
    subject: row.text('subject'),
    clientAddress: row.text('client_address'),
    state: stateFromRow(row),
    errand: errandFromRow(row),
    hold: holdFromRow(row),
    createdAt: row.date('created_at'),
    updatedAt: row.date('updated_at'),
  };
}

export function backlogGroupFromRow(row: Row): BacklogGroup {
  return {
    profile: row.text('profile'),
    issuer: row.textOrNone('issuer'),
    state: stateKind(row),
    count: row.integer('n'),
    oldest: row.date('oldest'),
  };
}

/** For a statement that gives the rows it changed in no order. */
export function longestDueFirst(a: TransactionRecord, b: TransactionRecord): number {
  return dueMillis(a) - dueMillis(b);
}

function dueMillis({ errand }: TransactionRecord): number {
  return errand?.dueAt?.getTime() ?? 0;
}
