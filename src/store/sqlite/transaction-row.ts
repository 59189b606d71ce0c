/** A transaction as columns, and columns as a transaction. */
import { GatewayError } from '../../errors/index.js';
import type {
  Errand,
  Hold,
  TransactionRecord,
  TransactionRowId,
  TransactionState,
} from '../transaction-store.js';
import type { Param } from './database.js';
import type { Row } from './row.js';

/** state, approver, issuer, request_id, certificate, code, text, identity, hresult */
export function stateColumns(state: TransactionState): Param[] {
  const none = undefined;
  switch (state.kind) {
    case 'authorized':
    case 'awaiting-approval':
      return [state.kind, none, none, none, none, none, none, none, none];
    case 'approved':
      return [state.kind, state.approver, none, none, none, none, none, none, none];
    case 'submitting':
    case 'in-doubt':
      return [state.kind, state.approver, state.issuer, none, none, none, none, none, none];
    case 'submitted': {
      const { approver, issuer, requestId, identity } = state;
      return [state.kind, approver, issuer, requestId, none, none, none, identity, none];
    }
    case 'issued':
      return [state.kind, none, none, none, state.certificate, none, none, none, none];
    case 'rejected':
      return [state.kind, none, none, none, none, state.code, state.text, none, state.hresult];
  }
}

/** due_at, attempts, problem, holder, held_until */
export function workColumns({
  errand,
  hold,
}: {
  readonly errand?: Errand | undefined;
  readonly hold?: Hold | undefined;
}): Param[] {
  return [errand?.dueAt, errand?.attempts, errand?.problem, hold?.holder, hold?.until];
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

export function stateKind(row: Row): TransactionState['kind'] {
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
