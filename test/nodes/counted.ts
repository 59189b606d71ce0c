/** What the database says afterwards, and what devices say that they got. */
import { createHash } from 'node:crypto';
import type { PostgresServer } from '../support/postgres.js';
import type { Ending } from './load.js';

/** Everything in it should be 0, or empty. */
export interface Faults {
  readonly lost: readonly string[];
  readonly unanswered: readonly string[];
  readonly certificatesOfOneTransaction: number;
  readonly transactionsOfOneId: number;
  readonly transactionsOfOneChallenge: number;
  readonly challengesUsedTwice: number;
  readonly certificatesWithoutTransaction: number;
  readonly serialsTwice: number;
  readonly issuedTwiceInTheTrail: number;
}

export async function countFaults(
  server: PostgresServer,
  database: string,
  endings: readonly Ending[],
): Promise<Faults> {
  const count = async (sql: string): Promise<number> => {
    const [row] = await server.query(database, `SELECT count(*)::int AS n FROM (${sql}) AS faults`);
    return Number(row?.['n']);
  };
  const kept = await server.query(
    database,
    `SELECT certificates.transaction_id, certificates.thumbprint, encode(der, 'hex') AS der
     FROM certificates JOIN certificate_bytes ON certificate = certificates.seq
     JOIN transactions ON transactions.certificate = certificates.thumbprint AND state = 'issued'`,
  );
  const stored = new Map(kept.map((row) => [row['transaction_id'], row['der']]));
  const lost = endings.flatMap(({ transactionId, outcome }) => {
    if (outcome.kind !== 'issued') return [];
    const { der } = outcome.certificate;
    return stored.get(transactionId) === der.toString('hex')
      ? []
      : [`${transactionId}: has ${createHash('sha256').update(der).digest('hex')}`];
  });
  // Each challenge was for one device, which got its certificate under one of its transactions.
  const served = new Set(
    endings.flatMap(({ challenge, outcome }) => (outcome.kind === 'issued' ? [challenge] : [])),
  );
  const unanswered = endings.flatMap(({ challenge, transactionId }) =>
    served.has(challenge) ? [] : [transactionId],
  );
  return {
    lost,
    unanswered,
    certificatesOfOneTransaction: await count(
      "SELECT transaction_id FROM certificates WHERE transaction_id <> '' GROUP BY transaction_id HAVING count(*) > 1",
    ),
    transactionsOfOneId: await count(
      'SELECT transaction_id FROM transactions GROUP BY transaction_id HAVING count(*) > 1',
    ),
    transactionsOfOneChallenge: await count(
      'SELECT challenge_id FROM transactions GROUP BY challenge_id HAVING count(*) > 1',
    ),
    challengesUsedTwice: await count(
      `SELECT id FROM challenges WHERE uses > 1
         OR (SELECT count(*) FROM transaction_holds WHERE challenge = challenges.seq) > 1`,
    ),
    certificatesWithoutTransaction: await count(
      `SELECT seq FROM certificates WHERE transaction_id <> '' AND NOT EXISTS (
         SELECT 1 FROM transactions WHERE certificate = certificates.thumbprint)`,
    ),
    serialsTwice: await count(
      'SELECT serial FROM certificates GROUP BY serial HAVING count(*) > 1',
    ),
    issuedTwiceInTheTrail: await count(
      "SELECT transaction_id FROM audit WHERE event = 'enrollment.issued' GROUP BY transaction_id HAVING count(*) > 1",
    ),
  };
}

export const noFaults: Faults = {
  lost: [],
  unanswered: [],
  certificatesOfOneTransaction: 0,
  transactionsOfOneId: 0,
  transactionsOfOneChallenge: 0,
  challengesUsedTwice: 0,
  certificatesWithoutTransaction: 0,
  serialsTwice: 0,
  issuedTwiceInTheTrail: 0,
};
