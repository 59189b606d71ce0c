import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { openSqliteDriver } from '../src/store/sqlite/driver.js';

const rowsAtOnce = 20_000;

/**
 * Writes records as enrollments leave them into the database of a gateway that is not running: a finished
 * request, a certificate and two audit lines for each device, and challenges that nobody has used.
 *
 * @returns megabytes of the file afterwards
 */
export async function fillDatabase(
  path: string,
  { certificates, challenges }: { readonly certificates: number; readonly challenges: number },
  progress: (share: number) => void,
): Promise<number> {
  const driver = await openSqliteDriver(path);
  driver.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536');
  const now = Date.now();
  const year = 365 * 24 * 3_600_000;
  const hex = (octets: number) => randomBytes(octets).toString('hex');
  const insertCertificate = driver.prepare(
    `INSERT INTO certificates (row, thumbprint, serial, issuer_digest, subject, san_text, key_id, profile,
       issuer, transaction_id, not_before, not_after, issued_at)
     VALUES (?, ?, ?, ?, ?, '', ?, 'default', 'local', ?, ?, ?, ?)`,
  );
  const insertBytes = driver.prepare('INSERT INTO certificate_bytes VALUES (?, ?)');
  const insertTransaction = driver.prepare(
    `INSERT INTO transactions (id, profile, transaction_id, purpose, csr_key, signer_key, request_digest,
       csr, ground, subject, client_address, state, certificate, created_at, updated_at)
     VALUES (?, 'default', ?, 'new', ?, ?, ?, ?, '{"by":"challenge","challengeId":"x"}', ?, '192.0.2.1',
       'issued', ?, ?, ?)`,
  );
  const insertAudit = driver.prepare(
    `INSERT INTO audit (at, event, correlation_id, profile, transaction_id, subject, key_id, client_address,
       outcome, code) VALUES (?, ?, 'ABCDEFGHIJKL', 'default', ?, ?, ?, '192.0.2.1', 'ok', ?)`,
  );
  const insertChallenge = driver.prepare(
    `INSERT INTO challenges (id, digest, account, binding, created_at, expires_at, max_uses, uses, counted,
       lasting) VALUES (?, ?, 'mdm', '{"profile":"default"}', ?, ?, 1, 0, 0, 0)`,
  );
  const issuer = hex(32);
  const first =
    Number(driver.prepare('SELECT coalesce(max(row), 0) AS n FROM certificates').get()?.['n']) + 1;
  const addDevice = (n: number) => {
    const [thumbprint, key, transaction] = [hex(32).toUpperCase(), hex(32), hex(20)];
    const subject = `CN=device-${n},OU=Fleet,O=Example`;
    const at = now - year / 2 + Math.floor((n / certificates) * (year / 2));
    insertCertificate.run(
      first + n,
      thumbprint,
      hex(16),
      issuer,
      subject,
      key,
      transaction,
      at,
      at + year,
      at,
    );
    insertBytes.run(first + n, randomBytes(900));
    insertTransaction.run(
      hex(20),
      transaction,
      key,
      key,
      hex(32),
      randomBytes(700),
      subject,
      thumbprint,
      at,
      at,
    );
    for (const event of ['enrollment.authorized', 'enrollment.issued'])
      insertAudit.run(at, event, transaction, subject, key, thumbprint);
  };
  const addChallenge = () => insertChallenge.run(hex(10), hex(32), now, now + 24 * 3_600_000);
  const inTransactions = (
    count: number,
    add: (n: number) => void,
    share: (done: number) => void,
  ) => {
    for (let n = 0; n < count;) {
      driver.exec('BEGIN');
      for (const end = Math.min(count, n + rowsAtOnce); n < end; n++) add(n);
      driver.exec('COMMIT');
      share(n);
    }
  };
  const all = certificates + challenges;
  let told = 0;
  const tell = (done: number) => {
    if (done / all < told + 0.1) return;
    told = done / all;
    progress(told);
  };
  inTransactions(certificates, addDevice, tell);
  inTransactions(challenges, addChallenge, (done) => tell(certificates + done));
  // The trigger counts them for the account's quota, as it would have one by one.
  driver.exec('UPDATE challenges SET counted = 1 WHERE counted = 0 AND uses = 0');
  driver.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  driver.close();
  return Math.round(statSync(path).size / 1e6);
}
