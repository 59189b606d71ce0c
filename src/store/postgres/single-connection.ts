import { clientConfig, type PostgresConnection } from './connection.js';
import { postgresError } from './postgres-error.js';
import { PreparedTexts } from './prepared-texts.js';
import { Session } from './session.js';

/**
 * One transaction on a connection of its own, without a limit on its statements: what happens before the
 * pool is there, or beside a gateway.
 *
 * @param sight what its statements see of what others commit meanwhile
 * @throws GatewayError
 */
export async function withSession<T>(
  connection: PostgresConnection,
  work: (session: Session) => Promise<T>,
  sight: 'every statement anew' | 'one moment' = 'every statement anew',
): Promise<T> {
  const { Client } = await import('pg');
  const client = new Client(clientConfig(connection, { unhurried: true }));
  // What breaks the connection fails the statement, too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const session = new Session(client, new PreparedTexts());
    await session.script(
      sight === 'one moment'
        ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
        : 'BEGIN ISOLATION LEVEL READ COMMITTED',
    );
    const result = await work(session);
    await session.script('COMMIT');
    return result;
  } catch (error) {
    throw postgresError(error);
  } finally {
    // Without COMMIT, the end of the connection rolls back.
    await client.end().catch(() => undefined);
  }
}
