/** The stores on PostgreSQL. */
export { openPostgresStores, openPostgresView } from './open.js';
