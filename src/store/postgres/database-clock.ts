/** SQL: the time of the database, milliseconds since 1970. One clock for all gateways. */
export const databaseMillis = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
