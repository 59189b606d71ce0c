/** What an administrator does with a database as a whole. A door of its own: no gateway that serves needs it. */
export { migratePostgres, verifyPostgres } from '../postgres/open.js';
export { backupSqlite, restoreSqlite } from '../sqlite/backup.js';
export { migrateSqlite } from '../sqlite/open.js';
export { verifySqlite } from '../sqlite/verify.js';
export { copySqliteToPostgres } from './copy.js';
export type { Copied } from '../copy.types.js';
