/**
 * Schema steps in order; step n brings the database from version n to n + 1. A step that was released is
 * never edited: a change is a new step. Dates are integer milliseconds since 1970, absent values NULL.
 */
export const schemaSteps: readonly string[] = [
  `
  -- counted: holds a place in its account's quota, that is, open as far as known. Expiry shows only when
  -- someone looks (see challenge-store.ts), everything else is kept up to date by each statement.
  -- lasting: came by put() from the configuration, so prune() leaves it.
  CREATE TABLE challenges (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    account TEXT NOT NULL,
    binding TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    max_uses INTEGER,
    uses INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER,
    counted INTEGER NOT NULL,
    lasting INTEGER NOT NULL
  );
  CREATE INDEX challenges_by_digest ON challenges (digest);
  CREATE INDEX challenges_by_account ON challenges (account);
  CREATE INDEX challenges_by_expiry ON challenges (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX challenges_by_use ON challenges (used_at)
    WHERE used_at IS NOT NULL AND lasting = 0;
  CREATE INDEX challenges_counted ON challenges (account, expires_at)
    WHERE counted = 1 AND expires_at IS NOT NULL;

  CREATE TABLE challenge_quotas (account TEXT PRIMARY KEY, open INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TRIGGER challenge_recounted AFTER UPDATE OF counted ON challenges
  WHEN NEW.counted <> OLD.counted BEGIN
    INSERT INTO challenge_quotas (account, open) VALUES (NEW.account, NEW.counted)
      ON CONFLICT (account) DO UPDATE SET open = open + NEW.counted - OLD.counted;
  END;
  CREATE TRIGGER challenge_uncounted AFTER DELETE ON challenges WHEN OLD.counted = 1 BEGIN
    UPDATE challenge_quotas SET open = open - 1 WHERE account = OLD.account;
  END;

  CREATE TABLE transaction_holds (
    challenge INTEGER NOT NULL REFERENCES challenges (row) ON DELETE CASCADE,
    transaction_key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'spent')),
    PRIMARY KEY (challenge, transaction_key)
  ) WITHOUT ROWID;

  CREATE TABLE transactions (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    profile TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    csr_key TEXT NOT NULL,
    signer_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    csr BLOB NOT NULL,
    ground TEXT NOT NULL,
    challenge_id TEXT,
    subject TEXT NOT NULL,
    client_address TEXT NOT NULL,
    state TEXT NOT NULL,
    approver TEXT,
    issuer TEXT,
    request_id TEXT,
    certificate TEXT,
    code TEXT,
    text TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (profile, transaction_id, purpose)
  );
  CREATE INDEX transactions_pending ON transactions (profile, created_at)
    WHERE state IN ('awaiting-approval', 'submitted');

  CREATE TABLE certificates (
    row INTEGER PRIMARY KEY,
    thumbprint TEXT NOT NULL UNIQUE,
    serial TEXT NOT NULL,
    issuer_digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    san_text TEXT NOT NULL,
    key_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    issuer TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revocation_reason INTEGER,
    UNIQUE (serial, issuer_digest)
  );
  CREATE INDEX certificates_by_key ON certificates (key_id);
  CREATE INDEX certificates_by_transaction ON certificates (transaction_id);
  CREATE INDEX certificates_revoked ON certificates (issuer_digest, revoked_at)
    WHERE revoked_at IS NOT NULL;
  -- Apart, so that a text search reads narrow rows.
  CREATE TABLE certificate_bytes (
    certificate INTEGER PRIMARY KEY REFERENCES certificates (row) ON DELETE CASCADE,
    der BLOB NOT NULL
  );

  CREATE TABLE audit (
    row INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    profile TEXT,
    transaction_id TEXT,
    challenge_id TEXT,
    subject TEXT,
    key_id TEXT,
    client_address TEXT,
    actor TEXT,
    outcome TEXT NOT NULL,
    code TEXT,
    reason TEXT
  );
  CREATE INDEX audit_by_transaction ON audit (transaction_id) WHERE transaction_id IS NOT NULL;
  CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
  END;
  CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
  END;
  CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
  WHEN EXISTS (SELECT 1 FROM audit WHERE row = NEW.row) BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
  END;

  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) WITHOUT ROWID;
  `,
  `
  CREATE INDEX transactions_by_challenge ON transactions (challenge_id)
    WHERE challenge_id IS NOT NULL;
  `,
  `
  -- What the gateway does by itself about a transaction (due_at, attempts, problem), who works on it
  -- (holder, held_until), and what a CA's answer brought (identity, hresult).
  ALTER TABLE transactions ADD COLUMN identity TEXT;
  ALTER TABLE transactions ADD COLUMN hresult INTEGER;
  ALTER TABLE transactions ADD COLUMN due_at INTEGER;
  ALTER TABLE transactions ADD COLUMN attempts INTEGER;
  ALTER TABLE transactions ADD COLUMN problem TEXT;
  ALTER TABLE transactions ADD COLUMN holder TEXT;
  ALTER TABLE transactions ADD COLUMN held_until INTEGER;
  DROP INDEX transactions_pending;
  CREATE INDEX transactions_pending ON transactions (profile, created_at)
    WHERE state IN ('awaiting-approval', 'submitting', 'in-doubt', 'submitted') OR due_at IS NOT NULL;
  CREATE INDEX transactions_due ON transactions (due_at) WHERE due_at IS NOT NULL;
  `,
  `
  -- JSON arrays of texts; NULL: no narrower than the account.
  ALTER TABLE api_tokens ADD COLUMN roles TEXT;
  ALTER TABLE api_tokens ADD COLUMN profiles TEXT;
  `,
  `
  -- By when a record is old, where it may grow old: see ../retention-store.ts.
  CREATE INDEX transactions_finished ON transactions (updated_at)
    WHERE state IN ('issued', 'rejected');
  CREATE INDEX certificates_by_end ON certificates (not_after);
  CREATE TABLE audit_retention (one INTEGER PRIMARY KEY CHECK (one = 1), before INTEGER NOT NULL);
  DROP TRIGGER audit_is_never_deleted;
  CREATE TRIGGER audit_is_kept_for_its_time BEFORE DELETE ON audit
  WHEN OLD.at >= coalesce((SELECT before FROM audit_retention), OLD.at) BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
  END;
  `,
  `
  -- When a reserved use was taken or asked for last: of a challenge in daily use, too, one may be lost. NULL
  -- of what was spent before this; for what is there already, the last use of its challenge.
  ALTER TABLE transaction_holds ADD COLUMN touched_at INTEGER;
  UPDATE transaction_holds
    SET touched_at = (SELECT used_at FROM challenges WHERE row = challenge)
    WHERE state = 'reserved';
  `,
];
