/**
 * Schema steps in order, as in ../sqlite/schema.ts; a step that was released is never edited. The columns
 * and what they hold are those of SQLite. Texts are COLLATE "C": compared as bytes, so that an index
 * outlives an update of the operating system's collations, and ILIKE folds ASCII letters only.
 *
 * A running gateway of the release before must be able to work on: steps add, they take nothing away.
 */
export const schemaSteps: readonly string[] = [
  `
  -- counted: holds a place in its account's quota, that is, open as far as known. Expiry shows only when
  -- someone looks (see quota.ts). lasting: came by put() from the configuration, so prune() leaves it.
  CREATE TABLE challenges (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    digest TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    binding TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    max_uses BIGINT,
    uses BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    counted BOOLEAN NOT NULL,
    lasting BOOLEAN NOT NULL
  );
  CREATE INDEX challenges_by_digest ON challenges (digest);
  CREATE INDEX challenges_by_account ON challenges (account);
  CREATE INDEX challenges_by_expiry ON challenges (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX challenges_by_use ON challenges (used_at) WHERE used_at IS NOT NULL AND NOT lasting;
  CREATE INDEX challenges_counted ON challenges (account, expires_at)
    WHERE counted AND expires_at IS NOT NULL;

  -- What an account holds is the sum of both: orders lock the quota and fold the changes into it, devices
  -- only add changes. So a thousand devices never wait for one row.
  CREATE TABLE challenge_quotas (account TEXT COLLATE "C" PRIMARY KEY, open BIGINT NOT NULL);
  CREATE TABLE challenge_quota_changes (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    change BIGINT NOT NULL
  );
  CREATE INDEX challenge_quota_changes_by_account ON challenge_quota_changes (account);

  CREATE TABLE transaction_holds (
    challenge BIGINT NOT NULL REFERENCES challenges (seq) ON DELETE CASCADE,
    transaction_key TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('reserved', 'spent')),
    PRIMARY KEY (challenge, transaction_key)
  );

  CREATE TABLE transactions (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    profile TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    csr_key TEXT COLLATE "C" NOT NULL,
    signer_key TEXT COLLATE "C" NOT NULL,
    request_digest TEXT COLLATE "C" NOT NULL,
    csr BYTEA NOT NULL,
    ground TEXT COLLATE "C" NOT NULL,
    challenge_id TEXT COLLATE "C",
    subject TEXT COLLATE "C" NOT NULL,
    client_address TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    approver TEXT COLLATE "C",
    issuer TEXT COLLATE "C",
    request_id TEXT COLLATE "C",
    certificate TEXT COLLATE "C",
    code TEXT COLLATE "C",
    text TEXT COLLATE "C",
    identity TEXT COLLATE "C",
    hresult BIGINT,
    due_at BIGINT,
    attempts BIGINT,
    problem TEXT COLLATE "C",
    holder TEXT COLLATE "C",
    held_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (profile, transaction_id, purpose)
  );
  CREATE INDEX transactions_pending ON transactions (profile, created_at)
    WHERE state IN ('awaiting-approval', 'submitting', 'in-doubt', 'submitted') OR due_at IS NOT NULL;
  CREATE INDEX transactions_due ON transactions (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX transactions_by_challenge ON transactions (challenge_id)
    WHERE challenge_id IS NOT NULL;

  CREATE TABLE certificates (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thumbprint TEXT COLLATE "C" NOT NULL UNIQUE,
    serial TEXT COLLATE "C" NOT NULL,
    issuer_digest TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    san_text TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    profile TEXT COLLATE "C" NOT NULL,
    issuer TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revocation_reason BIGINT,
    UNIQUE (serial, issuer_digest)
  );
  CREATE INDEX certificates_by_key ON certificates (key_id);
  CREATE INDEX certificates_by_transaction ON certificates (transaction_id);
  CREATE INDEX certificates_revoked ON certificates (issuer_digest, revoked_at)
    WHERE revoked_at IS NOT NULL;
  -- Apart, so that a text search reads narrow rows.
  CREATE TABLE certificate_bytes (
    certificate BIGINT PRIMARY KEY REFERENCES certificates (seq) ON DELETE CASCADE,
    der BYTEA NOT NULL
  );

  CREATE TABLE audit (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    correlation_id TEXT COLLATE "C" NOT NULL,
    profile TEXT COLLATE "C",
    transaction_id TEXT COLLATE "C",
    challenge_id TEXT COLLATE "C",
    subject TEXT COLLATE "C",
    key_id TEXT COLLATE "C",
    client_address TEXT COLLATE "C",
    actor TEXT COLLATE "C",
    outcome TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C",
    reason TEXT COLLATE "C"
  );
  CREATE INDEX audit_by_transaction ON audit (transaction_id) WHERE transaction_id IS NOT NULL;
  CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
  CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

  CREATE TABLE settings (key TEXT COLLATE "C" PRIMARY KEY, value TEXT COLLATE "C" NOT NULL);
  CREATE TABLE counters (name TEXT COLLATE "C" PRIMARY KEY, value BIGINT NOT NULL);
  CREATE TABLE accounts (
    name TEXT COLLATE "C" PRIMARY KEY,
    password_hash TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
  );
  CREATE TABLE api_tokens (
    id TEXT COLLATE "C" PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    roles TEXT COLLATE "C",
    profiles TEXT COLLATE "C"
  );
  `,
  `
  -- What several gateways of one database share beside their records. Times are those of the database.

  -- Private keys and the master secret, sealed with the passphrase, where data.keys says so.
  CREATE TABLE sealed_secrets (name TEXT COLLATE "C" PRIMARY KEY, text TEXT COLLATE "C" NOT NULL);

  -- Who does what only one may do. term: grows whenever it changes hands; since: when that was.
  CREATE TABLE leases (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    term BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL
  );

  -- Failed sign-ins, refused challenges and the like, each in a window of time.
  CREATE TABLE tallies (
    key TEXT COLLATE "C" PRIMARY KEY,
    used BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
  );
  CREATE INDEX tallies_by_change ON tallies (changed_at);
  `,
  `
  -- By when a record is old, where it may grow old: see ../retention-store.ts.
  CREATE INDEX transactions_finished ON transactions (updated_at)
    WHERE state IN ('issued', 'rejected');
  CREATE INDEX certificates_by_end ON certificates (not_after);
  CREATE TABLE audit_retention (one BIGINT PRIMARY KEY CHECK (one = 1), before BIGINT NOT NULL);
  DROP TRIGGER audit_is_never_changed ON audit;
  CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
  CREATE FUNCTION audit_is_kept_for_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.at >= coalesce((SELECT before FROM audit_retention), OLD.at) THEN
        RAISE EXCEPTION 'the audit trail is append-only';
      END IF;
      RETURN OLD;
    END $$;
  CREATE TRIGGER audit_is_kept_for_its_time BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_kept_for_its_time();
  `,
  `
  -- When a reserved use was taken or asked for last: of a challenge in daily use, too, one may be lost. NULL
  -- of what a gateway of the release before reserves; for what is there already, the last use of its challenge.
  ALTER TABLE transaction_holds ADD COLUMN touched_at BIGINT;
  UPDATE transaction_holds
    SET touched_at = (SELECT used_at FROM challenges WHERE seq = challenge)
    WHERE state = 'reserved';
  `,
];
