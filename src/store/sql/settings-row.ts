/** Accounts and tokens as columns, and columns as accounts and tokens. */
import type { AccountRecord, ApiTokenRecord } from '../settings-store.js';
import type { Row } from './row.js';
import type { Columns } from './statement.js';

export function accountColumns(record: AccountRecord): Columns {
  return {
    name: record.name,
    password_hash: record.passwordHash,
    roles: JSON.stringify(record.roles),
    created_at: record.createdAt,
  };
}

export function tokenColumns(record: ApiTokenRecord): Columns {
  return {
    id: record.id,
    account: record.account,
    digest: record.digest,
    created_at: record.createdAt,
    expires_at: record.expiresAt,
    roles: record.roles && JSON.stringify(record.roles),
    profiles: record.profiles && JSON.stringify(record.profiles),
  };
}

export function accountFromRow(row: Row): AccountRecord {
  return {
    name: row.text('name'),
    passwordHash: row.text('password_hash'),
    roles: row.texts('roles'),
    createdAt: row.date('created_at'),
  };
}

export function tokenFromRow(row: Row): ApiTokenRecord {
  return {
    id: row.text('id'),
    account: row.text('account'),
    digest: row.text('digest'),
    createdAt: row.date('created_at'),
    expiresAt: row.dateOrNone('expires_at'),
    roles: row.textsOrNone('roles'),
    profiles: row.textsOrNone('profiles'),
  };
}
