/** Accounts in Active Directory by LDAPS: a bind as the user, and its groups. */
export { createDirectory } from './directory.js';
export type {
  Directory,
  DirectoryName,
  DirectoryOutcome,
  DirectoryUser,
  DirectoryStep,
} from './directory.types.js';
